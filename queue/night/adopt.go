package night

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"todoke/egov"
	"todoke/egov/wire"
	"todoke/mynumber"
	"todoke/queue"
)

// adopt takes over what e-Gov reports of one of our bulks.
func (r *run) adopt(ctx context.Context, a queue.Attempt, reports []wire.BulkReport) error {
	report := chosen(a, reports)
	if len(reports) > 1 {
		err := r.alarm(ctx, a, fmt.Sprintf("e-Govに同じ送信が%d件あります（%s）。送信番号 %s のほかの申請の取下げを検討してください",
			len(reports), a.FileName(), report.SendNumber))
		if err != nil {
			return err
		}
	}
	if a.State == queue.Unknown || a.State == queue.NotSentPresumed {
		err := r.Store.Acknowledge(ctx, worker, a.ID, a.State, report.SendNumber, told(report.SendDate),
			"e-Govの一覧で受付を確認しました", "listing", r.Now())
		if err != nil {
			return err
		}
		r.step("acknowledged by listing")
		a.State, a.SendNumber = queue.Acknowledged, report.SendNumber
	}
	return r.settleFolders(ctx, a, report)
}

// chosen is the report with the send number that e-Gov gave the attempt, else the
// first that it gave out.
func chosen(a queue.Attempt, reports []wire.BulkReport) wire.BulkReport {
	first := reports[0]
	for _, report := range reports {
		if report.SendNumber == a.SendNumber {
			return report
		}
		if report.SendNumber < first.SendNumber {
			first = report
		}
	}
	return first
}

// alarm tells people what no program should settle, once a run, and writes it into
// the history of every filing of the attempt.
func (r *run) alarm(ctx context.Context, a queue.Attempt, text string) error {
	if slices.Contains(r.summary.Alarms, text) {
		return nil
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

// double raises the alarm for a filing that a person had sent again before its
// first bulk turned up after all, with an arrival.
func (r *run) double(ctx context.Context, filing, arriveID string) error {
	text := fmt.Sprintf("届出 %s は、送信されなかったと判断して送り直した後に、元の送信も到達していたと分かりました（到達番号 %s）。二重の申請になっています。どちらかの取下げを検討してください", filing, arriveID)
	if slices.Contains(r.summary.Alarms, text) {
		return nil
	}
	r.summary.Alarms = append(r.summary.Alarms, text)
	r.log().ErrorContext(ctx, "two arrivals for one filing", slog.String("filing", filing))
	return r.Store.Note(ctx, worker, filing, text)
}

// settleFolders commits the folders one by one as far as e-Gov has worked through
// the bulk.
func (r *run) settleFolders(ctx context.Context, a queue.Attempt, report wire.BulkReport) error {
	full, err := r.Store.Attempt(ctx, a.ID)
	if err != nil {
		return err
	}
	open, left := map[string]bool{}, map[string]string{}
	for _, f := range full.Filings {
		switch {
		case f.Live:
			open[f.Folder] = true
		case f.Outcome == queue.Held && !f.Dropped:
			left[f.Folder] = f.FilingID
		}
	}
	waiting := len(left) > 0
	for _, folder := range report.Result {
		filing, gone := left[folder.FolderName]
		if gone && !egov.Absent(folder.ArriveID) {
			err = r.double(ctx, filing, folder.ArriveID)
			if err != nil {
				return err
			}
			delete(left, folder.FolderName)
		}
		if !open[folder.FolderName] || (egov.Absent(folder.ArriveID) && len(folder.ReportList) == 0) {
			continue
		}
		err = r.settleFolder(ctx, a.ID, folder)
		if err != nil {
			return err
		}
		delete(open, folder.FolderName)
	}
	complete := report.ArriveCount+report.ErrorCount >= report.ApplyCount && report.ApplyCount > 0
	switch {
	case len(open) == 0 && (!waiting || complete):
		return r.closeIfOpen(ctx, a.ID)
	case len(open) > 0 && complete && a.Asks >= patience:
		return r.Store.HoldUnlisted(ctx, worker, a.ID, "e-Govは送信を処理し終えましたが、この申請の結果を返していません。e-Govに照会してください")
	}
	return r.Store.Asked(ctx, a.ID, r.Now().Add(r.nextPause(a)))
}

func (r *run) settleFolder(ctx context.Context, attempt string, folder wire.FolderReport) error {
	result := queue.FolderResult{Folder: folder.FolderName, Findings: findings(folder.ReportList)}
	if !egov.Absent(folder.ArriveID) {
		result.ArriveID, result.ArriveDate, result.Findings = folder.ArriveID, told(folder.ArriveDate), nil
	}
	err := r.Store.SettleFolder(ctx, worker, attempt, result)
	if err != nil {
		return err
	}
	r.step("folder settled")
	if result.ArriveID != "" {
		r.summary.Arrived++
	} else {
		r.summary.Refused++
	}
	return nil
}

// patience is how many listings may show a bulk as worked through without a
// result for one of its folders before a person is asked: e-Gov's counts and rows
// need not change in one moment.
const patience = 5

// closeIfOpen ends an acknowledged attempt that has nothing left in it; settling
// its last folder has usually done so.
func (r *run) closeIfOpen(ctx context.Context, attempt string) error {
	a, err := r.Store.Attempt(ctx, attempt)
	if err != nil || a.State != queue.Acknowledged {
		return err
	}
	return r.Store.CloseIfDone(ctx, attempt)
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
	runes := []rune(mynumber.Mask(strings.ToValidUTF8(text, "\uFFFD")))
	return string(runes[:min(len(runes), longest)])
}
