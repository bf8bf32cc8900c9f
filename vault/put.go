package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"todoke/database"
	"todoke/seal"
)

// numberRow is a number as it is stored.
type numberRow struct {
	Ref     string `db:"ref"`
	Company string `db:"company"`
	Subject string `db:"subject"`
	DataKey string `db:"data_key"`
	Sealed  []byte `db:"sealed"`
}

func (r numberRow) owner() owner { return owner{ref: r.Ref, company: r.Company, subject: r.Subject} }

// rowWhere reads one number's row, or ErrUnknownReference.
func rowWhere(ctx context.Context, q sqlx.QueryerContext, condition string, args ...any) (numberRow, error) {
	var row numberRow
	err := sqlx.GetContext(ctx, q, &row, "SELECT ref, company, subject, data_key, sealed FROM numbers WHERE "+condition, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return numberRow{}, ErrUnknownReference
	}
	if err != nil {
		return numberRow{}, fmt.Errorf("read number: %w", err)
	}
	return row, nil
}

// Put takes a number into custody and returns its reference. An earlier number of
// the same subject is destroyed, and its reference with it. The registration is
// recorded before anything is stored. The caller wipes n.
//
// An error together with a reference means that the new number is stored but the
// old one's traces are not yet erased (ErrNotErased). Other errors: ErrInvalid,
// ErrNumberInText, ErrNumberLength for a number that was wiped, ErrNotRecorded,
// ErrRolledBack, ErrKeyMissing when the files were swept meanwhile: try again.
func (v *Vault) Put(ctx context.Context, company, subject string, n *Number, by Who) (ref string, err error) {
	err = check(append(by.fields(), field{name: "company", value: company, id: true}, field{name: "subject", value: subject, id: true})...)
	if err != nil {
		return "", fmt.Errorf("register number: %w", err)
	}
	if n.Digits() == nil {
		return "", fmt.Errorf("register number: %w", ErrNumberLength)
	}
	use := Use{Company: company, Subject: subject, Who: by, Action: ActionRegister, Purpose: "個人番号関係事務のための登録"}
	_, err = rowWhere(ctx, v.db.Read, "company = ? AND subject = ?", company, subject)
	switch {
	case err == nil:
		use.Action = ActionUpdate
	case !errors.Is(err, ErrUnknownReference):
		return "", err
	}
	ref, err = newID(v.rand, "number")
	if err != nil {
		return "", err
	}
	use.Ref = ref
	var old string
	err = v.recorded(ctx, []Use{use}, func() error {
		var err error
		old, err = v.store(ctx, owner{ref: ref, company: company, subject: subject}, n, by)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("register number: %w", err)
	}
	if old == "" {
		return ref, nil
	}
	err = v.erase(ctx, old)
	if err != nil {
		return ref, fmt.Errorf("register number %s: %w", ref, err)
	}
	return ref, nil
}

// store writes key, then row, then confirms the key, and returns the reference of
// the row that was replaced.
func (v *Vault) store(ctx context.Context, o owner, n *Number, by Who) (old string, err error) {
	keyID, box, err := v.keys.create(ctx, o)
	if err != nil {
		return "", err
	}
	sealed, err := box.Seal(n.Digits(), numberContext(keyID, o))
	if err != nil {
		return "", err
	}
	err = v.db.InTx(ctx, func(tx *sqlx.Tx) error {
		row, err := rowWhere(ctx, tx, "company = ? AND subject = ?", o.company, o.subject)
		if err != nil && !errors.Is(err, ErrUnknownReference) {
			return err
		}
		if err == nil {
			old = row.Ref
			err = v.bury(ctx, tx, row, ActionUpdate, "新しい番号への置き換え", by)
			if err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO numbers (ref, company, subject, data_key, sealed, created_at) VALUES (?, ?, ?, ?, ?, ?)",
			o.ref, o.company, o.subject, keyID, sealed, database.At(v.now()))
		if err != nil {
			return fmt.Errorf("store number: %w", err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	err = v.keys.confirm(ctx, keyID)
	if errors.Is(err, ErrKeyMissing) {
		// Nobody can have seen the reference yet, so the row goes without a trace.
		_, deleted := v.db.Write.ExecContext(ctx, "DELETE FROM numbers WHERE ref = ?", o.ref)
		return "", errors.Join(err, deleted)
	}
	if err != nil {
		return "", err // the row is there and the key will be confirmed at the next start
	}
	return old, nil
}

// RefFor returns the reference of a subject's number, or ErrUnknownReference.
func (v *Vault) RefFor(ctx context.Context, company, subject string) (string, error) {
	row, err := rowWhere(ctx, v.db.Read, "company = ? AND subject = ?", company, subject)
	if err != nil {
		return "", fmt.Errorf("number of subject %s: %w", subject, err)
	}
	return row.Ref, nil
}

// Has reports whether the vault holds a number of the subject.
func (v *Vault) Has(ctx context.Context, company, subject string) (bool, error) {
	_, err := v.RefFor(ctx, company, subject)
	if errors.Is(err, ErrUnknownReference) {
		return false, nil
	}
	return err == nil, err
}

// Held returns the references of all numbers of a company, by subject.
func (v *Vault) Held(ctx context.Context, company string) (map[string]string, error) {
	var rows []numberRow
	err := v.db.Read.SelectContext(ctx, &rows, "SELECT ref, subject FROM numbers WHERE company = ?", company)
	if err != nil {
		return nil, fmt.Errorf("list numbers of company %s: %w", company, err)
	}
	held := make(map[string]string, len(rows))
	for _, row := range rows {
		held[row.Subject] = row.Ref
	}
	return held, nil
}

// decrypt is the one place where a number becomes clear, and Reveal its one caller.
func (v *Vault) decrypt(ctx context.Context, row numberRow) (*Number, error) {
	var box *seal.Box
	box, err := v.keys.open(ctx, row.DataKey, row.owner())
	if err != nil {
		return nil, err
	}
	digits, err := box.Open(row.Sealed, numberContext(row.DataKey, row.owner()))
	if err != nil {
		return nil, ErrUnreadable
	}
	defer clear(digits)
	n, err := ParseNumber(digits)
	if err != nil {
		return nil, ErrUnreadable
	}
	return n, nil
}
