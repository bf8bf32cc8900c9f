package usage

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"
)

// Verify recomputes every log from its entries and compares: the entries with the
// stored hashes, the root with the stored head, the root at each earlier size with
// every signed checkpoint, with every nightly list, and with the anchors given.
// Since all those roots come from one walk over the same entries, each later state
// is known to extend each earlier one.
//
// The error is for what kept it from verifying; what it found is in the report.
func (s *Store) Verify(ctx context.Context, anchors map[string]Anchor) (Report, error) {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return Report{}, err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	c := &comparison{reports: make(map[string]*LogReport), claims: make(map[string]map[claim]bool), nightly: make(map[nightly]bool)}
	err = c.gather(ctx, tx, s, anchors)
	if err != nil {
		return Report{}, fmt.Errorf("verify usage log: %w", err)
	}
	report := Report{Office: s.office}
	for _, log := range slices.Sorted(maps.Keys(c.reports)) {
		l := c.reports[log]
		err = c.verifyLog(ctx, tx, l)
		if err != nil {
			return Report{}, fmt.Errorf("verify usage log %s: %w", log, err)
		}
		l.conclude()
		report.Logs = append(report.Logs, *l)
	}
	return report, nil
}

// snapshot begins a transaction that sees one state of the file throughout.
func (s *Store) snapshot(ctx context.Context) (*sqlx.Tx, error) {
	tx, err := s.db.Read.BeginTxx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read usage log: %w", err)
	}
	return tx, nil
}

// claim is a statement from somewhere that a log of that size has that root.
type claim struct {
	Anchor
	code string
}

func (c claim) compare(other claim) int {
	return cmp.Or(cmp.Compare(c.Size, other.Size), strings.Compare(c.code, other.code), bytes.Compare(c.Root[:], other.Root[:]))
}

// nightly is a nightly checkpoint by the size of the office log and its list.
type nightly struct {
	size       int64
	commitment string
}

// comparison is what the entries are compared with.
type comparison struct {
	reports map[string]*LogReport
	claims  map[string]map[claim]bool
	nightly map[nightly]bool
}

// gather collects every log that is spoken of anywhere, and every claim.
func (c *comparison) gather(ctx context.Context, tx *sqlx.Tx, s *Store, anchors map[string]Anchor) error {
	var logs []string
	err := tx.SelectContext(ctx, &logs, "SELECT log FROM usage_logs UNION SELECT log FROM usage_entries UNION SELECT log FROM usage_hashes")
	if err != nil {
		return fmt.Errorf("list logs: %w", err)
	}
	for _, log := range logs {
		c.report(log)
	}
	for log, anchor := range anchors {
		if anchor.Size > 0 {
			c.report(log).Anchored = anchor.Size
			c.claim(log, claim{Anchor: anchor, code: codeAnchor})
		}
	}
	var after int64
	for {
		var rows []struct {
			ID   int64  `db:"id"`
			Log  string `db:"log"`
			Note []byte `db:"note"`
		}
		err = tx.SelectContext(ctx, &rows, "SELECT id, log, note FROM usage_checkpoints WHERE id > ? ORDER BY id LIMIT ?", after, page)
		if err != nil {
			return fmt.Errorf("list checkpoints: %w", err)
		}
		for _, row := range rows {
			c.checkpoint(s, row.Log, row.Note)
			after = row.ID
		}
		if len(rows) < page {
			return nil
		}
	}
}

func (c *comparison) checkpoint(s *Store, log string, signed []byte) {
	report := c.report(log)
	head, err := openNote(signed, s.verifiers)
	if err != nil {
		report.find(codeSignature, -1, "検証点の署名または形式が正しくありません")
		return
	}
	if head.Log != log || head.Office != s.office {
		report.find(codeSignature, -1, "別の事務所または別の事業所の検証点が混じっています")
		return
	}
	report.Checkpoints++
	c.claim(log, claim{Anchor: Anchor{Size: head.Size, Root: head.Root}, code: codeSigned})
	for listed, anchor := range head.Listed {
		c.report(listed)
		c.claim(listed, claim{Anchor: anchor, code: codeListed})
	}
	if log == OfficeLog {
		c.nightly[nightly{size: head.Size, commitment: commitment(listingOf(signed))}] = true
	}
}

func (c *comparison) report(log string) *LogReport {
	report, ok := c.reports[log]
	if !ok {
		report = &LogReport{Log: log}
		c.reports[log] = report
	}
	return report
}

func (c *comparison) claim(log string, statement claim) {
	if c.claims[log] == nil {
		c.claims[log] = make(map[claim]bool)
	}
	c.claims[log][statement] = true
}

func (c *comparison) verifyLog(ctx context.Context, tx *sqlx.Tx, l *LogReport) error {
	w := &walk{report: l, claims: make(map[int64][]claim), nightly: c.nightly}
	// In a fixed order, so that the same file gives the same report.
	for _, statement := range slices.SortedFunc(maps.Keys(c.claims[l.Log]), claim.compare) {
		w.claims[statement.Size] = append(w.claims[statement.Size], statement)
	}
	err := w.entries(ctx, tx)
	if err != nil {
		return err
	}
	l.Size = w.tree.size
	if l.Size == 0 {
		l.find(codeNoLog, -1, "この事業所の取扱記録がまるごと失われています")
		return nil
	}
	l.Root, err = w.tree.root()
	if err != nil {
		return err
	}
	w.unreached()
	return w.head(ctx, tx)
}

// head compares the stored head and the number of stored hashes.
func (w *walk) head(ctx context.Context, tx *sqlx.Tx) error {
	l := w.report
	h, err := readHead(ctx, tx, l.Log)
	switch {
	case errors.Is(err, ErrUnknownLog):
		l.find(codeHead, -1, "記録の件数とルートの控えがありません")
	case err != nil:
		return err
	case h.Size > l.Size:
		l.find(codeMissing, l.Size, "%d 件あるはずの記録が %d 件までしかたどれません", h.Size, l.Size)
	case h.Size < l.Size:
		l.find(codeSurplus, h.Size, "%d 件のはずの記録が %d 件あります", h.Size, l.Size)
	case string(h.Root) != string(l.Root[:]):
		l.find(codeHead, -1, "記録から計算したルートが控えと一致しません")
	}
	var stored int64
	err = tx.GetContext(ctx, &stored, "SELECT count(*) FROM usage_hashes WHERE log = ?", l.Log)
	if err != nil {
		return fmt.Errorf("count hashes: %w", err)
	}
	if stored != tlog.StoredHashCount(l.Size) {
		l.find(codeHashes, -1, "ハッシュの数が記録の件数に合いません")
	}
	return nil
}
