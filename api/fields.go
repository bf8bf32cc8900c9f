package api

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// requestRule is one rule of request bodies and queries with its stable code.
type requestRule struct{ code, message, remedy string }

// The rules. Codes are never reused.
var (
	ruleUnknown  = requestRule{"TODOKE-REQ-0001", "知らない項目です", "項目名のつづりを確かめるか、この項目を除いてください"}
	ruleType     = requestRule{"TODOKE-REQ-0002", "値の型が違います", "openapi.yamlにある型で送ってください"}
	ruleRequired = requestRule{"TODOKE-REQ-0003", "必須の項目です", "値を入れてください"}
	ruleTooLong  = requestRule{"TODOKE-REQ-0004", "長すぎます", "文字数を減らしてください"}
	ruleHidden   = requestRule{"TODOKE-REQ-0005", "改行・タブなどの制御文字、見えない文字、または壊れた文字があります", "その文字を除いてください"}
	ruleTwice    = requestRule{"TODOKE-REQ-0006", "同じ項目が2回あります", "どちらか一方にしてください"}
	ruleSyntax   = requestRule{"TODOKE-REQ-0007", "JSONの書き方が正しくないか、後ろに余分なデータがあります", "1つのJSONオブジェクトだけを送ってください"}
	ruleTooDeep  = requestRule{"TODOKE-REQ-0008", "入れ子が深すぎます", "openapi.yamlにある形で送ってください"}
	ruleObject   = requestRule{"TODOKE-REQ-0009", "JSONオブジェクトではありません", "{ } で囲んだ項目と値を送ってください"}
	ruleUTF8     = requestRule{"TODOKE-REQ-0010", "UTF-8として正しくない文字があります", "UTF-8で送ってください"}
	ruleNumber   = requestRule{"TODOKE-REQ-0011", "個人番号と思われる12桁の数字があります", "数字を除いてください。個人番号は専用のURLで登録します"}
	ruleTooMany  = requestRule{"TODOKE-REQ-0012", "項目が多すぎます", "不要な項目を除いてください"}
	ruleChoice   = requestRule{"TODOKE-REQ-0013", "選べない値です", "openapi.yamlにある値から選んでください"}
	ruleRange    = requestRule{"TODOKE-REQ-0014", "数の範囲が違います", "openapi.yamlにある範囲の整数にしてください"}
	ruleInstant  = requestRule{"TODOKE-REQ-0015", "日時として読めません", "例: 2026-07-01T00:00:00+09:00"}
)

func (r requestRule) finding(field, label string) Finding {
	return Finding{Code: r.code, Field: field, Label: label, Message: r.message, Remedy: r.remedy}
}

// maxFindings bounds an answer: whoever made a hundred mistakes has sent something else.
const maxFindings = 100

// fields takes the values out of a request's object, one by one, and remembers what
// was wrong and what was not asked for.
type fields struct {
	values   map[string]any
	findings []Finding
}

func newFields(values map[string]any) *fields { return &fields{values: values} }

func (f *fields) add(rule requestRule, name, label string) {
	if len(f.findings) < maxFindings {
		f.findings = append(f.findings, rule.finding(name, label))
	}
}

// take returns a value and strikes it off the list of those nobody asked for.
func (f *fields) take(name string) (any, bool) {
	value, there := f.values[name]
	delete(f.values, name)
	return value, there
}

// text takes a text of at most limit characters. A required one may not be empty.
func (f *fields) text(name, label string, limit int, required bool) string {
	value, there := f.take(name)
	text, isText := value.(string)
	switch {
	case there && !isText:
		f.add(ruleType, name, label)
	case required && text == "":
		f.add(ruleRequired, name, label)
	case utf8.RuneCountInString(text) > limit:
		f.add(ruleTooLong, name, label)
	default:
		return text
	}
	return ""
}

// revision takes the revision: 0 means that none was given.
func (f *fields) revision() int {
	const name, label = "revision", "版"
	value, there := f.take(name)
	if !there {
		return 0
	}
	number, isNumber := value.(json.Number)
	if !isNumber {
		f.add(ruleType, name, label)
		return 0
	}
	n, err := strconv.Atoi(number.String())
	if err != nil || n < 1 || n > 1_000_000 {
		f.add(ruleRange, name, label)
		return 0
	}
	return n
}

// notBefore takes a moment in RFC 3339; the zero time means that none was given.
func (f *fields) notBefore() time.Time {
	const name, label = "not_before", "送信してよい日時"
	value, there := f.take(name)
	if !there {
		return time.Time{}
	}
	text, isText := value.(string)
	if !isText {
		f.add(ruleType, name, label)
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		f.add(ruleInstant, name, label)
		return time.Time{}
	}
	return at
}

// Limits of an event. What a value may be is the procedure's own matter.
const (
	maxEventFields = 200
	maxEventName   = 64
	maxEventValue  = 1000
)

// event takes the event's fields: an object of texts.
func (f *fields) event() map[string]string {
	const name, label = "event", "届出の内容"
	value, there := f.take(name)
	object, isObject := value.(map[string]any)
	switch {
	case !there:
		f.add(ruleRequired, name, label)
		return nil
	case !isObject:
		f.add(ruleType, name, label)
		return nil
	case len(object) > maxEventFields:
		f.add(ruleTooMany, name, label)
		return nil
	}
	event := make(map[string]string, len(object))
	for key, item := range object {
		place := name + "." + safeName(key)
		text, isText := item.(string)
		switch {
		case !isText:
			f.add(ruleType, place, label)
		case utf8.RuneCountInString(key) > maxEventName || utf8.RuneCountInString(text) > maxEventValue:
			f.add(ruleTooLong, place, label)
		default:
			event[key] = text
		}
	}
	return event
}

// done reports everything that was wrong, fields nobody asked for included.
func (f *fields) done() error {
	for name := range f.values {
		f.add(ruleUnknown, safeName(name), "")
	}
	if len(f.findings) == 0 {
		return nil
	}
	sortFindings(f.findings)
	return &fieldsError{cause: errFields, findings: f.findings}
}

// RequestRules lists the rules of request bodies and queries, for the page of all
// codes.
func RequestRules() []Finding {
	var list []Finding
	for _, r := range []requestRule{
		ruleUnknown, ruleType, ruleRequired, ruleTooLong, ruleHidden, ruleTwice, ruleSyntax, ruleTooDeep,
		ruleObject, ruleUTF8, ruleNumber, ruleTooMany, ruleChoice, ruleRange, ruleInstant,
	} {
		list = append(list, r.finding("", ""))
	}
	return list
}

// sortFindings makes answers repeatable although objects have no order.
func sortFindings(findings []Finding) {
	slices.SortFunc(findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Field, b.Field), strings.Compare(a.Code, b.Code))
	})
}
