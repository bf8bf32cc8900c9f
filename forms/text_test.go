package forms

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
	"pgregory.net/rapid"
)

func TestJISRows(t *testing.T) {
	t.Parallel()
	in := "亜腕弌熙あン！ー－～∥―￥Ａ９漢々〇仝ヴヵヶ凜堯槇遙瑤"
	out := "髙﨑①㈱Ⅲ№㍻\uFA19鷗𠮷ゔヷ￤＇＂纊鍈\uFA12A1ｱ　"[:]
	for _, r := range in {
		if jisRow(r) == 0 {
			t.Errorf("%c U+%04X is refused", r, r)
		}
	}
	for _, r := range strings.TrimSuffix(out, "　") {
		if jisRow(r) != 0 {
			t.Errorf("%c U+%04X is accepted", r, r)
		}
	}
	count := 0
	for r := rune(0); r <= 0xFFFF; r++ {
		if jisRow(r) != 0 {
			count++
		}
	}
	if count != 6879 {
		t.Errorf("%d characters, want the 6879 of JIS X 0208", count)
	}
}

// TestJISAgainstEUC checks the table against another encoder of the same
// standard: EUC-JP, code set 1, without the vendor rows.
func TestJISAgainstEUC(t *testing.T) {
	t.Parallel()
	encoder := japanese.EUCJP.NewEncoder()
	for r := rune(0x80); r <= 0xFFFF; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		raw, err := encoder.Bytes([]byte(string(r)))
		row := 0
		if err == nil && len(raw) == 2 && raw[0] > 0xA0 {
			row = int(raw[0]) - 0xA0
		}
		want := row >= 1 && row <= 8 || row >= 16 && row <= 84
		// ‾ and ¥ map to half-width signs of JIS X 0201 in EUC-JP, and − to －.
		if r == 0x2212 || r == 0x00A5 || r == 0x203E {
			continue
		}
		if got := jisRow(r) != 0; got != want {
			t.Errorf("U+%04X: %v, EUC-JP says %v (row %d)", r, got, want, row)
		}
	}
}

func TestWiden(t *testing.T) {
	t.Parallel()
	plain, kana, address := widenOption{}, widenOption{hiraganaToKatakana: true}, widenOption{unifyHyphens: true}
	tests := []struct {
		in, want string
		option   widenOption
	}{
		{"ABC 123", "ＡＢＣ　１２３", plain},
		{" 見本 花子 ", "見本　花子", plain},
		{"ﾐﾎﾝ ﾊﾅｺﾞ", "ミホン　ハナゴ", kana},
		{"ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟｳﾞ", "パピプペポヴ", plain},
		{"ｰ･｡｢｣､", "ー・。「」、", plain},
		{"みほん　ゔぁ", "ミホン　ヴァ", kana},
		{"か\u3099は\u309A", "がぱ", plain},
		{"カ\u3099ハ\u309Aウ\u3099", "ガパヴ", plain},
		{"う\u3099", "ヴ", kana},
		{"ｱﾞ", "ア゛", plain}, // no such sound: left for the alphabet to refuse
		{"1-2−3–4—5‐6", "１－２－３－４－５－６", address},
		{"１ー２ー３ハイツー", "１－２－３ハイツー", address},
		{"A—B", "Ａ―Ｂ", plain},
		{"〜‖¥\\~", "～∥￥＼～", plain},
		{`"it's"`, "”ｉｔ’ｓ”", plain},
		{"神\u00A0社", "神　社", plain},
		{"髙", "髙", plain},           // never replaced silently
		{"\uFA19", "\uFA19", plain}, // NFC would change the character
	}
	for _, tt := range tests {
		if got := widen(tt.in, tt.option); got != tt.want {
			t.Errorf("widen(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestAcceptedTextIsJIS is the promise on text: whatever Fill accepts for a
// text column is JIS X 0208.
func TestAcceptedTextIsJIS(t *testing.T) {
	t.Parallel()
	p := procedure(t, employmentLoss)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(
			rapid.String(),
			rapid.StringOfN(rapid.RuneFrom([]rune("髙高﨑崎 　-ー－ｱﾞ①A1あア゙\uFA19\u3099〜𠮷")), 1, 20, -1),
		).Draw(t, "text")
		filled, _ := p.Fill(testFacts(), with(testEvent(employmentLoss), "loss_reason", s, "free_text", s), testNow)
		if filled == nil {
			return
		}
		for _, name := range []string{"loss_reason", "free_text"} {
			if text := filled.values[p.byName[name].index].canon; !inJIS(text) {
				t.Fatalf("%q was accepted as %q", s, text)
			}
		}
	})
}

// TestWidenIsStable: converting twice changes nothing more.
func TestWidenIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		o := widenOption{hiraganaToKatakana: rapid.Bool().Draw(t, "kana"), unifyHyphens: rapid.Bool().Draw(t, "address")}
		once := widen(s, o)
		if twice := widen(once, o); twice != once {
			t.Fatalf("%q becomes %q, then %q", s, once, twice)
		}
	})
}

func TestHoldsNumber(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"123456789018": true, "1234-5678-9018": true, "１２３４　５６７８　９０１８": true, "番号は1234 5678 9018です": true,
		"1234567890189": true, "1234 - 5678 - 9018": true, "電話03-1234-5678 1234-5678-9018": true, "1234.5678.9018": true,
		"12345678901": false, "03-1234-5678": false, "2026-04-01": false, "2025-04-01 2026-03-31": false,
		"令和8年4月1日から令和9年3月31日": false, "5001-234567-8": false, "": false, "AB12345678CD": false, "250,000": false,
		"٠١٢٣٤٥٦٧٨٩٠١": true, // digits of any script
	}
	for in, want := range tests {
		if got := holdsNumber(in); got != want {
			t.Errorf("holdsNumber(%q) = %v, want %v", in, got, want)
		}
	}
}

func TestCheckDigits(t *testing.T) {
	t.Parallel()
	if !validNumber(testNumber) || validNumber([]byte("123456789012")) || validNumber([]byte("12345678901")) || validNumber(nil) {
		t.Error("My Number check digit")
	}
	// 国税庁 and デジタル庁, as published.
	for _, s := range []string{"7000012050002", "8000012010038"} {
		if !validCorporateNumber(s) {
			t.Errorf("%s is refused", s)
		}
	}
	if validCorporateNumber("1000012050002") || validCorporateNumber("700001205000") {
		t.Error("a wrong 法人番号 passes")
	}
}
