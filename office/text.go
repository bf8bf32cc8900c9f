package office

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The clean functions bring what people type to one writing, where that cannot
// change the meaning. What passes the checks afterwards is a fixed point: cleaning it
// again changes nothing. Names and addresses are never brought to
// a Unicode normal form as a whole: that would replace variants of kanji (U+FA19)
// by the plain character.

// cleanText trims, and turns half-width and decomposed kana into full-width ones.
func cleanText(text string) string { return strings.TrimSpace(composeKana(strings.TrimSpace(text))) }

// cleanName is cleanText with one full-width blank between the parts of a name,
// the way e-Gov joins 姓 and 名.
func cleanName(text string) string { return joinBlanks(cleanText(text), "　") }

// cleanKana is full-width throughout: katakana for hiragana and half-width kana,
// full-width letters, digits and signs, one full-width blank between parts.
func cleanKana(text string) string {
	wide := strings.Map(func(r rune) rune {
		switch {
		case r >= 'ぁ' && r <= 'ゖ':
			return r - 'ぁ' + 'ァ'
		case r > ' ' && r < 0x7F:
			return r + 0xFEE0
		case r != 'ー' && isHyphen(r):
			return '－'
		}
		return r
	}, composeKana(text))
	return strings.TrimSpace(joinBlanks(strings.TrimSpace(wide), "　"))
}

// cleanDigits is for codes made of digits, letters and hyphens: half width, one
// kind of hyphen, no blanks.
func cleanDigits(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case isHyphen(r):
			return '-'
		case unicode.Is(unicode.Zs, r):
			return -1
		}
		return r
	}, strings.TrimSpace(norm.NFKC.String(text)))
}

// cleanCode is for short codes and e-mail addresses: half width, trimmed.
func cleanCode(text string) string { return strings.TrimSpace(norm.NFKC.String(text)) }

// cleanPostal leaves seven digits of 〒１５０－０００１.
func cleanPostal(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(cleanDigits(strings.TrimSpace(text)), "〒"), "-", "")
}

func cleanCorporate(text string) string { return strings.ReplaceAll(cleanDigits(text), "-", "") }

// cleanEmployment sets the hyphens of a number of the form 4-6-1.
func cleanEmployment(text string) string {
	text = cleanDigits(text)
	if len(text) == 11 && onlyDigits(text) {
		return text[:4] + "-" + text[4:10] + "-" + text[10:]
	}
	return text
}

// cleanPhone writes hyphens. Without any, only numbers whose parts have a fixed
// length are split: mobile and IP telephones (3-4-4) and free numbers (4-3-3).
func cleanPhone(text string) string {
	text = strings.Trim(strings.NewReplacer("(", "-", ")", "-").Replace(cleanDigits(text)), "-")
	if !onlyDigits(text) {
		return text
	}
	switch {
	case len(text) == 11 && strings.ContainsRune("56789", rune(text[1])) && text[0] == '0' && text[2] == '0':
		return text[:3] + "-" + text[3:7] + "-" + text[7:]
	case len(text) == 10 && strings.HasPrefix(text, "0120"):
		return text[:4] + "-" + text[4:7] + "-" + text[7:]
	}
	return text
}

// cleanSymbol is the 事業所記号: full-width katakana, half-width capitals and digits.
func cleanSymbol(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'ぁ' && r <= 'ゖ':
			return r - 'ぁ' + 'ァ'
		case unicode.Is(unicode.Zs, r):
			return -1
		}
		return r
	}, strings.ToUpper(cleanCode(text)))
}

func cleanRoman(text string) string {
	return joinBlanks(strings.ToUpper(cleanCode(text)), " ")
}

// cleanSex accepts what payroll programs write.
func cleanSex(text string) string {
	text = cleanCode(text)
	switch strings.ToLower(text) {
	case "male", "m", "男", "男性":
		return sexMale
	case "female", "f", "女", "女性":
		return sexFemale
	}
	return text
}

// composeKana turns half-width kana into full-width ones and joins a kana with the
// combining voiced sound mark that follows it (file names of macOS, half-width ｶﾞ).
func composeKana(text string) string {
	plain := true
	for _, r := range text {
		if isHalfKana(r) || isSoundMark(r) {
			plain = false
			break
		}
	}
	if plain {
		return text
	}
	out := make([]rune, 0, len(text)/3+1)
	for _, r := range text {
		if isHalfKana(r) {
			r = []rune(norm.NFKC.String(string(r)))[0]
		}
		if isSoundMark(r) && len(out) > 0 {
			joined := []rune(norm.NFC.String(string([]rune{out[len(out)-1], r})))
			if len(joined) == 1 {
				out[len(out)-1] = joined[0]
				continue
			}
		}
		out = append(out, r)
	}
	return string(out)
}

// joinBlanks replaces each run of blanks. Tabs and line ends are left for the
// check on control characters.
func joinBlanks(text, blank string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.Is(unicode.Zs, r) }), blank)
}

func isHalfKana(r rune) bool  { return r >= 0xFF61 && r <= 0xFF9F }
func isSoundMark(r rune) bool { return r == 0x3099 || r == 0x309A }

// isHyphen includes the long vowel mark and the minus sign, which are often typed
// for a hyphen between digits.
func isHyphen(r rune) bool {
	return unicode.Is(unicode.Pd, r) || r == 'ー' || r == '−' || r == 'ｰ' || r == 0x00AD || r == '─'
}

func onlyDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
