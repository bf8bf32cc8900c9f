package office

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"
)

func TestImportRefusesFiles(t *testing.T) {
	t.Parallel()
	sjis, err := japanese.ShiftJIS.NewEncoder().String("会社コード,会社名\nA,株式会社とどけ\n")
	if err != nil {
		t.Fatal(err)
	}
	wide := []byte{0xFF, 0xFE}
	for _, unit := range utf16.Encode([]rune("会社コード")) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	var many strings.Builder
	many.WriteString("company_code,name\n")
	for i := range csvRows {
		fmt.Fprintf(&many, "%d,あ\n", i)
	}
	tests := []struct {
		name, file string
		want       []string
	}{
		{"nothing", "", []string{"0  0049"}},
		{"mark only", byteOrderMark, []string{"0  0049"}},
		{"header only", "company_code,name\n", []string{"0  0049"}},
		{"empty rows only", "company_code,name\n\n,\n", []string{"0  0049"}},
		{"empty header", ",,\nA,B,C\n", []string{"1  0050"}},
		{"no header", "A-001,株式会社とどけ\n", []string{"1  0050"}},
		{"Shift_JIS", sjis, []string{"0  0042"}},
		{"UTF-16", string(wide), []string{"0  0043"}},
		{"xlsx", "PK\x03\x04rest", []string{"0  0041"}},
		{"xls", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", []string{"0  0041"}},
		{"NUL", "company_code,name\nA,\x00\n", []string{"0  0044"}},
		{"no text", "company_code,name\nA,\xff\xff\xff\n", []string{"0  0044"}},
		{"too large", strings.Repeat("x", csvBytes+1), []string{"0  0040"}},
		{"too many rows", many.String(), []string{"20002  0046"}},
		{"unknown column", "company_code,name,賞味期限\nA,あ,1\n", []string{"1 賞味期限 0051"}},
		{"number as column", "company_code,name,1234-5678-9018\nA,あ,1\n", []string{"1 " + masked + " 0051"}},
		{"long column", "company_code,name," + strings.Repeat("長", 50) + "\nA,あ,\n", []string{"1 " + strings.Repeat("長", 40) + "… 0051"}},
		{"doubled column", "company_code,name,会社名\nA,あ,い\n", []string{"1 会社名 0052"}},
		{"no name", "company_code,phone\nA,03-0000-0000\n", []string{"1 name 0053"}},
		{"no company code", "会社名\nあ\n", []string{"1 company_code 0053"}},
		{"people without codes", "氏名,生年月日\n山田　花子,1985-01-02\n", []string{"1 company_code 0053", "1 person_code 0053"}},
		{"header and cells", "company_code,name,賞味期限,郵便番号\nA,あ,1,1\n", []string{"1 賞味期限 0051", "2 郵便番号 0009"}},
		{"my_number", "company_code,person_code,name,my_number\nA,1,山田　花子,123456789018\n", []string{"1 my_number 0054"}},
		{"マイナンバー", "company_code,person_code,name,マイナンバー（個人番号）,bogus\nA,1,山田　花子,123456789018,\n", []string{"1 マイナンバー（個人番号） 0054"}},
		{"個人番号 of companies", "company_code,name,個人 番号\nA,あ,\n", []string{"1 個人 番号 0054"}},
		{"open quote", "company_code,name\nA,\"あ\nB,い\n", []string{"2 name 0045", "2 name 0004"}},
		{"open quote in header", "company_code,\"name\nA,あ\n", []string{"1 name A,あ  0051", "1 name A,あ  0045", "1 name 0053"}},
		{"too many columns", "company_code,name" + strings.Repeat(",", 70) + "\nA,あ\n", []string{"1  0047"}},
		{"long cell", "company_code,name\nA," + strings.Repeat("a", csvCell+1) + "\n", []string{"2 name 0048", "2 name 0001"}},
		{"unnamed column", "company_code,name,\nA,あ,い\n", []string{"2  0055"}},
		{"cells beyond", "company_code,name\nA,あ,,い\n", []string{"2  0055"}},
		{"doubled code", "company_code,name\nA,あ\nＡ,い\n", []string{"3 company_code 0056"}},
		{"unknown company", "company_code,person_code,name\nA,1,山田　花子\n", []string{"2 company_code 0057"}},
	}
	w := setup(t)
	before := w.dump(t)
	for _, test := range tests {
		_, errs := w.importFile(t, test.file)
		if diff := cmp.Diff(test.want, places(errs)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	if diff := cmp.Diff(before, w.dump(t)); diff != "" {
		t.Errorf("a refused file changes something:\n%s", diff)
	}
}

func TestImportLineEnds(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\n", "\r\n", "\r"} {
		w := setup(t)
		summary, errs := w.importFile(t, strings.Join([]string{"company_code,name", "A,\"あ\"", "", "B,い"}, end))
		if errs != nil || summary.New != 2 {
			t.Errorf("%q: %+v, %s", end, summary, report(errs))
		}
	}
}

// TestImportBoundsErrors: a file may have more errors than anybody reads. It is not
// parallel, since it measures what the whole process allocates.
func TestImportBoundsErrors(t *testing.T) { //nolint:paralleltest // as said
	w := setup(t)
	file := "company_code,name,phone,email\n" + strings.Repeat("-,\t,1,1\n", csvRows-1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, errs := w.importFile(t, file)
	runtime.ReadMemStats(&after)
	if len(errs) != csvErrors+1 || errs[csvErrors].Code != ruleMore.code {
		t.Errorf("%d errors, the last is %+v", len(errs), errs[len(errs)-1])
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 256<<20 {
		t.Errorf("the import allocated %d MiB", used>>20)
	}
}

func TestImportOfLargeFile(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("20,000 rows take a while")
	}
	w := setup(t)
	w.company(t)
	var file strings.Builder
	file.WriteString("company_code,person_code,name\n")
	for i := range csvRows - 1 {
		fmt.Fprintf(&file, "A-001,%d,山田　花子\n", i)
	}
	summary, errs := w.importFile(t, file.String())
	if errs != nil || summary.New != csvRows-1 {
		t.Errorf("%+v, %d errors", summary, len(errs))
	}
}

func TestImportErrors(t *testing.T) {
	t.Parallel()
	w := setup(t)
	broken := errors.New("disk is gone")
	_, _, err := w.store.Import(w.ctx, io.MultiReader(strings.NewReader("company_code"), iotest.ErrReader(broken)), by)
	if !errors.Is(err, broken) {
		t.Errorf("error of the reader: %v", err)
	}
	_, _, err = w.store.ImportPlan(w.ctx, iotest.ErrReader(broken))
	if !errors.Is(err, broken) {
		t.Errorf("error of the reader: %v", err)
	}
	_, _, err = w.store.Import(w.ctx, strings.NewReader(companyFile), "")
	if !errors.Is(err, errNoActor) {
		t.Errorf("without an actor: %v", err)
	}
}

// TestImportRollsBack: when the database fails in the middle, the rows before it
// are gone as well.
func TestImportRollsBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.store.newID = func() string { return "always the same" }
	before := w.dump(t)
	summary, errs, err := w.store.Import(w.ctx, strings.NewReader(companyFile), by)
	if err == nil || errs != nil || summary != (Summary{}) {
		t.Errorf("import = %+v, %v, %v", summary, errs, err)
	}
	if diff := cmp.Diff(before, w.dump(t)); diff != "" {
		t.Errorf("a failed import leaves something:\n%s", diff)
	}
}
