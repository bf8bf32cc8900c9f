package usage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"todoke/database"
)

// Record is an entry as it is stored.
type Record struct {
	Log   string
	Index int64 // from 0
	Entry Entry
	Raw   []byte // the canonical bytes that are hashed; what a client is given
}

// Query selects entries of one log. Empty members select all.
type Query struct {
	Log      string // mandatory: entries of two clients never mix
	From, To time.Time
	Subject  string
	Filing   string
	After    int64 // entries of the log to pass over: the Index of the last one seen plus one
	Limit    int   // at most so many entries; 0 means all
}

// page is how many rows one query reads: List holds no transaction open while
// the caller works.
const page = 256

// List yields the selected entries in the order of the log; From is included, To
// is not. It ends at the first error. Entries that are appended meanwhile may or
// may not be seen.
func (s *Store) List(ctx context.Context, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		left := q.Limit
		for {
			n := page
			if q.Limit > 0 {
				n = min(n, left)
			}
			rows, err := s.page(ctx, q, n)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, row := range rows {
				record, err := row.open(q.Log)
				if !yield(record, err) || err != nil {
					return
				}
			}
			left -= len(rows)
			if len(rows) < n || q.Limit > 0 && left == 0 {
				return
			}
			q.After = rows[len(rows)-1].Index + 1
		}
	}
}

type row struct {
	Index  int64  `db:"idx"`
	Record []byte `db:"record"`
}

func (r row) open(log string) (Record, error) {
	entry, err := parse(r.Record)
	if err != nil {
		return Record{}, fmt.Errorf("log %s, entry %d: %w: %w", log, r.Index, ErrInconsistent, err)
	}
	return Record{Log: log, Index: r.Index, Entry: entry, Raw: r.Record}, nil
}

func (s *Store) page(ctx context.Context, q Query, n int) ([]row, error) {
	where := []string{"log = ?", "idx >= ?"}
	args := []any{q.Log, q.After}
	for _, c := range []struct {
		set       bool
		condition string
		value     any
	}{
		{!q.From.IsZero(), "at >= ?", database.At(q.From)},
		{!q.To.IsZero(), "at < ?", database.At(q.To)},
		{q.Subject != "", "subject = ?", q.Subject},
		{q.Filing != "", "filing = ?", q.Filing},
	} {
		if c.set {
			where = append(where, c.condition)
			args = append(args, c.value)
		}
	}
	var rows []row
	err := s.db.Read.SelectContext(ctx, &rows,
		"SELECT idx, record FROM usage_entries WHERE "+strings.Join(where, " AND ")+" ORDER BY idx LIMIT ?", append(args, n)...)
	if err != nil {
		return nil, fmt.Errorf("list usage log %s: %w", q.Log, err)
	}
	return rows, nil
}

// Inclusion proves that a record is in a log of a size and root, without showing
// any other record.
type Inclusion struct {
	Record Record
	Size   int64
	Root   tlog.Hash
	Path   tlog.RecordProof
}

// Check verifies the proof. The caller compares Size and Root with a checkpoint.
func (i Inclusion) Check() error {
	err := tlog.CheckRecord(i.Path, i.Size, i.Root, i.Record.Index, tlog.RecordHash(i.Record.Raw))
	if err != nil {
		return fmt.Errorf("log %s, entry %d: %w: %w", i.Record.Log, i.Record.Index, ErrMismatch, err)
	}
	return nil
}

// Proof returns the proof of inclusion of one entry in the log as it stands.
// Errors: ErrUnknownLog, ErrInconsistent.
func (s *Store) Proof(ctx context.Context, log string, index int64) (Inclusion, error) {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return Inclusion{}, err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	h, err := readHead(ctx, tx, log)
	if err != nil {
		return Inclusion{}, err
	}
	if index < 0 || index >= h.Size {
		return Inclusion{}, fmt.Errorf("log %s has no entry %d: %w", log, index, ErrUnknownLog)
	}
	var r row
	err = tx.GetContext(ctx, &r, "SELECT idx, record FROM usage_entries WHERE log = ? AND idx = ?", log, index)
	if errors.Is(err, sql.ErrNoRows) {
		return Inclusion{}, fmt.Errorf("log %s: entry %d is missing: %w", log, index, ErrInconsistent)
	}
	if err != nil {
		return Inclusion{}, fmt.Errorf("read entry %d of log %s: %w", index, log, err)
	}
	record, err := r.open(log)
	if err != nil {
		return Inclusion{}, err
	}
	reader := &hashes{ctx: ctx, q: tx, log: log}
	root, err := checkHead(h, reader)
	if err != nil {
		return Inclusion{}, err
	}
	path, err := tlog.ProveRecord(h.Size, index, reader)
	if err != nil {
		return Inclusion{}, err
	}
	proof := Inclusion{Record: record, Size: h.Size, Root: root, Path: path}
	return proof, proof.Check()
}
