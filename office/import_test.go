package office

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
