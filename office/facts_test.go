package office

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFacts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.company(t)
	p := w.person(t, c.ID)
	facts, err := w.store.Facts(w.ctx, c.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if facts["person.name"] != "" || facts["office.name"] != "" {
		t.Errorf("facts of nobody: %v", facts)
	}
	err = w.store.PutOffice(w.ctx, exampleOffice(), by)
	if err != nil {
		t.Fatal(err)
	}
	facts, err = w.store.Facts(w.ctx, c.ID, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"company.name": "株式会社とどけ商事", "company.name_kana": "カブシキガイシャトドケショウジ", "company.corporate_number": "7000012050002",
		"company.postal_code": "1500002", "company.address": "東京都渋谷区渋谷１－１－１", "company.address_kana": "トウキョウトシブヤクシブヤ１－１－１",
		"company.phone": "03-0000-0000", "company.email": "soumu@example.com", "company.representative_name": "届出　太郎",
		"company.representative_kana": "トドケデ　タロウ", "company.representative_title": "代表取締役", "company.pension_prefecture": "21",
		"company.pension_district": "05", "company.pension_symbol": "ケイト", "company.pension_number": "00123", "company.employment_number": "1301-000000-0",
		"company.pension_destination_id": "49511200070000000000138", "company.pension_destination_name": "東京,渋谷年金事務所（東京事務センター）",
		"company.employment_destination_id": "49511000010000000009999", "company.employment_destination_name": "東京,渋谷公共職業安定所",
		"company.employment_office": "渋谷公共職業安定所長",
		"person.name":               "山田　花子", "person.name_kana": "ヤマダ　ハナコ", "person.birth_date": "1985-01-02", "person.sex": "female",
		"person.postal_code": "0600001", "person.address": "北海道札幌市中央区北一条西１－２", "person.address_kana": "ホッカイドウサッポロシ",
		"person.employment_insured_number": "1300-000000-0", "person.pension_insured_number": "12", "person.name_roman": "YAMADA HANAKO",
		"office.name": "とどけ社労士事務所", "office.attorney_name": "士業　一郎", "office.attorney_kana": "シギョウ　イチロウ", "office.postal_code": "1000001",
		"office.address": "東京都千代田区千代田１－１", "office.address_kana": "トウキョウトチヨダク", "office.phone": "03-0000-0001", "office.email": "office@example.com",
	}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	for _, ids := range [][2]string{{"nowhere", ""}, {c.ID, "nobody"}} {
		_, err = w.store.Facts(w.ctx, ids[0], ids[1])
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("Facts%v: %v", ids, err)
		}
	}
	other := exampleCompany()
	other.Code, other.EmploymentOffice = "B", "所長"
	other, err = w.store.PutCompany(w.ctx, other, by)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.store.Facts(w.ctx, other.ID, p.ID)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("a person of another company: %v", err)
	}
	facts, err = w.store.Facts(w.ctx, other.ID, "")
	if err != nil || facts["company.employment_office"] != "所長" {
		t.Errorf("a given addressee is replaced: %q, %v", facts["company.employment_office"], err)
	}
	for destination, want := range map[string]string{"": "", "総務省,行政管理局,API": "", "北海道，札幌公共職業安定所": "札幌公共職業安定所長", ",": ""} {
		if got := employmentOffice(destination); got != want {
			t.Errorf("employmentOffice(%q) = %q", destination, got)
		}
	}
}
