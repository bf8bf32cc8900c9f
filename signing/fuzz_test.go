package signing

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"todoke/signing/c14n"
)

// splice replaces octets of a document; positions beyond its end wrap around.
func splice(document string, at, remove uint16, insert []byte) []byte {
	from := int(at) % (len(document) + 1)
	to := min(from+int(remove), len(document))
	return slices.Concat([]byte(document[:from]), insert, []byte(document[to:]))
}

// FuzzVerify changes a signed document in one place. Whatever still verifies must say
// what was signed: its 構成情報 has the canonical octets of the original, by the other
// canonicaliser, and every signature covers all files.
func FuzzVerify(f *testing.F) {
	document := signed(f)
	genuine := configurationOf(f, document)
	add := func(before string, remove uint16, insert string) {
		f.Add(uint16(strings.Index(document, before)), remove, []byte(insert))
	}
	add("<管理情報>", 0, "<!-- -->")
	add("<管理情報>", 0, " ")
	add("<構成情報 ", 0, evilConfiguration)
	add("<署名情報>", 0, evilConfiguration)
	add("<DataRoot>", uint16(len("<DataRoot>")), `<DataRoot xmlns:p="urn:p">`)
	add("<その他>", 0, "<?a b?>")
	add("<SignedInfo>", uint16(len("<SignedInfo>")), "<SignedInfo\t>")
	add("<初回受付番号>", uint16(len("<初回受付番号></初回受付番号>")), "<初回受付番号/>")
	files, expect := forms(f), expectation()
	f.Fuzz(func(t *testing.T, at, remove uint16, insert []byte) {
		kousei := splice(document, at, remove, insert)
		result, err := Verify(kousei, files, expect)
		if err != nil {
			_ = asProblem(err).Error()
			return
		}
		for _, s := range result.Signatures {
			if len(s.Covered) != 1+len(files) || s.Certificate == nil {
				t.Fatalf("verified, but covers %v", s.Covered)
			}
		}
		doc, err := c14n.Parse(kousei, c14n.Limits{})
		if err != nil {
			// What only the verifying side takes must at least have the genuine octets.
			if !bytes.Contains(kousei, []byte(genuine)) {
				t.Fatalf("verified, but not well-formed: %v\n%s", err, kousei)
			}
			return
		}
		found := 0
		for e := range doc.Elements() {
			if e.Name() != configurationName {
				continue
			}
			found++
			if got := e.AppendCanonical(nil); string(got) != genuine {
				t.Fatalf("verified with another 構成情報:\n%s", got)
			}
		}
		if found != 1 {
			t.Fatalf("verified with %d 構成情報", found)
		}
	})
}

// FuzzParseDocument feeds the verifying side any octets: no panic, and what it takes
// has no second 構成情報 and no prefix anywhere.
func FuzzParseDocument(f *testing.F) {
	f.Add(unsigned(f))
	f.Add(read(f, "vector", "kousei.xml"))
	f.Add([]byte(`<DataRoot><構成情報 ID="構成情報"/></DataRoot>`))
	f.Add([]byte(`<DataRoot><構成情報 ID="構成情報"/><署名情報><Signature xmlns="http://www.w3.org/2000/09/xmldsig#" Id="20260710023015"/></署名情報></DataRoot>`))
	files, expect := forms(f), expectation()
	f.Fuzz(func(t *testing.T, kousei []byte) {
		d, err := parseDocument(kousei)
		if err != nil {
			_ = asProblem(err).Error()
			return
		}
		if bytes.Count(kousei, []byte("<構成情報")) < 1 || d.configuration.Parent() != d.root {
			t.Fatal("構成情報 was found where none is")
		}
		_, _, _ = d.forms(), d.attachments(), d.mustCover()
		_, err = d.verify(files, expect)
		if err != nil {
			_ = asProblem(err).Error()
		}
	})
}

// FuzzSign changes an unsigned document in one place: no panic, and what is signed has
// the digests that the verifying side computes, unless it refuses the shape. The key
// only pretends, so that its time does not count.
func FuzzSign(f *testing.F) {
	document := string(unsigned(f))
	add := func(before string, remove uint16, insert string) {
		f.Add(uint16(strings.Index(document, before)), remove, []byte(insert))
	}
	add("<管理情報>", 0, "<!-- x -->&#13;\r\n<![CDATA[<&>\r]]>]]&gt;")
	add("<通信欄>", uint16(len("<通信欄>")), "<通信欄 b='&#9;\n\"' a=\"'&lt;\">")
	add("<DataRoot>", 0, "<?a?><!-- y -->")
	add("<その他>", 0, "<!-- y -->")
	add("<?xml", 0, "\uFEFF")
	key := brokenKey{Signer: signer(f).Key, value: bytes.Repeat([]byte{1}, 256)}
	pretender := []Signer{{Key: key, Certificate: signer(f).Certificate}}
	files, expect := forms(f), expectation()
	f.Fuzz(func(t *testing.T, at, remove uint16, insert []byte) {
		out, err := Sign(splice(document, at, remove, insert), files, pretender, signedAt)
		if err != nil {
			_ = asProblem(err).Error()
			return
		}
		_, err = Verify(out, files, expect)
		shape := []*Problem{errSignature, errStructure, errMarkup, errMalformed, errEncoding, errPlace, errTooLarge}
		if err == nil || !slices.ContainsFunc(shape, func(p *Problem) bool { return p.Is(asProblem(err)) }) {
			t.Fatalf("signed, but: %v\n%s", err, out)
		}
	})
}

// FuzzVerifyPackage: no panic, and a package without problems has a signature over
// every form of every folder.
func FuzzVerifyPackage(f *testing.F) {
	f.Add(zipOf(f, filing(f, folderName)...))
	f.Add(zipOf(f, packed{name: folderName + "/"}, packed{name: folderName + "/kousei.xml", data: []byte("<a/>")}))
	f.Add(zipOf(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := VerifyPackage(data, signedAt)
		_ = r.String()
		if !r.OK() {
			return
		}
		if len(r.Folders) == 0 {
			t.Fatal("nothing is verified and nothing is wrong")
		}
		for _, folder := range r.Folders {
			if len(folder.Signed) == 0 {
				t.Fatalf("folder %q is fine without signature", folder.Name)
			}
		}
	})
}

// FuzzIndefinite: the walk over ASN.1 neither panics nor runs away. The rest of
// LoadPKCS12 is not fuzzed: a file may ask for any number of rounds of key derivation.
func FuzzIndefinite(f *testing.F) {
	f.Add([]byte{0x30, 0x80, 0x02, 0x01, 0x03, 0, 0})
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x03})
	f.Add([]byte{0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x04, 0x02, 0x30, 0x80})
	f.Fuzz(func(_ *testing.T, data []byte) { _ = indefinite(data, 0) })
}
