// Package sqlite opens Todoke's SQLite files, all of them with the same
// settings: write-ahead log, full synchronisation on every commit, immediate
// write transactions over one connection, foreign keys, secure delete.
//
// What always holds: a file is readable by its owner only, and a file that is
// not Todoke's is refused before anything is written to it.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // driver "sqlite"

	"todoke/database"
)

// applicationID marks a file as Todoke's ("TDKE" in the SQLite header).
const applicationID = 0x54444B45

// ErrForeign reports a file that is not a Todoke database.
var ErrForeign = errors.New("todokeのデータベースではありません")

// readers is the size of the pool for reading; writers have one connection.
const readers = 4

// Open opens or creates the file at path and applies the migrations in order.
// Errors: ErrForeign, database.ErrNewer, or what the file system or SQLite says.
func Open(ctx context.Context, path string, migrations ...database.Migrations) (*database.DB, error) {
	err := touch(path)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", filepath.Base(path), err)
	}
	write, err := connect(ctx, path, 1, false)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	err = claim(ctx, write)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", filepath.Base(path), err), write.Close())
	}
	for _, m := range migrations {
		err = database.Migrate(ctx, write, goose.DialectSQLite3, m)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open %s: %w", filepath.Base(path), err), write.Close())
		}
	}
	read, err := connect(ctx, path, readers, true)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s for reading: %w", filepath.Base(path), err), write.Close())
	}
	return &database.DB{Write: write, Read: read}, nil
}

// touch creates the file with the owner's rights only, since SQLite itself would
// follow the umask; the -wal and -shm files take over the rights of the file.
func touch(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the path is the operator's own office directory
	if err != nil {
		return err
	}
	// A file that was restored from somewhere may be readable by all.
	return errors.Join(file.Chmod(0o600), file.Close())
}

func connect(ctx context.Context, path string, connections int, queryOnly bool) (*sqlx.DB, error) {
	pragmas := []string{
		"busy_timeout(15000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "secure_delete(1)", "trusted_schema(0)",
	}
	if queryOnly {
		pragmas = append(pragmas, "query_only(1)")
	}
	name := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) +
		"?_txlock=immediate&_pragma=" + strings.Join(pragmas, "&_pragma=")
	db, err := sqlx.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	err = db.PingContext(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// claim checks that the file is ours, or empty and then marks it as ours.
func claim(ctx context.Context, db *sqlx.DB) error {
	var id, tables int64
	err := db.GetContext(ctx, &id, "PRAGMA application_id")
	if err != nil {
		return fmt.Errorf("read application id: %w", err)
	}
	if id == applicationID {
		return nil
	}
	err = db.GetContext(ctx, &tables, "SELECT count(*) FROM sqlite_master")
	if err != nil {
		return fmt.Errorf("read schema: %w", err)
	}
	if id != 0 || tables != 0 {
		return ErrForeign
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	if err != nil {
		return fmt.Errorf("mark the file: %w", err)
	}
	return nil
}

// Checkpoint moves the write-ahead log into the file and empties it, so that
// nothing of a deleted row is left beside the file.
func Checkpoint(ctx context.Context, db *database.DB) error {
	var busy, log, moved int
	err := db.Write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
	if err != nil {
		return fmt.Errorf("truncate write-ahead log: %w", err)
	}
	if busy != 0 {
		return errors.New("truncate write-ahead log: a reader is in the way")
	}
	return nil
}
