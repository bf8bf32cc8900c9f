package office

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzImport: whatever the file, there is no panic, the plan says what the import
// does, a file with errors changes nothing, and nothing stored or reported holds a
// number.
func FuzzImport(f *testing.F) {
	f.Add([]byte(companyFile))
	f.Add([]byte(peopleFile))
	f.Add([]byte("company_code,name\nA,=cmd|' /C calc'!A0\n"))
	f.Add([]byte("company_code,person_code,name,my_number\nA-001,1,x,123456789018\n"))
	f.Add([]byte("company_code,name,123456789018\nA,\"1234-5678-9018\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("\x89\xef\x8e\xd0\n"))
	w := setup(f)
	w.company(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		before := w.dump(t)
		planned, plannedErrs, err := w.store.ImportPlan(w.ctx, strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		summary, errs, err := w.store.Import(w.ctx, strings.NewReader(string(data)), by)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plannedErrs, errs); diff != "" || summary != planned {
			t.Fatalf("plan %+v, import %+v:\n%s", planned, summary, diff)
		}
		if holdsNumber(report(errs), false) {
			t.Fatalf("the errors repeat a number:\n%s", report(errs))
		}
		if len(errs) > 0 || summary.New+summary.Updated == 0 {
			if diff := cmp.Diff(before, w.dump(t)); diff != "" {
				t.Fatalf("nothing to do, and yet:\n%s", diff)
			}
			return
		}
		sound(t, w)
		w.empty(t)
	})
}

// sound checks that everything stored passes validation.
func sound(t *testing.T, w *world) {
	t.Helper()
	list, _, err := w.store.Companies(w.ctx, Page{Limit: pageMost})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if problems := c.Validate(); problems != nil {
			t.Fatalf("stored although wrong: %v", problems)
		}
		people, _, err := w.store.People(w.ctx, c.ID, Page{Limit: pageMost})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range people {
			if problems := p.Validate(w.store.now()); problems != nil {
				t.Fatalf("stored although wrong: %v", problems)
			}
		}
	}
}

// empty brings the world back to its one company, so that it does not grow.
func (w *world) empty(t interface {
	Helper()
	Fatal(args ...any)
}) {
	t.Helper()
	for _, query := range []string{"DELETE FROM office_person", "DELETE FROM office_company WHERE code <> 'A-001'", "DELETE FROM office_change"} {
		_, err := w.db.Write.Exec(query)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzScanCSV: for files without faults the reader agrees with encoding/csv.
func FuzzScanCSV(f *testing.F) {
	f.Add("a,b\n\"c\"\"d\",\"e\r\nf\"\n\ng,h")
	f.Add("a\n\"\"\n,\n\"")
	f.Add("\"a\"b,c\"d\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, faults := scanCSV(text)
		reader := csv.NewReader(strings.NewReader(text))
		reader.FieldsPerRecord = -1
		want, err := reader.ReadAll()
		if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") {
			return // a CR of its own ends a line here and is content there
		}
		if err != nil {
			if len(faults) == 0 {
				t.Fatalf("encoding/csv says %v", err)
			}
			return
		}
		for _, fault := range faults {
			if fault.rule == ruleQuote {
				t.Fatalf("encoding/csv finds no fault in %q", text)
			}
		}
		if len(faults) > 0 {
			return // a limit
		}
		var got [][]string
		for _, row := range rows {
			if row.cells != nil {
				got = append(got, row.cells)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-encoding/csv +got):\n%s", diff)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, text := range []string{"昭和60年1月2日", "S60.1.2", "1985-01-02", "令和元年5月1日", "㍼60-1-2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		iso, ok := parseDate(text)
		if !ok {
			if iso != "" {
				t.Fatalf("no date, and yet %q", iso)
			}
			return
		}
		again, ok := parseDate(iso)
		if !ok || again != iso {
			t.Fatalf("parseDate(%q) = %q, which reads as %q", text, iso, again)
		}
	})
}

func FuzzCertificateKind(f *testing.F) {
	f.Add(pdf("x"))
	f.Add(jpeg("x"))
	f.Add([]byte("%PDF-1.7 startxref 9 %%EOF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		kind, broken := certificateKind(data)
		if broken == nil && kind != kindPDF && kind != kindJPEG {
			t.Fatalf("accepted as %q", kind)
		}
	})
}

// FuzzMaskNumbers: nothing that is found is left after masking.
func FuzzMaskNumbers(f *testing.F) {
	f.Add("1234-5678-9018")
	f.Add("a123456789018 １２")
	f.Fuzz(func(t *testing.T, text string) {
		if holdsNumber(maskNumbers(text), false) {
			t.Fatalf("%q is masked as %q", text, maskNumbers(text))
		}
	})
}

// exampleFiles returns the CSV blocks of IMPORT.md.
func exampleFiles(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("IMPORT.md")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for i, block := range strings.Split(string(text), "```") {
		if csvText, found := strings.CutPrefix(block, "csv\n"); i%2 == 1 && found {
			files = append(files, csvText)
		}
	}
	if len(files) != 2 {
		t.Fatalf("IMPORT.md has %d examples", len(files))
	}
	return files
}
