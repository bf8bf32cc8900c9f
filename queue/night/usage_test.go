package night_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/queue"
	"todoke/usage"
	"todoke/vault"
)

// breakLog makes the usage log refuse entries that hold the words, as a full disk
// would, and returns how to repair it.
func (w *world) breakLog(words string) (repair func()) {
	w.t.Helper()
	_, err := w.usageDB.Write.ExecContext(w.ctx, `CREATE TRIGGER broken BEFORE INSERT ON usage_entries
		WHEN instr(CAST(NEW.record AS TEXT), '`+words+`') > 0 BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
	w.must(err)
	return func() {
		_, err := w.usageDB.Write.ExecContext(w.ctx, "DROP TRIGGER broken")
		w.must(err)
	}
}

// TestNoLogNoNumber: when the use cannot be recorded, no number is opened, nothing
// is sent, and the filings stay queued.
func TestNoLogNoNumber(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	ids := []string{w.queued(0, pensionGain), w.queued(1, pensionGain)}
	repair := w.breakLog("")
	opened := false
	w.hook = func(step string) { opened = opened || step == "number revealed" }
	for range 2 {
		_, err := w.run()
		if err == nil {
			t.Error("the night ends well")
		}
		if opened {
			t.Error("a number was opened")
		}
		w.nextEvening()
	}
	repair()
	w.untouched(ids...)
	w.night()
	w.total()
	if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Arrived}, w.states(ids...)); diff != "" {
		t.Error(diff)
	}
}

// TestARolledBackLogStopsTheNight: somebody has put an old usage log back.
func TestARolledBackLogStopsTheNight(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	// The vault has been shown a longer log than there is: it was cut off.
	w.must(w.vault.Anchor(w.ctx, w.person(0).CompanyID, vault.Anchor{Size: 1000}))
	_, err := w.run()
	if !errors.Is(err, vault.ErrRolledBack) {
		t.Errorf("the night ends with %v, want ErrRolledBack", err)
	}
	if s := w.filing(id).State; s != queue.Queued || len(w.egov.sent()) != 0 {
		t.Errorf("the filing is %s, POSTs %v", s, w.egov.sent())
	}
}

// TestADebtOfResultsIsPaid: the log breaks after the numbers were opened. What was
// sent was sent, and the entry "after" is made good by the next night, once.
func TestADebtOfResultsIsPaid(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	ids := []string{w.queued(0, pensionGain), w.queued(2, employmentGain)}
	repair := w.breakLog(`"action":"result"`)
	_, err := w.run()
	if err == nil {
		t.Error("the night ends well without its results on the log")
	}
	if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Arrived}, w.states(ids...)); diff != "" {
		t.Error(diff)
	}
	owed, err := w.queue.OwedResults(w.ctx, account)
	w.must(err)
	if len(owed) != 2 {
		t.Errorf("%d results owed, want 2", len(owed))
	}
	next := w.queued(1, pensionGain)
	_, err = w.run()
	if err == nil || w.filing(next).State != queue.Queued || len(w.egov.sent()) != 1 {
		t.Errorf("a night begins (%v) although the results of the one before cannot be recorded", err)
	}
	repair()
	w.night()
	w.total()
}

// TestResultsTellHowTheUseEnded reads the entries that a client is shown.
func TestResultsTellHowTheUseEnded(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	arrived, refused := w.queued(0, pensionGain), w.queued(2, employmentGain)
	withdrawn := w.queued(4, pensionLoss)
	w.must(w.vault.RevokeFiling(w.ctx, withdrawn, vaultWho))
	w.egov.Script(on("bulk-apply", "drop-answer"), refuse(employmentGain))
	w.night()
	got := map[string][]string{}
	for _, e := range w.entries() {
		if e.Filing == "" || e.Action == usage.ActionApprove {
			continue
		}
		if e.Actor != "責任　花子＋夜間処理" || e.Screen != "夜間処理" || e.Purpose == "" || e.Subject == "" || e.Attempt == "" || e.Destination == "" {
			t.Errorf("entry %+v lacks who, what for, whose or whereto", e)
		}
		got[e.Filing] = append(got[e.Filing], string(e.Action)+" "+e.Result)
	}
	want := map[string][]string{
		arrived:   {"use 実行", "result 到達（到達番号 " + w.filing(arrived).ArriveID + "）"},
		refused:   {"use 実行", "result 不受理"},
		withdrawn: {"refuse " + vault.ErrGrantRevoked.Error(), "result 送信せず保留"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w.total()
}

// TestNightAnchorsItsCheckpoints: after a night the vault remembers every log at its
// full length, and each has a signed checkpoint.
func TestNightAnchorsItsCheckpoints(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	w.queued(0, pensionGain)
	w.queued(1, pensionGain)
	w.night()
	anchors, err := w.vault.Anchors(w.ctx)
	w.must(err)
	report, err := w.verifyUsage(w.ctx)
	w.must(err)
	if len(report.Logs) < 3 {
		t.Errorf("%d logs, want one for each company and the office's", len(report.Logs))
	}
	for _, log := range report.Logs {
		if log.Verdict != usage.Sound || log.Checkpoints == 0 || log.Anchored != log.Size || anchors[log.Log].Size != log.Size {
			t.Errorf("log %s: %+v, anchor at %d", log.Log, log, anchors[log.Log].Size)
		}
	}
	// A night without work signs nothing new.
	before := report.Logs[0].Size
	w.nextEvening()
	w.night()
	report, err = w.verifyUsage(w.ctx)
	w.must(err)
	if report.Logs[0].Size != before {
		t.Errorf("log %s grew from %d to %d in an idle night", report.Logs[0].Log, before, report.Logs[0].Size)
	}
	if !slices.ContainsFunc(report.Logs, func(l usage.LogReport) bool { return l.Log == usage.OfficeLog }) {
		t.Error("the office's own log is not among them")
	}
}
