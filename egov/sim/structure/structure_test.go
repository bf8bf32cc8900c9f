package structure

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim/xmltree"
)

func TestTablesLoad(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"4950013521019000", "4950013520714000", "4950008680033000", "4950008680034000"} {
		p, ok := Lookup(id)
		if !ok {
			t.Errorf("%s is missing", id)
			continue
		}
		if p.Signatures != 1 || p.Agency() != "100495" || len(p.Attachments) != 1 || !strings.HasSuffix(p.Name, "／電子申請") {
			t.Errorf("%s: %+v", id, p)
		}
		if want := "495" + id[4:13]; !strings.HasPrefix(p.Forms[0].ID, want) {
			t.Errorf("%s: form %s does not begin with %s", id, p.Forms[0].ID, want)
		}
	}
}

// TestTablesAgainstReference compares the order of elements and the constants
// with the reference's skeletons, where those are at hand. It keeps slips of
// the pen out of tables that are written by hand.
func TestTablesAgainstReference(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("TODOKE_REFERENCE")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "reference")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the reference is not at hand; set TODOKE_REFERENCE")
	}
	for id, p := range load().procedures {
		skeleton := filepath.Join(dir, "forms", "skeleton", id)
		compareSkeleton(t, filepath.Join(skeleton, p.Forms[0].File), p.Forms[0].table, nil)
		compareSkeleton(t, filepath.Join(skeleton, "kousei.xml"), load().kousei, p)
	}
}

func compareSkeleton(t *testing.T, file string, table *table, p *Procedure) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return
	}
	root, err := xmltree.Parse(data)
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	var want, got []string
	var walk func(path string, n *xmltree.Node)
	walk = func(path string, n *xmltree.Node) {
		path += "/" + n.Name
		want = append(want, path+"="+n.Value())
		for _, c := range n.Children {
			walk(path, c)
		}
	}
	walk("", root)
	table.root.walk(func(e *element) {
		for up := e; up != nil; up = up.parent {
			if up.occurs == '*' || up.occurs == '?' {
				return // inserted by the sender
			}
		}
		value := ""
		switch {
		case e.kind == "=" && p != nil:
			value = expand(e.args[0], p, &p.Forms[0])
		case e.kind == "=":
			value = e.args[0]
		}
		got = append(got, "/"+e.path()+"="+value)
	})
	// Two values of the skeletons are one sender's choice, not constants.
	for i, line := range want {
		name, _, _ := strings.Cut(line, "=")
		if strings.HasSuffix(name, "通知書希望形式") || strings.HasSuffix(name, "回収区分") {
			want[i] = name + "="
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-reference +table):\n%s", file, diff)
	}
}

func TestAlphabets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind, value string
		want        bool
	}{
		{"wide", "東京都　１－２ー３ＡＢｃ、。々〆凜熙", true},
		{"wide", "髙橋", false},
		{"wide", "山﨑", false},
		{"wide", "①", false},
		{"wide", "㈱", false},
		{"wide", "Ⅲ", false},
		{"wide", "纊", false},
		{"wide", "𠮷野", false},
		{"wide", "abc", false},
		{"wide", "ｱｲｳ", false},
		{"wide", "か\u3099", false}, // combining mark
		{"wide", "\u2212", false},  // not the minus of JIS X 0208 as e-Gov reads it
		{"text", "ABC あいう", true},
		{"text", "ｱ", false},
		{"text", "髙", false},
		{"name", "山田　太郎", true},
		{"name", "Ｓｍｉｔｈ　Ｊ", true},
		{"name", "佐々木　のぞみ", true},
		{"name", "山田太郎", false},
		{"name", "山田 太郎", false},
		{"name", "グエン　ヴァン　アン", true},
		{"name", "山田　　太郎", false},
		{"name", "　山田", false},
		{"name", "試験　太郎１", true},
		{"name", "試験　太郎！", false},
		{"kananame", "ヤマダ　タロー", true},
		{"kananame", "ヴァン　ヶ", true},
		{"kananame", "ヤマダ　太郎", false},
		{"symbol", "イロ12", true},
		{"symbol", "いろ", false},
		{"roman", "TARO YAMADA", true},
		{"roman", "TARO  YAMADA", false},
	}
	for _, tt := range tests {
		if got := alphabets[tt.kind](tt.value); got != tt.want {
			t.Errorf("%s %q = %v", tt.kind, tt.value, got)
		}
	}
	if n := len(jisX0208()); n != 6879 {
		t.Errorf("JIS X 0208 has %d characters, want 6879", n)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value string
		want  bool
	}{
		{"123456789018", true},
		{"000000000000", true}, // remainder 0 gives check digit 0
		{"123456789012", false},
		{"12345678901", false},
		{"12345678901８", false},
	}
	for _, tt := range tests {
		if got := myNumber(tt.value); got != tt.want {
			t.Errorf("%q = %v", tt.value, got)
		}
	}
	for sum, seen := 0, 0; sum < 1000; sum++ {
		// Of ten check digits exactly one is right for any eleven others.
		body := strings.Repeat("0", 8) + string(rune('0'+sum/100)) + string(rune('0'+sum/10%10)) + string(rune('0'+sum%10))
		seen = 0
		for d := '0'; d <= '9'; d++ {
			if myNumber(body + string(d)) {
				seen++
			}
		}
		if seen != 1 {
			t.Fatalf("%s has %d check digits", body, seen)
		}
	}
}

func TestCalendar(t *testing.T) {
	t.Parallel()
	tests := []struct {
		system string
		d      date
		want   string // "" for none
	}{
		{"", date{era: "令和", year: "8", month: "7", day: "1"}, "2026-07-01"},
		{"", date{era: "9", year: "1", month: "5", day: "1"}, "2019-05-01"},
		{"", date{era: "9", year: "1", month: "4", day: "30"}, ""},
		{"", date{era: "7", year: "31", month: "4", day: "30"}, "2019-04-30"},
		{"", date{era: "7", year: "31", month: "5", day: "1"}, ""},
		{"", date{era: "昭和", year: "1", month: "12", day: "25"}, "1926-12-25"},
		{"", date{era: "昭和", year: "1", month: "12", day: "24"}, ""},
		{"", date{era: "大正", year: "15", month: "12", day: "25"}, "1926-12-25"},
		{"", date{era: "明治", year: "1", month: "9", day: "8"}, "1868-09-08"},
		{"", date{era: "慶応", year: "1", month: "1", day: "1"}, ""},
		{"", date{era: "9", year: "6", month: "2", day: "29"}, "2024-02-29"},
		{"", date{era: "9", year: "7", month: "2", day: "29"}, ""},
		{"", date{era: "9", year: "08", month: "7", day: "1"}, ""},
		{"", date{era: "9", year: "０", month: "7", day: "1"}, ""},
		{"reiwa", date{year: "8", month: "7", day: "1"}, "2026-07-01"},
		{"western", date{year: "2028", month: "12", day: "31"}, "2028-12-31"},
		{"western", date{year: "2101", month: "1", day: "1"}, ""},
	}
	for _, tt := range tests {
		got, ok := tt.d.calendar(tt.system)
		text := ""
		if ok {
			text = got.Format("2006-01-02")
		}
		if text != tt.want {
			t.Errorf("%s %+v = %q, want %q", tt.system, tt.d, text, tt.want)
		}
	}
}

func TestParseTableRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"no root":             "name x",
		"second root":         "DataRoot\nDataRoot",
		"jump in depth":       "DataRoot\n\t\ta",
		"unknown type":        "DataRoot\n\ta colour",
		"missing width":       "DataRoot\n\ta wide",
		"width reversed":      "DataRoot\n\ta wide 5-2",
		"width no number":     "DataRoot\n\ta wide x",
		"arguments too many":  "DataRoot\n\ta flag 1",
		"code without values": "DataRoot\n\ta code",
		"rule before a root":  "rule one-of a b",
		"rule unknown":        "DataRoot\n\ta flag\nrule never a a",
		"rule ambiguous":      "DataRoot\n\ta flag\n\ta flag\n\tb flag\nrule one-of a b",
		"rule too short":      "DataRoot\n\ta flag\nrule when a",
		"message only":        "DataRoot\n\t| x",
	}
	for name, text := range tests {
		if _, _, err := parseTable(text); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzTable(f *testing.F) {
	for _, name := range []string{"kousei.txt", "4950008680034000.txt"} {
		text, err := tables.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("DataRoot\n\ta ! code 1 | x\nrule one-of a a")
	f.Fuzz(func(t *testing.T, text string) {
		_, table, err := parseTable(text)
		if (table == nil) == (err == nil) {
			t.Fatal("exactly one of table and error is expected")
		}
	})
}

// TestXMLTreeAgreesWithEncodingXML guards against the two parses of a signed
// document seeing different elements.
func TestXMLTreeAgreesWithEncodingXML(t *testing.T) {
	t.Parallel()
	const doc = `<?xml version="1.0" encoding="UTF-8"?><a><b>1</b><c x="y"/><!-- z --><![CDATA[<d/>]]></a>`
	root, err := xmltree.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for dec := xml.NewDecoder(strings.NewReader(doc)); ; {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := tok.(xml.StartElement); ok {
			names = append(names, s.Name.Local)
		}
	}
	got := []string{root.Name}
	for _, c := range root.Children {
		got = append(got, c.Name)
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Error(diff)
	}
}
