package inspect_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"

	"todoke/egov/sim/inspect"
	"todoke/egov/sim/internal/sample"
	"todoke/egov/wire"
)

func packed(names ...string) []byte {
	files := map[string][]byte{}
	for _, n := range names {
		files[n] = []byte("x")
	}
	return sample.Zip(files)
}

// raw writes entries in the given order, repeated names included.
func raw(t *testing.T, headers ...*zip.FileHeader) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, h := range headers {
		e, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, "/") {
			_, err = e.Write([]byte("x"))
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	const badName = "フォルダ名またはファイル名に使用できない文字列が含まれています。"
	encrypted := raw(t, &zip.FileHeader{Name: "A/kousei.xml", Method: zip.Store})
	central := bytes.Index(encrypted, []byte("PK\x01\x02"))
	encrypted[6] |= 1
	encrypted[central+8] |= 1
	broken := packed("A/kousei.xml")
	broken[bytes.Index(broken, []byte("PK\x01\x02"))+16] ^= 0xff // the CRC
	tests := []struct {
		name string
		data []byte
		want []wire.BulkError
	}{
		{"no zip", []byte("not a zip"), []wire.BulkError{{ErrorFolder: "-", ErrorFile: "-", Content: "ZIPファイルを開くことができません。"}}},
		{"empty zip", packed(), []wire.BulkError{{ErrorFolder: "-", ErrorFile: "-", Content: "申請データのフォルダがありません。"}}},
		{"files without a folder", packed("kousei.xml", "a.xml"), []wire.BulkError{
			{ErrorFolder: "-", ErrorFile: "a.xml", Content: "ファイルがフォルダに格納されていません。"},
			{ErrorFolder: "-", ErrorFile: "kousei.xml", Content: "ファイルがフォルダに格納されていません。"},
		}},
		{"folder without kousei.xml", packed("A/a.xml", "B/kousei.xml"), []wire.BulkError{
			{ErrorFolder: "A", ErrorFile: "kousei.xml", Content: "構成管理XMLがありません。"},
		}},
		{"kousei.xml in another case", packed("A/Kousei.xml"), []wire.BulkError{
			{ErrorFolder: "A", ErrorFile: "kousei.xml", Content: "構成管理XMLがありません。"},
		}},
		{"traversal", packed("A/../kousei.xml", "A/kousei.xml"), []wire.BulkError{{ErrorFolder: "-", ErrorFile: "-", Content: badName}}},
		{"absolute", packed("/A/kousei.xml", "A/kousei.xml"), []wire.BulkError{{ErrorFolder: "-", ErrorFile: "-", Content: badName}}},
		{"back slash", packed(`A\kousei.xml`, "A/kousei.xml"), []wire.BulkError{{ErrorFolder: "-", ErrorFile: "-", Content: badName}}},
		{"control character", packed("A/\x01", "A/kousei.xml"), []wire.BulkError{{ErrorFolder: "-", ErrorFile: "-", Content: badName}}},
		{"long name", packed("A/"+strings.Repeat("x", 300), "A/kousei.xml"), []wire.BulkError{{ErrorFolder: "-", ErrorFile: "-", Content: badName}}},
		{"same file twice", raw(t, &zip.FileHeader{Name: "A/kousei.xml"}, &zip.FileHeader{Name: "A/kousei.xml"}), []wire.BulkError{
			{ErrorFolder: "A", ErrorFile: "kousei.xml", Content: "同じ名前のファイルが複数あります。"},
		}},
		{"encrypted", encrypted, []wire.BulkError{{ErrorFolder: "A", ErrorFile: "kousei.xml", Content: "ファイルを開くことができません。"}}},
		{"wrong CRC", broken, []wire.BulkError{{ErrorFolder: "A", ErrorFile: "kousei.xml", Content: "ファイルを開くことができません。"}}},
		{"number as a name", packed(sample.Number + "/a.xml"), []wire.BulkError{
			{ErrorFolder: strings.Repeat("●", 12), ErrorFile: "kousei.xml", Content: "構成管理XMLがありません。"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folders, errs := inspect.Open(tt.data)
			if folders != nil {
				t.Error("folders came with errors")
			}
			if diff := cmp.Diff(tt.want, errs); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOpenRefusesBombs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("unpacks some hundred megabytes")
	}
	zeros := make([]byte, 100<<20)
	data := sample.Zip(map[string][]byte{"A/kousei.xml": []byte("x"), "A/bomb": zeros})
	_, errs := inspect.Open(data)
	if len(errs) != 1 || errs[0].ErrorFile != "bomb" {
		t.Errorf("errors = %v", errs)
	}
	// A header that claims to be small does not help.
	at := bytes.Index(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[at+24:], 1)
	_, errs = inspect.Open(data)
	if len(errs) == 0 {
		t.Error("the lying header was believed")
	}
}

func TestOpenReadsNames(t *testing.T) {
	t.Parallel()
	name, err := japanese.ShiftJIS.NewEncoder().String("A/添付書類１.pdf")
	if err != nil {
		t.Fatal(err)
	}
	folders, errs := inspect.Open(raw(t,
		&zip.FileHeader{Name: "B/"}, &zip.FileHeader{Name: "B/kousei.xml"}, &zip.FileHeader{Name: "B/説明.pdf"},
		&zip.FileHeader{Name: "A/kousei.xml"}, &zip.FileHeader{Name: name, NonUTF8: true}, &zip.FileHeader{Name: "A/sub/x"},
	))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if len(folders) != 2 || folders[0].Name != "A" || !folders[0].Nested || folders[1].Nested {
		t.Fatalf("folders = %+v", folders)
	}
	if folders[0].Files["添付書類１.pdf"] == nil || folders[1].Files["説明.pdf"] == nil {
		t.Error("a Japanese name was lost")
	}
}

func TestNestedFolderIsRefusedLater(t *testing.T) {
	t.Parallel()
	f := sample.New(hired).Sign(signer())
	f.Attachments["sub/x.txt"] = []byte("x")
	want := []string{"フォルダ: フォルダの中にフォルダを格納することはできません。"}
	if diff := cmp.Diff(want, summary(judge(t, hired, f).Findings)); diff != "" {
		t.Error(diff)
	}
}

func FuzzZip(f *testing.F) {
	f.Add(packed("A/kousei.xml"))
	f.Add(packed("A/../kousei.xml", "kousei.xml"))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, data []byte) {
		folders, errs := inspect.Open(data)
		if (len(folders) == 0) == (len(errs) == 0) {
			t.Fatal("exactly one of folders and errors is expected")
		}
		for _, folder := range folders {
			if folder.Files[inspect.Configuration] == nil || strings.ContainsAny(folder.Name, "/\\") {
				t.Fatalf("folder %q", folder.Name)
			}
		}
		for _, e := range errs {
			if e.Content == "" || e.ErrorFolder == "" || e.ErrorFile == "" {
				t.Fatalf("error %+v", e)
			}
		}
	})
}

func FuzzKousei(f *testing.F) {
	f.Add([]byte(sample.New(acquired).Configuration), []byte(sample.New(acquired).Form))
	f.Add([]byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?><DataRoot><構成情報/><署名情報><Signature/></署名情報></DataRoot>"), []byte("x"))
	in := &inspect.Inspector{SameProcedure: true}
	f.Fuzz(func(t *testing.T, configuration, form []byte) {
		folder := &inspect.Folder{Name: hired, Files: map[string][]byte{
			inspect.Configuration: configuration, "495008680033800330_01.xml": form,
		}}
		for _, row := range in.Folder(folder, received).Findings {
			if row.Content == "" || row.Item == "" || row.FormName == "" || row.FileName == "" || row.AttachedFileName == "" {
				t.Fatalf("incomplete row %+v", row)
			}
			if strings.Contains(row.Item+row.Content+row.Detail, sample.Number) {
				t.Fatal("a finding quotes a number")
			}
		}
	})
}
