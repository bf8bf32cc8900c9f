package egov

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"todoke/egov/wire"
)

// shelf is a service with a number of cases and one way to understand offset.
type shelf struct {
	rows  int
	days  func(from, to string) []int // which rows a window has; nil for all
	start func(offset, limit int) (first int, ok bool)
	total func(rows int) any                     // all_count; nil for "not said"
	next  func(base string, q url.Values) string // nil for no link
	calls atomic.Int32
}

// Ways to understand an offset.
func byRecord(offset, _ int) (int, bool)        { return offset, offset >= 0 }
func byRecordFromOne(offset, _ int) (int, bool) { return offset - 1, offset >= 1 }
func byPage(offset, limit int) (int, bool)      { return offset * limit, offset >= 0 }
func byPageFromOne(offset, limit int) (int, bool) {
	return (offset - 1) * limit, offset >= 1
}
func byPageFromOneOrZero(offset, limit int) (int, bool) { return max(offset-1, 0) * limit, true }
func ignored(int, int) (int, bool)                      { return 0, true }

func truth(rows int) any { return min(rows, 9999) }
func silence(int) any    { return nil }

func caseID(row int) string { return fmt.Sprintf("9502026%09d", row) }

func (s *shelf) page(q url.Values) (wire.ListsResult, any, bool) {
	all := make([]int, 0, s.rows)
	if s.days != nil {
		all = s.days(q.Get("date_from"), q.Get("date_to"))
	} else {
		for row := range s.rows {
			all = append(all, row)
		}
	}
	limit, _ := strconv.Atoi(q.Get("limit"))
	offset, err := strconv.Atoi(q.Get("offset"))
	if q.Has("send_number") {
		limit, offset = len(all), 0
	}
	first, ok := s.start(offset, limit)
	if !ok || err != nil && !q.Has("send_number") {
		return wire.ListsResult{}, nil, false
	}
	result := wire.ListsResult{ApplyList: []wire.Case{}}
	for i := first; i < min(first+limit, len(all)); i++ {
		result.ApplyList = append(result.ApplyList, wire.Case{No: i + 1, ArriveID: caseID(all[i]), Status: "到達"})
	}
	return result, s.total(len(all)), true
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	q := r.URL.Query()
	result, total, ok := s.page(q)
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	answer := map[string]any{"results": result}
	if total != nil {
		answer["resultset"] = map[string]any{"all_count": total, "count": len(result.ApplyList)}
	}
	if s.next != nil {
		answer["_links"] = map[string]any{"next": s.next("http://"+r.Host, q)}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func casesOf(c *Client, selection Selection) (map[string]int, error) {
	seen := map[string]int{}
	for row, err := range c.Cases(context.Background(), testToken, selection) {
		if err != nil {
			return seen, err
		}
		seen[row.ArriveID]++
	}
	return seen, nil
}

// TestPagingToleratesEveryReadingOfOffset: each row once, whatever offset means.
func TestPagingToleratesEveryReadingOfOffset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		start func(int, int) (int, bool)
		total func(int) any
		rows  []int
	}{
		{"record", byRecord, truth, []int{0, 1, 49, 50, 51, 99, 100, 101, 999}},
		{"record, no count", byRecord, silence, []int{0, 1, 49, 50, 51, 99, 100, 101, 999}},
		{"record from 1", byRecordFromOne, truth, []int{0, 1, 49, 50, 51, 99, 100, 101, 999}},
		{"page from 0", byPage, truth, []int{0, 1, 49, 50, 51, 99, 100, 101, 999}},
		{"page from 0, no count", byPage, silence, []int{0, 1, 49, 50, 51, 99, 100, 101, 999}},
		{"page from 1", byPageFromOne, truth, []int{0, 1, 49, 50, 51, 99, 100, 101, 999}},
		{"page from 1, 0 the same", byPageFromOneOrZero, truth, []int{0, 1, 49, 50, 51, 99, 100, 101, 999, 3000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, rows := range c.rows {
				s := &shelf{rows: rows, start: c.start, total: c.total}
				server := newServer(t, s.ServeHTTP)
				seen, err := casesOf(newClient(t, server.URL), july)
				if err != nil || len(seen) != rows {
					t.Errorf("%d of %d rows in %d calls, %v", len(seen), rows, s.calls.Load(), err)
				}
				for id, n := range seen {
					if n != 1 {
						t.Errorf("%s came %d times", id, n)
					}
				}
			}
		})
	}
}

func TestPagingFollowsHonestLinksOnly(t *testing.T) {
	t.Parallel()
	step := func(q url.Values, by int) string {
		offset, _ := strconv.Atoi(q.Get("offset"))
		next := url.Values{"date_from": q["date_from"], "date_to": q["date_to"], "limit": q["limit"]}
		next.Set("offset", strconv.Itoa(offset+by))
		return next.Encode()
	}
	for name, next := range map[string]func(base string, q url.Values) string{
		"absolute":       func(base string, q url.Values) string { return base + "/shinsei/v2/apply/lists?" + step(q, 50) },
		"relative":       func(_ string, q url.Values) string { return "?" + step(q, 50) },
		"small steps":    func(_ string, q url.Values) string { return "?" + step(q, 7) },
		"beyond the end": func(_ string, q url.Values) string { return "?" + step(q, 5000) },
		"the same page":  func(_ string, q url.Values) string { return "?" + step(q, 0) },
		"backwards":      func(_ string, q url.Values) string { return "?" + step(q, -1) },
		"another host": func(_ string, q url.Values) string {
			return "http://hostile.invalid/shinsei/v2/apply/lists?" + step(q, 50)
		},
		"another scheme": func(_ string, q url.Values) string { return "https:///shinsei/v2/apply/lists?" + step(q, 50) },
		"another path":   func(base string, q url.Values) string { return base + "/shinsei/v2/apply/report?" + step(q, 50) },
		"climbing":       func(base string, q url.Values) string { return base + "/shinsei/v2/apply/lists/../../x?" + step(q, 50) },
		"credentials": func(_ string, q url.Values) string {
			return "//user:pw@127.0.0.1/shinsei/v2/apply/lists?" + step(q, 50)
		},
		"other days":        func(string, url.Values) string { return "?date_from=2020-01-01&date_to=2020-01-02&offset=50&limit=50" },
		"no days":           func(string, url.Values) string { return "?offset=50&limit=50" },
		"a script":          func(string, url.Values) string { return "javascript:alert(1)" },
		"no URL":            func(string, url.Values) string { return "http://%zz" },
		"dash":              func(string, url.Values) string { return "-" },
		"endlessly long":    func(_ string, q url.Values) string { return "?" + step(q, 50) + "&x=" + string(make([]byte, 5000)) },
		"a link at the end": func(_ string, q url.Values) string { return "?" + step(q, 1000) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{rows: 175, start: byRecord, total: truth, next: next}
			server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/shinsei/v2/apply/lists" || r.URL.Query().Get("date_from") != "2026-07-01" {
					t.Errorf("followed to %s", r.URL)
				}
				s.ServeHTTP(w, r)
			})
			seen, err := casesOf(newClient(t, server.URL), july)
			if err != nil || len(seen) != 175 || s.calls.Load() > 40 {
				t.Errorf("%d rows in %d calls, %v", len(seen), s.calls.Load(), err)
			}
		})
	}
}

// TestIncompleteListingsAreErrors: what was not seen must not pass as absent.
func TestIncompleteListingsAreErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		s     *shelf
		sel   Selection
		calls int32
	}{
		"offset is ignored":           {&shelf{rows: 175, start: ignored, total: truth}, july, 5},
		"offset is ignored, no count": {&shelf{rows: 175, start: ignored, total: silence}, july, 5},
		"the count lies":              {&shelf{rows: 75, start: byRecord, total: func(int) any { return 80 }}, july, 8},
		"the count grows":             {&shelf{rows: 75, start: byRecord, total: func(int) any { return 9998 }}, july, 8},
		"a send number's rows lack":   {&shelf{rows: 3, start: byRecord, total: func(int) any { return 4 }}, SendNumber("202607011000000001"), 1},
		"too many on one day": {
			&shelf{rows: 75, start: byRecord, total: func(int) any { return 9999 }},
			Window{From: july.From, To: july.From}, 8,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, c.s.ServeHTTP)
			_, err := casesOf(newClient(t, server.URL), c.sel)
			if !errors.Is(err, ErrIncomplete) || c.s.calls.Load() > c.calls {
				t.Errorf("%v after %d calls", err, c.s.calls.Load())
			}
		})
	}
}

func TestPagingStopsAtTheCap(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		n := calls.Add(1)
		fmt.Fprintf(w, `{"resultset":{"all_count":9998},"results":{"apply_list":[{"arrive_id":%q}]}}`, caseID(int(n)))
	})
	seen, err := casesOf(newClient(t, server.URL), july)
	if !errors.Is(err, ErrIncomplete) || calls.Load() != maxPages || len(seen) != maxPages {
		t.Errorf("%d calls, %d rows, %v", calls.Load(), len(seen), err)
	}
}

// TestLargeWindowsAreHalved: 600 rows over thirty days, with an all_count that stops
// counting early.
func TestLargeWindowsAreHalved(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 6, 1, 0, 0, 0, 0, jst)
	s := &shelf{start: byRecord}
	s.total = func(rows int) any {
		if rows > 100 {
			return maxTotal
		}
		return rows
	}
	s.days = func(from, to string) []int {
		var rows []int
		for day := range 30 {
			date := begin.AddDate(0, 0, day).Format(dateLayout)
			for n := 0; date >= from && date <= to && n < 20; n++ {
				rows = append(rows, day*20+n)
			}
		}
		return rows
	}
	server := newServer(t, s.ServeHTTP)
	seen, err := casesOf(newClient(t, server.URL), Window{From: begin, To: begin.AddDate(0, 0, 29)})
	if err != nil || len(seen) != 600 {
		t.Errorf("%d rows in %d calls, %v", len(seen), s.calls.Load(), err)
	}
}

func TestBreakingOffFetchesNoMore(t *testing.T) {
	t.Parallel()
	s := &shelf{rows: 500, start: byRecord, total: truth}
	server := newServer(t, s.ServeHTTP)
	n := 0
	for _, err := range newClient(t, server.URL).Cases(context.Background(), testToken, july) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if n == 51 {
			break
		}
	}
	if s.calls.Load() != 2 {
		t.Errorf("%d calls for 51 rows", s.calls.Load())
	}
}

func TestSelection(t *testing.T) {
	t.Parallel()
	var asked string
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.RawQuery
		_, _ = io.WriteString(w, `{"resultset":{"all_count":0},"results":{}}`)
	})
	c := newClient(t, server.URL)
	seen, err := casesOf(c, SendNumber("202607011000000001"))
	if err != nil || len(seen) != 0 || asked != "send_number=202607011000000001" {
		t.Errorf("send number: %v, %s", err, asked)
	}
	asked = ""
	for _, bad := range []Selection{
		SendNumber(""), SendNumber("-"), SendNumber("20260701100000000１"), SendNumber("202607011000000001&x=y"),
		Window{}, Window{From: july.To}, Window{From: july.To, To: july.From},
		Window{From: time.Date(99999, 1, 1, 0, 0, 0, 0, jst), To: time.Date(99999, 1, 2, 0, 0, 0, 0, jst)},
	} {
		_, err := casesOf(c, bad)
		if err == nil || asked != "" {
			t.Errorf("%#v: %v, asked %q", bad, err, asked)
		}
	}
}

func TestHalvesCoverTheWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2026, 1, 1, rapid.IntRange(0, 47).Draw(t, "hour"), 0, 0, 0, time.UTC)
		w := Window{From: from, To: from.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "hours")) * time.Hour)}
		days := func(w Window) (list []string) {
			for d := midday(w.From); !d.After(midday(w.To)); d = d.AddDate(0, 0, 1) {
				list = append(list, d.Format(dateLayout))
			}
			return list
		}
		later, earlier, splits := w.halves()
		if !splits {
			if len(days(w)) > 1 {
				t.Fatalf("%v does not split", days(w))
			}
			return
		}
		joined := append(days(earlier), days(later)...)
		if fmt.Sprint(joined) != fmt.Sprint(days(w)) || len(days(earlier)) == 0 || len(days(later)) == 0 {
			t.Fatalf("%v + %v is not %v", days(earlier), days(later), days(w))
		}
	})
}

// TestCasesWithoutArriveID are told apart by what they say.
func TestCasesWithoutArriveID(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"resultset":{"all_count":3},"results":{"apply_list":[
			{"no":1,"arrive_id":"-","proc_name":"a"},{"no":"2","arrive_id":"","proc_name":"b"},
			{"no":3,"arrive_id":"9502026000000001","status":"見たことのない状態","withdraw_flag":"true","notice_list":null,
			 "official_list":{"notice_sub_id":"1","sign":"あり"}}]}}`)
	})
	var rows []wire.Case
	for row, err := range newClient(t, server.URL).Cases(context.Background(), testToken, july) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if len(rows) != 3 || rows[1].No != 2 || !Absent(rows[0].ArriveID) || rows[2].Status != "見たことのない状態" ||
		!rows[2].WithdrawFlag || len(rows[2].OfficialList) != 1 || rows[2].OfficialList[0].NoticeSubID != 1 {
		t.Errorf("rows = %+v", rows)
	}
}
