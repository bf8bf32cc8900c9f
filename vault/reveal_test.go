package vault_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/vault"
)

func TestRevealRecordsTheUseFirst(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	w.expectReveal(t, request(g, ref), digitsA)
	var actions []vault.Action
	for _, use := range w.recorder.uses {
		actions = append(actions, use.Action)
	}
	diff := cmp.Diff([]vault.Action{vault.ActionRegister, vault.ActionApprove, vault.ActionUse}, actions)
	if diff != "" {
		t.Errorf("recorded actions differ:\n%s", diff)
	}
	use := w.recorder.last()
	want := vault.Use{
		At: use.At, Company: "c1", Action: vault.ActionUse, Who: vault.Who{Actor: "山田 花子 + 夜間処理", Screen: "夜間処理"},
		Approver: "山田 花子", Purpose: "雇用保険被保険者資格取得届の届出", Subject: "person-1", Ref: ref, Grant: g.ID,
		Filing: "filing-1", Revision: 1, Attempt: "attempt-1", Destination: "渋谷公共職業安定所", Result: "実行",
	}
	diff = cmp.Diff(want, use)
	if diff != "" || use.At.IsZero() {
		t.Errorf("use differs:\n%s", diff)
	}
	anchors, err := w.vault.Anchors(w.ctx)
	if err != nil || anchors["c1"] != (vault.Anchor{Size: 3, Root: root("c1", 3)}) {
		t.Errorf("anchors = %v, %v", anchors, err)
	}
	r := request(g, ref)
	r.Attempt, r.Action = "attempt-2", vault.ActionView
	w.expectReveal(t, r, digitsA)
	if w.recorder.last().Action != vault.ActionView {
		t.Error("a view is recorded as something else")
	}
}

// TestRevealDecryptsAfterTheRecord: a recorder that takes the key away proves that
// nothing was decrypted before it was called, and that the spent mark is committed.
func TestRevealDecryptsAfterTheRecord(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	called := 0
	w.recorder.set(func(_ context.Context, use vault.Use) error {
		if use.Action != vault.ActionUse || use.Result != "実行" {
			return nil
		}
		called++
		if n := w.count(t, w.db, "SELECT count(*) FROM spent"); n != 1 {
			t.Errorf("%d reveals are marked spent while the use is recorded, want 1", n)
		}
		w.sql(t, "keys.db", "DELETE FROM data_keys")
		return nil
	}, nil)
	w.expectFailure(t, request(g, ref), vault.ErrKeyMissing)
	if called != 1 {
		t.Errorf("the recorder was called %d times", called)
	}
	if use := w.recorder.last(); use.Action != vault.ActionUse || use.Result != "失敗" {
		t.Errorf("the log claims a use that did not happen: %+v", use)
	}
}

func TestRevealWithoutRecordRevealsNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	broken := errors.New("disk full")
	w.recorder.set(func(context.Context, vault.Use) error { return broken }, nil)
	w.expectFailure(t, request(g, ref), vault.ErrNotRecorded)
	w.expectFailure(t, request(g, ref), vault.ErrGrantSpent) // the attempt is used up
	w.recorder.set(nil, nil)
	r := request(g, ref)
	r.Attempt = "attempt-2"
	w.expectReveal(t, r, digitsA)
}

func TestRevealWithHangingRecorder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	release, entered := make(chan struct{}), make(chan struct{})
	defer close(release)
	var first atomic.Bool
	first.Store(true)
	w.recorder.set(func(context.Context, vault.Use) error {
		if first.Swap(false) {
			close(entered)
		}
		<-release // deaf to its context
		return nil
	}, nil)
	ctx, cancel := context.WithCancel(w.ctx)
	go func() {
		<-entered
		cancel()
	}()
	n, err := w.vault.Reveal(ctx, request(g, ref))
	if n != nil || !errors.Is(err, vault.ErrNotRecorded) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", n, err)
	}
	w.config.RecordTimeout = time.Millisecond
	w.vault = w.reopen(t)
	r := request(g, ref)
	r.Attempt = "attempt-2"
	n, err = w.vault.Reveal(w.ctx, r)
	if n != nil || !errors.Is(err, vault.ErrNotRecorded) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("timed out: %v, %v", n, err)
	}
}

// TestCiphertextOpensOnlyWhereItBelongs moves ciphertexts and keys about.
func TestCiphertextOpensOnlyWhereItBelongs(t *testing.T) {
	t.Parallel()
	swap := func(file, table, column, key, a, b string) (string, []string) {
		return file, []string{
			"CREATE TABLE s AS SELECT " + key + " AS k, " + column + " AS v FROM " + table,
			"UPDATE " + table + " SET " + column + " = (SELECT v FROM s WHERE k = '" + b + "') WHERE " + key + " = '" + a + "'",
			"DROP TABLE s",
		}
	}
	for name, c := range map[string]struct {
		edit func(a, b string) (file string, statements []string)
		want error
	}{
		"ciphertext of another reference": {func(a, b string) (string, []string) {
			return swap("vault.db", "numbers", "sealed", "ref", a, b)
		}, vault.ErrUnreadable},
		"data key of another reference": {func(a, b string) (string, []string) {
			return swap("keys.db", "data_keys", "wrapped", "ref", a, b)
		}, vault.ErrUnreadable},
		"whole key row of another reference": {func(a, b string) (string, []string) {
			return "keys.db", []string{
				"DELETE FROM data_keys WHERE ref = '" + a + "'", "UPDATE data_keys SET ref = '" + a + "' WHERE ref = '" + b + "'",
			}
		}, vault.ErrKeyMissing},
		"ciphertext flipped": {func(a, _ string) (string, []string) {
			return "vault.db", []string{"UPDATE numbers SET sealed = zeroblob(length(sealed)) WHERE ref = '" + a + "'"}
		}, vault.ErrUnreadable},
		"ciphertext cut": {func(a, _ string) (string, []string) {
			return "vault.db", []string{"UPDATE numbers SET sealed = x'00' WHERE ref = '" + a + "'"}
		}, vault.ErrUnreadable},
		"subject changed": {func(a, _ string) (string, []string) {
			return "vault.db", []string{"UPDATE numbers SET subject = 'person-9' WHERE ref = '" + a + "'"}
		}, vault.ErrUnreadable},
		"row pointed at another reference's key": {func(a, b string) (string, []string) {
			return "vault.db", []string{
				"CREATE TABLE s AS SELECT data_key FROM numbers WHERE ref = '" + b + "'", "DELETE FROM numbers WHERE ref = '" + b + "'",
				"UPDATE numbers SET data_key = (SELECT data_key FROM s) WHERE ref = '" + a + "'", "DROP TABLE s",
			}
		}, vault.ErrUnreadable},
		"row of another reference renamed": {func(a, b string) (string, []string) {
			return "vault.db", []string{
				"DELETE FROM numbers WHERE ref = '" + a + "'",
				"UPDATE numbers SET ref = '" + a + "', subject = 'person-1', company = 'c1' WHERE ref = '" + b + "'",
			}
		}, vault.ErrUnreadable},
		"company key altered": {func(string, string) (string, []string) {
			return "keys.db", []string{"UPDATE company_keys SET wrapped = zeroblob(72) WHERE company = 'c1'"}
		}, vault.ErrUnreadable},
		"company key lost": {func(string, string) (string, []string) {
			return "keys.db", []string{"DELETE FROM data_keys", "DELETE FROM company_keys WHERE company = 'c1'"}
		}, vault.ErrKeyMissing},
	} {
		for _, company := range []string{"c1", "c2"} { // the other number's company
			t.Run(name+" in "+company, func(t *testing.T) {
				t.Parallel()
				w := setup(t)
				ref, g := w.ready(t)
				other := w.put(t, company, "person-2", digitsB)
				file, statements := c.edit(ref, other)
				w.sql(t, file, statements...)
				w.expectFailure(t, request(g, ref), c.want)
				if use := w.recorder.last(); use.Result != "失敗" {
					t.Errorf("the log claims a use that did not happen: %+v", use)
				}
			})
		}
	}
	t.Run("row moved to another company", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		ref := w.put(t, "c1", "person-1", digitsA)
		w.put(t, "c2", "person-2", digitsB)
		w.sql(t, "vault.db", "UPDATE numbers SET company = 'c2' WHERE ref = '"+ref+"'")
		g := w.issue(t, "c2", "filing-1", ref)
		w.expectFailure(t, request(g, ref), vault.ErrUnreadable)
	})
}

func TestRevealChecksItsRequest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	for name, c := range map[string]struct {
		change func(*vault.RevealRequest)
		want   error
	}{
		"no attempt":            {func(r *vault.RevealRequest) { r.Attempt = "" }, vault.ErrInvalid},
		"no actor":              {func(r *vault.RevealRequest) { r.Who.Actor = "" }, vault.ErrInvalid},
		"other action":          {func(r *vault.RevealRequest) { r.Action = vault.ActionDestroy }, vault.ErrInvalid},
		"control character":     {func(r *vault.RevealRequest) { r.Destination = "a\nb" }, vault.ErrInvalid},
		"number as destination": {func(r *vault.RevealRequest) { r.Destination = "１２３４－５６７８－９０１８" }, vault.ErrNumberInText},
		"number as attempt":     {func(r *vault.RevealRequest) { r.Attempt = digitsA }, vault.ErrNumberInText},
	} {
		r := request(g, ref)
		c.change(&r)
		before := w.recorder.count()
		n, err := w.vault.Reveal(w.ctx, r)
		if n != nil || !errors.Is(err, c.want) || w.recorder.count() != before {
			t.Errorf("%s: %v, %v; want %v", name, n, err, c.want)
		}
	}
	r := request(g, ref)
	r.Attempt = "01K123456789018AAAAAAAAAAA" // a ULID that has twelve digits in it
	w.expectReveal(t, r, digitsA)
}

// TestConcurrentReveals: of many at once for the same attempt one succeeds; for
// different attempts all do, in whatever order their receipts come back.
func TestConcurrentReveals(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	second := w.reopen(t)
	var group sync.WaitGroup
	var revealed atomic.Int32
	for i := range 24 {
		v := []*vault.Vault{w.vault, second}[i%2]
		r := request(g, ref)
		if i >= 12 {
			r.Attempt = "attempt-of-" + string(rune('a'+i))
		}
		group.Go(func() {
			n, err := v.Reveal(w.ctx, r)
			switch {
			case err == nil && string(n.Digits()) == digitsA:
				revealed.Add(1)
			case i >= 12 || !errors.Is(err, vault.ErrGrantSpent):
				t.Errorf("reveal %d: %v", i, err)
			}
			n.Wipe()
		})
	}
	group.Wait()
	if revealed.Load() != 1+12 {
		t.Errorf("%d reveals, want 13", revealed.Load())
	}
}
