package office

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestExportGolden(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.company(t)
	w.person(t, c.ID)
	var companies, people bytes.Buffer
	err := errors.Join(w.store.ExportCompanies(w.ctx, &companies, by), w.store.ExportPeople(w.ctx, &people, c.ID, by))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "export_companies.golden", companies.String())
	golden(t, "export_people.golden", people.String())
	err = w.store.ExportPeople(w.ctx, io.Discard, "nowhere", by)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown company: %v", err)
	}
	err = w.store.ExportCompanies(w.ctx, &people, "")
	if !errors.Is(err, errNoActor) {
		t.Errorf("without an actor: %v", err)
	}
	list, _, err := w.store.Changes(w.ctx, "", Page{Limit: 2})
	if err != nil || list[0].Action != actionExported || list[0].CompanyID != c.ID || list[1].Action != actionExported {
		t.Errorf("changes = %+v, %v", list, err)
	}
}

// TestDocumentedExample imports the files that IMPORT.md shows.
func TestDocumentedExample(t *testing.T) {
	t.Parallel()
	w := setup(t)
	files := exampleFiles(t)
	for i, want := range []Summary{{Kind: "companies", New: 2}, {Kind: "people", New: 2}} {
		summary, errs := w.importFile(t, files[i])
		if errs != nil || summary != want {
			t.Errorf("example %d: %+v\n%s", i+1, summary, report(errs))
		}
	}
}

// TestDocumentedColumns: IMPORT.md lists every column, and no header means two things.
func TestDocumentedColumns(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("IMPORT.md")
	if err != nil {
		t.Fatal(err)
	}
	documented(t, string(text), companyFields)
	documented(t, string(text), personFields)
}

func documented[T any](t *testing.T, text string, fields []field[T]) {
	t.Helper()
	owners := map[string]string{}
	for _, f := range fields {
		row := "| `" + f.name + "` | " + f.label
		if len(f.aliases) > 0 && f.name != companyCodeColumn {
			row += "（" + strings.Join(f.aliases, "、") + "）"
		}
		if !strings.Contains(text, row) {
			t.Errorf("IMPORT.md has no row %s", row)
		}
		for _, header := range append([]string{f.name, f.label}, f.aliases...) {
			if isNumberHeader(headerKey(header)) {
				t.Errorf("%s is taken for a column of numbers", header)
			}
			if owner := owners[headerKey(header)]; owner != "" && owner != f.name {
				t.Errorf("%s means %s and %s", header, owner, f.name)
			}
			owners[headerKey(header)] = f.name
		}
	}
}

// TestExportComesBackUnchanged: whatever was accepted once, an export of it is
// accepted again and is not a change; into an empty database it makes the same.
func TestExportComesBackUnchanged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other := setup(t)
	rounds := 0
	rapid.Check(t, func(t *rapid.T) {
		rounds++
		w.empty(t)
		other.empty(t)
		var codes []string
		for i := range rapid.IntRange(1, 3).Draw(t, "companies") {
			c := drawn(t, companyFields, exampleCompany())
			c.Code = fmt.Sprintf("R%d-%d", rounds, i)
			if len(c.Clean().Validate()) > 0 {
				c = exampleCompany()
				c.Code = fmt.Sprintf("R%d-%d", rounds, i)
			}
			c, err := w.store.PutCompany(w.ctx, c, by)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, c.Code)
			for j := range rapid.IntRange(0, 3).Draw(t, "people") {
				p := drawn(t, personFields, examplePerson(c.ID))
				p.Code = fmt.Sprint(j)
				if len(p.Clean().Validate(april)) > 0 {
					continue
				}
				_, err = w.store.PutPerson(w.ctx, p, by)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		companies, people := exported(t, w)
		for _, text := range []string{companies, people} {
			summary, errs, err := w.store.Import(w.ctx, strings.NewReader(text), by)
			if err != nil || summary.New+summary.Updated > 0 || len(errs) > 0 && errs[0].Code != ruleEmpty.code {
				t.Fatalf("import of the own export: %+v, %v\n%s", summary, err, report(errs))
			}
			_, errs, err = other.store.Import(other.ctx, strings.NewReader(text), by)
			if err != nil || len(errs) > 0 && errs[0].Code != ruleEmpty.code {
				t.Fatalf("import elsewhere: %v\n%s", err, report(errs))
			}
		}
		companiesThere, peopleThere := exported(t, other)
		if diff := cmp.Diff(companies+people, companiesThere+peopleThere); diff != "" {
			t.Fatalf("after the round trip of %v:\n%s", codes, diff)
		}
	})
}

// drawn replaces some fields of v by texts of which many are valid.
func drawn[T any](t *rapid.T, fields []field[T], v T) T {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("=+-@'\",;\n あアｱ亜𠮷aA1　ー－ﾞ（)")), 0, 12, -1)
	for _, f := range fields {
		if rapid.IntRange(0, 4).Draw(t, f.name+"?") > 0 {
			continue
		}
		value := text.Draw(t, f.name)
		if f.broken(f.clean(value)) == nil {
			*f.at(&v) = value
		}
	}
	return v
}

func exported(t *rapid.T, w *world) (companies, people string) {
	var first, second bytes.Buffer
	err := errors.Join(w.store.ExportCompanies(w.ctx, &first, by), w.store.ExportPeople(w.ctx, &second, "", by))
	if err != nil {
		t.Fatal(err)
	}
	return first.String(), second.String()
}
