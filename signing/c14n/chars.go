package c14n

import (
	"bytes"
	"unicode/utf8"
)

// class sorts the octets of a document by what the scanners must know about them.
// UTF-8 validity is checked once for the whole document, so that octets above 0x7F
// need a decision only inside names.
type class uint8

const (
	control    class = 1 << iota // not allowed in XML at all
	inText                       // canonical text differs from the source: & > CR
	inValue                      // canonical attribute value differs: & < " TAB LF CR
	nameStart                    // ASCII that may begin a name, colon excluded
	namePart                     // ASCII that may continue a name, colon excluded
	whitespace                   // TAB LF CR SPACE
)

var classes = func() (t [256]class) {
	for c := range 0x20 {
		t[c] = control
	}
	for _, c := range "\t\n\r " {
		t[c] = whitespace
	}
	for _, c := range "&>\r" {
		t[c] |= inText
	}
	for _, c := range "&<\"\t\n\r" {
		t[c] |= inValue
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c] |= nameStart | namePart
		t[c-'a'+'A'] |= nameStart | namePart
	}
	t['_'] |= nameStart | namePart
	for _, c := range "-.0123456789" {
		t[c] |= namePart
	}

	return t
}()

// classify returns the union of the classes of all octets.
func classify(b []byte) class {
	var c class
	for _, o := range b {
		c |= classes[o]
	}
	return c
}

// validText reports whether the octets are UTF-8 without the two non-characters that
// XML forbids. Surrogates are already no UTF-8; control characters are classified
// while scanning.
func validText(b []byte) bool {
	return utf8.Valid(b) &&
		!bytes.Contains(b, []byte("\uFFFE")) &&
		!bytes.Contains(b, []byte("\uFFFF"))
}

// isChar is the production Char of XML 1.0.
func isChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r <= 0xD7FF:
		return true
	}
	return r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// isNameStart and isNamePart are NameStartChar and NameChar of XML 1.0, fifth
// edition, outside ASCII.
func isNameStart(r rune) bool {
	switch {
	case r < 0xC0 || r == 0xD7 || r == 0xF7 || r == 0x37E:
		return false
	case r <= 0x2FF:
		return true
	case r < 0x370:
		return false
	case r <= 0x1FFF:
		return true
	}
	return r == 0x200C || r == 0x200D ||
		r >= 0x2070 && r <= 0x218F ||
		r >= 0x2C00 && r <= 0x2FEF ||
		r >= 0x3001 && r <= 0xD7FF ||
		r >= 0xF900 && r <= 0xFDCF ||
		r >= 0xFDF0 && r <= 0xFFFD ||
		r >= 0x10000 && r <= 0xEFFFF
}

func isNamePart(r rune) bool {
	return isNameStart(r) || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// ncName returns the length of the name without colon at the start of b, 0 for none.
func ncName(b []byte) int {
	n := 0
	for n < len(b) {
		c := b[n]
		if c < utf8.RuneSelf {
			want := namePart
			if n == 0 {
				want = nameStart
			}
			if classes[c]&want == 0 {
				return n
			}
			n++
			continue
		}
		if japanese(b[n:]) {
			n += 3
			continue
		}
		r, size := utf8.DecodeRune(b[n:])
		if n == 0 && !isNameStart(r) || !isNamePart(r) {
			return n
		}
		n += size
	}

	return n
}

// japanese reports whether valid UTF-8 begins with a character from U+3001 to U+9FFF,
// all of which may begin a name. Most element names of e-Gov are made of them.
func japanese(b []byte) bool {
	return b[0] >= 0xE4 && b[0] <= 0xE9 || b[0] == 0xE3 && (b[1] != 0x80 || b[2] != 0x80)
}

// reference decodes the character or predefined entity reference at the start of b,
// which begins with "&". A length of 0 means that it is not well-formed, a rune below
// 0 that it is, but names no allowed character or predefined entity.
func reference(b []byte) (r rune, length int) {
	end := bytes.IndexByte(b[:min(len(b), maxReference)], ';')
	if end < 2 {
		return -1, 0
	}
	name := b[1:end]
	switch string(name) {
	case "amp":
		return '&', end + 1
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	}
	if name[0] == '#' {
		return characterReference(name[1:]), end + 1
	}
	if ncName(name) != len(name) {
		return -1, 0
	}

	return -1, end + 1
}

// maxReference bounds the octets of one reference; longer ones could only be padded
// with zeros or name an entity that is refused anyway.
const maxReference = 64

func characterReference(digits []byte) rune {
	base := rune(10)
	if len(digits) > 0 && digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	if len(digits) == 0 {
		return -1
	}
	r := rune(0)
	for _, c := range digits {
		var d rune
		switch {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case base == 16 && c >= 'a' && c <= 'f':
			d = rune(c-'a') + 10
		case base == 16 && c >= 'A' && c <= 'F':
			d = rune(c-'A') + 10
		default:
			return -1
		}
		r = r*base + d
		if r > utf8.MaxRune {
			return -1
		}
	}
	if !isChar(r) {
		return -1
	}

	return r
}
