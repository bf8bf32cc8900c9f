package desk_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/forms"
	"todoke/queue"
	"todoke/queue/desk"
	"todoke/seal"
)

var worker = queue.Actor{Name: "夜間処理", Night: true}

// sent takes a filing through an attempt that e-Gov has accepted, with a masked copy.
func (w *world) sent(id string, files []forms.FormFile) queue.Attempt {
	w.t.Helper()
	w.must(w.desk.Enqueue(w.ctx, staff, id, time.Time{}))
	a, ok, err := w.desk.Store.Prepare(w.ctx, worker, queue.Claim{AccountID: "a1", Limit: 1})
	w.must(err)
	if !ok {
		w.t.Fatal("nothing is due")
	}
	plain, err := json.Marshal(files)
	w.must(err)
	sealed, err := w.desk.Copies.Seal(plain, queue.CopyContext(a.ID, id))
	w.must(err)
	w.must(w.desk.Store.KeepMaskedCopy(w.ctx, a.ID, id, sealed))
	w.must(w.desk.Store.StartSending(w.ctx, a.ID))
	w.must(w.desk.Store.Acknowledge(w.ctx, worker, a.ID, queue.Sending, "202607010000000001", "", "", "answer", day))
	return a
}

// TestMaskedCopy: members and the company's own key see the copy, others do not.
func TestMaskedCopy(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.approved(w.one)
	_, err := w.desk.MaskedCopy(w.ctx, staff, f.ID)
	if !errors.Is(err, queue.ErrNotFound) {
		t.Errorf("before it was sent: %v, want ErrNotFound", err)
	}
	files := []forms.FormFile{{Name: "kousei.xml", Data: []byte("<DATAROOT/>")}, {Name: "form.xml", Data: []byte("<個人番号>●●●●●●●●●●●●</個人番号>")}}
	a := w.sent(f.ID, files)
	for name, c := range map[string]struct {
		who  desk.Person
		want error
	}{
		"staff": {staff, nil}, "auditor": {auditor, nil},
		"the company's key": {desk.Person{Name: "給与ソフト", Company: w.a.ID}, nil},
		"another's key":     {desk.Person{Name: "給与ソフト", Company: w.b.ID}, queue.ErrNotFound},
	} {
		got, err := w.desk.MaskedCopy(w.ctx, c.who, f.ID)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if diff := cmp.Diff(files, got); c.want == nil && diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	// A copy belongs to its attempt and filing: moved elsewhere it does not open.
	other := w.approved(w.two)
	b := w.sent(other.ID, files)
	w.exec("office.db", `UPDATE attempt_filings SET masked_copy = (SELECT masked_copy FROM attempt_filings WHERE attempt_id = ?)
		WHERE attempt_id = ?`, a.ID, b.ID)
	_, err = w.desk.MaskedCopy(w.ctx, staff, other.ID)
	if !errors.Is(err, seal.ErrUnreadable) {
		t.Errorf("another filing's copy: %v, want ErrUnreadable", err)
	}
}

// TestCheckTellsEverythingAtOnce: the form's findings and those that only the desk
// can know, and no number.
func TestCheckTellsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	good, err := w.desk.Check(w.ctx, w.draft(w.one).ID)
	w.must(err)
	if good.Filled == nil || len(good.Findings) != 0 || good.Person.ID != w.one.ID {
		t.Errorf("Check = %+v", good.Findings)
	}
	w.must(w.desk.Office.DeleteAgencyCertificate(w.ctx, w.a.ID, boss.Name))
	f, err := w.desk.Draft(w.ctx, staff, desk.New{CompanyID: w.a.ID, PersonID: w.three.ID, ProcedureID: pensionLoss, Event: event()})
	w.must(err)
	bad, err := w.desk.Check(w.ctx, f.ID)
	w.must(err)
	var codes []string
	for _, finding := range bad.Findings {
		codes = append(codes, finding.Code)
	}
	if diff := cmp.Diff([]string{"TODOKE-FILING-0001", "TODOKE-FILING-0002"}, codes); diff != "" {
		t.Error(diff)
	}
	for _, rule := range desk.Rules() {
		if !slices.Contains(codes, rule.Code) {
			t.Errorf("the rule %s was not met", rule.Code)
		}
	}
}

// TestResendIsAPersonsDecision: only what e-Gov does not list can be sent again, and
// only with a reason.
func TestResendIsAPersonsDecision(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.approved(w.one)
	err := w.desk.ConfirmResend(w.ctx, boss, f.ID, "届いていない")
	if !errors.Is(err, queue.ErrNotAllowed) {
		t.Errorf("of a filing that was never sent: %v, want ErrNotAllowed", err)
	}
	w.must(w.desk.Enqueue(w.ctx, staff, f.ID, time.Time{}))
	a, _, err := w.desk.Store.Prepare(w.ctx, worker, queue.Claim{AccountID: "a1", Limit: 1})
	w.must(err)
	w.must(w.desk.Store.StartSending(w.ctx, a.ID))
	w.must(w.desk.Store.MarkUnknown(w.ctx, a.ID, "応答なし", day))
	for name, c := range map[string]error{
		"resend": w.desk.ConfirmResend(w.ctx, boss, f.ID, "届いていない"),
		"cancel": w.desk.Cancel(w.ctx, boss, f.ID, "不要"),
	} {
		if !errors.Is(c, queue.ErrNotAllowed) {
			t.Errorf("%s while its outcome is unknown: %v, want ErrNotAllowed", name, c)
		}
	}
	w.must(w.desk.Store.PresumeNotSent(w.ctx, worker, a.ID, "一覧にありません"))
	_, err = w.desk.Edit(w.ctx, staff, f.ID, 1, event(), "訂正")
	if !errors.Is(err, queue.ErrNotAllowed) {
		t.Errorf("an edit of what may have arrived: %v, want ErrNotAllowed", err)
	}
	err = w.desk.ConfirmResend(w.ctx, boss, f.ID, "")
	if !errors.Is(err, queue.ErrReasonMissing) {
		t.Errorf("without a reason: %v, want ErrReasonMissing", err)
	}
	w.must(w.desk.ConfirmResend(w.ctx, boss, f.ID, "e-Govの画面で確認"))
	history, err := w.desk.Store.History(w.ctx, f.ID)
	w.must(err)
	if last := history[len(history)-1]; last.Actor != boss.Name || last.Reason != "e-Govの画面で確認" || last.To != queue.Queued {
		t.Errorf("the history ends with %+v", last)
	}
}
