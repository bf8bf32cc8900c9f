package night_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/queue"
	"todoke/usage"
	"todoke/vault"
)

// otherNumber is another synthetic number for the n-th person.
func (w *world) otherNumber(n int) {
	w.t.Helper()
	digits, err := vault.ParseNumber([]byte(number(100 + n)))
	w.must(err)
	w.must(w.desk.PutNumber(w.ctx, staff, w.person(n).ID, digits))
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	_, err := w.db.Write.ExecContext(w.ctx, query, args...)
	w.must(err)
}

// TestGrantsThatDoNotOpen: the filing concerned is held and its number stays closed;
// the others of the same bulk, and of the same company, go on.
func TestGrantsThatDoNotOpen(t *testing.T) {
	t.Parallel()
	const culprit = 0
	for name, c := range map[string]struct {
		after  func(w *world, id string) // what happens between approval and night
		reason error                     // as the history tells it
		again  func(w *world)            // what must be done before it is approved anew
	}{
		"expired": {
			after:  func(w *world, _ string) { w.clock.advance(7 * 24 * time.Hour) },
			reason: vault.ErrGrantExpired,
		},
		"revoked": {
			after:  func(w *world, id string) { w.must(w.vault.RevokeFiling(w.ctx, id, vaultWho)) },
			reason: vault.ErrGrantRevoked,
		},
		"number replaced": {
			after:  func(w *world, _ string) { w.otherNumber(culprit) },
			reason: vault.ErrUnknownReference,
		},
		"number destroyed": {
			after: func(w *world, _ string) {
				w.must(w.desk.DestroyNumber(w.ctx, boss, w.person(culprit).ID, "退職後の保存期間の満了"))
			},
			reason: vault.ErrUnknownReference,
			again:  func(w *world) { w.otherNumber(culprit) },
		},
		"edited behind the program's back": {
			after: func(w *world, id string) {
				w.exec("UPDATE filings SET revision = 2 WHERE id = ?", id)
				w.exec("UPDATE filing_grants SET revision = 2 WHERE filing_id = ?", id)
			},
			reason: vault.ErrOtherRevision,
		},
		"another person's reference": {
			after: func(w *world, id string) {
				p := w.person(culprit + 2)
				ref, err := w.vault.RefFor(w.ctx, p.CompanyID, p.Subject)
				w.must(err)
				w.exec("UPDATE filing_grants SET ref = ? WHERE filing_id = ?", ref, id)
			},
			reason: vault.ErrOtherReference,
		},
		"a grant that was never issued": {
			after: func(w *world, id string) {
				w.exec("UPDATE filing_grants SET grant_id = 'grant_0' WHERE filing_id = ?", id)
			},
			reason: vault.ErrUnknownGrant,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			id := w.queued(culprit, pensionGain)
			c.after(w, id)
			others := []string{w.queued(2, employmentGain), w.queued(1, pensionGain)}
			w.night()
			f := w.filing(id)
			if f.State != queue.Held || f.HoldKind != queue.HoldGrant {
				t.Errorf("the filing is %s (%s), want held (grant)", f.State, f.HoldKind)
			}
			history := w.history(id)
			if got := history[len(history)-1].Reason; got != c.reason.Error() {
				t.Errorf("the reason is %q, want %q", got, c.reason)
			}
			if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Arrived}, w.states(others...)); diff != "" {
				t.Error(diff)
			}
			w.closed(id)
			w.total()

			if c.again != nil {
				c.again(w)
			}
			w.approveAgain(id)
			w.nextEvening()
			w.night()
			if got := w.filing(id).State; got != queue.Arrived {
				t.Errorf("approved anew, the filing is %s: %+v", got, w.history(id))
			}
			w.total()
		})
	}
}

// closed insists that the filing's number was not opened, that the refusal is on the
// log, and that no submission had the filing in it.
func (w *world) closed(id string) {
	w.t.Helper()
	refused := 0
	for _, e := range w.entries() {
		if e.Filing == id && e.Action == usage.ActionRefuse {
			refused++
		}
	}
	if uses := w.uses(id); uses != 0 || refused != 1 {
		w.t.Errorf("%d uses and %d refusals on the log, want 0 and 1", uses, refused)
	}
	for _, f := range w.folders() {
		if f.Filing == id && w.egov.had(f.Attempt+".zip", f.Folder) {
			w.t.Errorf("the filing was sent in attempt %s", f.Attempt)
		}
	}
}

// approveAgain is what a person does with a filing that is held for its grant.
func (w *world) approveAgain(id string) {
	w.t.Helper()
	f := w.filing(id)
	f, err := w.desk.Edit(w.ctx, staff, id, f.Revision, f.Event, "承認し直すため")
	w.must(err)
	w.approve(id, f.Revision)
	w.must(w.desk.Enqueue(w.ctx, staff, id, time.Time{}))
}

// TestEditAfterApprovalLeavesTheQueue: the day's side already keeps an edited filing
// from the night.
func TestEditAfterApprovalLeavesTheQueue(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	changed := event(pensionGain)
	changed["salary_cash"] = "300000"
	_, err := w.desk.Edit(w.ctx, staff, id, 1, changed, "報酬の訂正")
	w.must(err)
	w.night()
	if s := w.filing(id).State; s != queue.Draft || len(w.egov.sent()) != 0 {
		t.Errorf("the filing is %s, POSTs %v", s, w.egov.sent())
	}
	w.approve(id, 2)
	w.must(w.desk.Enqueue(w.ctx, staff, id, time.Time{}))
	w.night()
	w.total()
}

// TestAllHeldSendsNothing: a bulk of which nothing is left is not sent, and the
// night goes on.
func TestAllHeldSendsNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	ids := []string{w.queued(0, pensionGain), w.queued(2, employmentGain)}
	for _, id := range ids {
		w.must(w.vault.RevokeFiling(w.ctx, id, vaultWho))
	}
	last := w.queued(1, pensionGain)
	w.night()
	if diff := cmp.Diff([]queue.State{queue.Held, queue.Held, queue.Arrived}, w.states(append(ids, last)...)); diff != "" {
		t.Error(diff)
	}
	if posts := w.egov.sent(); len(posts) != 1 {
		t.Errorf("POSTs %v, want one", posts)
	}
	w.total()
}

// TestDroppedIsNotDouble: a filing that was held before the send, because its grant
// had been withdrawn, is no second arrival when the rest of the bulk is found.
func TestDroppedIsNotDouble(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	sent, dropped := w.queued(0, pensionGain), w.queued(2, employmentGain)
	w.must(w.vault.RevokeFiling(w.ctx, dropped, vaultWho))
	w.egov.Script(on("bulk-apply", "drop-answer"))
	summary := w.night()
	if len(summary.Alarms) != 0 || w.notes(dropped, "") != 0 {
		t.Errorf("alarms %v, history %+v", summary.Alarms, w.history(dropped))
	}
	if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Held}, w.states(sent, dropped)); diff != "" {
		t.Error(diff)
	}
	w.total()
}

// TestDroppedIsNotTakenBack: such a filing, approved anew and queued, is not drawn
// into the bulk that turns up late either: it was never in it.
func TestDroppedIsNotTakenBack(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	sent, dropped := w.queued(0, pensionGain), w.queued(2, employmentGain)
	w.queued(1, pensionGain)
	w.must(w.vault.RevokeFiling(w.ctx, dropped, vaultWho))
	w.egov.Script(lostHidden(3 * time.Hour)...)
	w.night()
	w.approveAgain(dropped)
	w.nextEvening()
	summary := w.night()
	if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Arrived}, w.states(sent, dropped)); diff != "" {
		t.Errorf("%s%+v", diff, w.history(dropped))
	}
	if strings.Contains(strings.Join(summary.Alarms, ""), dropped) || len(summary.Alarms) != 0 {
		t.Errorf("alarms %v", summary.Alarms)
	}
	w.total()
}
