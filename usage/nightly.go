package usage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
)

// CheckpointAll signs every client log and then the office log, whose checkpoint
// lists the size and root of each client log, and returns them in that order.
// The office log gets an entry that commits to the list, so that a nightly
// checkpoint that is removed later is missed.
//
// A log that cannot be signed does not keep the others from being signed: it is
// left out of the list and its error is part of the one returned.
func (s *Store) CheckpointAll(ctx context.Context) ([]SignedHead, error) {
	if s.signer == nil {
		return nil, ErrNoSigner
	}
	logs, err := s.Logs(ctx)
	if err != nil {
		return nil, err
	}
	var all []SignedHead
	var failed []error
	var listing strings.Builder
	for _, log := range logs {
		if log == OfficeLog {
			continue
		}
		signed, err := s.Checkpoint(ctx, log)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		all = append(all, signed)
		fmt.Fprintf(&listing, "%s%s %d %s\n", listPrefix, log, signed.Size, signed.Root)
	}
	office, err := s.checkpointOffice(ctx, listing.String(), len(all), len(failed))
	if err != nil {
		return all, errors.Join(append(failed, err)...)
	}
	return append(all, office), errors.Join(failed...)
}

func (s *Store) checkpointOffice(ctx context.Context, listing string, signed, failed int) (SignedHead, error) {
	added, err := s.prepare([]Entry{{
		Company: OfficeLog, Actor: "夜間処理", Role: "自動処理", Screen: "検証点の作成", Action: ActionCheckpoint,
		Purpose: "取扱記録の改ざん防止", Result: fmt.Sprintf("署名 %d 件、失敗 %d 件、%s", signed, failed, commitment(listing)),
	}})
	if err != nil {
		return SignedHead{}, err
	}
	var office SignedHead
	// One transaction, so that the checkpoint's last entry is the one that commits to its list.
	err = s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		_, err := extend(ctx, tx, added)
		if err != nil {
			return err
		}
		office, err = s.sign(ctx, tx, OfficeLog, listing)
		return err
	})
	if err != nil {
		return SignedHead{}, fmt.Errorf("sign nightly checkpoint: %w", err)
	}
	return office, nil
}

const commitPrefix = "一覧 SHA-256 "

// commitment binds an entry to a list of heads. Heads are hashes of entries, which
// hold no number, so a digest of them gives nothing away. Base64 and not hex: a
// digest in hex looks like it holds twelve digits far too often.
func commitment(listing string) string {
	sum := sha256.Sum256([]byte(listing))
	return commitPrefix + base64.StdEncoding.EncodeToString(sum[:])
}

// Logs names all logs, in order of their names.
func (s *Store) Logs(ctx context.Context) ([]string, error) {
	var logs []string
	err := s.db.Read.SelectContext(ctx, &logs, "SELECT log FROM usage_logs ORDER BY log")
	if err != nil {
		return nil, fmt.Errorf("list usage logs: %w", err)
	}
	return logs, nil
}

// Checkpoints returns the signed notes of a log, the oldest first.
func (s *Store) Checkpoints(ctx context.Context, log string) ([][]byte, error) {
	var notes [][]byte
	err := s.db.Read.SelectContext(ctx, &notes, "SELECT note FROM usage_checkpoints WHERE log = ? ORDER BY id", log)
	if err != nil {
		return nil, fmt.Errorf("list checkpoints of log %s: %w", log, err)
	}
	return notes, nil
}
