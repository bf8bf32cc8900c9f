package usage_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"todoke/usage"
)

func TestVerifyFindsForgedCheckpoint(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 4)
	signed, err := w.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := usage.GenerateKey("office-1")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(other)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(signed.Note), "\n\n")
	forged, err := note.Sign(&note.Note{Text: text + "\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(signed.Note), "\n4\n", "\n3\n", 1)
	w.fill(t, "c2", 1)
	for name, bad := range map[string]string{"other key": string(forged), "edited": edited, "rubbish": "x", "empty": ""} {
		w.tamper(t, fmt.Sprintf("UPDATE usage_checkpoints SET note = x'%x' WHERE log = 'c1'", bad))
		t.Log(name)
		w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0201")
	}
	// A true checkpoint of another log is no checkpoint of this one.
	w.tamper(t, fmt.Sprintf("UPDATE usage_checkpoints SET note = x'%x', log = 'c2'", signed.Note))
	w.expectBroken(t, "c2", nil, "TODOKE-USAGE-0201")
}

func TestVerifyFindsMissingLogByAnAnchor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	position := w.fill(t, "c1", 4)
	w.fill(t, "c2", 1)
	w.tamper(t, "DELETE FROM usage_entries WHERE log = 'c1'", "DELETE FROM usage_hashes WHERE log = 'c1'", "DELETE FROM usage_logs WHERE log = 'c1'")
	w.expectBroken(t, "c1", anchorOf(position), "TODOKE-USAGE-0302")
}

func TestVerifyFindsMissingLogByTheNightlyList(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 4)
	_, err := w.store.CheckpointAll(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	w.tamper(t, "DELETE FROM usage_entries WHERE log = 'c1'", "DELETE FROM usage_hashes WHERE log = 'c1'",
		"DELETE FROM usage_logs WHERE log = 'c1'", "DELETE FROM usage_checkpoints WHERE log = 'c1'")
	w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0302")
}

func TestVerifyFindsRollBackByTheNightlyList(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 4)
	_, err := w.store.CheckpointAll(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	w.forge(t, "c1", rewriteThird)
	w.tamper(t, "DELETE FROM usage_checkpoints WHERE log = 'c1'")
	w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0204")
}

func TestVerifyFindsRemovedNightlyCheckpoint(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 4)
	_, err := w.store.CheckpointAll(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	w.tamper(t, "DELETE FROM usage_checkpoints WHERE log = 'office'")
	w.expectBroken(t, usage.OfficeLog, nil, "TODOKE-USAGE-0203")
}

// TestVerifyReportsTheSameTwice guards against reports that depend on map order.
func TestVerifyReportsTheSameTwice(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 5 {
		w.fill(t, fmt.Sprintf("c%d", i), 6)
	}
	_, err := w.store.CheckpointAll(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	w.forge(t, "c3", func(records [][]byte) [][]byte { return rewriteThird(records)[:5] })
	first := fmt.Sprint(w.verify(t, "c3", nil))
	for range 5 {
		if again := fmt.Sprint(w.verify(t, "c3", nil)); again != first {
			t.Fatalf("reports differ:\n%s\n%s", first, again)
		}
	}
}

func TestVerifyFindsALogThatWasRenamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 4)
	w.tamper(t, "UPDATE usage_entries SET log = 'c2'", "UPDATE usage_hashes SET log = 'c2'", "UPDATE usage_logs SET log = 'c2'")
	w.expectBroken(t, "c2", nil, "TODOKE-USAGE-0104")
}
