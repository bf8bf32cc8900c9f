package signing

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"todoke/signing/c14n"
)

// Sign returns kousei with a 署名情報 directly behind 構成情報: one Signature per
// signer, each over #構成情報 and over every file, in the order given. The Id of the
// first Signature is at in JST, those of co-signers follow a second apart.
//
// The 構成情報 of the result is in canonical form, so comments inside it are gone and
// CDATA sections are text; a byte order mark is dropped; every other octet is that of
// kousei. A document that is signed already, has a document type, namespaces,
// duplicate IDs or processing instructions inside 構成情報 is refused.
//
// Keys must be RSA of 2048 bits or more; the signature is PKCS #1 v1.5 with SHA-256.
// Whether a certificate is valid at the time is asked of CheckCertificate.
func Sign(kousei []byte, files []File, signers []Signer, at time.Time) ([]byte, error) {
	err := checkSigners(signers)
	if err != nil {
		return nil, err
	}
	err = checkFiles(files)
	if err != nil {
		return nil, err
	}
	target, err := locate(kousei)
	if err != nil {
		return nil, err
	}
	ids, err := signatureIDs(len(signers), at, target.ids)
	if err != nil {
		return nil, err
	}
	// Room for the expanded empty elements, and for a signature with its certificate.
	out := make([]byte, 0, len(kousei)*3/2+len(signers)*(6<<10)+len(files)*512)
	out = append(out, bytes.TrimPrefix(kousei[:target.start], []byte("\uFEFF"))...)
	start := len(out)
	out = target.element.AppendCanonical(out)
	// Canonical text and attributes hold no "<" of their own.
	if bytes.Contains(out[start:], []byte("<?")) {
		return nil, errMarkup
	}
	info := signedInfo(configurationReference, out[start:], files)
	out = append(out, "<"+signaturesName+">"...)
	for i, signer := range signers {
		out, err = appendSignature(out, info, signer, ids[i])
		if err != nil {
			return nil, err
		}
	}
	out = append(out, "</"+signaturesName+">"...)

	return append(out, kousei[target.end:]...), nil
}

func checkSigners(signers []Signer) error {
	if len(signers) == 0 || len(signers) > maxSignatures {
		return errSignerCount
	}
	for _, s := range signers {
		err := s.check()
		if err != nil {
			return err
		}
	}
	return nil
}

func checkFiles(files []File) error {
	if len(files) == 0 || len(files) > maxFiles {
		return errFileCount
	}
	seen := make(map[string]bool, len(files))
	for _, f := range files {
		err := checkName(f.Name)
		if err != nil {
			return err
		}
		if seen[f.Name] {
			return errFileTwice.about(f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

// target is where the signature of a document goes.
type target struct {
	element    c14n.Element // 構成情報
	start, end int          // its octets
	ids        map[string]bool
}

// locate parses the document and finds the one 構成情報, refusing whatever would let
// two readers see two different things.
func locate(kousei []byte) (target, error) {
	doc, err := c14n.Parse(kousei, c14n.Limits{
		Bytes: maxConfiguration, Depth: maxDepth, Nodes: 4 * maxElements, Attributes: maxAttributes,
	})
	if err != nil {
		return target{}, parseProblem(err)
	}
	t := target{ids: make(map[string]bool)}
	found := 0
	for e := range doc.Elements() {
		name := e.Name()
		switch {
		case strings.Contains(name, ":"):
			return target{}, errNamespace
		case name == signaturesName || name == "Signature" || name == "SignedInfo":
			return target{}, errSigned
		case name == configurationName:
			parent, below := e.Parent()
			if !below || parent != doc.Root() || parent.Name() != rootName {
				return target{}, errConfiguration
			}
			found++
			t.element = e
		}
		identified, err := t.attributes(e)
		if err != nil {
			return target{}, err
		}
		if identified != (name == configurationName) {
			return target{}, errConfiguration
		}
	}
	if found != 1 {
		return target{}, errConfiguration
	}
	t.start, t.end = t.element.Span()

	return t, nil
}

// attributes notes the IDs of an element and reports whether it is the one that the
// reference to 構成情報 means.
func (t *target) attributes(e c14n.Element) (identified bool, err error) {
	for name, value := range e.Attributes() {
		switch {
		case name == "xmlns" || strings.Contains(name, ":"):
			return false, errNamespace
		case !strings.EqualFold(name, "ID"):
			continue
		case t.ids[value]:
			return false, errDuplicateID
		}
		t.ids[value] = true
		identified = identified || name == "ID" && value == configurationName
	}

	return identified, nil
}

// parseProblem gives a refusal of the parser its public code.
func parseProblem(err error) error {
	kinds := []struct {
		kind   error
		public *Problem
	}{
		{c14n.ErrBytes, errTooLarge},
		{c14n.ErrDepth, errTooLarge},
		{c14n.ErrNodes, errTooLarge},
		{c14n.ErrAttributes, errTooLarge},
		{c14n.ErrDocumentType, errDocumentType},
		{c14n.ErrEncoding, errEncoding},
		{c14n.ErrNamespace, errNamespace},
		{c14n.ErrNamespaces, errNamespace},
		{c14n.ErrPrefix, errNamespace},
	}
	for _, k := range kinds {
		if errors.Is(err, k.kind) {
			return k.public.because(err)
		}
	}

	return errMalformed.because(err)
}

// signatureIDs returns n times in JST, a second apart, that no element has as ID.
func signatureIDs(n int, at time.Time, taken map[string]bool) ([]string, error) {
	at = at.In(jst)
	var ids []string
	for len(ids) < n {
		if at.Year() < 2000 || at.Year() > 9999 {
			return nil, errTime
		}
		id := at.Format(idLayout)
		if !taken[id] {
			ids = append(ids, id)
		}
		at = at.Add(time.Second)
	}

	return ids, nil
}

// openInfo is the start tag of SignedInfo in the context in which it is digested: the
// default namespace is inherited from Signature.
const openInfo = `<SignedInfo xmlns="` + namespaceSignature + `">`

// signedInfo returns SignedInfo in canonical form. All co-signers sign the same.
func signedInfo(fragment string, configuration []byte, files []File) []byte {
	b := make([]byte, 0, 1024+512*len(files))
	b = append(b, openInfo...)
	b = append(b, `<CanonicalizationMethod Algorithm="`+algorithmC14N+`"></CanonicalizationMethod>`+
		`<SignatureMethod Algorithm="`+algorithmRSA+`"></SignatureMethod>`...)
	const transforms = `<Transforms><Transform Algorithm="` + algorithmC14N + `"></Transform></Transforms>`
	b = appendReference(b, fragment, transforms, configuration)
	for _, f := range files {
		b = appendReference(b, escapeName(f.Name), "", f.Data)
	}

	return append(b, "</SignedInfo>"...)
}

func appendReference(b []byte, uri, transforms string, octets []byte) []byte {
	digest := sha256.Sum256(octets)
	b = append(b, `<Reference URI="`...)
	b = append(b, uri...)
	b = append(b, `">`...)
	b = append(b, transforms...)
	b = append(b, `<DigestMethod Algorithm="`+algorithmSHA256+`"></DigestMethod><DigestValue>`...)
	b = base64.StdEncoding.AppendEncode(b, digest[:])

	return append(b, "</DigestValue></Reference>"...)
}

// appendSignature signs SignedInfo and writes it without the declaration, which moves
// to Signature: the canonical octets stay the same.
func appendSignature(b, info []byte, signer Signer, id string) ([]byte, error) {
	digest := sha256.Sum256(info)
	value, err := signer.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, errDevice.because(fmt.Errorf("signing with the private key: %w", err))
	}
	public, ok := signer.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok || len(value) != public.Size() {
		return nil, errDevice
	}
	b = append(b, `<Signature xmlns="`+namespaceSignature+`" Id="`...)
	b = append(b, id...)
	b = append(b, `"><SignedInfo>`...)
	b = append(b, info[len(openInfo):]...)
	b = append(b, `<SignatureValue>`...)
	b = base64.StdEncoding.AppendEncode(b, value)
	b = append(b, `</SignatureValue><KeyInfo><X509Data><X509Certificate>`...)
	b = base64.StdEncoding.AppendEncode(b, signer.Certificate.Raw)

	return append(b, `</X509Certificate></X509Data></KeyInfo></Signature>`...), nil
}
