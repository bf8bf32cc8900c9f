package queue

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// move changes the state of a filing along the table and writes the change. The
// comparison with the state that was read makes two movers meet as ErrStale.
func (s *Store) move(ctx context.Context, tx *sqlx.Tx, f Filing, to State, actor Actor, reason string) error {
	err := check(f.State, to, actor, reason)
	if err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, "UPDATE filings SET state = ?, hold_kind = '', updated_at = ? WHERE id = ? AND state = ?",
		to, database.At(s.now()), f.ID, f.State)
	if err != nil {
		return fmt.Errorf("move filing to %s: %w", to, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("move filing to %s: %w", to, err)
	}
	if n != 1 {
		return ErrStale
	}
	return s.record(ctx, tx, f.ID, actor.forFiling(f), f.State, to, reason)
}

// forFiling names the night together with the member who approved the filing: a
// person answers for each act.
func (a Actor) forFiling(f Filing) Actor {
	if a.Night && f.Approver != "" {
		a.Name = f.Approver + "＋" + a.Name
	}
	return a
}

// Note writes a remark into a filing's history without changing its state. The
// same remark is written once.
func (s *Store) Note(ctx context.Context, actor Actor, id, remark string) error {
	err := s.change(ctx, id, func(tx *sqlx.Tx, f Filing) error {
		var said int
		err := tx.GetContext(ctx, &said, "SELECT count(*) FROM filing_events WHERE filing_id = ? AND reason = ? AND from_state = to_state", id, remark)
		if err != nil || said > 0 {
			return err
		}
		return s.record(ctx, tx, id, actor.forFiling(f), f.State, f.State, remark)
	})
	if err != nil {
		return fmt.Errorf("note on filing %s: %w", id, err)
	}
	return nil
}

func (s *Store) record(ctx context.Context, tx *sqlx.Tx, id string, actor Actor, from, to State, reason string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO filing_events (filing_id, seq, at, actor, from_state, to_state, reason)
		SELECT ?, coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ? FROM filing_events WHERE filing_id = ?`,
		id, database.At(s.now()), actor.Name, from, to, reason, id)
	if err != nil {
		return fmt.Errorf("record change to %s: %w", to, err)
	}
	return nil
}

// hold moves a filing to held and says which kind of person's work it waits for.
func (s *Store) hold(ctx context.Context, tx *sqlx.Tx, f Filing, actor Actor, kind HoldKind, reason string) error {
	err := s.move(ctx, tx, f, Held, actor, reason)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE filings SET hold_kind = ? WHERE id = ?", kind, f.ID)
	return err
}

// Grant ties one slot of a filing's form to the grant that opens its reference.
type Grant struct {
	Slot  string `db:"slot"`
	Grant string `db:"grant_id"`
	Ref   string `db:"ref"`
}

// Approval is what a person approves: this revision, for this purpose, with
// these master data and these grants.
type Approval struct {
	Revision    int
	Purpose     string
	Facts       map[string]string
	Subject     string // opaque id of the person
	Destination string // 提出先 by name
	Grants      []Grant
}

// Approve moves a draft to approved. The master data are kept as approved, so
// that what is sent is what was seen. Errors: ErrStale, ErrNotAllowed.
func (s *Store) Approve(ctx context.Context, actor Actor, id string, a Approval) error {
	err := s.change(ctx, id, func(tx *sqlx.Tx, f Filing) error {
		if f.Revision != a.Revision {
			return ErrStale
		}
		err := s.move(ctx, tx, f, Approved, actor, a.Purpose)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE filings SET purpose = ?, approver = ?, facts = ?, subject = ?, destination = ? WHERE id = ?",
			a.Purpose, actor.Name, Fields(a.Facts), a.Subject, a.Destination, id)
		if err != nil {
			return err
		}
		// A revision can be approved anew after a hold: its older grants are replaced.
		_, err = tx.ExecContext(ctx, "DELETE FROM filing_grants WHERE filing_id = ? AND revision = ?", id, a.Revision)
		if err != nil {
			return err
		}
		for _, g := range a.Grants {
			_, err = tx.ExecContext(ctx, "INSERT INTO filing_grants (filing_id, revision, slot, grant_id, ref) VALUES (?, ?, ?, ?, ?)",
				id, a.Revision, g.Slot, g.Grant, g.Ref)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("approve filing %s: %w", id, err)
	}
	return nil
}

// Grants returns the grants of a filing's revision, by slot.
func (s *Store) Grants(ctx context.Context, id string, revision int) ([]Grant, error) {
	var grants []Grant
	err := s.db.Read.SelectContext(ctx, &grants,
		"SELECT slot, grant_id, ref FROM filing_grants WHERE filing_id = ? AND revision = ? ORDER BY slot", id, revision)
	if err != nil {
		return nil, fmt.Errorf("read grants of filing %s: %w", id, err)
	}
	return grants, nil
}

// Enqueue moves an approved filing to queued; it is not claimed before notBefore
// (zero: at once). Errors: ErrStale, ErrNotAllowed.
func (s *Store) Enqueue(ctx context.Context, actor Actor, id string, notBefore database.Micros) error {
	err := s.change(ctx, id, func(tx *sqlx.Tx, f Filing) error {
		if f.State != Approved {
			return fmt.Errorf("%sから%sへ: %w", f.State.Label(), Queued.Label(), ErrNotAllowed)
		}
		err := s.move(ctx, tx, f, Queued, actor, "")
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE filings SET not_before = ?, queued_at = ? WHERE id = ?",
			notBefore, database.At(s.now()), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("queue filing %s: %w", id, err)
	}
	return nil
}

// Cancel ends a filing before it is claimed, or one that is held. It frees the
// guard, so the event can be filed anew.
func (s *Store) Cancel(ctx context.Context, actor Actor, id, reason string) error {
	err := s.change(ctx, id, func(tx *sqlx.Tx, f Filing) error {
		err := s.move(ctx, tx, f, Cancelled, actor, reason)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE filings SET guard = NULL WHERE id = ?", id)
		return err
	})
	if err != nil {
		return fmt.Errorf("cancel filing %s: %w", id, err)
	}
	return nil
}

// ConfirmResend is a person's decision that a held filing did not reach e-Gov and
// may be sent again, in a new attempt. It is not claimed before e-Gov has been
// asked once more about the earlier attempt (Cleared). Errors: ErrNotAllowed,
// ErrReasonMissing.
func (s *Store) ConfirmResend(ctx context.Context, actor Actor, id, reason string) error {
	err := s.change(ctx, id, func(tx *sqlx.Tx, f Filing) error {
		if f.State != Held || (f.HoldKind != HoldPresumed && f.HoldKind != HoldUnlisted) {
			return fmt.Errorf("%sから%sへ: %w", f.State.Label(), Queued.Label(), ErrNotAllowed)
		}
		err := s.move(ctx, tx, f, Queued, actor, reason)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE filings SET queued_at = ?, look_first = 1 WHERE id = ?", database.At(s.now()), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("confirm resend of filing %s: %w", id, err)
	}
	return nil
}

// HoldQueued takes a queued filing out of the night's way until a person looks.
func (s *Store) HoldQueued(ctx context.Context, actor Actor, id string, kind HoldKind, reason string) error {
	err := s.change(ctx, id, func(tx *sqlx.Tx, f Filing) error {
		return s.hold(ctx, tx, f, actor, kind, reason)
	})
	if err != nil {
		return fmt.Errorf("hold filing %s: %w", id, err)
	}
	return nil
}

// change reads the filing and applies f in one transaction.
func (s *Store) change(ctx context.Context, id string, f func(tx *sqlx.Tx, filing Filing) error) error {
	return s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		filing, err := filingIn(ctx, tx, id)
		if err != nil {
			return err
		}
		return f(tx, filing)
	})
}
