package forms

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestBuildGolden(t *testing.T) {
	t.Parallel()
	for _, id := range allProcedures {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			app := mustBuild(t, id)
			golden(t, id+".kousei.golden.xml", app.Configuration)
			for _, f := range app.Forms {
				// The golden holds the synthetic number masked, as any stored copy does.
				golden(t, strings.TrimSuffix(f.Name, ".xml")+".golden.xml", bytes.ReplaceAll(f.Data, testNumber, []byte(MaskedNumber)))
			}
		})
	}
}

func TestBuildDates(t *testing.T) {
	t.Parallel()
	app := mustBuild(t, employmentGain)
	got := leaves(t, app.Forms[0].Data)
	want := map[string]string{"届出年月日/年号": "令和", "届出年月日/年": "8", "届出年月日/月": "4", "届出年月日/日": "11"}
	for path, w := range want {
		if v := got["DataRoot/G00005-A-250045-001_1/"+path]; v != w {
			t.Errorf("%s = %q, want %q: the day of building in Japan", path, v, w)
		}
	}
}

func TestBuildErrors(t *testing.T) {
	t.Parallel()
	good := map[string][]byte{"person": testNumber}
	tests := []struct {
		name        string
		digits      map[string][]byte
		attachments []Attachment
	}{
		{"no digits", nil, certificate()},
		{"check digit", map[string][]byte{"person": []byte("123456789012")}, certificate()},
		{"short", map[string][]byte{"person": []byte("12345678901")}, certificate()},
		{"not digits", map[string][]byte{"person": []byte("12345678901x")}, certificate()},
		{"unknown slot", map[string][]byte{"person": testNumber, "123456789018": testNumber}, certificate()},
		{"no certificate", good, nil},
		{"certificate by post", good, []Attachment{{Name: "提出代行に関する証明書", Separate: true}}},
		{"post with file", good, append(certificate(), Attachment{Name: "別紙", Separate: true, FileName: "x.pdf"})},
		{"reserved name", good, append(certificate(), Attachment{Name: "別紙", FileName: "KOUSEI.xml", Data: []byte("x")})},
		{"name twice", good, append(certificate(), Attachment{Name: "別紙", FileName: "Agency_Certificate.pdf", Data: []byte("x")})},
		{"extension", good, append(certificate(), Attachment{Name: "別紙", FileName: "x.exe", Data: []byte("x")})},
		{"path", good, append(certificate(), Attachment{Name: "別紙", FileName: "../x.pdf", Data: []byte("x")})},
		{"number in file name", good, append(certificate(), Attachment{Name: "別紙", FileName: "a123456789018.pdf", Data: []byte("x")})},
		{"number in name", good, append(certificate(), Attachment{Name: "１２３４５６７８９０１８", FileName: "x.pdf", Data: []byte("x")})},
		{"unusable name", good, append(certificate(), Attachment{Name: "髙", FileName: "x.pdf", Data: []byte("x")})},
		{"empty", good, append(certificate(), Attachment{Name: "別紙", FileName: "x.pdf"})},
		{"too large", good, append(certificate(), Attachment{Name: "別紙", FileName: "x.pdf", Data: make([]byte, maxAttachment+1)})},
	}
	filled := mustFill(t, pensionGain, testFacts(), testEvent(pensionGain))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app, err := filled.Build(testAt, tt.digits, tt.attachments)
			if !errors.Is(err, ErrBuild) || app != nil {
				t.Fatalf("got %v, %v, want ErrBuild", app, err)
			}
			if strings.Contains(err.Error(), "12345678901") {
				t.Errorf("the error repeats digits: %v", err)
			}
		})
	}
}

func TestWipe(t *testing.T) {
	t.Parallel()
	app := mustBuild(t, pensionGain)
	form, configuration := app.Forms[0].Data, app.Configuration
	// Nothing was left behind by a grown buffer: the number is in the spare
	// capacity neither before nor after.
	if n := bytes.Count(form[:cap(form)], testNumber); n != 1 {
		t.Fatalf("the number occurs %d times in the buffer, want once", n)
	}
	app.Wipe()
	for _, b := range [][]byte{form[:cap(form)], configuration} {
		if len(bytes.Trim(b, "\x00")) != 0 {
			t.Fatal("not wiped")
		}
	}
}

func TestBasicPensionNumber(t *testing.T) {
	t.Parallel()
	event := with(testEvent(pensionGain), "number_kind", "basic_pension", "basic_pension_number", "1234-567890")
	filled := mustFill(t, pensionGain, testFacts(), event)
	if n := filled.Numbers(); len(n) != 0 {
		t.Fatalf("slots %v, want none", n)
	}
	app, err := filled.Build(testAt, nil, certificate())
	if err != nil {
		t.Fatal(err)
	}
	got := leaves(t, app.Forms[0].Data)
	base := "DataRoot/G00005-A-330522-001_1/P1_G00005-A-330522-001_1/"
	want := map[string]string{
		"P1_個人番号または基礎年金番号": "1234567890", "P1_被保険者x被用者住所x郵便番号x親番号": "150",
		"P1_被保険者x被用者住所x郵便番号x子番号": "0042", "P1_被保険者x被用者住所": "東京都渋谷区宇田川町４丁目５番６号",
	}
	for path, w := range want {
		if got[base+path] != w {
			t.Errorf("%s = %q, want %q", path, got[base+path], w)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, id := range allProcedures {
		slots := mustFill(t, id, testFacts(), testEvent(id)).Numbers()
		if len(slots) != 1 || slots[0].Name != "person" || !strings.Contains(slots[0].Path, "個人番号") {
			t.Errorf("%s: slots %+v", id, slots)
		}
	}
	refused := with(testEvent(employmentGain), "number_kind", "none", "remark", "本人事由により個人番号の届出不可")
	if n := mustFill(t, employmentGain, testFacts(), refused).Numbers(); len(n) != 0 {
		t.Errorf("slots %v when the number is refused", n)
	}
}

func TestEventDate(t *testing.T) {
	t.Parallel()
	tests := []struct{ id, event, notBefore string }{
		{pensionGain, "2026-04-01", "2026-04-01T00:00:00+09:00"},
		{pensionLoss, "2026-04-01", "2026-04-01T00:00:00+09:00"}, // the day after leaving
		{employmentGain, "2026-04-01", "2026-04-01T00:00:00+09:00"},
		{employmentLoss, "2026-03-31", "2026-04-01T00:00:00+09:00"},
	}
	for _, tt := range tests {
		f := mustFill(t, tt.id, testFacts(), testEvent(tt.id))
		if got := f.EventDate().Format("2006-01-02"); got != tt.event {
			t.Errorf("%s: event date %s, want %s", tt.id, got, tt.event)
		}
		if got := f.Procedure().EventDate(testEvent(tt.id)); got != tt.event {
			t.Errorf("%s: the event alone gives %q, want %s", tt.id, got, tt.event)
		}
		if got := f.NotBefore().Format("2006-01-02T15:04:05-07:00"); got != tt.notBefore {
			t.Errorf("%s: not before %s, want %s", tt.id, got, tt.notBefore)
		}
	}
}

// TestWellFormed reads every file with encoding/xml and, where it is
// installed, with xmllint.
func TestWellFormed(t *testing.T) {
	t.Parallel()
	for _, id := range allProcedures {
		app := mustBuild(t, id)
		for _, f := range append(app.Forms, FormFile{"kousei.xml", app.Configuration}) {
			d := xml.NewDecoder(bytes.NewReader(f.Data))
			for {
				_, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%s %s: %v", id, f.Name, err)
				}
			}
			if bytes.Contains(f.Data, []byte("\r")) || bytes.Contains(f.Data, []byte("/>")) {
				t.Errorf("%s %s: not written canonically", id, f.Name)
			}
		}
	}
}

func TestXMLLint(t *testing.T) {
	t.Parallel()
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed")
	}
	for _, id := range allProcedures {
		filled := mustFill(t, id, testFacts(), testEvent(id))
		files, err := filled.MaskedCopy(testAt, certificate())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := filepath.Join(t.TempDir(), f.Name)
			if err := os.WriteFile(name, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(lint, "--noout", name).CombinedOutput()
			if err != nil {
				t.Errorf("%s %s: %v\n%s", id, f.Name, err, out)
			}
			canonical, err := exec.Command(lint, "--c14n", name).Output()
			if err != nil {
				t.Fatal(err)
			}
			// Canonical form drops the declaration and the last line end only.
			want := strings.TrimSuffix(strings.TrimPrefix(string(f.Data), xmlHead), "\n")
			if strings.TrimSuffix(string(canonical), "\n") != want {
				t.Errorf("%s %s is not its own canonical form", id, f.Name)
			}
		}
	}
}

// leaves reads a file into its leaf paths and texts.
func leaves(t testing.TB, data []byte) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, l := range leafList(t, data) {
		out[l[0]] = l[1]
	}
	return out
}

// leafList reads a file into its leaves in order: path and trimmed text.
func leafList(t testing.TB, data []byte) [][2]string {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(data))
	var stack []string
	var text strings.Builder
	leaf := false
	var out [][2]string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			stack, leaf = append(stack, x.Name.Local), true
			text.Reset()
		case xml.CharData:
			text.Write(x)
		case xml.EndElement:
			if leaf {
				out = append(out, [2]string{strings.Join(stack, "/"), strings.TrimSpace(text.String())})
			}
			stack, leaf = stack[:len(stack)-1], false
		}
	}
}
