package usage_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"

	"todoke/usage"
)

// tamper edits the file as somebody with access to it could: over a connection of
// their own, the triggers dropped first.
func (w *world) tamper(t testing.TB, statements ...string) {
	t.Helper()
	db, err := sqlx.Open("sqlite", "file:"+w.path+"?_pragma=busy_timeout(15000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var triggers []string
	err = db.Select(&triggers, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	for _, trigger := range triggers {
		statements = append([]string{"DROP TRIGGER " + trigger}, statements...)
	}
	db.SetMaxOpenConns(1)
	for _, statement := range statements {
		_, err = db.Exec(statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// forge rewrites a log from its records with all hashes and the head as they would
// be had it always been so, which is what a knowing forger does.
func (w *world) forge(t testing.TB, log string, rewrite func(records [][]byte) [][]byte) {
	t.Helper()
	records := rewrite(raws(w.records(t, log)))
	statements := []string{
		fmt.Sprintf("DELETE FROM usage_entries WHERE log = '%s'", log),
		fmt.Sprintf("DELETE FROM usage_hashes WHERE log = '%s'", log),
	}
	kept := make(map[int64]tlog.Hash)
	reader := tlog.HashReaderFunc(func(positions []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(positions))
		for i, pos := range positions {
			out[i] = kept[pos]
		}
		return out, nil
	})
	for i, record := range records {
		statements = append(statements, fmt.Sprintf(`INSERT INTO usage_entries (log, idx, at, subject, filing, record)
			SELECT '%s', %d, CAST(ROUND((julianday(json_extract(r, '$.time')) - 2440587.5) * 86400) AS INTEGER) * 1000000,
			json_extract(r, '$.subject'), json_extract(r, '$.filing'), CAST(r AS BLOB)
			FROM (SELECT CAST(x'%x' AS TEXT) AS r)`, log, i, record))
		added, err := tlog.StoredHashes(int64(i), record, reader)
		if err != nil {
			t.Fatal(err)
		}
		for j, hash := range added {
			pos := tlog.StoredHashIndex(0, int64(i)) + int64(j)
			kept[pos] = hash
			statements = append(statements, fmt.Sprintf("INSERT INTO usage_hashes (log, pos, hash) VALUES ('%s', %d, x'%x')", log, pos, hash[:]))
		}
	}
	root, err := tlog.TreeHash(int64(len(records)), reader)
	if err != nil {
		t.Fatal(err)
	}
	statements = append(statements, fmt.Sprintf("UPDATE usage_logs SET size = %d, root = x'%x' WHERE log = '%s'", len(records), root[:], log))
	w.tamper(t, statements...)
}

// expectBroken checks that the log is broken and that the code is among the findings.
func (w *world) expectBroken(t *testing.T, log string, anchors map[string]usage.Anchor, code string) {
	t.Helper()
	l := w.verify(t, log, anchors)
	if l.Verdict != usage.Broken {
		t.Fatalf("verdict = %s, want broken: %+v", l.Verdict, l)
	}
	if !slices.ContainsFunc(l.Findings, func(f usage.Finding) bool { return f.Code == code }) {
		t.Errorf("findings = %+v, want %s among them", l.Findings, code)
	}
	if !strings.Contains(l.Summary, "食い違い") {
		t.Errorf("summary = %q", l.Summary)
	}
}

func TestVerifySoundLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	early := w.fill(t, "c1", 3)
	_, err := w.store.CheckpointAll(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	late := w.fill(t, "c1", 4)
	_, err = w.store.CheckpointAll(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, anchors := range map[string]map[string]usage.Anchor{"now": anchorOf(late), "earlier": anchorOf(early)} {
		l := w.verify(t, "c1", anchors)
		if l.Verdict != usage.Sound || l.Size != 7 || l.Root != late.Root || l.Checkpoints != 2 || l.Anchored != anchors["c1"].Size {
			t.Errorf("%s: %+v", name, l)
		}
	}
	l := w.verify(t, usage.OfficeLog, nil)
	if l.Verdict != usage.Unanchored || l.Size != 2 || l.Checkpoints != 2 {
		t.Errorf("office: %+v", l)
	}
}

// TestVerifyWithoutAnchorSaysWhatItCannotSay: a log that is cut off without a trace
// in itself is consistent, and the verdict must not promise more.
func TestVerifyWithoutAnchorSaysWhatItCannotSay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 6)
	w.forge(t, "c1", func(records [][]byte) [][]byte { return records[:4] })
	l := w.verify(t, "c1", nil)
	if l.Verdict != usage.Unanchored || !strings.Contains(l.Summary, "差し替えられていないことまでは言えません") {
		t.Errorf("report = %+v", l)
	}
}

func TestVerifyFindsAlteredEntry(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 300)
	w.tamper(t, `UPDATE usage_entries SET record = CAST(replace(CAST(record AS TEXT), '雇用保険', '健康保険') AS BLOB) WHERE idx = 270`)
	w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0101")
	l := w.verify(t, "c1", nil)
	if l.Findings[0].Index != 270 {
		t.Errorf("the finding is about entry %d, want 270", l.Findings[0].Index)
	}
}

func TestVerifyFindsAlteredEntryWithItsLeafHash(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 5)
	records := raws(w.records(t, "c1"))
	changed := strings.Replace(string(records[2]), "山田", "鈴木", 1)
	hash := tlog.RecordHash([]byte(changed))
	w.tamper(t, fmt.Sprintf("UPDATE usage_entries SET record = x'%x' WHERE idx = 2", changed),
		fmt.Sprintf("UPDATE usage_hashes SET hash = x'%x' WHERE pos = %d", hash[:], tlog.StoredHashIndex(0, 2)))
	w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0106")
}

func TestVerifyFindsDeletedEntry(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 5)
	w.tamper(t, "DELETE FROM usage_entries WHERE idx = 2")
	w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0102")
}

func TestVerifyFindsDeletedEntryClosedUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 5)
	w.tamper(t, "DELETE FROM usage_entries WHERE idx = 2", "UPDATE usage_entries SET idx = idx - 1 WHERE idx > 2")
	w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0101")
}

func TestVerifyFindsReorderedEntries(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 5)
	w.tamper(t, "UPDATE usage_entries SET idx = 99 WHERE idx = 1", "UPDATE usage_entries SET idx = 1 WHERE idx = 3",
		"UPDATE usage_entries SET idx = 3 WHERE idx = 99")
	w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0101")
}

func TestVerifyFindsTruncatedTailByTheHead(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 5)
	w.tamper(t, "DELETE FROM usage_entries WHERE idx = 4")
	w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0102")
}

func TestVerifyFindsTruncatedTailByAnAnchor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	position := w.fill(t, "c1", 6)
	w.forge(t, "c1", func(records [][]byte) [][]byte { return records[:4] })
	w.expectBroken(t, "c1", anchorOf(position), "TODOKE-USAGE-0301")
}

func TestVerifyFindsTruncatedTailByACheckpoint(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 6)
	_, err := w.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	w.forge(t, "c1", func(records [][]byte) [][]byte { return records[:4] })
	w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0202")
	_, err = w.store.Checkpoint(w.ctx, "c1")
	if !errors.Is(err, usage.ErrInconsistent) {
		t.Errorf("the office's key signed a rolled-back log: %v", err)
	}
}

func TestVerifyFindsRehashedHistoryByAnAnchor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	position := w.fill(t, "c1", 6)
	w.forge(t, "c1", rewriteThird)
	if l := w.verify(t, "c1", nil); l.Verdict != usage.Unanchored {
		t.Fatalf("the forgery is not one: %+v", l)
	}
	w.expectBroken(t, "c1", anchorOf(position), "TODOKE-USAGE-0301")
}

func TestVerifyFindsRehashedHistoryByACheckpoint(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 4)
	_, err := w.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	w.fill(t, "c1", 4)
	w.forge(t, "c1", rewriteThird)
	w.expectBroken(t, "c1", nil, "TODOKE-USAGE-0202")
	_, err = w.store.Checkpoint(w.ctx, "c1")
	if !errors.Is(err, usage.ErrInconsistent) {
		t.Errorf("the office's key signed a rewritten log: %v", err)
	}
}

func rewriteThird(records [][]byte) [][]byte {
	records[2] = []byte(strings.Replace(string(records[2]), "山田", "鈴木", 1))
	return records
}

func TestVerifyFindsOtherEdits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ statement, code string }{
		"surplus entry": {`INSERT INTO usage_entries (log, idx, at, subject, filing, record)
			SELECT log, 5, at, subject, filing, record FROM usage_entries WHERE idx = 4`, "TODOKE-USAGE-0103"},
		"entry after a gap": {`INSERT INTO usage_entries (log, idx, at, subject, filing, record)
			SELECT log, 9, at, subject, filing, record FROM usage_entries WHERE idx = 4`, "TODOKE-USAGE-0102"},
		"unreadable entry":   {"UPDATE usage_entries SET record = x'00' WHERE idx = 1", "TODOKE-USAGE-0104"},
		"subject column":     {"UPDATE usage_entries SET subject = 'nobody' WHERE idx = 1", "TODOKE-USAGE-0105"},
		"time column":        {"UPDATE usage_entries SET at = at + 1 WHERE idx = 1", "TODOKE-USAGE-0105"},
		"filing column":      {"UPDATE usage_entries SET filing = '' WHERE idx = 1", "TODOKE-USAGE-0105"},
		"inner hash":         {fmt.Sprintf("UPDATE usage_hashes SET hash = zeroblob(32) WHERE pos = %d", tlog.StoredHashIndex(1, 0)), "TODOKE-USAGE-0106"},
		"hash missing":       {fmt.Sprintf("DELETE FROM usage_hashes WHERE pos = %d", tlog.StoredHashIndex(1, 1)), "TODOKE-USAGE-0106"},
		"hash surplus":       {"INSERT INTO usage_hashes (log, pos, hash) VALUES ('c1', 1000, zeroblob(32))", "TODOKE-USAGE-0106"},
		"root":               {"UPDATE usage_logs SET root = zeroblob(32)", "TODOKE-USAGE-0107"},
		"head missing":       {"DELETE FROM usage_logs", "TODOKE-USAGE-0107"},
		"moved to other log": {"UPDATE usage_entries SET log = 'c2'", "TODOKE-USAGE-0302"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.fill(t, "c1", 5)
			w.tamper(t, c.statement)
			w.expectBroken(t, "c1", nil, c.code)
		})
	}
}
