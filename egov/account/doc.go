// Package account keeps the office's e-Gov accounts and their tokens, sealed, and
// hands out access tokens that are fresh enough.
//
// It does not log anybody in: a person does that in the browser, and the tokens of
// that login come in through SaveLogin.
//
// What always holds: both tokens of a refresh replace the old ones in one
// transaction; the intention to refresh is committed before e-Gov is asked, and as
// long as it stands no other process asks; a refresh token is given up only when
// e-Gov says that it does not accept it; no secret is stored in clear, logged or part
// of an error.
package account

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"todoke/database"
	"todoke/egov"
)

var (
	// ErrUnknown reports an account that does not exist.
	ErrUnknown = errors.New("このe-Govアカウントは登録されていません")
	// ErrNeedsLogin reports an account that a person has to log in to again.
	ErrNeedsLogin = errors.New("e-Govへの再ログインが必要です")
	// ErrShortLived reports a fresh access token that does not live as long as asked.
	ErrShortLived = errors.New("the access token lives shorter than is needed")
)

//go:embed migrations/sqlite/*.sql
var files embed.FS

// Migrations returns the tables of this package for SQLite.
func Migrations() (database.Migrations, error) {
	root, err := fs.Sub(files, "migrations/sqlite")
	if err != nil {
		return database.Migrations{}, fmt.Errorf("read migrations of e-Gov accounts: %w", err)
	}
	return database.Migrations{Table: "egov_schema", Files: root}, nil
}

// Account is one e-Gov login and the software credentials it is used with. However
// it is formatted or logged, the client secret is masked.
type Account struct {
	ID           string
	Name         string // what the office calls it
	APIBase      string
	AuthBase     string
	ClientID     string
	ClientSecret string
	RedirectURI  string
}

// Config is base with what belongs to the account filled in.
func (a Account) Config(base egov.Config) egov.Config {
	base.APIBase, base.AuthBase = a.APIBase, a.AuthBase
	base.ClientID, base.ClientSecret, base.RedirectURI = a.ClientID, a.ClientSecret, a.RedirectURI
	return base
}

func (a Account) masked() string {
	return fmt.Sprintf("account.Account{ID: %q, Name: %q, APIBase: %q, ClientID: %q}", a.ID, a.Name, a.APIBase, a.ClientID)
}

// Format leaves the secret out, whatever the verb.
func (a Account) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, a.masked()) }

// LogValue leaves the secret out.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.masked()) }

// MarshalText leaves the secret out; it cannot be read back.
func (a Account) MarshalText() ([]byte, error) { return []byte(a.masked()), nil }

// Login is how an account stands with e-Gov.
type Login struct {
	LoggedIn       bool      // there are tokens
	NeedsLogin     bool      // e-Gov does not accept the refresh token any more
	Reason         string    // why NeedsLogin
	AccessExpires  time.Time // zero when it is to be refreshed before the next use
	RefreshExpires time.Time // zero when e-Gov did not say
	Refreshing     time.Time // since when a process asks for new tokens, zero for none
}
