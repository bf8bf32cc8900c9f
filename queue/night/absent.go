package night

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"todoke/egov"
	"todoke/queue"
)

// absent deals with an attempt that a complete listing did not show. For a bulk
// that e-Gov acknowledged this only means that it is slow. For an unknown one,
// absence counts when enough time has passed for any send to have ended, and a
// later send of ours is visible or the listing has had its quiet period; then the
// filings are held, with the evidence, for a person. Nothing is sent again here.
func (r *run) absent(ctx context.Context, token string, q *inquiry, a queue.Attempt) error {
	now := r.Now()
	// A request that ended late moves the moment from which e-Gov must have it; a
	// dead sender leaves only the moment it began.
	ended := max(a.SendingAt, a.AnsweredAt).Time()
	passed := now.Sub(ended)
	counts := r.Settings.absenceCounts()
	witnessed, err := r.Store.SentLater(ctx, q.shown, a)
	if err != nil {
		return err
	}
	if a.State == queue.Unknown && passed >= counts && (witnessed || passed >= counts+r.Settings.QuietPeriod) {
		off, err := r.clockIsOff(ctx, a)
		if err != nil || off {
			return err
		}
		return r.presume(ctx, token, a, passed, witnessed)
	}
	next := now.Add(r.nextPause(a))
	// The moment from which absence counts is worth a question of its own.
	for _, moment := range []time.Duration{counts, counts + r.Settings.QuietPeriod} {
		at := ended.Add(moment)
		if a.State == queue.Unknown && at.After(now) && at.Before(next) {
			next = at
		}
	}
	return r.Store.Asked(ctx, a.ID, next)
}

func (r *run) presume(ctx context.Context, token string, a queue.Attempt, passed time.Duration, witnessed bool) error {
	evidence, err := r.evidence(ctx, token, a, passed, witnessed)
	if err != nil {
		return r.inquiryFailed(ctx, []queue.Attempt{a}, token, err)
	}
	err = r.Store.PresumeNotSent(ctx, worker, a.ID, evidence)
	if err != nil {
		return err
	}
	r.step("presumed not sent")
	return nil
}

// maxSkew is how far this computer's clock may be from e-Gov's before an absence
// means nothing: listings are asked for by day.
const maxSkew = 5 * time.Minute

// clockIsOff tells whether the listing was asked for by a wrong clock. Then the
// attempt stays unknown, and somebody is told.
func (r *run) clockIsOff(ctx context.Context, a queue.Attempt) (bool, error) {
	skew, known := r.EGov.Skew()
	if !known || skew.Abs() <= maxSkew {
		return false, nil
	}
	text := fmt.Sprintf("このコンピューターの時計がe-Govの時計と%sずれています。時計を合わせるまで、結果不明の送信を判断しません", skew.Abs().Round(time.Minute))
	if !slices.Contains(r.summary.Alarms, text) {
		r.summary.Alarms = append(r.summary.Alarms, text)
	}
	return true, r.Store.Asked(ctx, a.ID, r.Now().Add(r.nextPause(a)))
}

// evidence says on what the presumption rests, and looks once more, in the list
// of cases, for arrivals since the send that belong to no bulk of ours.
func (r *run) evidence(ctx context.Context, token string, a queue.Attempt, passed time.Duration, witnessed bool) (string, error) {
	witness := "送信後に十分な時間がたちました"
	if witnessed {
		witness = "後から送った申請は一覧に載っています"
	}
	text := fmt.Sprintf("e-Govの一覧に%d回照会しましたが、%sの送信（ファイル名 %s）は見つかりません。%s（送信から%s）。",
		a.Asks+1, a.SendingAt.Time().In(jst).Format("2006-01-02 15:04:05"), a.FileName(), witness, passed.Round(time.Second))
	sent, err := r.Store.SendNumbers(ctx, r.Account)
	if err != nil {
		return "", err
	}
	window := egov.Window{From: a.SendingAt.Time(), To: r.Now().AddDate(0, 0, 1)}
	strange := 0
	for row, err := range r.EGov.Cases(ctx, token, window) {
		if err != nil {
			return "", err
		}
		if !sent[row.SendNumber] && !arrivedBefore(row.ArriveDate, a.SendingAt.Time()) {
			strange++
		}
	}
	if strange > 0 {
		text += fmt.Sprintf("ただし、この事務所の送信記録にない申請が同じ時期に%d件到達しています。再送する前にe-Govの画面で確かめてください。", strange)
	}
	return text, nil
}

// arrivedBefore reports whether e-Gov's date lies clearly before t; a date that
// cannot be read does not count as before.
func arrivedBefore(date string, t time.Time) bool {
	at, err := time.ParseInLocation(time.DateTime, date, jst)
	const clocksDiffer = 10 * time.Minute
	return err == nil && at.Before(t.Add(-clocksDiffer))
}

// isAttempt reports whether a listed file name is one of ours: attempt ids are
// ULIDs, which sort by time.
func isAttempt(id string) bool {
	_, err := ulid.ParseStrict(id)
	return err == nil
}
