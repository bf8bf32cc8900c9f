package xmltree_test

import (
	"errors"
	"strings"
	"testing"

	"todoke/egov/sim/xmltree"
)

const head = `<?xml version="1.0" encoding="UTF-8"?>`

func TestParse(t *testing.T) {
	t.Parallel()
	root, err := xmltree.Parse([]byte(head + "\r\n<a ID=\"x\"><b>1</b><b> &amp;2\r\n</b><c/><d>\n\t</d></a>\n"))
	if err != nil {
		t.Fatal(err)
	}
	if id, ok := root.Attr("ID"); !ok || id != "x" {
		t.Errorf("ID = %q, %v", id, ok)
	}
	if got := root.All("b")[1].Text; got != " &2\n" {
		t.Errorf("text = %q", got)
	}
	if got := root.At("d").Value(); got != "" {
		t.Errorf("blank leaf = %q, want empty", got)
	}
	if root.At("c/none/deeper") != nil {
		t.Error("a missing path must be nil")
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   string
		want error
	}{
		{"byte order mark", "\xef\xbb\xbf" + head + "<a/>", xmltree.ErrBOM},
		{"not UTF-8", head + "<a>\x8e\xa0</a>", xmltree.ErrEncoding},
		{"other encoding", `<?xml version="1.0" encoding="Shift_JIS"?><a/>`, xmltree.ErrDeclaration},
		{"no declaration", "<a/>", xmltree.ErrDeclaration},
		{"no encoding", `<?xml version="1.0"?><a/>`, xmltree.ErrDeclaration},
		{"stylesheet first", `<?xml-stylesheet href="a.xsl"?><a/>`, xmltree.ErrDeclaration},
		{"declaration twice", head + head + "<a/>", xmltree.ErrNotWellFormed},
		{"DTD", head + `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, xmltree.ErrDTD},
		{"unknown entity", head + "<a>&x;</a>", xmltree.ErrNotWellFormed},
		{"two roots", head + "<a/><b/>", xmltree.ErrNotWellFormed},
		{"text after the root", head + "<a/>x", xmltree.ErrNotWellFormed},
		{"crossed tags", head + "<a><b></a></b>", xmltree.ErrNotWellFormed},
		{"prefix differs", head + "<p:a></q:a>", xmltree.ErrNotWellFormed},
		{"not closed", head + "<a>", xmltree.ErrNotWellFormed},
		{"nothing", head, xmltree.ErrNotWellFormed},
		{"repeated attribute", head + `<a x="1" x="2"/>`, xmltree.ErrNotWellFormed},
		{"too deep", head + strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40), xmltree.ErrTooLarge},
		{"too many", head + "<a>" + strings.Repeat("<b/>", xmltree.MaxElements) + "</a>", xmltree.ErrTooLarge},
		{"too long", head + "<a>" + strings.Repeat("x", xmltree.MaxBytes) + "</a>", xmltree.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := xmltree.Parse([]byte(tt.in))
			if !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
		})
	}
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(head + `<a ID="x"><b>1</b><ds:c xmlns:ds="u"/></a>`))
	f.Add([]byte(head + "<a><!-- c --><![CDATA[x]]><?p i?></a>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := xmltree.Parse(data)
		if (root == nil) == (err == nil) {
			t.Fatal("exactly one of tree and error is expected")
		}
		if root != nil && depth(root) > xmltree.MaxDepth {
			t.Fatal("depth bound passed")
		}
	})
}

func depth(n *xmltree.Node) int {
	deepest := 0
	for _, c := range n.Children {
		deepest = max(deepest, depth(c))
	}
	return deepest + 1
}
