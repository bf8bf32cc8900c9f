package office

import (
	"bytes"
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

func (w *world) importFile(t testing.TB, text string) (Summary, []CellError) {
	t.Helper()
	summary, errs, err := w.store.Import(w.ctx, strings.NewReader(text), by)
	if err != nil {
		t.Fatal(err)
	}
	return summary, errs
}

func places(errs []CellError) []string {
	var list []string
	for _, e := range errs {
		list = append(list, fmt.Sprintf("%d %s %s", e.Row, e.Column, strings.TrimPrefix(e.Code, "TODOKE-OFFICE-")))
	}
	return list
}

func report(errs []CellError) string {
	var out strings.Builder
	for _, e := range errs {
		fmt.Fprintf(&out, "%d行目\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Row, e.Column, e.Code, e.Field, e.Label, e.Message, e.Remedy)
	}
	return out.String()
}

const companyFile = "\xEF\xBB\xBF会社コード,会社名,会社名フリガナ,法人番号,郵便番号,所在地,電話番号\r\n" +
	"A-001,株式会社とどけ商事,ｶﾌﾞｼｷｶﾞｲｼｬﾄﾄﾞｹｼｮｳｼﾞ,7000012050002,150-0002,\"東京都渋谷区渋谷１－１－１\",03-0000-0000\r\n" +
	"\r\n" +
	"B-002,\"有限会社\"\"例\"\"\",,,,,\r\n"

const peopleFile = "company_code,person_code,name,name_kana,birth_date,sex\n" +
	"A-001,1,山田 花子,やまだ はなこ,S60.1.2,女\n" +
	"A-001,2,佐藤　次郎,サトウ　ジロウ,1990/12/31,male\n" +
	"B-002,1,スミス,スミス,平成2年3月4日,\n"

func TestImportUpserts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	plan, errs, err := w.store.ImportPlan(w.ctx, strings.NewReader(companyFile))
	if err != nil || errs != nil || plan != (Summary{Kind: "companies", New: 2}) || strings.Contains(w.dump(t), "office_company") {
		t.Fatalf("plan = %+v, %v, %v", plan, errs, err)
	}
	summary, errs := w.importFile(t, companyFile)
	if errs != nil || summary != plan {
		t.Fatalf("import = %+v, %v", summary, errs)
	}
	summary, errs = w.importFile(t, peopleFile)
	if errs != nil || summary != (Summary{Kind: "people", New: 3}) {
		t.Fatalf("import = %+v\n%s", summary, report(errs))
	}
	before := w.dump(t)
	for file, want := range map[string]Summary{companyFile: {Kind: "companies", Unchanged: 2}, peopleFile: {Kind: "people", Unchanged: 3}} {
		summary, errs = w.importFile(t, file)
		if errs != nil || summary != want {
			t.Errorf("second import = %+v, %v", summary, errs)
		}
	}
	if diff := cmp.Diff(before, w.dump(t)); diff != "" {
		t.Errorf("an import of nothing new changes something:\n%s", diff)
	}
	// A column that is missing stays; an empty cell clears.
	summary, errs = w.importFile(t, "会社コード,電話番号,会社名\nA-001,,株式会社とどけ商会\n")
	if errs != nil || summary != (Summary{Kind: "companies", Updated: 1}) {
		t.Fatalf("import = %+v\n%s", summary, report(errs))
	}
	c, err := w.store.CompanyByCode(w.ctx, "A-001")
	if err != nil || c.Phone != "" || c.Name != "株式会社とどけ商会" || c.NameKana != "カブシキガイシャトドケショウジ" || c.Revision != 2 {
		t.Errorf("company = %+v, %v", c, err)
	}
	wantChanges(t, w, c.ID, "imported_update name,phone", "imported_new company_code,name,name_kana,corporate_number,postal_code,address,phone")
	people, _, err := w.store.People(w.ctx, c.ID, Page{})
	if err != nil || len(people) != 2 || people[0].BirthDate != "1985-01-02" || people[0].NameKana != "ヤマダ　ハナコ" || people[0].Sex != "female" || people[0].Subject == "" {
		t.Errorf("people = %+v, %v", people, err)
	}
}

func TestImportKeepsVaultReferences(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.person(t, w.company(t).ID)
	err := w.store.SetNumberRef(w.ctx, p.ID, "vault-ref", by)
	if err != nil {
		t.Fatal(err)
	}
	summary, errs := w.importFile(t, "company_code,person_code,name\nA-001,0001,鈴木　花子\n")
	if errs != nil || summary.Updated != 1 {
		t.Fatalf("import = %+v, %s", summary, report(errs))
	}
	got, err := w.store.Person(w.ctx, p.ID)
	if err != nil || got.Name != "鈴木　花子" || got.NumberRef != "vault-ref" || got.Subject != p.Subject {
		t.Errorf("person = %+v, %v", got, err)
	}
}

func TestImportReportsEveryCellAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.company(t)
	file := "会社コード,社員番号,氏名,フリガナ,生年月日,性別,郵便番号,住所\n" +
		"A-001,1,山田　花子,ヤマダ　ハナコ,昭和60年1月2日,女,150-0002,東京都\n" + // row 2 is fine
		"A-001,2,山田花子,漢字,S65.1.1,不明,1500,\"東京都\n渋谷区\"\n" + // row 3 has a line end inside quotes
		"\n" + // row 4 is empty and still a row
		"Z-999,,,,2030-01-01,,,連絡先 1234-5678-9018\n" + // row 5
		",3,123456789018,,,,,\n" + // row 6
		"A-001,1,鈴木　一郎,,,,,,余分\n" // row 7
	before := w.dump(t)
	summary, errs := w.importFile(t, file)
	if summary != (Summary{Kind: "people"}) {
		t.Errorf("summary = %+v", summary)
	}
	if strings.Contains(report(errs), "1234") {
		t.Error("an error repeats a number")
	}
	if diff := cmp.Diff(before, w.dump(t)); diff != "" {
		t.Errorf("a file with errors changes something:\n%s", diff)
	}
	golden(t, "import_people.golden", report(errs))

	file = "company_code,name,name_kana,corporate_number,postal_code,address,phone,email,representative_name,pension_symbol,pension_destination_id\r\n" +
		"A 1,,漢字,7000012050003,060001,\t,312345678,x,届出太郎,ケイトケイト,123\r\n" +
		"B,良い会社,,,,,,,,,49511200070000000000138\r\n" +
		"B,良い会社,,1.23457E+12,,,,,,,\r\n" +
		"C,\"引用符\"の後,,,,,,,,,\r\n" +
		"D,引用\"符,,,,,,,,,\r\n"
	_, errs = w.importFile(t, file)
	golden(t, "import_companies.golden", report(errs))
	if diff := cmp.Diff(before, w.dump(t)); diff != "" {
		t.Errorf("a file with errors changes something:\n%s", diff)
	}
	_, planned, err := w.store.ImportPlan(w.ctx, strings.NewReader(file))
	if diff := cmp.Diff(errs, planned); diff != "" || err != nil {
		t.Errorf("plan and import differ: %v\n%s", err, diff)
	}
}

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

// TestImportBoundsErrors: a file may have more errors than anybody reads.
func TestImportBoundsErrors(t *testing.T) {
	t.Parallel()
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

func TestFormulasAreHarmless(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i, name := range []string{"=1+1", "'=1+1", "@sum", "+1", "-1", "＝１", "'", "'a", "''=x"} {
		c := Company{Code: fmt.Sprint(i), Name: name}
		_, err := w.store.PutCompany(w.ctx, c, by)
		if err != nil {
			t.Fatal(err)
		}
		if unguard(guard(name)) != name {
			t.Errorf("%q does not come back", name)
		}
	}
	var file bytes.Buffer
	err := w.store.ExportCompanies(w.ctx, &file, by)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range strings.Split(file.String(), "\r\n") {
		for _, cell := range strings.Split(row, ",") {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
				t.Errorf("cell %q starts a formula", cell)
			}
		}
	}
	summary, errs := w.importFile(t, file.String())
	if errs != nil || summary != (Summary{Kind: "companies", Unchanged: 9}) {
		t.Errorf("import = %+v, %s", summary, report(errs))
	}
}
