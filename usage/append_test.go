package usage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"todoke/usage"
)

func TestAppendIsListedAsItWasWritten(t *testing.T) {
	t.Parallel()
	w := setup(t)
	at := time.Date(2026, 7, 1, 22, 30, 0, 123456789, time.FixedZone("JST", 9*60*60))
	e := entry("c1", 1)
	e.Time = at
	e.Result = `「"到達\<&>」`
	position, err := w.store.Append(w.ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	if position.Log != "c1" || position.Index != 0 || position.Size != 1 {
		t.Errorf("position = %+v", position)
	}
	records := w.records(t, "c1")
	e.Time = time.Date(2026, 7, 1, 13, 30, 0, 123456000, time.UTC)
	want := `{"v":1,"time":"2026-07-01T13:30:00.123456Z","company":"c1","actor":"山田 花子 + 夜間処理","role":"事務取扱担当者",` +
		`"screen":"夜間処理","action":"use","purpose":"雇用保険被保険者資格取得届の届出","subject":"person-1","filing":"filing-1",` +
		`"attempt":"attempt-1","destination":"渋谷公共職業安定所","result":"「\"到達\\<&>」","source":"127.0.0.1"}`
	diff := cmp.Diff([]usage.Record{{Log: "c1", Index: 0, Entry: e, Raw: []byte(want)}}, records)
	if diff != "" {
		t.Errorf("records differ (-want +got):\n%s", diff)
	}
	if position.Root != tlog.RecordHash([]byte(want)) {
		t.Error("the root of one entry is not the hash of its canonical bytes")
	}
}

func TestAppendRefusesWhatLooksLikeANumber(t *testing.T) {
	t.Parallel()
	w := setup(t)
	fields := map[string]func(*usage.Entry, string){
		"company":     func(e *usage.Entry, s string) { e.Company = s },
		"actor":       func(e *usage.Entry, s string) { e.Actor = s },
		"role":        func(e *usage.Entry, s string) { e.Role = s },
		"screen":      func(e *usage.Entry, s string) { e.Screen = s },
		"purpose":     func(e *usage.Entry, s string) { e.Purpose = s },
		"subject":     func(e *usage.Entry, s string) { e.Subject = s },
		"filing":      func(e *usage.Entry, s string) { e.Filing = s },
		"attempt":     func(e *usage.Entry, s string) { e.Attempt = s },
		"destination": func(e *usage.Entry, s string) { e.Destination = s },
		"result":      func(e *usage.Entry, s string) { e.Result = s },
		"source":      func(e *usage.Entry, s string) { e.Source = s },
	}
	for name, set := range fields {
		texts := []string{"123456789018"}
		if name != "company" {
			texts = append(texts, "番号１２３４５６７８９０１８です", "1234-5678-9018", "1234 5678 9018", "x1234　5678　9018", "123456789012")
		}
		for _, text := range texts {
			e := entry("c1", 1)
			set(&e, text)
			_, err := w.store.Append(w.ctx, e)
			if !errors.Is(err, usage.ErrNumber) {
				t.Errorf("%s = %q: %v, want ErrNumber", name, text, err)
				continue
			}
			if strings.Contains(err.Error(), text) || strings.ContainsAny(err.Error(), "456789") {
				t.Errorf("%s: the error repeats the number", name)
			}
		}
	}
	logs, err := w.store.Logs(w.ctx)
	if err != nil || len(logs) != 0 {
		t.Errorf("something was written: %v, %v", logs, err)
	}
	// A ULID with twelve digits in a row is an id and not a number.
	e := entry("c1", 1)
	e.Filing, e.Attempt = "01K123456789018AAAAAAAAAAA", "01KABCDEFGH123456789018AAA"
	_, err = w.store.Append(w.ctx, e)
	if err != nil {
		t.Errorf("ULID with digits: %v", err)
	}
}

func TestAppendRefusesInvalidEntries(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, change := range map[string]func(*usage.Entry){
		"no company":        func(e *usage.Entry) { e.Company = "" },
		"company blank":     func(e *usage.Entry) { e.Company = "a b" },
		"company slash":     func(e *usage.Entry) { e.Company = "a/b" },
		"company newline":   func(e *usage.Entry) { e.Company = "a\nb" },
		"company kana":      func(e *usage.Entry) { e.Company = "甲社" },
		"company long":      func(e *usage.Entry) { e.Company = strings.Repeat("a", 129) },
		"no actor":          func(e *usage.Entry) { e.Actor = "" },
		"no action":         func(e *usage.Entry) { e.Action = "" },
		"unknown action":    func(e *usage.Entry) { e.Action = "peek" },
		"before 1970":       func(e *usage.Entry) { e.Time = time.Unix(-1, 0) },
		"after 9999":        func(e *usage.Entry) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"control character": func(e *usage.Entry) { e.Purpose = "a\x00b" },
		"line break":        func(e *usage.Entry) { e.Result = "a\nb" },
		"line separator":    func(e *usage.Entry) { e.Result = "a\u2028b" },
		"bidi override":     func(e *usage.Entry) { e.Actor = "a\u202eb" },
		"not UTF-8":         func(e *usage.Entry) { e.Actor = "a\xff" },
		"long text":         func(e *usage.Entry) { e.Purpose = strings.Repeat("あ", 501) },
		"long id":           func(e *usage.Entry) { e.Subject = strings.Repeat("a", 129) },
	} {
		e := entry("c1", 1)
		change(&e)
		_, err := w.store.Append(w.ctx, e)
		if !errors.Is(err, usage.ErrEntry) {
			t.Errorf("%s: %v, want ErrEntry", name, err)
		}
	}
	_, err := w.store.Append(w.ctx)
	if !errors.Is(err, usage.ErrEntry) {
		t.Errorf("no entry: %v, want ErrEntry", err)
	}
	_, err = w.store.Append(w.ctx, entry("c1", 1), entry("c2", 1))
	if !errors.Is(err, usage.ErrEntry) {
		t.Errorf("two logs: %v, want ErrEntry", err)
	}
}

// TestRootsAreThoseOfRFC6962 compares with a plain recursive tree over the records.
func TestRootsAreThoseOfRFC6962(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		company := fmt.Sprintf("c%d", run)
		var position usage.Position
		total := 0
		for _, n := range rapid.SliceOfN(rapid.IntRange(1, 9), 1, 6).Draw(rt, "batches") {
			batch := make([]usage.Entry, n)
			for i := range batch {
				batch[i] = entry(company, total+i)
				batch[i].Result = rapid.StringMatching(`[ -~あ-ん]{0,20}`).Filter(func(s string) bool {
					return !strings.ContainsAny(s, "0123456789")
				}).Draw(rt, "result")
			}
			var err error
			position, err = w.store.Append(w.ctx, batch...)
			if err != nil {
				rt.Fatal(err)
			}
			total += n
		}
		records := raws(w.records(t, company))
		if len(records) != total || position.Size != int64(total) || position.Root != merkle(records) {
			rt.Fatalf("%d records, position %+v, want root %s", len(records), position, merkle(records))
		}
		for index := range records {
			proof, err := w.store.Proof(w.ctx, company, int64(index))
			if err != nil {
				rt.Fatal(err)
			}
			if proof.Root != position.Root || proof.Check() != nil {
				rt.Fatalf("proof of %d does not hold", index)
			}
			proof.Record.Raw = append([]byte("x"), proof.Record.Raw...)
			if !errors.Is(proof.Check(), usage.ErrMismatch) {
				rt.Fatalf("a proof of %d holds for another record", index)
			}
		}
	})
	report, err := w.store.Verify(w.ctx, nil)
	if err != nil || !report.OK() {
		t.Errorf("report = %+v, %v", report, err)
	}
}

// merkle is the definition of RFC 6962 section 2.1, written for clarity.
func merkle(records [][]byte) tlog.Hash {
	if len(records) == 1 {
		return tlog.RecordHash(records[0])
	}
	k := 1
	for k*2 < len(records) {
		k *= 2
	}
	return tlog.NodeHash(merkle(records[:k]), merkle(records[k:]))
}

func TestAppendIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	before := w.fill(t, "c1", 3)
	// The last write of the transaction fails: nothing of it may stay.
	_, err := w.db.Write.Exec(`CREATE TRIGGER stop BEFORE UPDATE ON usage_logs BEGIN SELECT RAISE(ABORT, 'stop'); END`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.store.Append(w.ctx, entry("c1", 3), entry("c1", 4))
	if err == nil {
		t.Fatal("the append succeeded")
	}
	_, err = w.db.Write.Exec("DROP TRIGGER stop")
	if err != nil {
		t.Fatal(err)
	}
	if l := w.verify(t, "c1", anchorOf(before)); l.Verdict != usage.Sound || l.Size != 3 {
		t.Errorf("after a failed append: %+v", l)
	}
	cancelled, cancel := context.WithCancel(w.ctx)
	cancel()
	_, err = w.store.Append(cancelled, entry("c1", 3))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled append: %v", err)
	}
	position := w.fill(t, "c1", 1)
	if position.Size != 4 {
		t.Errorf("size = %d, want 4", position.Size)
	}
}

func TestAppendStopsAtABrokenLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 5)
	w.tamper(t, "UPDATE usage_logs SET size = 4")
	_, err := w.store.Append(w.ctx, entry("c1", 5))
	if !errors.Is(err, usage.ErrInconsistent) {
		t.Errorf("append: %v, want ErrInconsistent", err)
	}
	_, err = w.store.Checkpoint(w.ctx, "c1")
	if !errors.Is(err, usage.ErrInconsistent) {
		t.Errorf("checkpoint: %v, want ErrInconsistent", err)
	}
	_, err = w.store.Append(w.ctx, entry("c2", 1))
	if err != nil {
		t.Errorf("another log is stopped as well: %v", err)
	}
}

func TestConcurrentAppendsOverTwoConnections(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, second := w.open(t)
	const each = 25
	var group sync.WaitGroup
	for worker, store := range []*usage.Store{w.store, second, w.store, second} {
		group.Go(func() {
			for i := range each {
				_, err := store.Append(w.ctx, entry("c1", worker*each+i))
				if err != nil {
					t.Errorf("worker %d: %v", worker, err)
					return
				}
			}
		})
	}
	group.Wait()
	l := w.verify(t, "c1", nil)
	if l.Verdict != usage.Unanchored || l.Size != 4*each {
		t.Errorf("report = %+v", l)
	}
}

func TestEntriesAreAppendOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 2)
	_, err := w.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"UPDATE usage_entries SET subject = ''", "DELETE FROM usage_entries", "UPDATE usage_hashes SET pos = pos + 100",
		"DELETE FROM usage_hashes", "UPDATE usage_checkpoints SET log = 'x'", "DELETE FROM usage_checkpoints",
	} {
		_, err := w.db.Write.Exec(statement)
		if err == nil {
			t.Errorf("%s was allowed", statement)
		}
	}
}
