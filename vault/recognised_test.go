package vault_test

import (
	"testing"

	"pgregory.net/rapid"

	"todoke/mynumber"
	"todoke/vault"
)

// TestWhatIsANumberIsRecognised writes numbers in every way that ParseNumber takes
// and insists that texts which must not hold one would be refused.
func TestWhatIsANumberIsRecognised(t *testing.T) {
	t.Parallel()
	separator := rapid.SampledFrom([]string{"", "", "", " ", "-", "　", "－", "ー", "--", " - ", "\u00a0", "―"})
	rapid.Check(t, func(t *rapid.T) {
		var first [11]byte
		for i := range first {
			first[i] = rapid.ByteRange(0, 9).Draw(t, "digit")
		}
		wide := rapid.Bool().Draw(t, "wide")
		text := ""
		for i, digit := range append(first[:], mynumber.CheckDigit(first)) {
			if i > 0 {
				text += separator.Draw(t, "separator")
			}
			if wide {
				text += string('０' + rune(digit))
			} else {
				text += string('0' + rune(digit))
			}
		}
		_, err := vault.ParseNumber([]byte(text))
		if err != nil {
			t.Skip("too long to be taken for a number")
		}
		if !mynumber.In(text) || !mynumber.In("番号"+text+"です") {
			t.Fatal("a number that the vault takes is not recognised in a text")
		}
	})
}
