package signing

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// forbiddenInNames are the characters that e-Gov, a URI, a shell or a file system
// would read as something else than part of a name.
const forbiddenInNames = `/\:*?"<>|#%&'^~{}[]` + "`"

// checkName accepts a bare file name that means the same to a URI, a zip file and
// every file system.
func checkName(name string) error {
	bad := func(r rune) bool {
		return !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(forbiddenInNames, r)
	}
	if name == "" || len(name) > 255 || !utf8.ValidString(name) ||
		strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.ContainsFunc(name, bad) {
		return errFileName.about(name)
	}

	return nil
}

// escapeName writes a file name as the URI of a Reference: unreserved characters as
// they are, every other octet of its UTF-8 percent-encoded in upper case.
func escapeName(name string) string {
	const hex = "0123456789ABCDEF"
	plain := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '-' || c == '_' || c == '.'
	}
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if plain(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}

	return b.String()
}

// unescapeOnce decodes the percent-encoding of a URI one time. A URI that is not
// ASCII, or has a "%" without two hexadecimal digits, is refused.
func unescapeOnce(uri string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(uri); i++ {
		switch c := uri[i]; {
		case c <= ' ' || c >= 0x7F:
			return "", false
		case c != '%':
			b.WriteByte(c)
		default:
			if len(uri)-i < 3 {
				return "", false
			}
			high, low := unhex(uri[i+1]), unhex(uri[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			b.WriteByte(byte(high<<4 | low))
			i += 2
		}
	}

	return b.String(), true
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
