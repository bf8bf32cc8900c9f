package night

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"todoke/egov"
	"todoke/egov/wire"
	"todoke/mynumber"
	"todoke/queue"
)

// settleDue asks e-Gov about the attempts whose time to ask has come: bulks that
// it accepted and works through, and those of which nobody knows.
func (r *run) settleDue(ctx context.Context) error {
	open, err := r.Store.Attempts(ctx, r.Account, queue.Unknown, queue.Acknowledged)
	if err != nil {
		return err
	}
	now := r.Now()
	due := slices.DeleteFunc(slices.Clone(open), func(a queue.Attempt) bool { return a.NextAskAt.Time().After(now) })
	if len(due) == 0 {
		return nil
	}
	r.worked = true
	r.tell(fmt.Sprintf("送信%d件の結果をe-Govに照会しています", len(due)))
	token, err := r.Tokens.AccessToken(ctx, time.Minute)
	if err != nil {
		return err
	}
	inquiry, err := r.ask(ctx, token, open)
	if err != nil {
		return r.inquiryFailed(ctx, due, token, err)
	}
	r.step("report read")
	err = r.adoptAll(ctx, inquiry)
	if err != nil {
		return err
	}
	for _, a := range due {
		if len(inquiry.found[a.ID]) > 0 {
			continue
		}
		err = r.absent(ctx, token, inquiry, a)
		if err != nil {
			return err
		}
	}
	return r.logResults(ctx)
}

// inquiry is what one complete pass over e-Gov's report showed.
type inquiry struct {
	attempts map[string]queue.Attempt     // those asked about, by id
	found    map[string][]wire.BulkReport // by attempt id
	shown    []string                     // file names that could be ours, the newest first
}

// mostShown bounds how many of the shown names are kept as possible witnesses.
const mostShown = 500

// ask reads e-Gov's report from the day before the oldest of the attempts on.
func (r *run) ask(ctx context.Context, token string, attempts []queue.Attempt) (*inquiry, error) {
	q := &inquiry{attempts: map[string]queue.Attempt{}, found: map[string][]wire.BulkReport{}}
	oldest, byNumber := r.Now(), map[string]string{}
	for _, a := range attempts {
		q.attempts[a.ID] = a
		if a.SendNumber != "" {
			byNumber[a.SendNumber] = a.ID
		}
		at := a.PreparedAt.Time()
		if at.Before(oldest) {
			oldest = at
		}
	}
	window := egov.Window{From: oldest.AddDate(0, 0, -1), To: r.Now().AddDate(0, 0, 1)}
	for report, err := range r.EGov.Reports(ctx, token, window) {
		if err != nil {
			return nil, err
		}
		id, _ := strings.CutSuffix(report.FileName, ".zip")
		// What e-Gov has acknowledged has a number too, should it not keep the name.
		acknowledged, known := byNumber[report.SendNumber]
		if known {
			id = acknowledged
		}
		_, known = q.attempts[id]
		if known {
			q.found[id] = append(q.found[id], report)
		}
		if isAttempt(id) && len(q.shown) < mostShown {
			q.shown = append(q.shown, id)
		}
	}
	return q, nil
}

// adoptAll takes over what was found, the oldest attempt first.
func (r *run) adoptAll(ctx context.Context, q *inquiry) error {
	for _, id := range slices.Sorted(maps.Keys(q.found)) {
		err := r.adopt(ctx, q.attempts[id], q.found[id])
		if err != nil {
			return err
		}
	}
	return nil
}

// inquiryFailed moves the questions on: a listing that did not work proves nothing.
func (r *run) inquiryFailed(ctx context.Context, due []queue.Attempt, token string, cause error) error {
	r.log().WarnContext(ctx, "asking e-Gov failed", slog.String("error", mynumber.Mask(cause.Error())))
	var status *egov.StatusError
	if errors.As(cause, &status) && status.Status == 401 {
		err := r.Tokens.Reject(ctx, token)
		if err != nil {
			return err
		}
	}
	for _, a := range due {
		err := r.Store.Asked(ctx, a.ID, r.Now().Add(r.nextPause(a)))
		if err != nil {
			return err
		}
	}
	return nil
}

// nextPause grows with the number of questions: along the schedule for an unknown
// outcome, by doubling for a bulk that e-Gov has accepted.
func (r *run) nextPause(a queue.Attempt) time.Duration {
	if a.State == queue.Unknown {
		return r.Settings.Ask[min(a.Asks, len(r.Settings.Ask)-1)]
	}
	pause := r.Settings.PollFirst
	for range min(a.Asks, 20) {
		pause = min(pause*2, r.Settings.PollMax)
	}
	return pause
}
