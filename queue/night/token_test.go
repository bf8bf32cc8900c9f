package night_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	egovaccount "todoke/egov/account"
	"todoke/egov/sim/fault"
	"todoke/queue"
	"todoke/queue/night"
	"todoke/usage"
)

// uses counts the reveals on the usage log, of one filing or of all.
func (w *world) uses(filing string) int {
	w.t.Helper()
	n := 0
	for _, e := range w.entries() {
		if e.Action == usage.ActionUse && (filing == "" || e.Filing == filing) {
			n++
		}
	}
	return n
}

// untouched insists that a night which failed has sent nothing, opened no number
// and left everything in the queue.
func (w *world) untouched(ids ...string) {
	w.t.Helper()
	w.judge()
	for _, id := range ids {
		if s := w.filing(id).State; s != queue.Queued {
			w.t.Errorf("filing %s is %s, want queued", id, s)
		}
	}
	if posts, uses := len(w.egov.sent()), w.uses(""); posts != 0 || uses != 0 {
		w.t.Errorf("%d POSTs and %d uses of numbers, want none", posts, uses)
	}
}

// TestTokenFaults lets the token end before the night and the refresh go wrong.
func TestTokenFaults(t *testing.T) {
	t.Parallel()
	const (
		inOneNight = iota
		inTheNext
		afterLogin // the new tokens were issued and lost: a person has to log in
	)
	for name, c := range map[string]struct {
		rule fault.Rule
		ends int
	}{
		"nothing":       {fault.Rule{Effect: fault.Slow, Operation: "token", Count: 1}, inOneNight},
		"reset before":  {on("token", fault.ResetBefore), inOneNight},
		"reset twice":   {times(2, on("token", fault.ResetBefore)), inTheNext},
		"redirect":      {on("token", fault.Redirect), inTheNext},
		"empty 404":     {on("token", fault.EmptyNotFound), inTheNext},
		"401":           {status("token", fault.StatusBefore, 401), inTheNext},
		"429":           {status("token", fault.StatusBefore, 429), inTheNext},
		"500":           {status("token", fault.StatusBefore, 500), inTheNext},
		"503":           {status("token", fault.StatusBefore, 503), inTheNext},
		"drop answer":   {on("token", fault.DropAnswer), afterLogin},
		"half body":     {on("token", fault.HalfBody), afterLogin},
		"wrong JSON":    {on("token", fault.WrongJSON), afterLogin},
		"500 afterward": {on("token", fault.StatusAfter), afterLogin},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			ids := []string{w.queued(0, pensionGain), w.queued(2, employmentGain)}
			w.clock.advance(2 * time.Hour)
			w.egov.Script(c.rule)
			_, err := w.run()
			for nights := 1; err != nil && nights < 3; nights++ {
				if c.ends == inOneNight {
					t.Fatal(err)
				}
				w.untouched(ids...)
				w.clock.advance(24 * time.Hour)
				if errors.Is(err, egovaccount.ErrNeedsLogin) && c.ends == afterLogin {
					w.login()
				}
				_, err = w.run()
			}
			w.must(err)
			if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Arrived}, w.states(ids...)); diff != "" {
				t.Error(diff)
			}
			w.total()
		})
	}
}

// TestATokenOutlivesTheRequest: one that would end in the middle of a submission is
// refreshed before anything is sent.
func TestATokenOutlivesTheRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age       time.Duration
		refreshes int
	}{
		"eleven minutes left": {49 * time.Minute, 0},
		"ten minutes left":    {50 * time.Minute, 1},
		"ended":               {60 * time.Minute, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			w.queued(0, pensionGain)
			w.clock.advance(c.age)
			tokens := w.egov.count(http.MethodPost + " token")
			w.night()
			if got := w.egov.count(http.MethodPost+" token") - tokens; got != c.refreshes || len(w.egov.sent()) != 1 {
				t.Errorf("%d refreshes, want %d; POSTs %v", got, c.refreshes, w.egov.sent())
			}
			w.total()
		})
	}
}

func TestUnauthorizedTwiceIsForAPerson(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	ids := []string{w.queued(0, pensionGain), w.queued(1, pensionGain)}
	w.egov.Script(times(2, status("bulk-apply", fault.StatusBefore, 401)))
	_, err := w.run()
	if !errors.Is(err, night.ErrHalted) {
		t.Fatalf("the night ends with %v, want ErrHalted", err)
	}
	login, err := w.accounts.Login(w.ctx, account)
	w.must(err)
	if !login.NeedsLogin || login.Reason == "" {
		t.Errorf("login = %+v, want one that a person has to renew", login)
	}
	w.judge()
	posts := len(w.egov.sent())
	if diff := cmp.Diff([]queue.State{queue.Queued, queue.Queued}, w.states(ids...)); diff != "" || posts != 2 {
		t.Errorf("%d POSTs, want 2: %s", posts, diff)
	}
	// Until then no night tries again.
	_, err = w.run()
	if !errors.Is(err, egovaccount.ErrNeedsLogin) || len(w.egov.sent()) != posts {
		t.Errorf("the next night: %v, POSTs %v", err, w.egov.sent())
	}
	w.login()
	w.night()
	w.total()
	if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Arrived}, w.states(ids...)); diff != "" {
		t.Error(diff)
	}
}

// TestUnauthorizedOnceInAWhile is renewed each time: only two in a row are too many.
func TestUnauthorizedOnceInAWhile(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	for n := range 3 {
		w.queued(n, pensionGain)
	}
	first, third := status("bulk-apply", fault.StatusBefore, 401), status("bulk-apply", fault.StatusBefore, 401)
	third.Skip = 1
	w.egov.Script(first, third)
	w.night()
	w.total()
}

func TestNeedsLoginRevealsNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	ids := []string{w.queued(0, pensionGain), w.queued(1, pensionGain)}
	w.must(w.accounts.Forget(w.ctx, account))
	_, err := w.run()
	if !errors.Is(err, egovaccount.ErrNeedsLogin) {
		t.Errorf("the night ends with %v, want ErrNeedsLogin", err)
	}
	w.untouched(ids...)
	if rows := w.folders(); len(rows) != 0 {
		t.Errorf("an attempt was prepared: %+v", rows)
	}
}

// TestNeedsLoginWhileAsking: what is open stays open until somebody logs in.
func TestNeedsLoginWhileAsking(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.egov.Script(on("bulk-apply", fault.DropAnswer))
	w.hook = func(step string) {
		if step == "answer recorded" {
			w.must(w.accounts.Forget(w.ctx, account))
		}
	}
	_, err := w.run()
	if !errors.Is(err, egovaccount.ErrNeedsLogin) || w.filing(id).State != queue.Submitting {
		t.Errorf("the night ends with %v, the filing is %s", err, w.filing(id).State)
	}
	w.judge()
	w.hook = nil
	w.login()
	w.night()
	w.total()
}
