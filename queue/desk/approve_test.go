package desk_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/forms"
	"todoke/queue"
	"todoke/queue/desk"
	"todoke/usage"
	"todoke/vault"
)

// TestApproval follows one approval: it is on the log, the grant is bound to the
// filing and its revision, and the master data are those that were seen.
func TestApproval(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.approved(w.one)
	if f.State != queue.Approved || f.Purpose != "資格喪失届の提出" || f.Approver != boss.Name || f.Facts["person.name"] != w.one.Name ||
		f.Subject != w.one.Subject || f.Destination == "" {
		t.Errorf("filing = %+v", f)
	}
	grants, err := w.desk.Store.Grants(w.ctx, f.ID, 1)
	w.must(err)
	if len(grants) == 0 {
		t.Fatal("no grant for a form that needs a number")
	}
	ref, err := w.desk.Vault.RefFor(w.ctx, w.a.ID, w.one.Subject)
	w.must(err)
	for _, g := range grants {
		grant, err := w.desk.Vault.Grant(w.ctx, g.Grant)
		w.must(err)
		if g.Ref != ref || grant.Filing != f.ID || grant.Revision != 1 || grant.Company != w.a.ID || grant.Approver != boss.Name ||
			!grant.Expires.Equal(day.Add(time.Hour)) || !grant.Revoked.IsZero() {
			t.Errorf("slot %s: grant = %+v", g.Slot, grant)
		}
	}
	var last usage.Entry
	for record, err := range w.desk.Usage.List(w.ctx, usage.Query{Log: w.a.ID, Filing: f.ID}) {
		w.must(err)
		last = record.Entry
	}
	want := usage.Entry{
		Time: day, Company: w.a.ID, Actor: boss.Name, Role: "事務取扱責任者", Screen: boss.Screen, Action: usage.ActionApprove,
		Purpose: "資格喪失届の提出", Subject: w.one.Subject, Filing: f.ID, Result: "実行", Source: boss.Source,
	}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("log entry (-want +got):\n%s", diff)
	}
}

func TestApprovalIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before   func(w *world, id string)
		person   string // of company A; empty means 0001
		revision int
		purpose  string
		want     error
		codes    []string // of the findings, when that is what stops it
	}{
		"no purpose":      {purpose: "", want: desk.ErrNoPurpose},
		"blank purpose":   {purpose: " 　\t", want: desk.ErrNoPurpose},
		"an old revision": {revision: 2, purpose: "提出", want: queue.ErrStale},
		"a number in the purpose": {
			purpose: "番号" + number(0) + "の提出", want: desk.ErrNumberInText,
		},
		"approved already": {
			before:  func(w *world, id string) { w.must(w.desk.Approve(w.ctx, boss, id, 1, "提出")) },
			purpose: "提出", want: queue.ErrNotAllowed,
		},
		"cancelled": {
			before:  func(w *world, id string) { w.must(w.desk.Cancel(w.ctx, staff, id, "不要")) },
			purpose: "提出", want: queue.ErrNotAllowed,
		},
		"no number": {person: "0003", purpose: "提出", codes: []string{"TODOKE-FILING-0002"}},
		"no agency certificate": {
			before:  func(w *world, _ string) { w.must(w.desk.Office.DeleteAgencyCertificate(w.ctx, w.a.ID, boss.Name)) },
			purpose: "提出", codes: []string{"TODOKE-FILING-0001"},
		},
		"everything at once": {
			before: func(w *world, id string) {
				w.must(w.desk.Office.DeleteAgencyCertificate(w.ctx, w.a.ID, boss.Name))
				w.exec("office.db", `UPDATE filings SET event = '{"loss_cause":"4","nonsense":"1"}' WHERE id = ?`, id)
			},
			person: "0003", purpose: "提出", codes: []string{"form", "TODOKE-FILING-0001"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			person := w.one
			if c.person != "" {
				person = w.three
			}
			f := w.draft(person)
			if c.before != nil {
				c.before(w, f.ID)
			}
			before := w.filing(f.ID)
			err := w.desk.Approve(w.ctx, boss, f.ID, max(c.revision, 1), c.purpose)
			var invalid *desk.InvalidError
			switch {
			case c.want != nil && !errors.Is(err, c.want):
				t.Errorf("Approve = %v, want %v", err, c.want)
			case c.codes != nil && !errors.As(err, &invalid):
				t.Errorf("Approve = %v, want findings", err)
			}
			w.silent(err, number(0))
			if invalid != nil {
				for _, code := range c.codes {
					if !has(invalid.Findings, code) {
						t.Errorf("no finding %s in %+v", code, invalid.Findings)
					}
				}
			}
			if diff := cmp.Diff(before, w.filing(f.ID)); diff != "" {
				t.Errorf("the filing changed:\n%s", diff)
			}
		})
	}
}

// has looks for a code; "form" stands for any finding of the form itself.
func has(findings []forms.Finding, code string) bool {
	for _, f := range findings {
		if f.Code == code || code == "form" && len(f.Code) > 12 && f.Code[:12] == "TODOKE-FORM-" {
			return f.Message != "" && f.Remedy != ""
		}
	}
	return false
}

// TestNoApprovalWithoutItsEntry: when the log cannot be written nothing is approved
// and no grant exists.
func TestNoApprovalWithoutItsEntry(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.draft(w.one)
	w.exec("usage.db", "CREATE TRIGGER broken BEFORE INSERT ON usage_entries BEGIN SELECT RAISE(ABORT, 'disk full'); END")
	err := w.desk.Approve(w.ctx, boss, f.ID, 1, "提出")
	if !errors.Is(err, vault.ErrNotRecorded) {
		t.Errorf("Approve = %v, want ErrNotRecorded", err)
	}
	_, err = w.desk.Vault.GrantFor(w.ctx, f.ID, 1)
	if !errors.Is(err, vault.ErrUnknownGrant) || w.filing(f.ID).State != queue.Draft {
		t.Errorf("grant %v, the filing is %s", err, w.filing(f.ID).State)
	}
}

// TestAGrantWithoutItsApprovalIsWithdrawn: the queue could not store the approval
// that the vault has issued a grant for.
func TestAGrantWithoutItsApprovalIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.draft(w.one)
	w.exec("office.db", "CREATE TRIGGER broken BEFORE UPDATE ON filings BEGIN SELECT RAISE(ABORT, 'disk full'); END")
	err := w.desk.Approve(w.ctx, boss, f.ID, 1, "提出")
	if err == nil {
		t.Fatal("approved")
	}
	w.revoked(f.ID)
}

func (w *world) revoked(filing string) {
	w.t.Helper()
	grant, err := w.desk.Vault.GrantFor(w.ctx, filing, 1)
	w.must(err)
	if grant.Revoked.IsZero() {
		w.t.Errorf("the grant still holds: %+v", grant)
	}
}

// TestEditAndCancelVoidTheGrants is what keeps a withdrawn approval from opening
// anything.
func TestEditAndCancelVoidTheGrants(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(w *world, f queue.Filing) error{
		"edit": func(w *world, f queue.Filing) error {
			_, err := w.desk.Edit(w.ctx, staff, f.ID, f.Revision, event(), "訂正")
			return err
		},
		"cancel": func(w *world, f queue.Filing) error { return w.desk.Cancel(w.ctx, staff, f.ID, "不要") },
	} {
		for _, queued := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := setup(t)
				f := w.approved(w.one)
				if queued {
					w.must(w.desk.Enqueue(w.ctx, staff, f.ID, time.Time{}))
				}
				w.must(act(w, f))
				w.revoked(f.ID)
				got := w.filing(f.ID)
				if got.State != queue.Draft && got.State != queue.Cancelled {
					t.Errorf("the filing is %s", got.State)
				}
			})
		}
	}
}

// TestDoubles: the office's own doubles are refused unless somebody says why.
func TestDoubles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.draft(w.one)
	again := desk.New{CompanyID: w.a.ID, PersonID: w.one.ID, ProcedureID: pensionLoss, Event: event()}
	var double *queue.DoubleError
	_, err := w.desk.Draft(w.ctx, staff, again)
	if !errors.As(err, &double) || double.Existing != first.ID {
		t.Fatalf("Draft = %v, want a double of %s", err, first.ID)
	}
	// Another event of the same person is none, and an edit cannot make it one.
	other := again
	other.Event = event()
	other.Event["retirement_date"] = "2026-05-31"
	second, err := w.desk.Draft(w.ctx, staff, other)
	w.must(err)
	_, err = w.desk.Edit(w.ctx, staff, second.ID, 1, event(), "訂正")
	if !errors.As(err, &double) {
		t.Errorf("Edit = %v, want a double", err)
	}
	again.OverrideReason = "同日に二度目の資格喪失"
	third, err := w.desk.Draft(w.ctx, staff, again)
	w.must(err)
	if third.OverrideReason != again.OverrideReason {
		t.Errorf("the reason is %q", third.OverrideReason)
	}
	again.OverrideReason = ""
	w.must(w.desk.Cancel(w.ctx, staff, first.ID, "不要"))
	_, err = w.desk.Draft(w.ctx, staff, again)
	if err != nil {
		t.Errorf("after the first was withdrawn: %v", err)
	}
}

// TestUnknownThings: what does not exist, or belongs to somebody else, is not found.
func TestUnknownThings(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, c := range map[string]struct {
		n    desk.New
		want error
	}{
		"procedure": {desk.New{CompanyID: w.a.ID, PersonID: w.one.ID, ProcedureID: "4950000000000000"}, desk.ErrUnknownProcedure},
		"person of another company": {
			desk.New{CompanyID: w.b.ID, PersonID: w.one.ID, ProcedureID: pensionLoss}, errNotFound,
		},
		"person": {desk.New{CompanyID: w.a.ID, PersonID: "nobody", ProcedureID: pensionLoss}, errNotFound},
	} {
		_, err := w.desk.Draft(context.Background(), staff, c.n)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for name, err := range map[string]error{
		"approve": w.desk.Approve(w.ctx, boss, "none", 1, "提出"),
		"enqueue": w.desk.Enqueue(w.ctx, boss, "none", time.Time{}),
		"cancel":  w.desk.Cancel(w.ctx, boss, "none", "不要"),
		"resend":  w.desk.ConfirmResend(w.ctx, boss, "none", "届いていない"),
	} {
		if !errors.Is(err, queue.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
}
