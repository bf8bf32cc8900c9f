package forms

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Alphabets of text columns. All but roman lie inside JIS X 0208.
const (
	alphabetFull     = ""          // any character of JIS X 0208
	alphabetKana     = "kana"      // full-width katakana, ー, ・, blank
	alphabetKanaWide = "kana_wide" // kana plus full-width digits, letters and a few signs
	alphabetRoman    = "roman"     // A-Z, blank, hyphen, half width
)

func convertText(f *field, raw string) (converted, []problem) {
	if f.def.Alphabet == alphabetRoman {
		return convertRoman(f, raw)
	}
	text := widen(raw, widenOption{
		hiraganaToKatakana: f.def.Alphabet != alphabetFull,
		unifyHyphens:       f.typ.name == "address",
	})
	ps := f.checkAlphabet(text)
	if p := f.checkWidth(text); p != nil {
		ps = append(ps, *p)
	}
	return plain(text), ps
}

// convertName is text of a person: at least one blank between 姓 and 名, no two
// in a row.
func convertName(f *field, raw string) (converted, []problem) {
	if f.def.Alphabet == alphabetRoman {
		return convertRoman(f, raw)
	}
	v, _ := convertText(f, raw)
	text := v.canon
	for strings.Contains(text, "　　") {
		text = strings.ReplaceAll(text, "　　", "　")
	}
	ps := f.checkAlphabet(text)
	if p := f.checkWidth(text); p != nil {
		ps = append(ps, *p)
	}
	if !strings.ContainsRune(text, '　') {
		ps = append(ps, problem{codeNameBlank,
			fmt.Sprintf("「%s」の姓と名の間に空白がありません。", f.label),
			"姓と名の間に空白を1つ入れてください（例：年金　太郎）。"})
	}
	return plain(text), ps
}

func convertRoman(f *field, raw string) (converted, []problem) {
	text := strings.ToUpper(strings.Join(strings.Fields(narrow(raw)), " "))
	var ps []problem
	ok := strings.Contains(text, " ") || f.typ.name == "text"
	for _, r := range text {
		if !(r >= 'A' && r <= 'Z' || r == ' ' || r == '-' || r == '\'' || r == '.') {
			ok = false
		}
	}
	if !ok {
		ps = append(ps, problem{codeRoman,
			fmt.Sprintf("「%s」がローマ字の氏名になっていません。", f.label),
			"半角の英大文字で、姓と名の間に空白を入れてください（例：NENKIN TARO）。"})
	}
	if p := f.checkWidth(text); p != nil {
		ps = append(ps, *p)
	}
	return plain(text), ps
}

// checkAlphabet reports each different character that cannot be used, at most
// five, with what could stand in its place.
func (f *field) checkAlphabet(text string) []problem {
	var ps []problem
	var seen []rune
	kanaWrong := false
	for _, r := range text {
		if jisRow(r) == 0 {
			if len(seen) < 5 && !containsRune(seen, r) {
				seen = append(seen, r)
				ps = append(ps, f.unusable(r))
			}
			continue
		}
		kanaWrong = kanaWrong || !inAlphabet(f.def.Alphabet, r)
	}
	if kanaWrong {
		ps = append(ps, problem{codeKana,
			fmt.Sprintf("「%s」にカタカナ以外の文字があります。", f.label),
			"全角カタカナで入力してください（長音は「ー」、区切りは「・」）。"})
	}
	return ps
}

func (f *field) unusable(r rune) problem {
	shown := fmt.Sprintf("「%c」（U+%04X）", r, r)
	if !unicode.IsPrint(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
		shown = fmt.Sprintf("U+%04X の文字", r)
	}
	p := problem{code: codeCharacter, message: fmt.Sprintf("「%s」に e-Gov で使えない文字%sがあります。", f.label, shown)}
	switch s := suggest(r, f.env.variants); {
	case s != "":
		p.remedy = fmt.Sprintf("「%s」に置き換えてください。", s)
	case unicode.Is(unicode.Variation_Selector, r):
		p.remedy = "異体字の指定を外し、通常の字形で入力してください。"
	case unicode.IsMark(r):
		p.remedy = "濁点・記号を1文字にまとめた文字（例：「ガ」）で入力し直してください。"
	case unicode.Is(unicode.Han, r):
		p.remedy = "JIS第1・第2水準の漢字（常用の字体）か、カタカナに置き換えてください。"
	default:
		p.remedy = "この文字を削除するか、JIS第1・第2水準の文字に置き換えてください。"
	}
	return p
}

func (f *field) checkWidth(text string) *problem {
	if f.max > 0 && utf8.RuneCountInString(text) > f.max {
		return &problem{codeTooLong,
			fmt.Sprintf("「%s」が長すぎます（%d文字）。", f.label, utf8.RuneCountInString(text)),
			fmt.Sprintf("%d文字以内に縮めてください。", f.max)}
	}
	return nil
}

func inAlphabet(alphabet string, r rune) bool {
	kana := r >= 'ァ' && r <= 'ヶ' || r == 'ー' || r == '・' || r == '　' || r == 'ヽ' || r == 'ヾ'
	switch alphabet {
	case alphabetKana:
		return kana
	case alphabetKanaWide:
		return kana || r >= '０' && r <= '９' || r >= 'Ａ' && r <= 'Ｚ' || r >= 'ａ' && r <= 'ｚ' ||
			strings.ContainsRune("－（）．，＆／＃：＊＋’", r)
	}
	return true
}

func containsRune(list []rune, r rune) bool {
	for _, x := range list {
		if x == r {
			return true
		}
	}
	return false
}

// convertSymbol is the 事業所記号: katakana, capital letters and digits. The
// letters and digits are half width, the katakana full width.
func convertSymbol(f *field, raw string) (converted, []problem) {
	var b strings.Builder
	ok := true
	for _, r := range widen(raw, widenOption{hiraganaToKatakana: true}) {
		switch {
		case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ':
			r -= 0xFEE0
		case r >= 'ａ' && r <= 'ｚ':
			r -= 0xFEE0 + 0x20
		case r >= 'ァ' && r <= 'ヶ', r == 'ー':
		default:
			ok = false
		}
		b.WriteRune(r)
	}
	text := b.String()
	var ps []problem
	if !ok {
		ps = append(ps, problem{codeSymbol,
			fmt.Sprintf("「%s」に使えない文字があります。", f.label),
			"全角カタカナ、英大文字、数字だけで入力してください。"})
	}
	if p := f.checkWidth(text); p != nil {
		ps = append(ps, *p)
	}
	return plain(text), ps
}

// convertHierarchy is the name of a destination: two or three levels between
// half-width commas, each full width.
func convertHierarchy(f *field, raw string) (converted, []problem) {
	levels := strings.Split(strings.ReplaceAll(strings.TrimFunc(raw, isBlank), "，", ","), ",")
	var ps []problem
	if len(levels) < 2 || len(levels) > 3 {
		ps = append(ps, problem{codeHierarchy,
			fmt.Sprintf("「%s」の形式が正しくありません。", f.label),
			"提出先一覧のとおり、半角コンマで区切った2～3階層の名称を登録してください（例：東京都,渋谷公共職業安定所）。"})
		return converted{}, ps
	}
	for i, level := range levels {
		levels[i] = level
		if level == "API" { // the sandbox's only half-width level
			continue
		}
		levels[i] = widen(level, widenOption{})
		ps = append(ps, f.checkAlphabet(levels[i])...)
		if levels[i] == "" {
			ps = append(ps, problem{codeHierarchy, fmt.Sprintf("「%s」に空の階層があります。", f.label), "提出先一覧のとおりに登録してください。"})
		}
	}
	text := strings.Join(levels, ",")
	if p := f.checkWidth(text); p != nil {
		ps = append(ps, *p)
	}
	return plain(text), ps
}
