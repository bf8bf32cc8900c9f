package forms

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/unicode/norm"
)

// jisRows maps each character of JIS X 0208 to its row. The table is made by
// decoding the code range itself, because the Shift_JIS codec of x/text is
// CP932 and also encodes row 13 and the NEC and IBM extensions, which e-Gov
// refuses.
var jisRows = sync.OnceValue(func() *[1 << 16]uint8 {
	rows := new([1 << 16]uint8)
	decoder := japanese.ShiftJIS.NewDecoder()
	for row := 1; row <= 84; row++ {
		if row > 8 && row < 16 {
			continue
		}
		for cell := 1; cell <= 94; cell++ {
			text, err := decoder.Bytes(shiftJIS(row, cell))
			if err != nil {
				continue
			}
			r, size := utf8.DecodeRune(text)
			if r == utf8.RuneError || size != len(text) || r > 0xFFFF || r < 0x80 {
				continue
			}
			rows[r] = uint8(row)
		}
	}
	return rows
})

// shiftJIS gives the two octets of a JIS X 0208 row and cell.
func shiftJIS(row, cell int) []byte {
	lead := 0x81 + (row-1)/2
	if lead > 0x9F {
		lead += 0x40
	}
	trail := cell + 0x9E
	if row%2 == 1 {
		trail = cell + 0x3F
		if trail >= 0x7F {
			trail++
		}
	}
	return []byte{byte(lead), byte(trail)}
}

// jisRow is the row of a character in JIS X 0208, 0 when it is not in it.
func jisRow(r rune) uint8 {
	if r < 0 || r > 0xFFFF {
		return 0
	}
	return jisRows()[r]
}

// inJIS says whether every character of s is in JIS X 0208.
func inJIS(s string) bool {
	for _, r := range s {
		if jisRow(r) == 0 {
			return false
		}
	}
	return true
}

// suggest proposes what to write instead of a character outside JIS X 0208,
// empty when there is nothing to propose. CJK compatibility ideographs such as
// U+FA19 fold to the ordinary character by canonical normalisation; that fold
// is offered, never applied, since it changes how a name is written.
func suggest(r rune, variants map[rune]string) string {
	if s, ok := variants[r]; ok {
		return s
	}
	folded := norm.NFC.String(string(r))
	if folded != string(r) && inJIS(folded) {
		return folded
	}
	return ""
}
