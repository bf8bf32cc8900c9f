package usage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"todoke/usage"
)

func TestListSelects(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const n = 600 // more than two pages
	batch := make([]usage.Entry, n)
	start := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	for i := range batch {
		batch[i] = entry("c1", i%7)
		batch[i].Time = start.Add(time.Duration(i) * time.Hour)
	}
	_, err := w.store.Append(w.ctx, batch...)
	if err != nil {
		t.Fatal(err)
	}
	w.fill(t, "c2", 3)
	for name, c := range map[string]struct {
		query       usage.Query
		count       int
		first, last int64
	}{
		"all":        {usage.Query{Log: "c1"}, n, 0, n - 1},
		"after":      {usage.Query{Log: "c1", After: 590}, 10, 590, 599},
		"limit":      {usage.Query{Log: "c1", Limit: 300}, 300, 0, 299},
		"period":     {usage.Query{Log: "c1", From: start.Add(24 * time.Hour), To: start.Add(48 * time.Hour)}, 24, 24, 47},
		"subject":    {usage.Query{Log: "c1", Subject: "person-3"}, 86, 3, 598},
		"filing":     {usage.Query{Log: "c1", Filing: "filing-6", Limit: 2}, 2, 6, 13},
		"other log":  {usage.Query{Log: "c2"}, 3, 0, 2},
		"no log":     {usage.Query{}, 0, 0, 0},
		"none":       {usage.Query{Log: "c1", Subject: "person-99"}, 0, 0, 0},
		"after last": {usage.Query{Log: "c1", After: n}, 0, 0, 0},
	} {
		var indexes []int64
		for record, err := range w.store.List(w.ctx, c.query) {
			if err != nil {
				t.Fatal(err)
			}
			indexes = append(indexes, record.Index)
		}
		if len(indexes) != c.count || c.count > 0 && (indexes[0] != c.first || indexes[len(indexes)-1] != c.last) {
			t.Errorf("%s: %d records, want %d from %d to %d", name, len(indexes), c.count, c.first, c.last)
		}
	}
	for _, err := range w.store.List(w.ctx, usage.Query{Log: "c1"}) {
		if err != nil {
			t.Fatal(err)
		}
		break // stopping early must not leave the store unusable
	}
	cancelled, cancel := context.WithCancel(w.ctx)
	cancel()
	for _, err := range w.store.List(cancelled, usage.Query{Log: "c1"}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled list: %v", err)
		}
	}
	_, err = w.store.Proof(w.ctx, "c1", n)
	if !errors.Is(err, usage.ErrUnknownLog) {
		t.Errorf("proof beyond the end: %v, want ErrUnknownLog", err)
	}
	_, err = w.store.Proof(w.ctx, "nobody", 0)
	if !errors.Is(err, usage.ErrUnknownLog) {
		t.Errorf("proof in no log: %v, want ErrUnknownLog", err)
	}
}

func BenchmarkAppend(b *testing.B) {
	w := setup(b)
	for b.Loop() {
		_, err := w.store.Append(w.ctx, entry("c1", 1))
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppend10k appends ten thousand entries in transactions of a hundred and
// verifies them.
func BenchmarkAppend10k(b *testing.B) {
	for b.Loop() {
		w := setup(b)
		batch := make([]usage.Entry, 100)
		for i := range batch {
			batch[i] = entry("c1", i)
		}
		start := time.Now()
		var position usage.Position
		for range 100 {
			var err error
			position, err = w.store.Append(w.ctx, batch...)
			if err != nil {
				b.Fatal(err)
			}
		}
		appended := time.Since(start)
		report, err := w.store.Verify(w.ctx, anchorOf(position))
		if err != nil || !report.OK() {
			b.Fatalf("%+v, %v", report, err)
		}
		b.ReportMetric(float64(appended.Microseconds())/10000, "µs/append")
		b.ReportMetric(float64((time.Since(start)-appended).Microseconds())/10000, "µs/verify")
	}
}
