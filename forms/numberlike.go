package forms

import "unicode"

// holdsNumber says whether text could carry a My Number where none belongs:
// twelve or more digits on end, twelve digits in all with single hyphens or
// blanks between, or three groups of four. Digits of any width count.
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

// numberCheckDigit computes the check digit of eleven digits of a My Number
// (行政手続における特定の個人を識別するための番号の利用等に関する法律の規定による通知カード及び個人番号カード並びに情報提供ネットワークシステムによる特定個人情報の提供等に関する省令, article 5).
func numberCheckDigit(eleven []byte) byte {
	sum := 0
	for i, c := range eleven {
		n := len(eleven) - i
		q := n + 1
		if n > 6 {
			q = n - 5
		}
		sum += int(c-'0') * q
	}
	if r := sum % 11; r > 1 {
		return byte('0' + 11 - r)
	}
	return '0'
}

// validNumber checks twelve ASCII digits of a My Number without copying them.
func validNumber(digits []byte) bool {
	if len(digits) != 12 {
		return false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
	}
	return numberCheckDigit(digits[:11]) == digits[11]
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
