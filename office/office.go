// Package office keeps the master data that a filing is filled from: the 社労士
// office itself and its named members, client companies, their people, and the
// certificate of agency (提出代行に関する証明書) of each company.
//
// It does not fill forms, hold or see a My Number, or decide who may do what: the
// caller names the member on whose behalf it acts, and that name goes into the
// change table. A person is known to the vault only by an opaque random subject.
//
// What always holds: no text field keeps a run of twelve digits or more except
// where such a number belongs (法人番号, identifiers of destinations); every change
// and its row in the change table are one transaction; a company or person is
// changed only from the revision that the caller has read; a CSV file with one bad
// cell changes nothing; certificates rest sealed, bound to their company.
package office

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
	"todoke/seal"
)

var (
	// ErrNotFound reports an id or code that does not exist (any more).
	ErrNotFound = errors.New("該当するデータがありません")
	// ErrConflict reports a change that the present data does not allow: a code in
	// use, a revision that is not the newest, a company that still has people. The
	// wrapping text says which.
	ErrConflict = errors.New("現在の登録内容と矛盾するため変更していません")
	// ErrNumberHeld reports the deletion of a person whose My Number the vault
	// still holds: it has to be destroyed there first, or it would be orphaned.
	ErrNumberHeld = errors.New("個人番号が金庫に登録されています。先に個人番号を削除してください")

	errNoActor = errors.New("処理者が指定されていません")
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// Migrations returns the schema of this package, version table "office_schema".
func Migrations() database.Migrations {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		panic(err) // the folder is embedded above, so only a broken build gets here
	}
	return database.Migrations{Table: "office_schema", Files: files}
}

// Store reads and writes master data. It is safe for concurrent use.
type Store struct {
	db    *database.DB
	box   *seal.Box
	now   func() time.Time
	newID func() string
}

// New returns a Store on a database that has the Migrations. box seals agency
// certificates. newID returns ids that are unique and sort by time (ULIDs).
func New(db *database.DB, box *seal.Box, now func() time.Time, newID func() string) *Store {
	return &Store{db: db, box: box, now: now, newID: newID}
}

// Page says which part of a list is wanted. The zero value is the first 50 rows.
type Page struct {
	After string // the "next" that came with the page before; "" is the beginning
	Limit int    // at most 500; 0 means 50
}

const (
	pageDefault = 50
	pageMost    = 500
)

func (p Page) limit() int {
	if p.Limit <= 0 {
		return pageDefault
	}
	return min(p.Limit, pageMost)
}

// cut takes the one row that was read beyond the limit off the list, and returns
// the key of the last row kept when there is more.
func cut[T any](rows []T, limit int, key func(T) string) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	return rows[:limit], key(rows[limit-1])
}

// inTx runs f in one write transaction, for an actor that must be named.
func (s *Store) inTx(ctx context.Context, by string, f func(tx *sqlx.Tx) error) error {
	if strings.TrimSpace(by) == "" {
		return errNoActor
	}
	return s.db.InTx(ctx, f)
}

// newSubject returns 130 random bits as text: unlike an id it holds no time, so
// nothing about the person can be read from it.
func newSubject() string { return rand.Text() }

// rowsPerInsert keeps a statement below the number of parameters that SQLite and
// PostgreSQL allow.
const rowsPerInsert = 200

// insertAll inserts rows of a struct with the columns as db tags. Table and columns
// are constants of this package.
func insertAll[T any](ctx context.Context, tx *sqlx.Tx, table string, columns []string, rows []T) error {
	query := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (:" + strings.Join(columns, ", :") + ")"
	for chunk := range slices.Chunk(rows, rowsPerInsert) {
		_, err := tx.NamedExecContext(ctx, query, chunk)
		if err != nil {
			return fmt.Errorf("insert into %s: %w", table, err)
		}
	}
	return nil
}

// updateSQL writes an update with named parameters, for constants as well.
func updateSQL(table string, columns []string) string {
	set := make([]string, len(columns))
	for i, column := range columns {
		set[i] = column + " = :" + column
	}
	return "UPDATE " + table + " SET " + strings.Join(set, ", ") + " WHERE id = :id"
}

func conflict(what string) error { return fmt.Errorf("%s: %w", what, ErrConflict) }
