package office

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"todoke/database"
	"todoke/database/sqlite"
	"todoke/seal"
)

// world is what one test plays in: its own file, a clock that moves a second with
// each look at it, ids that count.
type world struct {
	store *Store
	db    *database.DB
	path  string
	ctx   context.Context
}

const by = "member-1"

func setup(t testing.TB) *world {
	t.Helper()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "office.db")
	db, err := sqlite.Open(ctx, path, Migrations())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	box, err := seal.NewBox([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	seconds, ids := 0, 0
	now := func() time.Time {
		seconds++
		return time.Date(2026, 4, 1, 0, 0, seconds, 0, time.UTC)
	}
	newID := func() string {
		ids++
		return fmt.Sprintf("id%08d", ids)
	}
	return &world{store: New(db, box, now, newID), db: db, path: path, ctx: ctx}
}

func exampleCompany() Company {
	return Company{
		Code: "A-001", Name: "株式会社とどけ商事", NameKana: "カブシキガイシャトドケショウジ", CorporateNumber: "7000012050002",
		PostalCode: "1500002", Address: "東京都渋谷区渋谷１－１－１", AddressKana: "トウキョウトシブヤクシブヤ１－１－１", Phone: "03-0000-0000",
		Email: "soumu@example.com", RepresentativeName: "届出　太郎", RepresentativeKana: "トドケデ　タロウ", RepresentativeTitle: "代表取締役",
		PensionPrefecture: "21", PensionDistrict: "05", PensionSymbol: "ケイト", PensionNumber: "00123", EmploymentNumber: "1301-000000-0",
		PensionDestinationID: "49511200070000000000138", PensionDestinationName: "東京,渋谷年金事務所（東京事務センター）",
		EmploymentDestinationID: "49511000010000000009999", EmploymentDestinationName: "東京,渋谷公共職業安定所",
	}
}

func examplePerson(companyID string) Person {
	return Person{
		CompanyID: companyID, Code: "0001", Name: "山田　花子", NameKana: "ヤマダ　ハナコ", BirthDate: "1985-01-02", Sex: "female",
		PostalCode: "0600001", Address: "北海道札幌市中央区北一条西１－２", AddressKana: "ホッカイドウサッポロシ", EmploymentInsuredNumber: "1300-000000-0",
		PensionInsuredNumber: "12", NameRoman: "YAMADA HANAKO",
	}
}

func exampleOffice() Office {
	return Office{
		Name: "とどけ社労士事務所", AttorneyName: "士業　一郎", AttorneyKana: "シギョウ　イチロウ", RegistrationNumber: "13000000",
		PostalCode: "1000001", Address: "東京都千代田区千代田１－１", AddressKana: "トウキョウトチヨダク", Phone: "03-0000-0001", Email: "office@example.com",
	}
}

func (w *world) company(t testing.TB) Company {
	t.Helper()
	c, err := w.store.PutCompany(w.ctx, exampleCompany(), by)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) person(t testing.TB, companyID string) Person {
	t.Helper()
	p, err := w.store.PutPerson(w.ctx, examplePerson(companyID), by)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// dump is the content of all tables as text, to show that nothing was changed.
func (w *world) dump(t testing.TB) string {
	t.Helper()
	var out strings.Builder
	for _, table := range []string{"office_office", "office_member", "office_company", "office_person", "office_agency_certificate", "office_change"} {
		rows, err := w.db.Read.Queryx("SELECT * FROM " + table + " ORDER BY 1")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, err := rows.SliceScan()
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&out, table, values)
		}
		err = errors.Join(rows.Err(), rows.Close()) //nolint:sqlclosecheck // read to its end in the loop above
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func codes(problems []Problem) []string {
	var list []string
	for _, p := range problems {
		list = append(list, p.Field+" "+strings.TrimPrefix(p.Code, "TODOKE-OFFICE-"))
	}
	return list
}
