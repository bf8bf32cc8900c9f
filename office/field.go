package office

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// field describes one text field of T. The tables of fields drive cleaning,
// validation, the change table, and import and export alike.
type field[T any] struct {
	name    string              // column of the CSV and Problem.Field
	label   string              // Japanese name, accepted as a header too
	aliases []string            // further Japanese headers
	at      func(*T) *string    // where the value is
	clean   func(string) string // harmless normalisation; required
	check   func(string) *rule  // for a value that is not empty; nil: any text
	max     int                 // length in characters

	required bool
	long     bool // numbers of more than twelve digits belong here
}

func cleanFields[T any](fields []field[T], v *T) {
	for _, f := range fields {
		at := f.at(v)
		*at = f.clean(*at)
	}
}

// checkFields returns at most one problem a field, the most general one.
func checkFields[T any](fields []field[T], v *T) []Problem {
	var problems []Problem
	for _, f := range fields {
		r := f.broken(*f.at(v))
		if r == nil {
			continue
		}
		p := r.problem(f.name, f.label)
		if r == ruleTooLong {
			p.Message += "（上限" + strconv.Itoa(f.max) + "文字）"
		}
		problems = append(problems, p)
	}
	return problems
}

func (f *field[T]) broken(value string) *rule {
	switch {
	case value == "" && f.required:
		return ruleRequired
	case value == "":
		return nil
	case holdsNumber(value, f.long):
		return ruleNumber
	}
	r := brokenText(value)
	if r != nil {
		return r
	}
	if utf8.RuneCountInString(value) > f.max {
		return ruleTooLong
	}
	if f.check == nil {
		return nil
	}
	return f.check(value)
}

// brokenText finds characters that no field may hold.
func brokenText(value string) *rule {
	if !utf8.ValidString(value) {
		return ruleControl
	}
	for _, r := range value {
		switch {
		case unicode.Is(unicode.Co, r), unicode.Is(unicode.Variation_Selector, r):
			return ruleGaiji
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r),
			r == utf8.RuneError, unicode.Is(unicode.Noncharacter_Code_Point, r):
			return ruleControl
		}
	}
	return nil
}

// changedFields names the fields in which a and b differ.
func changedFields[T any](fields []field[T], a, b *T) []string {
	var names []string
	for _, f := range fields {
		if *f.at(a) != *f.at(b) {
			names = append(names, f.name)
		}
	}
	return names
}

// invalid returns an InvalidError, or nil without problems.
func invalid(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &InvalidError{Problems: problems}
}
