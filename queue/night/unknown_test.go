package night_test

import (
	"strings"
	"testing"
	"time"

	"todoke/egov/sim/fault"
	"todoke/queue"
	"todoke/queue/night"
)

// absent is what absence needs to count: 2 × (30 s + 10 min).
const absent = 21 * time.Minute

var lostBefore = fault.Rule{Effect: fault.ResetBefore, Operation: "bulk-apply", Count: 1}

// lostHidden is a bulk that e-Gov took without an answer and does not list for as long.
func lostHidden(d time.Duration) []fault.Rule {
	return []fault.Rule{{Effect: fault.DropAnswer, Operation: "bulk-apply", Count: 1}, {Effect: fault.Hide, Count: 1, Delay: d}}
}

// presumedAt notes when a filing was held.
func (w *world) presumedAt() *time.Time {
	at := new(time.Time)
	w.hook = func(step string) {
		if step == "presumed not sent" {
			*at = w.clock.now()
		}
	}
	return at
}

// nextEvening is when the next night begins.
func (w *world) nextEvening() {
	day := evening
	for !day.After(w.clock.now()) {
		day = day.AddDate(0, 0, 1)
	}
	w.clock.advance(day.Sub(w.clock.now()))
}

func (w *world) history(id string) []queue.Change {
	w.t.Helper()
	changes, err := w.queue.History(w.ctx, id)
	w.must(err)
	return changes
}

// notes counts the remarks in a filing's history that hold the words.
func (w *world) notes(id, words string) int {
	w.t.Helper()
	n := 0
	for _, change := range w.history(id) {
		if change.From == change.To && strings.Contains(change.Reason, words) {
			n++
		}
	}
	return n
}

func TestAbsenceCountsLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		witness bool
		counts  time.Duration
	}{
		"with a later send in the listing": {true, absent},
		"without one":                      {false, absent + time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			id := w.queued(0, pensionGain)
			if c.witness {
				w.queued(1, pensionGain)
			}
			w.egov.Script(lostBefore)
			at := w.presumedAt()
			w.night()
			if passed := at.Sub(evening); passed < c.counts || passed > c.counts+time.Minute {
				t.Errorf("presumed after %v, want %v", passed, c.counts)
			}
			f := w.filing(id)
			if f.State != queue.Held || f.HoldKind != queue.HoldPresumed {
				t.Errorf("the filing is %s (%s), want held (presumed)", f.State, f.HoldKind)
			}
			history := w.history(id)
			evidence := history[len(history)-1].Reason
			for _, words := range []string{"照会しましたが", w.egov.sent()[0], "2026-07-01 22:00:00", "見つかりません"} {
				if !strings.Contains(evidence, words) {
					t.Errorf("the evidence %q does not say %q", evidence, words)
				}
			}
			if named := strings.Contains(evidence, "後から送った申請は一覧に載っています"); named != c.witness {
				t.Errorf("the evidence %q names a witness: %v, want %v", evidence, named, c.witness)
			}
			w.total()
		})
	}
}

// TestUnknownWaits looks at the filing at every question until its absence counts.
func TestUnknownWaits(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.egov.Script(lostBefore)
	asked := 0
	w.hook = func(step string) {
		if step != "report read" {
			return
		}
		asked++
		if f := w.filing(id); f.State != queue.Submitting {
			t.Errorf("at question %d, after %v, the filing is %s", asked, w.clock.now().Sub(evening), f.State)
		}
		w.judge()
	}
	w.night()
	const fewest = 4 // at 1, 6 and 21 minutes, and when absence counts
	if asked < fewest || w.filing(id).State != queue.Held {
		t.Errorf("after %d questions the filing is %s", asked, w.filing(id).State)
	}
}

// TestUnknownOutlivesTheNight: an unknown outcome outlives the night, and the next
// sender goes on asking.
func TestUnknownOutlivesTheNight(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.egov.Script(lostBefore)
	w.change = func(s *night.Sender) { s.Settings.MaxDuration = 10 * time.Minute }
	summary := w.night()
	if summary.Unknown != 1 || w.filing(id).State != queue.Submitting {
		t.Errorf("%+v, the filing is %s", summary, w.filing(id).State)
	}
	w.judge()
	w.nextEvening()
	w.night()
	if f := w.filing(id); f.HoldKind != queue.HoldPresumed {
		t.Errorf("the filing is %s (%s), want held (presumed)", f.State, f.HoldKind)
	}
	w.total()
}

// TestStrangeArrivalsAreTold: the office also files by hand, and e-Gov's list of
// cases shows an arrival that is in no bulk of ours.
func TestStrangeArrivalsAreTold(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.queued(1, pensionGain)
	w.egov.Script(lostBefore)
	w.hook = func(step string) {
		if step == "report read" { // the second bulk becomes a stranger's
			_, err := w.db.Write.ExecContext(w.ctx, "UPDATE attempts SET send_number = '' WHERE send_number <> ''")
			w.must(err)
		}
	}
	w.night()
	history := w.history(id)
	if evidence := history[len(history)-1].Reason; !strings.Contains(evidence, "送信記録にない申請が同じ時期に") {
		t.Errorf("the evidence does not tell of the other arrival: %q", evidence)
	}
}
