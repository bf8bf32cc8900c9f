package night_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"todoke/config"
	"todoke/database"
	"todoke/database/sqlite"
	egovaccount "todoke/egov/account"
	"todoke/forms"
	"todoke/office"
	"todoke/officedir"
	"todoke/queue"
	"todoke/queue/custody"
	"todoke/queue/desk"
	"todoke/queue/night"
	"todoke/schemas"
	"todoke/seal"
	"todoke/usage"
	"todoke/vault"
)

// stores are those of an office, put together as officedir does; only the keys are
// there already, since deriving them anew for each test would take most of its time.
type stores struct {
	path      string
	now       func() time.Time
	db        *database.DB // office.db
	usageDB   *database.DB
	queue     *queue.Store
	books     *office.Store
	accounts  *egovaccount.Store
	usage     *usage.Store
	vault     *vault.Vault
	databases []*database.DB
}

// keys are the office's, the same for every copy of the template.
var keys = sync.OnceValue(func() (k struct {
	office, vault    *seal.Box
	signer, verifier string
},
) {
	box := func() *seal.Box {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // crypto/rand never fails
		b, err := seal.NewBox(key)
		if err != nil {
			panic(err)
		}
		return b
	}
	var err error
	k.office, k.vault = box(), box()
	k.signer, k.verifier, err = usage.GenerateKey("test")
	if err != nil {
		panic(err)
	}
	return k
})

var catalogue = sync.OnceValues(func() (*forms.Catalogue, error) { return forms.Load(schemas.FS) })

func open(ctx context.Context, path string, now func() time.Time) (*stores, error) {
	o := &stores{path: path, now: now}
	accounts, err := egovaccount.Migrations()
	if err != nil {
		return nil, err
	}
	var vaultDB, keysDB *database.DB
	for _, file := range []struct {
		db         **database.DB
		name       string
		migrations []database.Migrations
	}{
		{&o.db, "office.db", []database.Migrations{office.Migrations(), queue.Migrations(), accounts}},
		{&o.usageDB, "usage.db", []database.Migrations{usage.Migrations()}},
		{&vaultDB, "vault.db", []database.Migrations{vault.Migrations()}},
		{&keysDB, "keys.db", []database.Migrations{vault.KeyMigrations()}},
	} {
		*file.db, err = sqlite.Open(ctx, filepath.Join(path, file.name), file.migrations...)
		if err != nil {
			return nil, errors.Join(err, o.close())
		}
		o.databases = append(o.databases, *file.db)
	}
	o.queue = queue.NewStore(o.db, now, officedir.NewID)
	o.books = office.New(o.db, keys().office, now, officedir.NewID)
	o.accounts = egovaccount.NewStore(o.db, keys().office, now)
	o.usage, err = usage.NewStore(usage.Config{
		DB: o.usageDB, Office: "test", Clock: now, Signer: keys().signer, Verifiers: []string{keys().verifier},
	})
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	o.vault, err = vault.Open(ctx, vault.Config{
		DB: vaultDB, Keys: keysDB, Master: keys().vault, Recorder: &custody.Recorder{Log: o.usage}, Purge: sqlite.Checkpoint, Clock: now,
	})
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

func (o *stores) close() error {
	var errs []error
	for _, db := range o.databases {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

func (o *stores) desk() *desk.Desk {
	definitions, err := catalogue()
	if err != nil {
		panic(err) // they are embedded
	}
	return &desk.Desk{
		Store: o.queue, Office: o.books, Forms: definitions, Vault: o.vault, Usage: o.usage, Copies: keys().office,
		Account: account, GrantFor: config.Default().Approval.GrantFor, Now: o.now,
	}
}

// verifyUsage compares the usage logs with what the vault remembers of them.
func (o *stores) verifyUsage(ctx context.Context) (usage.Report, error) {
	known, err := o.vault.Anchors(ctx)
	if err != nil {
		return usage.Report{}, err
	}
	anchors := map[string]usage.Anchor{}
	for log, a := range known {
		anchors[log] = usage.Anchor{Size: a.Size, Root: a.Root}
	}
	return o.usage.Verify(ctx, anchors)
}

// settings are those of production.
func settings() night.Settings {
	c := config.Default()
	return night.Settings{
		BatchLimit: c.Night.BatchLimit, SameProcedure: c.EGov.BulkSameProcedure, SendWindow: c.EGov.SendWindow,
		MaxRequest: c.EGov.MaxRequest, Ask: c.Night.Ask, QuietPeriod: c.Night.QuietPeriod,
		PollFirst: c.Night.PollFirst, PollMax: c.Night.PollMax, MaxDuration: c.Night.MaxDuration,
	}
}

// lock is an account's lock inside this process; officedir tests the one on a file.
type lock struct {
	mu    sync.Mutex
	taken bool
	lost  error
}

func (l *lock) Lock() (func() error, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken {
		return nil, night.ErrBusy
	}
	l.taken = true
	return l.release, nil
}

func (l *lock) release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken = false
	return nil
}

func (l *lock) Held() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

func (l *lock) lose(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = err
}
