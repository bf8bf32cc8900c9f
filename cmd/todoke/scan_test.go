package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// needle is a byte sequence that must not be found, and what it is.
type needle struct {
	what  string
	bytes []byte
}

// numberNeedles are the usual forms of a number, and digests of those forms.
func numberNeedles(number string) []needle {
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, number)
	groups := func(separator string) string { return number[:4] + separator + number[4:8] + separator + number[8:] }
	var needles []needle
	for what, text := range map[string]string{
		"digits": number, "full width": wide, "hyphenated": groups("-"), "blanks": groups(" "),
		"full-width hyphens": wide[:12] + "－" + wide[12:24] + "－" + wide[24:],
	} {
		needles = append(needles, needle{what, []byte(text)}, needle{what + ", UTF-16LE", utf16Bytes(text, binary.LittleEndian)},
			needle{what + ", UTF-16BE", utf16Bytes(text, binary.BigEndian)})
		needles = append(needles, encodings(what, []byte(text))...)
		needles = append(needles, digests(what, []byte(text))...)
	}
	value, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		panic(err)
	}
	var big, little [8]byte
	binary.BigEndian.PutUint64(big[:], value)
	binary.LittleEndian.PutUint64(little[:], value)
	// Five bytes hold every number, in whatever width an integer is stored.
	return append(needles, needle{"integer, big endian", big[3:]}, needle{"integer, little endian", little[:5]},
		needle{"integer in hex", fmt.Appendf(nil, "%x", value)})
}

func utf16Bytes(text string, order binary.ByteOrder) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, 0, 0)
		order.PutUint16(out[len(out)-2:], unit)
	}
	return out
}

// encodings are hex, and base64 at each of the three alignments that a text can
// have inside something longer.
func encodings(what string, data []byte) []needle {
	needles := []needle{
		{what + ", hex", []byte(hex.EncodeToString(data))},
		{what + ", HEX", []byte(strings.ToUpper(hex.EncodeToString(data)))},
	}
	for shift := range 3 {
		padded := append(make([]byte, shift), data...)
		whole := len(padded) / 3 * 3
		encoded := base64.StdEncoding.EncodeToString(padded[:whole])
		if shift > 0 {
			encoded = encoded[4:]
		}
		needles = append(needles, needle{fmt.Sprintf("%s, base64+%d", what, shift), []byte(encoded)})
	}
	return needles
}

// digests of data, as bytes, hex and base64.
func digests(what string, data []byte) []needle {
	m, s1, s2, s5 := md5.Sum(data), sha1.Sum(data), sha256.Sum256(data), sha512.Sum512(data)
	var needles []needle
	for name, sum := range map[string][]byte{"MD5": m[:], "SHA-1": s1[:], "SHA-256": s2[:], "SHA-512": s5[:]} {
		needles = append(needles, needle{name + " of " + what, sum}, needle{name + " of " + what + ", hex", []byte(hex.EncodeToString(sum))},
			needle{name + " of " + what + ", base64", []byte(strings.TrimRight(base64.StdEncoding.EncodeToString(sum), "="))})
	}
	return needles
}

var signed = regexp.MustCompile(`<(DigestValue|SignatureValue)>([^<]+)</`)

// packageNeedles are the digests and signature values of the packages in a folder
// of recorded bulks: each is a digest of something that holds a number.
func packageNeedles(t *testing.T, dir string) []needle {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(dir, "*.zip"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no recorded packages in %s: %v", dir, err)
	}
	var needles []needle
	for _, path := range archives {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		needles = append(needles, digests("package", data)...)
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range archive.File {
			if !strings.HasSuffix(file.Name, ".xml") {
				continue // the agency certificate is the same for all and holds no number
			}
			content := readAll(t, file.Open)
			needles = append(needles, digests(file.Name, content)...)
			for _, match := range signed.FindAllSubmatch(content, -1) {
				raw, err := base64.StdEncoding.DecodeString(string(match[2]))
				if err != nil {
					t.Fatal(err)
				}
				needles = append(needles, needle{string(match[1]), match[2]}, needle{string(match[1]) + ", raw", raw},
					needle{string(match[1]) + ", hex", []byte(hex.EncodeToString(raw))})
			}
		}
	}
	return needles
}

func readAll(t *testing.T, open func() (io.ReadCloser, error)) []byte {
	t.Helper()
	in, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// search looks for the needles in data and in whatever is compressed inside it.
func search(where string, data []byte, needles []needle, depth int) []string {
	var found []string
	for _, n := range needles {
		if bytes.Contains(data, n.bytes) {
			found = append(found, where+": "+n.what)
		}
	}
	if depth == 0 {
		return found
	}
	for name, inner := range unpack(data) {
		found = append(found, search(where+"!"+name, inner, needles, depth-1)...)
	}
	return found
}

// unpack returns every zip entry and every gzip and zlib stream inside data, from
// whichever offset it starts.
func unpack(data []byte) map[string][]byte {
	const largest = 16 << 20
	inner := map[string][]byte{}
	read := func(name string, in io.Reader, err error) {
		if err != nil {
			return
		}
		content, _ := io.ReadAll(io.LimitReader(in, largest))
		if len(content) > 0 {
			inner[name] = content
		}
	}
	if at := bytes.Index(data, []byte("PK\x03\x04")); at >= 0 {
		archive, err := zip.NewReader(bytes.NewReader(data[at:]), int64(len(data)-at))
		if err == nil {
			for _, file := range archive.File {
				in, err := file.Open()
				read(file.Name, in, err)
			}
		}
	}
	for i := range data {
		switch {
		case bytes.HasPrefix(data[i:], []byte{0x1f, 0x8b, 8}):
			in, err := gzip.NewReader(bytes.NewReader(data[i:]))
			read(fmt.Sprintf("gzip@%d", i), in, err)
		case data[i]&0x0f == 8 && i+1 < len(data) && (uint(data[i])<<8|uint(data[i+1]))%31 == 0 && data[i]>>4 <= 7:
			in, err := zlib.NewReader(bytes.NewReader(data[i:]))
			read(fmt.Sprintf("zlib@%d", i), in, err)
		}
	}
	return inner
}

func searchTree(t *testing.T, root string, needles []needle) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found = append(found, search(path, data, needles, 2)...)
		found = append(found, search("name of "+path, []byte(path), needles, 0)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestNumbersLeaveNoTrace runs the demo and looks for its numbers, in any usual
// form, and for digests of them or of packages that hold one, in every file under
// the office's directory, TMPDIR and HOME, and in the output.
func TestNumbersLeaveNoTrace(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	people, numbers := peopleFile(t, 5)
	dir, record := filepath.Join(t.TempDir(), "office"), t.TempDir()
	cmd := command(t, nil, "demo", "--dir", dir, "--people", people, "--record", record)
	home := strings.TrimPrefix(cmd.Env[1], "HOME=")
	p := finish(t, cmd)
	if p.code != 0 {
		t.Fatalf("demo: exit %d\n%s%s", p.code, p.out, p.err)
	}
	needles := packageNeedles(t, record)
	for _, number := range numbers {
		needles = append(needles, numberNeedles(number)...)
	}
	found := append(searchTree(t, dir, needles), searchTree(t, home, needles)...)
	found = append(found, search("output", []byte(p.out+p.err), needles, 0)...)
	for _, f := range found {
		t.Error(f)
	}
	// The same needles are where they belong, or the search would prove nothing.
	if len(searchTree(t, record, needles)) == 0 {
		t.Error("the numbers were not found in the recorded packages either")
	}
}

// TestAKilledNightLeavesNoTrace looks while the write-ahead logs are still there,
// in an office whose night died with numbers in memory.
func TestAKilledNightLeavesNoTrace(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	_, numbers := peopleFile(t, 1)
	var needles []needle
	for _, number := range numbers {
		needles = append(needles, numberNeedles(number)...)
	}
	together(t, []string{"number revealed", "package verified", "answer received"}, func(t *testing.T, i int) {
		step := []string{"number revealed", "package verified", "answer received"}[i]
		_, url := ministry(t, nil)
		dir := heldOffice(t, url, 1)
		cmd := command(t, []string{killVariable + "=" + step}, "night", "--dir", dir)
		home := strings.TrimPrefix(cmd.Env[1], "HOME=")
		p := finish(t, cmd)
		if !p.killed {
			t.Fatalf("the night was not killed: exit %d\n%s%s", p.code, p.out, p.err)
		}
		_, err := os.Stat(filepath.Join(dir, "office.db-wal"))
		if err != nil {
			t.Errorf("no write-ahead log is left to look into: %v", err)
		}
		found := append(searchTree(t, dir, needles), searchTree(t, home, needles)...)
		for _, f := range append(found, search("output", []byte(p.out+p.err), needles, 0)...) {
			t.Error(f)
		}
	})
}

// TestTheSearchCanFail plants each form of a number in a file, plain and
// compressed, and insists that it is found.
func TestTheSearchCanFail(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	number := testNumber(77)
	for _, n := range numberNeedles(number) {
		for packing, pack := range map[string]func([]byte) []byte{
			"plain": func(b []byte) []byte { return b }, "gzip": packGzip, "zlib": packZlib, "zip": packZip,
		} {
			dir := t.TempDir()
			content := append([]byte("some text before "), pack(append([]byte("xx"), append(n.bytes, "yy"...)...))...)
			err := os.WriteFile(filepath.Join(dir, "planted"), content, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			if len(searchTree(t, dir, []needle{n})) == 0 {
				t.Errorf("%s was not found in %s", n.what, packing)
			}
		}
	}
	// A number in the middle of a base64 text, at each alignment.
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a", shift) + number + "zz"))
		if len(search("text", []byte(text), numberNeedles(number), 0)) == 0 {
			t.Errorf("base64 at alignment %d was not found", shift)
		}
	}
}

func packGzip(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func packZlib(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func packZip(b []byte) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	file, err := w.Create("inside")
	if err == nil {
		_, _ = file.Write(b)
	}
	_ = w.Close()
	return out.Bytes()
}
