package forms

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

// FuzzEvent fills each procedure from hostile JSON. Whatever passes must build
// into well-formed XML, and no finding may repeat a number.
func FuzzEvent(f *testing.F) {
	for _, id := range allProcedures {
		raw, err := json.Marshal(testEvent(id))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"remark":"123456789018","loss_reason":"<x>&\u0000"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var event Event
		if json.Unmarshal(raw, &event) != nil {
			return
		}
		for _, id := range allProcedures {
			filled, findings := procedure(t, id).Fill(testFacts(), event, testNow)
			if (filled == nil) != (len(findings) > 0) {
				t.Fatal("a Filled comes with findings, or nothing comes")
			}
			for _, x := range findings {
				if holdsNumber(x.Message) || holdsNumber(x.Field) || holdsNumber(x.Label) || !utf8.ValidString(x.Message) {
					t.Fatalf("finding %+v", x)
				}
			}
			if filled == nil {
				continue
			}
			files, err := filled.MaskedCopy(testAt, certificate())
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				wellFormed(t, file.Data)
			}
		}
	})
}

// FuzzText converts text with every alphabet: what comes without a problem is
// JIS X 0208, or half-width capitals for roman.
func FuzzText(f *testing.F) {
	for _, s := range []string{"見本 花子", "ﾐﾎﾝ ﾊﾅｺﾞ", "髙橋", "か\u3099", "A-1", "\xff\xfe", "１ー２"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, alphabet := range []string{alphabetFull, alphabetKana, alphabetKanaWide, alphabetRoman} {
			for _, typ := range []string{"text", "name", "address"} {
				x := &field{label: "欄", typ: fieldTypes[typ], def: &fieldFile{Alphabet: alphabet}, env: &environment{}}
				v, ps := x.typ.convert(x, s)
				if len(ps) > 0 {
					continue
				}
				for _, r := range v.canon {
					if alphabet == alphabetRoman && r < 0x80 && r >= 0x20 {
						continue
					}
					if jisRow(r) == 0 {
						t.Fatalf("%q accepted as %q", s, v.canon)
					}
				}
			}
		}
	})
}

// FuzzDate reads dates: what is accepted is written and read back the same.
func FuzzDate(f *testing.F) {
	for _, s := range []string{"2026-04-01", "令和8年4月1日", "R8.4.1", "平成31年5月1日", "20260401", "元年", "-1-1-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDate(s)
		if err != nil {
			return
		}
		back, err := parseDate(d.Format("2006-01-02"))
		if err != nil || !back.Equal(d) {
			t.Fatalf("%q read as %v, back as %v, %v", s, d, back, err)
		}
	})
}

// FuzzValue feeds every type; nothing may panic, and what is accepted has no
// control characters.
func FuzzValue(f *testing.F) {
	for _, s := range []string{"03-1234-5678", "150-0041", "1301-123456-7", "40:00", "250,000", "東京都,渋谷", "sr@office.example", "AB12345678CD"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, typ := range fieldTypes {
			if typ.convert == nil || name == "code" {
				continue
			}
			x := &field{label: "欄", typ: typ, max: 100, def: &fieldFile{}, env: &environment{}}
			v, ps := typ.convert(x, s)
			if len(ps) > 0 {
				continue
			}
			for _, part := range v.parts {
				for _, r := range part {
					if r < 0x20 || r == utf8.RuneError {
						t.Fatalf("%s accepted %q as %q", name, s, part)
					}
				}
			}
		}
	})
}

// FuzzOutline parses element outlines; what parses compiles to well-formed XML.
func FuzzOutline(f *testing.F) {
	f.Add("A\n\tB = 1\n\tC -\n\tD\n\t\tE\n")
	f.Add("A @ID=A\n\tB @@forms\n\t\tC = {id}\n")
	f.Add("\tA\n")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		root, problems := parseOutline(s)
		if len(problems) > 0 || root == nil {
			return
		}
		tpl := compileTemplate(root, "", nil, nil)
		var out []byte
		for _, x := range tpl.segments {
			out = append(out, x.static...)
		}
		wellFormed(t, out)
	})
}

// FuzzLoad loads a mangled definition: problems are reported, nothing panics.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"id":"4950008680033000","forms":["495008680033800330"]}`), []byte(`{"form_id":"495008680033800330","sections":[{"base":"A","fields":[{"name":"x1","type":"phone"}]}]}`))
	f.Fuzz(func(t *testing.T, procedure, form []byte) {
		fsys := fstest.MapFS{
			"4950008680033000/procedure.json":          {Data: procedure},
			"4950008680033000/495008680033800330.json": {Data: form},
			"4950008680033000/495008680033800330.tree": {Data: []byte("DataRoot\n\tA\n\t\tB\n")},
		}
		_, err := Load(fsys)
		var de *DefinitionError
		if !errors.As(err, &de) {
			t.Fatalf("a broken set of definitions loads: %v", err)
		}
	})
}

func wellFormed(t *testing.T, data []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
	}
}
