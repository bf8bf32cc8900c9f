package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// Anchor is what the vault remembers of a usage log: it lies outside the log and
// is sealed with the vault's own key, so that a log that was cut off, rewritten or
// put back is found out.
type Anchor struct {
	Size int64
	Root [32]byte
}

type anchorRow struct {
	Log  string `db:"log"`
	Size int64  `db:"size"`
	Root []byte `db:"root"`
	Seal []byte `db:"seal"`
}

func anchorContext(log string, size int64, root []byte) string {
	return bind("todoke vault anchor 1", log, strconv.FormatInt(size, 10), string(root))
}

func (v *Vault) openAnchor(row anchorRow) (Anchor, error) {
	_, err := v.sealer.Open(row.Seal, anchorContext(row.Log, row.Size, row.Root))
	if err != nil || len(row.Root) != 32 {
		return Anchor{}, fmt.Errorf("anchor of log %s: %w", row.Log, ErrAnchorForged)
	}
	return Anchor{Size: row.Size, Root: [32]byte(row.Root)}, nil
}

// anchorOf returns the anchor of a log, zero when there is none.
func (v *Vault) anchorOf(ctx context.Context, q sqlx.QueryerContext, log string) (Anchor, error) {
	var row anchorRow
	err := sqlx.GetContext(ctx, q, &row, "SELECT log, size, root, seal FROM anchors WHERE log = ?", log)
	if errors.Is(err, sql.ErrNoRows) {
		return Anchor{}, nil
	}
	if err != nil {
		return Anchor{}, fmt.Errorf("read anchor of log %s: %w", log, err)
	}
	return v.openAnchor(row)
}

// Anchors returns all anchors by log, for verification of the usage log.
// It returns ErrAnchorForged when one was edited.
func (v *Vault) Anchors(ctx context.Context) (map[string]Anchor, error) {
	var rows []anchorRow
	err := v.db.Read.SelectContext(ctx, &rows, "SELECT log, size, root, seal FROM anchors")
	if err != nil {
		return nil, fmt.Errorf("read anchors: %w", err)
	}
	anchors := make(map[string]Anchor, len(rows))
	for _, row := range rows {
		anchors[row.Log], err = v.openAnchor(row)
		if err != nil {
			return nil, err
		}
	}
	return anchors, nil
}

// Anchor shows the vault where a usage log stands, e.g. after a nightly checkpoint.
// It returns ErrRolledBack when the log is shorter than the vault has seen it, or
// has another root at the same size.
func (v *Vault) Anchor(ctx context.Context, log string, a Anchor) error {
	err := check(field{name: "log", value: log, id: true})
	if err != nil {
		return err
	}
	return v.db.InTx(ctx, func(tx *sqlx.Tx) error {
		last, err := v.anchorOf(ctx, tx, log)
		if err != nil {
			return err
		}
		if a.Size < last.Size || a.Size <= 0 {
			return fmt.Errorf("log %s went from %d entries to %d: %w", log, last.Size, a.Size, ErrRolledBack)
		}
		return v.keepAnchor(ctx, tx, log, last, a)
	})
}

// remember keeps a receipt as anchor. Unlike Anchor it lets a smaller one pass:
// the receipt of a use that another one overtook on its way here.
func (v *Vault) remember(ctx context.Context, r Receipt) error {
	return v.db.InTx(ctx, func(tx *sqlx.Tx) error {
		last, err := v.anchorOf(ctx, tx, r.Log)
		if err != nil {
			return err
		}
		if r.Size < last.Size {
			return nil
		}
		return v.keepAnchor(ctx, tx, r.Log, last, Anchor{Size: r.Size, Root: r.Root})
	})
}

func (v *Vault) keepAnchor(ctx context.Context, tx *sqlx.Tx, log string, last, a Anchor) error {
	if a.Size == last.Size && a.Root != last.Root {
		return fmt.Errorf("log %s has another root at size %d: %w", log, a.Size, ErrRolledBack)
	}
	return v.storeAnchor(ctx, tx, log, a)
}

func (v *Vault) storeAnchor(ctx context.Context, tx *sqlx.Tx, log string, a Anchor) error {
	sealed, err := v.sealer.Seal(nil, anchorContext(log, a.Size, a.Root[:]))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO anchors (log, size, root, at, seal) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (log) DO UPDATE SET size = excluded.size, root = excluded.root, at = excluded.at, seal = excluded.seal`,
		log, a.Size, a.Root[:], database.At(v.now()), sealed)
	if err != nil {
		return fmt.Errorf("store anchor of log %s: %w", log, err)
	}
	return nil
}

// ReplaceAnchor makes the vault accept a usage log that is not the one it knew,
// after people have looked into it and found it to be at a: the log was restored
// from a backup, say. The act is recorded in the office's log before it takes effect.
//
// Errors: ErrInvalid, ErrNumberInText, ErrNotRecorded; ErrRolledBack when the
// office's own log is not at a either.
func (v *Vault) ReplaceAnchor(ctx context.Context, log string, a Anchor, reason string, by Who) error {
	err := check(append(by.fields(), field{name: "log", value: log, id: true}, field{name: "reason", value: reason})...)
	if err != nil {
		return err
	}
	use := Use{
		Company: Office, Action: ActionAnchor, Who: by, Purpose: "取扱記録の基準点の置き換え（" + log + "）", Result: reason,
	}
	if log == Office {
		return v.replaceOffice(ctx, use, a)
	}
	return v.recorded(ctx, []Use{use}, func() error {
		return v.db.InTx(ctx, func(tx *sqlx.Tx) error { return v.storeAnchor(ctx, tx, log, a) })
	})
}

// replaceOffice replaces the anchor of the very log that the act is recorded in, so
// the receipt cannot be held against the anchor; it is held against a instead.
func (v *Vault) replaceOffice(ctx context.Context, use Use, a Anchor) error {
	use.At = v.now()
	receipt, err := v.call(ctx, use)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotRecorded, err)
	}
	if receipt.Log != Office {
		return fmt.Errorf("receipt is of log %q: %w", receipt.Log, ErrNotRecorded)
	}
	if receipt.Size <= a.Size {
		return fmt.Errorf("log %s has %d entries after one was added to %d: %w", Office, receipt.Size, a.Size, ErrRolledBack)
	}
	return v.db.InTx(ctx, func(tx *sqlx.Tx) error {
		return v.storeAnchor(ctx, tx, Office, Anchor{Size: receipt.Size, Root: receipt.Root})
	})
}
