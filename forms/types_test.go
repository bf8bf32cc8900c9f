package forms

import (
	"strings"
	"testing"
)

// TestTypes converts values of every type; want is the element parts joined by
// a bar, or the code of the finding.
func TestTypes(t *testing.T) {
	t.Parallel()
	n := func(i int) *int { return &i }
	codes := &codeList{title: "性別", items: []CodeItem{{Code: "1", Label: "男", Aliases: []string{"male"}}, {Code: "2", Label: "女"}},
		index: map[string]int{"1": 0, "男": 0, "male": 0, "2": 1, "女": 1}}
	tests := []struct {
		def  fieldFile
		in   string
		want string
	}{
		{fieldFile{Type: "text", Max: n(5)}, "Abc", "Ａｂｃ"},
		{fieldFile{Type: "text", Max: n(2)}, "Abc", codeTooLong},
		{fieldFile{Type: "text", Alphabet: "kana_wide", Max: n(20)}, "ﾄﾄﾞｹ(ｶ)2", "トドケ（カ）２"},
		{fieldFile{Type: "address", Max: n(20)}, "神南1-2", "神南１－２"},
		{fieldFile{Type: "name", Max: n(20)}, "見本  花子", "見本　花子"},
		{fieldFile{Type: "name", Alphabet: "kana", Max: n(20)}, "ﾐﾎﾝ ﾊﾅｺ", "ミホン　ハナコ"},
		{fieldFile{Type: "name", Alphabet: "roman", Max: n(20)}, "mihon　hanako", "MIHON HANAKO"},
		{fieldFile{Type: "name", Alphabet: "roman", Max: n(20)}, "MIHON", codeRoman},
		{fieldFile{Type: "digits", Min: n(5), Max: n(5)}, "００１２３", "00123"},
		{fieldFile{Type: "digits", Min: n(1), Max: n(3)}, "1234", codeTooLong},
		{fieldFile{Type: "symbol", Max: n(4)}, "ｹｲﾄ", "ケイト"},
		{fieldFile{Type: "symbol", Max: n(4)}, "Ａb１", "AB1"},
		{fieldFile{Type: "code_text", Min: n(22), Max: n(23)}, "49511200070000000000138", "49511200070000000000138"},
		{fieldFile{Type: "hierarchy", Max: n(50)}, "東京都，渋谷公共職業安定所", "東京都,渋谷公共職業安定所"},
		{fieldFile{Type: "code", Codes: "sex"}, "male", "1"},
		{fieldFile{Type: "code", Codes: "sex"}, "２", "2"},
		{fieldFile{Type: "code", Codes: "sex"}, "3", codeUnknownCode},
		{fieldFile{Type: "flag"}, "TRUE", "1"},
		{fieldFile{Type: "flag"}, "0", ""},
		{fieldFile{Type: "amount", Min: n(0), Max: n(9999999)}, "￥２５０，０００円", "250000"},
		{fieldFile{Type: "amount", Min: n(0), Max: n(9999999)}, "007", "7"},
		{fieldFile{Type: "amount", Min: n(0), Max: n(9999999)}, "-5", codeAmount},
		{fieldFile{Type: "hours", Min: n(0), Max: n(168)}, "40", "40|0"},
		{fieldFile{Type: "hours", Min: n(0), Max: n(168)}, "37時間30分", "37|30"},
		{fieldFile{Type: "hours", Min: n(0), Max: n(168)}, "168:01", codeHours},
		{fieldFile{Type: "reiwa_date"}, "2026-04-01", "8|4|1"},
		{fieldFile{Type: "reiwa_date"}, "2019-04-30", codeEraColumn},
		{fieldFile{Type: "western_date"}, "令和9年3月31日", "2027|3|31"},
		{fieldFile{Type: "phone"}, "03(1234)5678", "03|1234|5678"},
		{fieldFile{Type: "phone"}, "０３－１２３４－５６７８", "03|1234|5678"},
		{fieldFile{Type: "phone"}, "-", codePhone},
		{fieldFile{Type: "phone_joined"}, "0120-123-456", "0120-123-456"},
		{fieldFile{Type: "postal"}, "〒150-0041", "150|0041"},
		{fieldFile{Type: "postal_joined"}, "150-0041", "1500041"},
		{fieldFile{Type: "postal"}, "000-0000", codePostal},
		{fieldFile{Type: "number461"}, "50012345678", "5001|234567|8"},
		{fieldFile{Type: "number461"}, "1234512345", code461},
		{fieldFile{Type: "basic_pension"}, "1234-567890", "1234567890"},
		{fieldFile{Type: "corporate_number"}, "7000012050002", "7000012050002"},
		{fieldFile{Type: "residence_card"}, "ab12345678cd", "AB12345678CD"},
		{fieldFile{Type: "email", Max: n(50)}, "sr@office.example", "sr@office.example"},
		{fieldFile{Type: "email", Max: n(50)}, "sr@office", codeEmail},
	}
	used := map[string]bool{"era_date": true, "number": true} // in era_test.go and build_test.go
	for _, tt := range tests {
		f := &field{def: &tt.def, label: "欄", typ: fieldTypes[tt.def.Type], env: &environment{}}
		used[tt.def.Type] = true
		if tt.def.Min != nil {
			f.min = *tt.def.Min
		}
		if tt.def.Max != nil {
			f.max = *tt.def.Max
		}
		if tt.def.Codes != "" {
			f.codes = codes
		}
		v, ps := f.typ.convert(f, tt.in)
		got := strings.TrimRight(strings.Join(v.parts[:], "|"), "|")
		if len(ps) > 0 {
			got = ps[0].code
		}
		if got != tt.want {
			t.Errorf("%s %q = %q, want %q", tt.def.Type, tt.in, got, tt.want)
		}
	}
	for name := range fieldTypes {
		if !used[name] {
			t.Errorf("type %s has no case", name)
		}
	}
}
