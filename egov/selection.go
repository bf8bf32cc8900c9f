package egov

import (
	"errors"
	"net/url"
	"strconv"
	"time"
)

// jst is the zone of every date that e-Gov is asked for or tells.
var jst = time.FixedZone("JST", 9*3600)

const dateLayout = "2006-01-02"

// Selection says which rows a listing is asked for: a Window or a SendNumber.
type Selection interface {
	query() (url.Values, error)
	paged() bool
}

// Window selects by day, both included: the days in Japan on which From and To
// fall. Reports selects bulks by the day they were received, Cases selects cases by
// the day they arrived.
type Window struct{ From, To time.Time }

func (w Window) query() (url.Values, error) {
	from, to := w.From.In(jst).Format(dateLayout), w.To.In(jst).Format(dateLayout)
	if w.From.IsZero() || w.To.IsZero() || len(from) != len(dateLayout) || len(to) != len(dateLayout) || from > to {
		return nil, errors.New("the window has no first or last day, or ends before it begins")
	}
	return url.Values{"date_from": {from}, "date_to": {to}}, nil
}

func (Window) paged() bool { return true }

// halves splits a window of several days, the later half first.
func (w Window) halves() (later, earlier Window, ok bool) {
	from, to := midday(w.From), midday(w.To)
	days := int(to.Sub(from).Hours() / 24)
	if days < 1 {
		return Window{}, Window{}, false
	}
	middle := from.AddDate(0, 0, (days-1)/2)
	return Window{From: middle.AddDate(0, 0, 1), To: to}, Window{From: from, To: middle}, true
}

func midday(t time.Time) time.Time {
	year, month, day := t.In(jst).Date()
	return time.Date(year, month, day, 12, 0, 0, 0, jst)
}

// SendNumber selects what one bulk submission led to: 18 digits. Before e-Gov has
// taken the bulk in, there is nothing to see.
type SendNumber string

func (n SendNumber) query() (url.Values, error) {
	if !digits(string(n), 18) {
		return nil, errors.New("a send number has 18 digits")
	}
	return url.Values{"send_number": {string(n)}}, nil
}

func (SendNumber) paged() bool { return false }

// longestID is the length of e-Gov's longest numbers: send and arrival numbers.
const longestID = 18

// digits tells whether s has shortest to longestID digits and nothing else.
func digits(s string, shortest int) bool {
	if len(s) < shortest || len(s) > longestID {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// nextOf checks a "next" link against the page it came with. It must stay at the
// same origin and path and ask for the same days; anything else is as good as no
// link. A link that does not lead forward is none either.
func nextOf(link, page string, current url.Values) (url.Values, bool) {
	const longest = 2048
	base, err := url.Parse(page)
	if err != nil || link == "" || len(link) > longest {
		return nil, false
	}
	next, err := base.Parse(link)
	if err != nil || next.Scheme != base.Scheme || next.Host != base.Host || next.EscapedPath() != base.EscapedPath() || next.User != nil {
		return nil, false
	}
	query, err := url.ParseQuery(next.RawQuery)
	if err != nil || query.Encode() == current.Encode() {
		return nil, false
	}
	for _, name := range []string{"date_from", "date_to"} {
		if query.Get(name) != current.Get(name) || len(query[name]) != 1 {
			return nil, false
		}
	}
	if query.Has("offset") {
		here, _ := strconv.Atoi(current.Get("offset"))
		there, err := strconv.Atoi(query.Get("offset"))
		if err != nil || there <= here {
			return nil, false
		}
	}
	return query, true
}

func withOffset(query url.Values, limit, offset int) url.Values {
	query = url.Values{"date_from": query["date_from"], "date_to": query["date_to"]}
	query.Set("limit", strconv.Itoa(limit))
	query.Set("offset", strconv.Itoa(offset))
	return query
}
