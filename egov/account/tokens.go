package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
	"todoke/egov"
)

// leaseTime is how long a refresh may take. After it the process that began is
// taken for dead, and another one may try.
const leaseTime = 3 * time.Minute

type tokenRow struct {
	Generation     int64           `db:"generation"`
	Access         []byte          `db:"access_sealed"`
	Refresh        []byte          `db:"refresh_sealed"`
	AccessExpires  database.Micros `db:"access_expires"`
	RefreshExpires database.Micros `db:"refresh_expires"`
	Since          database.Micros `db:"refreshing_since"`
	NeedsLogin     bool            `db:"needs_login"`
	Reason         string          `db:"needs_login_reason"`
}

func (s *Store) tokens(ctx context.Context, id string) (tokenRow, error) {
	var row tokenRow
	err := s.db.Read.GetContext(ctx, &row, s.db.Read.Rebind(`
		SELECT generation, access_sealed, refresh_sealed, access_expires, refresh_expires,
			refreshing_since, needs_login, needs_login_reason
		FROM egov_tokens WHERE account_id = ?`), id)
	return row, err
}

func (s *Store) seal(id string, token egov.Token) (access, refresh []byte, err error) {
	access, err = s.box.Seal([]byte(token.Access), accessContext(id))
	if err != nil {
		return nil, nil, err
	}
	refresh, err = s.box.Seal([]byte(token.Refresh), refreshContext(id))
	if err != nil {
		return nil, nil, err
	}
	return access, refresh, nil
}

// change runs one statement in a transaction and tells whether it met its row.
func (s *Store) change(ctx context.Context, query string, args ...any) (bool, error) {
	var changed int64
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, tx.Rebind(query), args...)
		if err != nil {
			return err
		}
		changed, err = result.RowsAffected()
		return err
	})
	return changed == 1, err
}

// lease commits that by is about to refresh this generation of tokens. It fails
// while another process does, unless that one began longer than leaseTime ago, or
// in the future by a clock that has been set back since.
func (s *Store) lease(ctx context.Context, id string, generation int64, by string) (bool, error) {
	now := s.clock()
	taken, err := s.change(ctx, `
		UPDATE egov_tokens SET refreshing_since = ?, refreshing_by = ?
		WHERE account_id = ? AND generation = ? AND needs_login = 0
			AND (refreshing_since = 0 OR refreshing_since <= ? OR refreshing_since > ?)`,
		database.At(now), by, id, generation, database.At(now.Add(-leaseTime)), database.At(now.Add(leaseTime)))
	if err != nil {
		return false, fmt.Errorf("lease tokens: %w", err)
	}
	return taken, nil
}

// release ends a refresh that brought nothing.
func (s *Store) release(ctx context.Context, id, by string) error {
	_, err := s.change(ctx, `
		UPDATE egov_tokens SET refreshing_since = 0, refreshing_by = '' WHERE account_id = ? AND refreshing_by = ?`, id, by)
	if err != nil {
		return fmt.Errorf("release tokens: %w", err)
	}
	return nil
}

// replace stores both tokens unless others were stored since generation was read.
// These tokens are the only ones that e-Gov accepts by then, so a failing
// transaction is tried again; one that was committed although it failed is met
// again as the next generation and left alone.
func (s *Store) replace(ctx context.Context, id string, generation int64, token egov.Token) error {
	access, refresh, err := s.seal(id, token)
	if err != nil {
		return fmt.Errorf("store tokens: %w", err)
	}
	const tries = 3
	var failures []error
	for range tries {
		_, err = s.change(ctx, `
			UPDATE egov_tokens SET generation = generation + 1, access_sealed = ?, refresh_sealed = ?,
				access_expires = ?, refresh_expires = ?, refreshing_since = 0, refreshing_by = '', updated_at = ?
			WHERE account_id = ? AND generation = ?`,
			access, refresh, database.At(token.AccessExpires), database.At(token.RefreshExpires), database.At(s.clock()), id, generation)
		if err == nil {
			return nil
		}
		failures = append(failures, err)
	}
	return fmt.Errorf("store tokens: %w", errors.Join(failures...))
}

// giveUp records that a person has to log in, unless somebody has meanwhile.
func (s *Store) giveUp(ctx context.Context, id string, generation int64, reason string) error {
	_, err := s.change(ctx, `
		UPDATE egov_tokens SET needs_login = 1, needs_login_reason = ?, refreshing_since = 0, refreshing_by = '', updated_at = ?
		WHERE account_id = ? AND generation = ?`, reason, database.At(s.clock()), id, generation)
	if err != nil {
		return fmt.Errorf("record that a login is needed: %w", err)
	}
	return nil
}

// expire makes the access token of this generation count as ended.
func (s *Store) expire(ctx context.Context, id string, generation int64) error {
	_, err := s.change(ctx, `
		UPDATE egov_tokens SET access_expires = 0, updated_at = ? WHERE account_id = ? AND generation = ?`,
		database.At(s.clock()), id, generation)
	if err != nil {
		return fmt.Errorf("expire the access token: %w", err)
	}
	return nil
}
