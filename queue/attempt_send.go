package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// The back-off of a filing whose attempts certainly did not reach e-Gov.
const (
	firstBackOff = time.Minute
	maxBackOff   = time.Hour
)

// StartSending commits that the first byte may leave from here on. After it, only
// an answer, a certainty that nothing was written, or e-Gov's listing ends the
// attempt. After an error of COMMIT the row has to be read again (StillSending).
func (s *Store) StartSending(ctx context.Context, attempt string) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		return s.step(ctx, tx, attempt, Prepared, Sending, "sending_at = ?", database.At(s.now()))
	})
	if err != nil {
		return fmt.Errorf("start sending: %w", err)
	}
	return nil
}

// StillSending tells whether the attempt is in sending as of right now, read
// from the writer: the last look before the first byte.
func (s *Store) StillSending(ctx context.Context, attempt string) error {
	var state AttemptState
	err := s.db.Write.GetContext(ctx, &state, "SELECT state FROM attempts WHERE id = ?", attempt)
	if err != nil {
		return fmt.Errorf("read attempt %s: %w", attempt, err)
	}
	if state != Sending {
		return fmt.Errorf("attempt %s is %s: %w", attempt, state, ErrStale)
	}
	return nil
}

// EndNotSent records that e-Gov certainly never had the bulk: its filings are
// queued again, after a back-off that grows with each failure. from is the state
// that the caller knows the attempt to be in.
func (s *Store) EndNotSent(ctx context.Context, actor Actor, attempt string, from AttemptState, why string) error {
	return s.endNotSent(ctx, actor, attempt, from, why, true)
}

// endNotSent queues the filings of an attempt again; failed says that reaching
// e-Gov failed, which costs them a back-off.
func (s *Store) endNotSent(ctx context.Context, actor Actor, attempt string, from AttemptState, why string, failed bool) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		err := s.step(ctx, tx, attempt, from, NotSent, "answered_at = ?, answer = ?", database.At(s.now()), why)
		if err != nil {
			return err
		}
		filings, err := live(ctx, tx, attempt)
		if err != nil {
			return err
		}
		for _, f := range filings {
			err = s.requeue(ctx, tx, actor, attempt, f, why, failed)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end attempt %s as not sent: %w", attempt, err)
	}
	return nil
}

func (s *Store) requeue(ctx context.Context, tx *sqlx.Tx, actor Actor, attempt string, f Filing, why string, failed bool) error {
	err := finish(ctx, tx, attempt, f.ID, Queued)
	if err != nil {
		return err
	}
	err = s.move(ctx, tx, f, Queued, actor, why)
	if err != nil || !failed {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE filings SET failures = failures + 1, retry_at = ? WHERE id = ?",
		database.At(s.now().Add(backOff(f.Failures))), f.ID)
	return err
}

func backOff(failures int) time.Duration {
	wait := firstBackOff
	for i := 0; i < failures && wait < maxBackOff; i++ {
		wait *= 2
	}
	return min(wait, maxBackOff)
}

// Acknowledge records the send number that e-Gov gave, in its answer (from
// Sending) or in its listing (from Unknown or NotSentPresumed). settledBy says
// which; answer is what e-Gov said, masked; nextAsk is when to look for the results.
func (s *Store) Acknowledge(ctx context.Context, actor Actor, attempt string, from AttemptState, sendNumber, sendDate, answer, settledBy string, nextAsk time.Time) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		now := database.At(s.now())
		err := s.step(ctx, tx, attempt, from, Acknowledged,
			"answered_at = ?, send_number = ?, send_date = ?, answer = ?, settled_by = ?, asks = 0, next_ask_at = ?",
			now, sendNumber, sendDate, answer, settledBy, database.At(nextAsk))
		if err != nil {
			return err
		}
		if from == NotSentPresumed {
			err = s.takeBack(ctx, tx, actor, attempt)
			if err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE filings SET send_number = ?, failures = 0 WHERE id IN
			(SELECT filing_id FROM attempt_filings WHERE attempt_id = ? AND live = 1)`, sendNumber, attempt)
		return err
	})
	if err != nil {
		return fmt.Errorf("acknowledge attempt %s: %w", attempt, err)
	}
	return nil
}

// takeBack puts the filings of a bulk that turned up late into it again, wherever
// people have put them since: e-Gov has them. A filing that is in another live
// attempt, or has arrived or been refused in another one, stays out: the caller
// raises the alarm.
func (s *Store) takeBack(ctx context.Context, tx *sqlx.Tx, actor Actor, attempt string) error {
	var filings []Filing
	err := tx.SelectContext(ctx, &filings, "SELECT "+filingColumns+` FROM filings WHERE state IN (?, ?, ?, ?, ?) AND id IN
		(SELECT filing_id FROM attempt_filings WHERE attempt_id = ? AND outcome = ? AND dropped = 0) AND id NOT IN
		(SELECT filing_id FROM attempt_filings WHERE live = 1)`, Draft, Approved, Queued, Held, Cancelled, attempt, Held)
	if err != nil {
		return err
	}
	for _, f := range filings {
		err = s.move(ctx, tx, f, Submitting, actor, "送信 "+attempt+" がe-Govの一覧に見つかりました")
		if err != nil {
			return err
		}
		// What the log said of this attempt no longer holds: its result is owed anew.
		_, err = tx.ExecContext(ctx, `UPDATE attempt_filings SET live = 1, outcome = '', result_logged = 0
			WHERE attempt_id = ? AND filing_id = ?`, attempt, f.ID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE filings SET look_first = 0 WHERE id = ?", f.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// Reject records that e-Gov refused the bulk as a whole, so that nothing of it
// was registered. Filings named in findings are refused; the others go into a
// new attempt, unless refuseAll says that the refusal concerns each of them.
func (s *Store) Reject(ctx context.Context, actor Actor, attempt, answer string, findings map[string]Findings, refuseAll bool) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		err := s.step(ctx, tx, attempt, Sending, Rejected, "answered_at = ?, answer = ?", database.At(s.now()), answer)
		if err != nil {
			return err
		}
		filings, err := live(ctx, tx, attempt)
		if err != nil {
			return err
		}
		for _, f := range filings {
			found, named := findings[f.ID]
			if !named && !refuseAll {
				err = s.requeue(ctx, tx, actor, attempt, f, "同じ送信のほかの申請が拒否されたため送り直します", false)
			} else {
				err = s.refuse(ctx, tx, actor, attempt, f, found)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record rejection of attempt %s: %w", attempt, err)
	}
	return nil
}

func (s *Store) refuse(ctx context.Context, tx *sqlx.Tx, actor Actor, attempt string, f Filing, findings Findings) error {
	err := finish(ctx, tx, attempt, f.ID, Refused)
	if err != nil {
		return err
	}
	reason := "e-Govが受け付けませんでした"
	if len(findings) > 0 {
		reason = findings[0].Content
	}
	err = s.move(ctx, tx, f, Refused, actor, reason)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE filings SET findings = ? WHERE id = ?", findings, f.ID)
	return err
}

// MarkUnknown records that the bulk may or may not have arrived. Its filings stay
// in submitting, in this attempt, until e-Gov has been asked.
func (s *Store) MarkUnknown(ctx context.Context, attempt, why string, nextAsk time.Time) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		return s.step(ctx, tx, attempt, Sending, Unknown, "answered_at = ?, answer = ?, next_ask_at = ?",
			database.At(s.now()), why, database.At(nextAsk))
	})
	if err != nil {
		return fmt.Errorf("mark attempt %s unknown: %w", attempt, err)
	}
	return nil
}

// ForgetBackOff lets the filings of an account that wait after failed attempts be
// claimed at once: somebody has started a new run.
func (s *Store) ForgetBackOff(ctx context.Context, account string) error {
	_, err := s.db.Write.ExecContext(ctx, "UPDATE filings SET retry_at = 0 WHERE account_id = ? AND state = ? AND retry_at > 0", account, Queued)
	if err != nil {
		return fmt.Errorf("forget back-off: %w", err)
	}
	return nil
}

// NextDue returns when the next queued filing of the account may be claimed, the
// zero time when none is queued.
func (s *Store) NextDue(ctx context.Context, account string) (time.Time, error) {
	var next database.Micros
	err := s.db.Read.GetContext(ctx, &next, `SELECT coalesce(min(CASE WHEN retry_at > not_before THEN retry_at ELSE not_before END), -1)
		FROM filings WHERE account_id = ? AND state = ? AND look_first = 0`, account, Queued)
	if err != nil {
		return time.Time{}, fmt.Errorf("find next due filing: %w", err)
	}
	switch {
	case next < 0:
		return time.Time{}, nil
	case next == 0:
		return s.now(), nil
	}
	return next.Time(), nil
}
