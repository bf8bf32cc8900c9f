package signing

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// attack is a change that an attacker makes to a signed document, and what stops it.
type attack struct {
	name   string
	change func(t *testing.T, document string) string
	want   *Problem
}

func runAttacks(t *testing.T, attacks []attack) {
	t.Helper()
	document := signed(t)
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			result, err := Verify([]byte(a.change(t, document)), forms(t), expectation())
			wantProblem(t, err, a.want)
			// A result beside an error would be taken for what is signed.
			if diff := cmp.Diff(Result{}, result); diff != "" {
				t.Errorf("result beside an error:\n%s", diff)
			}
		})
	}
}

// rewrite is the attack of replacing one text by another.
func rewrite(old, with string) func(*testing.T, string) string {
	return func(t *testing.T, document string) string { return replace(t, document, old, with) }
}

// rewriteSigned does the same and signs SignedInfo anew with a key of its own, so
// that only the rule in question can stop it.
func rewriteSigned(old, with string) func(*testing.T, string) string {
	return func(t *testing.T, document string) string { return resign(t, replace(t, document, old, with)) }
}

const (
	evilConfiguration = `<構成情報 ID="構成情報"><管理情報></管理情報></構成情報>`
	genuineFragment   = `URI="#%E6%A7%8B%E6%88%90%E6%83%85%E5%A0%B1"`
	genuineFile       = `URI="495000000000000001_01.xml"`
)

// TestTampering changes one octet of everything that is signed.
func TestTampering(t *testing.T) {
	t.Parallel()

	runAttacks(t, []attack{
		{"text in 構成情報", rewrite("試験　太郎", "試験　次郎"), errDigest},
		{"white space in 構成情報", rewrite("<管理情報>", "<管理情報> "), errDigest},
		{"empty element filled", rewrite("<初回受付番号></初回受付番号>", "<初回受付番号>1</初回受付番号>"), errDigest},
		{"attribute added", rewrite("<管理情報>", `<管理情報 a="b">`), errDigest},
		{"reference for a character", rewrite("試験　太郎", "試験　&#x6B21;郎"), errDigest},
		{"white space in SignedInfo", rewrite("<SignedInfo>", "<SignedInfo> "), errSignature},
		{"signature value", func(t *testing.T, d string) string {
			value := between(t, d, "<SignatureValue>", "</SignatureValue>")
			other := between(t, string(mustSign(t, coSigner(t))), "<SignatureValue>", "</SignatureValue>")
			return replace(t, d, value, other)
		}, errSignature},
		{"certificate of another", func(t *testing.T, d string) string {
			certificate := between(t, d, "<X509Certificate>", "</X509Certificate>")
			other := between(t, string(mustSign(t, coSigner(t))), "<X509Certificate>", "</X509Certificate>")
			return replace(t, d, certificate, other)
		}, errSignature},
	})
}

func mustSign(t testing.TB, signers ...Signer) []byte {
	t.Helper()
	out, err := Sign(unsigned(t), forms(t), signers, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWrapping moves, copies and hides the signed element and the signature. A
// verifier that finds the signed element by ID and a reader that finds 構成情報 by
// path would then see two different things.
func TestWrapping(t *testing.T) {
	t.Parallel()

	swap := func(with func(genuine string) string) func(*testing.T, string) string {
		return func(t *testing.T, d string) string {
			genuine := configurationOf(t, d)
			return replace(t, d, genuine, with(genuine))
		}
	}
	noID := strings.Replace(evilConfiguration, ` ID="構成情報"`, "", 1)
	otherID := strings.Replace(evilConfiguration, `"構成情報"`, `"x"`, 1)
	runAttacks(t, []attack{
		{"XSW copy before, same ID", swap(func(g string) string { return evilConfiguration + g }), errDuplicateID},
		{"XSW copy after, same ID", swap(func(g string) string { return g + evilConfiguration }), errDuplicateID},
		{"XSW copy before, other ID", swap(func(g string) string { return otherID + g }), errConfiguration},
		{"XSW copy before, no ID", swap(func(g string) string { return noID + g }), errConfiguration},
		{"XSW copy after, no ID", swap(func(g string) string { return g + noID }), errConfiguration},
		{"XSW genuine inside evil", swap(func(g string) string {
			return strings.Replace(noID, "<管理情報>", "<管理情報>"+g, 1)
		}), errConfiguration},
		{"XSW genuine inside evil, other ID", swap(func(g string) string {
			return strings.Replace(otherID, "<管理情報>", "<管理情報>"+g, 1)
		}), errConfiguration},
		{"XSW evil inside genuine", swap(func(g string) string {
			return strings.Replace(g, "<管理情報>", noID+"<管理情報>", 1)
		}), errConfiguration},
		{"XSW genuine in a wrapper", swap(func(g string) string { return "<wrapper>" + g + "</wrapper>" }), errStructure},
		{"XSW genuine in a wrapper, evil in its place", swap(func(g string) string { return noID + "<wrapper>" + g + "</wrapper>" }), errStructure},
		{"XSW genuine moved into その他", func(t *testing.T, d string) string {
			g := configurationOf(t, d)
			return replace(t, replace(t, d, g, noID), "<その他>", "<その他>"+g)
		}, errConfiguration},
		{"XSW genuine moved into Object", func(t *testing.T, d string) string {
			g := configurationOf(t, d)
			return replace(t, replace(t, d, g, noID), "</Signature>", "<Object>"+g+"</Object></Signature>")
		}, errConfiguration},
		{"XSW genuine renamed but same ID", swap(func(g string) string {
			renamed := strings.Replace(g, "<構成情報 ", "<その他 ", 1)
			return noID + strings.Replace(renamed, "</構成情報>", "</その他>", 1)
		}), errPlace},
		{"XSW genuine below the root of another document", func(_ *testing.T, d string) string {
			return "<DataRoot>" + evilConfiguration + d[strings.Index(d, "<DataRoot>"):] + "</DataRoot>"
		}, errDuplicateID},
		{"ID on another element as Id", rewrite("<その他>", `<その他 Id="構成情報">`), errDuplicateID},
		{"ID on another element as id", rewrite("<その他>", `<その他 id="構成情報">`), errDuplicateID},
		{"ID on another element as xml:id", rewrite("<その他>", `<その他 xml:id="構成情報">`), errNamespace},
		{"ID on an element before", rewrite("<STYLESHEET>", `<STYLESHEET ID="構成情報">`), errDuplicateID},
		{"ID of 構成情報 in other letters", rewrite(`<構成情報 ID="構成情報">`, `<構成情報 Id="構成情報">`), errConfiguration},
		{"ID of the signature on another element", rewrite("<その他>", `<その他 ID="`+signedID+`">`), errDuplicateID},
		{"署名情報 inside 構成情報", func(t *testing.T, d string) string {
			s := signaturesOf(t, d)
			return replace(t, replace(t, d, s, ""), "</構成情報>", s+"</構成情報>")
		}, errPlace},
		{"署名情報 after その他", func(t *testing.T, d string) string {
			s := signaturesOf(t, d)
			return replace(t, replace(t, d, s, ""), "</その他>", "</その他>"+s)
		}, errPlace},
		{"署名情報 before 構成情報", func(t *testing.T, d string) string {
			return moveBefore(t, d, "<署名情報>", "</署名情報>", "<構成情報 ")
		}, errPlace},
		{"署名情報 twice", func(t *testing.T, d string) string {
			s := signaturesOf(t, d)
			return replace(t, d, s, s+"<署名情報></署名情報>")
		}, errPlace},
		{"署名情報 also in その他", rewrite("<その他>", "<その他><署名情報></署名情報>"), errPlace},
		{"Signature directly below DataRoot", func(t *testing.T, d string) string {
			s := signaturesOf(t, d)
			return replace(t, d, s, strings.TrimSuffix(strings.TrimPrefix(s, "<署名情報>"), "</署名情報>"))
		}, errStructure},
		{"Signature inside Signature", func(t *testing.T, d string) string {
			return replace(t, d, "</KeyInfo></Signature>", "</KeyInfo><Signature></Signature></Signature>")
		}, errPlace},
		{"Signature copied with the same Id", func(t *testing.T, d string) string {
			s := between(t, d, "<Signature ", "</Signature>")
			return replace(t, d, s, s+s)
		}, errDuplicateID},
		{"SignedInfo outside Signature", rewrite("<その他>", "<その他><SignedInfo></SignedInfo>"), errPlace},
	})
}

// TestSecondSignature: a good Signature does not lend its worth to a bad one.
func TestSecondSignature(t *testing.T) {
	t.Parallel()

	document := string(mustSign(t, signer(t), coSigner(t)))
	second := document[strings.LastIndex(document, "<Signature "):]
	second = second[:strings.Index(second, "</Signature>")+len("</Signature>")]
	reference := second[strings.LastIndex(second, "<Reference "):strings.LastIndex(second, "</SignedInfo>")]
	tests := []struct {
		name, with string
		want       *Problem
	}{
		{"covers less", strings.Replace(second, reference, "", 1), errNotCovered},
		{"has another value", strings.Replace(second, "<SignedInfo>", "<SignedInfo> ", 1), errSignature},
		{"is empty", `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#" Id="20260710023016"></Signature>`, errPlace},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Verify([]byte(replace(t, document, second, tt.with)), forms(t), expectation())
			wantProblem(t, err, tt.want)
		})
	}
}

// TestReferences holds whatever SignedInfo may not say, each correctly signed.
func TestReferences(t *testing.T) {
	t.Parallel()

	reference := func(t *testing.T, d, uri string) string {
		return between(t, d, "<Reference "+uri, "</Reference>")
	}
	drop := func(uri string) func(*testing.T, string) string {
		return func(t *testing.T, d string) string { return resign(t, replace(t, d, reference(t, d, uri), "")) }
	}
	repeat := func(uri string, change func(string) string) func(*testing.T, string) string {
		return func(t *testing.T, d string) string {
			r := reference(t, d, uri)
			return resign(t, replace(t, d, r, r+change(r)))
		}
	}
	same := func(r string) string { return r }
	runAttacks(t, []attack{
		{"missing 構成情報", drop(genuineFragment), errNotCovered},
		{"missing file", drop(genuineFile), errNotCovered},
		{"only one left", func(t *testing.T, d string) string {
			d = replace(t, d, reference(t, d, genuineFile), "")
			return resign(t, replace(t, d, reference(t, d, `URI="`+secondFormName), ""))
		}, errReferenceCount},
		{"none at all", func(t *testing.T, d string) string {
			for _, uri := range []string{genuineFragment, genuineFile, `URI="` + secondFormName} {
				d = replace(t, d, reference(t, d, uri), "")
			}
			return resign(t, d)
		}, errReferenceCount},
		{"構成情報 twice", repeat(genuineFragment, same), errReferenceTwice},
		{"file twice", repeat(genuineFile, same), errReferenceTwice},
		{"file twice in two spellings", repeat(genuineFile, func(r string) string {
			return strings.Replace(r, "_01.xml", "%5F01.xml", 1)
		}), errReferenceTwice},
		{"extra file", repeat(genuineFile, func(r string) string {
			return strings.Replace(r, formName, "other.xml", 1)
		}), errNotExpected},
		{"too many", repeat(genuineFile, func(r string) string { return strings.Repeat(r, maxFiles) }), errReferenceCount},
		{"digests swapped", func(t *testing.T, d string) string {
			first, second := reference(t, d, genuineFile), reference(t, d, `URI="`+secondFormName)
			a, b := between(t, first, "<DigestValue>", "</DigestValue>"), between(t, second, "<DigestValue>", "</DigestValue>")
			return resign(t, strings.NewReplacer(a, b, b, a).Replace(d))
		}, errDigest},
		{"digest too short", rewriteSigned(digestOf(string(secondForm(t))), "AAAA"), errBase64},
		{"digest with stray bits", rewriteSigned(digestOf(string(secondForm(t))), strings.Repeat("A", 42)+"B="), errBase64},
		{"raw fragment", rewriteSigned(genuineFragment, `URI="#構成情報"`), errURI},
		{"fragment in small letters", rewriteSigned(genuineFragment, strings.ToLower(genuineFragment)), errStructure},
		{"fragment with small hexadecimal", rewriteSigned(genuineFragment, `URI="#%e6%a7%8b%e6%88%90%e6%83%85%e5%a0%b1"`), errURI},
		{"fragment encoded twice", rewriteSigned(genuineFragment, `URI="#%25E6%25A7%258B%25E6%2588%2590%25E6%2583%2585%25E5%25A0%25B1"`), errURI},
		{"fragment with the sign encoded", rewriteSigned(genuineFragment, `URI="%23%E6%A7%8B%E6%88%90%E6%83%85%E5%A0%B1"`), errURI},
		{"fragment as XPointer", rewriteSigned(genuineFragment, `URI="#xpointer(id('構成情報'))"`), errURI},
		{"whole document", rewriteSigned(genuineFragment, `URI=""`), errURI},
		{"no URI", rewriteSigned(`<Reference `+genuineFragment, "<Reference"), errStructure},
		{"file encoded twice", rewriteSigned(genuineFile, `URI="495000000000000001%255F01.xml"`), errURI},
		{"file with a fragment", rewriteSigned(genuineFile, `URI="495000000000000001_01.xml#a"`), errURI},
		{"file in another folder", rewriteSigned(genuineFile, `URI="../495000000000000001_01.xml"`), errURI},
		{"file in another folder, encoded", rewriteSigned(genuineFile, `URI="..%2F495000000000000001_01.xml"`), errURI},
		{"file by scheme", rewriteSigned(genuineFile, `URI="file:495000000000000001_01.xml"`), errURI},
		{"file from the network", rewriteSigned(genuineFile, `URI="http://example.jp/495000000000000001_01.xml"`), errURI},
		{"file name with NUL", rewriteSigned(genuineFile, `URI="495000000000000001_01.xml%00"`), errURI},
		{"file name not UTF-8", rewriteSigned(genuineFile, `URI="%FF.xml"`), errURI},
		{"file name with a broken escape", rewriteSigned(genuineFile, `URI="495000000000000001_01%2.xml"`), errURI},
		{"file name with a cut escape", rewriteSigned(genuineFile, `URI="495000000000000001_01.xml%2"`), errURI},
		{"file name in raw Japanese", rewriteSigned(genuineFile, `URI="届書.xml"`), errURI},
	})
}

func secondForm(t testing.TB) []byte {
	t.Helper()
	return forms(t)[1].Data
}

// TestAlgorithms: whatever is not in the one profile is refused, however well signed.
func TestAlgorithms(t *testing.T) {
	t.Parallel()

	method := func(name, algorithm string) string {
		return "<" + name + ` Algorithm="` + algorithm + `"></` + name + ">"
	}
	first := func(old, with string) func(*testing.T, string) string {
		return func(_ *testing.T, d string) string { return resign(t, strings.Replace(d, old, with, 1)) }
	}
	digest := method("DigestMethod", algorithmSHA256)
	transform := method("Transform", algorithmC14N)
	var attacks []attack
	for _, other := range []string{
		"http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2001/04/xmldsig-more#md5",
		"http://www.w3.org/2001/04/xmlenc#sha512", "http://www.w3.org/2001/04/xmlenc#SHA256", "",
	} {
		attacks = append(attacks, attack{"digest " + other, first(digest, method("DigestMethod", other)), errAlgorithm})
	}
	for _, other := range []string{
		"http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
		"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
		"http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
	} {
		attacks = append(attacks, attack{"signature " + other, rewriteSigned(algorithmRSA, other), errAlgorithm})
	}
	for _, other := range []string{
		"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments", "http://www.w3.org/2001/10/xml-exc-c14n#",
		"http://www.w3.org/2006/12/xml-c14n11", "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
		"http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/TR/1999/REC-xslt-19991116",
		"http://www.w3.org/2000/09/xmldsig#base64",
	} {
		attacks = append(attacks,
			attack{"transform " + other, first(transform, method("Transform", other)), errTransform},
			attack{"further transform " + other, first(transform, transform+method("Transform", other)), errTransform},
			attack{
				"canonicalisation " + other,
				first(method("CanonicalizationMethod", algorithmC14N), method("CanonicalizationMethod", other)), errAlgorithm,
			})
	}
	attacks = append(
		attacks,
		attack{"same transform twice", first(transform, transform+transform), errTransform},
		attack{"no transform in Transforms", first(transform, ""), errTransform},
		attack{"transform with parameters", first(transform, strings.Replace(transform, "><", "><XPath></XPath><", 1)), errTransform},
		attack{"transform of a file", first("<Reference "+genuineFile+">", "<Reference "+genuineFile+"><Transforms>"+transform+"</Transforms>"), errTransform},
		attack{"digest with parameters", first(digest, strings.Replace(digest, "><", "><a></a><", 1)), errAlgorithm},
		attack{"HMACOutputLength", first("</SignatureMethod>", "<HMACOutputLength>1</HMACOutputLength></SignatureMethod>"), errAlgorithm},
		attack{"no signature method", first(method("SignatureMethod", algorithmRSA), ""), errStructure},
		attack{"two signature methods", first(method("SignatureMethod", algorithmRSA), strings.Repeat(method("SignatureMethod", algorithmRSA), 2)), errStructure},
	)
	runAttacks(t, attacks)
}

// TestKeys: certificates that are no fit for a signature.
func TestKeys(t *testing.T) {
	t.Parallel()

	small, err := smallSigner()
	if err != nil {
		t.Fatal(err)
	}
	document := signed(t)
	certificate := between(t, document, "<X509Certificate>", "</X509Certificate>")
	weak := "<X509Certificate>" + encode(small.Certificate.Raw) + "</X509Certificate>"
	_, err = Verify([]byte(replace(t, document, certificate, weak)), forms(t), expectation())
	wantProblem(t, err, errKeyKind)

	trailing := "<X509Certificate>" + encode(append(signer(t).Certificate.Raw, 0)) + "</X509Certificate>"
	_, err = Verify([]byte(replace(t, document, certificate, trailing)), forms(t), expectation())
	wantProblem(t, err, errCertificate)

	huge := "<X509Certificate>" + strings.Repeat("AAAA", maxCertificate) + "</X509Certificate>"
	_, err = Verify([]byte(replace(t, document, certificate, huge)), forms(t), expectation())
	wantProblem(t, err, errBase64)
}

// TestCVE_2020_15216: encoding/xml and a second parse disagreed about names with
// colons and about directives with comments inside.
func TestCVE_2020_15216(t *testing.T) {
	t.Parallel()

	runAttacks(t, []attack{
		{"empty prefix", rewrite("<通信欄></通信欄>", "<:通信欄></:通信欄>"), errNamespace},
		{"two colons", rewrite("<通信欄></通信欄>", "<x::構成情報></x::構成情報>"), errMalformed},
		{"attribute with two colons", rewrite("<その他>", `<その他 x::ID="構成情報">`), errMalformed},
		{"attribute with empty prefix", rewrite("<その他>", `<その他 :ID="構成情報">`), errNamespace},
		{"attribute with an empty local part", rewrite("<その他>", `<その他 ID:="構成情報">`), errNamespace},
		{"directive with a comment", rewrite("<通信欄>", "<!x<!-- -->y><通信欄>"), errMarkup},
		{"directive before the root", func(_ *testing.T, d string) string {
			return strings.Replace(d, "<DataRoot>", "<!X <!-- --> ><DataRoot>", 1)
		}, errMarkup},
	})
}

// TestCVE_2020_7711: a signature with parts missing brought the verifier down.
func TestCVE_2020_7711(t *testing.T) {
	t.Parallel()

	document := signed(t)
	for _, name := range []string{
		"Signature", "SignedInfo", "CanonicalizationMethod", "SignatureMethod", "Reference", "Transforms", "Transform",
		"DigestMethod", "DigestValue", "SignatureValue", "KeyInfo", "X509Data", "X509Certificate",
	} {
		start := strings.Index(document, "<"+name)
		end := start + strings.Index(document[start:], "</"+name+">") + len("</"+name+">")
		part := document[start:end]
		open := part[:strings.Index(part, ">")+1]
		for what, with := range map[string]string{
			"missing": "", "empty": open + "</" + name + ">", "bare": "<" + name + "/>", "twice": part + part,
			"nested": open + part + "</" + name + ">",
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				changed := strings.Replace(document, part, with, 1)
				if changed == document {
					return // it was empty already
				}
				_, err := Verify([]byte(changed), forms(t), expectation())
				if err == nil {
					t.Error("verified")
				}
			})
		}
	}
}

// TestCVE_2026_33487: with several references, the digest of another one was compared.
func TestCVE_2026_33487(t *testing.T) {
	t.Parallel()

	var attacks []attack
	for i, uri := range []string{genuineFragment, genuineFile, `URI="` + secondFormName + `"`} {
		attacks = append(attacks, attack{fmt.Sprintf("reference %d", i), func(t *testing.T, d string) string {
			r := between(t, d, "<Reference "+uri, "</Reference>")
			value := between(t, r, "<DigestValue>", "</DigestValue>")
			return resign(t, replace(t, d, value, "<DigestValue>"+digestOf("evil")+"</DigestValue>"))
		}, errDigest})
		attacks = append(attacks, attack{fmt.Sprintf("all have the digest of reference %d", i), func(t *testing.T, d string) string {
			value := between(t, between(t, d, "<Reference "+uri, "</Reference>"), "<DigestValue>", "</DigestValue>")
			return resign(t, digestValue.ReplaceAllString(d, value))
		}, errDigest})
	}
	runAttacks(t, attacks)
}

// TestGHSA_qhrp_hfff_vphr: canonicalisation took the square of the depth, and copied
// the tree once a level. The limits keep any document within a second on an idle machine.
func TestGHSA_qhrp_hfff_vphr(t *testing.T) {
	t.Parallel()

	document := signed(t)
	shapes := map[string]string{
		"deep":         strings.Repeat("<a>", 100_000) + strings.Repeat("</a>", 100_000),
		"at the limit": strings.Repeat(strings.Repeat("<a>", maxDepth-3)+strings.Repeat("</a>", maxDepth-3), 700),
		"wide":         strings.Repeat("<a></a>", 9_000),
		"attributes":   "<a" + manyAttributes(2_000) + "></a>",
		"not closed":   strings.Repeat("<a>", 1_000_000),
		"text":         strings.Repeat("あ", 1_000_000),
	}
	for name, inside := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed, files := []byte(replace(t, document, "<通信欄>", "<通信欄>"+inside)), forms(t)
			done := make(chan error, 1)
			go func() {
				_, err := Verify(changed, files, expectation())
				done <- err
			}()
			select {
			case err := <-done:
				if err == nil {
					t.Error("verified")
				}
			case <-time.After(20 * time.Second):
				t.Error("takes more than 20 seconds")
			}
		})
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d="x"`, i)
	}
	return b.String()
}

// TestCVE_2023_34205: the raw and the canonical document parsed differently. Nothing
// that canonical form changes beyond spelling is accepted below DataRoot.
func TestCVE_2023_34205(t *testing.T) {
	t.Parallel()

	runAttacks(t, []attack{
		{"comment in a name", rewrite("試験　太郎", "試験　太郎<!-- -->x"), errMarkup},
		{"comment hides a digit", rewrite("<手続ID>4950000000000000", "<手続ID>4950000000<!---->000000"), errMarkup},
		{"CDATA hides an element", rewrite("<通信欄>", "<通信欄><![CDATA[</通信欄>]]>"), errMarkup},
		{"instruction", rewrite("<通信欄>", "<通信欄><?x ?>"), errMarkup},
		{"entity by document type", func(_ *testing.T, d string) string {
			return strings.Replace(d, "<DataRoot>", `<!DOCTYPE DataRoot [<!ENTITY e "x">]><DataRoot>`, 1)
		}, errDocumentType},
		{"ID by document type", func(_ *testing.T, d string) string {
			return strings.Replace(d, "<DataRoot>", `<!DOCTYPE DataRoot [<!ATTLIST その他 a ID "構成情報">]><DataRoot>`, 1)
		}, errDocumentType},
		{"namespace from the root", func(_ *testing.T, d string) string {
			return strings.Replace(d, "<DataRoot>", `<DataRoot xmlns:p="urn:p">`, 1)
		}, errNamespace},
	})
}

// TestCVE_2025_29774: a comment inside DigestValue split it for the verifier.
func TestCVE_2025_29774(t *testing.T) {
	t.Parallel()

	runAttacks(t, []attack{
		{"comment in DigestValue", func(_ *testing.T, d string) string {
			return strings.Replace(d, "<DigestValue>", "<DigestValue><!--"+digestOf("evil")+"-->", 1)
		}, errMarkup},
		{"comment in SignatureValue", rewrite("<SignatureValue>", "<SignatureValue><!-- -->"), errMarkup},
		{"comment in the certificate", rewrite("<X509Certificate>", "<X509Certificate><!-- -->"), errMarkup},
		{"comment in a URI's neighbourhood", rewrite("<Reference "+genuineFile+">", "<Reference "+genuineFile+"><!-- -->"), errMarkup},
	})
}

// TestCVE_2025_29775: of two SignedInfo one was digested and the other believed.
func TestCVE_2025_29775(t *testing.T) {
	t.Parallel()

	insert := func(before string) func(*testing.T, string) string {
		return func(t *testing.T, d string) string {
			evil := strings.ReplaceAll(between(t, d, "<SignedInfo>", "</SignedInfo>"), formName, "evil.xml")
			return replace(t, d, before, evil+before)
		}
	}
	runAttacks(t, []attack{
		{"before", insert("<SignedInfo>"), errPlace},
		{"after", insert("<SignatureValue>"), errPlace},
		{"at the end", insert("</Signature>"), errPlace},
		{"in KeyInfo", insert("<X509Data>"), errPlace},
	})
}

// TestXMLCrypto378: a reference without transforms was never digested at all. That is
// the shape of every file reference of e-Gov.
func TestXMLCrypto378(t *testing.T) {
	t.Parallel()

	document := signed(t)
	for i, f := range forms(t) {
		files := forms(t)
		files[i].Data = append([]byte("x"), f.Data...)
		_, err := Verify([]byte(document), files, expectation())
		wantProblem(t, err, errDigest)
	}
	// 構成情報 without transforms is digested too.
	bare := resign(t, replace(t, document, between(t, document, "<Transforms>", "</Transforms>"), ""))
	_, err := Verify([]byte(replace(t, bare, "試験　太郎", "試験　次郎")), forms(t), expectation())
	wantProblem(t, err, errDigest)
}

// TestGoxmldsigSecondReference: goxmldsig looks at the first matching reference only.
func TestGoxmldsigSecondReference(t *testing.T) {
	t.Parallel()

	runAttacks(t, []attack{
		{"last digest is wrong", rewriteSigned(digestOf(string(secondForm(t))), digestOf("evil")), errDigest},
		{"references in another order, first digest wrong", func(t *testing.T, d string) string {
			r := between(t, d, "<Reference "+genuineFragment, "</Reference>")
			d = replace(t, replace(t, d, r, ""), "</SignedInfo>", r+"</SignedInfo>")
			return resign(t, replace(t, d, digestOf(string(secondForm(t))), digestOf("evil")))
		}, errDigest},
	})
}

// TestGoxmldsigURIFirstCharacter: goxmldsig does not look at the first character of a
// URI, so that X% would do for #%.
func TestGoxmldsigURIFirstCharacter(t *testing.T) {
	t.Parallel()

	runAttacks(t, []attack{
		{"letter", rewriteSigned(genuineFragment, strings.Replace(genuineFragment, "#", "X", 1)), errTransform},
		{"nothing", rewriteSigned(genuineFragment, strings.Replace(genuineFragment, "#", "", 1)), errTransform},
		{"two signs", rewriteSigned(genuineFragment, strings.Replace(genuineFragment, "#", "##", 1)), errURI},
		{"space", rewriteSigned(genuineFragment, strings.Replace(genuineFragment, "#", " #", 1)), errURI},
		{"document name", rewriteSigned(genuineFragment, strings.Replace(genuineFragment, "#", "kousei.xml#", 1)), errURI},
	})
}

// TestPrefixRefused: e-Gov takes no ds: prefix, however it is bound.
func TestPrefixRefused(t *testing.T) {
	t.Parallel()

	prefixed := func(_ *testing.T, d string) string {
		for _, name := range []string{"Signature", "SignedInfo", "SignatureValue", "KeyInfo"} {
			d = strings.NewReplacer("<"+name+">", "<ds:"+name+">", "<"+name+" ", "<ds:"+name+" ", "</"+name+">", "</ds:"+name+">").Replace(d)
		}
		return strings.Replace(d, `xmlns="`+namespaceSignature, `xmlns:ds="`+namespaceSignature, 1)
	}
	runAttacks(t, []attack{
		{"ds", prefixed, errNamespace},
		{"declared besides", rewrite(`xmlns="`+namespaceSignature+`"`, `xmlns="`+namespaceSignature+`" xmlns:ds="`+namespaceSignature+`"`), errNamespace},
	})
}
