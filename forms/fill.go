package forms

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Facts is the master data of one filing by fact key (schemas/facts.json).
// Dates are yyyy-mm-dd; an absent or blank fact is unknown.
type Facts map[string]string

// Event is what the event itself says, by field name of the definition. It
// never holds a My Number.
type Event map[string]string

// Limits that keep hostile input from costing more than a finding.
const (
	maxEventFields = 200
	maxValueOctets = 4096
)

// filling is the work of one Fill.
type filling struct {
	p        *Procedure
	facts    Facts
	event    Event
	now      time.Time
	values   []converted
	given    []bool   // the event gave the value
	failed   []bool   // the field has a finding of its own
	source   []string // fact key the value came from
	findings []Finding
}

// Fill converts and validates one application. It reports every finding at
// once, in the order of the form; a Filled is returned only when there is
// none. now is the moment of filling; the dates of submission are written by
// Build.
func (p *Procedure) Fill(facts Facts, event Event, now time.Time) (*Filled, []Finding) {
	w := &filling{
		p: p, facts: facts, event: event, now: now,
		values: make([]converted, len(p.fields)),
		given:  make([]bool, len(p.fields)),
		failed: make([]bool, len(p.fields)),
		source: make([]string, len(p.fields)),
	}
	w.checkValidity()
	w.checkEvent()
	for _, f := range p.fields {
		w.convert(f)
	}
	for _, f := range p.fields {
		w.computeField(f)
	}
	for _, f := range p.fields {
		w.applyOnlyIf(f)
	}
	for _, f := range p.fields {
		w.applyRequired(f)
	}
	for _, r := range p.rules {
		r.apply(w)
	}
	if len(w.findings) > 0 {
		return nil, w.sorted()
	}
	return w.filled(), nil
}

func (w *filling) report(f *field, p problem) {
	w.failed[f.index] = true
	w.findings = append(w.findings, Finding{
		Code: p.code, Field: f.name, Label: f.label, Message: p.message, Remedy: p.remedy, Source: w.source[f.index],
	})
}

// sorted puts the findings in the order of the form and drops repetitions: a
// fact that is used by several columns is reported once.
func (w *filling) sorted() []Finding {
	order := func(f Finding) int {
		if x, ok := w.p.byName[f.Field]; ok {
			return x.index
		}
		return -1
	}
	sort.SliceStable(w.findings, func(i, j int) bool { return order(w.findings[i]) < order(w.findings[j]) })
	type key struct{ code, source, message string }
	seen := make(map[key]bool)
	return slices.DeleteFunc(w.findings, func(f Finding) bool {
		if f.Source == "" {
			return false
		}
		k := key{f.Code, f.Source, strings.ReplaceAll(f.Message, "「"+f.Label+"」", "")}
		repeated := seen[k]
		seen[k] = true
		return repeated
	})
}

func (w *filling) checkValidity() {
	today := dayOf(w.now)
	if today.Before(w.p.validFrom) || !w.p.validTo.IsZero() && today.After(w.p.validTo) {
		w.findings = append(w.findings, Finding{
			Code: codeValidity, Label: w.p.title,
			Message: fmt.Sprintf("「%s」は、この日には提出できない様式です。", w.p.title),
			Remedy:  "現在有効な手続を選び直してください。",
		})
	}
}

// raw finds the text of a field: the event's, else the master data's, else the
// default.
func (w *filling) raw(f *field) string {
	if f.event {
		if v := strings.TrimFunc(w.event[f.name], isBlank); v != "" {
			w.given[f.index] = true
			return v
		}
	}
	if v, key, _ := f.resolve(w.facts); v != "" {
		w.source[f.index] = key
		return v
	}
	return f.def.Default
}

func (w *filling) convert(f *field) {
	if f.typ.convert == nil || f.def.Stamp || w.failed[f.index] {
		return
	}
	raw := w.raw(f)
	if raw == "" {
		return
	}
	w.take(f, raw)
}

func (w *filling) take(f *field, raw string) {
	if len(raw) > maxValueOctets {
		w.report(f, problem{codeTooLong, fmt.Sprintf("「%s」が長すぎます。", f.label), "内容を短くしてください。"})
		return
	}
	if f.typ.wide() && holdsNumber(raw) {
		w.report(f, problem{codeHoldsNumber,
			fmt.Sprintf("「%s」に12桁の番号と思われる数字があります。", f.label),
			"台帳の文字の項目には個人番号を書かないでください。番号は番号の登録画面から登録します。"})
		return
	}
	v, ps := f.typ.convert(f, raw)
	for _, p := range ps {
		w.report(f, p)
	}
	if len(ps) == 0 {
		w.values[f.index] = v
	}
}
