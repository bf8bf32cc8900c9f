package vault

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
	"todoke/seal"
)

const keySize = 32

// States of a data key; see collect.go.
const (
	pending = "pending" // the number's row may or may not be stored yet
	live    = "live"    // the number's row was stored
)

// keyring is the keys file.
type keyring struct {
	db     *database.DB
	master *seal.Box
	rand   io.Reader
	now    func() time.Time
}

// owner is what a number is bound to.
type owner struct{ ref, company, subject string }

// The contexts under which things are sealed. Each field is preceded by its
// length, so that no two different rows have the same context.

func bind(label string, fields ...string) string {
	var out strings.Builder
	out.WriteString(label)
	for _, f := range fields {
		fmt.Fprintf(&out, " %d:%s", len(f), f)
	}
	return out.String()
}

func ownContext(id string) string { return bind("todoke vault own key 1", id) }

func companyContext(id, company string) string {
	return bind("todoke vault company key 1", id, company)
}

func dataContext(id string, o owner) string {
	return bind("todoke vault data key 1", id, o.ref, o.company, o.subject)
}

func numberContext(keyID string, o owner) string {
	return bind("todoke vault number 1", keyID, o.ref, o.company, o.subject)
}

// newID makes an opaque reference of 128 random bits. It has letters only, so that
// it never looks like it holds a number.
func newID(rand io.Reader, kind string) (string, error) {
	raw := make([]byte, 16)
	_, err := io.ReadFull(rand, raw)
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	letters := strings.Map(func(r rune) rune {
		if r <= '9' {
			return r - '0' + 'g' // g to p follow a to f
		}
		return r
	}, hex.EncodeToString(raw))
	return kind + "_" + letters, nil
}

// newKey makes a key and returns a box of it and the key wrapped by the wrapper.
func (k *keyring) newKey(wrapper *seal.Box, context string) (*seal.Box, []byte, error) {
	key := make([]byte, keySize)
	defer clear(key)
	_, err := io.ReadFull(k.rand, key)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	box, err := seal.NewBox(key)
	if err != nil {
		return nil, nil, err
	}
	wrapped, err := wrapper.Seal(key, context)
	return box, wrapped, err
}

func unwrap(wrapper *seal.Box, wrapped []byte, context string) (*seal.Box, error) {
	key, err := wrapper.Open(wrapped, context)
	if err != nil {
		return nil, ErrUnreadable
	}
	defer clear(key)
	return seal.NewBox(key)
}

func (k *keyring) in(ctx context.Context, f func(tx *sqlx.Tx) error) error { return k.db.InTx(ctx, f) }

// create makes the data key for a number about to be stored, and the company's key
// when it has none. The key is pending until confirm.
func (k *keyring) create(ctx context.Context, o owner) (id string, box *seal.Box, err error) {
	id, err = newID(k.rand, "key")
	if err != nil {
		return "", nil, err
	}
	err = k.in(ctx, func(tx *sqlx.Tx) error {
		companyID, company, err := k.company(ctx, tx, o.company)
		if errors.Is(err, ErrKeyMissing) {
			companyID, company, err = k.foundCompany(ctx, tx, o.company)
		}
		if err != nil {
			return err
		}
		var wrapped []byte
		box, wrapped, err = k.newKey(company, dataContext(id, o))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO data_keys (id, ref, company_key, state, wrapped, created_at) VALUES (?, ?, ?, ?, ?, ?)",
			id, o.ref, companyID, pending, wrapped, database.At(k.now()))
		return err
	})
	if err != nil {
		return "", nil, fmt.Errorf("store data key: %w", err)
	}
	return id, box, nil
}

func (k *keyring) foundCompany(ctx context.Context, tx *sqlx.Tx, company string) (string, *seal.Box, error) {
	id, err := newID(k.rand, "company")
	if err != nil {
		return "", nil, err
	}
	box, wrapped, err := k.newKey(k.master, companyContext(id, company))
	if err != nil {
		return "", nil, err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO company_keys (id, company, wrapped, created_at) VALUES (?, ?, ?, ?)",
		id, company, wrapped, database.At(k.now()))
	return id, box, err
}

// company opens a company's key: ErrKeyMissing, ErrUnreadable.
func (k *keyring) company(ctx context.Context, q sqlx.QueryerContext, company string) (string, *seal.Box, error) {
	var row struct {
		ID      string `db:"id"`
		Wrapped []byte `db:"wrapped"`
	}
	err := sqlx.GetContext(ctx, q, &row, "SELECT id, wrapped FROM company_keys WHERE company = ?", company)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, ErrKeyMissing
	}
	if err != nil {
		return "", nil, fmt.Errorf("read company key: %w", err)
	}
	box, err := unwrap(k.master, row.Wrapped, companyContext(row.ID, company))
	return row.ID, box, err
}

// open opens the data key of a stored number: ErrKeyMissing, ErrUnreadable.
func (k *keyring) open(ctx context.Context, id string, o owner) (*seal.Box, error) {
	_, company, err := k.company(ctx, k.db.Read, o.company)
	if err != nil {
		return nil, err
	}
	var wrapped []byte
	err = k.db.Read.GetContext(ctx, &wrapped, "SELECT wrapped FROM data_keys WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrKeyMissing
	}
	if err != nil {
		return nil, fmt.Errorf("read data key: %w", err)
	}
	return unwrap(company, wrapped, dataContext(id, o))
}

// confirm marks a key as live once its number's row is stored. ErrKeyMissing means
// that another process took it for abandoned in the meantime.
func (k *keyring) confirm(ctx context.Context, id string) error {
	done, err := k.db.Write.ExecContext(ctx, "UPDATE data_keys SET state = ? WHERE id = ?", live, id)
	if err != nil {
		return fmt.Errorf("confirm data key: %w", err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return fmt.Errorf("confirm data key: %w", err)
	}
	if n == 0 {
		return ErrKeyMissing
	}
	return nil
}

// drop deletes the data key of a reference; none is fine.
func (k *keyring) drop(ctx context.Context, ref string) error {
	_, err := k.db.Write.ExecContext(ctx, "DELETE FROM data_keys WHERE ref = ?", ref)
	if err != nil {
		return fmt.Errorf("delete data key: %w", err)
	}
	return nil
}
