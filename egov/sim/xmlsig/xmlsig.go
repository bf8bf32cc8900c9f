// Package xmlsig verifies the 署名情報 of a kousei.xml the way e-Gov wants it:
// one element directly below the root, in it the expected number of XMLDSig
// signatures, each over 構成情報 and over every form file in order.
//
// It is a second opinion and shares nothing with the code that signs. It takes
// one thing from goxmldsig, the C14N 1.0 canonicaliser, and checks every
// Reference itself: goxmldsig would check the first and ignore the others.
// Nothing is repaired or retried; what is not exactly expected is a finding.
package xmlsig

import (
	"crypto/x509"
	"regexp"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"todoke/egov/sim/xmltree"
	"todoke/egov/wire"
)

// Identifiers and names that a signature has to use.
const (
	namespace = "http://www.w3.org/2000/09/xmldsig#"
	c14n      = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	rsaSHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	sha256Alg = "http://www.w3.org/2001/04/xmlenc#sha256"

	signedElement = "構成情報"
	signedURI     = "#%E6%A7%8B%E6%88%90%E6%83%85%E5%A0%B1" // "#構成情報"
	rawURI        = "#構成情報"
)

// Sizes of RSA keys that are accepted; the upper one bounds the work that a
// hostile certificate can cause.
const (
	minimumBits = 2048
	maximumBits = 8192
)

// File is a form file with its octets exactly as in the zip.
type File struct {
	Name string
	Data []byte
}

// Expectation says what must be signed, and by whom.
type Expectation struct {
	Count int            // Signature elements
	Files []File         // form files in the order of 申請書属性情報
	At    time.Time      // when the certificates must be valid
	Trust *x509.CertPool // accepted issuers; nil accepts any certificate as a test certificate
}

// Verify checks the signatures of a document that xmltree has already read;
// octets and root belong to the same document. The rows have Item, Content and
// perhaps Detail.
func Verify(octets []byte, root *xmltree.Node, want Expectation) []wire.ReportRow {
	v := verifier{want: want}
	info := root.Child("署名情報")
	if (info == nil || len(info.Children) == 0) != (want.Count == 0) {
		v.report("署名情報", "手続における署名要否と送信データの署名有無が一致しません。", "")
		return v.rows
	}
	if want.Count == 0 {
		return nil
	}
	if len(info.Children) != want.Count {
		v.report("署名情報", countMessage(want.Count), "")
	}
	doc := etree.NewDocument()
	err := doc.ReadFromBytes(octets)
	if err != nil {
		v.report("署名情報", "署名対象を読み込むことができません。", "")
		return v.rows
	}
	v.digestElement(doc)
	ids := map[string]bool{}
	for i, node := range info.Children {
		id, _ := node.Attr("Id")
		if ids[id] {
			v.report("署名情報.Signature.Id", "Idが重複しています。", "")
		}
		ids[id] = true
		v.signature(node, nthSignature(doc, i))
	}
	return v.rows
}

func countMessage(n int) string {
	if n == 1 {
		return "手続に必要な署名は1人です。"
	}
	return "手続に必要な署名の数と一致しません。"
}

// nthSignature finds in the second parse the element that node i of the first is.
func nthSignature(doc *etree.Document, i int) *etree.Element {
	for _, el := range doc.Root().ChildElements() {
		if el.FullTag() == "署名情報" {
			return el.ChildElements()[i]
		}
	}
	return nil
}

// verifier collects the findings of one document.
type verifier struct {
	want    Expectation
	element []byte // canonical octets of 構成情報, nil when there is not exactly one
	rows    []wire.ReportRow
}

func (v *verifier) report(item, content, detail string) {
	v.rows = append(v.rows, wire.ReportRow{Item: "構成管理XML." + item, Content: content, Detail: detail})
}

// digestElement canonicalises the one element whose ID is 構成情報. A detached
// copy is used: nothing above it may carry a namespace or an xml: attribute
// (the structure check says so), and the canonicaliser would let an ancestor
// override the element's own declarations.
func (v *verifier) digestElement(doc *etree.Document) {
	var found []*etree.Element
	var search func(*etree.Element)
	search = func(el *etree.Element) {
		if el.SelectAttrValue("ID", "") == signedElement {
			found = append(found, el)
		}
		for _, c := range el.ChildElements() {
			search(c)
		}
	}
	search(doc.Root())
	if len(found) != 1 {
		v.report(signedElement, "署名対象のIDを持つ要素は1つでなければなりません。", "")
		return
	}
	if found[0].FullTag() != signedElement || found[0].Parent() != doc.Root() {
		v.report(signedElement, "署名対象の要素が正しくありません。", "")
		return
	}
	v.element, _ = canonical(found[0].Copy())
}

func canonical(el *etree.Element) ([]byte, error) {
	return dsig.MakeC14N10RecCanonicalizer().Canonicalize(el)
}

var idPattern = regexp.MustCompile(`^[0-9]{14}$`)

// checkID wants exactly fourteen digits that are a date and time.
func (v *verifier) checkID(id string) {
	_, err := time.Parse("20060102150405", id)
	if !idPattern.MatchString(id) || err != nil {
		v.report("署名情報.Signature.Id", "IdはyyyyMMddHHmmssの14桁の数字でなければなりません。", "")
	}
}
