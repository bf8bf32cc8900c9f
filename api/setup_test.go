package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"todoke/api"
	"todoke/database"
	"todoke/database/sqlite"
	"todoke/forms"
	"todoke/office"
	"todoke/queue"
	"todoke/queue/custody"
	"todoke/queue/desk"
	"todoke/schemas"
	"todoke/seal"
	"todoke/usage"
	"todoke/vault"
)

// The numbers of the tests have true check digits and are plainly synthetic.
const (
	digitsA = "123456789018"
	digitsB = "111111111118"
)

const pensionLoss = "4950013520714000"

// clock stands still until a test moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// logged is a log that can be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// world is one office with two client companies, on real stores in a directory of
// its own, and a key for everybody.
type world struct {
	t        testing.TB
	ctx      context.Context
	dir      string
	clock    *clock
	log      *logged
	db       *database.DB
	desk     *desk.Desk
	keys     *api.KeyStore
	server   *api.Server
	members  map[string]office.Member
	key      map[string]string // text of a key by owner: staff, responsible, auditor, owner, a, b
	keyID    map[string]string
	companyA office.Company
	companyB office.Company
	personA  office.Person
	personB  office.Person
	boxes    *seal.Box
}

var catalogue = sync.OnceValues(func() (*forms.Catalogue, error) { return forms.Load(schemas.FS) })

func setup(t testing.TB) *world {
	t.Helper()
	w := &world{
		t: t, ctx: context.Background(), dir: t.TempDir(), log: &logged{},
		clock:   &clock{at: time.Date(2026, 4, 10, 3, 0, 0, 0, time.UTC)},
		members: map[string]office.Member{}, key: map[string]string{}, keyID: map[string]string{},
	}
	w.stores()
	w.people()
	w.issueKeys()
	var err error
	w.server, err = api.New(w.config())
	w.must(err)
	return w
}

func (w *world) config() api.Config {
	return api.Config{
		Desk: w.desk, Keys: w.keys, DB: w.db,
		Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func newID() string { return ulid.Make().String() }

func (w *world) open(name string, migrations ...database.Migrations) *database.DB {
	w.t.Helper()
	db, err := sqlite.Open(w.ctx, filepath.Join(w.dir, name), migrations...)
	w.must(err)
	w.t.Cleanup(func() { db.Close() })
	return db
}

func newBox(t testing.TB) *seal.Box {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	box, err := seal.NewBox(key)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func (w *world) stores() {
	w.t.Helper()
	w.db = w.open("office.db", office.Migrations(), queue.Migrations(), api.Migrations())
	log, err := usage.NewStore(usage.Config{DB: w.open("usage.db", usage.Migrations()), Office: "office-1", Clock: w.clock.now})
	w.must(err)
	kept, err := vault.Open(w.ctx, vault.Config{
		DB: w.open("vault.db", vault.Migrations()), Keys: w.open("keys.db", vault.KeyMigrations()), Master: newBox(w.t),
		Recorder: &custody.Recorder{Log: log}, Purge: sqlite.Checkpoint, Clock: w.clock.now,
	})
	w.must(err)
	definitions, err := catalogue()
	w.must(err)
	w.boxes = newBox(w.t)
	w.desk = &desk.Desk{
		Store: queue.NewStore(w.db, w.clock.now, newID), Office: office.New(w.db, w.boxes, w.clock.now, newID), Forms: definitions,
		Vault: kept, Usage: log, Copies: w.boxes, Account: "account-1", GrantFor: time.Hour, Now: w.clock.now,
	}
	w.keys = api.NewKeyStore(w.db, w.desk.Office, w.clock.now, newID)
}

func (w *world) people() {
	w.t.Helper()
	books := w.desk.Office
	w.must(books.PutOffice(w.ctx, office.Office{
		Name: "見本社会保険労務士事務所", AttorneyName: "労務　士郎", AttorneyKana: "ロウム　シロウ", RegistrationNumber: "13000000",
		PostalCode: "1000014", Address: "東京都千代田区永田町１丁目７番１号", AddressKana: "トウキョウトチヨダクナガタチョウ",
		Phone: "03-9876-5432", Email: "sr@office.example",
	}, "設定"))
	for id, m := range map[string]office.Member{
		"owner":       {Name: "所長　一人", Roles: office.Roles{office.Staff, office.Responsible, office.Auditor}, Active: true},
		"staff":       {Name: "届出　花子", Roles: office.Roles{office.Staff}, Active: true},
		"responsible": {Name: "責任　太郎", Roles: office.Roles{office.Responsible}, Active: true},
		"auditor":     {Name: "監査　次郎", Roles: office.Roles{office.Auditor}, Active: true},
	} {
		var err error
		w.members[id], err = books.PutMember(w.ctx, m, "設定")
		w.must(err)
	}
	w.companyA, w.personA = w.company("A", "届出商事株式会社", "見本　花子")
	w.companyB, w.personB = w.company("B", "別社株式会社", "別人　三郎")
}

func (w *world) company(code, name, person string) (office.Company, office.Person) {
	w.t.Helper()
	books := w.desk.Office
	c, err := books.PutCompany(w.ctx, office.Company{
		Code: code, Name: name, NameKana: "トドケショウジ", PostalCode: "150-0041", Address: "東京都渋谷区神南1-2-3",
		AddressKana: "トウキョウトシブヤクジンナン", Phone: "03-1234-5678", RepresentativeName: "届出　一郎", RepresentativeKana: "トドケ　イチロウ",
		RepresentativeTitle: "代表取締役", PensionPrefecture: "21", PensionDistrict: "01", PensionSymbol: "ケイト", PensionNumber: "00123",
		EmploymentNumber: "1301-123456-7", PensionDestinationID: "49511200070000000000138",
		PensionDestinationName: "東京,渋谷年金事務所（東京事務センター）",
	}, "設定")
	w.must(err)
	w.must(books.PutAgencyCertificate(w.ctx, c.ID, pdf(), "設定"))
	c, err = books.Company(w.ctx, c.ID)
	w.must(err)
	return c, w.person(c.ID, "0001", person)
}

func (w *world) person(company, code, name string) office.Person {
	w.t.Helper()
	p, err := w.desk.Office.PutPerson(w.ctx, office.Person{
		CompanyID: company, Code: code, Name: name, NameKana: "ミホン　ハナコ", BirthDate: "1990-02-03", Sex: "female", PostalCode: "1500042",
		Address: "東京都渋谷区宇田川町4丁目5番6号", AddressKana: "トウキョウトシブヤク", PensionInsuredNumber: "45",
	}, "設定")
	w.must(err)
	return p
}

func pdf() []byte {
	body := "%PDF-1.7\n1 0 obj\n<</Note(synthetic)>>\nendobj\n"
	return []byte(body + "xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1>>\nstartxref\n" + fmt.Sprint(len(body)) + "\n%%EOF\n")
}

func (w *world) issueKeys() {
	w.t.Helper()
	for name, member := range w.members {
		w.newKey(name, api.NewKey{Name: "試験", MemberID: member.ID})
	}
	w.newKey("a", api.NewKey{Name: "給与ソフト", CompanyID: w.companyA.ID})
	w.newKey("b", api.NewKey{Name: "給与ソフト", CompanyID: w.companyB.ID})
}

func (w *world) newKey(name string, n api.NewKey) {
	w.t.Helper()
	key, text, err := w.keys.Create(w.ctx, n, "所長　一人")
	w.must(err)
	w.key[name], w.keyID[name] = text, key.ID
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
