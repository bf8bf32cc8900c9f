package night

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"todoke/egov"
	"todoke/queue"
	"todoke/signing"
)

// sendNext prepares one attempt and sends it. It returns false when nothing is due.
func (r *run) sendNext(ctx context.Context) (bool, error) {
	if r.failures >= maxFailures {
		return false, fmt.Errorf("e-Govに続けて%d回接続できませんでした: %w", r.failures, ErrHalted)
	}
	due, err := r.Store.NextDue(ctx, r.Account)
	if err != nil || due.IsZero() || due.After(r.Now()) {
		return false, err
	}
	err = r.maySign()
	if err != nil {
		return false, err
	}
	// A token that ends in the middle of a request would make its outcome unknown.
	token, err := r.Tokens.AccessToken(ctx, r.Settings.SendWindow+r.Settings.MaxRequest)
	if err != nil {
		return false, err
	}
	attempt, ok, err := r.Store.Prepare(ctx, worker, queue.Claim{
		AccountID: r.Account, Limit: r.limit, SameProcedure: r.Settings.SameProcedure,
	})
	if err != nil || !ok {
		return false, err
	}
	r.worked = true
	r.step("attempt prepared")
	r.tell(fmt.Sprintf("%d件を送信しています", len(attempt.Filings)))
	// Once prepared, an attempt is carried through: a stop that is asked for takes
	// effect between attempts, so that it leaves nothing unknown behind.
	return true, r.send(context.WithoutCancel(ctx), attempt, token)
}

// maySign refuses to send with a certificate that e-Gov would refuse with every
// filing.
func (r *run) maySign() error {
	for _, signer := range r.Signers {
		err := signing.CheckCertificate(signer.Certificate, r.Now())
		if err != nil {
			return fmt.Errorf("署名用の電子証明書が使えません（%w）: %w", err, ErrHalted)
		}
	}
	return nil
}

// send carries one prepared attempt through to a recorded outcome.
func (r *run) send(ctx context.Context, attempt queue.Attempt, token string) error {
	// The connection comes first: while e-Gov cannot be reached no number is revealed.
	connection, err := r.EGov.OpenSubmission(ctx)
	if err != nil {
		r.failed()
		return r.notSent(ctx, attempt.ID, queue.Prepared, "e-Govに接続できません")
	}
	defer connection.Close() //nolint:errcheck // after a request it is closed already
	r.step("connection open")

	parcel, err := r.build(ctx, attempt)
	defer parcel.wipe()
	if err != nil {
		return errors.Join(err, r.notSent(ctx, attempt.ID, queue.Prepared, "申請データを作成できませんでした"))
	}
	if parcel.empty() {
		return r.logResults(ctx)
	}
	r.step("package verified")

	started := r.Now()
	err = r.Store.StartSending(ctx, attempt.ID)
	if err != nil {
		return r.afterLostCommit(ctx, attempt.ID, err)
	}
	r.step("sending committed")
	result, _ := connection.BulkApply(ctx, token, attempt.FileName(), parcel.zip, func() error {
		return r.mayStillSend(ctx, attempt.ID, started)
	})
	r.step("answer received")
	r.summary.Attempts++
	err = r.record(ctx, attempt, parcel, result, token)
	if err != nil {
		return err
	}
	r.step("answer recorded")
	return r.logResults(ctx)
}

// mayStillSend is the last look before the first byte: the lock and the row are
// still ours, and not more than the send window has passed since the commit. The
// wall clock is compared too because a suspended machine stops the other one.
func (r *run) mayStillSend(ctx context.Context, attempt string, started time.Time) error {
	err := r.Lock.Held()
	if err != nil {
		return fmt.Errorf("the sender's lock is lost: %w", err)
	}
	err = r.Store.StillSending(ctx, attempt)
	if err != nil {
		return err
	}
	r.step("first byte next")
	// The window comes last: what is above may have taken its time.
	now := r.Now()
	passed := max(now.Sub(started), now.Round(0).Sub(started.Round(0)))
	if passed > r.Settings.SendWindow {
		return fmt.Errorf("the send window has passed by %v", passed-r.Settings.SendWindow)
	}
	return nil
}

// afterLostCommit reads again what became of a transition whose commit failed.
// Nothing has been sent, so both answers end the attempt for certain.
func (r *run) afterLostCommit(ctx context.Context, attempt string, cause error) error {
	a, err := r.Store.Attempt(ctx, attempt)
	if err != nil {
		return errors.Join(cause, err)
	}
	return errors.Join(cause, r.notSent(ctx, attempt, a.State, "送信の記録に失敗しました"))
}

// failed counts an attempt that did not reach e-Gov.
func (r *run) failed() {
	r.failures++
	r.retry = true
}

func (r *run) notSent(ctx context.Context, attempt string, from queue.AttemptState, why string) error {
	err := r.Store.EndNotSent(ctx, worker, attempt, from, why)
	if err != nil {
		return err
	}
	r.step("not sent recorded")
	return r.logResults(ctx)
}

// record commits what the answer means. The classes are egov's table; whatever it
// does not name is unknown.
func (r *run) record(ctx context.Context, attempt queue.Attempt, p *parcel, result egov.SubmissionResult, token string) error {
	class := egov.Classify(egov.BulkApply, result)
	answer := p.describe(result)
	if class != egov.NotSent && class != egov.Unauthorized {
		r.failures, r.renewed = 0, false
	}
	if class != egov.NothingRegistered && class != egov.Refused {
		r.unnamed = 0
	}
	switch class {
	case egov.NotSent:
		r.failed()
		return r.Store.EndNotSent(ctx, worker, attempt.ID, queue.Sending, answer)
	case egov.Unauthorized:
		return r.unauthorized(ctx, attempt.ID, token, answer)
	case egov.Refused:
		return r.refused(ctx, attempt, p, result, answer)
	case egov.NothingRegistered:
		return r.nothingRegistered(ctx, attempt, p, result, answer)
	case egov.Acknowledged:
		r.summary.Sent += p.folders()
		bulk := result.Answer.Bulk
		return r.Store.Acknowledge(ctx, worker, attempt.ID, queue.Sending, bulk.SendNumber, told(p.mask(bulk.SendDate)), answer, "answer",
			r.Now().Add(r.Settings.PollFirst))
	case egov.Unknown:
		r.summary.Sent += p.folders()
		return r.Store.MarkUnknown(ctx, attempt.ID, answer, r.Now().Add(r.Settings.Ask[0]))
	default:
		r.summary.Sent += p.folders()
		return r.Store.MarkUnknown(ctx, attempt.ID, answer, r.Now().Add(r.Settings.Ask[0]))
	}
}

// unauthorized renews the token once; a second 401 in a row is for a person.
func (r *run) unauthorized(ctx context.Context, attempt, token, answer string) error {
	err := r.Store.EndNotSent(ctx, worker, attempt, queue.Sending, answer)
	if err != nil {
		return err
	}
	if r.renewed {
		err = r.Tokens.NeedsLogin(ctx, "更新したばかりのトークンをe-Govが受け付けません")
		if err != nil {
			return err
		}
		return fmt.Errorf("e-Govが認可を受け付けません。ログインし直してください: %w", ErrHalted)
	}
	r.renewed = true
	err = r.Store.ForgetBackOff(ctx, r.Account)
	if err != nil {
		return err
	}
	return r.Tokens.Reject(ctx, token)
}

// refused is for answers that would be the same next time: an address that is not
// there (404), after which nothing else need be tried, or too large (413), where a
// smaller bulk may pass.
func (r *run) refused(ctx context.Context, attempt queue.Attempt, p *parcel, result egov.SubmissionResult, answer string) error {
	if result.Answer.Status == http.StatusRequestEntityTooLarge {
		_, err := r.whole(ctx, attempt, p, answer)
		return err
	}
	err := r.Store.Reject(ctx, worker, attempt.ID, answer, p.sameFinding(queue.Finding{Content: answer}), true)
	if err != nil {
		return err
	}
	r.summary.Refused += p.folders()
	return fmt.Errorf("e-Govの宛先が見つかりません（404）。接続先の設定を確かめてください: %w", ErrHalted)
}

// nothingRegistered refuses the folders that e-Gov names; the others go into a new
// attempt.
func (r *run) nothingRegistered(ctx context.Context, attempt queue.Attempt, p *parcel, result egov.SubmissionResult, answer string) error {
	findings := map[string]queue.Findings{}
	for _, e := range result.Answer.Problem.Errors {
		filing, ok := p.filingOf(e.ErrorFolder)
		if ok {
			findings[filing] = append(findings[filing], queue.Finding{File: told(p.mask(e.ErrorFile)), Content: told(p.mask(e.Content))})
		}
	}
	if len(findings) == 0 {
		alone, err := r.whole(ctx, attempt, p, answer)
		if err != nil || !alone {
			return err
		}
		r.unnamed++
		if r.unnamed >= maxUnnamed {
			return fmt.Errorf("e-Govが続けて%d件を、どの申請とも言わずに拒否しました: %w", r.unnamed, ErrHalted)
		}
		return nil
	}
	r.unnamed = 0
	r.summary.Refused += len(findings)
	return r.Store.Reject(ctx, worker, attempt.ID, answer, findings, false)
}

// maxUnnamed is how many single filings in a row may be refused with no word on
// which is at fault before the fault is taken to be elsewhere, so that an e-Gov
// which takes nothing at all does not refuse the whole queue.
const maxUnnamed = 3

// whole deals with a bulk that e-Gov refused without naming a folder: the bulks of
// this run become half as large, until the one folder left must be the culprit. It
// reports whether that was so here.
func (r *run) whole(ctx context.Context, attempt queue.Attempt, p *parcel, answer string) (alone bool, err error) {
	if p.folders() > 1 {
		r.limit = p.folders() / 2
		return false, r.Store.Reject(ctx, worker, attempt.ID, answer, nil, false)
	}
	r.summary.Refused++
	return true, r.Store.Reject(ctx, worker, attempt.ID, answer, p.sameFinding(queue.Finding{Content: answer}), true)
}

// describe puts an outcome into words for the attempt's row. Of an answer only
// what e-Gov means to say is kept: a body that is not understood could repeat what
// was sent in some encoding, where no mask would find a number.
func (p *parcel) describe(result egov.SubmissionResult) string {
	a := result.Answer
	switch {
	case a == nil:
		return p.mask(fmt.Sprintf("応答なし（%s）: %v", result.Progress, result.Err))
	case a.Bulk != nil:
		return fmt.Sprintf("HTTP %d 送信番号 %s", a.Status, a.Bulk.SendNumber)
	case a.Problem != nil:
		return fmt.Sprintf("HTTP %d %s", a.Status, strings.TrimSpace(told(p.mask(a.Problem.Title))+" "+told(p.mask(a.Problem.Detail))))
	default:
		return fmt.Sprintf("HTTP %d（本文 %dバイト）", a.Status, len(a.Body))
	}
}
