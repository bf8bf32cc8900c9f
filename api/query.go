package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"todoke/mynumber"
)

const (
	defaultLimit = 50
	maxLimit     = 200
	maxCursor    = 200
	maxQueryText = 64
)

// listQuery is what every list takes, and the filters of this one.
type listQuery struct {
	limit  int
	cursor string // of the page before, opaque
	filter url.Values
}

// parseQuery reads the query strictly: unknown, repeated and overlong parameters are
// mistakes, since a filter that is silently ignored shows too much.
func parseQuery(c *gin.Context, filters ...string) (listQuery, error) {
	f := newFields(nil)
	q := listQuery{limit: defaultLimit, filter: url.Values{}}
	for name, values := range c.Request.URL.Query() {
		value := values[0]
		known := name == "limit" || name == "cursor" || slices.Contains(filters, name)
		switch {
		case !known:
			f.add(ruleUnknown, safeName(name), "")
		case len(values) > 1:
			f.add(ruleTwice, name, "")
		case name == "limit":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > maxLimit {
				f.add(ruleRange, name, "")
			}
			q.limit = n
		case name == "cursor":
			q.cursor = value
		case len(value) > maxQueryText:
			f.add(ruleTooLong, name, "")
		default:
			q.filter.Set(name, value)
		}
	}
	if len(f.findings) > 0 {
		sortFindings(f.findings)
		return q, &fieldsError{cause: errQuery, findings: f.findings}
	}
	return q, nil
}

// A cursor is the place where a page ended, marked with the list it belongs to and
// written in the letters a to p, two for each octet: without digits it can never be
// taken for a number. It is not signed: it only says where to go on, and what may be
// seen there is decided anew.
const cursorLetters = "abcdefghijklmnop"

func encodeCursor(list, place string) string {
	var out strings.Builder
	for _, b := range []byte(list + ":" + place) {
		out.WriteByte(cursorLetters[b>>4])
		out.WriteByte(cursorLetters[b&15])
	}
	return out.String()
}

// decodeCursor returns the place, "" for no cursor. Errors: errCursor.
func decodeCursor(list, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	if len(cursor) > maxCursor || len(cursor)%2 != 0 {
		return "", errCursor
	}
	raw := make([]byte, len(cursor)/2)
	for i := range cursor {
		n := strings.IndexByte(cursorLetters, cursor[i])
		if n < 0 {
			return "", errCursor
		}
		raw[i/2] = raw[i/2]<<4 | byte(n)
	}
	marked, place, ok := strings.Cut(string(raw), ":")
	if !ok || marked != list || place == "" || (mynumber.In(place) && !isULID(place)) {
		return "", errCursor
	}
	return place, nil
}

// page is a list as it is answered.
type page[T any] struct {
	Items      []T       `json:"items"`
	NextCursor string    `json:"next_cursor,omitempty"` // absent on the last page
	Links      pageLinks `json:"links"`
}

type pageLinks struct {
	Next string `json:"next,omitempty"`
}

// newPage builds the answer of a list; next is the place where it ended, "" at the end.
func newPage[T any](items []T, path, list, next string, q listQuery) page[T] {
	p := page[T]{Items: items}
	if next == "" {
		return p
	}
	p.NextCursor = encodeCursor(list, next)
	values := url.Values{"cursor": {p.NextCursor}}
	if q.limit != defaultLimit {
		values.Set("limit", strconv.Itoa(q.limit))
	}
	for name := range q.filter {
		values.Set(name, q.filter.Get(name))
	}
	p.Links.Next = path + "?" + values.Encode()
	return p
}
