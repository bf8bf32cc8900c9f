package office

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

const isoDate = "2006-01-02"

// jst is the zone of every date that e-Gov sees.
var jst = time.FixedZone("JST", 9*60*60)

// era is a Japanese era with its first and last day, both as ISO text. The day on
// which one era follows another belongs to both where the law has it so.
type era struct {
	names    string
	offset   int // western year of year 1, less 1
	from, to string
}

// 明治 begins here with its year 6: before it the calendar was another one.
var eras = []era{
	{"明治 明 m", 1867, "1873-01-01", "1912-07-30"},
	{"大正 大 t", 1911, "1912-07-30", "1926-12-25"},
	{"昭和 昭 s", 1925, "1926-12-25", "1989-01-07"},
	{"平成 平 h", 1988, "1989-01-08", "2019-04-30"},
	{"令和 令 r", 2018, "2019-05-01", "9999-12-31"},
}

var (
	westernDate = regexp.MustCompile(`\A([0-9]{4})(?:([-/.])([0-9]{1,2})([-/.])([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)\z`)
	compactDate = regexp.MustCompile(`\A([0-9]{4})([0-9]{2})([0-9]{2})\z`)
	eraDate     = regexp.MustCompile(`\A(明治|大正|昭和|平成|令和|[明大昭平令mtshr])([0-9]{1,2}|元)(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)\z`)
)

// parseDate reads a western date (1985-01-02, 1985/1/2, 1985年1月2日, 19850102) or a
// Japanese one (昭和60年1月2日, S60.1.2, 令和元年5月1日), in any width. A date outside
// the era it names is none.
func parseDate(text string) (string, bool) {
	text = strings.ToLower(cleanDigits(norm.NFKC.String(text)))
	m := westernDate.FindStringSubmatch(text)
	if m != nil && m[2] == m[4] {
		return isoOf(m[1], m[3]+m[6], m[5]+m[7], 0)
	}
	m = compactDate.FindStringSubmatch(text)
	if m != nil {
		return isoOf(m[1], m[2], m[3], 0)
	}
	m = eraDate.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	year := m[2]
	if year == "元" {
		year = "1"
	}
	for _, e := range eras {
		for name := range strings.FieldsSeq(e.names) {
			if name != m[1] {
				continue
			}
			iso, ok := isoOf(year, m[3]+m[5], m[4]+m[6], e.offset)
			if !ok || iso < e.from || iso > e.to {
				return "", false
			}
			return iso, true
		}
	}
	return "", false
}

// isoOf returns the date as ISO text when it exists in the calendar.
func isoOf(year, month, day string, offset int) (string, bool) {
	y, errYear := strconv.Atoi(year)
	m, errMonth := strconv.Atoi(month)
	d, errDay := strconv.Atoi(day)
	if errYear != nil || errMonth != nil || errDay != nil || y == 0 {
		return "", false
	}
	date := time.Date(y+offset, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if date.Day() != d || int(date.Month()) != m {
		return "", false
	}
	return date.Format(isoDate), true
}

// cleanDate writes a readable date as ISO text and leaves others for checkDate.
func cleanDate(text string) string {
	iso, ok := parseDate(text)
	if !ok {
		return strings.TrimSpace(text)
	}
	return iso
}

func checkDate(value string) *rule {
	_, ok := parseDate(value)
	if !ok {
		return ruleDate
	}
	return nil
}

// oldest is the age in years from which a birth date is taken for an error.
const oldest = 130

// checkBirth wants a cleaned date that is not after the day of now in Japan and
// not too long before it.
func checkBirth(iso string, now time.Time) *rule {
	today := now.In(jst)
	if iso > today.Format(isoDate) || iso <= today.AddDate(-oldest, 0, 0).Format(isoDate) {
		return ruleDateRange
	}
	return nil
}
