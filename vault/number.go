package vault

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"

	"todoke/mynumber"
)

// length is the number of digits of a My Number.
const length = 12

// Number is a My Number in clear. However it is printed, marshalled or logged it
// shows as ●●●●●●●●●●●●; it cannot be stored in a database. It lives for one act:
// whoever gets one calls Wipe when done.
type Number struct {
	// A function and not an array: packages that print by reflection, fmt among them,
	// reach into fields whose type's Format method they cannot call (unexported
	// ones, wrong verbs) and even through pointers, but not into a closure.
	open func() []byte
}

// ParseNumber reads a number as people and files write it: twelve digits, half or
// full width, blanks and hyphens ignored, UTF-8, and verifies the check digit. It
// keeps no reference to input, which the caller may clear afterwards.
//
// Errors: ErrNumberLength, ErrNumberCharacter, ErrCheckDigit. None of them repeats
// any part of the input.
func ParseNumber(input []byte) (*Number, error) {
	digits := make([]byte, length)
	err := read(digits, input)
	if err != nil {
		clear(digits)
		return nil, err
	}
	return &Number{open: func() []byte { return digits }}, nil
}

// maxInput is ample for twelve full-width digits with a separator after each.
const maxInput = 128

func read(digits, input []byte) error {
	if len(input) > maxInput {
		return ErrNumberLength
	}
	count := 0
	for len(input) > 0 {
		r, size := utf8.DecodeRune(input)
		input = input[size:]
		if separates(r) {
			continue
		}
		digit, ok := digitOf(r)
		if !ok {
			return ErrNumberCharacter
		}
		if count == length {
			return ErrNumberLength
		}
		digits[count] = digit
		count++
	}
	if count != length {
		return ErrNumberLength
	}
	var first [length - 1]byte
	defer clear(first[:])
	for i := range first {
		first[i] = digits[i] - '0'
	}
	if digits[length-1] != mynumber.CheckDigit(first)+'0' {
		return ErrCheckDigit
	}
	return nil
}

func digitOf(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r), true
	case r >= '０' && r <= '９':
		return byte(r-'０') + '0', true
	}
	return 0, false
}

func separates(r rune) bool {
	switch r {
	case ' ', '\t', '\u00a0', '　', '-', '－', 'ー', '−', '‐', '‑', '‒', '–', '—', '―':
		return true
	}
	return false
}

// Digits returns the twelve digits in ASCII, or nil after Wipe. It is the only way
// to them, and only the code that writes a number into a form's bytes may call it;
// the linter's configuration names it. The slice is the Number's own memory: it
// must not be kept, and Wipe clears it.
func (n *Number) Digits() []byte {
	if n == nil || n.open == nil {
		return nil
	}
	return n.open()
}

// Wipe overwrites the digits. A Number that was wiped stays without any.
func (n *Number) Wipe() {
	if n == nil || n.open == nil {
		return
	}
	clear(n.open())
	n.open = nil
}

// String returns ●●●●●●●●●●●●.
func (Number) String() string { return mynumber.Masked }

// GoString returns ●●●●●●●●●●●●.
func (Number) GoString() string { return mynumber.Masked }

// Format writes ●●●●●●●●●●●● for every verb and flag.
func (Number) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, mynumber.Masked) // fmt offers no way to report it
}

// MarshalText returns ●●●●●●●●●●●●.
func (Number) MarshalText() ([]byte, error) { return []byte(mynumber.Masked), nil }

// MarshalJSON returns ●●●●●●●●●●●● as a JSON string.
func (Number) MarshalJSON() ([]byte, error) { return []byte(`"` + mynumber.Masked + `"`), nil }

// LogValue returns ●●●●●●●●●●●●.
func (Number) LogValue() slog.Value { return slog.StringValue(mynumber.Masked) }

// Value refuses: a number is no database value.
func (Number) Value() (driver.Value, error) {
	return nil, errors.New("a My Number is never stored in clear")
}
