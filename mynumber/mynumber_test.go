package mynumber_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"todoke/mynumber"
)

func TestCheckDigit(t *testing.T) {
	t.Parallel()
	// Worked by hand from the formula; plainly synthetic.
	for first, want := range map[[11]byte]byte{
		{1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}: 8,
		{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}: 8,
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}: 0,
		{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}: 6,
	} {
		got := mynumber.CheckDigit(first)
		if got != want {
			t.Errorf("CheckDigit(%v) = %d, want %d", first, got, want)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for text, masked := range map[string]bool{
		"":             false,
		"123456789018": true,
		"番号は１２３４５６７８９０１８です": true,
		"1234-5678-9018": true,
		"1234 5678 9018": true,
		"１２３４　５６７８　９０１８":                true,
		"x1234-5678-9018y":              true,
		"12345678901":                   false, // 11: an employment insured number
		"1234567890123":                 false, // 13: a corporate number
		"1234-5678-9018-1111":           false, // four groups: not twelve digits
		"9502026000000001":              false, // an arrive id
		"202607011000000001":            false, // a send number
		"1234-567890-1":                 false,
		"100-0001 1-2-3-4-5":            false,
		"03-1234-5678":                  false,
		"1234--5678-9018":               true, // grouped oddly, but the check digit is right
		"123456-789018":                 true,
		"1234 56789018":                 true,
		"12-34-56-78-90-18":             true,
		"1 2 3 4 5 6 7 8 9 0 1 8":       true,
		"１２３４５６　　７８９０１８":                true,
		"123456-789017":                 false, // no check digit
		"2026-07-01 2027":               false,
		"03-1234-5678 12":               false,
		"2026-07-01 10:00 1234-5678-90": false,
	} {
		got := mynumber.Mask(text)
		if mynumber.In(text) != masked || strings.Contains(got, mynumber.Masked) != masked {
			t.Errorf("%q: In = %v, Mask = %q; want masked = %v", text, mynumber.In(text), got, masked)
		}
		if !masked && got != text {
			t.Errorf("%q was changed to %q", text, got)
		}
	}
	got := mynumber.Mask("甲 123456789018、乙 1234-5678-9018 丙")
	want := "甲 ●●●●●●●●●●●●、乙 ●●●●●●●●●●●● 丙"
	if got != want {
		t.Errorf("Mask of two = %q, want %q", got, want)
	}
}

func FuzzMask(f *testing.F) {
	for _, seed := range []string{"123456789018", "1234-5678-9018", "１２３４-5678　９０１８", "12\xff3456789018", "1234-5678-9018-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		masked := mynumber.Mask(text)
		if mynumber.In(masked) {
			t.Errorf("Mask(%q) = %q still holds a number", text, masked)
		}
		if utf8.ValidString(text) && !utf8.ValidString(masked) {
			t.Errorf("Mask(%q) broke the text: %q", text, masked)
		}
	})
}
