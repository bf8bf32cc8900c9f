package custody_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/database"
	"todoke/database/sqlite"
	"todoke/mynumber"
	"todoke/queue/custody"
	"todoke/seal"
	"todoke/usage"
	"todoke/vault"
)

var day = time.Date(2026, 7, 1, 3, 0, 0, 0, time.UTC)

var who = vault.Who{Actor: "担当　太郎", Role: "事務取扱担当者", Screen: "試験", Source: "192.0.2.1"}

// world is a vault whose acts go onto a usage log.
type world struct {
	t        *testing.T
	ctx      context.Context
	recorder *custody.Recorder
	vault    *vault.Vault
	file     *database.DB // usage.db
	steps    []string
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background()}
	clock := func() time.Time { return day }
	open := func(name string, m database.Migrations) *database.DB {
		db, err := sqlite.Open(w.ctx, filepath.Join(t.TempDir(), name), m)
		w.must(err)
		t.Cleanup(func() { db.Close() })
		return db
	}
	signer, verifier, err := usage.GenerateKey("test")
	w.must(err)
	w.file = open("usage.db", usage.Migrations())
	log, err := usage.NewStore(usage.Config{DB: w.file, Office: "test", Clock: clock, Signer: signer, Verifiers: []string{verifier}})
	w.must(err)
	w.recorder = &custody.Recorder{Log: log}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand never fails
	master, err := seal.NewBox(key)
	w.must(err)
	w.vault, err = vault.Open(w.ctx, vault.Config{
		DB: open("vault.db", vault.Migrations()), Keys: open("keys.db", vault.KeyMigrations()), Master: master,
		Recorder: w.recorder, Purge: sqlite.Checkpoint, Clock: clock,
	})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// put registers a synthetic number for the n-th person of a company.
func (w *world) put(company string, n int) error {
	text := fmt.Sprintf("8700000%04d", n)
	var first [11]byte
	for i := range first {
		first[i] = text[i] - '0'
	}
	number, err := vault.ParseNumber(append([]byte(text), '0'+mynumber.CheckDigit(first)))
	if err != nil {
		return err
	}
	_, err = w.vault.Put(w.ctx, company, fmt.Sprintf("s%d", n), number, who)
	return err
}

func use(action vault.Action) vault.Use {
	return vault.Use{
		At: day.Add(time.Minute), Company: "c1", Action: action, Who: who, Approver: "責任　花子", Purpose: "資格取得届の提出", Subject: "s1",
		Ref: "number_1", Grant: "grant_1", Filing: "f1", Revision: 1, Attempt: "a1", Destination: "渋谷年金事務所", Result: "実行",
	}
}

// TestEveryActOfTheVaultHasItsEntry: what the vault reports is in the log, word for
// word, and the receipt is of the log as it stands then.
func TestEveryActOfTheVaultHasItsEntry(t *testing.T) {
	t.Parallel()
	w := setup(t)
	actions := []vault.Action{
		vault.ActionRegister, vault.ActionUpdate, vault.ActionApprove, vault.ActionUse, vault.ActionView, vault.ActionRefuse,
		vault.ActionDestroy, vault.ActionAnchor,
	}
	for i, action := range actions {
		receipt, err := w.recorder.RecordUse(w.ctx, use(action))
		w.must(err)
		head, err := w.recorder.Log.Checkpoint(w.ctx, "c1")
		w.must(err)
		if receipt.Log != "c1" || receipt.Size != int64(i+1) || receipt.Size != head.Size || receipt.Root != head.Root {
			t.Errorf("%s: receipt %+v, the log is at %d", action, receipt, head.Size)
		}
	}
	var got []usage.Entry
	for record, err := range w.recorder.Log.List(w.ctx, usage.Query{Log: "c1"}) {
		w.must(err)
		got = append(got, record.Entry)
	}
	var want []usage.Entry
	for _, action := range actions {
		want = append(want, usage.Entry{
			Time: day.Add(time.Minute), Company: "c1", Actor: who.Actor, Role: who.Role, Screen: who.Screen, Action: usage.Action(action),
			Purpose: "資格取得届の提出", Subject: "s1", Filing: "f1", Attempt: "a1", Destination: "渋谷年金事務所", Result: "実行", Source: who.Source,
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// TestNoReceiptWithoutAnEntry: an entry that the log does not take is an error, and
// the step after it is not reached.
func TestNoReceiptWithoutAnEntry(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.recorder.Hook = func(step string) { w.steps = append(w.steps, step) }
	_, err := w.recorder.RecordUse(w.ctx, use(vault.ActionUse))
	w.must(err)
	_, err = w.file.Write.ExecContext(w.ctx, "CREATE TRIGGER broken BEFORE INSERT ON usage_entries BEGIN SELECT RAISE(ABORT, 'disk full'); END")
	w.must(err)
	receipt, err := w.recorder.RecordUse(w.ctx, use(vault.ActionUse))
	if err == nil || receipt != (vault.Receipt{}) {
		t.Errorf("RecordUse = %+v, %v", receipt, err)
	}
	bad := use(vault.ActionUse)
	bad.Purpose = "番号 1234-5678-9018"
	_, err = w.recorder.RecordUse(w.ctx, bad)
	if !errors.Is(err, usage.ErrNumber) {
		t.Errorf("a number in the purpose: %v, want ErrNumber", err)
	}
	if diff := cmp.Diff([]string{"about to log use", "logged use", "about to log use", "about to log use"}, w.steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// TestCheckpointAnchorsEveryLog: one log that cannot be anchored does not keep the
// others from it, and is told.
func TestCheckpointAnchorsEveryLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for n, company := range []string{"c1", "c2", "c3"} {
		w.must(w.put(company, n))
	}
	// The vault was shown more of c2 than there is.
	w.must(w.vault.Anchor(w.ctx, "c2", vault.Anchor{Size: 1000}))
	heads, err := custody.Checkpoint(w.ctx, w.recorder.Log, w.vault)
	if !errors.Is(err, vault.ErrRolledBack) {
		t.Errorf("Checkpoint: %v, want ErrRolledBack", err)
	}
	anchors, err := w.vault.Anchors(w.ctx)
	w.must(err)
	if anchors["c2"].Size != 1000 {
		t.Errorf("the anchor of c2 is at %d", anchors["c2"].Size)
	}
	for _, log := range []string{"c1", "c3", usage.OfficeLog} {
		at := slices.IndexFunc(heads, func(h usage.SignedHead) bool { return h.Log == log })
		if at < 0 || anchors[log].Size != heads[at].Size || anchors[log].Root != [32]byte(heads[at].Root) {
			t.Errorf("log %s: anchor %+v, heads %+v", log, anchors[log], heads)
		}
	}
}

// TestCheckpointBesideOtherWork: entries that are added meanwhile are no roll-back.
func TestCheckpointBesideOtherWork(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const rounds = 20
	w.must(w.put("c1", 0))
	var work sync.WaitGroup
	work.Go(func() {
		for n := range rounds {
			err := w.put("c1", n)
			if err != nil {
				t.Error(err)
			}
		}
	})
	for range rounds {
		_, err := custody.Checkpoint(w.ctx, w.recorder.Log, w.vault)
		if err != nil {
			t.Error(err)
		}
	}
	work.Wait()
}
