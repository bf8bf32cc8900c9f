package night

import (
	"context"
	"fmt"

	"todoke/mynumber"
	"todoke/queue"
	"todoke/usage"
)

// logResults writes the entry "after" for every use whose outcome is known and
// not yet on the log. The outcome was committed first, so a crash in between
// leaves a debt in the queue, and the next run pays it.
func (s *Sender) logResults(ctx context.Context) error {
	owed, err := s.Store.OwedResults(ctx, s.Account)
	if err != nil {
		return err
	}
	for _, o := range owed {
		err = s.logResult(ctx, o)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Sender) logResult(ctx context.Context, o queue.OwedResult) error {
	f, err := s.Store.Filing(ctx, o.FilingID)
	if err != nil {
		return err
	}
	text := outcomeText(f, o)
	logged, err := s.resultLogged(ctx, f.CompanyID, o, text)
	if err != nil {
		return err
	}
	if !logged {
		_, err = s.Usage.Append(ctx, usage.Entry{
			Company: f.CompanyID, Actor: nightActor(f), Screen: screen, Action: usage.ActionResult, Purpose: f.Purpose,
			Subject: f.Subject, Filing: f.ID, Attempt: o.AttemptID, Destination: f.Destination, Result: text,
		})
		if err != nil {
			return err
		}
		s.step("result logged")
	}
	return s.Store.ResultLogged(ctx, o.AttemptID, o.FilingID)
}

// resultLogged looks whether a run that died had written the entry already.
func (s *Sender) resultLogged(ctx context.Context, company string, o queue.OwedResult, text string) (bool, error) {
	for stored, err := range s.Usage.List(ctx, usage.Query{Log: company, Filing: o.FilingID}) {
		if err != nil {
			return false, err
		}
		e := stored.Entry
		if e.Attempt == o.AttemptID && e.Action == usage.ActionResult && e.Result == text {
			return true, nil
		}
	}
	return false, nil
}

// outcomeText says for the client what became of the use.
func outcomeText(f queue.Filing, o queue.OwedResult) string {
	switch o.Outcome { //nolint:exhaustive // the other states are never the outcome of an attempt
	case queue.Arrived:
		return "到達（到達番号 " + f.ArriveID + "）"
	case queue.Refused:
		return "不受理"
	case queue.Held:
		if o.AttemptState == queue.NotSentPresumed {
			return "結果不明のため保留（e-Govの一覧に見つからない）"
		}
		return "送信せず保留"
	case queue.Queued:
		return "送信せず（送信待ちに戻した）"
	default:
		return mynumber.Mask(fmt.Sprintf("状態 %s", o.Outcome.Label()))
	}
}

// screen is what the log calls this job.
const screen = "夜間処理"

func nightActor(f queue.Filing) string {
	if f.Approver == "" {
		return screen
	}
	return f.Approver + "＋" + screen
}
