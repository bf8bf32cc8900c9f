package queue

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// Claim says what one attempt may hold.
type Claim struct {
	AccountID string
	Limit     int // folders in one bulk, at least 1
	// SameProcedure allows a procedure several times in one bulk, with folders
	// proc_id(1), proc_id(2) …; until e-Gov's sandbox has confirmed that, a bulk
	// holds each procedure once and the folder is the procedure id itself.
	SameProcedure bool
}

// Prepare claims the filings that are due, the longest queued first, and commits
// an attempt with them in state prepared. It returns false when nothing is due.
// Nothing is revealed or built before this is committed.
func (s *Store) Prepare(ctx context.Context, actor Actor, c Claim) (Attempt, bool, error) {
	id := s.newID()
	now := database.At(s.now())
	claimed := 0
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		filings, err := due(ctx, tx, c, now)
		if err != nil || len(filings) == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO attempts (id, account_id, state, prepared_at) VALUES (?, ?, ?, ?)",
			id, c.AccountID, Prepared, now)
		if err != nil {
			return err
		}
		for i, f := range filings {
			folder := f.ProcedureID
			if c.SameProcedure {
				folder = fmt.Sprintf("%s(%d)", f.ProcedureID, i+1)
			}
			err = s.move(ctx, tx, f, Submitting, actor, "")
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO attempt_filings (attempt_id, filing_id, folder, live) VALUES (?, ?, ?, 1)",
				id, f.ID, folder)
			if err != nil {
				return err
			}
		}
		claimed = len(filings)
		return nil
	})
	if err != nil {
		return Attempt{}, false, fmt.Errorf("prepare attempt: %w", err)
	}
	if claimed == 0 {
		return Attempt{}, false, nil
	}
	attempt, err := s.Attempt(ctx, id)
	return attempt, err == nil, err
}

func due(ctx context.Context, tx *sqlx.Tx, c Claim, now database.Micros) ([]Filing, error) {
	limit := max(c.Limit, 1)
	if c.SameProcedure {
		var filings []Filing
		err := tx.SelectContext(ctx, &filings, "SELECT "+filingColumns+` FROM filings
			WHERE account_id = ? AND state = ? AND not_before <= ? AND retry_at <= ? AND look_first = 0 ORDER BY queued_at, id LIMIT ?`, c.AccountID, Queued, now, now, limit)
		return filings, err
	}
	var procedures []string
	err := tx.SelectContext(ctx, &procedures, `SELECT DISTINCT procedure_id FROM filings
		WHERE account_id = ? AND state = ? AND not_before <= ? AND retry_at <= ? AND look_first = 0 ORDER BY procedure_id LIMIT ?`, c.AccountID, Queued, now, now, limit)
	if err != nil {
		return nil, err
	}
	var filings []Filing
	for _, procedure := range procedures {
		var f Filing
		err = tx.GetContext(ctx, &f, "SELECT "+filingColumns+` FROM filings
			WHERE account_id = ? AND state = ? AND procedure_id = ? AND not_before <= ? AND retry_at <= ? AND look_first = 0 ORDER BY queued_at, id LIMIT 1`,
			c.AccountID, Queued, procedure, now, now)
		if err != nil {
			return nil, err
		}
		filings = append(filings, f)
	}
	return filings, nil
}

// MarkUsed notes, before any number is revealed for the folder, that one may have
// been, so that the entry "after" the use is owed whatever happens next.
func (s *Store) MarkUsed(ctx context.Context, attempt, filing string) error {
	_, err := s.db.Write.ExecContext(ctx, "UPDATE attempt_filings SET used = 1 WHERE attempt_id = ? AND filing_id = ? AND live = 1",
		attempt, filing)
	if err != nil {
		return fmt.Errorf("mark use in attempt %s: %w", attempt, err)
	}
	return nil
}

// KeepMaskedCopy stores the sealed masked copy (控え) of what an attempt sends
// for a filing.
func (s *Store) KeepMaskedCopy(ctx context.Context, attempt, filing string, sealed []byte) error {
	_, err := s.db.Write.ExecContext(ctx, "UPDATE attempt_filings SET masked_copy = ? WHERE attempt_id = ? AND filing_id = ?",
		sealed, attempt, filing)
	if err != nil {
		return fmt.Errorf("keep masked copy of filing %s: %w", filing, err)
	}
	return nil
}

// MaskedCopy returns the sealed masked copy of the latest attempt that may have
// reached e-Gov and that attempt's id, or ErrNotFound.
func (s *Store) MaskedCopy(ctx context.Context, filing string) (sealed []byte, attempt string, err error) {
	var rows []struct {
		Attempt string `db:"attempt_id"`
		Sealed  []byte `db:"masked_copy"`
	}
	err = s.db.Read.SelectContext(ctx, &rows, `SELECT af.attempt_id, af.masked_copy FROM attempt_filings af
		JOIN attempts a ON a.id = af.attempt_id WHERE af.filing_id = ? AND af.masked_copy IS NOT NULL AND a.state NOT IN (?, ?)
		ORDER BY af.attempt_id DESC LIMIT 1`, filing, Prepared, NotSent)
	if err != nil {
		return nil, "", fmt.Errorf("read masked copy of filing %s: %w", filing, err)
	}
	if len(rows) == 0 {
		return nil, "", fmt.Errorf("masked copy of filing %s: %w", filing, ErrNotFound)
	}
	return rows[0].Sealed, rows[0].Attempt, nil
}

// Drop takes one filing out of an attempt that is still prepared and holds it:
// its grant does not open, or its package cannot be built. When it was the last
// one, the attempt ends as not sent.
func (s *Store) Drop(ctx context.Context, actor Actor, attempt, filing string, kind HoldKind, reason string) error {
	err := s.change(ctx, filing, func(tx *sqlx.Tx, f Filing) error {
		err := finish(ctx, tx, attempt, filing, Held)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE attempt_filings SET dropped = 1 WHERE attempt_id = ? AND filing_id = ?", attempt, filing)
		if err != nil {
			return err
		}
		err = s.hold(ctx, tx, f, actor, kind, reason)
		if err != nil {
			return err
		}
		left, err := live(ctx, tx, attempt)
		if err != nil || len(left) > 0 {
			return err
		}
		return s.step(ctx, tx, attempt, Prepared, NotSent, "answered_at = ?, answer = ?", database.At(s.now()), reason)
	})
	if err != nil {
		return fmt.Errorf("drop filing %s from attempt %s: %w", filing, attempt, err)
	}
	return nil
}

// CopyContext is what a masked copy is sealed for.
func CopyContext(attempt, filing string) string { return "masked copy " + attempt + " " + filing }
