package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
	"todoke/egov"
	"todoke/seal"
)

// Store is the accounts in one database. It is safe for concurrent use, also by
// several processes.
type Store struct {
	db    *database.DB
	box   *seal.Box
	clock func() time.Time
	poll  time.Duration // how often a waiting process looks whether a refresh is done
}

// NewStore returns the Store in db, whose secrets are sealed with box.
func NewStore(db *database.DB, box *seal.Box, clock func() time.Time) *Store {
	return &Store{db: db, box: box, clock: clock, poll: 200 * time.Millisecond}
}

// Put adds the account or changes it. An empty ClientSecret keeps the stored one.
func (s *Store) Put(ctx context.Context, a Account) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		if a.ClientSecret == "" {
			return s.update(ctx, tx, a)
		}
		sealed, err := s.box.Seal([]byte(a.ClientSecret), secretContext(a.ID))
		if err != nil {
			return err
		}
		now := database.At(s.clock())
		_, err = tx.ExecContext(ctx, tx.Rebind(`
			INSERT INTO egov_accounts (id, name, api_base, auth_base, client_id, client_secret_sealed, redirect_uri, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, api_base = excluded.api_base, auth_base = excluded.auth_base,
				client_id = excluded.client_id, client_secret_sealed = excluded.client_secret_sealed,
				redirect_uri = excluded.redirect_uri, updated_at = excluded.updated_at`),
			a.ID, a.Name, a.APIBase, a.AuthBase, a.ClientID, sealed, a.RedirectURI, now, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("store e-Gov account %s: %w", a.ID, err)
	}
	return nil
}

func (s *Store) update(ctx context.Context, tx *sqlx.Tx, a Account) error {
	result, err := tx.ExecContext(ctx, tx.Rebind(`
		UPDATE egov_accounts SET name = ?, api_base = ?, auth_base = ?, client_id = ?, redirect_uri = ?, updated_at = ?
		WHERE id = ?`), a.Name, a.APIBase, a.AuthBase, a.ClientID, a.RedirectURI, database.At(s.clock()), a.ID)
	if err != nil {
		return err
	}
	changed, err := result.RowsAffected()
	if err == nil && changed == 0 {
		return ErrUnknown
	}
	return err
}

type accountRow struct {
	ID          string `db:"id"`
	Name        string `db:"name"`
	APIBase     string `db:"api_base"`
	AuthBase    string `db:"auth_base"`
	ClientID    string `db:"client_id"`
	Sealed      []byte `db:"client_secret_sealed"`
	RedirectURI string `db:"redirect_uri"`
}

const selectAccounts = `SELECT id, name, api_base, auth_base, client_id, client_secret_sealed, redirect_uri FROM egov_accounts`

func (s *Store) open(row accountRow) (Account, error) {
	secret, err := s.box.Open(row.Sealed, secretContext(row.ID))
	if err != nil {
		return Account{}, err
	}
	return Account{
		ID: row.ID, Name: row.Name, APIBase: row.APIBase, AuthBase: row.AuthBase,
		ClientID: row.ClientID, ClientSecret: string(secret), RedirectURI: row.RedirectURI,
	}, nil
}

// Account returns the account with that id, or ErrUnknown.
func (s *Store) Account(ctx context.Context, id string) (Account, error) {
	var row accountRow
	err := s.db.Read.GetContext(ctx, &row, s.db.Read.Rebind(selectAccounts+` WHERE id = ?`), id)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Account{}, fmt.Errorf("read e-Gov account %s: %w", id, err)
	}
	a, err := s.open(row)
	if err != nil {
		return Account{}, fmt.Errorf("read e-Gov account %s: %w", id, err)
	}
	return a, nil
}

// Accounts returns all accounts, by id.
func (s *Store) Accounts(ctx context.Context) ([]Account, error) {
	var rows []accountRow
	err := s.db.Read.SelectContext(ctx, &rows, selectAccounts+` ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list e-Gov accounts: %w", err)
	}
	accounts := make([]Account, 0, len(rows))
	for _, row := range rows {
		a, err := s.open(row)
		if err != nil {
			return nil, fmt.Errorf("read e-Gov account %s: %w", row.ID, err)
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// Login tells how the account stands with e-Gov. An account without tokens is
// neither logged in nor an error.
func (s *Store) Login(ctx context.Context, id string) (Login, error) {
	row, err := s.tokens(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Login{}, nil
	}
	if err != nil {
		return Login{}, fmt.Errorf("read login of e-Gov account %s: %w", id, err)
	}
	return Login{
		LoggedIn: true, NeedsLogin: row.NeedsLogin, Reason: row.Reason,
		AccessExpires: row.AccessExpires.Time(), RefreshExpires: row.RefreshExpires.Time(), Refreshing: row.Since.Time(),
	}, nil
}

// SaveLogin stores the tokens of a login in place of whatever was there; a refresh
// under way will find that it is too late.
func (s *Store) SaveLogin(ctx context.Context, id string, token egov.Token) error {
	access, refresh, err := s.seal(id, token)
	if err != nil {
		return fmt.Errorf("store login of e-Gov account %s: %w", id, err)
	}
	err = s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, tx.Rebind(`
			INSERT INTO egov_tokens (account_id, generation, access_sealed, refresh_sealed, access_expires, refresh_expires, updated_at)
			VALUES (?, 1, ?, ?, ?, ?, ?)
			ON CONFLICT (account_id) DO UPDATE SET generation = egov_tokens.generation + 1,
				access_sealed = excluded.access_sealed, refresh_sealed = excluded.refresh_sealed,
				access_expires = excluded.access_expires, refresh_expires = excluded.refresh_expires,
				refreshing_since = 0, refreshing_by = '', needs_login = 0, needs_login_reason = '',
				updated_at = excluded.updated_at`),
			id, access, refresh, database.At(token.AccessExpires), database.At(token.RefreshExpires), database.At(s.clock()))
		return err
	})
	if err != nil {
		return fmt.Errorf("store login of e-Gov account %s: %w", id, err)
	}
	return nil
}

// Forget deletes the tokens of the account, as after a logout.
func (s *Store) Forget(ctx context.Context, id string) error {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, tx.Rebind(`DELETE FROM egov_tokens WHERE account_id = ?`), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget login of e-Gov account %s: %w", id, err)
	}
	return nil
}

func secretContext(id string) string  { return "egov client secret " + id }
func accessContext(id string) string  { return "egov access token " + id }
func refreshContext(id string) string { return "egov refresh token " + id }
