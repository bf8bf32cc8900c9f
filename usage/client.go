package usage

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// VerifyEntries is what a client does with a report: it recomputes the root from
// the canonical bytes of all its entries, in their order, and compares it with the
// signed checkpoint. Nil means: these are all the entries that the log had when
// the checkpoint was signed, unchanged. Checkpoints that came with earlier reports
// must be met on the way, or history was rewritten in between.
//
// Errors: ErrSignature, ErrMismatch, ErrEntry.
func VerifyEntries(records [][]byte, checkpoint []byte, verifierKey string, earlier ...[]byte) (SignedHead, error) {
	head, err := OpenCheckpoint(checkpoint, verifierKey)
	if err != nil {
		return SignedHead{}, err
	}
	met := map[int64][]tlog.Hash{head.Size: {head.Root}}
	for _, signed := range earlier {
		old, err := OpenCheckpoint(signed, verifierKey)
		if err != nil {
			return SignedHead{}, err
		}
		if old.Office != head.Office || old.Log != head.Log || old.Size > head.Size {
			return SignedHead{}, fmt.Errorf("log %s does not extend the checkpoint of size %d: %w", head.Log, old.Size, ErrMismatch)
		}
		met[old.Size] = append(met[old.Size], old.Root)
	}
	if int64(len(records)) != head.Size {
		return SignedHead{}, fmt.Errorf("log %s: %d records for a checkpoint of size %d: %w", head.Log, len(records), head.Size, ErrMismatch)
	}
	var t tree
	for i, record := range records {
		entry, err := parse(record)
		if err != nil {
			return SignedHead{}, fmt.Errorf("record %d: %w", i, err)
		}
		if entry.Company != head.Log {
			return SignedHead{}, fmt.Errorf("record %d is of another log: %w", i, ErrMismatch)
		}
		_, err = t.add(record)
		if err != nil {
			return SignedHead{}, err
		}
		for _, want := range met[t.size] {
			root, err := t.root()
			if err != nil {
				return SignedHead{}, err
			}
			if root != want {
				return SignedHead{}, fmt.Errorf("log %s, size %d: %w", head.Log, t.size, ErrMismatch)
			}
		}
	}
	return head, nil
}

// listingOf returns the lines of a nightly checkpoint that list the logs.
func listingOf(signed []byte) string {
	text, _, _ := strings.Cut(string(signed), "\n\n")
	lines := strings.SplitN(text+"\n", "\n", 5)
	return lines[len(lines)-1]
}
