package usage

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// tree recomputes a log entry by entry and keeps only the latest complete subtree
// of each level: that is all that is needed for the next entry's hashes and for
// the root at this size. Memory is the logarithm of the size.
type tree struct {
	size int64
	last [64]tlog.Hash // by level
}

// add appends a record and returns the hashes that must be stored for it, the
// first of them at tlog.StoredHashIndex(0, index).
func (t *tree) add(record []byte) ([]tlog.Hash, error) {
	added, err := tlog.StoredHashes(t.size, record, tlog.HashReaderFunc(t.read))
	if err != nil {
		return nil, err
	}
	copy(t.last[:], added)
	t.size++
	return added, nil
}

// root is the root hash at the present size.
func (t *tree) root() (tlog.Hash, error) {
	return tlog.TreeHash(t.size, tlog.HashReaderFunc(t.read))
}

// read answers for the last complete subtree of each level: tlog asks for no others.
func (t *tree) read(positions []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(positions))
	for i, pos := range positions {
		level, n := tlog.SplitStoredHashIndex(pos)
		if n != t.size>>level-1 {
			return nil, fmt.Errorf("hash %d of level %d is not kept", n, level)
		}
		found[i] = t.last[level]
	}
	return found, nil
}
