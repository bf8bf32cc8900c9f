package office

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// numberDigits is the length of a My Number; masked stands where one would stand.
const (
	numberDigits = 12
	masked       = "●●●●●●●●●●●●"
)

// digitRuns finds runs of digits, of any script and width, in which blanks,
// hyphens and the like may stand between the digits: "1234-5678-9012" is one run.
// each is called with the first and last+1 byte of a run and its count of digits.
func digitRuns(text string, each func(start, end, digits int)) {
	start, end, digits := -1, 0, 0
	for i, r := range text {
		size := len(string(r))
		switch {
		case isDigit(r):
			if start < 0 {
				start = i
			}
			digits += digitsIn(r)
			end = i + size
		case start >= 0 && !joins(r):
			each(start, end, digits)
			start, digits = -1, 0
		}
	}
	if start >= 0 {
		each(start, end, digits)
	}
}

// holdsNumber reports whether text could hold a My Number. Longer runs count too,
// since a number may be glued to a code; where long numbers belong, only a run of
// exactly twelve is suspicious.
func holdsNumber(text string, longNumbersBelong bool) bool {
	found := false
	digitRuns(text, func(_, _, digits int) {
		found = found || digits == numberDigits || digits > numberDigits && !longNumbersBelong
	})
	return found
}

// maskNumbers replaces every run of twelve digits or more.
func maskNumbers(text string) string {
	var out strings.Builder
	done := 0
	digitRuns(text, func(start, end, digits int) {
		if digits >= numberDigits {
			out.WriteString(text[done:start])
			out.WriteString(masked)
			done = end
		}
	})
	out.WriteString(text[done:])
	return out.String()
}

func isDigit(r rune) bool { return digitsIn(r) > 0 }

// digitsIn counts the digits a character stands for: one for any decimal digit,
// two for a compatibility character such as ⑫.
func digitsIn(r rune) int {
	if r < 0x80 {
		if '0' <= r && r <= '9' {
			return 1
		}
		return 0
	}
	if unicode.Is(unicode.Nd, r) {
		return 1
	}
	if !unicode.Is(unicode.No, r) {
		return 0
	}
	n := 0
	for _, c := range norm.NFKC.String(string(r)) {
		if unicode.Is(unicode.Nd, c) {
			n++
		}
	}
	return n
}

// joins reports whether digits on both sides of r can be read as one number.
func joins(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || isHyphen(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("._・．＿･", r)
}
