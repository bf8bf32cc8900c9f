package forms

import "strings"

// halfKana holds the full-width counterparts of U+FF61 to U+FF9F in order.
var halfKana = []rune("。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜")

// widenOption says how freely text may be rewritten on its way to full width.
type widenOption struct {
	hiraganaToKatakana bool
	unifyHyphens       bool // every dash becomes －, as addresses want it
}

// widen writes text in full width: ASCII, half-width katakana with their sound
// marks, blanks, yen sign and the dashes that differ only by vendor mapping. It
// never replaces one kanji by another and leaves what it does not know as it
// is, for the alphabet check to refuse.
func widen(s string, o widenOption) string {
	var b strings.Builder
	b.Grow(len(s) * 3 / 2)
	last := noRune
	put := func(r rune) { flushRune(&b, &last, r) }
	for _, r := range strings.TrimFunc(s, isBlank) {
		if composed := sounded(last, r); composed != 0 {
			last = composed
			continue
		}
		r = widenRune(r)
		if o.hiraganaToKatakana {
			r = katakana(r)
		}
		if o.unifyHyphens && (isDash(r) || r == 'ー' && isWideDigit(last)) {
			r = '－'
		}
		put(r)
	}
	flushRune(&b, &last, noRune)
	return b.String()
}

// noRune is held back when nothing is; NUL is a character like any other.
const noRune = rune(-1)

// flushRune writes the rune held back for a sound mark and holds the next.
func flushRune(b *strings.Builder, last *rune, next rune) {
	if *last != noRune {
		b.WriteRune(*last)
	}
	*last = next
}

func widenRune(r rune) rune {
	switch {
	case isBlank(r) && r != '\n' && r != '\r' && r != '\t':
		return '　'
	case r == '"':
		return '”' // U+FF02 is outside JIS X 0208
	case r == '\'':
		return '’' // U+FF07 likewise
	case r == '-':
		return '－'
	case r > 0x20 && r < 0x7F:
		return r + 0xFEE0
	case r >= 0xFF61 && r <= 0xFF9F:
		return halfKana[r-0xFF61]
	}
	switch r {
	case 0xA5:
		return '￥'
	case 0xA2:
		return '￠'
	case 0xA3:
		return '￡'
	case 0xAC:
		return '￢'
	case 0x203E, 0xAF:
		return '￣'
	case 0x2212, 0x2011, 0x2012, 0x2013, 0xFE63, 0x2010:
		return '－'
	case 0x2014:
		return '―'
	case 0x2016:
		return '∥'
	case 0x301C:
		return '～'
	}
	return r
}

// sounded joins a kana and a following sound mark (half-width ﾞ ﾟ or the
// combining U+3099 U+309A), 0 when the pair has no single character.
func sounded(base, mark rune) rune {
	switch mark {
	case 0xFF9E, 0x3099:
		switch {
		case base == 'ウ':
			return 'ヴ'
		case base == 'う':
			return 'ゔ'
		case strings.ContainsRune("カキクケコサシスセソタチツテトハヒフヘホかきくけこさしすせそたちつてとはひふへほ", base) && base > 0:
			return base + 1
		}
	case 0xFF9F, 0x309A:
		if base > 0 && strings.ContainsRune("ハヒフヘホはひふへほ", base) {
			return base + 2
		}
	}
	return 0
}

// katakana maps hiragana and its iteration marks to katakana.
func katakana(r rune) rune {
	switch {
	case r >= 'ぁ' && r <= 'ゔ', r == 'ゝ', r == 'ゞ':
		return r + 0x60
	}
	return r
}

func isBlank(r rune) bool {
	switch r {
	case ' ', '　', 0xA0, '\t', '\n', '\r', 0x2002, 0x2003, 0x2009, 0x202F:
		return true
	}
	return false
}

func isDash(r rune) bool {
	switch r {
	case '－', '‐', '―', 0x2500, 0x2501, '−':
		return true
	}
	return false
}

func isWideDigit(r rune) bool { return r >= '０' && r <= '９' }

// narrow writes ASCII for the full-width forms of ASCII and for dashes and
// blanks; used by columns that are half width.
func narrow(s string) string {
	s = strings.TrimFunc(s, isBlank)
	plain := true
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r > 0xFF00 && r < 0xFF5F:
			return r - 0xFEE0
		case isBlank(r):
			return ' '
		case isDash(r), r >= 0x2010 && r <= 0x2015, r == 'ー', r == 0xFF70:
			return '-'
		}
		return r
	}, s)
}

// digitsOnly removes hyphens and blanks; ok is false when anything but ASCII
// digits remains.
func digitsOnly(s string) (digits string, ok bool) {
	s = narrow(s)
	if strings.ContainsAny(s, "- ") {
		s = numberMarks.Replace(s)
	}
	return s, allDigits(s)
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
