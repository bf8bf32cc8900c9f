package office

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// headerEcho is how much of an unknown header an error repeats.
const headerEcho = 40

// sheet says which column of a file holds which field.
type sheet struct {
	names   []string       // headers as the file has them, masked and shortened
	columns map[string]int // position by name of field
	people  bool
}

// column returns the header of a field in this file, "" when it has none.
func (h *sheet) column(name string) string {
	i, ok := h.columns[name]
	if !ok {
		return ""
	}
	return h.names[i]
}

// headerKey is a header without differences of width, case, blanks and joiners.
func headerKey(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '_' || r == '-' || r == '(' || r == ')' {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(header))
}

// headerIndex maps the keys of all accepted headers to names of fields.
func headerIndex[T any](fields []field[T]) map[string]string {
	index := make(map[string]string)
	for _, f := range fields {
		for _, header := range append([]string{f.name, f.label}, f.aliases...) {
			index[headerKey(header)] = f.name
		}
	}
	return index
}

// isNumberHeader recognises a column of My Numbers by what people call it.
func isNumberHeader(key string) bool {
	for _, word := range []string{"mynumber", "マイナンバー", "個人番号", "individualnumber", "特定個人情報"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

const companyCodeColumn = "company_code"

// readHeader recognises the kind of file and its columns. All errors are of row 1.
// It returns nil when the kind cannot be told or the file must not be read on.
func readHeader(row csvRow) (*sheet, []CellError) {
	h := &sheet{columns: make(map[string]int)}
	keys := make([]string, len(row.cells))
	numbers, found := []CellError(nil), false
	for i, header := range row.cells {
		keys[i] = headerKey(header)
		h.names = append(h.names, echoHeader(header))
		found = found || keys[i] != ""
		if isNumberHeader(keys[i]) {
			numbers = append(numbers, headerError(ruleMyNumber, h.names[i], "", ""))
		}
	}
	if !found {
		return nil, []CellError{headerError(ruleHeader, "", "", "")}
	}
	if len(numbers) > 0 {
		return nil, numbers
	}
	companies, people := headerIndex(companyFields), headerIndex(personFields)
	people[headerKey(companyCodeColumn)] = companyCodeColumn
	for _, alias := range append([]string{companyFields[0].label}, companyFields[0].aliases...) {
		people[headerKey(alias)] = companyCodeColumn
	}
	known := companies
	h.people = looksLikePeople(keys, companies, people)
	if h.people {
		known = people
	}
	errors := h.assign(keys, known)
	if len(h.columns) == 0 {
		return nil, []CellError{headerError(ruleHeader, "", "", "")}
	}
	if h.people {
		return h, append(errors, h.missing(companyFields[0].name, companyFields[0].label, personFields[0].name, personFields[0].label, "name", "氏名")...)
	}
	return h, append(errors, h.missing(companyFields[0].name, companyFields[0].label, "name", "会社名")...)
}

// looksLikePeople decides by the code of a person, or else by which kind more of
// the headers belong to.
func looksLikePeople(keys []string, companies, people map[string]string) bool {
	asCompanies, asPeople := 0, 0
	for _, key := range keys {
		if people[key] == personFields[0].name {
			return true
		}
		if people[key] != "" {
			asPeople++
		}
		if companies[key] != "" {
			asCompanies++
		}
	}
	return asPeople > asCompanies
}

// assign notes the position of each known header and finds unknown and doubled ones.
func (h *sheet) assign(keys []string, known map[string]string) []CellError {
	var errors []CellError
	for i, key := range keys {
		name := known[key]
		_, taken := h.columns[name]
		switch {
		case key == "":
			continue // an error only when a cell below it has content
		case name == "":
			errors = append(errors, headerError(ruleUnknown, h.names[i], "", ""))
		case taken:
			errors = append(errors, headerError(ruleDuplicate, h.names[i], name, ""))
		default:
			h.columns[name] = i
		}
	}
	return errors
}

// missing reports the required fields, given as name and label, without a column.
func (h *sheet) missing(required ...string) []CellError {
	var errors []CellError
	for i := 0; i+1 < len(required); i += 2 {
		_, ok := h.columns[required[i]]
		if !ok {
			errors = append(errors, headerError(ruleMissing, required[i], required[i], required[i+1]))
		}
	}
	return errors
}

func headerError(r *rule, column, field, label string) CellError {
	return CellError{Row: 1, Column: column, Problem: r.problem(field, label)}
}

// echoHeader makes a header fit to be shown: somebody's data may stand there.
func echoHeader(header string) string {
	text := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, maskNumbers(header)))
	if len(text) > headerEcho {
		return string(text[:headerEcho]) + "…"
	}
	return string(text)
}
