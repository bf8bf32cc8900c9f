package forms

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseField reads a date for a column and words what is wrong with it.
func (f *field) parseField(raw string) (time.Time, []problem) {
	t, err := parseDate(raw)
	switch {
	case errors.Is(err, errOutsideEra):
		return t, []problem{{codeOutsideEra,
			fmt.Sprintf("「%s」は元号の期間にない日付です。", f.label),
			"改元日を確かめ、正しい元号か西暦で入力してください（例：2019-05-01 は令和元年5月1日）。"}}
	case err != nil:
		return t, []problem{{codeNotDate,
			fmt.Sprintf("「%s」が正しい日付ではありません。", f.label),
			"実在する日付を入力してください（例：2026-04-01、令和8年4月1日）。"}}
	}
	return t, nil
}

func dateValue(t time.Time) converted {
	return converted{set: true, canon: t.Format("2006-01-02"), date: t, show: eraText(t)}
}

func convertEraDate(f *field, raw string) (converted, []problem) {
	t, ps := f.parseField(raw)
	if ps != nil {
		return converted{}, ps
	}
	v, ok := eraValue(f, t)
	if !ok {
		names := make([]string, len(f.eras))
		for i, e := range f.eras {
			names[i] = e.name
		}
		return converted{}, []problem{{codeEraColumn,
			fmt.Sprintf("「%s」に入力できる元号は%sです。", f.label, strings.Join(names, "・")),
			"日付を確かめてください。"}}
	}
	return v, nil
}

// eraValue writes the four parts of an era date; ok is false when the column
// does not take the era. Year, month and day are not padded.
func eraValue(f *field, t time.Time) (converted, bool) {
	e, year, ok := eraOf(t)
	if !ok {
		return converted{}, false
	}
	allowed := len(f.eras) == 0
	for _, x := range f.eras {
		allowed = allowed || x == e
	}
	if !allowed {
		return converted{}, false
	}
	v := dateValue(t)
	v.parts = [4]string{e.name, strconv.Itoa(year), strconv.Itoa(int(t.Month())), strconv.Itoa(t.Day())}
	if f.def.Style == "digit" {
		v.parts[0] = e.digit
	}
	return v, true
}

// convertReiwaDate is a date without an era element: the year is one of 令和.
func convertReiwaDate(f *field, raw string) (converted, []problem) {
	t, ps := f.parseField(raw)
	if ps != nil {
		return converted{}, ps
	}
	if t.Before(eras[0].from) {
		return converted{}, []problem{{codeEraColumn,
			fmt.Sprintf("「%s」に入力できる元号は令和です。", f.label), "日付を確かめてください。"}}
	}
	return reiwaValue(t), nil
}

func reiwaValue(t time.Time) converted {
	v := dateValue(t)
	v.parts = [4]string{strconv.Itoa(t.Year() - eras[0].offset), strconv.Itoa(int(t.Month())), strconv.Itoa(t.Day())}
	return v
}

// convertWesternDate is a date in western years, up to 2100 (在留期間).
func convertWesternDate(f *field, raw string) (converted, []problem) {
	t, ps := f.parseField(raw)
	if ps != nil {
		return converted{}, ps
	}
	if t.Year() > 2100 || t.Year() < 1900 {
		return converted{}, []problem{{codeNotDate,
			fmt.Sprintf("「%s」の年が正しくありません。", f.label), "西暦1900年から2100年までの日付を入力してください。"}}
	}
	v := dateValue(t)
	v.parts = [4]string{strconv.Itoa(t.Year()), strconv.Itoa(int(t.Month())), strconv.Itoa(t.Day())}
	v.show = fmt.Sprintf("%d年%d月%d日", t.Year(), int(t.Month()), t.Day())
	return v, nil
}

// stampValue is the moment of building as a column wants it.
func stampValue(f *field, at time.Time) converted {
	t := dayOf(at)
	if f.typ.name == "reiwa_date" {
		return reiwaValue(t)
	}
	v, _ := eraValue(f, t)
	return v
}
