package egov

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"todoke/egov/wire"
)

func TestPayloadIsTheRequestAsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringN(1, 256, -1).Draw(t, "name")
		archive := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "archive")
		p, size, err := newPayload(name, archive)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		for {
			chunk := make([]byte, rapid.IntRange(1, 50).Draw(t, "chunk"))
			n, err := p.Read(chunk)
			got.Write(chunk[:n])
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || n == 0 {
				t.Fatalf("Read = %d, %v", n, err)
			}
		}
		want, err := json.Marshal(wire.BulkRequest{SendFile: wire.File{FileName: name, FileData: base64.StdEncoding.EncodeToString(archive)}})
		if err != nil || !bytes.Equal(got.Bytes(), want) || size != int64(len(want)) {
			t.Fatalf("got %d octets of %d announced, want %d", got.Len(), size, len(want))
		}
	})
}

func TestPayloadReadsLikeAReader(t *testing.T) {
	t.Parallel()
	for size := range 20 {
		archive := bytes.Repeat([]byte{0xA5}, size)
		p, _, err := newPayload("a.zip", archive)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"send_file":{"file_name":"a.zip","file_data":"` + base64.StdEncoding.EncodeToString(archive) + `"}}`
		err = iotest.TestReader(p, []byte(want))
		if err != nil {
			t.Errorf("%d octets: %v", size, err)
		}
	}
}

func TestClosedPayloadReadsNothing(t *testing.T) {
	t.Parallel()
	p, _, err := newPayload("a.zip", []byte("zip"))
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Close()
	n, err := p.Read(make([]byte, 100))
	if n != 0 || !errors.Is(err, os.ErrClosed) || p.data != nil {
		t.Errorf("Read after Close = %d, %v", n, err)
	}
}

func BenchmarkPayload(b *testing.B) {
	archive := make([]byte, 1<<20)
	b.SetBytes(int64(len(archive)))
	b.ReportAllocs()
	for b.Loop() {
		p, _, _ := newPayload("a.zip", archive)
		_, _ = io.Copy(io.Discard, p)
	}
}
