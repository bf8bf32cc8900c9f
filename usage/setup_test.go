package usage_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"todoke/database"
	"todoke/database/sqlite"
	"todoke/usage"
)

// world is one usage log in a file of its own.
type world struct {
	ctx      context.Context
	path     string
	db       *database.DB
	store    *usage.Store
	clock    *clock
	signer   string
	verifier string
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

// now moves on by a second with each call, so that no two entries look alike.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Second)
	return c.at
}

func setup(t testing.TB) *world {
	t.Helper()
	signer, verifier, err := usage.GenerateKey("office-1")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		ctx: context.Background(), path: filepath.Join(t.TempDir(), "usage.db"), signer: signer, verifier: verifier,
		clock: &clock{at: time.Date(2026, 7, 1, 13, 0, 0, 0, time.UTC)},
	}
	w.db, w.store = w.open(t)
	return w
}

// open opens the same file once more.
func (w *world) open(t testing.TB) (*database.DB, *usage.Store) {
	t.Helper()
	db, err := sqlite.Open(w.ctx, w.path, usage.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := usage.NewStore(usage.Config{
		DB: db, Office: "office-1", Clock: w.clock.now, Signer: w.signer, Verifiers: []string{w.verifier},
	})
	if err != nil {
		t.Fatal(err)
	}
	return db, store
}

func entry(company string, n int) usage.Entry {
	return usage.Entry{
		Company: company, Actor: "山田 花子 + 夜間処理", Role: "事務取扱担当者", Screen: "夜間処理", Action: usage.ActionUse,
		Purpose: "雇用保険被保険者資格取得届の届出", Subject: fmt.Sprintf("person-%d", n), Filing: fmt.Sprintf("filing-%d", n),
		Attempt: "attempt-1", Destination: "渋谷公共職業安定所", Result: "開始", Source: "127.0.0.1",
	}
}

// fill appends n entries one by one and returns the last position.
func (w *world) fill(t testing.TB, company string, n int) usage.Position {
	t.Helper()
	var position usage.Position
	for i := range n {
		var err error
		position, err = w.store.Append(w.ctx, entry(company, i))
		if err != nil {
			t.Fatal(err)
		}
	}
	return position
}

func (w *world) records(t testing.TB, log string) []usage.Record {
	t.Helper()
	var records []usage.Record
	for record, err := range w.store.List(w.ctx, usage.Query{Log: log}) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	return records
}

func raws(records []usage.Record) [][]byte {
	out := make([][]byte, len(records))
	for i, record := range records {
		out[i] = record.Raw
	}
	return out
}

// verify returns the report on one log.
func (w *world) verify(t testing.TB, log string, anchors map[string]usage.Anchor) usage.LogReport {
	t.Helper()
	report, err := w.store.Verify(w.ctx, anchors)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range report.Logs {
		if l.Log == log {
			if report.OK() && l.Verdict == usage.Broken {
				t.Error("the report is OK with a broken log")
			}
			return l
		}
	}
	t.Fatalf("log %s is not in the report", log)
	return usage.LogReport{}
}

func anchorOf(p usage.Position) map[string]usage.Anchor {
	return map[string]usage.Anchor{p.Log: {Size: p.Size, Root: p.Root}}
}

var testContext = context.Background()

// openStore is open for a process that has no testing.T.
func openStore(path string) (*usage.Store, func(), error) {
	db, err := sqlite.Open(testContext, path, usage.Migrations())
	if err != nil {
		return nil, nil, err
	}
	store, err := usage.NewStore(usage.Config{DB: db, Office: "office-1"})
	return store, func() { db.Close() }, err
}
