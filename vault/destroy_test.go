package vault_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/database"
	"todoke/database/sqlite"
	"todoke/vault"
)

// secrets are the bytes that must not outlive a number.
type secrets struct {
	Ref     string `db:"ref"`
	Sealed  []byte `db:"sealed"`
	Wrapped []byte
}

func (w *world) secretsOf(t testing.TB, ref string) secrets {
	t.Helper()
	var s secrets
	err := w.db.Read.Get(&s, "SELECT ref, sealed FROM numbers WHERE ref = ?", ref)
	if err != nil {
		t.Fatal(err)
	}
	err = w.keys.Read.Get(&s.Wrapped, "SELECT wrapped FROM data_keys WHERE ref = ?", ref)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// expectErased looks for any eight bytes in a row of the ciphertext and the key.
func (w *world) expectErased(t testing.TB, s secrets) {
	t.Helper()
	for name, secret := range map[string][]byte{"ciphertext": s.Sealed, "data key": s.Wrapped} {
		for i := 0; i+8 <= len(secret); i += 8 {
			if w.contains(t, secret[i:i+8]) {
				t.Fatalf("part of the %s of %s is still in a file", name, s.Ref)
			}
		}
	}
}

func TestDestroyLeavesNoTrace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.put(t, "c1", "person-1", digitsA)
	kept := w.put(t, "c1", "person-2", digitsB)
	before := w.secretsOf(t, ref)
	if !w.contains(t, before.Sealed) || !w.contains(t, before.Wrapped) {
		t.Fatal("the search does not find what is there")
	}
	err := w.vault.Destroy(w.ctx, ref, "退職から7年が過ぎたため", clerk)
	if err != nil {
		t.Fatal(err)
	}
	w.expectErased(t, before)
	use := w.recorder.last()
	want := vault.Use{At: use.At, Company: "c1", Action: vault.ActionDestroy, Who: clerk, Purpose: "退職から7年が過ぎたため", Subject: "person-1", Ref: ref, Result: "実行"}
	if diff := cmp.Diff(want, use); diff != "" {
		t.Errorf("use differs:\n%s", diff)
	}
	w.expectReveal(t, request(w.issue(t, "c1", "filing-1", kept), kept), digitsB)
}

// TestDestroyManyLeavesNoTrace fills many pages, so that rows move between pages as
// others come and go, and destroys in a random order.
func TestDestroyManyLeavesNoTrace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const n = 60
	var all []secrets
	for i := range n {
		ref := w.put(t, "c1", fmt.Sprintf("person-%d", i), digitsA)
		all = append(all, w.secretsOf(t, ref))
	}
	rand.Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
	for i, s := range all[:n/2] {
		err := w.vault.Destroy(w.ctx, s.Ref, "廃棄", clerk)
		if err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			w.put(t, "c1", fmt.Sprintf("later-%d", i), digitsB)
		}
	}
	for _, s := range all[:n/2] {
		w.expectErased(t, s)
	}
	for _, s := range all[n/2:] {
		if !w.contains(t, s.Sealed) {
			t.Error("a number that was not destroyed is gone")
		}
	}
}

func TestReplacedNumberLeavesNoTrace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	before := w.secretsOf(t, w.put(t, "c1", "person-1", digitsA))
	w.put(t, "c1", "person-1", digitsB)
	w.expectErased(t, before)
}

func TestTombstoneHasTheDatesOfTheCertificate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.put(t, "c1", "person-1", digitsA)
	err := w.vault.Destroy(w.ctx, ref, "退職", clerk)
	if err != nil {
		t.Fatal(err)
	}
	stone, err := w.vault.Tombstone(w.ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	want := vault.Tombstone{
		Ref: ref, Company: "c1", Subject: "person-1", Action: vault.ActionDestroy, Reason: "退職", Actor: "山田 花子",
		Removed: stone.Removed, KeyGone: stone.KeyGone,
	}
	if diff := cmp.Diff(want, stone); diff != "" || stone.Removed.IsZero() || stone.KeyGone.Before(stone.Removed) {
		t.Errorf("tombstone differs:\n%s", diff)
	}
	// A copy of the keys that is as old as the key itself may still hold it.
	err = w.vault.ConfirmCopies(w.ctx, stone.Removed)
	if err != nil {
		t.Fatal(err)
	}
	stone, err = w.vault.Tombstone(w.ctx, ref)
	if err != nil || !stone.CopiesGone.IsZero() {
		t.Errorf("copies are gone too early: %+v, %v", stone, err)
	}
	err = w.vault.ConfirmCopies(w.ctx, w.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	stones, err := w.vault.Tombstones(w.ctx, "c1")
	if err != nil || len(stones) != 1 || !stones[0].CopiesGone.After(stones[0].KeyGone) {
		t.Errorf("tombstones = %+v, %v", stones, err)
	}
	stones, err = w.vault.Tombstones(w.ctx, "c2")
	if err != nil || len(stones) != 0 {
		t.Errorf("another company sees the tombstone: %+v, %v", stones, err)
	}
}

func TestDestroyRefusals(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	for name, c := range map[string]struct {
		ref, reason string
		by          vault.Who
		want        error
	}{
		"unknown":          {"number_none", "退職", clerk, vault.ErrUnknownReference},
		"no reason":        {ref, "", clerk, vault.ErrInvalid},
		"no actor":         {ref, "退職", vault.Who{}, vault.ErrInvalid},
		"number as reason": {ref, digitsA, clerk, vault.ErrNumberInText},
	} {
		err := w.vault.Destroy(w.ctx, c.ref, c.reason, c.by)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	w.recorder.set(func(context.Context, vault.Use) error { return errors.New("disk full") }, nil)
	err := w.vault.Destroy(w.ctx, ref, "退職", clerk)
	if !errors.Is(err, vault.ErrNotRecorded) {
		t.Errorf("destroyed without a record: %v", err)
	}
	w.recorder.set(nil, nil)
	w.expectReveal(t, request(g, ref), digitsA)
}

// TestDestroyIsFinishedLater: a reader that keeps the files from being purged costs
// a second try, and the tombstone has no date until then.
func TestDestroyIsFinishedLater(t *testing.T) {
	t.Parallel()
	w := setup(t)
	busy := true
	w.config.Purge = func(ctx context.Context, db *database.DB) error {
		if busy {
			return errors.New("a reader is in the way")
		}
		return sqlite.Checkpoint(ctx, db)
	}
	w.vault = w.reopen(t)
	ref, g := w.ready(t)
	before := w.secretsOf(t, ref)
	err := w.vault.Destroy(w.ctx, ref, "退職", clerk)
	if !errors.Is(err, vault.ErrNotErased) {
		t.Errorf("error = %v, want ErrNotErased", err)
	}
	w.expectRefusal(t, request(g, ref), vault.ErrUnknownReference)
	w.vault = w.reopen(t) // a start is not kept from starting
	left, err := w.vault.Unfinished(w.ctx)
	if err != nil || left != 1 {
		t.Errorf("unfinished = %d, %v", left, err)
	}
	recorded := w.recorder.count()
	busy = false
	err = w.vault.Destroy(w.ctx, ref, "退職", clerk)
	if err != nil {
		t.Fatal(err)
	}
	w.expectErased(t, before)
	left, err = w.vault.Unfinished(w.ctx)
	if err != nil || left != 0 || w.recorder.count() != recorded {
		t.Errorf("unfinished = %d, %v", left, err)
	}

	// Replacing a number that cannot be purged gives the new reference all the same.
	w.put(t, "c1", "person-2", digitsA)
	busy = true
	second, err := w.vault.Put(w.ctx, "c1", "person-2", parse(t, digitsB), clerk)
	if second == "" || !errors.Is(err, vault.ErrNotErased) {
		t.Errorf("put = %q, %v", second, err)
	}
	busy = false
	w.vault = w.reopen(t)
	left, err = w.vault.Unfinished(w.ctx)
	if err != nil || left != 0 {
		t.Errorf("unfinished after a start = %d, %v", left, err)
	}
}
