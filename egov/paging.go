package egov

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

const (
	maxPages = 1000 // of one listing, whatever the service says
	maxTotal = 9999 // where all_count stops counting (e-Gov OpenAPI 2.0.0, resultset)
)

// listing is one of e-Gov's lists. What an offset means is not settled: the
// description calls it a page number from 1 and shows a record offset from 0. The
// walk therefore asks by record, looks whether everything that was announced has
// come, and asks by page number for the rest; rows that come twice are dropped.
type listing[T any] struct {
	limit int                                                      // rows asked for per page
	page  func(ctx context.Context, q url.Values) (page[T], error) // fetches and checks
	key   func(T) string                                           // the same row has the same key
}

type page[T any] struct {
	rows  []T
	total int    // all_count, or -1 when it was not said
	next  string // the link, empty when there is none
	from  string // the address that the link is relative to
}

// errStop ends a walk whose consumer has seen enough.
var errStop = errors.New("stop")

// all walks the whole listing, one page in memory at a time. The error, if any, is
// the last thing that is yielded.
func (l listing[T]) all(ctx context.Context, op Operation, selection Selection) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		w := walk[T]{listing: l, ctx: ctx, yield: yield, seen: map[string]struct{}{}}
		err := w.selection(selection)
		if err == nil || errors.Is(err, errStop) {
			return
		}
		var none T
		yield(none, fmt.Errorf("walk %s: %w", op, err))
	}
}

type walk[T any] struct {
	listing[T]
	ctx   context.Context //nolint:containedctx // a walk lives within one call
	yield func(T, error) bool
	seen  map[string]struct{}
	pages int
}

func (w *walk[T]) selection(s Selection) error {
	window, ok := s.(Window)
	if ok {
		return w.window(window)
	}
	query, err := s.query()
	if err != nil {
		return err
	}
	p, err := w.fetch(query)
	if err != nil {
		return err
	}
	fresh, err := w.emit(p)
	if err != nil {
		return err
	}
	if p.total > fresh {
		return ErrIncomplete
	}
	return nil
}

// window walks one window. One with more rows than all_count can tell is halved by
// days.
func (w *walk[T]) window(window Window) error {
	days, err := window.query()
	if err != nil {
		return err
	}
	base := 0
	first, err := w.fetch(withOffset(days, w.limit, base))
	refused, ok := errors.AsType[*StatusError](err)
	if ok && refused.Status == http.StatusBadRequest { // a service that counts from 1
		base = 1
		first, err = w.fetch(withOffset(days, w.limit, base))
	}
	if err != nil {
		return err
	}
	if first.total >= maxTotal {
		later, earlier, splits := window.halves()
		if splits {
			err = w.window(later)
			if err != nil {
				return err
			}
			return w.window(earlier)
		}
	}
	return w.rest(days, base, first)
}

// rest emits the first page and fetches those after it until all is seen, or
// nothing new comes.
func (w *walk[T]) rest(days url.Values, base int, first page[T]) error {
	fresh, err := w.emit(first)
	if err != nil {
		return err
	}
	current, p := withOffset(days, w.limit, base), first
	links, atEnd := true, len(p.rows) < w.limit
	for !w.complete(p, fresh) {
		query, linked := nextOf(p.next, p.from, current)
		if !links || !linked {
			if p.total < 0 && atEnd {
				return nil
			}
			query, linked = withOffset(days, w.limit, base+fresh), false
		}
		following, err := w.fetch(query)
		if err != nil {
			return err
		}
		news, err := w.emit(following)
		if err != nil {
			return err
		}
		fresh, atEnd = fresh+news, len(following.rows) < w.limit
		switch {
		case news > 0:
			p, current = following, query
		case linked: // the link leads nowhere; from here on without links
			links = false
		default:
			return w.byNumber(days, base, fresh, len(following.rows) == 0)
		}
	}
	if p.total >= maxTotal {
		return ErrIncomplete
	}
	return nil
}

// byNumber takes the offset as a page number, after nothing new came by record.
// ended tells that the service had nothing at all to show at that record.
//
// A number may bring nothing new without being the end: the first may be the first
// page again, and some later ones were met when they were taken for records.
func (w *walk[T]) byNumber(days url.Values, base, fresh int, ended bool) error {
	const patience = 3
	barren := 0
	for number := base + 1; ; number++ {
		p, err := w.fetch(withOffset(days, w.limit, number))
		if err != nil {
			return err
		}
		news, err := w.emit(p)
		if err != nil {
			return err
		}
		fresh += news
		if w.complete(p, fresh) && p.total < maxTotal {
			return nil
		}
		barren++
		if news > 0 {
			barren = 0
		}
		if barren < patience {
			continue
		}
		if p.total < 0 && ended {
			return nil
		}
		return ErrIncomplete
	}
}

// complete reports that everything announced has been seen.
func (w *walk[T]) complete(p page[T], fresh int) bool { return p.total >= 0 && fresh >= p.total }

func (w *walk[T]) fetch(query url.Values) (page[T], error) {
	w.pages++
	if w.pages > maxPages {
		return page[T]{}, ErrIncomplete
	}
	return w.page(w.ctx, query)
}

// emit yields the rows that were not yielded before and counts them.
func (w *walk[T]) emit(p page[T]) (fresh int, err error) {
	for _, row := range p.rows {
		key := w.key(row)
		_, known := w.seen[key]
		if known {
			continue
		}
		w.seen[key] = struct{}{}
		fresh++
		if !w.yield(row, nil) {
			return fresh, errStop
		}
	}
	return fresh, nil
}

// resultSet is the paging block as text, to tell 0 from "not said".
type resultSet struct {
	AllCount string `json:"all_count"`
}

func (r resultSet) total() int {
	n, err := strconv.Atoi(r.AllCount)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// presence refuses an answer that has no list and does not say that it is empty:
// taken for an empty list it would prove an absence.
func presence(results, list bool, total int) error {
	if !results || !list && total != 0 {
		return errors.New("the list is missing")
	}
	return nil
}
