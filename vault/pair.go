package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"todoke/seal"
)

// pair makes sure that the two files belong together and that the master key is
// theirs, and opens the vault's own key. It changes nothing unless a file is new.
//
// Several processes may set up new files at once: each offers an identity, the
// first one stays, and all read back what stayed.
func (v *Vault) pair(ctx context.Context) error {
	theirs, err := v.keys.identity(ctx)
	if err != nil {
		return err
	}
	ours, err := v.identity(ctx)
	if err != nil {
		return err
	}
	switch {
	case theirs.ID != "" && ours == "":
		return ErrOtherVault // a keys file beside a vault file that is new
	case theirs.ID == "" && ours != "":
		used, err := v.used(ctx)
		if err != nil {
			return err
		}
		if used {
			return ErrKeysMissing
		}
	}
	if ours == "" {
		ours, err = v.found(ctx)
		if err != nil {
			return err
		}
	}
	if theirs.ID == "" {
		theirs, err = v.keys.found(ctx, ours)
		if err != nil {
			return err
		}
	}
	if theirs.ID != ours {
		return ErrOtherVault
	}
	own, err := v.keys.master.Open(theirs.Wrapped, ownContext(ours))
	if err != nil {
		return ErrWrongMaster
	}
	defer clear(own)
	v.sealer, err = seal.NewBox(own)
	return err
}

func (v *Vault) identity(ctx context.Context) (string, error) {
	var id string
	err := v.db.Write.GetContext(ctx, &id, "SELECT id FROM vault_identity")
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read identity of the vault: %w", err)
	}
	return id, nil
}

// found gives a new vault file its identity.
func (v *Vault) found(ctx context.Context) (string, error) {
	id, err := newID(v.rand, "vault")
	if err != nil {
		return "", err
	}
	_, err = v.db.Write.ExecContext(ctx, "INSERT INTO vault_identity (one, id) VALUES (1, ?) ON CONFLICT (one) DO NOTHING", id)
	if err != nil {
		return "", fmt.Errorf("store identity of the vault: %w", err)
	}
	return v.identity(ctx)
}

func (v *Vault) used(ctx context.Context) (bool, error) {
	var n int
	err := v.db.Write.GetContext(ctx, &n, "SELECT (SELECT count(*) FROM numbers) + (SELECT count(*) FROM grants) + (SELECT count(*) FROM tombstones)")
	if err != nil {
		return false, fmt.Errorf("look into the vault: %w", err)
	}
	return n > 0, nil
}

// keysIdentity says which vault a keys file belongs to, and holds the vault's own key.
type keysIdentity struct {
	ID      string `db:"id"`
	Wrapped []byte `db:"wrapped"`
}

func (k *keyring) identity(ctx context.Context) (keysIdentity, error) {
	var i keysIdentity
	err := k.db.Write.GetContext(ctx, &i, "SELECT id, wrapped FROM keys_identity")
	if errors.Is(err, sql.ErrNoRows) {
		return keysIdentity{}, nil
	}
	if err != nil {
		return keysIdentity{}, fmt.Errorf("read identity of the keys: %w", err)
	}
	return i, nil
}

// found gives a new keys file the identity of its vault and makes the vault's own key.
func (k *keyring) found(ctx context.Context, id string) (keysIdentity, error) {
	_, wrapped, err := k.newKey(k.master, ownContext(id))
	if err != nil {
		return keysIdentity{}, err
	}
	err = k.in(ctx, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO keys_identity (one, id, wrapped) VALUES (1, ?, ?) ON CONFLICT (one) DO NOTHING", id, wrapped)
		return err
	})
	if err != nil {
		return keysIdentity{}, fmt.Errorf("store identity of the keys: %w", err)
	}
	return k.identity(ctx)
}
