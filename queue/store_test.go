package queue_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/database/sqlite"
	"todoke/queue"
)

var (
	staff    = queue.Actor{Name: "届出　花子"}
	worker   = queue.Actor{Name: "夜間処理", Night: true}
	midnight = time.Date(2026, 7, 1, 15, 0, 0, 0, time.UTC)
)

// world is one office's queue on a clock that the test moves.
type world struct {
	*queue.Store
	t   *testing.T
	now time.Time
}

func setup(t *testing.T) *world {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "office.db"), queue.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, now: midnight}
	ids := 0
	w.Store = queue.NewStore(db, func() time.Time { return w.now }, func() string { ids++; return fmt.Sprintf("id-%06d", ids) })
	return w
}

// queued makes a filing of person p for a procedure and takes it to queued.
func (w *world) queued(p, procedure string) queue.Filing {
	w.t.Helper()
	ctx := context.Background()
	f, err := w.Create(ctx, staff, queue.NewFiling{CompanyID: "c1", PersonID: p, ProcedureID: procedure, AccountID: "a1",
		Event: map[string]string{"date": "2026-07-01"}, EventDate: "2026-07-01"})
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.Approve(ctx, staff, f.ID, queue.Approval{Revision: 1, Purpose: "資格取得届の提出",
		Grants: []queue.Grant{{Slot: "person", Grant: "g", Ref: "r"}}})
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.Enqueue(ctx, staff, f.ID, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.filing(f.ID)
}

func (w *world) filing(id string) queue.Filing {
	w.t.Helper()
	f, err := w.Filing(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func (w *world) attempt(id string) queue.Attempt {
	w.t.Helper()
	a, err := w.Attempt(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) prepare(same bool) queue.Attempt {
	w.t.Helper()
	a, ok, err := w.Prepare(context.Background(), worker, queue.Claim{AccountID: "a1", Limit: 10, SameProcedure: same})
	if err != nil || !ok {
		w.t.Fatalf("Prepare = %v, %v", ok, err)
	}
	return a
}

func (w *world) sending(a queue.Attempt) queue.Attempt {
	w.t.Helper()
	w.must(w.StartSending(context.Background(), a.ID))
	return w.attempt(a.ID)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) states(ids ...string) []queue.State {
	w.t.Helper()
	var states []queue.State
	for _, id := range ids {
		states = append(states, w.filing(id).State)
	}
	return states
}

func TestPrepareTakesEachProcedureOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.queued("p1", "A")
	w.now = w.now.Add(time.Second)
	second := w.queued("p2", "A")
	other := w.queued("p1", "B")

	a := w.prepare(false)
	got := map[string]string{}
	for _, f := range a.Filings {
		got[f.FilingID] = f.Folder
	}
	if diff := cmp.Diff(map[string]string{first.ID: "A", other.ID: "B"}, got); diff != "" {
		t.Error(diff)
	}
	if w.filing(second.ID).State != queue.Queued {
		t.Errorf("the second of procedure A is %s, want queued", w.filing(second.ID).State)
	}
	b := w.prepare(false)
	if len(b.Filings) != 1 || b.Filings[0].FilingID != second.ID {
		t.Errorf("second attempt = %+v, want only %s", b.Filings, second.ID)
	}
	_, ok, err := w.Prepare(context.Background(), worker, queue.Claim{AccountID: "a1", Limit: 10})
	if ok || err != nil {
		t.Errorf("third Prepare = %v, %v; want nothing", ok, err)
	}
}

func TestPrepareWithSameProcedureNumbersFolders(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.queued("p1", "A")
	w.queued("p2", "A")
	a := w.prepare(true)
	if len(a.Filings) != 2 || a.Filings[0].Folder != "A(1)" || a.Filings[1].Folder != "A(2)" {
		t.Errorf("filings = %+v", a.Filings)
	}
}

func TestArrivalAndRefusalSettleFolderByFolder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	f1, f2 := w.queued("p1", "A"), w.queued("p1", "B")
	a := w.sending(w.prepare(false))
	w.must(w.Acknowledge(ctx, worker, a.ID, queue.Sending, "202607020000000001", "2026-07-02 00:00:00", "202", "answer", w.now))
	w.must(w.SettleFolder(ctx, worker, a.ID, queue.FolderResult{Folder: "A", ArriveID: "4952026000000001", ArriveDate: "2026-07-02 00:01:00"}))
	if got := w.attempt(a.ID).State; got != queue.Acknowledged {
		t.Errorf("attempt with an open folder is %s", got)
	}
	w.must(w.SettleFolder(ctx, worker, a.ID, queue.FolderResult{Folder: "B", Findings: queue.Findings{{Item: "氏名", Content: "指定不可能な文字列"}}}))
	if got := w.attempt(a.ID).State; got != queue.Settled {
		t.Errorf("attempt with no open folder is %s", got)
	}
	arrived, refused := w.filing(f1.ID), w.filing(f2.ID)
	if arrived.State != queue.Arrived || arrived.ArriveID != "4952026000000001" || arrived.SendNumber != "202607020000000001" {
		t.Errorf("arrived = %+v", arrived)
	}
	if refused.State != queue.Refused || len(refused.Findings) != 1 || refused.Findings[0].Item != "氏名" {
		t.Errorf("refused = %+v", refused)
	}
	err := w.SettleFolder(ctx, worker, a.ID, queue.FolderResult{Folder: "A", ArriveID: "4952026000000009"})
	if !errors.Is(err, queue.ErrStale) {
		t.Errorf("second result for a folder: %v, want ErrStale", err)
	}
}

func TestNotSentQueuesAgainWithBackOff(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	f := w.queued("p1", "A")
	for i, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		a := w.sending(w.prepare(false))
		w.must(w.EndNotSent(ctx, worker, a.ID, queue.Sending, "接続できません"))
		got := w.filing(f.ID)
		if got.State != queue.Queued || !got.RetryAt.Time().Equal(w.now.Add(want)) || got.Failures != i+1 {
			t.Fatalf("after failure %d: %s, retry at %v, failures %d", i+1, got.State, got.RetryAt.Time(), got.Failures)
		}
		_, ok, err := w.Prepare(ctx, worker, queue.Claim{AccountID: "a1", Limit: 1})
		if ok || err != nil {
			t.Fatalf("claimed during the back-off: %v, %v", ok, err)
		}
		w.now = w.now.Add(want)
	}
}

func TestRejectedBulkRefusesTheNamedAndSendsTheOthersAnew(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	named, innocent := w.queued("p1", "A"), w.queued("p1", "B")
	a := w.sending(w.prepare(false))
	w.must(w.Reject(ctx, worker, a.ID, "400", map[string]queue.Findings{named.ID: {{Content: "構成管理XMLを開けません"}}}, false))
	if diff := cmp.Diff([]queue.State{queue.Refused, queue.Queued}, w.states(named.ID, innocent.ID)); diff != "" {
		t.Error(diff)
	}
	if w.filing(innocent.ID).RetryAt != 0 {
		t.Error("the innocent filing has to wait")
	}
}

func TestRecoverKnowsWhatItCannotKnow(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	f1, f2 := w.queued("p1", "A"), w.queued("p2", "A")
	sent := w.sending(w.prepare(false))
	prepared := w.prepare(false)

	found, err := w.Recover(ctx, worker, "a1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(queue.Recovered{NotSent: []string{prepared.ID}, Unknown: []string{sent.ID}}, found); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]queue.State{queue.Submitting, queue.Queued}, w.states(f1.ID, f2.ID)); diff != "" {
		t.Error(diff)
	}
	again, err := w.Recover(ctx, worker, "a1")
	if err != nil || len(again.NotSent)+len(again.Unknown) != 0 {
		t.Errorf("second Recover = %+v, %v", again, err)
	}
	for name, err := range map[string]error{
		"sending again": w.StartSending(ctx, sent.ID),
		"not sent":      w.EndNotSent(ctx, worker, sent.ID, queue.Unknown, "x"),
		"stale":         w.EndNotSent(ctx, worker, sent.ID, queue.Sending, "x"),
	} {
		if err == nil {
			t.Errorf("an unknown attempt could be ended: %s", name)
		}
	}
}

func TestUnknownIsSettledOnlyByAsking(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	f := w.queued("p1", "A")
	a := w.sending(w.prepare(false))
	w.must(w.MarkUnknown(ctx, a.ID, "応答がありません", w.now.Add(time.Minute)))
	w.must(w.Asked(ctx, a.ID, w.now.Add(5*time.Minute)))
	w.must(w.PresumeNotSent(ctx, worker, a.ID, "照会しても一覧にありません"))
	held := w.filing(f.ID)
	if held.State != queue.Held || held.HoldKind != queue.HoldPresumed {
		t.Fatalf("filing = %s %s, want held presumed", held.State, held.HoldKind)
	}
	_, err := w.Edit(ctx, staff, f.ID, 1, nil, "2026-07-02", "直す")
	if !errors.Is(err, queue.ErrNotAllowed) {
		t.Errorf("a filing that may have arrived could be edited: %v", err)
	}
	err = w.ConfirmResend(ctx, staff, f.ID, "")
	if !errors.Is(err, queue.ErrReasonMissing) {
		t.Errorf("resend without a reason: %v", err)
	}
	w.must(w.ConfirmResend(ctx, staff, f.ID, "e-Gov窓口に確認した"))
	_, ok, err := w.Prepare(ctx, worker, queue.Claim{AccountID: "a1", Limit: 1})
	if ok || err != nil {
		t.Fatalf("claimed before e-Gov was asked once more: %v, %v", ok, err)
	}
	w.must(w.Cleared(ctx, "a1", w.now.Add(-time.Second)))
	waiting, err := w.LookFirst(ctx, "a1")
	if err != nil || !waiting {
		t.Fatalf("a listing from before the decision cleared it: %v, %v", waiting, err)
	}
	w.must(w.Cleared(ctx, "a1", w.now))
	b := w.prepare(false)
	if b.ID == a.ID || w.filing(f.ID).State != queue.Submitting {
		t.Errorf("resend is attempt %s, filing %s", b.ID, w.filing(f.ID).State)
	}
}

// TestABulkThatTurnsUpLateIsTakenBack lets people do what they can with a held
// filing before its bulk turns up in e-Gov's listing.
func TestABulkThatTurnsUpLateIsTakenBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, act := range map[string]func(w *world, id string) error{
		"nothing":   func(*world, string) error { return nil },
		"resend":    func(w *world, id string) error { return w.ConfirmResend(ctx, staff, id, "届いていない") },
		"cancelled": func(w *world, id string) error { return w.Cancel(ctx, staff, id, "不要") },
		"edited": func(w *world, id string) error {
			err := w.ConfirmResend(ctx, staff, id, "届いていない")
			if err != nil {
				return err
			}
			_, err = w.Edit(ctx, staff, id, 1, nil, "2026-07-02", "訂正")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			f := w.queued("p1", "A")
			a := w.sending(w.prepare(false))
			w.must(w.MarkUsed(ctx, a.ID, f.ID))
			w.must(w.MarkUnknown(ctx, a.ID, "応答がありません", w.now))
			w.must(w.PresumeNotSent(ctx, worker, a.ID, "一覧にありません"))
			w.must(w.ResultLogged(ctx, a.ID, f.ID))
			w.must(act(w, f.ID))
			w.must(w.Acknowledge(ctx, worker, a.ID, queue.NotSentPresumed, "202607020000000001", "", "", "listing", w.now))
			if got := w.filing(f.ID).State; got != queue.Submitting {
				t.Fatalf("taken back as %s, want submitting", got)
			}
			for what, err := range map[string]error{
				"cancel": w.Cancel(ctx, staff, f.ID, "x"), "resend": w.ConfirmResend(ctx, staff, f.ID, "x"),
			} {
				if !errors.Is(err, queue.ErrNotAllowed) {
					t.Errorf("%s of a filing that e-Gov has: %v", what, err)
				}
			}
			_, ok, err := w.Prepare(ctx, worker, queue.Claim{AccountID: "a1", Limit: 9})
			if ok || err != nil {
				t.Errorf("Prepare = %v, %v; want nothing to send", ok, err)
			}
			w.must(w.SettleFolder(ctx, worker, a.ID, queue.FolderResult{Folder: "A", ArriveID: "4952026000000001"}))
			got := w.filing(f.ID)
			if got.State != queue.Arrived || got.ArriveID != "4952026000000001" {
				t.Errorf("filing = %+v", got)
			}
			owed, err := w.OwedResults(ctx, "a1")
			if err != nil || len(owed) != 1 {
				t.Errorf("the log is owed the true result: %v, %v", owed, err)
			}
		})
	}
}

// TestALateBulkWhoseFilingWentAgain settles with nothing left in it.
func TestALateBulkWhoseFilingWentAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	f := w.queued("p1", "A")
	a := w.sending(w.prepare(false))
	w.must(w.MarkUnknown(ctx, a.ID, "応答がありません", w.now))
	w.must(w.PresumeNotSent(ctx, worker, a.ID, "一覧にありません"))
	w.must(w.ConfirmResend(ctx, staff, f.ID, "届いていない"))
	w.must(w.Cleared(ctx, "a1", w.now))
	b := w.sending(w.prepare(false))
	w.must(w.Acknowledge(ctx, worker, a.ID, queue.NotSentPresumed, "202607020000000001", "", "", "listing", w.now))
	w.must(w.CloseIfDone(ctx, a.ID))
	if w.attempt(a.ID).State != queue.Settled || w.attempt(b.ID).State != queue.Sending || w.filing(f.ID).State != queue.Submitting {
		t.Errorf("attempts %s and %s, filing %s", w.attempt(a.ID).State, w.attempt(b.ID).State, w.filing(f.ID).State)
	}
}

func TestDoublesAreRefusedUnlessMeant(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	f := w.queued("p1", "A")
	again := queue.NewFiling{CompanyID: "c1", PersonID: "p1", ProcedureID: "A", AccountID: "a1", EventDate: "2026-07-01"}
	_, err := w.Create(ctx, staff, again)
	var double *queue.DoubleError
	if !errors.As(err, &double) || double.Existing != f.ID {
		t.Fatalf("double: %v", err)
	}
	again.OverrideReason = "前回分は取り下げる"
	_, err = w.Create(ctx, staff, again)
	if err != nil {
		t.Errorf("override: %v", err)
	}
	again.OverrideReason, again.EventDate = "", "2026-07-02"
	g, err := w.Create(ctx, staff, again)
	if err != nil {
		t.Fatalf("other date: %v", err)
	}
	_, err = w.Edit(ctx, staff, g.ID, 1, nil, "2026-07-01", "")
	if !errors.As(err, &double) {
		t.Errorf("edit into a double: %v", err)
	}
	w.must(w.Cancel(ctx, staff, f.ID, "誤り"))
	_, err = w.Edit(ctx, staff, g.ID, 1, nil, "2026-07-01", "")
	if err != nil {
		t.Errorf("after the cancellation: %v", err)
	}
}

func TestEditReturnsToDraftAndForgetsTheApproval(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	f := w.queued("p1", "A")
	got, err := w.Edit(ctx, staff, f.ID, 1, map[string]string{"date": "2026-07-03"}, "2026-07-03", "日付の訂正")
	if err != nil {
		t.Fatal(err)
	}
	if got.State != queue.Draft || got.Revision != 2 || got.Purpose != "" || got.Approver != "" || len(got.Facts) != 0 {
		t.Errorf("edited = %+v", got)
	}
	_, err = w.Edit(ctx, staff, f.ID, 1, nil, "", "")
	if !errors.Is(err, queue.ErrStale) {
		t.Errorf("edit of an old revision: %v, want ErrStale", err)
	}
	err = w.Approve(ctx, staff, f.ID, queue.Approval{Revision: 1, Purpose: "x"})
	if !errors.Is(err, queue.ErrStale) {
		t.Errorf("approval of an old revision: %v, want ErrStale", err)
	}
	grants, err := w.Grants(ctx, f.ID, 2)
	if err != nil || len(grants) != 0 {
		t.Errorf("grants of the new revision = %v, %v", grants, err)
	}
}

func TestResultsAreOwedUntilLogged(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	f := w.queued("p1", "A")
	a := w.prepare(false)
	w.must(w.MarkUsed(ctx, a.ID, f.ID))
	owed, err := w.OwedResults(ctx, "a1")
	if err != nil || len(owed) != 0 {
		t.Fatalf("owed before the outcome = %v, %v", owed, err)
	}
	_, err = w.Recover(ctx, worker, "a1")
	w.must(err)
	owed, err = w.OwedResults(ctx, "a1")
	if err != nil || len(owed) != 1 || owed[0].FilingID != f.ID || owed[0].AttemptState != queue.NotSent {
		t.Fatalf("owed = %+v, %v", owed, err)
	}
	w.must(w.ResultLogged(ctx, a.ID, f.ID))
	owed, err = w.OwedResults(ctx, "a1")
	if err != nil || len(owed) != 0 {
		t.Errorf("owed after logging = %v, %v", owed, err)
	}
}

func TestDropHoldsAndEndsAnEmptyAttempt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	f := w.queued("p1", "A")
	a := w.prepare(false)
	w.must(w.Drop(ctx, worker, a.ID, f.ID, queue.HoldGrant, "承認の期限が切れています"))
	got := w.filing(f.ID)
	if got.State != queue.Held || got.HoldKind != queue.HoldGrant || w.attempt(a.ID).State != queue.NotSent {
		t.Errorf("filing %s %s, attempt %s", got.State, got.HoldKind, w.attempt(a.ID).State)
	}
	edited, err := w.Edit(ctx, staff, f.ID, 1, nil, "2026-07-01", "承認し直す")
	if err != nil || edited.State != queue.Draft {
		t.Errorf("Edit = %s, %v", edited.State, err)
	}
}

func TestHistoryTellsWhoWhenAndWhy(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.queued("p1", "A")
	w.must(w.Cancel(context.Background(), staff, f.ID, "入社辞退"))
	history, err := w.History(context.Background(), f.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range history {
		got = append(got, fmt.Sprintf("%s→%s %s %s", c.From, c.To, c.Actor, c.Reason))
	}
	want := []string{"→draft 届出　花子 ", "draft→approved 届出　花子 資格取得届の提出", "approved→queued 届出　花子 ", "queued→cancelled 届出　花子 入社辞退"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
