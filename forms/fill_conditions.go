package forms

import (
	"fmt"
	"strconv"
	"strings"
)

// computeField derives a value that neither the event nor the master data gave.
func (w *filling) computeField(f *field) {
	if f.compute == nil || w.values[f.index].set || w.failed[f.index] {
		return
	}
	switch f.compute.function {
	case "sum":
		var total int64
		for _, x := range f.compute.of {
			if w.failed[x.index] {
				w.failed[f.index] = true // its parts say why
				return
			}
			total += w.values[x.index].num
		}
		if !w.values[f.compute.of[0].index].set {
			return
		}
		if f.max > 0 && total > int64(f.max) {
			total = int64(f.max)
		}
		w.take(f, strconv.FormatInt(total, 10))
	case "day_after":
		for _, x := range f.compute.of {
			if v := w.values[x.index]; v.set {
				w.take(f, v.date.AddDate(0, 0, 1).Format("2006-01-02"))
				return
			}
			if w.failed[x.index] {
				w.failed[f.index] = true
				return
			}
		}
	}
}

// applyOnlyIf empties a column that another column rules out; when the event
// itself filled it, that is a finding.
func (w *filling) applyOnlyIf(f *field) {
	if len(f.onlyIf) == 0 || !w.values[f.index].set || allHold(f.onlyIf, w.values) {
		return
	}
	if w.anyFailed(f.onlyIf) {
		return
	}
	w.values[f.index] = converted{}
	if !w.given[f.index] {
		w.source[f.index] = ""
		return
	}
	w.report(f, problem{codeNotAllowed,
		fmt.Sprintf("「%s」は入力できません（%s場合）。", f.label, w.words(f.onlyIf)),
		fmt.Sprintf("「%s」を空欄にするか、「%s」を確かめてください。", f.label, f.onlyIf[0].field.label)})
}

func (w *filling) applyRequired(f *field) {
	if w.values[f.index].set || w.failed[f.index] || f.def.Stamp || f.typ.convert == nil {
		return
	}
	if !f.def.Required && (len(f.requiredIf) == 0 || w.anyFailed(f.requiredIf) || !allHold(f.requiredIf, w.values)) {
		return
	}
	if len(f.onlyIf) > 0 && !allHold(f.onlyIf, w.values) {
		return // a column that is ruled out cannot be required
	}
	if _, _, missing := f.resolve(w.facts); len(missing) > 0 {
		labels := make([]string, len(missing))
		for i, key := range missing {
			labels[i] = "「" + f.env.factLabels[key] + "」"
		}
		w.source[f.index] = missing[0]
		remedy := "台帳に" + strings.Join(labels, "・") + "を登録してください。"
		if f.event {
			remedy = "台帳に" + strings.Join(labels, "・") + "を登録するか、この届出に直接入力してください。"
		}
		w.report(f, problem{codeMissingFact, fmt.Sprintf("「%s」に必要な台帳の情報がありません。", f.label), remedy})
		return
	}
	message := fmt.Sprintf("「%s」が入力されていません。", f.label)
	if !f.def.Required {
		message = fmt.Sprintf("「%s」が入力されていません（%s場合は必須です）。", f.label, w.words(f.requiredIf))
	}
	w.report(f, problem{codeRequired, message, fmt.Sprintf("「%s」を入力してください（%s）。", f.label, f.typ.hint)})
}

// words tells what the named columns hold, as the reason of a finding. Only
// codes and check boxes are repeated, never text.
func (w *filling) words(cs []condition) string {
	texts := make([]string, len(cs))
	for i, c := range cs {
		v := w.values[c.field.index]
		switch {
		case !v.set:
			texts[i] = fmt.Sprintf("「%s」が空欄の", c.field.label)
		case c.field.codes != nil || c.field.typ.name == "flag":
			texts[i] = fmt.Sprintf("「%s」が「%s」の", c.field.label, v.show)
		default:
			texts[i] = fmt.Sprintf("「%s」が入力されている", c.field.label)
		}
	}
	return strings.Join(texts, "、")
}

// anyFailed says whether a column that the conditions read is itself wrong, so
// that what follows from it cannot be judged.
func (w *filling) anyFailed(cs []condition) bool {
	for _, c := range cs {
		if w.failed[c.field.index] {
			return true
		}
	}
	return false
}
