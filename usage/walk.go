package usage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"

	"todoke/database"
)

// walk goes over the entries of one log once, from the first to the last.
type walk struct {
	report  *LogReport
	tree    tree
	claims  map[int64][]claim // by size
	nightly map[nightly]bool
}

// stored is an entry's row with its search columns.
type stored struct {
	Index   int64           `db:"idx"`
	At      database.Micros `db:"at"`
	Subject string          `db:"subject"`
	Filing  string          `db:"filing"`
	Record  []byte          `db:"record"`
}

// entries ends at the first gap: what follows one cannot be placed any more.
func (w *walk) entries(ctx context.Context, tx *sqlx.Tx) error {
	for {
		var rows []stored
		err := tx.SelectContext(ctx, &rows, `SELECT idx, at, subject, filing, record FROM usage_entries
			WHERE log = ? AND idx >= ? ORDER BY idx LIMIT ?`, w.report.Log, w.tree.size, page)
		if err != nil {
			return fmt.Errorf("read entries: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		kept := make(map[int64]tlog.Hash)
		reader := &hashes{ctx: ctx, q: tx, log: w.report.Log}
		err = reader.between(tlog.StoredHashIndex(0, w.tree.size), tlog.StoredHashCount(rows[len(rows)-1].Index+1), kept)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Index != w.tree.size {
				w.report.find(codeMissing, w.tree.size, "%d 番目の記録がありません", w.tree.size+1)
				return nil
			}
			err = w.entry(row, kept)
			if err != nil {
				return err
			}
		}
	}
}

func (w *walk) entry(row stored, kept map[int64]tlog.Hash) error {
	w.content(row)
	first := tlog.StoredHashIndex(0, row.Index)
	computed, err := w.tree.add(row.Record)
	if err != nil {
		return err
	}
	sound := len(w.report.Findings) == 0
	for i, hash := range computed {
		old, ok := kept[first+int64(i)]
		switch {
		case ok && old == hash:
		case i == 0:
			w.report.find(codeRecord, row.Index, "%d 番目の記録が書かれたときの内容と異なります", row.Index+1)
			sound = false
		case sound:
			// Above a changed entry all hashes differ; only one that differs by itself is news.
			w.report.find(codeHashes, row.Index, "%d 番目までのハッシュの控えが書き換えられています", row.Index+1)
			sound = false
		}
	}
	if len(w.claims[w.tree.size]) == 0 {
		return nil
	}
	root, err := w.tree.root()
	if err != nil {
		return err
	}
	for _, c := range w.claims[w.tree.size] {
		if c.Root != root {
			w.report.find(c.code, -1, "%sの %d 件の時点と記録の内容が異なります", source(c.code), c.Size)
		}
	}
	return nil
}

// content checks what can be checked of an entry without its neighbours.
func (w *walk) content(row stored) {
	entry, err := parse(row.Record)
	if err != nil {
		w.report.find(codeUnreadable, row.Index, "%d 番目の記録を読み取れません", row.Index+1)
		return
	}
	if entry.Company != w.report.Log {
		w.report.find(codeUnreadable, row.Index, "%d 番目の記録は別の事業所のものです", row.Index+1)
	}
	if database.At(entry.Time) != row.At || entry.Subject != row.Subject || entry.Filing != row.Filing {
		w.report.find(codeColumns, row.Index, "%d 番目の記録の検索用の欄が記録の内容と異なります", row.Index+1)
	}
	_, listed, found := strings.Cut(entry.Result, commitPrefix)
	if !found || entry.Action != ActionCheckpoint || w.report.Log != OfficeLog {
		return
	}
	if !w.nightly[nightly{size: row.Index + 1, commitment: commitPrefix + listed}] {
		w.report.find(codeCheckpoint, row.Index, "%d 番目の記録にある夜間の検証点がありません", row.Index+1)
	}
}

// unreached reports the claims about sizes that the log does not have any more.
func (w *walk) unreached() {
	var sizes []int64
	for size := range w.claims {
		if size > w.tree.size {
			sizes = append(sizes, size)
		}
	}
	slices.Sort(sizes)
	for _, size := range sizes {
		for _, c := range w.claims[size] {
			w.report.find(c.code, -1, "%sでは %d 件あった記録が %d 件しかありません", source(c.code), c.Size, w.tree.size)
		}
	}
}

func source(code string) string {
	switch code {
	case codeAnchor:
		return "記録の外の基準点"
	case codeListed:
		return "夜間の一覧"
	default:
		return "署名済みの検証点"
	}
}

// between reads the hashes from position first up to, not including, end. Those
// that are malformed are left out, and so count as missing.
func (h *hashes) between(first, end int64, into map[int64]tlog.Hash) error {
	var rows []struct {
		Pos  int64  `db:"pos"`
		Hash []byte `db:"hash"`
	}
	err := sqlx.SelectContext(h.ctx, h.q, &rows, "SELECT pos, hash FROM usage_hashes WHERE log = ? AND pos >= ? AND pos < ?", h.log, first, end)
	if err != nil {
		return fmt.Errorf("read hashes: %w", err)
	}
	for _, row := range rows {
		if len(row.Hash) == tlog.HashSize {
			into[row.Pos] = tlog.Hash(row.Hash)
		}
	}
	return nil
}
