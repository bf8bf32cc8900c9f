// Package queue holds the filings of an office and the attempts to send them.
//
// It is the memory of the promise "filed exactly once": the states a filing and
// an attempt can have, the only table of transitions between them, and the store
// that commits each transition. Sub-package desk is what people do with filings
// by day; sub-package night sends them.
//
// What always holds:
//   - a state changes only along the table of transitions, and each change
//     writes who did it, when and why in the same transaction;
//   - an attempt and its filings change together;
//   - a filing is in at most one live attempt (a unique index, not a habit);
//   - an outcome that is not known is "unknown" and is settled only by asking
//     e-Gov: an attempt in "sending" never becomes "prepared" again;
//   - no row holds a My Number or a digest of anything that contains one.
package queue

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"todoke/database"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// Migrations returns the schema of this package.
func Migrations() database.Migrations {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return database.Migrations{Table: "queue_schema", Files: files}
}

var (
	// ErrNotFound reports an id that names no filing or attempt.
	ErrNotFound = errors.New("その届出は見つかりません")
	// ErrStale reports that the filing or attempt is no longer in the state (or
	// revision) that the caller saw: read it again and decide anew.
	ErrStale = errors.New("ほかの処理が先に状態を変えました。もう一度読み込んでから操作してください")
	// ErrNotAllowed reports a change of state that the table of transitions does not have.
	ErrNotAllowed = errors.New("この状態からはその操作はできません")
	// ErrReasonMissing reports a change that a person must give a reason for.
	ErrReasonMissing = errors.New("理由を入力してください")
)

// DoubleError reports that a live filing for the same company, person, procedure
// and event date exists already.
type DoubleError struct{ Existing string } // id of the live filing

// Error says what to do about the double.
func (e *DoubleError) Error() string {
	return fmt.Sprintf("同じ事業所・被保険者・手続・事由発生日の届出 %s が既にあります。二重に届け出るときは理由を付けて登録してください", e.Existing)
}

// Store keeps filings and attempts in a database.
type Store struct {
	db    *database.DB
	now   func() time.Time
	newID func() string
}

// NewStore returns a store over db, which must have had Migrations applied. The
// ids that newID makes are unique and sort by time (ULID).
func NewStore(db *database.DB, now func() time.Time, newID func() string) *Store {
	return &Store{db: db, now: now, newID: newID}
}
