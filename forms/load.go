package forms

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"
)

// Load reads, checks and compiles the definitions in a file system laid out as
// package schemas is. All problems are reported at once, as a DefinitionError.
func Load(fsys fs.FS) (*Catalogue, error) {
	l := &loader{
		fsys:  fsys,
		env:   &environment{variants: map[rune]string{}, factLabels: map[string]string{}},
		codes: map[string]*codeList{},
		known: map[string]bool{},
		used:  map[string]bool{},
		cat:   &Catalogue{procedures: map[string]*Procedure{}},
	}
	l.loadShared()
	dirs, err := fs.Glob(fsys, "*/procedure.json")
	if err != nil {
		return nil, fmt.Errorf("forms: list the procedures: %w", err)
	}
	sort.Strings(dirs)
	for _, name := range dirs {
		l.loadProcedure(path.Dir(name))
	}
	if len(dirs) == 0 {
		l.problem("", "no folder holds a procedure.json")
	}
	for _, a := range l.cat.assumptions {
		if !l.used[a.ID] {
			l.problem("assumptions.json", "%s is referred to by nothing", a.ID)
		}
	}
	if len(l.problems) > 0 {
		return nil, &DefinitionError{Problems: l.problems}
	}
	return l.cat, nil
}

// loader collects what the definitions share, and every problem.
type loader struct {
	fsys     fs.FS
	env      *environment
	codes    map[string]*codeList
	known    map[string]bool // assumptions that exist
	used     map[string]bool // assumptions that are referred to
	problems []string
	cat      *Catalogue
}

func (l *loader) problem(file, format string, args ...any) {
	l.problems = append(l.problems, strings.TrimPrefix(file+": "+fmt.Sprintf(format, args...), ": "))
}

func (l *loader) assume(file string, ids ...string) {
	for _, id := range ids {
		if id == "" {
			continue
		}
		if !l.known[id] {
			l.problem(file, "unknown assumption %q", id)
		}
		l.used[id] = true
	}
}

func (l *loader) loadShared() {
	var facts []factFile
	if err := readJSON(l.fsys, "facts.json", &facts); err != nil {
		l.problem("facts.json", "%v", err)
	}
	for _, f := range facts {
		if f.Key == "" || f.Label == "" || l.env.factLabels[f.Key] != "" {
			l.problem("facts.json", "%q is empty, unlabelled or repeated", f.Key)
		}
		l.env.factLabels[f.Key] = f.Label
	}
	if err := readJSON(l.fsys, "assumptions.json", &l.cat.assumptions); err != nil {
		l.problem("assumptions.json", "%v", err)
	}
	for _, a := range l.cat.assumptions {
		if a.ID == "" || a.Statement == "" || a.Basis == "" || a.Confirm == "" || l.known[a.ID] {
			l.problem("assumptions.json", "%q is incomplete or repeated", a.ID)
		}
		l.known[a.ID] = true
	}
	l.loadVariants()
	l.loadDestinations()
	names, _ := fs.Glob(l.fsys, "codes/*.json") // the pattern is well formed
	for _, name := range names {
		l.loadCodes(name)
	}
}

func (l *loader) loadCodes(name string) {
	var file codeFile
	if err := readJSON(l.fsys, name, &file); err != nil {
		l.problem(name, "%v", err)
		return
	}
	if file.ID != strings.TrimSuffix(path.Base(name), ".json") || len(file.Items) == 0 {
		l.problem(name, "the id is not the file's name, or there is no item")
	}
	l.assume(name, file.Assumption)
	list := &codeList{id: file.ID, title: file.Title, items: file.Items, index: map[string]int{}}
	for i, item := range file.Items {
		for _, word := range append([]string{item.Code, item.Label}, item.Aliases...) {
			if j, taken := list.index[word]; word == "" || taken && j != i {
				l.problem(name, "%q is empty or stands for two codes", word)
			}
			list.index[word] = i
		}
	}
	l.codes[file.ID] = list
}

func (l *loader) readCSV(name string, header []string) [][]string {
	raw, err := readBounded(l.fsys, name)
	if err != nil {
		l.problem(name, "%v", err)
		return nil
	}
	rows, err := csv.NewReader(strings.NewReader(string(raw))).ReadAll()
	if err == nil && (len(rows) == 0 || strings.Join(rows[0], ",") != strings.Join(header, ",")) {
		err = errors.New("the first row is not " + strings.Join(header, ","))
	}
	if err != nil {
		l.problem(name, "%v", err)
		return nil
	}
	return rows[1:]
}

func (l *loader) loadVariants() {
	const name = "variants.csv"
	for _, row := range l.readCSV(name, []string{"character", "replacement", "kind"}) {
		r, size := utf8.DecodeRuneInString(row[0])
		if size != len(row[0]) || jisRow(r) != 0 || !inJIS(row[1]) || row[1] == "" || l.env.variants[r] != "" {
			l.problem(name, "%q must be one character outside JIS X 0208, given once, with a replacement inside", row[0])
		}
		l.env.variants[r] = row[1]
	}
}

var destinationID = regexp.MustCompile(`^[0-9A-Z]{22,23}$`)

func (l *loader) loadDestinations() {
	const name = "destinations.csv"
	for _, row := range l.readCSV(name, []string{"id", "name", "domain", "note"}) {
		if !destinationID.MatchString(row[0]) || !strings.Contains(row[1], ",") || row[2] == "" {
			l.problem(name, "%q is not a destination", row[0])
		}
		l.cat.destinations = append(l.cat.destinations, Destination{ID: row[0], Name: row[1], Domain: row[2], Note: row[3]})
	}
}
