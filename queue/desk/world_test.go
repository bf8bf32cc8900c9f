package desk_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"todoke/database"
	"todoke/database/sqlite"
	"todoke/forms"
	"todoke/mynumber"
	"todoke/office"
	"todoke/queue"
	"todoke/queue/custody"
	"todoke/queue/desk"
	"todoke/schemas"
	"todoke/seal"
	"todoke/usage"
	"todoke/vault"
)

// pensionLoss is the procedure of these tests: it needs a number and a certificate.
const pensionLoss = "4950013520714000"

var day = time.Date(2026, 7, 1, 3, 0, 0, 0, time.UTC)

var (
	boss    = desk.Person{Name: "責任　花子", Roles: office.Roles{office.Responsible}, Screen: "届出の画面", Source: "192.0.2.1"}
	staff   = desk.Person{Name: "担当　太郎", Roles: office.Roles{office.Staff}, Screen: "届出の画面"}
	auditor = desk.Person{Name: "監査　次郎", Roles: office.Roles{office.Auditor}, Screen: "記録の画面"}
	nobody  = desk.Person{Name: "元職員　三郎", Screen: "届出の画面"}
)

// world is an office with two client companies, A and B, on real stores. People
// 0001 and 0002 of A have numbers, and the others have none.
type world struct {
	t     testing.TB
	ctx   context.Context
	now   time.Time
	files map[string]*database.DB
	desk  *desk.Desk
	a, b  office.Company
	one   office.Person // of A, with a number
	two   office.Person // of A, with a number
	three office.Person // of A, without
	other office.Person // of B, without
}

var catalogue = sync.OnceValues(func() (*forms.Catalogue, error) { return forms.Load(schemas.FS) })

func setup(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), now: day, files: map[string]*database.DB{}}
	w.stores()
	w.must(w.desk.Office.PutOffice(w.ctx, office.Office{
		Name: "見本社会保険労務士事務所", AttorneyName: "労務　士郎", AttorneyKana: "ロウム　シロウ", RegistrationNumber: "13000000",
		PostalCode: "1000014", Address: "東京都千代田区見本町1丁目", AddressKana: "トウキョウトチヨダクミホンチョウ",
		Phone: "03-0000-5432", Email: "sr@office.example",
	}, boss.Name))
	w.a, w.b = w.company("A"), w.company("B")
	w.one, w.two, w.three = w.person(w.a, "0001"), w.person(w.a, "0002"), w.person(w.a, "0003")
	w.other = w.person(w.b, "0001")
	for n, p := range []office.Person{w.one, w.two} {
		w.must(w.desk.PutNumber(w.ctx, staff, p.ID, parse(t, number(n))))
	}
	return w
}

func (w *world) stores() {
	w.t.Helper()
	clock := func() time.Time { return w.now }
	newID := func() string { return ulid.Make().String() }
	db := w.open("office.db", office.Migrations(), queue.Migrations())
	log, err := usage.NewStore(usage.Config{DB: w.open("usage.db", usage.Migrations()), Office: "test", Clock: clock})
	w.must(err)
	kept, err := vault.Open(w.ctx, vault.Config{
		DB: w.open("vault.db", vault.Migrations()), Keys: w.open("keys.db", vault.KeyMigrations()), Master: box(w.t),
		Recorder: &custody.Recorder{Log: log}, Purge: sqlite.Checkpoint, Clock: clock,
	})
	w.must(err)
	definitions, err := catalogue()
	w.must(err)
	copies := box(w.t)
	w.desk = &desk.Desk{
		Store: queue.NewStore(db, clock, newID), Office: office.New(db, copies, clock, newID), Forms: definitions,
		Vault: kept, Usage: log, Copies: copies, Account: "a1", GrantFor: time.Hour, Now: clock,
	}
}

func (w *world) open(name string, migrations ...database.Migrations) *database.DB {
	w.t.Helper()
	db, err := sqlite.Open(w.ctx, filepath.Join(w.t.TempDir(), name), migrations...)
	w.must(err)
	w.t.Cleanup(func() { db.Close() })
	w.files[name] = db
	return db
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func box(t testing.TB) *seal.Box {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand never fails
	b, err := seal.NewBox(key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w *world) company(code string) office.Company {
	w.t.Helper()
	c, err := w.desk.Office.PutCompany(w.ctx, office.Company{
		Code: code, Name: "試験商事" + code + "株式会社", NameKana: "シケンショウジ", PostalCode: "1500041", Address: "東京都渋谷区見本町1-2-3",
		AddressKana: "トウキョウトシブヤクミホンチョウ", Phone: "03-0000-5678", RepresentativeName: "代表　者一", RepresentativeKana: "ダイヒョウ　シャイチ",
		RepresentativeTitle: "代表取締役", PensionPrefecture: "21", PensionDistrict: "01", PensionSymbol: "シケ", PensionNumber: "00123",
		EmploymentNumber: "1301-123456-7", PensionDestinationID: "49511200070000000000138",
		PensionDestinationName: "東京,渋谷年金事務所（東京事務センター）",
	}, boss.Name)
	w.must(err)
	w.must(w.desk.Office.PutAgencyCertificate(w.ctx, c.ID, []byte("%PDF-1.7\n1 0 obj\n<</Note(synthetic)>>\nendobj\nxref\n0 1\n"+
		"0000000000 65535 f \ntrailer\n<</Size 1>>\nstartxref\n45\n%%EOF\n"), boss.Name))
	return c
}

func (w *world) person(c office.Company, code string) office.Person {
	w.t.Helper()
	p, err := w.desk.Office.PutPerson(w.ctx, office.Person{
		CompanyID: c.ID, Code: code, Name: "試験　花子", NameKana: "シケン　ハナコ", BirthDate: "1990-02-03", Sex: "female", PostalCode: "1500042",
		Address: "東京都渋谷区試験町4丁目5番6号", AddressKana: "トウキョウトシブヤクシケンチョウ", PensionInsuredNumber: "45",
	}, boss.Name)
	w.must(err)
	return p
}

// number is 8700000 followed by a counter and a valid check digit: synthetic.
func number(n int) string {
	text := fmt.Sprintf("8700000%04d", n)
	var first [11]byte
	for i := range first {
		first[i] = text[i] - '0'
	}
	return text + string('0'+rune(mynumber.CheckDigit(first)))
}

func parse(t testing.TB, digits string) *vault.Number {
	t.Helper()
	n, err := vault.ParseNumber([]byte(digits))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func event() map[string]string {
	return map[string]string{"health_insurance": "1", "pension_insurance": "1", "loss_cause": "4", "retirement_date": "2026-06-30"}
}

func (w *world) draft(p office.Person) queue.Filing {
	w.t.Helper()
	f, err := w.desk.Draft(w.ctx, staff, desk.New{CompanyID: p.CompanyID, PersonID: p.ID, ProcedureID: pensionLoss, Event: event()})
	w.must(err)
	return f
}

func (w *world) approved(p office.Person) queue.Filing {
	w.t.Helper()
	f := w.draft(p)
	w.must(w.desk.Approve(w.ctx, boss, f.ID, f.Revision, "資格喪失届の提出"))
	return w.filing(f.ID)
}

func (w *world) filing(id string) queue.Filing {
	w.t.Helper()
	f, err := w.desk.Store.Filing(w.ctx, id)
	w.must(err)
	return f
}

func (w *world) exec(file, query string, args ...any) {
	w.t.Helper()
	_, err := w.files[file].Write.ExecContext(w.ctx, query, args...)
	w.must(err)
}

// entries returns what the usage log of a company says, as "action actor".
func (w *world) entries(company string) []string {
	w.t.Helper()
	var all []string
	for record, err := range w.desk.Usage.List(w.ctx, usage.Query{Log: company}) {
		w.must(err)
		all = append(all, string(record.Entry.Action)+" "+record.Entry.Actor)
	}
	return all
}

// silent insists that an error does not repeat the number, however it is written.
func (w *world) silent(err error, digits string) {
	w.t.Helper()
	bare := strings.NewReplacer("-", "", " ", "", "　", "").Replace(fmt.Sprintf("%+v", err))
	if strings.Contains(bare, digits) {
		w.t.Error("the error repeats the number")
	}
}
