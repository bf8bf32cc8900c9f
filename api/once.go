package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

const (
	headerIdempotency = "Idempotency-Key"
	headerReplayed    = "Idempotency-Replayed"

	minIdempotencyKey = 8
	maxIdempotencyKey = 200

	answerLife  = 24 * time.Hour // how long an answer is kept
	leaseLife   = time.Minute    // how long a request may be under way
	actLife     = leaseLife / 2  // after which the act itself is broken off, well before the lease ends
	purgeAtOnce = 100
)

// idempotencyKey returns the request's key, "" when it has none.
func idempotencyKey(header http.Header) (string, error) {
	values := header.Values(headerIdempotency)
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	if len(values) > 1 || len(key) < minIdempotencyKey || len(key) > maxIdempotencyKey {
		return "", errIdempotency
	}
	for _, b := range []byte(key) {
		if b <= ' ' || b > '~' {
			return "", errIdempotency
		}
	}
	return key, nil
}

// sealed is a keyed hash under the API key's own secret. The Idempotency-Key itself
// is kept only so: a client may put anything there.
func (o Owner) sealed(kind string, text []byte) []byte {
	mac := hmac.New(sha256.New, o.fingerprintKey)
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write(text)
	return mac.Sum(nil)
}

// onceStore keeps the answers of requests with an Idempotency-Key.
type onceStore struct {
	db  *database.DB
	now func() time.Time
}

// claim is the right to do what a request asks for. since is set when an earlier
// holder of the claim disappeared: what it did, it did after that moment.
type claim struct {
	keyID string
	mark  []byte
	lease database.Micros
	since database.Micros
}

// answer is what was answered the first time.
type answer struct {
	Status   int    `db:"status"`
	FilingID string `db:"filing_id"`
	Body     []byte `db:"answer"`
}

type onceRow struct {
	answer
	Fingerprint []byte          `db:"fingerprint"`
	StartedAt   database.Micros `db:"started_at"`
	LeaseUntil  database.Micros `db:"lease_until"`
	ExpiresAt   database.Micros `db:"expires_at"`
}

// begin claims a request, or returns the answer that it was given before. The claim
// is committed before anything is done. Errors: errKeyReused, errInFlight.
func (s *onceStore) begin(ctx context.Context, keyID string, mark, fingerprint []byte) (claim, *answer, error) {
	now := s.now()
	mine := claim{keyID: keyID, mark: mark, lease: database.At(now.Add(leaseLife))}
	var before *answer
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		err := purge(ctx, tx, database.At(now))
		if err != nil {
			return err
		}
		var row onceRow
		err = tx.GetContext(ctx, &row, tx.Rebind(`SELECT fingerprint, started_at, lease_until, expires_at, status, filing_id, answer
			FROM idempotency_keys WHERE key_id = ? AND mark = ?`), keyID, mark)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.ExecContext(ctx, tx.Rebind(`INSERT INTO idempotency_keys (key_id, mark, fingerprint, started_at, lease_until, expires_at)
				VALUES (?, ?, ?, ?, ?, ?)`), keyID, mark, fingerprint, database.At(now), mine.lease, database.At(now.Add(answerLife)))
			return err
		case err != nil:
			return err
		case !hmac.Equal(row.Fingerprint, fingerprint):
			return errKeyReused
		case row.Status != 0:
			before = &row.answer
			return nil
		case row.LeaseUntil > database.At(now):
			return errInFlight
		}
		mine.since = row.StartedAt
		_, err = tx.ExecContext(ctx, tx.Rebind("UPDATE idempotency_keys SET lease_until = ? WHERE key_id = ? AND mark = ?"), mine.lease, keyID, mark)
		return err
	})
	if err != nil {
		return claim{}, nil, fmt.Errorf("claim idempotency key: %w", err)
	}
	return mine, before, nil
}

func purge(ctx context.Context, tx *sqlx.Tx, now database.Micros) error {
	_, err := tx.ExecContext(ctx, tx.Rebind(`DELETE FROM idempotency_keys WHERE (key_id, mark) IN
		(SELECT key_id, mark FROM idempotency_keys WHERE expires_at <= ? LIMIT ?)`), now, purgeAtOnce)
	return err
}

// finish keeps the answer of a claimed request.
func (s *onceStore) finish(ctx context.Context, mine claim, a answer) error {
	_, err := s.db.Write.ExecContext(ctx, s.db.Write.Rebind(`UPDATE idempotency_keys SET status = ?, filing_id = ?, answer = ?
		WHERE key_id = ? AND mark = ? AND lease_until = ? AND status = 0`),
		a.Status, a.FilingID, a.Body, mine.keyID, mine.mark, mine.lease)
	if err != nil {
		return fmt.Errorf("keep answer for idempotency key: %w", err)
	}
	return nil
}

// release gives a claim back after a refusal: nothing was done, and the client may
// use the key for the corrected request.
func (s *onceStore) release(ctx context.Context, mine claim) error {
	_, err := s.db.Write.ExecContext(ctx, s.db.Write.Rebind(
		"DELETE FROM idempotency_keys WHERE key_id = ? AND mark = ? AND lease_until = ? AND status = 0"), mine.keyID, mine.mark, mine.lease)
	if err != nil {
		return fmt.Errorf("release idempotency key: %w", err)
	}
	return nil
}

// taken reports whether a filing is the answer to some Idempotency-Key.
func (s *onceStore) taken(ctx context.Context, filingID string) (bool, error) {
	var n int
	err := s.db.Read.GetContext(ctx, &n, s.db.Read.Rebind("SELECT count(*) FROM idempotency_keys WHERE filing_id = ?"), filingID)
	if err != nil {
		return false, fmt.Errorf("look up filing among idempotency keys: %w", err)
	}
	return n > 0, nil
}
