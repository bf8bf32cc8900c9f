package forms

import (
	"fmt"
	"strings"
	"time"
)

// crossRule is a compiled rule between fields.
type crossRule struct {
	name     string
	check    func(*crossRule, *filling)
	fields   []*field
	min, max int
	values   []string
	when     []condition
}

// ruleSpec says what a named rule needs: how many fields and of which kind.
type ruleSpec struct {
	fields int // exact number; 0: two or more
	kinds  string
	check  func(*crossRule, *filling)
}

// namedRules is every rule that a definition may refer to. The letters of
// kinds are d date, n amount, f flag, x any.
var namedRules = map[string]ruleSpec{
	"at_least_one":     {0, "f", (*crossRule).atLeastOne},
	"sum":              {0, "n", (*crossRule).sum},
	"not_before":       {2, "dd", (*crossRule).notBefore},
	"day_after":        {2, "dd", (*crossRule).dayAfter},
	"same_day":         {2, "dd", (*crossRule).sameDay},
	"age_reached":      {2, "dd", (*crossRule).ageReached},
	"birthday_reached": {2, "dd", (*crossRule).birthdayReached},
	"flag_at_age":      {3, "fdd", (*crossRule).flagAtAge},
	"age_between":      {2, "dd", (*crossRule).ageBetween},
	"within":           {1, "d", (*crossRule).within},
	"one_of":           {1, "x", (*crossRule).oneOf},
	"different":        {2, "xx", (*crossRule).different},
	"all_or_none":      {0, "x", (*crossRule).allOrNone},
}

// apply runs the rule when its condition holds and no field it reads is wrong
// in itself.
func (r *crossRule) apply(w *filling) {
	for _, f := range r.fields {
		if w.failed[f.index] {
			return
		}
	}
	if allHold(r.when, w.values) {
		r.check(r, w)
	}
}

// value and all are shorthand for reading the fields of a rule.
func (r *crossRule) value(w *filling, i int) converted { return w.values[r.fields[i].index] }

func (r *crossRule) all(w *filling) bool {
	for i := range r.fields {
		if !r.value(w, i).set {
			return false
		}
	}
	return true
}

func (r *crossRule) label(i int) string { return r.fields[i].label }

func (r *crossRule) labels() string {
	names := make([]string, len(r.fields))
	for i := range r.fields {
		names[i] = "「" + r.label(i) + "」"
	}
	return strings.Join(names, "・")
}

func (r *crossRule) report(w *filling, code, message, remedy string) {
	w.report(r.fields[0], problem{code, message, remedy})
}

func (r *crossRule) atLeastOne(w *filling) {
	for i := range r.fields {
		if r.value(w, i).set {
			return
		}
	}
	r.report(w, codeAtLeastOne, r.labels()+"のいずれも選ばれていません。", "届出の対象となるものを1つ以上選んでください。")
}

func (r *crossRule) sum(w *filling) {
	if !r.value(w, 0).set || !r.value(w, 1).set {
		return
	}
	var total int64
	for i := 1; i < len(r.fields); i++ {
		total += r.value(w, i).num
	}
	if r.max > 0 && total > int64(r.max) {
		total = int64(r.max)
	}
	if r.value(w, 0).num != total {
		r.report(w, codeSum, fmt.Sprintf("「%s」が内訳の合計（%d）と一致しません。", r.label(0), total),
			fmt.Sprintf("「%s」を空欄にして自動計算させるか、%d に直してください。", r.label(0), total))
	}
}

func (r *crossRule) notBefore(w *filling) {
	if r.all(w) && r.value(w, 0).date.Before(r.value(w, 1).date) {
		r.report(w, codeNotBefore, fmt.Sprintf("「%s」が「%s」より前の日付です。", r.label(0), r.label(1)),
			"2つの日付の前後を確かめてください。")
	}
}

func (r *crossRule) dayAfter(w *filling) {
	if r.all(w) && !r.value(w, 0).date.Equal(r.value(w, 1).date.AddDate(0, 0, 1)) {
		want := eraText(r.value(w, 1).date.AddDate(0, 0, 1))
		r.report(w, codeDayAfter, fmt.Sprintf("「%s」が「%s」の翌日になっていません。", r.label(0), r.label(1)),
			fmt.Sprintf("%sに直すか、「%s」を確かめてください。", want, r.label(1)))
	}
}

func (r *crossRule) sameDay(w *filling) {
	if r.all(w) && !r.value(w, 0).date.Equal(r.value(w, 1).date) {
		r.report(w, codeSameDay, fmt.Sprintf("「%s」が「%s」と同じ日になっていません。", r.label(0), r.label(1)),
			fmt.Sprintf("%sに直してください（翌日ではありません）。", eraText(r.value(w, 1).date)))
	}
}

// ageReached follows 年齢計算ニ関スル法律: an age is reached on the eve of the
// birthday.
func (r *crossRule) ageReached(w *filling) {
	if r.all(w) {
		r.reached(w, birthday(r.value(w, 1).date, r.min).AddDate(0, 0, -1))
	}
}

// birthdayReached counts from the birthday itself, as 75歳到達 does.
func (r *crossRule) birthdayReached(w *filling) {
	if r.all(w) {
		r.reached(w, birthday(r.value(w, 1).date, r.min))
	}
}

func (r *crossRule) reached(w *filling, from time.Time) {
	if r.value(w, 0).date.Before(from) {
		r.report(w, codeAgeReached, fmt.Sprintf("「%s」の時点で%d歳に達していません。", r.label(0), r.min),
			fmt.Sprintf("%d歳に達するのは%sです。日付・生年月日か、該当の欄を確かめてください。", r.min, eraText(from)))
	}
}

func (r *crossRule) flagAtAge(w *filling) {
	date, birth := r.value(w, 1), r.value(w, 2)
	if r.value(w, 0).set || !date.set || !birth.set {
		return
	}
	if !date.date.Before(birthday(birth.date, r.min).AddDate(0, 0, -1)) {
		r.report(w, codeFlagAtAge, fmt.Sprintf("「%s」の時点で%d歳以上ですが、「%s」が選ばれていません。", r.label(1), r.min, r.label(0)),
			fmt.Sprintf("「%s」を選ぶか、生年月日を確かめてください。", r.label(0)))
	}
}

func (r *crossRule) ageBetween(w *filling) {
	if !r.all(w) {
		return
	}
	date, birth := r.value(w, 0).date, r.value(w, 1).date
	if date.Before(birth) { // not_before says so
		return
	}
	if date.Before(birthday(birth, r.min)) || !date.Before(birthday(birth, r.max+1)) {
		r.report(w, codeAgeBetween, fmt.Sprintf("「%s」の時点の年齢が%d歳から%d歳の範囲にありません。", r.label(0), r.min, r.max),
			"生年月日と日付（元号・西暦の取り違え）を確かめてください。")
	}
}

// birthday is the day on which a person turns years old; someone born on
// 29 February has it on 1 March in common years.
func birthday(birth time.Time, years int) time.Time { return birth.AddDate(years, 0, 0) }

func (r *crossRule) within(w *filling) {
	if !r.all(w) {
		return
	}
	date, today := r.value(w, 0).date, dayOf(w.now)
	switch {
	case date.Before(today.AddDate(0, 0, r.min)):
		r.report(w, codeWithin, fmt.Sprintf("「%s」が%d年以上前の日付です。", r.label(0), -r.min/366), "年（元号・西暦の取り違え）を確かめてください。")
	case date.After(today.AddDate(0, 0, r.max)):
		r.report(w, codeWithin, fmt.Sprintf("「%s」が1年以上先の日付です。", r.label(0)), "年（元号・西暦の取り違え）を確かめてください。")
	}
}

func (r *crossRule) oneOf(w *filling) {
	if contains(r.values, r.value(w, 0).canon) {
		return
	}
	why := make([]string, len(r.when))
	for i, c := range r.when {
		why[i] = fmt.Sprintf("「%s」が「%s」", c.field.label, w.values[c.field.index].show)
	}
	allowed := make([]string, len(r.values))
	for i, v := range r.values {
		allowed[i] = v
		if shown := r.fields[0].showOf(v); shown != "" {
			allowed[i] = shown
		}
	}
	r.report(w, codeOneOf, fmt.Sprintf("%sのとき、「%s」の値が正しくありません。", strings.Join(why, "、"), r.label(0)),
		fmt.Sprintf("「%s」にしてください。", strings.Join(allowed, "」「")))
}

// showOf words a code for a message.
func (f *field) showOf(code string) string {
	switch {
	case f.typ.name == "flag" && code == "1":
		return "該当（1）"
	case f.codes != nil:
		if i, ok := f.codes.index[code]; ok {
			return f.codes.items[i].Label
		}
	}
	return ""
}

func (r *crossRule) different(w *filling) {
	if r.all(w) && r.value(w, 0).canon == r.value(w, 1).canon {
		r.report(w, codeDifferent, fmt.Sprintf("「%s」が「%s」と同じです。", r.label(0), r.label(1)),
			fmt.Sprintf("変更がなければ「%s」を空欄にしてください。", r.label(0)))
	}
}

func (r *crossRule) allOrNone(w *filling) {
	filled := 0
	var empty *field
	for i, f := range r.fields {
		if r.value(w, i).set {
			filled++
		} else if empty == nil {
			empty = f
		}
	}
	if filled > 0 && empty != nil {
		w.report(empty, problem{codeAllOrNone, fmt.Sprintf("%sは、すべて入力するか、すべて空欄にする必要があります。", r.labels()),
			fmt.Sprintf("「%s」も入力してください。", empty.label)})
	}
}
