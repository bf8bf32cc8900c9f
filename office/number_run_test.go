package office

import (
	"slices"
	"testing"
	"unicode/utf8"
)

func TestHoldsNumber(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text        string
		short, long bool
	}{
		{"12345678901", false, false}, {"123456789018", true, true}, {"１２３４５６７８９０１８", true, true}, {"1234567890188", true, false},
		{"1234-5678-9018", true, true}, {"1234 5678 9018", true, true}, {"1234　５６７８ー９０１８", true, true}, {"1 2 3 4 5 6 7 8 9 0 1 8", true, true},
		{"12 - 34567890 - 18", true, true}, {"1234\n56789018", true, true}, {"1234\u200b56789018", true, true}, {"1234\x0056789018", true, true},
		{"番号は123456789018です", true, true}, {"⑫⑫⑫⑫⑫⑫", true, true}, {"١٢٣٤٥٦٧٨٩٠١٨", true, true}, {"1301-000000-0", false, false},
		{"1234x56789018", false, false}, {"49511200070000000000138", true, false}, {"", false, false}, {"1234_5678.9018", true, true},
	}
	for _, test := range tests {
		if short, long := holdsNumber(test.text, false), holdsNumber(test.text, true); short != test.short || long != test.long {
			t.Errorf("holdsNumber(%q) = %v, %v", test.text, short, long)
		}
	}
	if got := maskNumbers("列1234-5678-9018と123"); got != "列"+masked+"と123" {
		t.Errorf("maskNumbers = %q", got)
	}
	if utf8.RuneCountInString(masked) != numberDigits {
		t.Error("the mask has another length than what it masks")
	}
}

func TestNumberIsRefusedInEveryField(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"123456789018", "１２３４－５６７８－９０１８", "1234 5678 9018"} {
		for i := range companyFields {
			c := exampleCompany()
			*companyFields[i].at(&c) = number
			refuse(t, companyFields[i].name, c.Clean().Validate())
		}
		for i := range personFields {
			p := examplePerson("c")
			*personFields[i].at(&p) = number
			refuse(t, personFields[i].name, p.Clean().Validate(april))
		}
		for i := range officeFields {
			o := exampleOffice()
			*officeFields[i].at(&o) = number
			refuse(t, officeFields[i].name, o.Clean().Validate())
		}
		refuse(t, "name", Member{Name: number, Roles: Roles{Staff}}.Clean().Validate())
	}
}

func refuse(t *testing.T, name string, problems []Problem) {
	t.Helper()
	if !slices.Contains(codes(problems), name+" 0003") {
		t.Errorf("a number in %s is not refused: %v", name, codes(problems))
	}
	text := (&InvalidError{Problems: problems}).Error()
	if holdsNumber(text, false) {
		t.Errorf("the error repeats the number: %s", text)
	}
}
