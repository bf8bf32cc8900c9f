package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// FolderResult is what e-Gov reports of one folder of an acknowledged bulk:
// an arrival, or what it found wrong.
type FolderResult struct {
	Folder     string
	ArriveID   string // empty when refused
	ArriveDate string
	Findings   Findings
}

// SettleFolder commits the result of one folder. When it was the last, the
// attempt is settled. A folder that is settled already is ErrStale.
func (s *Store) SettleFolder(ctx context.Context, actor Actor, attempt string, r FolderResult) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		f, err := inFolder(ctx, tx, attempt, r.Folder)
		if err != nil {
			return err
		}
		if r.ArriveID == "" {
			err = s.refuse(ctx, tx, actor, attempt, f, r.Findings)
		} else {
			err = s.settleArrived(ctx, tx, actor, attempt, f, r)
		}
		if err != nil {
			return err
		}
		return s.settleIfDone(ctx, tx, attempt)
	})
	if err != nil {
		return fmt.Errorf("settle folder %s of attempt %s: %w", r.Folder, attempt, err)
	}
	return nil
}

func inFolder(ctx context.Context, tx *sqlx.Tx, attempt, folder string) (Filing, error) {
	var ids []string
	err := tx.SelectContext(ctx, &ids, "SELECT filing_id FROM attempt_filings WHERE attempt_id = ? AND folder = ? AND live = 1", attempt, folder)
	if err != nil {
		return Filing{}, err
	}
	if len(ids) == 0 {
		return Filing{}, ErrStale
	}
	return filingIn(ctx, tx, ids[0])
}

func (s *Store) settleArrived(ctx context.Context, tx *sqlx.Tx, actor Actor, attempt string, f Filing, r FolderResult) error {
	err := finish(ctx, tx, attempt, f.ID, Arrived)
	if err != nil {
		return err
	}
	err = s.move(ctx, tx, f, Arrived, actor, "到達番号 "+r.ArriveID)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE filings SET arrive_id = ?, arrive_date = ?, findings = '' WHERE id = ?",
		r.ArriveID, r.ArriveDate, f.ID)
	return err
}

func (s *Store) settleIfDone(ctx context.Context, tx *sqlx.Tx, attempt string) error {
	var open int
	err := tx.GetContext(ctx, &open, "SELECT count(*) FROM attempt_filings WHERE attempt_id = ? AND live = 1", attempt)
	if err != nil || open > 0 {
		return err
	}
	return s.step(ctx, tx, attempt, Acknowledged, Settled, "settled_at = ?", database.At(s.now()))
}

// HoldUnlisted holds the folders that are still open although e-Gov says that it
// has finished with the bulk and does not name them.
func (s *Store) HoldUnlisted(ctx context.Context, actor Actor, attempt, why string) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		err := s.holdAll(ctx, tx, actor, attempt, HoldUnlisted, why)
		if err != nil {
			return err
		}
		return s.settleIfDone(ctx, tx, attempt)
	})
	if err != nil {
		return fmt.Errorf("hold the unlisted folders of attempt %s: %w", attempt, err)
	}
	return nil
}

// holdAll takes every filing that is still in the attempt out of it and holds it.
func (s *Store) holdAll(ctx context.Context, tx *sqlx.Tx, actor Actor, attempt string, kind HoldKind, why string) error {
	filings, err := live(ctx, tx, attempt)
	if err != nil {
		return err
	}
	for _, f := range filings {
		err = finish(ctx, tx, attempt, f.ID, Held)
		if err != nil {
			return err
		}
		err = s.hold(ctx, tx, f, actor, kind, why)
		if err != nil {
			return err
		}
	}
	return nil
}

// CloseIfDone settles an acknowledged attempt that has no open folder left, as
// when every filing of a bulk that turned up late has been sent again since.
func (s *Store) CloseIfDone(ctx context.Context, attempt string) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error { return s.settleIfDone(ctx, tx, attempt) })
	if err != nil {
		return fmt.Errorf("close attempt %s: %w", attempt, err)
	}
	return nil
}

// Asked records that e-Gov was asked about an unknown or acknowledged attempt and
// did not list it, and when to ask next.
func (s *Store) Asked(ctx context.Context, attempt string, next time.Time) error {
	_, err := s.db.Write.ExecContext(ctx, "UPDATE attempts SET asks = asks + 1, next_ask_at = ? WHERE id = ? AND state IN (?, ?)",
		database.At(next), attempt, Unknown, Acknowledged)
	if err != nil {
		return fmt.Errorf("record question about attempt %s: %w", attempt, err)
	}
	return nil
}

// PresumeNotSent ends an unknown attempt that e-Gov never listed: its filings are
// held, with the evidence, until a person confirms that they may be sent again.
func (s *Store) PresumeNotSent(ctx context.Context, actor Actor, attempt, evidence string) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		err := s.step(ctx, tx, attempt, Unknown, NotSentPresumed, "settled_at = ?, settled_by = ?, answer = ?",
			database.At(s.now()), "listing", evidence)
		if err != nil {
			return err
		}
		return s.holdAll(ctx, tx, actor, attempt, HoldPresumed, evidence)
	})
	if err != nil {
		return fmt.Errorf("presume attempt %s not sent: %w", attempt, err)
	}
	return nil
}

// Recovered is what was found of a sender that died.
type Recovered struct {
	NotSent []string // attempts found in prepared
	Unknown []string // attempts found in sending
}

// Recover ends what a dead sender left behind: what was prepared was not sent,
// what was sending is unknown. Only the holder of the account's lock may call it.
func (s *Store) Recover(ctx context.Context, actor Actor, account string) (Recovered, error) {
	var found Recovered
	attempts, err := s.Attempts(ctx, account, Prepared, Sending)
	if err != nil {
		return found, err
	}
	for _, a := range attempts {
		if a.State == Prepared {
			// Without a back-off: e-Gov did not fail, we did.
			err = s.endNotSent(ctx, actor, a.ID, Prepared, "送信前にプログラムが停止しました", false)
			found.NotSent = append(found.NotSent, a.ID)
		} else {
			err = s.foundSending(ctx, a.ID)
			found.Unknown = append(found.Unknown, a.ID)
		}
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

// foundSending leaves answered_at unset: the sender is dead, so whatever it sent
// had left by sending_at plus the time a request may take.
func (s *Store) foundSending(ctx context.Context, attempt string) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		return s.step(ctx, tx, attempt, Sending, Unknown, "answer = ?, next_ask_at = ?",
			"送信中にプログラムが停止しました", database.At(s.now()))
	})
	if err != nil {
		return fmt.Errorf("recover attempt %s: %w", attempt, err)
	}
	return nil
}
