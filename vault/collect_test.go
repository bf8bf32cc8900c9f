package vault_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"todoke/database/sqlite"
	"todoke/seal"
	"todoke/vault"
)

func TestKeyOfAPutThatStoppedIsCollected(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.put(t, "c1", "person-1", digitsA)
	w.sql(t, "vault.db", "CREATE TRIGGER stop BEFORE INSERT ON numbers BEGIN SELECT RAISE(ABORT, 'stop'); END")
	_, err := w.vault.Put(w.ctx, "c1", "person-2", parse(t, digitsB), clerk)
	if err == nil {
		t.Fatal("the put succeeded")
	}
	var orphan []byte
	err = w.keys.Read.Get(&orphan, "SELECT wrapped FROM data_keys WHERE state = 'pending'")
	if err != nil {
		t.Fatal(err)
	}
	w.vault = w.reopen(t)
	if n := w.count(t, w.keys, "SELECT count(*) FROM data_keys"); n != 2 {
		t.Errorf("%d keys right after: a key of a Put under way would be lost", n)
	}
	w.clock.advance(time.Hour)
	w.vault = w.reopen(t)
	if n := w.count(t, w.keys, "SELECT count(*) FROM data_keys"); n != 1 || w.contains(t, orphan) {
		t.Errorf("%d keys an hour later, want 1 and no trace of the other", n)
	}
	w.sql(t, "vault.db", "DROP TRIGGER stop")
	w.expectReveal(t, request(w.issue(t, "c1", "filing-2", ref), ref), digitsA)
}

func TestPutThatStoppedBeforeConfirmingIsCompleted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	w.sql(t, "keys.db", "UPDATE data_keys SET state = 'pending'")
	w.expectReveal(t, request(g, ref), digitsA) // usable at once
	w.clock.advance(time.Hour)
	w.vault = w.reopen(t)
	if n := w.count(t, w.keys, "SELECT count(*) FROM data_keys WHERE state = 'live'"); n != 1 {
		t.Error("the key was not confirmed")
	}
	r := request(g, ref)
	r.Attempt = "attempt-2"
	w.expectReveal(t, r, digitsA)
}

// TestPutSweptByAnotherProcessIsWithdrawn suspends a Put between its key and its row
// for so long that another process sweeps the key.
func TestPutSweptByAnotherProcessIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, "c1", "person-1", digitsA)
	w.sql(t, "keys.db", `CREATE TRIGGER swept BEFORE UPDATE OF state ON data_keys WHEN OLD.state = 'pending'
		BEGIN DELETE FROM data_keys WHERE id = OLD.id; END`)
	_, err := w.vault.Put(w.ctx, "c1", "person-2", parse(t, digitsB), clerk)
	if !errors.Is(err, vault.ErrKeyMissing) {
		t.Errorf("error = %v, want ErrKeyMissing", err)
	}
	has, err := w.vault.Has(w.ctx, "c1", "person-2")
	if err != nil || has {
		t.Errorf("a number without key was left: %v, %v", has, err)
	}
	if use := w.recorder.last(); use.Result != "失敗" {
		t.Errorf("the log claims a registration that did not happen: %+v", use)
	}
}

func TestDestroyThatStoppedIsFinishedAtOpen(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, _ := w.ready(t)
	before := w.secretsOf(t, ref)
	// As after a crash between the row and the key.
	w.sql(t, "vault.db", "DELETE FROM numbers", `INSERT INTO tombstones (ref, company, subject, action, reason, actor, at)
		VALUES ('`+ref+`', 'c1', 'person-1', 'destroy', '退職', '山田 花子', 1)`)
	w.vault = w.reopen(t)
	if n := w.count(t, w.keys, "SELECT count(*) FROM data_keys"); n != 0 {
		t.Error("the key is still there")
	}
	stone, err := w.vault.Tombstone(w.ctx, ref)
	if err != nil || stone.KeyGone.IsZero() {
		t.Errorf("tombstone = %+v, %v", stone, err)
	}
	w.expectErased(t, before)
}

// TestKeyFromAnOldCopyIsDeletedAgain: a keys file that was restored brings back the
// key of a number that was destroyed since.
func TestKeyFromAnOldCopyIsDeletedAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, _ := w.ready(t)
	w.sql(t, "keys.db", "CREATE TABLE old AS SELECT * FROM data_keys")
	err := w.vault.Destroy(w.ctx, ref, "退職", clerk)
	if err != nil {
		t.Fatal(err)
	}
	w.sql(t, "keys.db", "INSERT INTO data_keys SELECT * FROM old", "DROP TABLE old")
	w.vault = w.reopen(t)
	if n := w.count(t, w.keys, "SELECT count(*) FROM data_keys"); n != 0 {
		t.Error("the key is back")
	}
}

// TestOldVaultFileDoesNotCostKeys: opening an older copy of the vault file must not
// delete the keys of the numbers that are only in the newer one.
func TestOldVaultFileDoesNotCostKeys(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	w.sql(t, "vault.db", "CREATE TABLE newer AS SELECT * FROM numbers", "DELETE FROM numbers")
	w.clock.advance(time.Hour)
	w.vault = w.reopen(t)
	w.sql(t, "vault.db", "INSERT INTO numbers SELECT * FROM newer", "DROP TABLE newer")
	w.expectReveal(t, request(g, ref), digitsA)
}

func TestRowWithoutKeyIsAClearError(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	w.sql(t, "keys.db", "DELETE FROM data_keys")
	w.vault = w.reopen(t)
	w.expectFailure(t, request(g, ref), vault.ErrKeyMissing)
}

// TestMain turns the test binary into a process that puts numbers until it is
// killed, when asked to.
func TestMain(m *testing.M) {
	dir := os.Getenv("VAULT_TEST_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	err := putForever(dir)
	os.Stderr.WriteString(err.Error())
	os.Exit(1)
}

func putForever(dir string) error {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "vault.db"), vault.Migrations())
	if err != nil {
		return err
	}
	keys, err := sqlite.Open(ctx, filepath.Join(dir, "keys.db"), vault.KeyMigrations())
	if err != nil {
		return err
	}
	key := sha256.Sum256([]byte(os.Getenv("VAULT_TEST_MASTER")))
	master, err := seal.NewBox(key[:])
	if err != nil {
		return err
	}
	v, err := vault.Open(ctx, vault.Config{
		DB: db, Keys: keys, Master: master, Purge: sqlite.Checkpoint, Recorder: &recorder{size: make(map[string]int64)},
	})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		n, err := vault.ParseNumber([]byte(digitsA))
		if err != nil {
			return err
		}
		ref, err := v.Put(ctx, "c1", fmt.Sprintf("person-%d", i%5), n, clerk) // replaces again and again
		if err != nil {
			return err
		}
		os.Stdout.WriteString(ref + "\n")
	}
}

// TestAKilledProcessLosesNothing kills a process in the midst of putting and
// replacing numbers. Afterwards every number that is held can be revealed, and no
// key is left without a number.
func TestAKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	for lines := range 6 {
		w := setup(t)
		process := exec.Command(os.Args[0])
		process.Env = append(os.Environ(), "VAULT_TEST_DIR="+w.dir, "VAULT_TEST_MASTER="+t.Name())
		process.Stderr = os.Stderr
		out, err := process.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		err = process.Start()
		if err != nil {
			t.Fatal(err)
		}
		scanner := bufio.NewScanner(out)
		for range lines*2 + 1 {
			if !scanner.Scan() {
				t.Fatal("the process ended by itself")
			}
		}
		err = process.Process.Kill()
		if err != nil {
			t.Fatal(err)
		}
		_ = process.Wait() // it was killed, which is no news

		w.clock.at = time.Now().Add(time.Hour) // the process had the system's clock
		w.vault = w.reopen(t)
		anchors, err := w.vault.Anchors(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		w.recorder.size["c1"] = anchors["c1"].Size + 1 // the log goes on where the process left it
		held, err := w.vault.Held(w.ctx, "c1")
		if err != nil || len(held) == 0 {
			t.Fatalf("held = %v, %v", held, err)
		}
		for subject, ref := range held {
			g := w.issue(t, "c1", "filing-"+subject, ref)
			w.expectReveal(t, request(g, ref), digitsA)
		}
		if n := w.count(t, w.keys, "SELECT count(*) FROM data_keys"); n != len(held) {
			t.Errorf("%d keys for %d numbers", n, len(held))
		}
		left, err := w.vault.Unfinished(w.ctx)
		if err != nil || left != 0 {
			t.Errorf("unfinished = %d, %v", left, err)
		}
	}
}
