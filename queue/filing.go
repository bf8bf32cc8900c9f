package queue

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// Filing is one 届出 on its way.
type Filing struct {
	ID             string          `db:"id"`
	CompanyID      string          `db:"company_id"`
	PersonID       string          `db:"person_id"`
	ProcedureID    string          `db:"procedure_id"`
	AccountID      string          `db:"account_id"` // the e-Gov account it is filed under
	Event          Fields          `db:"event"`      // the event's own fields
	EventDate      string          `db:"event_date"` // YYYY-MM-DD, or empty
	Revision       int             `db:"revision"`   // counts edits, from 1
	State          State           `db:"state"`
	HoldKind       HoldKind        `db:"hold_kind"`
	Purpose        string          `db:"purpose"`     // 利用目的, as approved
	Approver       string          `db:"approver"`    // name of the member who approved
	Facts          Fields          `db:"facts"`       // master data as approved
	Subject        string          `db:"subject"`     // opaque id of the person, as the usage log has it
	Destination    string          `db:"destination"` // 提出先 by name
	NotBefore      database.Micros `db:"not_before"`  // as the office wants it
	RetryAt        database.Micros `db:"retry_at"`    // back-off after attempts that were not sent
	QueuedAt       database.Micros `db:"queued_at"`
	OverrideReason string          `db:"override_reason"`
	Failures       int             `db:"failures"` // attempts that certainly did not reach e-Gov
	SendNumber     string          `db:"send_number"`
	ArriveID       string          `db:"arrive_id"`
	ArriveDate     string          `db:"arrive_date"` // e-Gov's words, JST
	Findings       Findings        `db:"findings"`    // what e-Gov found wrong, masked
	// LookFirst keeps a filing that is to be sent again from being claimed until
	// e-Gov has been asked once more about its earlier attempt.
	LookFirst bool            `db:"look_first"`
	CreatedAt database.Micros `db:"created_at"`
	CreatedBy string          `db:"created_by"`
	EditedBy  string          `db:"edited_by"` // who wrote this revision
	UpdatedAt database.Micros `db:"updated_at"`
}

// columns of filings that make a Filing, in one place for every SELECT.
const filingColumns = `id, company_id, person_id, procedure_id, account_id, event, event_date, revision, state,
	hold_kind, purpose, approver, facts, subject, destination, not_before, retry_at, queued_at, override_reason, failures, send_number, arrive_id,
	arrive_date, findings, look_first, created_at, created_by, edited_by, updated_at`

// Change is one row of a filing's history.
type Change struct {
	Seq    int             `db:"seq"`
	At     database.Micros `db:"at"`
	Actor  string          `db:"actor"`
	From   State           `db:"from_state"`
	To     State           `db:"to_state"`
	Reason string          `db:"reason"`
}

// NewFiling is what a draft starts from.
type NewFiling struct {
	CompanyID, PersonID, ProcedureID, AccountID string
	Event                                       map[string]string
	EventDate                                   string // YYYY-MM-DD, or empty
	OverrideReason                              string // why a second filing for the same event is meant
}

// guardOf is the key under which doubles meet: empty parts still count, so that
// two filings without an event date are doubles too.
func guardOf(n NewFiling) sql.NullString {
	if n.OverrideReason != "" {
		return sql.NullString{}
	}
	return sql.NullString{Valid: true, String: strings.Join([]string{n.CompanyID, n.PersonID, n.ProcedureID, n.EventDate}, "|")}
}

// Create stores a draft with revision 1. Errors: *DoubleError.
func (s *Store) Create(ctx context.Context, actor Actor, n NewFiling) (Filing, error) {
	id, now := s.newID(), database.At(s.now())
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		err := refuseDouble(ctx, tx, "", guardOf(n))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO filings (id, company_id, person_id, procedure_id, account_id, event,
			event_date, revision, state, guard, override_reason, created_at, created_by, edited_by, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)`,
			id, n.CompanyID, n.PersonID, n.ProcedureID, n.AccountID, Fields(n.Event), n.EventDate, Draft, guardOf(n),
			n.OverrideReason, now, actor.Name, actor.Name, now)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, id, actor, "", Draft, n.OverrideReason)
	})
	if err != nil {
		return Filing{}, fmt.Errorf("create filing: %w", err)
	}
	return s.Filing(ctx, id)
}

// Edit replaces the event of a filing that the caller saw at the revision, and
// returns it to draft with the next revision: grants of the old one no longer fit.
// Errors: ErrStale, ErrNotAllowed, *DoubleError.
func (s *Store) Edit(ctx context.Context, actor Actor, id string, revision int, event map[string]string, eventDate, reason string) (Filing, error) {
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		f, err := filingIn(ctx, tx, id)
		if err != nil {
			return err
		}
		if f.Revision != revision {
			return ErrStale
		}
		if f.State == Held && (f.HoldKind == HoldPresumed || f.HoldKind == HoldUnlisted) {
			return fmt.Errorf("e-Govでの受付が不明のため編集できません。先に照会結果を確認してください: %w", ErrNotAllowed)
		}
		guard := guardOf(NewFiling{CompanyID: f.CompanyID, PersonID: f.PersonID, ProcedureID: f.ProcedureID,
			EventDate: eventDate, OverrideReason: f.OverrideReason})
		err = refuseDouble(ctx, tx, id, guard)
		if err != nil {
			return err
		}
		if f.State != Draft {
			err = s.move(ctx, tx, f, Draft, actor, reason)
			if err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE filings SET event = ?, event_date = ?, guard = ?, revision = revision + 1,
			purpose = '', approver = '', facts = '', findings = '', not_before = 0, retry_at = 0, failures = 0, edited_by = ?, updated_at = ? WHERE id = ?`,
			Fields(event), eventDate, guard, actor.Name, database.At(s.now()), id)
		return err
	})
	if err != nil {
		return Filing{}, fmt.Errorf("edit filing %s: %w", id, err)
	}
	return s.Filing(ctx, id)
}

func refuseDouble(ctx context.Context, tx *sqlx.Tx, self string, guard sql.NullString) error {
	if !guard.Valid {
		return nil
	}
	var existing string
	err := tx.GetContext(ctx, &existing, "SELECT id FROM filings WHERE guard = ? AND id <> ?", guard.String, self)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return &DoubleError{Existing: existing}
}

// Filing returns one filing, or ErrNotFound.
func (s *Store) Filing(ctx context.Context, id string) (Filing, error) {
	var f Filing
	err := s.db.Read.GetContext(ctx, &f, "SELECT "+filingColumns+" FROM filings WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return f, fmt.Errorf("filing %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return f, fmt.Errorf("read filing %s: %w", id, err)
	}
	return f, nil
}

func filingIn(ctx context.Context, tx *sqlx.Tx, id string) (Filing, error) {
	var f Filing
	err := tx.GetContext(ctx, &f, "SELECT "+filingColumns+" FROM filings WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return f, ErrNotFound
	}
	return f, err
}

// History returns the changes of a filing, the oldest first.
func (s *Store) History(ctx context.Context, id string) ([]Change, error) {
	var changes []Change
	err := s.db.Read.SelectContext(ctx, &changes,
		"SELECT seq, at, actor, from_state, to_state, reason FROM filing_events WHERE filing_id = ? ORDER BY seq", id)
	if err != nil {
		return nil, fmt.Errorf("read history of filing %s: %w", id, err)
	}
	return changes, nil
}

// Query selects filings; empty members select all.
type Query struct {
	CompanyID string
	State     State
	After     string // id of the last row of the page before
	Limit     int    // 1 to 500; 0 means 100
}

const (
	defaultPage = 100
	maxPage     = 500
)

// Filings returns a page of filings by id, i.e. by the time of creation.
func (s *Store) Filings(ctx context.Context, q Query) ([]Filing, error) {
	if q.Limit == 0 {
		q.Limit = defaultPage
	}
	var where []string
	var args []any
	for _, condition := range []struct{ column, value string }{
		{"company_id =", q.CompanyID}, {"state =", string(q.State)}, {"id >", q.After},
	} {
		if condition.value != "" {
			where = append(where, condition.column+" ?")
			args = append(args, condition.value)
		}
	}
	statement := "SELECT " + filingColumns + " FROM filings"
	if len(where) > 0 {
		statement += " WHERE " + strings.Join(where, " AND ")
	}
	var filings []Filing
	err := s.db.Read.SelectContext(ctx, &filings, statement+" ORDER BY id LIMIT ?", append(args, min(max(q.Limit, 1), maxPage))...)
	if err != nil {
		return nil, fmt.Errorf("list filings: %w", err)
	}
	return filings, nil
}

// Counts returns how many filings are in each state.
func (s *Store) Counts(ctx context.Context) (map[State]int, error) {
	var rows []struct {
		State State `db:"state"`
		N     int   `db:"n"`
	}
	err := s.db.Read.SelectContext(ctx, &rows, "SELECT state, count(*) AS n FROM filings GROUP BY state")
	if err != nil {
		return nil, fmt.Errorf("count filings: %w", err)
	}
	counts := make(map[State]int, len(rows))
	for _, row := range rows {
		counts[row.State] = row.N
	}
	return counts, nil
}

// Fields is a flat map of named values that is stored as JSON.
type Fields map[string]string

// Finding is one thing that e-Gov found wrong, in its own words, masked.
type Finding struct {
	Form    string `json:"form,omitempty"`
	File    string `json:"file,omitempty"`
	Item    string `json:"item,omitempty"`
	Content string `json:"content"`
}

// Findings is a list of findings that is stored as JSON.
type Findings []Finding

func encodeJSON(v any, empty bool) (any, error) {
	if empty {
		return "", nil
	}
	text, err := json.Marshal(v)
	return string(text), err
}

func decodeJSON(src, dst any) error {
	switch text := src.(type) {
	case nil:
		return nil
	case string:
		if text == "" {
			return nil
		}
		return json.Unmarshal([]byte(text), dst)
	case []byte:
		if len(text) == 0 {
			return nil
		}
		return json.Unmarshal(text, dst)
	default:
		return fmt.Errorf("unexpected column type %T", src)
	}
}
