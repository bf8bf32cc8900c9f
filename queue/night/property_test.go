package night_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"todoke/egov/sim/fault"
	"todoke/queue"
	"todoke/queue/desk"
)

// TestAnyHistory lets staff, nights, crashes and an e-Gov that misbehaves follow one
// another in any order. At every moment, and after some quiet nights at the end,
// nothing was accepted twice that nobody had sent again, and nothing is lost.
func TestAnyHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := &history{world: setup(t, nil), t: t}
		steps := rapid.IntRange(4, 14).Draw(t, "steps")
		for range steps {
			h.step()
			h.judge(h.resent...)
			h.accounted()
			if t.Failed() {
				t.FailNow()
			}
		}
		h.quiet()
	})
}

// history is a world in which anything may happen.
type history struct {
	*world
	t      *rapid.T
	resent []string
}

func (h *history) step() {
	acts := map[string]func(){
		"file": h.file, "file more": h.file, "edit": h.edit, "cancel": h.cancel, "send again": h.again, "wait": h.pass,
		"night": h.anyNight, "another night": h.anyNight, "crash": h.crash, "another crash": h.crash, "stop": h.stop,
	}
	names := make([]string, 0, len(acts))
	for name := range acts {
		names = append(names, name)
	}
	slices.Sort(names)
	acts[rapid.SampledFrom(names).Draw(h.t, "act")]()
}

// file makes up to three filings and takes each as far as it may go.
func (h *history) file() {
	for range rapid.IntRange(1, 3).Draw(h.t, "filings") {
		n := rapid.IntRange(0, people-1).Draw(h.t, "person")
		procedure := rapid.SampledFrom(procedures).Draw(h.t, "procedure")
		person := h.person(n)
		f, err := h.desk.Draft(h.ctx, staff, desk.New{
			CompanyID: person.CompanyID, PersonID: person.ID, ProcedureID: procedure, Event: event(procedure),
		})
		var double *queue.DoubleError
		if errors.As(err, &double) {
			continue
		}
		h.must(err)
		far := rapid.SampledFrom([]queue.State{queue.Draft, queue.Approved, queue.Queued, queue.Queued, queue.Queued}).Draw(h.t, "far")
		h.take(f, far)
	}
}

// take brings a draft to approved or queued.
func (h *history) take(f queue.Filing, far queue.State) {
	if far == queue.Draft {
		return
	}
	h.approve(f.ID, f.Revision)
	if far == queue.Queued {
		h.must(h.desk.Enqueue(h.ctx, staff, f.ID, time.Time{}))
	}
}

// some draws a filing in one of the states; false when there is none.
func (h *history) some(states ...queue.State) (queue.Filing, bool) {
	all := slices.DeleteFunc(h.filings(), func(f queue.Filing) bool { return !slices.Contains(states, f.State) })
	if len(all) == 0 {
		return queue.Filing{}, false
	}
	return all[rapid.IntRange(0, len(all)-1).Draw(h.t, "which")], true
}

// allowed fails on any error but that the act is not possible in this state.
func (h *history) allowed(err error) bool {
	if errors.Is(err, queue.ErrNotAllowed) {
		return false
	}
	h.must(err)
	return true
}

func (h *history) edit() {
	f, ok := h.some(queue.Draft, queue.Approved, queue.Queued, queue.Held, queue.Refused)
	if !ok {
		return
	}
	f, err := h.desk.Edit(h.ctx, staff, f.ID, f.Revision, f.Event, "訂正")
	if h.allowed(err) {
		h.take(f, queue.Queued)
	}
}

func (h *history) cancel() {
	f, ok := h.some(queue.Draft, queue.Approved, queue.Queued, queue.Held)
	if ok {
		h.allowed(h.desk.Cancel(h.ctx, staff, f.ID, "届出不要"))
	}
}

func (h *history) again() {
	f, ok := h.some(queue.Held)
	if ok && h.allowed(h.desk.ConfirmResend(h.ctx, boss, f.ID, "e-Govの画面で確認")) {
		h.resent = append(h.resent, f.ID)
	}
}

func (h *history) pass() {
	h.clock.advance(time.Duration(rapid.IntRange(1, 40).Draw(h.t, "hours")) * time.Hour)
}

// misbehave draws what goes wrong at e-Gov until further notice.
func (h *history) misbehave() {
	rule := rapid.Custom(func(t *rapid.T) fault.Rule {
		return fault.Rule{
			Effect: rapid.SampledFrom([]fault.Effect{
				fault.ResetBefore, fault.StatusBefore, fault.Redirect, fault.EmptyNotFound, fault.DropAnswer, fault.StatusAfter,
				fault.HalfBody, fault.WrongJSON, fault.Hide, fault.Refuse,
			}).Draw(t, "effect"),
			Operation: rapid.SampledFrom([]string{"bulk-apply", "bulk-apply", "bulk-apply", "report", "lists", "token"}).Draw(t, "operation"),
			Skip:      rapid.IntRange(0, 2).Draw(t, "skip"),
			Count:     rapid.IntRange(1, 3).Draw(t, "count"),
			Status:    rapid.SampledFrom([]int{500, 503, 401, 403, 429}).Draw(t, "status"),
			Delay:     time.Duration(rapid.IntRange(0, 40).Draw(t, "hidden for")) * time.Hour,
			Queries:   rapid.IntRange(0, 4).Draw(t, "hidden from"),
		}
	})
	rules := rapid.SliceOfN(rule, 0, 4).Draw(h.t, "rules")
	for i, r := range rules {
		if r.Effect == fault.StatusAfter && r.Status == 401 {
			rules[i].Status = 500 // an e-Gov that accepts with a 401 is beyond anybody's rules
		}
	}
	h.egov.Script(rules...)
}

// ended tells of a night what no fault of e-Gov's excuses.
func (h *history) ended(err error) {
	if errors.Is(err, errRunaway) || errors.Is(err, queue.ErrStale) || errors.Is(err, queue.ErrNotAllowed) {
		h.t.Fatal(err)
	}
}

func (h *history) anyNight() {
	h.misbehave()
	_, err := h.run()
	h.ended(err)
}

// stop runs a night that is asked to end at some step.
func (h *history) stop() {
	h.misbehave()
	ctx, stop := context.WithCancel(h.ctx)
	defer stop()
	left := rapid.IntRange(0, 40).Draw(h.t, "steps before the stop")
	h.hook = func(string) {
		if left == 0 {
			stop()
		}
		left--
	}
	defer func() { h.hook = nil }()
	_, err := h.sender().Run(ctx)
	h.egov.settled()
	h.ended(err)
}

// crash runs a night that dies at some step.
func (h *history) crash() {
	h.misbehave()
	left := rapid.IntRange(0, 40).Draw(h.t, "steps before the crash")
	_, err := h.crashWhere(func(n int, _ string) bool { return n == left })
	h.ended(err)
}

// accounted insists that every arrival that e-Gov knows of is one that the office
// knows of, or will still ask about, or has raised the alarm for.
func (h *history) accounted() {
	h.t.Helper()
	states := map[string]queue.AttemptState{}
	for _, f := range h.folders() {
		states[f.Attempt+".zip/"+f.Folder] = f.State
	}
	mine := map[string]queue.Filing{}
	for _, f := range h.filings() {
		mine[f.ArriveID] = f
	}
	over := []queue.AttemptState{queue.Prepared, queue.NotSent, queue.Rejected}
	for _, bulk := range h.egov.Ledger().Bulks {
		for _, f := range bulk.Folders {
			state := states[bulk.FileName+"/"+f.FolderName]
			_, known := mine[f.ArriveID]
			if f.ArriveID == "" || known {
				continue
			}
			if slices.Contains(over, state) || state == queue.Settled && !h.alarmed(bulk.FileName, f.FolderName, f.ArriveID) {
				h.t.Errorf("arrival %s in an attempt that is %s is lost", f.ArriveID, state)
			}
		}
	}
}

// alarmed tells whether the history of the folder's filing names the arrival.
func (h *history) alarmed(fileName, folder, arriveID string) bool {
	for _, f := range h.folders() {
		if f.Attempt+".zip" == fileName && f.Folder == folder {
			return h.notes(f.Filing, arriveID) == 1
		}
	}
	return false
}

// quiet ends the story: e-Gov works, somebody logs in, and three nights pass.
func (h *history) quiet() {
	h.egov.Script()
	h.login()
	for range 3 {
		h.clock.advance(48 * time.Hour)
		h.login()
		_, err := h.run()
		h.must(err)
		h.judge(h.resent...)
	}
	h.accounted()
	for _, f := range h.filings() {
		if f.State == queue.Queued || f.State == queue.Submitting {
			h.t.Errorf("filing %s is still %s: %+v", f.ID, f.State, h.history(f.ID))
		}
		ids := h.accepted()[f.ID]
		if len(ids) > 0 && f.State != queue.Arrived && !slices.Contains(h.resent, f.ID) {
			h.t.Errorf("filing %s is %s, e-Gov accepted it as %v", f.ID, f.State, ids)
		}
	}
}
