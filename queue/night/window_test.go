package night_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/queue"
	"todoke/queue/night"
)

// once calls do at the first step of that name.
func (w *world) once(step string, do func()) {
	done := false
	w.hook = func(at string) {
		if at == step && !done {
			done = true
			do()
		}
	}
}

func (w *world) always(step string, do func()) {
	w.hook = func(at string) {
		if at == step {
			do()
		}
	}
}

func (w *world) attemptStates() []queue.AttemptState {
	w.t.Helper()
	var states []queue.AttemptState
	w.must(w.db.Read.SelectContext(w.ctx, &states, "SELECT state FROM attempts ORDER BY id"))
	return states
}

// TestSendWindow: the machine was suspended between the commit of "sending" and the
// first byte. Nothing is written any more, and the filing goes a minute later, in
// the same night.
func TestSendWindow(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	ids := []string{w.queued(0, pensionGain), w.queued(1, pensionGain)}
	w.once("sending committed", func() { w.clock.advance(30*time.Second + time.Millisecond) })
	w.night()
	want := []queue.AttemptState{queue.NotSent, queue.Settled, queue.Settled}
	if diff := cmp.Diff(want, w.attemptStates()); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	if posts := w.egov.sent(); len(posts) != 2 {
		t.Errorf("POSTs %v, want two", posts)
	}
	if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Arrived}, w.states(ids...)); diff != "" {
		t.Error(diff)
	}
	w.total()
}

// TestSendWindowHolds: a moment less is soon enough.
func TestSendWindowHolds(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	w.queued(0, pensionGain)
	w.once("sending committed", func() { w.clock.advance(30 * time.Second) })
	w.night()
	if diff := cmp.Diff([]queue.AttemptState{queue.Settled}, w.attemptStates()); diff != "" {
		t.Error(diff)
	}
	w.total()
}

// TestNothingIsSentWithout goes through what is looked at right before the first byte.
func TestNothingIsSentWithout(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(w *world){
		"the lock": func(w *world) { w.lock.lose(errors.New("replaced")) },
		"its time": func(w *world) { w.clock.advance(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			ids := []string{w.queued(0, pensionGain), w.queued(1, pensionGain)}
			w.always("sending committed", func() { do(w) })
			_, err := w.run()
			if !errors.Is(err, night.ErrHalted) {
				t.Errorf("the night ends with %v, want ErrHalted", err)
			}
			want := []queue.AttemptState{queue.NotSent, queue.NotSent, queue.NotSent}
			if diff := cmp.Diff(want, w.attemptStates()); diff != "" || len(w.egov.sent()) != 0 {
				t.Errorf("POSTs %v, attempts %s", w.egov.sent(), diff)
			}
			if diff := cmp.Diff([]queue.State{queue.Queued, queue.Queued}, w.states(ids...)); diff != "" {
				t.Error(diff)
			}
			w.judge()
			w.hook = nil
			w.lock.lose(nil)
			w.night()
			w.total()
		})
	}
}

// TestARowThatSomebodyChangedIsNotSent: another program, or a person with a database
// tool, ends the attempt between the commit and the first byte.
func TestARowThatSomebodyChangedIsNotSent(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.once("sending committed", func() {
		w.exec("UPDATE attempts SET state = ?, next_ask_at = 0 WHERE state = ?", queue.Unknown, queue.Sending)
	})
	_, err := w.run()
	if !errors.Is(err, queue.ErrStale) {
		t.Errorf("the night ends with %v, want ErrStale", err)
	}
	if posts := w.egov.sent(); len(posts) != 0 || w.filing(id).State != queue.Submitting {
		t.Errorf("POSTs %v, the filing is %s", posts, w.filing(id).State)
	}
	w.judge()
	w.hook = nil
	w.night()
	if f := w.filing(id); f.HoldKind != queue.HoldPresumed {
		t.Errorf("the filing is %s (%s), want held (presumed)", f.State, f.HoldKind)
	}
}

// TestARowThatCannotBeCommitted: the commit of "sending" fails, so nothing is sent.
func TestARowThatCannotBeCommitted(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.once("package verified", func() {
		w.exec(`CREATE TRIGGER broken BEFORE UPDATE ON attempts WHEN NEW.state = 'sending' BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
	})
	_, err := w.run()
	if err == nil {
		t.Error("the night ends well")
	}
	if posts := w.egov.sent(); len(posts) != 0 || w.filing(id).State != queue.Queued {
		t.Errorf("POSTs %v, the filing is %s", posts, w.filing(id).State)
	}
	w.judge()
	w.exec("DROP TRIGGER broken")
	w.night()
	w.total()
}

// TestNoConnectionNoNumber: while e-Gov cannot be reached no number is opened.
func TestNoConnectionNoNumber(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	ids := []string{w.queued(0, pensionGain), w.queued(1, pensionGain)}
	w.egov.web.Close()
	_, err := w.run()
	if !errors.Is(err, night.ErrHalted) {
		t.Errorf("the night ends with %v, want ErrHalted", err)
	}
	w.untouched(ids...)
	if passed := w.clock.now().Sub(evening); passed == 0 {
		t.Error("it did not wait between its attempts")
	}
}

func TestOneSenderAtATime(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	w.queued(0, pensionGain)
	other := w.sender()
	w.once("attempt prepared", func() {
		_, err := other.Run(w.ctx)
		if !errors.Is(err, night.ErrBusy) {
			t.Errorf("the second sender: %v, want ErrBusy", err)
		}
	})
	w.night()
	w.total()
	_, err := other.Run(w.ctx)
	w.must(err)
}

// TestAStopTakesEffectBetweenAttempts: what is prepared is carried through, so that
// a stop leaves nothing unknown behind.
func TestAStopTakesEffectBetweenAttempts(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	ids := []string{w.queued(0, pensionGain), w.queued(1, pensionGain)}
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	w.once("attempt prepared", stop)
	_, err := w.sender().Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the night ends with %v, want that it was stopped", err)
	}
	if diff := cmp.Diff([]queue.State{queue.Submitting, queue.Queued}, w.states(ids...)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]queue.AttemptState{queue.Acknowledged}, w.attemptStates()); diff != "" {
		t.Error(diff)
	}
	w.judge()
	w.hook = nil
	w.night()
	w.total()
}

// TestASenderCanRunAgain: what one night has suffered does not stop the next one of
// the same process.
func TestASenderCanRunAgain(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	w.queued(0, pensionGain)
	w.always("sending committed", func() { w.clock.advance(time.Minute) })
	s := w.sender()
	_, err := s.Run(w.ctx)
	if !errors.Is(err, night.ErrHalted) {
		t.Fatalf("the night ends with %v, want ErrHalted", err)
	}
	s.Hook = nil
	_, err = s.Run(w.ctx)
	w.must(err)
	w.total()
}

// TestNotBefore: a filing that the office wants later stays in the queue.
func TestNotBefore(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	f := w.approved(0, pensionGain)
	w.must(w.desk.Enqueue(w.ctx, staff, f.ID, evening.Add(20*time.Hour)))
	w.night()
	if s := w.filing(f.ID).State; s != queue.Queued {
		t.Errorf("the filing is %s", s)
	}
	w.nextEvening()
	w.night()
	w.total()
}
