package usage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"
)

// head is where a log stands: its size and the root hash over all entries.
type head struct {
	Log  string `db:"log"`
	Size int64  `db:"size"`
	Root []byte `db:"root"`
}

// readHead returns the head of a log; ErrUnknownLog when it has no entry yet.
func readHead(ctx context.Context, q sqlx.QueryerContext, log string) (head, error) {
	var h head
	err := sqlx.GetContext(ctx, q, &h, "SELECT log, size, root FROM usage_logs WHERE log = ?", log)
	if errors.Is(err, sql.ErrNoRows) {
		return head{Log: log}, fmt.Errorf("log %s: %w", log, ErrUnknownLog)
	}
	if err != nil {
		return head{}, fmt.Errorf("read head of log %s: %w", log, err)
	}
	return h, nil
}

// checkHead computes the root from the stored hashes and compares it with the
// head. It costs the logarithm of the size and finds carelessness, not a careful
// forger: that is what Verify is for.
func checkHead(h head, r tlog.HashReader) (tlog.Hash, error) {
	root, err := tlog.TreeHash(h.Size, r)
	if err != nil {
		return root, err
	}
	if string(root[:]) != string(h.Root) {
		return root, fmt.Errorf("log %s, size %d: %w", h.Log, h.Size, ErrInconsistent)
	}
	return root, nil
}

// hashes reads stored hashes of one log within a transaction; fresh holds those
// that the transaction has added, so that they need not be read back.
type hashes struct {
	ctx   context.Context //nolint:containedctx // tlog.HashReader takes no context; a reader lives as long as one call
	q     sqlx.QueryerContext
	log   string
	fresh map[int64]tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (h *hashes) ReadHashes(positions []int64) ([]tlog.Hash, error) {
	found := make(map[int64]tlog.Hash, len(positions))
	var wanted []int64
	for _, pos := range positions {
		hash, ok := h.fresh[pos]
		if ok {
			found[pos] = hash
			continue
		}
		wanted = append(wanted, pos)
	}
	err := h.read(wanted, found)
	if err != nil {
		return nil, err
	}
	result := make([]tlog.Hash, len(positions))
	for i, pos := range positions {
		hash, ok := found[pos]
		if !ok {
			return nil, fmt.Errorf("log %s: hash %d is missing: %w", h.log, pos, ErrInconsistent)
		}
		result[i] = hash
	}
	return result, nil
}

func (h *hashes) read(wanted []int64, into map[int64]tlog.Hash) error {
	if len(wanted) == 0 {
		return nil
	}
	query, args, err := sqlx.In("SELECT pos, hash FROM usage_hashes WHERE log = ? AND pos IN (?)", h.log, wanted)
	if err != nil {
		return err
	}
	var rows []struct {
		Pos  int64  `db:"pos"`
		Hash []byte `db:"hash"`
	}
	err = sqlx.SelectContext(h.ctx, h.q, &rows, query, args...)
	if err != nil {
		return fmt.Errorf("read hashes of log %s: %w", h.log, err)
	}
	for _, row := range rows {
		if len(row.Hash) != tlog.HashSize {
			return fmt.Errorf("log %s: hash %d is malformed: %w", h.log, row.Pos, ErrInconsistent)
		}
		into[row.Pos] = tlog.Hash(row.Hash)
	}
	return nil
}
