package signing

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	kzip "github.com/klauspost/compress/zip"

	"github.com/google/go-cmp/cmp"
)

// packed is an entry of a zip file under construction.
type packed struct {
	name   string
	data   []byte
	change func(*zip.FileHeader)
}

func zipOf(t testing.TB, entries ...packed) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if strings.HasSuffix(e.name, "/") {
			header.Method = zip.Store
		}
		if e.change != nil {
			e.change(header)
		}
		f, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(e.data)
		if err != nil {
			t.Fatal(err)
		}
	}
	err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const folderName = "4950000000000000(1)"

// filing returns the entries of one complete folder.
func filing(t testing.TB, folder string) []packed {
	t.Helper()
	entries := []packed{{name: folder + "/kousei.xml", data: []byte(signed(t))}}
	for _, f := range forms(t) {
		entries = append(entries, packed{name: folder + "/" + f.Name, data: f.Data})
	}
	return append(entries, packed{name: folder + "/agency_certificate.pdf", data: []byte("%PDF-1.4 synthetic")})
}

func codesOf(r Report) []string {
	var out []string
	add := func(problems []*Problem) {
		for _, p := range problems {
			out = append(out, p.Code[len("TODOKE-SIG-"):]+" "+p.Subject)
		}
	}
	add(r.Problems)
	for _, f := range r.Folders {
		add(f.Problems)
	}
	return out
}

func TestVerifyPackage(t *testing.T) {
	t.Parallel()

	entries := append([]packed{{name: folderName + "/"}}, filing(t, folderName)...)
	entries = append(entries, packed{name: folderName + "/999000000000000001.xsl", data: []byte("<a/>")})
	entries = append(entries, filing(t, "4950000000000000(2)")...)
	r := VerifyPackage(zipOf(t, entries...), signedAt)
	if !r.OK() {
		t.Fatalf("problems: %v", codesOf(r))
	}
	if len(r.Folders) != 2 {
		t.Fatalf("%d folders", len(r.Folders))
	}
	f := r.Folders[0]
	if f.Name != folderName || f.ProcedureID != "4950000000000000" || len(f.Signed) != 1 {
		t.Errorf("folder %s, procedure %s, %d signed", f.Name, f.ProcedureID, len(f.Signed))
	}
	covered := []string{"kousei.xml"}
	want := []Entry{
		{Name: formName, Size: int64(len(forms(t)[0].Data)), Listed: true, CoveredBy: covered},
		{Name: secondFormName, Size: 25, Listed: true, CoveredBy: covered},
		{Name: "999000000000000001.xsl", Size: 4},
		{Name: "agency_certificate.pdf", Size: 18, Listed: true},
		{Name: "kousei.xml", Size: int64(len(signed(t))), CoveredBy: covered},
	}
	if diff := cmp.Diff(want, f.Entries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// TestReportText shows the report as it is printed, good and bad.
func TestReportText(t *testing.T) {
	t.Parallel()

	entries := filing(t, folderName)
	broken := filing(t, "4950000000000000(2)")
	broken[1].data = []byte("x")
	r := VerifyPackage(zipOf(t, append(entries, broken[:3]...)...), signedAt)
	got := r.String()
	file := filepath.Join("testdata", "golden", "report.txt")
	if *update {
		err := os.WriteFile(file, []byte(got), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(read(t, "golden", "report.txt")), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	inJSON, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range append(digestValue.FindAllString(signed(t), -1), "試験　太郎", "<SignatureValue>") {
		secret = strings.TrimSuffix(strings.TrimPrefix(secret, "<DigestValue>"), "</DigestValue>")
		if strings.Contains(got, secret) || strings.Contains(string(inJSON), secret) {
			t.Errorf("the report tells %s", secret)
		}
	}
}

// TestOtherZipWriters: the layout check must take what real writers write.
func TestOtherZipWriters(t *testing.T) {
	t.Parallel()

	var b bytes.Buffer
	w := kzip.NewWriter(&b)
	for _, e := range filing(t, folderName) {
		f, err := w.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(e.data)
		if err != nil {
			t.Fatal(err)
		}
	}
	err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	r := VerifyPackage(b.Bytes(), signedAt)
	if !r.OK() {
		t.Errorf("klauspost: %v", codesOf(r))
	}

	stored := filing(t, folderName)
	for i := range stored {
		stored[i].change = func(h *zip.FileHeader) { h.Method = zip.Store; h.SetMode(0o644) }
	}
	r = VerifyPackage(zipOf(t, stored...), signedAt)
	if !r.OK() {
		t.Errorf("stored: %v", codesOf(r))
	}
}

func TestVerifyFolder(t *testing.T) {
	t.Parallel()

	tree := fstest.MapFS{}
	single := fstest.MapFS{}
	for _, e := range filing(t, folderName) {
		tree[e.name] = &fstest.MapFile{Data: e.data}
		single[strings.TrimPrefix(e.name, folderName+"/")] = &fstest.MapFile{Data: e.data}
	}
	for name, fsys := range map[string]fs.FS{folderName: tree, ".": single, "vector": nil} {
		if fsys == nil {
			fsys, name = os.DirFS(filepath.Join("testdata", "vector")), "."
		}
		r := VerifyFolder(fsys, signedAt)
		if !r.OK() || len(r.Folders) != 1 || r.Folders[0].Name != name {
			t.Errorf("%s: %s", name, r)
		}
	}

	with := func(name string, file *fstest.MapFile) fstest.MapFS {
		out := fstest.MapFS{name: file}
		for n, f := range tree {
			out[n] = f
		}
		return out
	}
	tests := []struct {
		name string
		fsys fs.FS
		want string
	}{
		{"empty", fstest.MapFS{}, "0063 "},
		{"no such folder", os.DirFS(filepath.Join("testdata", "none")), "0050 "},
		{"file beside the folders", with("readme.txt", &fstest.MapFile{}), "0055 readme.txt"},
		{"folder in a folder", with(folderName+"/a/b.xml", &fstest.MapFile{}), "0055 " + folderName + "/a"},
		{"link", with(folderName+"/a.xml", &fstest.MapFile{Mode: fs.ModeSymlink}), "0062 " + folderName + "/a.xml"},
		{"device", with(folderName+"/a.xml", &fstest.MapFile{Mode: fs.ModeDevice}), "0062 " + folderName + "/a.xml"},
		{"name with a space", with(folderName+"/a b.xml", &fstest.MapFile{}), "0054 " + folderName + "/a b.xml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := codesOf(VerifyFolder(tt.fsys, signedAt))
			if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFolderProblems(t *testing.T) {
	t.Parallel()

	change := func(change func([]packed) []packed) []packed { return change(filing(t, folderName)) }
	tests := []struct {
		name    string
		entries []packed
		want    []string
	}{
		{"form changed", change(func(e []packed) []packed { e[1].data = []byte("x"); return e }), []string{"0040 " + formName}},
		{"form missing", change(func(e []packed) []packed { return append(e[:1], e[2:]...) }), []string{"0061 " + formName, "0039 " + formName}},
		{"attachment missing", change(func(e []packed) []packed { return e[:3] }), []string{"0061 agency_certificate.pdf"}},
		{"kousei.xml missing", change(func(e []packed) []packed { return e[1:] }), []string{"0060 " + folderName}},
		{"empty folder", []packed{{name: folderName + "/"}}, []string{"0060 " + folderName}},
		{"not signed", change(func(e []packed) []packed { e[0].data = unsigned(t); return e }), []string{"0030 kousei.xml"}},
		{"not XML", change(func(e []packed) []packed { e[0].data = []byte("x"); return e }), []string{"0021 kousei.xml"}},
		{"kousei.xml too long", change(func(e []packed) []packed {
			e[0].data = bytes.Repeat([]byte("0123456789abcdef"), maxConfiguration/16+1)
			e[0].change = func(h *zip.FileHeader) { h.Method = zip.Store }
			return e
		}), []string{"0052 kousei.xml"}},
		{"reference too many", change(func(e []packed) []packed {
			e[0].data = mustSignFiles(t, append(forms(t), File{Name: "agency_certificate.pdf"}))
			return e
		}), []string{"0038 agency_certificate.pdf"}},
		{"reference missing", change(func(e []packed) []packed {
			e[0].data = mustSignFiles(t, forms(t)[:1])
			return e
		}), []string{"0037 " + secondFormName}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := codesOf(VerifyPackage(zipOf(t, tt.entries...), signedAt))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}

	// A certificate out of its time is a problem beside a signature that holds.
	r := VerifyPackage(zipOf(t, filing(t, folderName)...), signedAt.AddDate(10, 0, 0))
	if diff := cmp.Diff([]string{"0008 kousei.xml"}, codesOf(r)); diff != "" || len(r.Folders[0].Signed) != 1 {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func mustSignFiles(t testing.TB, files []File) []byte {
	t.Helper()
	out, err := Sign(unsigned(t), files, []Signer{signer(t)}, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestIndividualSignatures: kousei.xml carries no signature but lists configurations
// that do, one over a form and one over an attachment.
func TestIndividualSignatures(t *testing.T) {
	t.Parallel()

	const formPart, attachmentPart = "kousei20260710023015001.xml", "kousei20260710023015002.xml"
	list := func(names ...string) string {
		var b strings.Builder
		for _, name := range names {
			b.WriteString("<添付書類属性情報><添付書類ファイル名称>" + name + "</添付書類ファイル名称></添付書類属性情報>")
		}
		return b.String()
	}
	document := func(kind, inside string) []byte {
		return []byte(`<DataRoot><構成情報 ID="構成情報"><管理情報><申請種別>` + kind + `</申請種別></管理情報>` + inside + `</構成情報></DataRoot>`)
	}
	sign := func(kousei []byte, file File) []byte {
		out, err := Sign(kousei, []File{file}, []Signer{signer(t)}, signedAt)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	form, attachment := forms(t)[0], File{Name: "Test.pdf", Data: []byte("%PDF-1.4 synthetic")}
	parts := []packed{
		{name: "p/kousei.xml", data: document("新規申請", list(formPart, form.Name, attachmentPart, attachment.Name))},
		{name: "p/" + formPart, data: sign(document("申請書作成", "<申請書属性情報><申請書ファイル名称>"+form.Name+"</申請書ファイル名称></申請書属性情報>"), form)},
		{name: "p/" + attachmentPart, data: sign(document("添付書類署名", list(attachment.Name)), attachment)},
		{name: "p/" + form.Name, data: form.Data},
		{name: "p/" + attachment.Name, data: attachment.Data},
	}
	r := VerifyPackage(zipOf(t, parts...), signedAt)
	if !r.OK() || len(r.Folders[0].Signed) != 2 {
		t.Fatal(r)
	}
	for _, e := range r.Folders[0].Entries {
		if len(e.CoveredBy) == 0 && e.Name != mainConfiguration {
			t.Errorf("%s is not covered", e.Name)
		}
	}

	tests := []struct {
		name   string
		change func([]packed)
		want   []string
	}{
		{"form changed", func(p []packed) { p[3].data = []byte("x") }, []string{"0040 " + form.Name}},
		{"attachment changed", func(p []packed) { p[4].data = []byte("x") }, []string{"0040 Test.pdf"}},
		{"part not signed", func(p []packed) {
			p[2].data = document("添付書類署名", list(attachment.Name))
		}, []string{"0030 " + attachmentPart}},
		{"part missing", func(p []packed) { p[1].name = "p/other.xml" }, []string{"0061 " + formPart}},
		{"form listed by kousei.xml that no part signs", func(p []packed) {
			p[0].data = document("新規申請", list(formPart, form.Name, attachmentPart, attachment.Name)+
				"<申請書属性情報><申請書ファイル名称>"+attachment.Name+"2</申請書ファイル名称></申請書属性情報>")
			p[4] = packed{name: "p/" + attachment.Name + "2", data: attachment.Data}
		}, []string{"0061 Test.pdf", "0039 Test.pdf", "0037 Test.pdf2"}},
		{"part broken", func(p []packed) { p[1].data = []byte("x") }, []string{"0021 " + formPart}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changed := append([]packed(nil), parts...)
			tt.change(changed)
			got := codesOf(VerifyPackage(zipOf(t, changed...), signedAt))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHostileZips(t *testing.T) {
	t.Parallel()

	good := zipOf(t, filing(t, folderName)...)
	with := func(e ...packed) []byte { return zipOf(t, append(filing(t, folderName), e...)...) }
	flag := func(bits uint16) func(*zip.FileHeader) { return func(h *zip.FileHeader) { h.Flags |= bits } }
	many := make([]packed, maxEntries+1)
	for i := range many {
		many[i] = packed{name: fmt.Sprintf("a/%d", i)}
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty file", nil, "0050 "},
		{"no zip", []byte("<DataRoot/>"), "0050 "},
		{"no entries", zipOf(t), "0063 "},
		{"truncated at the end", good[:len(good)-1], "0050 "},
		{"truncated in the middle", good[:len(good)/2], "0050 "},
		{"octets before", append([]byte("MZ"), good...), "0058 "},
		{"octets after", append(bytes.Clone(good), 0), "0050 "},
		{"two zips in one", append(bytes.Clone(good), good...), "0058 "},
		{"archive comment", comment(good), "0050 "},
		{"upward path", with(packed{name: "../a.xml"}), "0054 ../a.xml"},
		{"upward path inside", with(packed{name: folderName + "/../a.xml"}), "0054 " + folderName + "/../a.xml"},
		{"absolute path", with(packed{name: "/a/b.xml"}), "0054 /a/b.xml"},
		{"drive", with(packed{name: "C:/b.xml"}), "0054 C:/b.xml"},
		{"backslash", with(packed{name: `a\b.xml`}), `0054 a\b.xml`},
		{"empty name", with(packed{name: folderName + "//a.xml"}), "0054 " + folderName + "//a.xml"},
		{"control character", with(packed{name: folderName + "/a\x1b[2J.xml"}), "0054 " + folderName + "/a\uFFFD[2J.xml"},
		{"direction override", with(packed{name: folderName + "/a\u202Elmx.exe"}), "0054 " + folderName + "/a\uFFFDlmx.exe"},
		{"MS932 name", with(packed{name: folderName + "/\x93\x59.xml", change: func(h *zip.FileHeader) { h.NonUTF8 = true }}), "0054 " + folderName + "/\uFFFDY.xml"},
		{"file at the top", with(packed{name: "a.xml"}), "0055 a.xml"},
		{"nested", with(packed{name: folderName + "/a/b.xml"}), "0055 " + folderName + "/a/b.xml"},
		{"nested folder", with(packed{name: folderName + "/a/"}), "0055 " + folderName + "/a/"},
		{"same name twice", with(packed{name: folderName + "/kousei.xml"}), "0056 " + folderName + "/kousei.xml"},
		{"same name in capitals", with(packed{name: folderName + "/KOUSEI.xml"}), "0056 " + folderName + "/KOUSEI.xml"},
		{"encrypted", with(packed{name: folderName + "/a.xml", change: flag(1)}), "0057 " + folderName + "/a.xml"},
		{"link", with(packed{name: folderName + "/a.xml", change: func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }}), "0062 " + folderName + "/a.xml"},
		{"method", patchMethod(t, good, 12), "0059 " + folderName + "/kousei.xml"},
		{"too many entries", zipOf(t, many...), "0051 "},
		{"bomb", with(packed{name: folderName + "/a.xml", data: make([]byte, 4<<20)}), "0053 " + folderName + "/a.xml"},
		{"declared too large", patchSize(t, good, maxEntry+1), "0052 " + folderName + "/kousei.xml"},
		{"local name differs", patchLocalName(t, good), "0058 " + folderName + "/kousei.xml"},
		{"unicode path", with(packed{name: folderName + "/a.xml", change: func(h *zip.FileHeader) { h.Extra = []byte{0x75, 0x70, 1, 0, 1} }}), "0058 " + folderName + "/a.xml"},
		{"broken extra field", with(packed{name: folderName + "/a.xml", change: func(h *zip.FileHeader) { h.Extra = []byte{1} }}), "0058 " + folderName + "/a.xml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := codesOf(VerifyPackage(tt.data, signedAt))
			if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestZipLies: entries whose content is not what the directory says of it.
func TestZipLies(t *testing.T) {
	t.Parallel()

	stored := filing(t, folderName)
	for i := range stored {
		stored[i].change = func(h *zip.FileHeader) { h.Method = zip.Store }
	}
	good := zipOf(t, stored...)
	for _, what := range []string{"試験　太郎", "<様式ID>495000000000000001", "%PDF-1.4 synthetic"} {
		at := bytes.Index(good, []byte(what))
		if at < 0 {
			t.Fatalf("no %s", what)
		}
		changed := bytes.Clone(good)
		changed[at] ^= 1
		r := VerifyPackage(changed, signedAt)
		if got := codesOf(r); len(got) != 1 || !strings.HasPrefix(got[0], "0050 ") {
			t.Errorf("%s changed: %v", what, got)
		}
	}
}

// comment gives a zip file an archive comment of one octet.
func comment(data []byte) []byte {
	out := append(bytes.Clone(data), 'x')
	binary.LittleEndian.PutUint16(out[len(data)-2:], 1)
	return out
}

// patch changes the directory entry of the first file and its local header.
func patch(t testing.TB, data []byte, change func(central, local []byte)) []byte {
	t.Helper()
	out := bytes.Clone(data)
	at := bytes.Index(out, []byte(centralSignature))
	if at < 0 {
		t.Fatal("no directory")
	}
	change(out[at:], out)
	return out
}

func patchMethod(t testing.TB, data []byte, method uint16) []byte {
	return patch(t, data, func(central, local []byte) {
		binary.LittleEndian.PutUint16(central[10:], method)
		binary.LittleEndian.PutUint16(local[8:], method)
	})
}

func patchLocalName(t testing.TB, data []byte) []byte {
	return patch(t, data, func(_, local []byte) { local[localSize] ^= 1 })
}

// patchSize lets the directory and the descriptor of the first file lie alike.
func patchSize(t testing.TB, data []byte, size uint32) []byte {
	return patch(t, data, func(central, local []byte) {
		sums := bytes.Clone(central[16:28])
		at := bytes.Index(local, append([]byte("PK\x07\x08"), sums...))
		if at < 0 {
			t.Fatal("no descriptor")
		}
		binary.LittleEndian.PutUint32(central[24:], size)
		binary.LittleEndian.PutUint32(local[at+12:], size)
	})
}
