package usage

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"

	"todoke/database"
)

// Position says where an append left a log.
type Position struct {
	Log   string
	Index int64     // of the last entry appended, from 0
	Size  int64     // number of entries, Index + 1
	Root  tlog.Hash // over all entries
}

// Append adds entries, all of the same company, to that company's log in one
// transaction and returns where it stands afterwards. When it returns nil the
// entries are durable. After an error of the commit itself they may be there
// nonetheless: a use that is logged twice is harmless, one that is missing is not.
//
// Errors: ErrNumber, ErrEntry, ErrInconsistent, or the database's.
func (s *Store) Append(ctx context.Context, entries ...Entry) (Position, error) {
	added, err := s.prepare(entries)
	if err != nil {
		return Position{}, err
	}
	var position Position
	err = s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		var err error
		position, err = extend(ctx, tx, added)
		return err
	})
	if err != nil {
		return Position{}, fmt.Errorf("append to usage log %s: %w", added[0].entry.Company, err)
	}
	return position, nil
}

// prepared is an entry with its canonical bytes.
type prepared struct {
	entry  Entry
	record []byte
}

func (s *Store) prepare(entries []Entry) ([]prepared, error) {
	if len(entries) == 0 {
		return nil, fmt.Errorf("append no entry: %w", ErrEntry)
	}
	added := make([]prepared, len(entries))
	for i, e := range entries {
		if e.Company != entries[0].Company {
			return nil, fmt.Errorf("append to two logs at once: %w", ErrEntry)
		}
		if e.Time.IsZero() {
			e.Time = s.now()
		}
		record, err := e.canonical()
		if err != nil {
			return nil, err
		}
		added[i] = prepared{entry: e, record: record}
	}
	return added, nil
}

// extend is the one place that adds entries. The transaction holds the write lock
// from its start, so nobody else can move the head in between.
func extend(ctx context.Context, tx *sqlx.Tx, added []prepared) (Position, error) {
	log := added[0].entry.Company
	h, err := readHead(ctx, tx, log)
	if err != nil && !errors.Is(err, ErrUnknownLog) {
		return Position{}, err
	}
	reader := &hashes{ctx: ctx, q: tx, log: log, fresh: make(map[int64]tlog.Hash)}
	if h.Size > 0 {
		_, err = checkHead(h, reader)
		if err != nil {
			return Position{}, err
		}
	}
	for i, p := range added {
		err = insert(ctx, tx, reader, h.Size+int64(i), p)
		if err != nil {
			return Position{}, err
		}
	}
	size := h.Size + int64(len(added))
	root, err := tlog.TreeHash(size, reader)
	if err != nil {
		return Position{}, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO usage_logs (log, size, root, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (log) DO UPDATE SET size = excluded.size, root = excluded.root`,
		log, size, root[:], database.At(added[0].entry.Time))
	if err != nil {
		return Position{}, fmt.Errorf("store head: %w", err)
	}
	return Position{Log: log, Index: size - 1, Size: size, Root: root}, nil
}

func insert(ctx context.Context, tx *sqlx.Tx, reader *hashes, index int64, p prepared) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO usage_entries (log, idx, at, subject, filing, record) VALUES (?, ?, ?, ?, ?, ?)",
		reader.log, index, database.At(p.entry.Time), p.entry.Subject, p.entry.Filing, p.record)
	if err != nil {
		return fmt.Errorf("store entry %d: %w", index, err)
	}
	added, err := tlog.StoredHashes(index, p.record, reader)
	if err != nil {
		return err
	}
	first := tlog.StoredHashIndex(0, index)
	for i, hash := range added {
		pos := first + int64(i)
		_, err = tx.ExecContext(ctx, "INSERT INTO usage_hashes (log, pos, hash) VALUES (?, ?, ?)", reader.log, pos, hash[:])
		if err != nil {
			return fmt.Errorf("store hash %d: %w", pos, err)
		}
		reader.fresh[pos] = hash
	}
	return nil
}
