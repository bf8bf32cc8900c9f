package structure

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/encoding/japanese"
)

// jisX0208 is the set of characters of JIS X 0208: rows 1 to 8 and 16 to 84.
// It is built cell by cell from the code table. "Can be encoded as CP932"
// would be the wrong question: CP932 adds NEC and IBM rows, and 髙 or ① would
// pass although e-Gov refuses them.
var jisX0208 = sync.OnceValue(func() map[rune]bool {
	set := make(map[rune]bool, 7000)
	dec := japanese.EUCJP.NewDecoder()
	for row := 1; row <= 84; row++ {
		if row > 8 && row < 16 {
			continue
		}
		for cell := 1; cell <= 94; cell++ {
			out, err := dec.Bytes([]byte{byte(0xa0 + row), byte(0xa0 + cell)})
			r := []rune(string(out))
			if err == nil && len(r) == 1 && r[0] != '\uFFFD' {
				set[r[0]] = true
			}
		}
	}
	return set
})

// wide tells whether every character is a full-width one of JIS X 0208.
func wide(s string) bool {
	set := jisX0208()
	for _, r := range s {
		if !set[r] {
			return false
		}
	}
	return true
}

// printable tells whether every character is one of JIS X 0208 or a visible
// half-width one (ASCII graphic or blank). Half-width katakana is not accepted.
func printable(s string) bool {
	set := jisX0208()
	for _, r := range s {
		if !set[r] && (r < ' ' || r > '~') {
			return false
		}
	}
	return true
}

// only tells whether every character belongs to one of the classes.
func only(s string, classes ...func(rune) bool) bool {
	for _, r := range s {
		ok := false
		for _, class := range classes {
			ok = ok || class(r)
		}
		if !ok {
			return false
		}
	}
	return true
}

func katakana(r rune) bool  { return r >= 'ァ' && r <= 'ヶ' || r == 'ー' }
func middleDot(r rune) bool { return r == '・' }
func wideBlank(r rune) bool { return r == '\u3000' }
func wideDigit(r rune) bool { return r >= '０' && r <= '９' }
func wideUpper(r rune) bool { return r >= 'Ａ' && r <= 'Ｚ' }
func digit(r rune) bool     { return r >= '0' && r <= '9' }
func upper(r rune) bool     { return r >= 'A' && r <= 'Z' }

// wideLetter is full-width Latin in either case.
func wideLetter(r rune) bool { return wideUpper(r) || r >= 'ａ' && r <= 'ｚ' }

// wideSign is the set of signs that the 資格喪失届 takes in a kana name.
func wideSign(r rune) bool { return strings.ContainsRune("＋‐－ー＃￥＆．，：＊", r) }

// addressSign is what an address in kana needs beside katakana.
func addressSign(r rune) bool { return strings.ContainsRune("－‐・．，（）", r) }

// nameLetter is what a person's name is written with: kana, kanji, the
// iteration marks, middle dot, full-width Latin and digits; no other signs.
func nameLetter(r rune) bool {
	switch {
	case r >= 'ぁ' && r <= 'ん', katakana(r), wideLetter(r), wideDigit(r):
		return true
	case strings.ContainsRune("々〆〇ゝゞヽヾ・．", r):
		return true
	}
	return r >= '一' && r <= '龠' && jisX0208()[r]
}

// parted tells whether s is a family name and at least one given name, with one
// full-width blank between each two: a foreign resident may have several.
func parted(s string) bool {
	parts := strings.Split(s, "\u3000")
	return len(parts) > 1 && !slices.Contains(parts, "")
}

func digits(s string) bool { return s != "" && only(s, digit) }
