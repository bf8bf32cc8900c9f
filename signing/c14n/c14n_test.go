package c14n

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func find(t *testing.T, d *Document, name string) Element {
	t.Helper()
	for e := range d.Elements() {
		if e.Name() == name {
			return e
		}
	}
	t.Fatalf("no element %s", name)
	return Element{}
}

func mustParse(t testing.TB, src string) *Document {
	t.Helper()
	d, err := Parse([]byte(src), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSubtree states the context that an apex takes over from its ancestors. The
// expected octets of the first case are those that xmlsec1 digests.
func TestSubtree(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, src, want string }{
		{
			"own declarations win over those of ancestors",
			`<r xmlns="urn:0" xmlns:p="urn:1" xml:lang="en"><m xmlns:p="urn:mid"><x xmlns="urn:9" xmlns:p="urn:2" xml:lang="ja"/></m></r>`,
			`<x xmlns="urn:9" xmlns:p="urn:2" xml:lang="ja"></x>`,
		},
		{
			"the nearest declaration and xml attribute are taken over",
			`<r xmlns="urn:0" xmlns:p="urn:1" xml:lang="en" xml:space="preserve"><m xmlns:p="urn:2" xml:lang="ja"><x b="1" a="2"/></m></r>`,
			`<x xmlns="urn:0" xmlns:p="urn:2" a="2" b="1" xml:lang="ja" xml:space="preserve"></x>`,
		},
		{
			"an undone default is not taken over",
			`<r xmlns="urn:0"><m xmlns=""><x/></m></r>`,
			`<x></x>`,
		},
		{
			"a declaration that repeats the ancestors is still shown on the apex",
			`<r xmlns:p="urn:1"><x xmlns:p="urn:1"><p:y xmlns:p="urn:1"/></x></r>`,
			`<x xmlns:p="urn:1"><p:y></p:y></x>`,
		},
		{
			"a default taken over is undone where a child undoes it",
			`<r xmlns="urn:0"><x><y xmlns=""/><z xmlns="urn:0"/></x></r>`,
			`<x xmlns="urn:0"><y xmlns=""></y><z></z></x>`,
		},
		{
			"a prefix taken over and bound anew below",
			`<r xmlns:p="urn:0"><x><p:y xmlns:p="urn:1"><p:z xmlns:p="urn:0"/></p:y></x></r>`,
			`<x xmlns:p="urn:0"><p:y xmlns:p="urn:1"><p:z xmlns:p="urn:0"></p:z></p:y></x>`,
		},
		{
			"nothing is taken over from siblings",
			`<r><s xmlns:p="urn:1" xml:lang="ja"/><x/></r>`,
			`<x></x>`,
		},
		{
			"other attributes of ancestors are not taken over",
			`<r a="1" xmlns:p="urn:1" p:b="2"><x/></r>`,
			`<x xmlns:p="urn:1"></x>`,
		},
		{
			"an xml attribute alone is taken over",
			`<r xml:id="i"><x/></r>`,
			`<x xml:id="i"></x>`,
		},
		{
			// libxml2 2.9 writes such a name without escaping it.
			"a namespace name is escaped like a value",
			`<r xmlns:p="urn:a&amp;b"><x xmlns:p="urn:a&#38;b"/></r>`,
			`<x xmlns:p="urn:a&amp;b"></x>`,
		},
		{
			"text and nested elements",
			"<r>\r\n<x ID='x'>\r\n\t<y/>&#13;<![CDATA[<]]><!-- c --></x>tail</r>",
			"<x ID=\"x\">\n\t<y></y>&#xD;&lt;</x>",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := string(find(t, mustParse(t, tt.src), "x").AppendCanonical(nil))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRootSubtreeIsDocumentElement(t *testing.T) {
	t.Parallel()

	d := mustParse(t, `<?pi?><r xmlns="urn:1"><a xmlns="urn:1"/></r><?pi?>`)
	got := string(d.Root().AppendCanonical([]byte("prefix ")))
	want := `prefix <r xmlns="urn:1"><a></a></r>`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestElements(t *testing.T) {
	t.Parallel()

	src := "\uFEFF<?xml version=\"1.0\"?>\n<甲 あ='1&amp;2' xmlns='urn:1'>\n <乙/><丙>x<丁></丁 ></丙>\n</甲>\n"
	d := mustParse(t, src)
	var got []string
	for e := range d.Elements() {
		start, end := e.Span()
		parent := "-"
		if p, ok := e.Parent(); ok {
			parent = p.Name()
		}
		got = append(got, fmt.Sprintf("%s in %s: %q", e.Name(), parent, src[start:end]))
	}
	want := []string{
		`甲 in -: "<甲 あ='1&amp;2' xmlns='urn:1'>\n <乙/><丙>x<丁></丁 ></丙>\n</甲>"`,
		`乙 in 甲: "<乙/>"`,
		`丙 in 甲: "<丙>x<丁></丁 ></丙>"`,
		`丁 in 丙: "<丁></丁 >"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("elements (-want +got):\n%s", diff)
	}

	var children []string
	for e := range d.Root().Children() {
		children = append(children, e.Name())
	}
	if diff := cmp.Diff([]string{"乙", "丙"}, children); diff != "" {
		t.Errorf("children (-want +got):\n%s", diff)
	}

	attributes := make(map[string]string)
	for name, value := range d.Root().Attributes() {
		attributes[name] = value
	}
	if diff := cmp.Diff(map[string]string{"あ": "1&2", "xmlns": "urn:1"}, attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name, src string
		want      error
	}{
		{"empty", "", ErrSyntax},
		{"only white space", " \n", ErrSyntax},
		{"only a declaration", `<?xml version="1.0"?>`, ErrSyntax},
		{"text before", "x<r/>", ErrSyntax},
		{"text after", "<r/>x", ErrSyntax},
		{"byte order mark twice", "\uFEFF\uFEFF<r/>", ErrSyntax},
		{"two roots", "<r/><r/>", ErrSyntax},
		{"not closed", "<r><a></r>", ErrSyntax},
		{"end of file in element", "<r>", ErrSyntax},
		{"end tag alone", "</r>", ErrSyntax},
		{"end tag prefix of name", "<rr></r>", ErrSyntax},
		{"end tag longer than name", "<r></rr>", ErrSyntax},
		{"end tag with attribute", "<r></r a=''>", ErrSyntax},
		{"end tag cut", "<r></r", ErrSyntax},
		{"tag cut", "<r a", ErrSyntax},
		{"value cut", "<r a='", ErrSyntax},
		{"value without quotes", "<r a=1/>", ErrSyntax},
		{"attribute without value", "<r a/>", ErrSyntax},
		{"no space between attributes", "<r a='1'b='2'/>", ErrSyntax},
		{"space in empty tag end", "<r / >", ErrSyntax},
		{"less than in value", "<r a='<'/>", ErrSyntax},
		{"name with digit first", "<1/>", ErrSyntax},
		{"name empty", "< r/>", ErrSyntax},
		{"two colons", "<a:b:c xmlns:a='urn:1'/>", ErrSyntax},
		{"colon first", "<:a/>", ErrSyntax},
		{"colon last", "<a: xmlns:a='urn:1'/>", ErrSyntax},
		{"cdata end in text", "<r>]]></r>", ErrSyntax},
		{"cdata outside", "<![CDATA[x]]><r/>", ErrSyntax},
		{"cdata cut", "<r><![CDATA[x]]</r>", ErrSyntax},
		{"comment with two hyphens", "<r><!-- a -- b --></r>", ErrSyntax},
		{"comment ended by three", "<r><!-- a ---></r>", ErrSyntax},
		{"comment cut", "<r><!-- a", ErrSyntax},
		{"comment too short", "<r><!--></r>", ErrSyntax},
		{"instruction cut", "<r><?a", ErrSyntax},
		{"instruction without target", "<r><? a?></r>", ErrSyntax},
		{"instruction target with colon", "<r><?a:b c?></r>", ErrSyntax},
		{"declaration inside", "<r><?xml version='1.0'?></r>", ErrSyntax},
		{"declaration late", "\n<?xml version='1.0'?><r/>", ErrSyntax},
		{"declaration in capitals", "<?XML version='1.0'?><r/>", ErrSyntax},
		{"declaration empty", "<?xml ?><r/>", ErrSyntax},
		{"declaration out of order", "<?xml encoding='UTF-8' version='1.0'?><r/>", ErrSyntax},
		{"declaration twice version", "<?xml version='1.0' version='1.0'?><r/>", ErrSyntax},
		{"declaration unknown part", "<?xml version='1.0' a='b'?><r/>", ErrSyntax},
		{"declaration standalone", "<?xml version='1.0' standalone='maybe'?><r/>", ErrSyntax},
		{"declaration unquoted", "<?xml version=1.0?><r/>", ErrSyntax},
		{"XML 1.1", "<?xml version='1.1'?><r/>", ErrEncoding},
		{"UTF-16 declared", "<?xml version='1.0' encoding='UTF-16'?><r/>", ErrEncoding},
		{"UTF-16 octets", "\xFF\xFE<\x00r\x00/\x00>\x00", ErrEncoding},
		{"invalid UTF-8", "<r>\xC0\x80</r>", ErrEncoding},
		{"surrogate", "<r>\xED\xA0\x80</r>", ErrEncoding},
		{"U+FFFF", "<r>\uFFFF</r>", ErrEncoding},
		{"NUL", "<r>\x00</r>", ErrCharacter},
		{"control in value", "<r a='\x01'/>", ErrCharacter},
		{"control in comment", "<r><!-- \x02 --></r>", ErrCharacter},
		{"control in cdata", "<r><![CDATA[\x1F]]></r>", ErrCharacter},
		{"reference to NUL", "<r>&#0;</r>", ErrEntity},
		{"reference to surrogate", "<r>&#xD800;</r>", ErrEntity},
		{"reference beyond Unicode", "<r>&#x110000;</r>", ErrEntity},
		{"reference overflow", "<r>&#99999999999999999999;</r>", ErrEntity},
		{"reference in capitals", "<r>&#X41;</r>", ErrEntity},
		{"reference without digits", "<r>&#;</r>", ErrEntity},
		{"entity not declared", "<r>&nbsp;</r>", ErrEntity},
		{"entity in value", "<r a='&e;'/>", ErrEntity},
		{"ampersand alone", "<r>a & b</r>", ErrSyntax},
		{"reference not closed", "<r>&amp</r>", ErrSyntax},
		{"second reference bad", "<r>&amp; &x</r>", ErrSyntax},
		{"document type", "<!DOCTYPE r><r/>", ErrDocumentType},
		{"element declaration", "<r><!ELEMENT r ANY></r>", ErrDocumentType},
		{"duplicate attribute", "<r a='1' b='2' a='1'/>", ErrDuplicate},
		{"duplicate by namespace", "<r xmlns:p='urn:1' xmlns:q='urn:1' p:a='1' q:a='2'/>", ErrDuplicate},
		{"duplicate declaration", "<r xmlns:p='urn:1' xmlns:p='urn:1'/>", ErrDuplicate},
		{"duplicate default declaration", "<r xmlns='' xmlns=''/>", ErrDuplicate},
		{"unbound element prefix", "<p:r/>", ErrPrefix},
		{"unbound attribute prefix", "<r p:a=''/>", ErrPrefix},
		{"prefix out of scope", "<r><a xmlns:p='urn:1'/><p:b/></r>", ErrPrefix},
		{"xmlns as element prefix", "<xmlns:r/>", ErrPrefix},
		{"prefix undone", "<r xmlns:p=''/>", ErrNamespace},
		{"xml bound elsewhere", "<r xmlns:xml='urn:1'/>", ErrNamespace},
		{"xmlns bound", "<r xmlns:xmlns='urn:1'/>", ErrNamespace},
		{"xml namespace by another prefix", "<r xmlns:p='http://www.w3.org/XML/1998/namespace'/>", ErrNamespace},
		{"xmlns namespace as default", "<r xmlns='http://www.w3.org/2000/xmlns/'/>", ErrNamespace},
		{"relative namespace", "<r xmlns='relative'/>", ErrNamespace},
		{"relative namespace with colon later", "<r xmlns='./a:b'/>", ErrNamespace},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tt.src), Limits{})
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			var where *Error
			if !errors.As(err, &where) || where.Offset < 0 || where.Offset > len(tt.src) {
				t.Errorf("no usable offset in %v", err)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()

	nested := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
	attributes := func(n int) string {
		var b strings.Builder
		b.WriteString("<a")
		for i := range n {
			fmt.Fprintf(&b, " a%d=''", i)
		}
		b.WriteString("/>")
		return b.String()
	}
	namespaces := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<a xmlns:p%d='urn:1'>", i)
		}
		return b.String() + strings.Repeat("</a>", n)
	}
	tests := []struct {
		name   string
		limits Limits
		fits   string
		breaks string
		want   error
	}{
		{"octets", Limits{Bytes: 7}, "<abcd/>", "<abcde/>", ErrBytes},
		{"depth", Limits{Depth: 5}, nested(5), nested(6), ErrDepth},
		{"default depth", Limits{}, nested(256), nested(257), ErrDepth},
		{"nodes", Limits{Nodes: 4}, "<r><a/>x<a/></r>", "<r><a/>x<a/>x</r>", ErrNodes},
		{"attributes", Limits{Attributes: 3}, attributes(3), attributes(4), ErrAttributes},
		{"namespaces", Limits{Namespaces: 3}, namespaces(3), namespaces(4), ErrNamespaces},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tt.fits), tt.limits)
			if err != nil {
				t.Errorf("at the limit: %v", err)
			}
			_, err = Parse([]byte(tt.breaks), tt.limits)
			if !errors.Is(err, tt.want) {
				t.Errorf("above the limit: error %v, want %v", err, tt.want)
			}
		})
	}
}

// TestNamespacesGoOutOfScope keeps the limit on declarations one of nesting, not one
// of the whole document.
func TestNamespacesGoOutOfScope(t *testing.T) {
	t.Parallel()

	src := "<r>" + strings.Repeat("<a xmlns:p='urn:1'><p:b/></a>", 1000) + "</r>"
	_, err := Parse([]byte(src), Limits{})
	if err != nil {
		t.Error(err)
	}
}

// TestErrorsQuoteNothing: what a document holds may be a person's number.
func TestErrorsQuoteNothing(t *testing.T) {
	t.Parallel()

	const secret = "SECRET"
	for _, src := range []string{
		"<" + secret + ">", "<r>&" + secret + ";</r>", "<r " + secret + "/>", secret,
		"<r " + secret + "='' " + secret + "=''/>", "<" + secret + ":r/>", "<r xmlns='" + secret + "'/>",
		"<?xml version='" + secret + "'?><r/>", "<r><?a:" + secret + "?></r>",
	} {
		_, err := Parse([]byte(src), Limits{})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error %v", src, err)
		}
	}
}

// TestNameCharacters compares the shortcut for Japanese names with the productions.
func TestNameCharacters(t *testing.T) {
	t.Parallel()

	for r := rune(0x80); r <= 0x1FFFF; r++ {
		if r >= 0xD800 && r <= 0xDFFF {
			continue
		}
		encoded := string(r)
		want := 0
		if isNameStart(r) {
			want = len(encoded)
		}
		if got := ncName([]byte(encoded)); got != want {
			t.Fatalf("%U: length %d, want %d", r, got, want)
		}
	}
}
