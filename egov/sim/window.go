package sim

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"todoke/egov/wire"
)

const (
	maxCount  = 9999 // e-Gov's type for counts and offsets
	dateShape = "2006-01-02"
)

// window is what a listing asks for: one bulk, or a page of a span of days.
type window struct {
	sendNumber    string
	from, to      time.Time // from the first moment of date_from to that after date_to
	rawFrom       string
	rawTo         string
	limit, offset int
}

var (
	sendNumberPattern = regexp.MustCompile(`^[0-9]{18}$`)
	countPattern      = regexp.MustCompile(`^(0|[1-9][0-9]{0,3})$`)
)

// parseWindow reads the query of a listing, or says in words what is wrong.
func parseWindow(raw string, maxLimit int) (window, string) {
	query, err := url.ParseQuery(raw)
	if err != nil || len(raw) > 2048 {
		return window{}, "クエリパラメータの形式が正しくありません。"
	}
	for name, values := range query {
		if !slices.Contains([]string{"send_number", "date_from", "date_to", "limit", "offset"}, name) || len(values) != 1 {
			return window{}, "定義されていないクエリパラメータがあるか、同じパラメータが複数あります。"
		}
	}
	if query.Has("send_number") {
		if len(query) > 1 {
			return window{}, "送信番号と他の検索条件を同時に指定することはできません。"
		}
		number := query.Get("send_number")
		if !sendNumberPattern.MatchString(number) {
			return window{}, "送信番号は18桁の数字で指定してください。"
		}
		return window{sendNumber: number, limit: maxCount}, ""
	}
	for _, required := range []struct{ name, label string }{
		{"date_from", "取得対象期間開始日"}, {"date_to", "取得対象期間終了日"},
		{"limit", "最大取得件数"}, {"offset", "ページ番号"},
	} {
		if query.Get(required.name) == "" {
			return window{}, required.label + "は必須です。"
		}
	}
	return parseSpan(query, maxLimit)
}

func parseSpan(query url.Values, maxLimit int) (window, string) {
	win := window{rawFrom: query.Get("date_from"), rawTo: query.Get("date_to")}
	from, errFrom := time.ParseInLocation(dateShape, win.rawFrom, jst)
	to, errTo := time.ParseInLocation(dateShape, win.rawTo, jst)
	limit, offset := query.Get("limit"), query.Get("offset")
	switch {
	case errFrom != nil || errTo != nil:
		return win, "日付はYYYY-MM-DDの形式で指定してください。"
	case to.Before(from):
		return win, "取得対象期間終了日が開始日より前です。"
	case !countPattern.MatchString(limit) || !countPattern.MatchString(offset):
		return win, "最大取得件数またはページ番号が数字ではありません。"
	}
	win.from, win.to = from, to.AddDate(0, 0, 1)
	win.limit, _ = strconv.Atoi(limit)
	win.offset, _ = strconv.Atoi(offset)
	if win.limit < 1 || win.limit > maxLimit {
		return win, "最大取得件数は1から" + strconv.Itoa(maxLimit) + "までです。"
	}
	return win, ""
}

// page cuts the window out of a list that is sorted by time, newest first. With
// a filter every entry of the span is looked at, without one only the page.
func page[T any](list []T, at func(T) time.Time, win window, keep func(T) bool) (all int, rows []T) {
	before := func(limit time.Time) int {
		i, _ := slices.BinarySearchFunc(list, limit, func(e T, t time.Time) int {
			if at(e).Before(t) {
				return -1
			}
			return 1
		})
		return i
	}
	span := list[before(win.from):before(win.to)]
	if keep != nil {
		var kept []T
		for _, e := range span {
			if keep(e) {
				kept = append(kept, e)
			}
		}
		span = kept
	}
	for i := len(span) - 1 - win.offset; i >= 0 && len(rows) < win.limit; i-- {
		rows = append(rows, span[i])
	}
	return len(span), rows
}

// resultSet describes a page; all_count cannot exceed its type.
func resultSet(win window, all, count int) wire.ResultSet {
	return wire.ResultSet{AllCount: min(all, maxCount), Limit: win.limit, Offset: win.offset, Count: count}
}

// links gives self, and previous and next where those pages exist and can be
// addressed. A send_number query has neither.
func links(c *call, win window, all int) wire.Links {
	out := wire.Links{"self": base(c) + c.URL.RequestURI()}
	if win.sendNumber != "" {
		return out
	}
	to := func(offset int) string {
		q := url.Values{
			"date_from": {win.rawFrom}, "date_to": {win.rawTo},
			"limit": {strconv.Itoa(win.limit)}, "offset": {strconv.Itoa(offset)},
		}
		return base(c) + c.URL.Path + "?" + q.Encode()
	}
	if win.offset > 0 {
		out["previous"] = to(max(win.offset-win.limit, 0))
	}
	if next := win.offset + win.limit; next < all && next <= maxCount {
		out["next"] = to(next)
	}
	return out
}
