package forms

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zip"
	"pgregory.net/rapid"
)

func TestPack(t *testing.T) {
	t.Parallel()
	app := mustBuild(t, employmentGain)
	signed := append([]byte("signed "), app.Configuration...)
	folders := []Folder{app.Folder(employmentGain+"(1)", signed), mustBuild(t, pensionGain).Folder(pensionGain, nil)}
	first, err := Pack(folders)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Pack(folders)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("packing depends on more than its input")
	}
	if len(first) > PackedSize(folders) || cap(first) != PackedSize(folders) {
		t.Errorf("%d octets in a buffer of %d, bound %d: the buffer grew", len(first), cap(first), PackedSize(folders))
	}
	r, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.File {
		names = append(names, f.Name)
		if strings.HasSuffix(f.Name, "/") {
			t.Errorf("directory entry %s", f.Name)
		}
	}
	want := "4950008680033000(1)/kousei.xml 4950008680033000(1)/495008680033800330_01.xml 4950008680033000(1)/agency_certificate.pdf " +
		"4950013521019000/kousei.xml 4950013521019000/495013521019030837_01.xml 4950013521019000/agency_certificate.pdf"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("entries\n%s\nwant\n%s", got, want)
	}
	if got := readEntry(t, r.File[0]); !bytes.Equal(got, signed) {
		t.Error("kousei.xml is not the signed one")
	}
}

func TestPackUTF8Names(t *testing.T) {
	t.Parallel()
	out, err := Pack([]Folder{{Name: pensionGain, Files: []FormFile{{"添付書類１.pdf", []byte("x")}}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(out), int64(len(out)))
	if err != nil {
		t.Fatal(err)
	}
	if f := r.File[0]; f.Flags&0x800 == 0 || f.NonUTF8 || f.Name != pensionGain+"/添付書類１.pdf" {
		t.Errorf("name %q, flags %x", f.Name, f.Flags)
	}
}

func TestPackRefuses(t *testing.T) {
	t.Parallel()
	file := func(names ...string) []Folder {
		f := Folder{Name: "4950008680033000"}
		for _, n := range names {
			f.Files = append(f.Files, FormFile{n, []byte("x")})
		}
		return []Folder{f}
	}
	tests := map[string][]Folder{
		"none": nil, "empty folder": {{Name: "a"}}, "same folder": append(file("a.xml"), file("a.xml")...),
		"folder path": {{Name: "../a", Files: []FormFile{{"a.xml", nil}}}}, "folder slash": {{Name: "a/b", Files: []FormFile{{"a.xml", nil}}}},
		"no folder name": {{Name: "", Files: []FormFile{{"a.xml", nil}}}}, "nested": file("a/b.xml"), "dots": file("..", "a.xml"),
		"twice": file("a.xml", "A.XML"), "blank": file("a b.xml"), "wide blank": file("あ　い.xml"), "wide minus": file("あ－い.xml"),
		"circled": file("①.pdf"), "no extension": file("kousei"), "hidden": file(".xml"), "backslash": file(`a\b.xml`), "control": file("a\x00.xml"),
		"long": file(strings.Repeat("a", 200) + ".xml"), "half-width kana": file("ｱ.xml"),
	}
	for name, folders := range tests {
		if _, err := Pack(folders); !errors.Is(err, ErrPack) {
			t.Errorf("%s: %v, want ErrPack", name, err)
		}
	}
}

func TestPackedSizeBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		folders := []Folder{{Name: pensionGain}}
		for i, data := range rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 5000), 1, 5).Draw(t, "files") {
			folders[0].Files = append(folders[0].Files, FormFile{string(rune('a'+i)) + ".bin", data})
		}
		out, err := Pack(folders)
		if err != nil {
			t.Fatal(err)
		}
		if len(out) > PackedSize(folders) {
			t.Fatalf("%d octets, bound %d", len(out), PackedSize(folders))
		}
	})
}

func readEntry(t *testing.T, f *zip.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
