package queue

import (
	"context"
	"fmt"

	"todoke/database"
)

// OwedResult is a use of a number whose result is known and not yet on the usage log.
type OwedResult struct {
	AttemptID    string          `db:"attempt_id"`
	FilingID     string          `db:"filing_id"`
	Outcome      State           `db:"outcome"`
	AttemptState AttemptState    `db:"attempt_state"`
	Answer       string          `db:"answer"`
	At           database.Micros `db:"settled_at"`
}

// OwedResults returns the uses whose attempt has ended for the filing while the
// log has no entry "after" yet. It is how a crash between the outcome and the
// entry is made good.
func (s *Store) OwedResults(ctx context.Context, account string) ([]OwedResult, error) {
	var owed []OwedResult
	err := s.db.Read.SelectContext(ctx, &owed, `SELECT af.attempt_id, af.filing_id, af.outcome, a.state AS attempt_state,
		a.answer, a.settled_at FROM attempt_filings af JOIN attempts a ON a.id = af.attempt_id
		WHERE a.account_id = ? AND af.used = 1 AND af.result_logged = 0 AND af.live = 0 ORDER BY af.attempt_id, af.filing_id`, account)
	if err != nil {
		return nil, fmt.Errorf("read owed results: %w", err)
	}
	return owed, nil
}

// ResultLogged records that the entry "after" is on the usage log.
func (s *Store) ResultLogged(ctx context.Context, attempt, filing string) error {
	_, err := s.db.Write.ExecContext(ctx, "UPDATE attempt_filings SET result_logged = 1 WHERE attempt_id = ? AND filing_id = ?", attempt, filing)
	if err != nil {
		return fmt.Errorf("note logged result of attempt %s: %w", attempt, err)
	}
	return nil
}
