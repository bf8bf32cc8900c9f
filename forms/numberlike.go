package forms

import (
	"unicode"

	"todoke/mynumber"
)

// holdsNumber says whether text could carry a My Number where none belongs:
// twelve or more digits on end, twelve digits in all with single hyphens or
// blanks between, or three groups of four. Digits of any width count. This is
// wider than mynumber.In, which may also be asked about text that is kept: what
// goes into a form is refused when in doubt.
func holdsNumber(s string) bool {
	if len(s) < 12 {
		return false
	}
	var groups []int
	run, gap := 0, 0
	flush := func() bool {
		if run > 0 {
			groups = append(groups, run)
		}
		run, gap = 0, 0
		hit := suspicious(groups)
		groups = groups[:0]
		return hit
	}
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			if gap > 0 {
				groups, run, gap = append(groups, run), 0, 0
			}
			run++
		case run > 0 && gap < 3 && isSeparator(r):
			gap++
		default:
			if flush() {
				return true
			}
		}
	}
	return flush()
}

func suspicious(groups []int) bool {
	total := 0
	for i, n := range groups {
		if n >= 12 {
			return true
		}
		if i >= 2 && n == 4 && groups[i-1] == 4 && groups[i-2] == 4 {
			return true
		}
		total += n
	}
	return total == 12
}

func isSeparator(r rune) bool {
	return isBlank(r) || isDash(r) || r == '-' || r == 'ー' || r == 0xFF70 || r == '.' || r == '・' || r == '/' || r >= 0x2010 && r <= 0x2015
}

// validNumber checks twelve ASCII digits of a My Number. The values it works on
// are wiped before it returns.
func validNumber(digits []byte) bool {
	if len(digits) != 12 {
		return false
	}
	var first [11]byte
	defer clear(first[:])
	for i, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
		if i < len(first) {
			first[i] = c - '0'
		}
	}
	return mynumber.CheckDigit(first) == digits[11]-'0'
}

// validCorporateNumber checks thirteen digits of a 法人番号; the first is the
// check digit (法人番号の指定等に関する省令, article 2).
func validCorporateNumber(s string) bool {
	if len(s) != 13 || !allDigits(s) {
		return false
	}
	sum := 0
	for i := 1; i < 13; i++ {
		n := 13 - i
		q := 1
		if n%2 == 0 {
			q = 2
		}
		sum += int(s[i]-'0') * q
	}
	return int(s[0]-'0') == 9-sum%9
}
