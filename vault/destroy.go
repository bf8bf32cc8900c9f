package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// Tombstone is what is left of a number: the facts of a 削除証明書.
type Tombstone struct {
	Ref        string
	Company    string
	Subject    string
	Action     Action // ActionDestroy, or ActionUpdate when another number took its place
	Reason     string
	Actor      string
	Removed    time.Time // the number's row was deleted here
	KeyGone    time.Time // its key was deleted and both files purged; zero: not yet
	CopiesGone time.Time // no copy of the keys file holds its key any more; zero: not yet
}

// Destroy deletes a number and its key and purges both files. The act is recorded
// first. Destroying what is destroyed already finishes what was left undone.
//
// Errors: ErrUnknownReference, ErrInvalid, ErrNumberInText, ErrNotRecorded,
// ErrRolledBack; ErrNotErased when the number is gone but a reader kept its traces.
func (v *Vault) Destroy(ctx context.Context, ref, reason string, by Who) error {
	err := check(append(by.fields(), field{name: "reference", value: ref, id: true}, field{name: "reason", value: reason})...)
	if err != nil {
		return fmt.Errorf("destroy number: %w", err)
	}
	row, err := rowWhere(ctx, v.db.Read, "ref = ?", ref)
	if errors.Is(err, ErrUnknownReference) {
		_, err = v.Tombstone(ctx, ref)
		if err != nil {
			return fmt.Errorf("destroy number: %w", err)
		}
		return v.erase(ctx, ref)
	}
	if err != nil {
		return err
	}
	use := Use{Company: row.Company, Action: ActionDestroy, Who: by, Purpose: reason, Subject: row.Subject, Ref: ref}
	err = v.recorded(ctx, []Use{use}, func() error {
		return v.db.InTx(ctx, func(tx *sqlx.Tx) error {
			row, err := rowWhere(ctx, tx, "ref = ?", ref)
			if err != nil {
				return err
			}
			return v.bury(ctx, tx, row, ActionDestroy, reason, by)
		})
	})
	if err != nil {
		return fmt.Errorf("destroy number %s: %w", ref, err)
	}
	return v.erase(ctx, ref)
}

// bury deletes a number's row and leaves a tombstone, in one transaction.
func (v *Vault) bury(ctx context.Context, tx *sqlx.Tx, row numberRow, action Action, reason string, by Who) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM numbers WHERE ref = ?", row.Ref)
	if err != nil {
		return fmt.Errorf("delete number: %w", err)
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO tombstones (ref, company, subject, action, reason, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		row.Ref, row.Company, row.Subject, action, reason, by.Actor, database.At(v.now()))
	if err != nil {
		return fmt.Errorf("store tombstone: %w", err)
	}
	return nil
}

// erase deletes the key of a number whose tombstone is committed, purges both files
// and dates the tombstone. A crash anywhere in it is finished by collect.
func (v *Vault) erase(ctx context.Context, ref string) error {
	err := v.keys.drop(ctx, ref)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotErased, err)
	}
	return v.purged(ctx)
}

// purged empties both files of what was deleted and dates all tombstones without a
// key. The keys come first: without its key a ciphertext that is left says nothing.
func (v *Vault) purged(ctx context.Context) error {
	// Only those that are buried by now: another may follow while the files are purged.
	var refs []string
	err := v.db.Read.SelectContext(ctx, &refs, "SELECT ref FROM tombstones WHERE key_gone_at = 0")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotErased, err)
	}
	var gone []string
	for _, ref := range refs {
		var n int
		err = v.keys.db.Write.GetContext(ctx, &n, "SELECT count(*) FROM data_keys WHERE ref = ?", ref)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotErased, err)
		}
		if n == 0 {
			gone = append(gone, ref)
		}
	}
	for _, db := range []*database.DB{v.keys.db, v.db} {
		err = v.purge(ctx, db)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotErased, err)
		}
	}
	for _, ref := range gone {
		_, err = v.db.Write.ExecContext(ctx, "UPDATE tombstones SET key_gone_at = ? WHERE ref = ? AND key_gone_at = 0", database.At(v.now()), ref)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotErased, err)
		}
	}
	return nil
}

// ConfirmCopies tells the vault that the oldest copy of the keys file that still
// exists anywhere was made at that time: copies of keys that were deleted before
// it are gone.
func (v *Vault) ConfirmCopies(ctx context.Context, oldest time.Time) error {
	_, err := v.db.Write.ExecContext(ctx, "UPDATE tombstones SET copies_gone_at = ? WHERE copies_gone_at = 0 AND key_gone_at > 0 AND key_gone_at < ?",
		database.At(v.now()), database.At(oldest))
	if err != nil {
		return fmt.Errorf("confirm copies of the keys: %w", err)
	}
	return nil
}

type tombstoneRow struct {
	Ref          string          `db:"ref"`
	Company      string          `db:"company"`
	Subject      string          `db:"subject"`
	Action       Action          `db:"action"`
	Reason       string          `db:"reason"`
	Actor        string          `db:"actor"`
	At           database.Micros `db:"at"`
	KeyGoneAt    database.Micros `db:"key_gone_at"`
	CopiesGoneAt database.Micros `db:"copies_gone_at"`
}

const tombstoneColumns = "ref, company, subject, action, reason, actor, at, key_gone_at, copies_gone_at"

func (r tombstoneRow) tombstone() Tombstone {
	return Tombstone{
		Ref: r.Ref, Company: r.Company, Subject: r.Subject, Action: r.Action, Reason: r.Reason, Actor: r.Actor,
		Removed: r.At.Time(), KeyGone: r.KeyGoneAt.Time(), CopiesGone: r.CopiesGoneAt.Time(),
	}
}

// Tombstone returns what is left of a destroyed number, or ErrUnknownReference.
func (v *Vault) Tombstone(ctx context.Context, ref string) (Tombstone, error) {
	var row tombstoneRow
	err := v.db.Read.GetContext(ctx, &row, "SELECT "+tombstoneColumns+" FROM tombstones WHERE ref = ?", ref)
	if errors.Is(err, sql.ErrNoRows) {
		return Tombstone{}, fmt.Errorf("tombstone %s: %w", ref, ErrUnknownReference)
	}
	if err != nil {
		return Tombstone{}, fmt.Errorf("read tombstone %s: %w", ref, err)
	}
	return row.tombstone(), nil
}

// Tombstones returns those of a company, the oldest first.
func (v *Vault) Tombstones(ctx context.Context, company string) ([]Tombstone, error) {
	var rows []tombstoneRow
	err := v.db.Read.SelectContext(ctx, &rows, "SELECT "+tombstoneColumns+" FROM tombstones WHERE company = ? ORDER BY at, ref", company)
	if err != nil {
		return nil, fmt.Errorf("list tombstones of company %s: %w", company, err)
	}
	tombstones := make([]Tombstone, len(rows))
	for i, row := range rows {
		tombstones[i] = row.tombstone()
	}
	return tombstones, nil
}
