package vault_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
	"todoke/database/sqlite"
	"todoke/seal"
	"todoke/vault"
)

// The numbers of the tests have true check digits and are plainly synthetic.
const (
	digitsA = "123456789018"
	digitsB = "111111111118"
)

var clerk = vault.Who{Actor: "山田 花子", Role: "事務取扱担当者", Screen: "被保険者", Source: "127.0.0.1"}

// world is one vault in a directory of its own.
type world struct {
	ctx      context.Context
	dir      string
	master   *seal.Box
	db, keys *database.DB
	recorder *recorder
	clock    *clock
	config   vault.Config
	vault    *vault.Vault
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// recorder is a usage log in memory.
type recorder struct {
	mu   sync.Mutex
	uses []vault.Use
	size map[string]int64
	hook func(ctx context.Context, use vault.Use) error // runs before the use counts as recorded
	edit func(*vault.Receipt)
}

func (r *recorder) RecordUse(ctx context.Context, use vault.Use) (vault.Receipt, error) {
	r.mu.Lock()
	hook, edit := r.hook, r.edit
	r.mu.Unlock()
	if hook != nil {
		err := hook(ctx, use)
		if err != nil {
			return vault.Receipt{}, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.uses = append(r.uses, use)
	r.size[use.Company]++
	receipt := vault.Receipt{Log: use.Company, Size: r.size[use.Company]}
	receipt.Root = root(use.Company, receipt.Size)
	if edit != nil {
		edit(&receipt)
	}
	return receipt, nil
}

func root(log string, size int64) [32]byte { return sha256.Sum256(fmt.Append(nil, log, size)) }

func (r *recorder) set(hook func(context.Context, vault.Use) error, edit func(*vault.Receipt)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hook, r.edit = hook, edit
}

// last returns the last use recorded.
func (r *recorder) last() vault.Use {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.uses) == 0 {
		return vault.Use{}
	}
	return r.uses[len(r.uses)-1]
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.uses)
}

func setup(t testing.TB) *world {
	t.Helper()
	w := &world{
		ctx: context.Background(), dir: t.TempDir(), master: newMaster(t),
		recorder: &recorder{size: make(map[string]int64)}, clock: &clock{at: time.Date(2026, 7, 1, 13, 0, 0, 0, time.UTC)},
	}
	w.db, w.keys = openDB(t, w.path("vault.db"), vault.Migrations()), openDB(t, w.path("keys.db"), vault.KeyMigrations())
	w.config = vault.Config{DB: w.db, Keys: w.keys, Master: w.master, Recorder: w.recorder, Purge: sqlite.Checkpoint, Clock: w.clock.now}
	w.vault = w.reopen(t)
	return w
}

func newMaster(t testing.TB) *seal.Box {
	t.Helper()
	key := sha256.Sum256([]byte(t.Name()))
	master, err := seal.NewBox(key[:])
	if err != nil {
		t.Fatal(err)
	}
	return master
}

func openDB(t testing.TB, path string, m database.Migrations) *database.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), path, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// reopen opens the vault anew, as after a restart.
func (w *world) reopen(t testing.TB) *vault.Vault {
	t.Helper()
	v, err := vault.Open(w.ctx, w.config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parse(t testing.TB, digits string) *vault.Number {
	t.Helper()
	n, err := vault.ParseNumber([]byte(digits))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *world) put(t testing.TB, company, subject, digits string) string {
	t.Helper()
	ref, err := w.vault.Put(w.ctx, company, subject, parse(t, digits), clerk)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func (w *world) issue(t testing.TB, company, filing string, refs ...string) vault.Grant {
	t.Helper()
	g, err := w.vault.Issue(w.ctx, grantRequest(company, filing, refs...))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func grantRequest(company, filing string, refs ...string) vault.GrantRequest {
	return vault.GrantRequest{Company: company, Filing: filing, Revision: 1, Refs: refs, Purpose: "雇用保険被保険者資格取得届の届出", Approver: clerk}
}

// request is a reveal that the grant allows.
func request(g vault.Grant, ref string) vault.RevealRequest {
	return vault.RevealRequest{
		Grant: g.ID, Company: g.Company, Filing: g.Filing, Revision: g.Revision, Ref: ref, Attempt: "attempt-1",
		Who: vault.Who{Actor: "山田 花子 + 夜間処理", Screen: "夜間処理"}, Destination: "渋谷公共職業安定所",
	}
}

// ready puts one number of company c1 and issues a grant for it.
func (w *world) ready(t testing.TB) (ref string, g vault.Grant) {
	t.Helper()
	ref = w.put(t, "c1", "person-1", digitsA)
	return ref, w.issue(t, "c1", "filing-1", ref)
}

// sql edits a file as somebody with access to it could.
func (w *world) sql(t testing.TB, file string, statements ...string) {
	t.Helper()
	db, err := sqlx.Open("sqlite", "file:"+w.path(file)+"?_pragma=busy_timeout(15000)&_pragma=secure_delete(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		_, err = db.Exec(statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func (w *world) count(t testing.TB, db *database.DB, query string) int {
	t.Helper()
	var n int
	err := db.Read.Get(&n, query)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// expectReveal reveals and compares; the number is wiped.
func (w *world) expectReveal(t testing.TB, r vault.RevealRequest, digits string) {
	t.Helper()
	n, err := w.vault.Reveal(w.ctx, r)
	if err != nil {
		t.Fatalf("reveal: %v", err)
	}
	defer n.Wipe()
	if string(n.Digits()) != digits {
		t.Error("another number was revealed")
	}
}

// expectRefusal checks that nothing is revealed, with which error, and that the
// refusal is on the log.
func (w *world) expectRefusal(t testing.TB, r vault.RevealRequest, want error) {
	t.Helper()
	before := w.recorder.count()
	n, err := w.vault.Reveal(w.ctx, r)
	if n != nil || !errors.Is(err, want) {
		t.Errorf("reveal = %v, %v; want %v", n, err, want)
	}
	use := w.recorder.last()
	if w.recorder.count() != before+1 || use.Action != vault.ActionRefuse || use.Result != want.Error() || use.Attempt != r.Attempt || use.Company != r.Company {
		t.Errorf("the refusal is not on the log: %+v", use)
	}
}

// expectFailure checks that nothing is revealed because of a failure of custody.
func (w *world) expectFailure(t testing.TB, r vault.RevealRequest, want error) {
	t.Helper()
	n, err := w.vault.Reveal(w.ctx, r)
	if n != nil || !errors.Is(err, want) {
		t.Errorf("reveal = %v, %v; want %v", n, err, want)
	}
}
