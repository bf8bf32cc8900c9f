package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"todoke/database"
)

// Two files cannot be committed as one, so their order has to make every crash
// harmless. Putting a number:
//
//	a  the data key is stored as pending    (keys)
//	b  the number's row is stored           (vault)
//	c  the key is marked live               (keys)
//
// Stopped after a: a pending key without a row; it opens nothing and is deleted
// once it is old. Stopped after b: a pending key with a row; it is marked live. The
// number could be used all along, since reading does not look at the state.
//
// Another process may be between a and b while this one sweeps, or may have been
// suspended there for days. Hence step c: whoever deletes a pending key does so only
// while it is pending, and whoever stored a row finds out in c whether its key is
// still there. Either the sweep sees no row and deletes, then c fails and the row is
// withdrawn; or c comes first, then the key is no longer pending and stays. The age
// limit only makes it rare that somebody has to try again.
//
// Destroying a number:
//
//	d  the row is deleted and a tombstone stored, in one transaction  (vault)
//	e  the key is deleted                                             (keys)
//	f  both files are purged and the tombstone is dated
//
// Stopped after d or e: a tombstone without its date; e and f are done again. The
// same rule deletes a key that came back with an old copy of the keys file.
//
// A live key without row and without tombstone is left alone: it belongs to a
// number that is in a newer copy of the vault file than the one at hand, and
// deleting it would make that copy useless.

// abandoned is the age at which a pending key is taken to be left over by a crash;
// a Put takes milliseconds.
const abandoned = 10 * time.Minute

// collect finishes what a crash has interrupted. It runs at Open.
func (v *Vault) collect(ctx context.Context) error {
	swept, err := v.settlePending(ctx)
	if err != nil {
		return fmt.Errorf("settle pending keys: %w", err)
	}
	buried, err := v.dropBuried(ctx)
	if err != nil {
		return fmt.Errorf("delete keys of destroyed numbers: %w", err)
	}
	undated, err := v.Unfinished(ctx)
	if err != nil {
		return err
	}
	if swept+buried+undated == 0 {
		return nil
	}
	err = v.purged(ctx)
	if errors.Is(err, ErrNotErased) {
		return nil // another process is reading; Unfinished tells, and the next one tries again
	}
	return err
}

// Unfinished counts the destroyed numbers of which traces may still be in the files.
func (v *Vault) Unfinished(ctx context.Context) (int, error) {
	var n int
	err := v.db.Read.GetContext(ctx, &n, "SELECT count(*) FROM tombstones WHERE key_gone_at = 0")
	if err != nil {
		return 0, fmt.Errorf("count unfinished erasures: %w", err)
	}
	return n, nil
}

func (v *Vault) settlePending(ctx context.Context) (deleted int, err error) {
	var ids []string
	err = v.keys.db.Write.SelectContext(ctx, &ids, "SELECT id FROM data_keys WHERE state = ? AND created_at < ?",
		pending, database.At(v.now().Add(-abandoned)))
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		var rows int
		err = v.db.Write.GetContext(ctx, &rows, "SELECT count(*) FROM numbers WHERE data_key = ?", id)
		if err != nil {
			return 0, err
		}
		if rows > 0 {
			err = v.keys.confirm(ctx, id)
			if err != nil && !errors.Is(err, ErrKeyMissing) {
				return 0, err
			}
			continue
		}
		_, err = v.keys.db.Write.ExecContext(ctx, "DELETE FROM data_keys WHERE id = ? AND state = ?", id, pending)
		if err != nil {
			return 0, err
		}
		deleted++
	}
	return deleted, nil
}

func (v *Vault) dropBuried(ctx context.Context) (deleted int, err error) {
	var buried, held []string
	err = v.db.Write.SelectContext(ctx, &buried, "SELECT ref FROM tombstones")
	if err != nil || len(buried) == 0 {
		return 0, err
	}
	err = v.keys.db.Write.SelectContext(ctx, &held, "SELECT ref FROM data_keys")
	if err != nil {
		return 0, err
	}
	dead := make(map[string]bool, len(buried))
	for _, ref := range buried {
		dead[ref] = true
	}
	for _, ref := range held {
		if !dead[ref] {
			continue
		}
		err = v.keys.drop(ctx, ref)
		if err != nil {
			return 0, err
		}
		deleted++
	}
	return deleted, nil
}
