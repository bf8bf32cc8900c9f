package c14n

import (
	"bytes"
	"path/filepath"
	"testing"
)

// FuzzCanonical holds for any input: no panic, spans inside the source, canonical
// form is its own canonical form, and so is that of every subtree.
func FuzzCanonical(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.xml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		f.Add(readFile(f, file))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := Parse(src, Limits{Bytes: 1 << 16})
		if err != nil {
			return
		}
		once := doc.AppendCanonical(nil)
		again, err := Parse(once, Limits{})
		if err != nil {
			t.Fatalf("canonical form is refused: %v\n%q", err, once)
		}
		if twice := again.AppendCanonical(nil); !bytes.Equal(once, twice) {
			t.Fatalf("canonical form changes:\n%q\n%q", once, twice)
		}
		count := 0
		for e := range doc.Elements() {
			count++
			if count > 50 {
				break
			}
			start, end := e.Span()
			if start < 0 || end <= start || src[start] != '<' || src[end-1] != '>' {
				t.Fatalf("span %d to %d", start, end)
			}
			subtree := e.AppendCanonical(nil)
			alone, err := Parse(subtree, Limits{})
			if err != nil {
				t.Fatalf("subtree is refused: %v\n%q", err, subtree)
			}
			if twice := alone.AppendCanonical(nil); !bytes.Equal(subtree, twice) {
				t.Fatalf("subtree changes:\n%q\n%q", subtree, twice)
			}
		}
	})
}
