// Package database is the thin ground that the stores stand on: a pair of
// connection pools, one write transaction at a time, instants as integers, and
// embedded migrations.
//
// It holds no SQL of any domain and names no driver; sub-package sqlite opens
// files. What always holds: a write transaction is short, it never spans two
// files, and it is never open while something outside is waited for.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
)

// ErrNewer reports a file that a later version of Todoke has migrated.
var ErrNewer = errors.New("データベースがこのプログラムより新しい版で作られています。新しい版のtodokeを使ってください")

// DB is one database. Write has a single connection, so writers never meet each
// other as "busy"; Read may have several.
type DB struct {
	Write *sqlx.DB
	Read  *sqlx.DB
}

// Close closes both pools.
func (db *DB) Close() error {
	return errors.Join(db.Write.Close(), db.Read.Close())
}

// InTx runs f in one write transaction and commits it when f returns nil.
// An error of COMMIT is returned as it is: the caller must read again what
// became of it before acting on either outcome.
func (db *DB) InTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	tx, err := db.Write.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	err = f(tx)
	if err != nil {
		rollback := tx.Rollback()
		if rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			return errors.Join(err, fmt.Errorf("roll back: %w", rollback))
		}
		return err
	}
	err = tx.Commit()
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Migrations is one package's set of migrations. Several packages may share a
// database, each with a version table of its own.
type Migrations struct {
	Table string // version table, e.g. "queue_schema"
	Files fs.FS  // NNNNN_name.sql at its root, in goose's format, up only
}

// Migrate brings the schema up to date, each migration in a transaction. It
// returns ErrNewer when the database has a version that Files does not know.
func Migrate(ctx context.Context, db *sqlx.DB, dialect goose.Dialect, m Migrations) error {
	provider, err := goose.NewProvider(dialect, db.DB, m.Files,
		goose.WithTableName(m.Table), goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations of %s: %w", m.Table, err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version of %s: %w", m.Table, err)
	}
	if current > target {
		return fmt.Errorf("%s is at version %d, this program knows %d: %w", m.Table, current, target, ErrNewer)
	}
	if current == target {
		return nil
	}
	_, err = provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", m.Table, err)
	}
	return nil
}

// Micros is an instant as microseconds since 1970 UTC, which both databases
// store and order alike. Zero means "not set".
type Micros int64

// At converts t; the zero time becomes zero.
func At(t time.Time) Micros {
	if t.IsZero() {
		return 0
	}
	return Micros(t.UnixMicro())
}

// Time converts back, in UTC; zero becomes the zero time.
func (m Micros) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(m)).UTC()
}
