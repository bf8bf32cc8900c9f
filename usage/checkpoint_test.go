package usage_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"todoke/usage"
)

func TestCheckpointIsASignedNote(t *testing.T) {
	t.Parallel()
	w := setup(t)
	position := w.fill(t, "c1", 3)
	signed, err := w.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^todoke usage log office-1/c1\n3\n[A-Za-z0-9+/]{43}=\ntime 2026-07-01T13:00:0[0-9]Z\n\n— office-1 [A-Za-z0-9+/=]+\n$`)
	if !form.Match(signed.Note) {
		t.Errorf("note:\n%s", signed.Note)
	}
	if signed.Root != position.Root || signed.Size != 3 || signed.Log != "c1" || signed.Office != "office-1" {
		t.Errorf("checkpoint = %+v", signed)
	}
	// A reader that knows only the note format verifies it as well.
	verifier, err := note.NewVerifier(w.verifier)
	if err != nil {
		t.Fatal(err)
	}
	_, err = note.Open(signed.Note, note.VerifierList(verifier))
	if err != nil {
		t.Error(err)
	}
	opened, err := usage.OpenCheckpoint(signed.Note, w.verifier)
	if err != nil || opened.Size != 3 || opened.Root != position.Root || !opened.Time.Equal(signed.Time) {
		t.Errorf("opened = %+v, %v", opened, err)
	}
	notes, err := w.store.Checkpoints(w.ctx, "c1")
	if err != nil || len(notes) != 1 || string(notes[0]) != string(signed.Note) {
		t.Errorf("stored notes = %q, %v", notes, err)
	}
}

func TestCheckpointRefusals(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.store.Checkpoint(w.ctx, "nobody")
	if !errors.Is(err, usage.ErrUnknownLog) {
		t.Errorf("unknown log: %v", err)
	}
	w.fill(t, "c1", 1)
	silent, err := usage.NewStore(usage.Config{DB: w.db, Office: "office-1", Clock: w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = silent.Checkpoint(w.ctx, "c1")
	if !errors.Is(err, usage.ErrNoSigner) {
		t.Errorf("no signer: %v", err)
	}
	_, err = silent.CheckpointAll(w.ctx)
	if !errors.Is(err, usage.ErrNoSigner) {
		t.Errorf("no signer: %v", err)
	}
	for _, c := range []usage.Config{
		{Office: ""}, {Office: "a b"}, {Office: "a", Signer: "PRIVATE+KEY+x"}, {Office: "a", Verifiers: []string{"x"}},
	} {
		_, err = usage.NewStore(c)
		if err == nil {
			t.Errorf("%+v was accepted", c)
		}
		if err != nil && c.Signer != "" && strings.Contains(err.Error(), c.Signer) {
			t.Error("the error repeats the signing key")
		}
	}
	_, _, err = usage.GenerateKey("a b")
	if err == nil {
		t.Error("a key name with a blank was accepted")
	}
}

func TestCheckpointsOfARetiredKeyStayValid(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 2)
	_, err := w.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	signer, verifier, err := usage.GenerateKey("office-1")
	if err != nil {
		t.Fatal(err)
	}
	w.store, err = usage.NewStore(usage.Config{DB: w.db, Office: "office-1", Clock: w.clock.now, Signer: signer, Verifiers: []string{verifier, w.verifier}})
	if err != nil {
		t.Fatal(err)
	}
	position := w.fill(t, "c1", 1)
	_, err = w.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	if l := w.verify(t, "c1", anchorOf(position)); l.Verdict != usage.Sound || l.Checkpoints != 2 {
		t.Errorf("report = %+v", l)
	}
}

func TestNightlyCheckpointListsEveryClient(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first, second := w.fill(t, "c1", 3), w.fill(t, "c2", 5)
	all, err := w.store.CheckpointAll(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 3 || all[0].Log != "c1" || all[1].Log != "c2" || all[2].Log != usage.OfficeLog {
		t.Fatalf("checkpoints = %+v", all)
	}
	office, err := usage.OpenCheckpoint(all[2].Note, w.verifier)
	if err != nil {
		t.Fatal(err)
	}
	if office.Size != 1 || len(office.Listed) != 2 || office.Listed["c1"] != (usage.Anchor{Size: 3, Root: first.Root}) ||
		office.Listed["c2"] != (usage.Anchor{Size: 5, Root: second.Root}) {
		t.Errorf("office checkpoint = %+v", office)
	}
	if strings.Contains(string(all[0].Note), "c2") || all[0].Listed != nil {
		t.Error("a client's checkpoint shows another client")
	}
	records := w.records(t, usage.OfficeLog)
	if len(records) != 1 || records[0].Entry.Action != usage.ActionCheckpoint || !strings.HasPrefix(records[0].Entry.Result, "署名 2 件、失敗 0 件、") {
		t.Errorf("office log = %+v", records)
	}

	// One broken log must not keep the others from being signed.
	w.tamper(t, "UPDATE usage_logs SET root = zeroblob(32) WHERE log = 'c1'")
	all, err = w.store.CheckpointAll(w.ctx)
	if !errors.Is(err, usage.ErrInconsistent) {
		t.Errorf("error = %v, want ErrInconsistent", err)
	}
	if len(all) != 2 || all[0].Log != "c2" || all[1].Log != usage.OfficeLog {
		t.Errorf("checkpoints = %+v", all)
	}
}

func TestVerifyEntries(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 4)
	early, err := w.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	w.fill(t, "c1", 5)
	late, err := w.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	w.fill(t, "c2", 9)
	foreign, err := w.store.Checkpoint(w.ctx, "c2")
	if err != nil {
		t.Fatal(err)
	}
	records, others := raws(w.records(t, "c1")), raws(w.records(t, "c2"))
	_, otherKey, err := usage.GenerateKey("office-1")
	if err != nil {
		t.Fatal(err)
	}
	altered := slices.Clone(records)
	altered[3] = []byte(strings.Replace(string(altered[3]), "山田", "鈴木", 1))
	reordered := slices.Clone(records)
	reordered[1], reordered[2] = reordered[2], reordered[1]
	loose := slices.Clone(records)
	loose[0] = []byte(strings.Replace(string(loose[0]), `"v":1`, `"v": 1`, 1))
	for name, c := range map[string]struct {
		records    [][]byte
		checkpoint usage.SignedHead
		key        string
		earlier    [][]byte
		want       error
	}{
		"complete":         {records, late, w.verifier, nil, nil},
		"extends":          {records, late, w.verifier, [][]byte{early.Note, late.Note}, nil},
		"earlier report":   {records[:4], early, w.verifier, nil, nil},
		"one missing":      {records[:8], late, w.verifier, nil, usage.ErrMismatch},
		"one dropped":      {append(slices.Clone(records[:5]), records[6:]...), late, w.verifier, nil, usage.ErrMismatch},
		"one too many":     {append(slices.Clone(records), records[0]), late, w.verifier, nil, usage.ErrMismatch},
		"altered":          {altered, late, w.verifier, nil, usage.ErrMismatch},
		"reordered":        {reordered, late, w.verifier, nil, usage.ErrMismatch},
		"not canonical":    {loose, late, w.verifier, nil, usage.ErrEntry},
		"another client's": {others, late, w.verifier, nil, usage.ErrMismatch},
		"other key":        {records, late, otherKey, nil, usage.ErrSignature},
		"goes back":        {records[:4], early, w.verifier, [][]byte{late.Note}, usage.ErrMismatch},
		"foreign earlier":  {records, late, w.verifier, [][]byte{foreign.Note}, usage.ErrMismatch},
	} {
		head, err := usage.VerifyEntries(c.records, c.checkpoint.Note, c.key, c.earlier...)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && head.Size != c.checkpoint.Size {
			t.Errorf("%s: size %d, want %d", name, head.Size, c.checkpoint.Size)
		}
	}
	// Another office's statement about a log of the same name and content.
	elsewhere, err := usage.NewStore(usage.Config{DB: w.db, Office: "office-2", Signer: w.signer, Clock: w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	other, err := elsewhere.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = usage.VerifyEntries(records, late.Note, w.verifier, other.Note)
	if !errors.Is(err, usage.ErrMismatch) {
		t.Errorf("another office's checkpoint: %v, want ErrMismatch", err)
	}
}

// TestVerifyEntriesFindsRewrittenHistory: all of the log was rewritten and signed
// anew with the office's own key, after a report had been handed out.
func TestVerifyEntriesFindsRewrittenHistory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, "c1", 4)
	early, err := w.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	rewritten := setup(t)
	rewritten.signer, rewritten.verifier = w.signer, w.verifier
	_, rewritten.store = rewritten.open(t)
	for i := range 9 {
		e := entry("c1", i)
		e.Purpose = "別の目的"
		_, err = rewritten.store.Append(w.ctx, e)
		if err != nil {
			t.Fatal(err)
		}
	}
	resigned, err := rewritten.store.Checkpoint(w.ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	all := raws(rewritten.records(t, "c1"))
	_, err = usage.VerifyEntries(all, resigned.Note, w.verifier)
	if err != nil {
		t.Errorf("the rewritten log in itself: %v", err)
	}
	_, err = usage.VerifyEntries(all, resigned.Note, w.verifier, early.Note)
	if !errors.Is(err, usage.ErrMismatch) {
		t.Errorf("the rewritten log against the earlier report: %v, want ErrMismatch", err)
	}
}

func FuzzOpenCheckpoint(f *testing.F) {
	// The fuzzer edits the text under a true signature's form; what is accepted must
	// be what was signed, to the byte.
	signer, verifier, err := usage.GenerateKey("office-1")
	if err != nil {
		f.Fatal(err)
	}
	key, err := note.NewSigner(signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("todoke usage log office-1/c1\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\ntime 2026-07-01T13:00:00Z\n")
	f.Add("todoke usage log office-1/office\n9\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\ntime 2026-07-01T13:00:00Z\nlog c1 3 CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")
	f.Add("todoke usage log a/b\n-1\n\ntime \n")
	f.Fuzz(func(t *testing.T, text string) {
		signed, err := note.Sign(&note.Note{Text: text}, key)
		if err != nil {
			return
		}
		head, err := usage.OpenCheckpoint(signed, verifier)
		if err != nil {
			if !errors.Is(err, usage.ErrSignature) {
				t.Errorf("error = %v, want ErrSignature", err)
			}
			return
		}
		want := fmt.Sprintf("todoke usage log %s/%s\n%d\n%s\ntime %s\n", head.Office, head.Log, head.Size, head.Root, head.Time.UTC().Format(time.RFC3339))
		if !strings.HasPrefix(text, want) {
			t.Errorf("%q was read as %+v", text, head)
		}
	})
}

func FuzzVerifyEntries(f *testing.F) {
	signer, verifier, err := usage.GenerateKey("office-1")
	if err != nil {
		f.Fatal(err)
	}
	key, err := note.NewSigner(signer)
	if err != nil {
		f.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: "todoke usage log office-1/c1\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\ntime 2026-07-01T13:00:00Z\n"}, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"v":1,"time":"2026-07-01T13:30:00.123456Z","company":"c1","actor":"a","role":"","screen":"","action":"use","purpose":"","subject":"","filing":"","attempt":"","destination":"","result":"","source":""}`))
	f.Add([]byte(`{"v":1,"V":2}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, record []byte) {
		_, err := usage.VerifyEntries([][]byte{record}, signed, verifier)
		if err == nil {
			t.Error("a record with another hash was accepted")
		}
	})
}
