// Package vault keeps My Numbers: twelve digits under an opaque reference, and
// nothing else. It knows no names, birthdays or addresses.
//
// A number enters by Put and can be had again only by Reveal, for a filing that a
// grant was issued for. It is encrypted under a data key of its own; that key is
// wrapped by a key of the client company, and that one by the master key. The keys
// are in a file of their own, so that backups of the vault hold no data key and a
// number that is destroyed is gone when the last copy of the keys file is.
//
// What it does not do: it does not decide who may approve or act, it does not keep
// the usage log (it is built with a Recorder), and it holds back nothing from
// somebody who has both files and the master key. The seals on grants and anchors
// show edits; they do not show that a whole row was put back as it once was.
//
// What always holds:
//   - before a number is decrypted, its use is committed to the usage log; a
//     failing or silent Recorder means no number;
//   - a reveal is marked spent before it is recorded, so it never happens twice
//     for the same grant, reference and attempt;
//   - every ciphertext opens only as the reference, company and subject it was
//     made for;
//   - no row, error, log line or printed value holds a number in clear.
//
// No transaction spans the two files. The order that makes this safe is explained
// in collect.go. The exported names beyond the usual count are the errors: each
// refusal has its own, because callers decide by them.
package vault

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"todoke/database"
	"todoke/seal"
)

//go:embed migrations
var migrations embed.FS

// Migrations returns the schema of the vault file.
func Migrations() database.Migrations { return schema("vault_schema", "migrations/sqlite") }

// KeyMigrations returns the schema of the keys file.
func KeyMigrations() database.Migrations {
	return schema("vault_keys_schema", "migrations/sqlite_keys")
}

func schema(table, dir string) database.Migrations {
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return database.Migrations{Table: table, Files: files}
}

// Config is what a Vault is opened with.
type Config struct {
	DB       *database.DB // the vault file, with Migrations applied
	Keys     *database.DB // the keys file, with KeyMigrations applied
	Master   *seal.Box    // wraps the keys; the same one every time
	Recorder Recorder
	// Purge empties the write-ahead log of a database into its file, so that what
	// was deleted is not left beside it: sqlite.Checkpoint.
	Purge func(ctx context.Context, db *database.DB) error

	Clock         func() time.Time // nil means the system's
	Rand          io.Reader        // source of keys and references; nil means crypto/rand
	RecordTimeout time.Duration    // how long the Recorder may take; 0 means 30 seconds
	GrantLife     time.Duration    // how long a grant holds by default; 0 means 7 days
}

const (
	defaultPatience = 30 * time.Second
	defaultLife     = 7 * 24 * time.Hour
)

// Vault is an open vault. It is safe for concurrent use, also by several processes
// on the same files.
type Vault struct {
	db       *database.DB
	keys     *keyring
	sealer   *seal.Box // the vault's own key, for grants and anchors
	recorder Recorder
	purge    func(context.Context, *database.DB) error
	now      func() time.Time
	rand     io.Reader
	patience time.Duration
	life     time.Duration
}

// Open opens the vault, or sets it up when both files are empty, and finishes what
// an interrupted Put or Destroy left behind.
//
// Errors: ErrWrongMaster, ErrKeysMissing, ErrOtherVault.
func Open(ctx context.Context, c Config) (*Vault, error) {
	if c.DB == nil || c.Keys == nil || c.Master == nil || c.Recorder == nil || c.Purge == nil {
		return nil, errors.New("open vault: DB, Keys, Master, Recorder and Purge are all needed")
	}
	v := &Vault{
		db: c.DB, recorder: c.Recorder, purge: c.Purge, now: c.Clock, rand: c.Rand,
		patience: c.RecordTimeout, life: c.GrantLife,
	}
	if v.now == nil {
		v.now = time.Now //nolint:forbidigo // the documented default
	}
	if v.rand == nil {
		v.rand = rand.Reader
	}
	if v.patience <= 0 {
		v.patience = defaultPatience
	}
	if v.life <= 0 {
		v.life = defaultLife
	}
	v.keys = &keyring{db: c.Keys, master: c.Master, rand: v.rand, now: v.now}
	err := v.pair(ctx)
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	err = v.collect(ctx)
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	return v, nil
}
