package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// PresumedSince returns the attempts of an account that were presumed not sent and
// began at or after the given time, the oldest first: e-Gov may list them yet.
func (s *Store) PresumedSince(ctx context.Context, account string, since time.Time) ([]Attempt, error) {
	var attempts []Attempt
	err := s.db.Read.SelectContext(ctx, &attempts, "SELECT "+attemptColumns+` FROM attempts
		WHERE account_id = ? AND state = ? AND sending_at >= ? ORDER BY id`, account, NotSentPresumed, database.At(since))
	if err != nil {
		return nil, fmt.Errorf("list presumed attempts: %w", err)
	}
	return attempts, nil
}

// LookFirst reports whether a queued filing of the account waits for a last look
// at e-Gov's listing before it is sent again.
func (s *Store) LookFirst(ctx context.Context, account string) (bool, error) {
	var n int
	err := s.db.Read.GetContext(ctx, &n, "SELECT count(*) FROM filings WHERE account_id = ? AND state = ? AND look_first = 1", account, Queued)
	if err != nil {
		return false, fmt.Errorf("look for resends: %w", err)
	}
	return n > 0, nil
}

// Cleared records that a complete listing, begun at asked, did not show the
// earlier attempts of the filings that wait for it: they may be sent. A resend
// that was confirmed after the listing had begun waits for the next one.
func (s *Store) Cleared(ctx context.Context, account string, asked time.Time) error {
	_, err := s.db.Write.ExecContext(ctx, `UPDATE filings SET look_first = 0
		WHERE account_id = ? AND state = ? AND look_first = 1 AND queued_at <= ?`, account, Queued, database.At(asked))
	if err != nil {
		return fmt.Errorf("clear resends: %w", err)
	}
	return nil
}

// SentLater reports whether one of the attempts, which e-Gov shows, is ours, was
// acknowledged, and began after the given one: a witness that the listing is up to
// date.
func (s *Store) SentLater(ctx context.Context, ids []string, than Attempt) (bool, error) {
	if len(ids) == 0 {
		return false, nil
	}
	query, args, err := sqlx.In(`SELECT count(*) FROM attempts WHERE id IN (?) AND send_number <> ''
		AND (sending_at > ? OR sending_at = ? AND id > ?)`, ids, than.SendingAt, than.SendingAt, than.ID)
	if err != nil {
		return false, fmt.Errorf("look for a later send: %w", err)
	}
	var n int
	err = s.db.Read.GetContext(ctx, &n, s.db.Read.Rebind(query), args...)
	if err != nil {
		return false, fmt.Errorf("look for a later send: %w", err)
	}
	return n > 0, nil
}
