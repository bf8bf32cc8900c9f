package vault_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"todoke/mynumber"
	"todoke/vault"
)

func TestParseNumber(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]error{
		"123456789018":            nil,
		"１２３４５６７８９０１８":            nil,
		"1234-5678-9018":          nil,
		" 1234 5678 9018 ":        nil,
		"１２３４－５６７８　９０１８":          nil,
		"1 2 3 4 5 6 7 8 9 0 1 8": nil,
		"1234ー5678‐9018":          nil,
		"":                        vault.ErrNumberLength,
		"-":                       vault.ErrNumberLength,
		"12345678901":             vault.ErrNumberLength,
		"1234567890180":           vault.ErrNumberLength,
		"1234567890188":           vault.ErrNumberLength,
		"123456789017":            vault.ErrCheckDigit,
		"123456789081":            vault.ErrCheckDigit,
		"12345678901x":            vault.ErrNumberCharacter,
		"12345678901８\n":          vault.ErrNumberCharacter,
		"１２３４５６７８９０１八":            vault.ErrNumberCharacter,
		"١٢٣٤٥٦٧٨٩٠١٨":            vault.ErrNumberCharacter,
		"12345678901\xff":         vault.ErrNumberCharacter,
		strings.Repeat(" ", 129):  vault.ErrNumberLength,
	} {
		entered := []byte(input)
		n, err := vault.ParseNumber(entered)
		if !errors.Is(err, want) || (err == nil) != (n != nil) {
			t.Errorf("%q: %v, %v; want %v", input, n, err, want)
		}
		if string(entered) != input {
			t.Errorf("%q: the input was changed", input)
		}
		if err != nil && strings.ContainsAny(strings.ReplaceAll(err.Error(), "12桁", ""), "0123456789") {
			t.Errorf("%q: the error repeats digits: %v", input, err)
		}
		if err == nil {
			clear(entered)
			if string(n.Digits()) != digitsA {
				t.Errorf("%q: other digits, or those of the cleared input", input)
			}
		}
	}
}

// TestCheckDigitProperty: every eleven digits have exactly one twelfth, and no
// single wrong digit goes unnoticed unless the formula is blind to it.
func TestCheckDigitProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		first := rapid.StringMatching(`[0-9]{11}`).Draw(rt, "first")
		var digits [11]byte
		sum := 0
		for i := range digits {
			digits[i] = first[i] - '0'
			// The formula once more, as the ordinance words it: Pn from the right.
			p := int(first[10-i] - '0')
			q := i + 2
			if i+1 >= 7 {
				q = i + 1 - 5
			}
			sum += p * q
		}
		want := 11 - sum%11
		if sum%11 <= 1 {
			want = 0
		}
		if int(mynumber.CheckDigit(digits)) != want {
			rt.Fatalf("check digit of %s = %d, want %d", first, mynumber.CheckDigit(digits), want)
		}
		accepted := 0
		for last := range 10 {
			n, err := vault.ParseNumber(fmt.Append(nil, first, last))
			if err == nil {
				accepted++
				if string(n.Digits()) != fmt.Sprint(first, last) || last != want {
					rt.Fatalf("%s%d was accepted", first, last)
				}
			}
		}
		if accepted != 1 {
			rt.Fatalf("%d check digits are accepted for %s", accepted, first)
		}
	})
}

// holder has a number in fields of all kinds, those that fmt cannot call methods on included.
type holder struct {
	Exported   vault.Number
	Pointer    *vault.Number
	unexported vault.Number
	hidden     *vault.Number
	list       []vault.Number
	byName     map[string]*vault.Number
	any        any
}

func TestNumberIsNeverPrinted(t *testing.T) {
	t.Parallel()
	n := parse(t, digitsA)
	h := holder{*n, n, *n, n, []vault.Number{*n}, map[string]*vault.Number{"a": n}, n}
	var shown []string
	for _, value := range []any{n, *n, &n, h, &h, []any{n, *n}, map[string]any{"number": *n}, []vault.Number{*n}, [1]*vault.Number{n}, struct{ n any }{*n}} {
		for _, verb := range strings.Split("vTtbcdoOqxXUeEfFgGsp", "") {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "030", ".3", "20.5"} {
				shown = append(shown, fmt.Sprintf("%"+flags+verb, value))
			}
		}
		shown = append(shown, fmt.Sprint(value), fmt.Sprintln(value), fmt.Errorf("wrapped: %v", value).Error())
		text, err := json.Marshal(value)
		if err == nil {
			shown = append(shown, string(text))
		}
		text, err = xml.Marshal(value)
		if err == nil {
			shown = append(shown, string(text))
		}
		var binary bytes.Buffer
		_ = gob.NewEncoder(&binary).Encode(value) // what matters is what was written
		shown = append(shown, binary.String())
		var logged bytes.Buffer
		slog.New(slog.NewTextHandler(&logged, nil)).Info("text", "number", value, slog.Any("any", value), slog.Group("group", "n", value))
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("json", "number", value, slog.Any("any", value))
		shown = append(shown, logged.String())
	}
	shown = append(shown, n.String(), n.GoString(), n.LogValue().String())
	for _, form := range spellings(digitsA) {
		for _, text := range shown {
			if strings.Contains(text, form) {
				t.Fatalf("the number shows as %q", form)
			}
		}
	}
	for _, text := range []string{fmt.Sprint(n), fmt.Sprint(*n), fmt.Sprintf("%#v %d %x", n, n, *n)[:36], n.LogValue().String()} {
		if text != mynumber.Masked {
			t.Errorf("printed as %q", text)
		}
	}
	text, err := json.Marshal(map[string]any{"number": n})
	if err != nil || string(text) != `{"number":"`+mynumber.Masked+`"}` {
		t.Errorf("JSON = %s, %v", text, err)
	}
	_, err = n.Value()
	if err == nil || strings.Contains(err.Error(), digitsA) {
		t.Errorf("a number became a database value: %v", err)
	}
}

// spellings are the ways in which twelve digits could be found somewhere.
func spellings(digits string) []string {
	var spaced, listed, hexed []string
	for _, d := range []byte(digits) {
		spaced = append(spaced, string(d))
		listed = append(listed, fmt.Sprint(d))
		hexed = append(hexed, fmt.Sprintf("0x%x", d))
	}
	forms := []string{digits, fmt.Sprintf("%x", digits), fmt.Sprintf("% x", digits), strings.Join(spaced, " "),
		strings.Join(listed, " "), strings.Join(listed, ","), strings.Join(hexed, ", ")}
	return append(forms, strings.ToUpper(forms[1]))
}

func TestWipe(t *testing.T) {
	t.Parallel()
	n := parse(t, digitsA)
	digits := n.Digits()
	copied := *n
	n.Wipe()
	if !bytes.Equal(digits, make([]byte, 12)) {
		t.Error("the digits are still in memory")
	}
	if n.Digits() != nil || !bytes.Equal(copied.Digits(), make([]byte, 12)) {
		t.Error("the digits can still be had")
	}
	n.Wipe()
	var none *vault.Number
	none.Wipe()
	if none.Digits() != nil {
		t.Error("no number has digits")
	}
}

func FuzzParseNumber(f *testing.F) {
	f.Add([]byte("123456789018"))
	f.Add([]byte("１２３４－５６７８　９０１８"))
	f.Add([]byte("1234567890123"))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, input []byte) {
		before := bytes.Clone(input)
		n, err := vault.ParseNumber(input)
		if !bytes.Equal(before, input) {
			t.Error("the input was changed")
		}
		if err != nil {
			if n != nil || !errors.Is(err, vault.ErrNumberLength) && !errors.Is(err, vault.ErrNumberCharacter) && !errors.Is(err, vault.ErrCheckDigit) {
				t.Errorf("%v, %v", n, err)
			}
			return
		}
		again, err := vault.ParseNumber(n.Digits())
		if err != nil || !bytes.Equal(again.Digits(), n.Digits()) || len(n.Digits()) != 12 {
			t.Errorf("the digits of a number are no number: %v", err)
		}
	})
}
