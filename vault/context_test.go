package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"todoke/database/sqlite"
	"todoke/seal"
)

// TestContextsAreUnambiguous: two different lists of fields never have the same
// context, wherever the blanks and digits in them fall.
func TestContextsAreUnambiguous(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		fields := rapid.SliceOfN(rapid.StringMatching(`[a1: ]{0,4}`), 0, 4)
		one, other := fields.Draw(rt, "one"), fields.Draw(rt, "other")
		if (bind("x", one...) == bind("x", other...)) != slices.Equal(one, other) {
			rt.Fatalf("%q and %q", one, other)
		}
	})
}

// TestEachLayerBindsItsOwner opens each layer for another owner while the layers
// around it are intact, which edits of the files alone cannot bring about.
func TestEachLayerBindsItsOwner(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "keys.db"), KeyMigrations())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	master, err := seal.NewBox(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	k := &keyring{db: db, master: master, rand: rand.Reader, now: time.Now}
	right := owner{ref: "number_a", company: "c1", subject: "person-1"}
	id, box, err := k.create(ctx, right)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal([]byte("x"), numberContext(id, right))
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.open(ctx, id, right)
	if err != nil {
		t.Fatalf("the right owner: %v", err)
	}
	for _, wrong := range []owner{{"number_b", "c1", "person-1"}, {"number_a", "c1", "person-2"}} {
		_, err = k.open(ctx, id, wrong)
		if !errors.Is(err, ErrUnreadable) {
			t.Errorf("data key for %v: %v", wrong, err)
		}
		_, err = box.Open(sealed, numberContext(id, wrong))
		if err == nil {
			t.Errorf("number for %v was opened", wrong)
		}
	}
	_, err = box.Open(sealed, numberContext("key_b", right))
	if err == nil {
		t.Error("number under another key's id was opened")
	}
	_, err = db.Write.Exec("UPDATE company_keys SET company = 'c2'")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = k.company(ctx, db.Read, "c2")
	if !errors.Is(err, ErrUnreadable) {
		t.Errorf("a company key that was given to another company: %v", err)
	}
}
