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

// In reports whether the text holds what could be a My Number, in half or full
// width: exactly twelve digits in a row; three groups of four with one separator
// between; or digits grouped in any other way, with any blanks, hyphens, dots or
// slashes between them, that make exactly twelve together and end in the right
// check digit. The check digit is not consulted for the first two, the usual ways
// to write one: a wrong number is somebody's mistyped number all the same.
func In(text string) bool {
	_, _, found := next(text, 0)
	return found
}

// Mask replaces all that In finds by Masked, until it finds nothing more: what was
// part of something longer may be a number of its own once its neighbour is masked.
func Mask(text string) string {
	for {
		masked := maskOnce(text)
		if masked == text {
			return text
		}
		text = masked
	}
}

func maskOnce(text string) string {
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
	out.WriteString(text[done:])
	return out.String()
}

// group is a run of digits in a text.
type group struct {
	start, end, n int
}

// next finds the first candidate that starts at from or later.
func next(text string, from int) (start, end int, found bool) {
	for from < len(text) {
		groups := chain(text, from)
		if len(groups) == 0 {
			return 0, 0, false
		}
		for _, g := range groups {
			if g.n == digits {
				return g.start, g.end, true
			}
		}
		first, last := groups[0], groups[len(groups)-1]
		if total(groups) == digits && (fours(text, groups) || checks(text[first.start:last.end])) {
			return first.start, last.end, true
		}
		from = last.end
	}
	return 0, 0, false
}

// chain returns the next groups of digits that only separators stand between, all
// that there are: twelve digits inside something longer are no number.
func chain(text string, from int) []group {
	var groups []group
	for i := from; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case isDigit(r):
			if len(groups) == 0 || groups[len(groups)-1].end != i {
				groups = append(groups, group{start: i})
			}
			last := &groups[len(groups)-1]
			last.n++
			last.end = i + size
		case len(groups) > 0 && !isSeparator(r):
			return groups
		}
		i += size
	}
	return groups
}

func total(groups []group) int {
	sum := 0
	for _, g := range groups {
		sum += g.n
	}
	return sum
}

// fours tells whether the groups are three of four digits with one separator
// between each two.
func fours(text string, groups []group) bool {
	if len(groups) != 3 || groups[0].n != 4 || groups[1].n != 4 {
		return false
	}
	return utf8.RuneCountInString(text[groups[0].end:groups[1].start]) == 1 &&
		utf8.RuneCountInString(text[groups[1].end:groups[2].start]) == 1
}

// checks tells whether the last of the twelve digits in the text is right.
func checks(text string) bool {
	var values [digits]byte
	n := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			values[n] = byte(r - '0')
		case r >= '０' && r <= '９':
			values[n] = byte(r - '０')
		default:
			continue
		}
		n++
	}
	return CheckDigit([digits - 1]byte(values[:digits-1])) == values[digits-1]
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' || r >= '０' && r <= '９' }

func isSeparator(r rune) bool {
	switch r {
	case '-', ' ', '.', '_', '/', '\t', '\n', '\r', '\u00a0', '　', '－', 'ー', '−', '‐', '‑', '‒', '–', '—', '―', '・', '．', '／', '＿':
		return true
	}
	return false
}
