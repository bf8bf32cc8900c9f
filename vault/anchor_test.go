package vault_test

import (
	"errors"
	"testing"

	"todoke/vault"
)

func TestAnchorOnlyGoesForward(t *testing.T) {
	t.Parallel()
	w := setup(t)
	show := func(size int64, root [32]byte) error {
		return w.vault.Anchor(w.ctx, "c1", vault.Anchor{Size: size, Root: root})
	}
	for _, c := range []struct {
		name string
		size int64
		root byte
		want error
	}{
		{"nothing", 0, 0, vault.ErrRolledBack}, {"first", 5, 1, nil}, {"again", 5, 1, nil}, {"further", 9, 2, nil},
		{"back", 8, 3, vault.ErrRolledBack}, {"rewritten", 9, 3, vault.ErrRolledBack}, {"negative", -1, 0, vault.ErrRolledBack},
	} {
		err := show(c.size, [32]byte{c.root})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	anchors, err := w.vault.Anchors(w.ctx)
	if err != nil || len(anchors) != 1 || anchors["c1"] != (vault.Anchor{Size: 9, Root: [32]byte{2}}) {
		t.Errorf("anchors = %v, %v", anchors, err)
	}
	err = w.vault.Anchor(w.ctx, digitsA, vault.Anchor{Size: 1})
	if !errors.Is(err, vault.ErrNumberInText) {
		t.Errorf("a number as name of a log: %v", err)
	}
}

// TestNoNumberWhileTheLogIsRolledBack: the usage log lost entries that the vault
// had receipts for.
func TestNoNumberWhileTheLogIsRolledBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	w.recorder.mu.Lock()
	w.recorder.size["c1"] = 0
	w.recorder.mu.Unlock()
	w.expectFailure(t, request(g, ref), vault.ErrRolledBack)
	err := w.vault.ReplaceAnchor(w.ctx, "c1", vault.Anchor{Size: 1, Root: root("c1", 1)}, "バックアップから復元したため", clerk)
	if err != nil {
		t.Fatal(err)
	}
	if use := w.recorder.last(); use.Company != vault.Office || use.Action != vault.ActionAnchor || use.Result != "バックアップから復元したため" {
		t.Errorf("use = %+v", use)
	}
	r := request(g, ref)
	r.Attempt = "attempt-2"
	w.expectReveal(t, r, digitsA)
	err = w.vault.ReplaceAnchor(w.ctx, "c1", vault.Anchor{Size: 1}, "", clerk)
	if !errors.Is(err, vault.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
}

// TestReplaceAnchorOfTheOfficeLog: the log that the act is recorded in is the one
// that was restored.
func TestReplaceAnchorOfTheOfficeLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	err := w.vault.Anchor(w.ctx, vault.Office, vault.Anchor{Size: 9, Root: [32]byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	err = w.vault.ReplaceAnchor(w.ctx, "c1", vault.Anchor{Size: 1}, "復元", clerk)
	if !errors.Is(err, vault.ErrRolledBack) {
		t.Errorf("recorded in a log that was rolled back: %v", err)
	}
	err = w.vault.ReplaceAnchor(w.ctx, vault.Office, vault.Anchor{Size: 7}, "復元", clerk)
	if !errors.Is(err, vault.ErrRolledBack) {
		t.Errorf("the log is not where it was said to be: %v", err)
	}
	err = w.vault.ReplaceAnchor(w.ctx, vault.Office, vault.Anchor{Size: 2}, "復元", clerk)
	if err != nil {
		t.Fatal(err)
	}
	err = w.vault.ReplaceAnchor(w.ctx, "c1", vault.Anchor{Size: 1}, "復元", clerk)
	if err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestNoNumberForABadReceipt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*vault.Receipt)
		want error
	}{
		"of another log":       {func(r *vault.Receipt) { r.Log = "c2" }, vault.ErrNotRecorded},
		"without a log":        {func(r *vault.Receipt) { r.Log = "" }, vault.ErrNotRecorded},
		"that did not grow":    {func(r *vault.Receipt) { r.Size-- }, vault.ErrRolledBack},
		"of nothing":           {func(r *vault.Receipt) { r.Size = 0 }, vault.ErrRolledBack},
		"with a negative size": {func(r *vault.Receipt) { r.Size = -1 }, vault.ErrRolledBack},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			ref, g := w.ready(t)
			w.recorder.set(nil, c.edit)
			w.expectFailure(t, request(g, ref), c.want)
		})
	}
}

func TestNoNumberWhileAnAnchorIsForged(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"size":    "UPDATE anchors SET size = 1",
		"root":    "UPDATE anchors SET root = zeroblob(32)",
		"seal":    "UPDATE anchors SET seal = x''",
		"renamed": "UPDATE anchors SET log = 'c1' WHERE log = 'c2'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			ref, g := w.ready(t)
			if name == "renamed" {
				w.put(t, "c2", "person-1", digitsA)
				w.sql(t, "vault.db", "DELETE FROM anchors WHERE log = 'c1'")
			}
			w.sql(t, "vault.db", statement)
			w.expectFailure(t, request(g, ref), vault.ErrAnchorForged)
			_, err := w.vault.Anchors(w.ctx)
			if !errors.Is(err, vault.ErrAnchorForged) {
				t.Errorf("Anchors: %v", err)
			}
			w.recorder.mu.Lock()
			size := w.recorder.size["c1"]
			w.recorder.mu.Unlock()
			err = w.vault.ReplaceAnchor(w.ctx, "c1", vault.Anchor{Size: size, Root: root("c1", size)}, "検証済み", clerk)
			if err != nil {
				t.Fatal(err)
			}
			r := request(g, ref)
			r.Attempt = "attempt-2"
			w.expectReveal(t, r, digitsA)
		})
	}
}
