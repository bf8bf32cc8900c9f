package c14n

import (
	"fmt"
	"strings"
	"testing"
)

// configuration is a document of the size and shape of a kousei.xml.
func configuration(rows int) []byte {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DataRoot>\n\t<構成情報 ID=\"構成情報\">\n")
	for i := range rows {
		fmt.Fprintf(&b, "\t\t<府省照会%d>\n\t\t\t<府省照会情報ラベル/>\n\t\t\t<府省照会情報>東京都千代田区</府省照会情報>\n\t\t</府省照会%d>\n", i, i)
	}
	b.WriteString("\t</構成情報>\n</DataRoot>\n")

	return []byte(b.String())
}

func BenchmarkC14N(b *testing.B) {
	shapes := []struct {
		name string
		src  []byte
	}{
		{"kousei", configuration(40)},
		{"rows=20000", configuration(20_000)},
		{"depth=250", []byte(strings.Repeat("<a>", 250) + strings.Repeat("</a>", 250))},
	}
	for _, shape := range shapes {
		b.Run(shape.name, func(b *testing.B) {
			var out []byte
			b.SetBytes(int64(len(shape.src)))
			b.ReportAllocs()
			for b.Loop() {
				doc, err := Parse(shape.src, Limits{})
				if err != nil {
					b.Fatal(err)
				}
				out = doc.AppendCanonical(out[:0])
			}
		})
	}
}
