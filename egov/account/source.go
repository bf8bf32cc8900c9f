package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"todoke/egov"
)

// Refresher asks e-Gov for new tokens, once per call; *egov.Client is one.
type Refresher interface {
	Refresh(ctx context.Context, refreshToken string) (egov.Token, error)
}

// Source hands out access tokens of one account. It is safe for concurrent use.
type Source struct {
	store *Store
	id    string
	egov  Refresher
	turn  chan struct{} // one refresh at a time in this process
}

// Source returns the Source of the account with that id.
func (s *Store) Source(id string, egov Refresher) *Source {
	return &Source{store: s, id: id, egov: egov, turn: make(chan struct{}, 1)}
}

// AccessToken returns an access token that lives for at least minLife from now,
// refreshing it first where needed. A token in hand is used as long as it lives, also
// when it cannot be refreshed any more.
//
// Errors: ErrNeedsLogin when a person has to log in; ErrShortLived when even a fresh
// token does not live that long; otherwise e-Gov could not be asked, and asking later
// may help.
func (s *Source) AccessToken(ctx context.Context, minLife time.Duration) (string, error) {
	token, err := s.accessToken(ctx, minLife)
	if err != nil {
		return "", fmt.Errorf("access token of e-Gov account %s: %w", s.id, err)
	}
	return token, nil
}

func (s *Source) accessToken(ctx context.Context, minLife time.Duration) (string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	refreshed := int64(0) // the generation that this call itself brought in
	for {
		row, err := s.store.tokens(ctx, s.id)
		if errors.Is(err, sql.ErrNoRows) {
			return "", ErrNeedsLogin
		}
		if err != nil {
			return "", fmt.Errorf("read tokens: %w", err)
		}
		if row.AccessExpires.Time().Sub(s.store.clock()) >= minLife {
			access, err := s.store.box.Open(row.Access, accessContext(s.id))
			return string(access), err
		}
		if row.NeedsLogin {
			return "", ErrNeedsLogin
		}
		if row.Generation == refreshed {
			return "", ErrShortLived
		}
		done, err := s.refresh(ctx, row)
		if err != nil {
			return "", err
		}
		if done {
			refreshed = row.Generation + 1
			continue
		}
		err = s.wait(ctx) // for the process that refreshes
		if err != nil {
			return "", err
		}
	}
}

// refresh brings new tokens in. It reports false when another process has the
// lease. From the lease on it goes through to the end even if ctx ends: an answer
// that nobody stores would leave the account without a refresh token.
func (s *Source) refresh(ctx context.Context, row tokenRow) (bool, error) {
	by := ulid.Make().String()
	taken, err := s.store.lease(ctx, s.id, row.Generation, by)
	if err != nil || !taken {
		return false, err
	}
	ctx = context.WithoutCancel(ctx)
	token, err := s.ask(ctx, row)
	switch {
	case err == nil:
		return true, s.store.replace(ctx, s.id, row.Generation, token)
	case errors.Is(err, egov.ErrInvalidGrant):
		return true, s.store.giveUp(ctx, s.id, row.Generation, err.Error())
	default:
		return false, errors.Join(err, s.store.release(ctx, s.id, by))
	}
}

// ask sends the refresh token, and once more when no readable answer came: the
// first request may not have arrived.
func (s *Source) ask(ctx context.Context, row tokenRow) (egov.Token, error) {
	refresh, err := s.store.box.Open(row.Refresh, refreshContext(s.id))
	if err != nil {
		return egov.Token{}, err
	}
	if len(refresh) == 0 { // the login came without one
		return egov.Token{}, fmt.Errorf("no refresh token: %w", egov.ErrInvalidGrant)
	}
	ctx, cancel := context.WithTimeout(ctx, leaseTime*3/4)
	defer cancel()
	token, err := s.egov.Refresh(ctx, string(refresh))
	if unanswered(err) {
		token, err = s.egov.Refresh(ctx, string(refresh))
	}
	if err != nil {
		return egov.Token{}, fmt.Errorf("refresh: %w", err)
	}
	return token, nil
}

func unanswered(err error) bool {
	_, transport := errors.AsType[*egov.TransportError](err)
	_, unreadable := errors.AsType[*egov.DecodeError](err)
	return transport || unreadable
}

func (s *Source) wait(ctx context.Context) error {
	timer := time.NewTimer(s.store.poll)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Reject tells that e-Gov answered 401 to this access token: the next AccessToken
// refreshes, unless another token has taken its place already.
func (s *Source) Reject(ctx context.Context, access string) error {
	row, err := s.store.tokens(ctx, s.id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reject access token of e-Gov account %s: %w", s.id, err)
	}
	stored, err := s.store.box.Open(row.Access, accessContext(s.id))
	if err != nil {
		return fmt.Errorf("reject access token of e-Gov account %s: %w", s.id, err)
	}
	if string(stored) != access {
		return nil
	}
	err = s.store.expire(ctx, s.id, row.Generation)
	if err != nil {
		return fmt.Errorf("reject access token of e-Gov account %s: %w", s.id, err)
	}
	return nil
}

// NeedsLogin records that a person has to log in, as when e-Gov refuses a fresh
// token as well. reason is for people; it contains no secret.
func (s *Source) NeedsLogin(ctx context.Context, reason string) error {
	row, err := s.store.tokens(ctx, s.id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("give up login of e-Gov account %s: %w", s.id, err)
	}
	err = s.store.expire(ctx, s.id, row.Generation)
	if err == nil {
		err = s.store.giveUp(ctx, s.id, row.Generation, reason)
	}
	if err != nil {
		return fmt.Errorf("give up login of e-Gov account %s: %w", s.id, err)
	}
	return nil
}
