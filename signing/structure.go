package signing

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// parsedSignature is a Signature whose shape is right; nothing in it is verified yet.
type parsedSignature struct {
	id          string
	info        *etree.Element // SignedInfo
	references  []parsedReference
	value       []byte
	certificate *x509.Certificate
}

// parsedReference names what is referenced: configurationURI or a bare file name,
// which can never be equal.
type parsedReference struct {
	target string
	digest []byte
}

// shape returns the children of an element if it has exactly the given attributes,
// exactly the given children in order (any children if none are given), and no text.
func shape(e *etree.Element, attributes []string, children ...string) ([]*etree.Element, error) {
	if len(e.Attr) != len(attributes) {
		return nil, errStructure
	}
	for _, a := range e.Attr {
		if !slices.Contains(attributes, a.Key) {
			return nil, errStructure
		}
	}
	var found []*etree.Element
	for _, token := range e.Child {
		switch t := token.(type) {
		case *etree.Element:
			found = append(found, t)
		case *etree.CharData:
			if !blank(t.Data) {
				return nil, errStructure
			}
		}
	}
	if children == nil {
		return found, nil
	}
	if len(found) != len(children) {
		return nil, errStructure
	}
	for i, name := range children {
		if found[i].Tag != name {
			return nil, errStructure
		}
	}

	return found, nil
}

func parseSignature(e *etree.Element) (*parsedSignature, error) {
	if e.Tag != "Signature" {
		return nil, errStructure
	}
	if e.SelectAttrValue("xmlns", "") != namespaceSignature {
		return nil, errNamespace
	}
	parts, err := shape(e, []string{"xmlns", "Id"}, "SignedInfo", "SignatureValue", "KeyInfo")
	if err != nil {
		return nil, err
	}
	s := &parsedSignature{id: e.SelectAttrValue("Id", ""), info: parts[0]}
	at, err := time.Parse(idLayout, s.id)
	if err != nil || at.Format(idLayout) != s.id {
		return nil, errID
	}
	s.references, err = parseSignedInfo(parts[0])
	if err != nil {
		return nil, err
	}
	s.value, err = decoded(parts[1], maxKeyBits/8)
	if err != nil {
		return nil, err
	}
	s.certificate, err = parseKeyInfo(parts[2])
	if err != nil {
		return nil, err
	}

	return s, nil
}

func parseSignedInfo(info *etree.Element) ([]parsedReference, error) {
	children, err := shape(info, nil)
	if err != nil {
		return nil, err
	}
	if len(children) < 2 || children[0].Tag != "CanonicalizationMethod" || children[1].Tag != "SignatureMethod" {
		return nil, errStructure
	}
	err = algorithm(children[0], algorithmC14N, errAlgorithm)
	if err != nil {
		return nil, err
	}
	err = algorithm(children[1], algorithmRSA, errAlgorithm)
	if err != nil {
		return nil, err
	}
	children = children[2:]
	if len(children) < 2 || len(children) > 1+maxFiles {
		return nil, errReferenceCount
	}
	references := make([]parsedReference, len(children))
	for i, child := range children {
		references[i], err = parseReference(child)
		if err != nil {
			return nil, err
		}
	}

	return references, nil
}

// algorithm checks an element that names an algorithm and takes no parameters.
func algorithm(e *etree.Element, want string, otherwise *Problem) error {
	children, err := shape(e, []string{"Algorithm"})
	if err != nil {
		return err
	}
	if len(children) > 0 || e.SelectAttrValue("Algorithm", "") != want {
		return otherwise
	}
	return nil
}

func parseReference(e *etree.Element) (parsedReference, error) {
	if e.Tag != "Reference" {
		return parsedReference{}, errStructure
	}
	children, err := shape(e, []string{"URI"})
	if err != nil {
		return parsedReference{}, err
	}
	name, err := referenceTarget(e.SelectAttrValue("URI", ""))
	if err != nil {
		return parsedReference{}, err
	}
	if len(children) > 0 && children[0].Tag == "Transforms" {
		if name != configurationURI {
			return parsedReference{}, errTransform
		}
		transforms, err := shape(children[0], nil, "Transform")
		if err != nil {
			return parsedReference{}, errTransform
		}
		err = algorithm(transforms[0], algorithmC14N, errTransform)
		if err != nil {
			return parsedReference{}, err
		}
		children = children[1:]
	}
	if len(children) != 2 || children[0].Tag != "DigestMethod" || children[1].Tag != "DigestValue" {
		return parsedReference{}, errStructure
	}
	err = algorithm(children[0], algorithmSHA256, errAlgorithm)
	if err != nil {
		return parsedReference{}, err
	}
	value, err := decoded(children[1], sha256.Size)
	if err != nil || len(value) != sha256.Size {
		return parsedReference{}, errBase64
	}

	return parsedReference{target: name, digest: value}, nil
}

// referenceTarget tells what a URI means. Whether it points into the document is
// decided by its first character before anything is decoded; a decoded file name can
// not begin with "#".
func referenceTarget(uri string) (string, error) {
	if strings.HasPrefix(uri, "#") {
		if uri != configurationReference {
			return "", errURI.about(uri)
		}
		return configurationURI, nil
	}
	name, ok := unescapeOnce(uri)
	if !ok || checkName(name) != nil {
		return "", errURI.about(uri)
	}

	return name, nil
}

// decoded returns the octets of an element that holds base64 and nothing else. Line
// breaks and spaces in it are allowed, as other software writes them.
func decoded(e *etree.Element, most int) ([]byte, error) {
	var b strings.Builder
	for _, token := range e.Child {
		text, ok := token.(*etree.CharData)
		if !ok {
			return nil, errStructure
		}
		b.WriteString(text.Data)
	}
	if len(e.Attr) > 0 {
		return nil, errStructure
	}
	text := strings.Map(func(r rune) rune {
		if strings.ContainsRune("\t\n\r ", r) {
			return -1
		}
		return r
	}, b.String())
	if base64.StdEncoding.DecodedLen(len(text)) > most+2 {
		return nil, errBase64
	}
	value, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(value) == 0 {
		return nil, errBase64
	}

	return value, nil
}

// parseKeyInfo reads the one certificate of a Signature.
func parseKeyInfo(e *etree.Element) (*x509.Certificate, error) {
	data, err := shape(e, nil, "X509Data")
	if err != nil {
		return nil, err
	}
	certificates, err := shape(data[0], nil, "X509Certificate")
	if err != nil {
		return nil, err
	}
	der, err := decoded(certificates[0], maxCertificate)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errCertificate
	}

	return certificate, nil
}
