package forms

import (
	"fmt"
	"sort"
	"unicode/utf8"
)

// checkEvent looks at the event's field names and, before anything is
// converted, for numbers where none belongs.
func (w *filling) checkEvent() {
	names := make([]string, 0, len(w.event))
	for name := range w.event {
		names = append(names, name)
	}
	sort.Strings(names)
	if len(names) > maxEventFields {
		names = names[:maxEventFields]
	}
	for _, name := range names {
		f, known := w.p.byName[name]
		shown := shownName(name)
		if holdsNumber(w.event[name]) {
			label := shown
			if known {
				label = f.label
				w.failed[f.index] = true
			}
			w.findings = append(w.findings, Finding{
				Code: codeHoldsNumber, Field: shown, Label: label,
				Message: fmt.Sprintf("「%s」に12桁の番号と思われる数字があります。", label),
				Remedy:  "個人番号は届出の内容に書かず、番号の登録画面から登録してください。",
			})
		}
		if !known || !f.event {
			w.findings = append(w.findings, Finding{
				Code: codeUnknownField, Field: shown, Label: shown,
				Message: fmt.Sprintf("「%s」はこの手続で入力できない項目です。", shown),
				Remedy:  "項目名を確かめ、不要なら削除してください。",
			})
		}
	}
}

// shownName makes a field name fit for a message: it came from outside.
func shownName(name string) string {
	if holdsNumber(name) || len(name) > 64 || !utf8.ValidString(name) {
		return "（不明な項目）"
	}
	for _, r := range name {
		if !(r == '_' || r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || jisRow(r) != 0) {
			return "（不明な項目）"
		}
	}
	return name
}
