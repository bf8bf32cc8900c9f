package c14n

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAgainstXmllint compares the canonical form of generated documents with that of
// libxml2. A failure names the seed; the same seed makes the same document.
func TestAgainstXmllint(t *testing.T) {
	t.Parallel()

	tool, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed")
	}
	count := uint64(300)
	if testing.Short() {
		count = 30
	}
	dir := t.TempDir()
	for seed := range count {
		src := generate(seed)
		file := filepath.Join(dir, fmt.Sprintf("%d.xml", seed))
		err := os.WriteFile(file, []byte(src), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		want, err := exec.CommandContext(t.Context(), tool, "--c14n", file).Output()
		if err != nil {
			t.Fatalf("seed %d: xmllint: %v\n%s", seed, err, src)
		}
		got, err := canonical([]byte(src))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, src)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Fatalf("seed %d (-xmllint +got):\n%s\n%s", seed, diff, src)
		}
	}
}

// generator writes namespace-well-formed documents with every construct that has a
// canonical form of its own. It writes no comments: xmllint would keep them.
type generator struct {
	strings.Builder
	*rand.Rand
}

func generate(seed uint64) string {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 20010315))}
	if g.IntN(2) == 0 {
		g.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + g.space(0))
	}
	if g.IntN(3) == 0 {
		g.instruction()
	}
	g.element(map[string]string{}, 0)
	if g.IntN(3) == 0 {
		g.WriteString(g.space(0))
		g.instruction()
	}

	return g.String()
}

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

// space returns white space of at least so many characters.
func (g *generator) space(atLeast int) string {
	var b strings.Builder
	for range atLeast + g.IntN(3) {
		b.WriteString(pick(g, " ", "\n", "\t", "\r\n", "\r"))
	}
	return b.String()
}

func (g *generator) instruction() {
	fmt.Fprintf(g, "<?%s%s?>", pick(g, "a", "pi", "指示"), pick(g, "", " ", " x", "  y \r\n z ", "\n<&>"))
}

// element writes an element; scope maps prefixes to namespace names.
func (g *generator) element(scope map[string]string, depth int) {
	scope = maps.Clone(scope)
	declared := make(map[string]string)
	for range g.IntN(3) {
		prefix := pick(g, "", "p", "q", "r", "様")
		uri := pick(g, "urn:a", "urn:b", "urn:c", "http://example.jp/ns")
		if prefix == "" && g.IntN(3) == 0 {
			uri = ""
		}
		declared[prefix], scope[prefix] = uri, uri
	}
	name := pick(g, "a", "構成情報", "A-1_2", "x.y")
	prefixes := slices.Sorted(maps.Keys(scope))
	if len(prefixes) > 0 && g.IntN(2) == 0 {
		name = qualified(pick(g, prefixes...), name)
	}
	g.WriteString("<" + name)
	for _, attribute := range g.attributes(scope, declared) {
		g.WriteString(g.space(1) + attribute)
	}
	g.WriteString(g.space(0))
	if g.IntN(4) == 0 {
		g.WriteString("/>")
		return
	}
	g.WriteString(">")
	for range g.IntN(5) {
		switch n := g.IntN(8); {
		case n < 3 && depth < 6:
			g.element(scope, depth+1)
		case n < 6:
			g.text()
		case n == 6:
			g.WriteString("<![CDATA[" + pick(g, "", "<>&\"'", "\r\n]] ]>", "氏名\r") + "]]>")
		default:
			g.instruction()
		}
	}
	g.WriteString("</" + name + g.space(0) + ">")
}

func qualified(prefix, local string) string {
	if prefix == "" {
		return local
	}
	return prefix + ":" + local
}

// attributes returns declarations and attributes, shuffled, without duplicates.
func (g *generator) attributes(scope, declared map[string]string) []string {
	var out []string
	for _, prefix := range slices.Sorted(maps.Keys(declared)) {
		name := "xmlns"
		if prefix != "" {
			name = "xmlns:" + prefix
		}
		out = append(out, fmt.Sprintf(`%s="%s"`, name, declared[prefix]))
	}
	seen := make(map[string]bool)
	prefixes := slices.Sorted(maps.Keys(scope))
	for range g.IntN(6) {
		prefix, uri := "", ""
		if len(prefixes) > 0 && g.IntN(2) == 0 {
			prefix = pick(g, prefixes...)
		}
		if prefix != "" {
			uri = scope[prefix]
		}
		local := pick(g, "a", "b", "ID", "あ", "Ａ", "𠮷")
		if !seen[uri+" "+local] {
			seen[uri+" "+local] = true
			out = append(out, qualified(prefix, local)+g.value())
		}
	}
	if g.IntN(4) == 0 {
		out = append(out, pick(g, `xml:lang="ja"`, `xml:space="preserve"`, `xml:base='http://example.jp/'`))
	}
	g.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })

	return out
}

func (g *generator) value() string {
	quote, other := `"`, `'`
	if g.IntN(2) == 0 {
		quote, other = other, quote
	}
	var b strings.Builder
	for range g.IntN(5) {
		b.WriteString(pick(g, "x", " ", "\t", "\r\n", "\r", "\n", "&#9;", "&#xA;", "&#13;", "&lt;", "&gt;",
			">", "&amp;", "&quot;", "&apos;", other, "山田　太郎", "𠮷", "&#x20BB7;", "\u0085", "]]>"))
	}
	return fmt.Sprintf("%s=%s%s%s%s", g.space(0), g.space(0), quote, b.String(), quote)
}

func (g *generator) text() {
	for range g.IntN(5) {
		g.WriteString(pick(g, "x", " ", "\t", "\r\n", "\r", "\n", "&#9;", "&#xA;", "&#13;", "&lt;", "&gt;",
			"> ", "&amp;", "&quot;", "&apos;", "'", `"`, "山田　太郎", "𠮷", "&#x20BB7;", "\u2028", "] ]"))
	}
}
