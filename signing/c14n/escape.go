package c14n

import (
	"bytes"
	"unicode/utf8"
)

// appendLines copies raw octets and ends each line with LF alone.
func appendLines(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\r')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		dst = append(dst, '\n')
		raw = bytes.TrimPrefix(raw[i+1:], []byte("\n"))
	}
}

// appendText writes character data that has references, ">" or CR.
func appendText(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		if classes[c]&inText == 0 {
			dst = append(dst, c)
			i++
			continue
		}
		switch c {
		case '&':
			r, length := reference(raw[i:])
			dst = appendTextRune(dst, r)
			i += length
		case '>':
			dst = append(dst, "&gt;"...)
			i++
		case '\r':
			dst = append(dst, '\n')
			i += lineEnd(raw[i:])
		}
	}

	return dst
}

// lineEnd returns the length of the line end that b begins with, CR or CR LF.
func lineEnd(b []byte) int {
	if len(b) > 1 && b[1] == '\n' {
		return 2
	}
	return 1
}

// appendCDATA writes the content of a CDATA section as text.
func appendCDATA(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\r' {
			dst = append(dst, '\n')
			i += lineEnd(raw[i:]) - 1
			continue
		}
		if raw[i] < utf8.RuneSelf {
			dst = appendTextRune(dst, rune(raw[i]))
		} else {
			dst = append(dst, raw[i])
		}
	}

	return dst
}

func appendTextRune(dst []byte, r rune) []byte {
	switch r {
	case '&':
		return append(dst, "&amp;"...)
	case '<':
		return append(dst, "&lt;"...)
	case '>':
		return append(dst, "&gt;"...)
	case '\r':
		return append(dst, "&#xD;"...)
	}
	return utf8.AppendRune(dst, r)
}

// appendAttribute writes an attribute value in canonical form: raw white space is a
// space, white space from references is escaped.
func appendAttribute(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		switch c {
		case '&':
			r, length := reference(raw[i:])
			dst = appendAttributeRune(dst, r)
			i += length
		case '\t', '\n':
			dst = append(dst, ' ')
			i++
		case '\r':
			dst = append(dst, ' ')
			i += lineEnd(raw[i:])
		case '"':
			dst = append(dst, "&quot;"...)
			i++
		default:
			dst = append(dst, c)
			i++
		}
	}

	return dst
}

func appendAttributeRune(dst []byte, r rune) []byte {
	switch r {
	case '&':
		return append(dst, "&amp;"...)
	case '<':
		return append(dst, "&lt;"...)
	case '"':
		return append(dst, "&quot;"...)
	case '\t':
		return append(dst, "&#x9;"...)
	case '\n':
		return append(dst, "&#xA;"...)
	case '\r':
		return append(dst, "&#xD;"...)
	}
	return utf8.AppendRune(dst, r)
}

// appendValue writes the value that an attribute has, unescaped.
func appendValue(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch raw[i] {
		case '&':
			r, length := reference(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += length
		case '\t', '\n':
			dst = append(dst, ' ')
			i++
		case '\r':
			dst = append(dst, ' ')
			i += lineEnd(raw[i:])
		default:
			dst = append(dst, raw[i])
			i++
		}
	}

	return dst
}
