package night

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	// What was presumed lost may turn up late; it is looked for as well.
	presumed, err := r.Store.Attempts(ctx, r.Account, queue.NotSentPresumed)
	if err != nil {
		return err
	}
	inquiry, err := r.ask(ctx, token, append(open, presumed...), due)
	if err != nil {
		return r.inquiryFailed(ctx, due, token, err)
	}
	r.step("report read")
	return r.apply(ctx, token, inquiry, due)
}

// inquiry is what one complete pass over e-Gov's report showed.
type inquiry struct {
	attempts map[string]queue.Attempt     // by id
	found    map[string][]wire.BulkReport // by attempt id
	newest   string                       // greatest attempt id of ours that the report shows
}

func (r *run) ask(ctx context.Context, token string, attempts, due []queue.Attempt) (*inquiry, error) {
	q := &inquiry{attempts: map[string]queue.Attempt{}, found: map[string][]wire.BulkReport{}}
	for _, a := range attempts {
		q.attempts[a.ID] = a
	}
	oldest := due[0].PreparedAt.Time()
	for _, a := range due {
		if at := a.PreparedAt.Time(); at.Before(oldest) {
			oldest = at
		}
	}
	window := egov.Window{From: oldest.AddDate(0, 0, -1), To: r.Now().AddDate(0, 0, 1)}
	for report, err := range r.EGov.Reports(ctx, token, window) {
		if err != nil {
			return nil, err
		}
		id, ours := strings.CutSuffix(report.FileName, ".zip")
		if !ours {
			continue
		}
		_, known := q.attempts[id]
		if known {
			q.found[id] = append(q.found[id], report)
		}
		if isAttempt(id) && id > q.newest {
			q.newest = id
		}
	}
	return q, nil
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

func (r *run) apply(ctx context.Context, token string, q *inquiry, due []queue.Attempt) error {
	for id, reports := range q.found {
		err := r.adopt(ctx, q.attempts[id], reports)
		if err != nil {
			return err
		}
	}
	for _, a := range due {
		if len(q.found[a.ID]) > 0 {
			continue
		}
		err := r.absent(ctx, token, q, a)
		if err != nil {
			return err
		}
	}
	return r.logResults(ctx)
}

// adopt takes over what e-Gov reports of one of our bulks.
func (r *run) adopt(ctx context.Context, a queue.Attempt, reports []wire.BulkReport) error {
	slices.SortFunc(reports, func(x, y wire.BulkReport) int { return strings.Compare(x.SendNumber, y.SendNumber) })
	if len(reports) > 1 {
		err := r.alarm(ctx, a, fmt.Sprintf("e-Govに同じ送信が%d件あります（送信番号 %s、%s）。後の申請の取下げを検討してください",
			len(reports), reports[0].SendNumber, reports[1].SendNumber))
		if err != nil {
			return err
		}
	}
	report := reports[0]
	if a.State == queue.Unknown || a.State == queue.NotSentPresumed {
		err := r.Store.Acknowledge(ctx, worker, a.ID, a.State, report.SendNumber, report.SendDate,
			"e-Govの一覧で受付を確認しました", "listing", r.Now())
		if err != nil {
			return err
		}
		r.step("acknowledged by listing")
		a.State = queue.Acknowledged
		err = r.resent(ctx, a)
		if err != nil {
			return err
		}
	}
	return r.settleFolders(ctx, a, report)
}

// resent raises the alarm for filings that a person had sent again before their
// first bulk turned up after all.
func (r *run) resent(ctx context.Context, a queue.Attempt) error {
	full, err := r.Store.Attempt(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, f := range full.Filings {
		if f.Live || f.Outcome != queue.Held {
			continue
		}
		text := fmt.Sprintf("送信されなかったと判断した送信 %s がe-Govに届いていました。二重の申請です。後の申請の取下げを検討してください", a.ID)
		r.summary.Alarms = append(r.summary.Alarms, text)
		err = r.Store.Note(ctx, worker, f.FilingID, text)
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *run) alarm(ctx context.Context, a queue.Attempt, text string) error {
	if a.State == queue.Acknowledged && a.Asks > 0 {
		return nil // said once already
	}
	r.summary.Alarms = append(r.summary.Alarms, text)
	r.log().ErrorContext(ctx, "several bulks for one attempt", slog.String("attempt", a.ID))
	full, err := r.Store.Attempt(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, f := range full.Filings {
		err = r.Store.Note(ctx, worker, f.FilingID, text)
		if err != nil {
			return err
		}
	}
	return nil
}

// settleFolders commits the folders one by one as far as e-Gov has worked through
// the bulk.
func (r *run) settleFolders(ctx context.Context, a queue.Attempt, report wire.BulkReport) error {
	full, err := r.Store.Attempt(ctx, a.ID)
	if err != nil {
		return err
	}
	open := map[string]bool{}
	for _, f := range full.Filings {
		if f.Live {
			open[f.Folder] = true
		}
	}
	for _, folder := range report.Result {
		if !open[folder.FolderName] || (egov.Absent(folder.ArriveID) && len(folder.ReportList) == 0) {
			continue
		}
		result := queue.FolderResult{Folder: folder.FolderName, Findings: findings(folder.ReportList)}
		if !egov.Absent(folder.ArriveID) {
			result.ArriveID, result.ArriveDate, result.Findings = folder.ArriveID, folder.ArriveDate, nil
		}
		err = r.Store.SettleFolder(ctx, worker, a.ID, result)
		if err != nil {
			return err
		}
		r.step("folder settled")
		delete(open, folder.FolderName)
		if result.ArriveID != "" {
			r.summary.Arrived++
		} else {
			r.summary.Refused++
		}
	}
	if len(open) == 0 {
		return nil
	}
	if report.ArriveCount+report.ErrorCount >= report.ApplyCount && report.ApplyCount > 0 {
		return r.Store.HoldUnlisted(ctx, worker, a.ID, "e-Govは送信を処理し終えましたが、この申請の結果を返していません。e-Govに照会してください")
	}
	return r.Store.Asked(ctx, a.ID, r.Now().Add(r.nextPause(a)))
}

func findings(rows []wire.ReportRow) queue.Findings {
	const most = 200
	var found queue.Findings
	for _, row := range rows[:min(len(rows), most)] {
		content := row.Content
		if !egov.Absent(row.Detail) && row.Detail != content {
			content += "（" + row.Detail + "）"
		}
		found = append(found, queue.Finding{
			Form: told(row.FormName), File: told(row.FileName), Item: told(row.Item), Content: told(content),
		})
	}
	return found
}

// told is a text of e-Gov's as it may be kept: without a number, then bounded.
func told(text string) string {
	const longest = 1000
	if egov.Absent(text) {
		return ""
	}
	runes := []rune(mynumber.Mask(strings.ToValidUTF8(text, "�")))
	return string(runes[:min(len(runes), longest)])
}
