package forms

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// jst is the zone of every date that e-Gov sees.
var jst = time.FixedZone("JST", 9*60*60)

// era is one Japanese era with its exact limits, both days included. Two eras
// share the day of their change in 1912 and 1926: such a day is written in the
// newer era and accepted in either.
type era struct {
	name, digit, letter string
	from, to            time.Time
	offset              int // western year = era year + offset
}

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

var eras = []era{
	{"令和", "9", "R", day(2019, 5, 1), day(9999, 12, 31), 2018},
	{"平成", "7", "H", day(1989, 1, 8), day(2019, 4, 30), 1988},
	{"昭和", "5", "S", day(1926, 12, 25), day(1989, 1, 7), 1925},
	{"大正", "3", "T", day(1912, 7, 30), day(1926, 12, 25), 1911},
	{"明治", "1", "M", day(1868, 9, 8), day(1912, 7, 30), 1867},
}

// errNotDate and errOutsideEra tell the two ways in which a date can be wrong.
var (
	errNotDate    = errors.New("forms: not a date")
	errOutsideEra = errors.New("forms: date outside its era")
)

// eraOf gives the era of a day and the year in it; ok is false before 明治.
func eraOf(t time.Time) (e *era, year int, ok bool) {
	for i := range eras {
		if !t.Before(eras[i].from) {
			return &eras[i], t.Year() - eras[i].offset, true
		}
	}
	return nil, 0, false
}

func eraNamed(s string) *era {
	for i := range eras {
		e := &eras[i]
		if s == e.name || strings.EqualFold(s, e.letter) {
			return e
		}
	}
	return nil
}

// dateOf makes a day of an era year; era years are not padded and 1 is 元年.
func dateOf(e *era, year, month, dayOfMonth int) (time.Time, error) {
	t, err := realDay(year+e.offset, month, dayOfMonth)
	if err != nil {
		return time.Time{}, err
	}
	if year < 1 || t.Before(e.from) || t.After(e.to) {
		return time.Time{}, errOutsideEra
	}
	return t, nil
}

func realDay(y, m, d int) (time.Time, error) {
	if y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > 31 {
		return time.Time{}, errNotDate
	}
	t := day(y, m, d)
	if t.Day() != d {
		return time.Time{}, errNotDate
	}
	return t, nil
}

// parseDate reads a day as staff write it: 2026-04-01, 2026/4/1, 20260401,
// 2026年4月1日, 令和8年4月1日, 令和元年5月1日, R8.4.1, in half or full width.
func parseDate(s string) (time.Time, error) {
	s = narrow(s)
	if len(s) > 64 {
		return time.Time{}, errNotDate
	}
	if len(s) == 10 && s[4] == '-' && s[7] == '-' {
		return splitDate(nil, s)
	}
	if len(s) == 8 && allDigits(s) {
		return splitDate(nil, s[:4]+"-"+s[4:6]+"-"+s[6:])
	}
	var named *era
	for i := range eras {
		e := &eras[i]
		if rest, ok := strings.CutPrefix(s, e.name); ok {
			named, s = e, rest
			break
		}
		if len(s) > 1 && strings.EqualFold(s[:1], e.letter) {
			named, s = e, s[1:]
			break
		}
	}
	s = dateMarks.Replace(s)
	return splitDate(named, strings.TrimSpace(s))
}

var dateMarks = strings.NewReplacer("元年", "1-", "年", "-", "月", "-", "日", "", "/", "-", ".", "-", " ", "")

func splitDate(named *era, s string) (time.Time, error) {
	parts := strings.Split(s, "-")
	if len(parts) != 3 {
		return time.Time{}, errNotDate
	}
	var n [3]int
	for i, p := range parts {
		if len(p) > 4 || !allDigits(p) {
			return time.Time{}, errNotDate
		}
		n[i], _ = strconv.Atoi(p) // at most four digits: cannot fail
	}
	if named != nil {
		return dateOf(named, n[0], n[1], n[2])
	}
	if len(parts[0]) != 4 {
		return time.Time{}, errNotDate
	}
	return realDay(n[0], n[1], n[2])
}

// eraText writes a day for a person: 令和8年4月1日.
func eraText(t time.Time) string {
	e, year, ok := eraOf(t)
	if !ok {
		return t.Format("2006-01-02")
	}
	return e.name + strconv.Itoa(year) + "年" + strconv.Itoa(int(t.Month())) + "月" + strconv.Itoa(t.Day()) + "日"
}

// dayOf is the Japanese day of a moment.
func dayOf(t time.Time) time.Time {
	y, m, d := t.In(jst).Date()
	return day(y, int(m), d)
}
