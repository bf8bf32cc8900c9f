// Package mynumber knows what a My Number (個人番号) looks like: twelve digits, the
// last of them a check digit. It finds what could be one in a text, so that texts
// which must not hold a number can be refused or masked.
//
// It does not keep, reveal or compare numbers: only package vault holds any.
package mynumber

import (
	"strings"
	"unicode/utf8"
)

// Masked stands wherever a number would stand in what is kept or shown.
const Masked = "●●●●●●●●●●●●"

const digits = 12

// CheckDigit returns the twelfth digit for the first eleven (each 0 to 9), as the
// ordinance of the Ministry of Internal Affairs defines it (平成26年総務省令第85号
// 第5条): 11 − (Σ Pn·Qn mod 11), 0 when that remainder is 0 or 1.
func CheckDigit(first [11]byte) byte {
	sum := 0
	for i, p := range first {
		n := 11 - i // digit n from the right, the check digit not counted
		q := n + 1
		if n > 6 {
			q = n - 5
		}
		sum += int(p) * q
	}
	remainder := sum % 11
	if remainder <= 1 {
		return 0
	}
	return byte(11 - remainder)
}

// In reports whether the text holds what could be a My Number: exactly twelve
// digits in a row, or in three groups of four with one blank, hyphen or dot
// between; half width or full width. The check digit is not consulted: a wrong
// number is somebody's mistyped number all the same.
func In(text string) bool {
	_, _, found := next(text, 0)
	return found
}

// Mask replaces all that In finds by Masked.
func Mask(text string) string {
	var out strings.Builder
	done := 0
	for {
		start, end, found := next(text, done)
		if !found {
			break
		}
		out.WriteString(text[done:start])
		out.WriteString(Masked)
		done = end
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// group is a run of digits in a text.
type group struct {
	start, end, n int
}

// next finds the first candidate that starts at from or later.
func next(text string, from int) (start, end int, found bool) {
	var before [2]group // the two groups that are joined to the current one, nearest last
	joined := 0
	for i := from; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !isDigit(r) {
			i += size
			continue
		}
		g := group{start: i}
		for i < len(text) {
			r, size = utf8.DecodeRuneInString(text[i:])
			if !isDigit(r) {
				break
			}
			g.n++
			i += size
		}
		g.end = i
		if g.n == digits {
			return g.start, g.end, true
		}
		if joined > 0 && !separates(text[before[1].end:g.start]) {
			joined = 0
		}
		if joined == 2 && before[0].n == 4 && before[1].n == 4 && g.n == 4 && !continues(text, before[0].start, g.end) {
			return before[0].start, g.end, true
		}
		before[0], before[1] = before[1], g
		joined = min(joined+1, 2)
	}
	return 0, 0, false
}

// continues reports whether further digits are joined to the span, which makes it
// part of something longer, e.g. a card number of four groups.
func continues(text string, start, end int) bool {
	r, size := utf8.DecodeRuneInString(text[end:])
	if isSeparator(r) {
		r, _ = utf8.DecodeRuneInString(text[end+size:])
		if isDigit(r) {
			return true
		}
	}
	r, size = utf8.DecodeLastRuneInString(text[:start])
	if isSeparator(r) {
		r, _ = utf8.DecodeLastRuneInString(text[:start-size])
		return isDigit(r)
	}
	return false
}

func separates(between string) bool {
	r, size := utf8.DecodeRuneInString(between)
	return size == len(between) && isSeparator(r)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' || r >= '０' && r <= '９' }

func isSeparator(r rune) bool {
	switch r {
	case '-', ' ', '.', '_', '/', '\t', '　', '－', 'ー', '−', '‐', '‑', '–', '—', '・', '．', '／', '＿':
		return true
	}
	return false
}
