package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// AttemptState is where one POST /bulk-apply stands.
type AttemptState string

// The states of an attempt.
const (
	Prepared        AttemptState = "prepared"          // committed; nothing revealed, nothing built
	Sending         AttemptState = "sending"           // the first byte may have left
	Acknowledged    AttemptState = "acknowledged"      // e-Gov gave a send number
	Settled         AttemptState = "settled"           // every folder is accounted for
	NotSent         AttemptState = "not_sent"          // certain: e-Gov never had it
	Rejected        AttemptState = "rejected"          // certain: e-Gov refused the bulk as a whole
	Unknown         AttemptState = "unknown"           // it may or may not have arrived: ask
	NotSentPresumed AttemptState = "not_sent_presumed" // asked long enough, never listed: a person decides
)

// attemptTransitions is the only table of changes of an attempt. There is no way
// from sending back to prepared, and none from unknown to not_sent: only e-Gov's
// listing, or a person, ends an unknown outcome. A bulk that turns up in the
// listing after it was presumed lost is acknowledged late.
var attemptTransitions = map[AttemptState][]AttemptState{
	Prepared:        {Sending, NotSent},
	Sending:         {Acknowledged, NotSent, Rejected, Unknown},
	Unknown:         {Acknowledged, NotSentPresumed},
	Acknowledged:    {Settled},
	NotSentPresumed: {Acknowledged},
	Settled:         {},
	NotSent:         {},
	Rejected:        {},
}

// Attempt is one POST /bulk-apply, named by its id.
type Attempt struct {
	ID         string          `db:"id"` // ULID; the file name is FileName()
	AccountID  string          `db:"account_id"`
	State      AttemptState    `db:"state"`
	PreparedAt database.Micros `db:"prepared_at"`
	SendingAt  database.Micros `db:"sending_at"`
	AnsweredAt database.Micros `db:"answered_at"`
	SettledAt  database.Micros `db:"settled_at"`
	SendNumber string          `db:"send_number"`
	SendDate   string          `db:"send_date"`
	Answer     string          `db:"answer"`     // what e-Gov answered, masked
	SettledBy  string          `db:"settled_by"` // answer or listing
	Asks       int             `db:"asks"`       // how often e-Gov was asked in vain
	NextAskAt  database.Micros `db:"next_ask_at"`
	Filings    []AttemptFiling `db:"-"`
}

// FileName is the name under which the bulk is sent and looked for: e-Gov keeps
// and lists it unchanged, which makes it our idempotency key.
func (a Attempt) FileName() string { return a.ID + ".zip" }

// AttemptFiling is one folder of an attempt.
type AttemptFiling struct {
	AttemptID    string `db:"attempt_id"`
	FilingID     string `db:"filing_id"`
	Folder       string `db:"folder"`
	Live         bool   `db:"live"`
	Dropped      bool   `db:"dropped"` // taken out before the bulk was built; e-Gov never had it
	Outcome      State  `db:"outcome"` // the state that this attempt gave the filing; empty while open
	Used         bool   `db:"used"`    // a number was (or may have been) revealed for it
	ResultLogged bool   `db:"result_logged"`
}

const attemptColumns = `id, account_id, state, prepared_at, sending_at, answered_at, settled_at, send_number, send_date,
	answer, settled_by, asks, next_ask_at`

// Attempt returns one attempt with its filings, or ErrNotFound.
func (s *Store) Attempt(ctx context.Context, id string) (Attempt, error) {
	var a Attempt
	err := s.db.Read.GetContext(ctx, &a, "SELECT "+attemptColumns+" FROM attempts WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return a, fmt.Errorf("attempt %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return a, fmt.Errorf("read attempt %s: %w", id, err)
	}
	a.Filings, err = attemptFilings(ctx, s.db.Read, id)
	return a, err
}

// Attempts returns the attempts of an account in any of the states, the oldest
// first, without their filings.
func (s *Store) Attempts(ctx context.Context, account string, states ...AttemptState) ([]Attempt, error) {
	query, args, err := sqlx.In("SELECT "+attemptColumns+" FROM attempts WHERE account_id = ? AND state IN (?) ORDER BY id", account, states)
	if err != nil {
		return nil, fmt.Errorf("list attempts: %w", err)
	}
	var attempts []Attempt
	err = s.db.Read.SelectContext(ctx, &attempts, s.db.Read.Rebind(query), args...)
	if err != nil {
		return nil, fmt.Errorf("list attempts: %w", err)
	}
	return attempts, nil
}

func attemptFilings(ctx context.Context, q sqlx.QueryerContext, id string) ([]AttemptFiling, error) {
	var filings []AttemptFiling
	err := sqlx.SelectContext(ctx, q, &filings, `SELECT attempt_id, filing_id, folder, live, dropped, outcome, used, result_logged
		FROM attempt_filings WHERE attempt_id = ? ORDER BY folder`, id)
	if err != nil {
		return nil, fmt.Errorf("read filings of attempt %s: %w", id, err)
	}
	return filings, nil
}

// step changes the state of an attempt along its table; set holds further
// columns of the same statement. Two movers meet as ErrStale.
func (s *Store) step(ctx context.Context, tx *sqlx.Tx, id string, from, to AttemptState, set string, args ...any) error {
	if !allowed(from, to) {
		return fmt.Errorf("attempt %s from %s to %s: %w", id, from, to, ErrNotAllowed)
	}
	if set != "" {
		set = ", " + set
	}
	all := append([]any{to}, args...)
	result, err := tx.ExecContext(ctx, "UPDATE attempts SET state = ?"+set+" WHERE id = ? AND state = ?", append(all, id, from)...)
	if err != nil {
		return fmt.Errorf("attempt %s from %s to %s: %w", id, from, to, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("attempt %s from %s to %s: %w", id, from, to, err)
	}
	if n != 1 {
		return fmt.Errorf("attempt %s from %s to %s: %w", id, from, to, ErrStale)
	}
	return nil
}

func allowed(from, to AttemptState) bool {
	for _, state := range attemptTransitions[from] {
		if state == to {
			return true
		}
	}
	return false
}

// finish takes a filing out of a live attempt with the given outcome. Only a
// live row can be finished, so a second result for the same folder is ErrStale.
func finish(ctx context.Context, tx *sqlx.Tx, attempt, filing string, outcome State) error {
	result, err := tx.ExecContext(ctx, `UPDATE attempt_filings SET live = 0, outcome = ?
		WHERE attempt_id = ? AND filing_id = ? AND live = 1`, outcome, attempt, filing)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return ErrStale
	}
	return nil
}

// live returns the filings that are still in the attempt.
func live(ctx context.Context, tx *sqlx.Tx, attempt string) ([]Filing, error) {
	var filings []Filing
	err := tx.SelectContext(ctx, &filings, "SELECT "+filingColumns+` FROM filings WHERE id IN
		(SELECT filing_id FROM attempt_filings WHERE attempt_id = ? AND live = 1) ORDER BY id`, attempt)
	return filings, err
}

// SendNumbers returns the set of send numbers that e-Gov ever gave this account's
// attempts.
func (s *Store) SendNumbers(ctx context.Context, account string) (map[string]bool, error) {
	var numbers []string
	err := s.db.Read.SelectContext(ctx, &numbers, "SELECT send_number FROM attempts WHERE account_id = ? AND send_number <> ''", account)
	if err != nil {
		return nil, fmt.Errorf("list send numbers: %w", err)
	}
	set := make(map[string]bool, len(numbers))
	for _, n := range numbers {
		set[n] = true
	}
	return set, nil
}

// UnknownFilings counts the filings in attempts whose outcome is not known.
func (s *Store) UnknownFilings(ctx context.Context) (int, error) {
	var n int
	err := s.db.Read.GetContext(ctx, &n, `SELECT count(*) FROM attempt_filings af JOIN attempts a ON a.id = af.attempt_id
		WHERE a.state = ? AND af.live = 1`, Unknown)
	if err != nil {
		return 0, fmt.Errorf("count unknown filings: %w", err)
	}
	return n, nil
}
