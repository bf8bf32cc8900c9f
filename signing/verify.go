package signing

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Expectation is what a caller of Verify knows about the document beforehand.
type Expectation struct {
	// Files are the names that every Signature must reference, no more and no fewer,
	// beside 構成情報. The order does not matter.
	Files []string
	// Signatures is the number of Signature elements; 0 stands for any from 1 up.
	Signatures int
}

// Result says what was signed and with which certificate. Whoever goes on to use the
// document must use what is listed in Covered and nothing else.
type Result struct {
	Signatures []Signature `json:"signatures"` // in document order
}

// Signature is one Signature that holds.
type Signature struct {
	ID          string // attribute Id: the time claimed by the signer, 14 digits, JST
	Certificate *x509.Certificate
	Covered     []string // decoded URIs in document order: "#構成情報", then file names
}

// MarshalJSON writes the certificate as subject, serial number and validity.
func (s Signature) MarshalJSON() ([]byte, error) {
	out := struct {
		ID        string    `json:"id"`
		Covered   []string  `json:"covered"`
		Subject   string    `json:"subject"`
		Issuer    string    `json:"issuer"`
		Serial    string    `json:"serial"` // hexadecimal
		NotBefore time.Time `json:"not_before"`
		NotAfter  time.Time `json:"not_after"`
	}{ID: s.ID, Covered: s.Covered}
	if c := s.Certificate; c != nil {
		out.Subject, out.Issuer = printable(c.Subject.String()), printable(c.Issuer.String())
		out.Serial = c.SerialNumber.Text(16)
		out.NotBefore, out.NotAfter = c.NotBefore.In(jst), c.NotAfter.In(jst)
	}

	return json.Marshal(out)
}

// Verify checks every Signature of kousei and every Reference of each: the digest of
// 構成情報 and of each file, the signature value with the key of the certificate that
// the Signature carries, and that each Signature covers exactly what expect says.
// files must hold the expected files; others are ignored.
//
// A reference to 構成情報 without transforms is digested as Canonical XML 1.0, one to
// a file as the octets of the file. The error is a *Problem; on an error the Result is
// empty.
func Verify(kousei []byte, files []File, expect Expectation) (Result, error) {
	d, err := parseDocument(kousei)
	if err != nil {
		return Result{}, err
	}
	return d.verify(files, expect)
}

// verify consumes the document: it takes parts out of the tree to canonicalise them.
func (d *document) verify(files []File, expect Expectation) (Result, error) {
	if d.signatures == nil {
		return Result{}, ErrUnsigned
	}
	elements, err := shape(d.signatures, nil)
	if err != nil {
		return Result{}, err
	}
	switch n := len(elements); {
	case n == 0:
		return Result{}, ErrUnsigned
	case n > maxSignatures, expect.Signatures > 0 && n != expect.Signatures:
		return Result{}, errSignatureCount
	}
	wanted, err := wantedDigests(files, expect.Files)
	if err != nil {
		return Result{}, err
	}
	configuration, err := canonicalDigest(d.configuration)
	if err != nil {
		return Result{}, err
	}
	wanted[configurationURI] = configuration

	var result Result
	for _, element := range elements {
		signature, err := verifySignature(element, wanted)
		if err != nil {
			return Result{}, err
		}
		result.Signatures = append(result.Signatures, signature)
	}

	return result, nil
}

type digest = [sha256.Size]byte

// wantedDigests digests the expected files.
func wantedDigests(files []File, names []string) (map[string]digest, error) {
	data := make(map[string][]byte, len(files))
	for _, f := range files {
		_, twice := data[f.Name]
		if twice {
			return nil, errFileTwice.about(f.Name)
		}
		data[f.Name] = f.Data
	}
	wanted := make(map[string]digest, len(names)+1)
	for _, name := range names {
		err := checkName(name)
		if err != nil {
			return nil, err
		}
		octets, ok := data[name]
		if !ok {
			return nil, errFileMissing.about(name)
		}
		_, twice := wanted[name]
		if twice {
			return nil, errFileTwice.about(name)
		}
		wanted[name] = sha256.Sum256(octets)
	}

	return wanted, nil
}

// canonicalDigest takes an element out of its tree and digests its canonical form.
// goxmldsig overwrites what an element declares by what its ancestors declare, and
// works in the square of the depth: a detached element of bounded depth that inherits
// nothing meets neither.
func canonicalDigest(e *etree.Element) (digest, error) {
	octets, err := canonicalOctets(e)
	if err != nil {
		return digest{}, err
	}
	return sha256.Sum256(octets), nil
}

func canonicalOctets(e *etree.Element) ([]byte, error) {
	if parent := e.Parent(); parent != nil {
		parent.RemoveChild(e)
	}
	octets, err := dsig.MakeC14N10RecCanonicalizer().Canonicalize(e)
	if err != nil {
		return nil, errStructure
	}

	return octets, nil
}

// verifySignature checks one Signature against the digests of everything that it must
// cover.
func verifySignature(element *etree.Element, wanted map[string]digest) (Signature, error) {
	parsed, err := parseSignature(element)
	if err != nil {
		return Signature{}, err
	}
	result := Signature{ID: parsed.id, Certificate: parsed.certificate}
	seen := make(map[string]bool, len(parsed.references))
	for _, reference := range parsed.references {
		want, expected := wanted[reference.target]
		switch {
		case seen[reference.target]:
			return Signature{}, errReferenceTwice.about(reference.target)
		case !expected:
			return Signature{}, errNotExpected.about(reference.target)
		case subtle.ConstantTimeCompare(want[:], reference.digest) != 1:
			return Signature{}, errDigest.about(reference.target)
		}
		seen[reference.target] = true
		result.Covered = append(result.Covered, reference.target)
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if !seen[name] {
			return Signature{}, errNotCovered.about(name)
		}
	}
	// The declaration that SignedInfo inherits from Signature, and nothing else.
	parsed.info.CreateAttr("xmlns", namespaceSignature)
	signed, err := canonicalDigest(parsed.info)
	if err != nil {
		return Signature{}, err
	}
	key, err := rsaKey(parsed.certificate)
	if err != nil {
		return Signature{}, err
	}
	err = rsa.VerifyPKCS1v15(key, crypto.SHA256, signed[:], parsed.value)
	if err != nil {
		return Signature{}, errSignature
	}

	return result, nil
}
