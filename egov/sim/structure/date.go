package structure

import (
	"strconv"
	"strings"
	"time"

	"todoke/egov/sim/xmltree"
)

// era is one Japanese era with its first and last day.
type era struct {
	code        string // digit of the 社会保険 forms
	kanji       string // word of the 雇用保険 forms
	first, last time.Time
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

var eras = []era{
	{"1", "明治", day(1868, 9, 8), day(1912, 7, 30)},
	{"3", "大正", day(1912, 7, 30), day(1926, 12, 25)},
	{"5", "昭和", day(1926, 12, 25), day(1989, 1, 7)},
	{"7", "平成", day(1989, 1, 8), day(2019, 4, 30)},
	{"9", "令和", day(2019, 5, 1), day(2117, 12, 31)},
}

func findEra(name string) (era, bool) {
	for _, e := range eras {
		if name == e.code || name == e.kanji {
			return e, true
		}
	}
	return era{}, false
}

// date is a group {元号|年号, 年, 月, 日} as found in a document.
type date struct {
	era, year, month, day string
	parts                 int // parts that the form has
	filled                int // parts that hold something
}

func readDate(n *xmltree.Node) date {
	var d date
	for _, c := range n.Children {
		v := c.Value()
		switch bare(c.Name) {
		case "元号", "年号":
			d.era = v
		case "年":
			d.year = v
		case "月":
			d.month = v
		case "日":
			d.day = v
		default:
			continue
		}
		d.parts++
		if v != "" {
			d.filled++
		}
	}
	return d
}

// calendar resolves the parts: system is "western", "reiwa" or "" for an era
// that stands in the group itself. Parts are not padded with zeros.
func (d date) calendar(system string) (time.Time, bool) {
	y, okY := plainNumber(d.year, 4)
	m, okM := plainNumber(d.month, 2)
	dd, okD := plainNumber(d.day, 2)
	if !okY || !okM || !okD {
		return time.Time{}, false
	}
	first, last := day(1900, 1, 1), day(2100, 12, 31)
	if system != "western" {
		name := d.era
		if system == "reiwa" {
			name = "令和"
		}
		e, ok := findEra(name)
		if !ok || y > 99 {
			return time.Time{}, false
		}
		first, last = e.first, e.last
		y += first.Year() - 1
	}
	t := day(y, time.Month(m), dd)
	exists := t.Year() == y && int(t.Month()) == m && t.Day() == dd
	return t, exists && !t.Before(first) && !t.After(last)
}

// plainNumber reads 1 to width digits that are not padded and not zero.
func plainNumber(s string, width int) (int, bool) {
	if !digits(s) || len(s) > width || s[0] == '0' {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// bare drops the page prefix of an element name: P1_年 is 年.
func bare(name string) string {
	if len(name) > 3 && name[0] == 'P' && digit(rune(name[1])) {
		if _, rest, ok := strings.Cut(name, "_"); ok {
			return rest
		}
	}
	return name
}
