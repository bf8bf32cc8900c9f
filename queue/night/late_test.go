package night_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim"
	"todoke/egov/sim/fault"
	"todoke/egov/wire"
	"todoke/queue"
)

func TestOnlyAPersonSendsAgain(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.egov.Script(lostBefore)
	w.night()
	for range 3 {
		w.nextEvening()
		w.night()
	}
	if posts := len(w.egov.sent()); posts != 1 || w.filing(id).State != queue.Held {
		t.Fatalf("%d POSTs, the filing is %s", posts, w.filing(id).State)
	}
	for name, err := range map[string]error{
		"staff":          w.desk.ConfirmResend(w.ctx, staff, id, "e-Govの画面で確認"),
		"without reason": w.desk.ConfirmResend(w.ctx, boss, id, ""),
	} {
		if err == nil || w.filing(id).State != queue.Held {
			t.Errorf("%s: %v, the filing is %s", name, err, w.filing(id).State)
		}
	}
	w.must(w.desk.ConfirmResend(w.ctx, boss, id, "e-Govの画面で確認"))
	w.nextEvening()
	w.night()
	if diff := cmp.Diff([]queue.State{queue.Arrived}, w.states(id)); diff != "" {
		t.Error(diff)
	}
	w.judge(id)
	w.total()
}

// TestLateListingIsAdopted: the bulk turns up after its filings were held.
func TestLateListingIsAdopted(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	first, witness := w.queued(0, pensionGain), w.queued(1, pensionGain)
	w.egov.Script(lostHidden(3 * time.Hour)...)
	w.night()
	if f := w.filing(first); f.HoldKind != queue.HoldPresumed {
		t.Fatalf("the filing is %s (%s), want held (presumed)", f.State, f.HoldKind)
	}
	w.nextEvening()
	summary := w.night()
	if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Arrived}, w.states(first, witness)); diff != "" {
		t.Error(diff)
	}
	if len(summary.Alarms) != 0 || len(w.egov.sent()) != 2 {
		t.Errorf("alarms %v, POSTs %v", summary.Alarms, w.egov.sent())
	}
	w.total()
}

// TestOneMoreLookBeforeAResend: a person has decided to send again, and meanwhile
// the bulk turned up.
func TestOneMoreLookBeforeAResend(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.queued(1, pensionGain)
	w.egov.Script(lostHidden(3 * time.Hour)...)
	w.night()
	w.must(w.desk.ConfirmResend(w.ctx, boss, id, "e-Govの画面で確認"))
	w.nextEvening()
	w.night()
	if posts := len(w.egov.sent()); posts != 2 || w.filing(id).State != queue.Arrived {
		t.Errorf("%d POSTs, want 2; the filing is %s", posts, w.filing(id).State)
	}
	w.total()
}

// TestLateListingAfterAResendRaisesTheAlarm: both arrived, which nobody may overlook.
func TestLateListingAfterAResendRaisesTheAlarm(t *testing.T) {
	t.Parallel()
	for _, crash := range []string{"", "acknowledged by listing"} {
		t.Run("crash at "+crash, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			id := w.queued(0, pensionGain)
			w.queued(1, pensionGain)
			w.egov.Script(lostHidden(36 * time.Hour)...)
			w.night()
			w.must(w.desk.ConfirmResend(w.ctx, boss, id, "e-Govの画面で確認"))
			w.nextEvening()
			w.night()
			if w.filing(id).State != queue.Arrived {
				t.Fatalf("the second send is %s", w.filing(id).State)
			}
			arrived := w.filing(id).ArriveID
			w.nextEvening()
			w.queued(2, pensionGain)
			if crash != "" {
				w.crashAt(crash)
			}
			summary := w.night()
			if len(summary.Alarms) != 1 || w.notes(id, "取下げ") != 1 {
				t.Errorf("alarms %v, %d notes; want one", summary.Alarms, w.notes(id, "取下げ"))
			}
			if f := w.filing(id); f.State != queue.Arrived || f.ArriveID != arrived {
				t.Errorf("the filing is %s as %s, was %s", f.State, f.ArriveID, arrived)
			}
			w.judge(id)
		})
	}
}

// twice replays the first submission, as a gateway in between might.
func (w *world) twice() {
	done := false
	w.egov.answer(func(_ http.ResponseWriter, r *http.Request, body []byte) bool {
		if body != nil && !done {
			done = true
			again := r.Clone(r.Context())
			again.Body = readerOf(body)
			w.egov.Handler().ServeHTTP(httptest.NewRecorder(), again)
		}
		return false
	})
}

func TestTwoBulksOfOneNameRaiseTheAlarm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config func(*sim.Config)
		rules  []fault.Rule
	}{
		"acknowledged":                    {},
		"unknown":                         {rules: []fault.Rule{{Effect: fault.DropAnswer, Operation: "bulk-apply", Skip: 1, Count: 1}}},
		"the second is listed afterwards": {config: func(c *sim.Config) { c.IngestDelay = 20 * time.Minute }, rules: []fault.Rule{{Effect: fault.Hide, Count: 1, Delay: 3 * time.Minute}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, c.config)
			id := w.queued(0, pensionGain)
			w.egov.Script(c.rules...)
			w.twice()
			summary := w.night()
			if len(summary.Alarms) != 1 || w.notes(id, "2件あります") != 1 {
				t.Errorf("alarms %v, %d notes; want one", summary.Alarms, w.notes(id, "2件あります"))
			}
			if w.filing(id).State != queue.Arrived || w.egov.Ledger().Counts.Duplicates != 1 {
				t.Errorf("the filing is %s, the ledger %+v", w.filing(id).State, w.egov.Ledger().Counts)
			}
		})
	}
}

// TestAResendWaitsForTheListing: while e-Gov cannot be asked about the first send,
// nothing is sent a second time; other filings go.
func TestAResendWaitsForTheListing(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	resent := w.queued(0, pensionGain)
	w.egov.Script(lostBefore)
	w.night()
	w.must(w.desk.ConfirmResend(w.ctx, boss, resent, "e-Govの画面で確認"))
	w.nextEvening()
	began := w.clock.now()
	other := w.queued(1, employmentGain)
	w.egov.Script(times(4, status("report", fault.StatusBefore, 500)))
	sentAt := map[string]time.Time{}
	w.hook = func(step string) {
		if step == "attempt prepared" {
			for _, f := range w.folders() {
				if f.Live && sentAt[f.Filing].IsZero() {
					sentAt[f.Filing] = w.clock.now()
				}
			}
		}
	}
	w.night()
	if sentAt[other] != began || sentAt[resent].Before(began.Add(time.Minute)) {
		t.Errorf("from %v: the other filing went at %v, the resend at %v", began, sentAt[other], sentAt[resent])
	}
	w.judge(resent)
	w.total()
}

// TestCancelledAndLate: a person gives the held filing up, and then its bulk turns
// up. It is e-Gov's listing that counts.
func TestCancelledAndLate(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.queued(1, pensionGain)
	w.egov.Script(lostHidden(3 * time.Hour)...)
	w.night()
	w.must(w.desk.Cancel(w.ctx, staff, id, "届出不要"))
	w.nextEvening()
	w.night()
	if f := w.filing(id); f.State != queue.Arrived || f.ArriveID == "" {
		t.Errorf("the filing is %s, and e-Gov has it", f.State)
	}
	w.total()
}

// TestLongLostTurnsUp: also weeks later.
func TestLongLostTurnsUp(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.egov.Script(lostHidden(20 * 24 * time.Hour)...)
	w.night()
	w.clock.advance(21 * 24 * time.Hour)
	w.night()
	if s := w.filing(id).State; s != queue.Arrived {
		t.Errorf("the filing is %s", s)
	}
	w.total()
}

// TestAWrongClockProvesNothing: listings are asked for by day, and this computer's
// day may not be e-Gov's.
func TestAWrongClockProvesNothing(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-time.Hour, 24 * time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			id := w.queued(0, pensionGain)
			w.egov.Script(lostBefore)
			w.egov.answer(func(rw http.ResponseWriter, _ *http.Request, _ []byte) bool {
				rw.Header().Set("Date", w.clock.now().Add(off).UTC().Format(http.TimeFormat))
				return false
			})
			summary := w.night()
			if s := w.filing(id).State; s != queue.Submitting || len(summary.Alarms) != 1 || !strings.Contains(summary.Alarms[0], "時計") {
				t.Errorf("the filing is %s, alarms %v", s, summary.Alarms)
			}
			w.judge()
			w.egov.answer(nil)
			w.nextEvening()
			w.night()
			if f := w.filing(id); f.HoldKind != queue.HoldPresumed {
				t.Errorf("with the clock set right, the filing is %s (%s)", f.State, f.HoldKind)
			}
			w.total()
		})
	}
}

// TestABulkIsKnownByItsNumberToo: e-Gov does not keep the file name. What it has
// acknowledged is found all the same; what it has not is for a person.
func TestABulkIsKnownByItsNumberToo(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	lost, acknowledged := w.queued(0, pensionGain), w.queued(1, pensionGain)
	w.egov.Script(on("bulk-apply", fault.DropAnswer))
	w.rewriteReport(func(r *wire.BulkReport) { r.FileName = "SOUSHIN-" + r.SendNumber + ".ZIP" })
	w.night()
	if diff := cmp.Diff([]queue.State{queue.Held, queue.Arrived}, w.states(lost, acknowledged)); diff != "" {
		t.Error(diff)
	}
	history := w.history(lost)
	if reason := history[len(history)-1].Reason; !strings.Contains(reason, "送信記録にない申請") {
		t.Errorf("the evidence does not tell of the arrival: %q", reason)
	}
}
