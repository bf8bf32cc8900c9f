package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"

	"todoke/database"
	"todoke/database/sqlite"
)

func migrations(files map[string]string) database.Migrations {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)}
	}
	return database.Migrations{Table: "thing_schema", Files: fsys}
}

func TestOpenCreatesAPrivateFileWithTheHouseSettings(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "a b%20?#.db")
	db, err := sqlite.Open(ctx, path, migrations(map[string]string{"00001_a.sql": "CREATE TABLE a (x INTEGER);"}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, want 0600", info.Mode().Perm())
	}
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1",
	} {
		var got string
		err := db.Write.Get(&got, "PRAGMA "+pragma)
		if err != nil || got != want {
			t.Errorf("PRAGMA %s = %q, %v; want %q", pragma, got, err, want)
		}
	}
	_, err = db.Read.Exec("INSERT INTO a VALUES (1)")
	if err == nil {
		t.Error("the reading pool could write")
	}
}

func TestOpenRefusesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()

	text := filepath.Join(dir, "text.db")
	err := os.WriteFile(text, []byte("これはデータベースではありません。これはデータベースではありません。"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Open(ctx, text)
	if err == nil {
		t.Error("a text file was opened as a database")
	}
	after, err := os.ReadFile(text)
	if err != nil || string(after) != "これはデータベースではありません。これはデータベースではありません。" {
		t.Errorf("the foreign file was changed: %q, %v", after, err)
	}

	foreign := filepath.Join(dir, "foreign.db")
	other, err := sqlx.Open("sqlite", foreign)
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.Exec("CREATE TABLE theirs (x INTEGER)")
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
	_, err = sqlite.Open(ctx, foreign)
	if !errors.Is(err, sqlite.ErrForeign) {
		t.Errorf("foreign database: %v, want ErrForeign", err)
	}
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "newer.db")
	both := map[string]string{"00001_a.sql": "CREATE TABLE a (x INTEGER);", "00002_b.sql": "CREATE TABLE b (x INTEGER);"}
	db, err := sqlite.Open(ctx, path, migrations(both))
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	delete(both, "00002_b.sql")
	_, err = sqlite.Open(ctx, path, migrations(both))
	if !errors.Is(err, database.ErrNewer) {
		t.Errorf("older program: %v, want ErrNewer", err)
	}
}

func TestInTxRollsBackOnError(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "a.db"), migrations(map[string]string{"00001_a.sql": "CREATE TABLE a (x INTEGER);"}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	boom := errors.New("boom")
	err = db.InTx(ctx, func(tx *sqlx.Tx) error {
		_, err := tx.Exec("INSERT INTO a VALUES (1)")
		if err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("InTx = %v, want boom", err)
	}
	var n int
	err = db.Read.Get(&n, "SELECT count(*) FROM a")
	if err != nil || n != 0 {
		t.Errorf("rows after roll-back = %d, %v; want 0", n, err)
	}
}
