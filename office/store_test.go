package office

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOfficeRoundTrip(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.store.Office(w.ctx)
	if !errors.Is(err, ErrNotFound) {
		t.Fatalf("Office before it is entered: %v", err)
	}
	o := exampleOffice()
	for range 2 { // the second time changes nothing
		err = w.store.PutOffice(w.ctx, o, by)
		if err != nil {
			t.Fatal(err)
		}
	}
	o.Phone = "03-0000-0002"
	err = w.store.PutOffice(w.ctx, o, by)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.store.Office(w.ctx)
	if err != nil || got != o {
		t.Errorf("Office = %+v, %v", got, err)
	}
	var wrong *InvalidError
	err = w.store.PutOffice(w.ctx, Office{}, by)
	if !errors.As(err, &wrong) || len(wrong.Problems) != 2 {
		t.Errorf("PutOffice of nothing: %v", err)
	}
	wantChanges(t, w, officeEntity, "updated phone", "created name,attorney_name,attorney_kana,registration_number,postal_code,address,address_kana,phone,email")
}

// wantChanges compares the changes of an entity, newest first.
func wantChanges(t *testing.T, w *world, entity string, want ...string) {
	t.Helper()
	list, next, err := w.store.Changes(w.ctx, entity, Page{})
	if err != nil || next != "" {
		t.Fatal(err, next)
	}
	var got []string
	for _, c := range list {
		if c.Actor != by || c.At == 0 {
			t.Errorf("change without actor or time: %+v", c)
		}
		got = append(got, strings.TrimSpace(c.Action+" "+c.Fields))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	alone, err := w.store.PutMember(w.ctx, Member{Name: "届出 花子", Roles: Roles{Responsible, Staff}, Active: true}, by)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.store.PutMember(w.ctx, Member{Name: "届出　花子", Roles: Roles{Staff}, Active: true}, by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("second member of the same name: %v", err)
	}
	for _, change := range []func(*Member){func(m *Member) { m.Active = false }, func(m *Member) { m.Roles = Roles{Staff} }} {
		m := alone
		change(&m)
		_, err = w.store.PutMember(w.ctx, m, by)
		if !errors.Is(err, ErrConflict) {
			t.Errorf("office without a responsible member: %v", err)
		}
	}
	_, err = w.store.PutMember(w.ctx, Member{Name: "監査　次郎", Roles: Roles{Auditor, Responsible}, Active: true}, by)
	if err != nil {
		t.Fatal(err)
	}
	alone.Active = false
	_, err = w.store.PutMember(w.ctx, alone, by)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.store.Member(w.ctx, alone.ID)
	if diff := cmp.Diff(Member{ID: alone.ID, Name: "届出　花子", Roles: Roles{Staff, Responsible}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	list, err := w.store.Members(w.ctx)
	if err != nil || len(list) != 2 {
		t.Errorf("Members = %v, %v", list, err)
	}
	_, err = w.store.PutMember(w.ctx, Member{ID: "nobody", Name: "無名", Roles: Roles{Staff}}, by)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("update of an unknown member: %v", err)
	}
	wantChanges(t, w, alone.ID, "updated active", "created name,roles,active")
	if Staff.Name() != "事務取扱担当者" || Responsible.Name() != "事務取扱責任者" || Auditor.Name() != "監査責任者" || Role("x").Name() != "" {
		t.Error("names of roles")
	}
}

func TestCompanyLife(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.company(t)
	if c.ID == "" || c.Revision != 1 || c.CreatedAt == 0 || c.CertificateStatus != "" {
		t.Errorf("new company: %+v", c)
	}
	_, err := w.store.PutCompany(w.ctx, exampleCompany(), by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("code in use: %v", err)
	}
	changed := c
	changed.Phone = "0120-000-000"
	changed, err = w.store.PutCompany(w.ctx, changed, by)
	if err != nil || changed.Revision != 2 || changed.UpdatedAt <= c.UpdatedAt || changed.CreatedAt != c.CreatedAt {
		t.Fatalf("update: %+v, %v", changed, err)
	}
	c.Phone = "0120-000-001"
	_, err = w.store.PutCompany(w.ctx, c, by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("update of an old revision: %v", err)
	}
	same, err := w.store.PutCompany(w.ctx, changed, by)
	if err != nil || same != changed {
		t.Errorf("update without change: %+v, %v", same, err)
	}
	byCode, err := w.store.CompanyByCode(w.ctx, "Ａ-001")
	if err != nil || byCode != changed {
		t.Errorf("CompanyByCode = %+v, %v", byCode, err)
	}
	var wrong *InvalidError
	_, err = w.store.PutCompany(w.ctx, Company{}, by)
	if !errors.As(err, &wrong) {
		t.Errorf("PutCompany of nothing: %v", err)
	}
	_, err = w.store.PutCompany(w.ctx, exampleCompany(), " ")
	if !errors.Is(err, errNoActor) {
		t.Errorf("without an actor: %v", err)
	}
	p := w.person(t, c.ID)
	err = w.store.DeleteCompany(w.ctx, c.ID, by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("delete with people: %v", err)
	}
	err = w.store.DeletePerson(w.ctx, p.ID, by)
	if err != nil {
		t.Fatal(err)
	}
	err = w.store.PutAgencyCertificate(w.ctx, c.ID, pdf("x"), by)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, ErrNotFound} {
		err = w.store.DeleteCompany(w.ctx, c.ID, by)
		if !errors.Is(err, want) {
			t.Errorf("delete %d: %v", i, err)
		}
	}
	c.Code = "B"
	_, err = w.store.PutCompany(w.ctx, c, by)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("update of a deleted company: %v", err)
	}
}

func TestPersonLife(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.company(t)
	p := w.person(t, c.ID)
	if len(p.Subject) < 26 || p.Revision != 1 || p.NumberRef != "" {
		t.Errorf("new person: %+v", p)
	}
	_, err := w.store.PutPerson(w.ctx, examplePerson(c.ID), by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("code in use: %v", err)
	}
	_, err = w.store.PutPerson(w.ctx, examplePerson("nowhere"), by)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown company: %v", err)
	}
	edited := p
	edited.Name, edited.Subject, edited.NumberRef = "田中 花子", "taken over", "forged"
	edited, err = w.store.PutPerson(w.ctx, edited, by)
	if err != nil || edited.Subject != p.Subject || edited.NumberRef != "" || edited.Name != "田中　花子" || edited.Revision != 2 {
		t.Fatalf("update: %+v, %v", edited, err)
	}
	_, err = w.store.PutPerson(w.ctx, p, by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("update of an old revision: %v", err)
	}
	read, err := w.store.Person(w.ctx, p.ID)
	if err != nil || read != edited {
		t.Errorf("Person = %+v, %v", read, err)
	}
	other := exampleCompany()
	other.Code = "B"
	other, err = w.store.PutCompany(w.ctx, other, by)
	if err != nil {
		t.Fatal(err)
	}
	moved := edited
	moved.CompanyID = other.ID
	_, err = w.store.PutPerson(w.ctx, moved, by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("move to another company: %v", err)
	}
	twin := w.person(t, other.ID) // the same code in another company is fine
	if twin.Subject == p.Subject {
		t.Error("two people share a subject")
	}
}

func TestNumberRef(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.person(t, w.company(t).ID)
	var wrong *InvalidError
	err := w.store.SetNumberRef(w.ctx, p.ID, "1234-5678-9018", by)
	if !errors.As(err, &wrong) || strings.Contains(err.Error(), "1234") {
		t.Errorf("a number as reference: %v", err)
	}
	err = w.store.SetNumberRef(w.ctx, p.ID, "01J0000000000000000000VREF", by)
	if err != nil {
		t.Fatal(err)
	}
	p, err = w.store.Person(w.ctx, p.ID)
	if err != nil || p.NumberRef == "" || p.NumberRegisteredAt == 0 || p.Revision != 2 {
		t.Fatalf("after SetNumberRef: %+v, %v", p, err)
	}
	p.Sex = ""
	p, err = w.store.PutPerson(w.ctx, p, by)
	if err != nil || p.NumberRef == "" {
		t.Fatalf("an edit loses the reference: %+v, %v", p, err)
	}
	err = w.store.DeletePerson(w.ctx, p.ID, by)
	if !errors.Is(err, ErrNumberHeld) {
		t.Errorf("delete with a number in the vault: %v", err)
	}
	for range 2 {
		err = w.store.SetNumberRef(w.ctx, p.ID, "", by)
		if err != nil {
			t.Fatal(err)
		}
	}
	err = w.store.DeletePerson(w.ctx, p.ID, by)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.store.Person(w.ctx, p.ID)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("after deletion: %v", err)
	}
	err = w.store.SetNumberRef(w.ctx, p.ID, "x", by)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("SetNumberRef after deletion: %v", err)
	}
	list, _, err := w.store.Changes(w.ctx, p.ID, Page{Limit: 3})
	if err != nil || len(list) != 3 || list[0].Action != actionDeleted || list[1].Fields != "number_ref" || list[2].Fields != "sex" {
		t.Errorf("Changes = %+v, %v", list, err)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 7 {
		c := exampleCompany()
		c.Code = fmt.Sprintf("C%d", (i*3)%7)
		c, err := w.store.PutCompany(w.ctx, c, by)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			continue
		}
		for j := range 5 {
			p := examplePerson(c.ID)
			p.Code = fmt.Sprintf("P%d", 4-j)
			_, err = w.store.PutPerson(w.ctx, p, by)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	first, err := w.store.CompanyByCode(w.ctx, "C0")
	if err != nil {
		t.Fatal(err)
	}
	got := pages(t, 3, func(p Page) (string, string, error) {
		list, next, err := w.store.Companies(w.ctx, p)
		return join(list, func(c Company) string { return c.Code }), next, err
	})
	if diff := cmp.Diff([]string{"C0 C1 C2", "C3 C4 C5", "C6"}, got); diff != "" {
		t.Error(diff)
	}
	got = pages(t, 5, func(p Page) (string, string, error) {
		list, next, err := w.store.People(w.ctx, first.ID, p)
		return join(list, func(p Person) string { return p.Code }), next, err
	})
	if diff := cmp.Diff([]string{"P0 P1 P2 P3 P4"}, got); diff != "" {
		t.Error(diff)
	}
	got = pages(t, 10, func(p Page) (string, string, error) {
		list, next, err := w.store.Changes(w.ctx, "", p)
		return join(list, func(c Change) string { return c.Kind }), next, err
	})
	if len(got) != 2 || len(strings.Fields(got[0])) != 10 || len(strings.Fields(got[1])) != 2 {
		t.Errorf("changes: %v", got)
	}
	for limit, want := range map[int]int{0: 50, -1: 50, 7: 7, 1000: 500} {
		if got := (Page{Limit: limit}).limit(); got != want {
			t.Errorf("limit %d is %d, want %d", limit, got, want)
		}
	}
}

func pages(t *testing.T, limit int, read func(Page) (string, string, error)) []string {
	t.Helper()
	var all []string
	page := Page{Limit: limit}
	for {
		text, next, err := read(page)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
		if next == "" {
			return all
		}
		page.After = next
	}
}

func join[T any](list []T, name func(T) string) string {
	var names []string
	for _, v := range list {
		names = append(names, name(v))
	}
	return strings.Join(names, " ")
}

func TestOneOfManyWritersWins(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.company(t)
	var group sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		group.Go(func() {
			mine := c
			mine.Email = fmt.Sprintf("m%d@example.com", i)
			_, results[i] = w.store.PutCompany(w.ctx, mine, by)
		})
	}
	group.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrConflict) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d writers of one revision succeeded", won)
	}
}

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
