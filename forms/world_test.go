package forms

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/schemas"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Procedures under test.
const (
	pensionGain    = "4950013521019000"
	pensionLoss    = "4950013520714000"
	employmentGain = "4950008680033000"
	employmentLoss = "4950008680034000"
)

var catalogue = sync.OnceValues(func() (*Catalogue, error) { return Load(schemas.FS) })

func procedure(t testing.TB, id string) *Procedure {
	t.Helper()
	c, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := c.Procedure(id)
	if !ok {
		t.Fatalf("no procedure %s", id)
	}
	return p
}

// testNow is the moment of filling, testAt that of building, in the night of
// the next Japanese day although still the same day in UTC.
var (
	testNow = time.Date(2026, 4, 10, 3, 0, 0, 0, time.UTC)
	testAt  = time.Date(2026, 4, 10, 17, 5, 6, 0, time.UTC)
)

// testNumber is synthetic: 12345678901 with its check digit.
var testNumber = []byte("123456789018")

func testFacts() Facts {
	return Facts{
		"company.name": "届出商事株式会社", "company.name_kana": "トドケショウジ", "company.corporate_number": "6012345678901",
		"company.postal_code": "150-0041", "company.address": "東京都渋谷区神南1-2-3", "company.address_kana": "トウキョウトシブヤクジンナン１－２－３",
		"company.phone": "03-1234-5678", "company.email": "soumu@todoke.example",
		"company.representative_name": "届出　一郎", "company.representative_kana": "トドケ　イチロウ", "company.representative_title": "代表取締役",
		"company.pension_prefecture": "21", "company.pension_district": "01", "company.pension_symbol": "ケイト", "company.pension_number": "00123",
		"company.employment_number":      "1301-123456-7",
		"company.pension_destination_id": "49511200070000000000138", "company.pension_destination_name": "東京,渋谷年金事務所（東京事務センター）",
		"company.employment_destination_id": "49511000010000000003829", "company.employment_destination_name": "東京都,渋谷公共職業安定所",
		"person.name": "見本　花子", "person.name_kana": "ミホン　ハナコ", "person.birth_date": "1990-02-03", "person.sex": "female",
		"person.postal_code": "1500042", "person.address": "東京都渋谷区宇田川町4丁目5番6号", "person.address_kana": "トウキョウトシブヤクウダガワチョウ",
		"person.employment_insured_number": "5001-234567-8", "person.pension_insured_number": "45", "person.name_roman": "MIHON HANAKO",
		"office.name": "見本社会保険労務士事務所", "office.attorney_name": "労務　士郎", "office.attorney_kana": "ロウム　シロウ",
		"office.postal_code": "1000014", "office.address": "東京都千代田区永田町１丁目７番１号", "office.address_kana": "トウキョウトチヨダクナガタチョウ",
		"office.phone": "03-9876-5432", "office.email": "sr@office.example",
	}
}

// testEvent is a typical event of each procedure.
func testEvent(id string) Event {
	switch id {
	case pensionGain:
		return Event{
			"health_insurance": "1", "pension_insurance": "1", "acquisition_date": "2026-04-01", "dependants": "無",
			"salary_cash": "250,000", "salary_in_kind": "0",
		}
	case pensionLoss:
		return Event{"health_insurance": "1", "pension_insurance": "1", "loss_cause": "4", "retirement_date": "2026-03-31"}
	case employmentGain:
		return Event{
			"acquisition_kind": "1", "cause": "2", "wage_form": "1", "wage_amount": "250", "acquisition_date": "令和8年4月1日",
			"employment_form": "7", "occupation": "03", "route": "2", "weekly_hours": "40:00", "contract_period": "有",
			"contract_start": "2026-04-01", "contract_end": "R9.3.31", "contract_renewal": "有",
		}
	case employmentLoss:
		return Event{
			"acquisition_date": "2015-04-01", "separation_date": "2026-03-31", "loss_cause": "2", "weekly_hours": "40:00",
			"loss_reason": "転職のため自己都合退職",
		}
	}
	return nil
}

var allProcedures = []string{pensionGain, pensionLoss, employmentGain, employmentLoss}

func certificate() []Attachment {
	return []Attachment{{Name: "提出代行に関する証明書", FileName: "agency_certificate.pdf", Data: []byte("%PDF-1.4 synthetic")}}
}

// with and without derive facts or events from the typical ones.
func with[M ~map[string]string](m M, pairs ...string) M {
	out := maps.Clone(m)
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

func mustFill(t testing.TB, id string, facts Facts, event Event) *Filled {
	t.Helper()
	filled, findings := procedure(t, id).Fill(facts, event, testNow)
	if len(findings) > 0 {
		t.Fatalf("%s: unexpected findings: %+v", id, findings)
	}
	return filled
}

func mustBuild(t testing.TB, id string) *Application {
	t.Helper()
	app, err := mustFill(t, id, testFacts(), testEvent(id)).Build(testAt, map[string][]byte{"person": testNumber}, certificate())
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// golden compares got with a file under testdata, or rewrites the file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}
