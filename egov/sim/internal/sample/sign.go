package sample

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Signer is a key with a self-made certificate.
type Signer struct {
	key         *rsa.PrivateKey
	Certificate []byte // DER
}

// NewSigner makes a key of that many bits and a certificate for the period.
func NewSigner(bits int, from, to time.Time) *Signer {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Synthetic Signer"},
		NotBefore: from, NotAfter: to, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return &Signer{key: key, Certificate: der}
}

const (
	xmldsig = "http://www.w3.org/2000/09/xmldsig#"
	c14n    = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	rsaAlg  = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	shaAlg  = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// FragmentURI is the percent-encoded reference to 構成情報.
const FragmentURI = "#%E6%A7%8B%E6%88%90%E6%83%85%E5%A0%B1"

// Signature is one signature before it is written; a test changes it to make
// one that is wrong in one way and right in all others.
type Signature struct {
	ID         string
	References []Reference
	SignedInfo func(string) string // changes the canonical SignedInfo before it is signed
}

// Reference is one Reference; Transform tells whether it has the C14N transform.
type Reference struct {
	URI       string
	Transform bool
	Octets    []byte
}

// Signature prepares the right signature of a filing.
func (f *Filing) Signature(id string) *Signature {
	return &Signature{ID: id, References: []Reference{
		{FragmentURI, true, []byte(f.signedText())},
		{f.FormFile, false, []byte(f.Form)},
	}}
}

// signedText is the octets of 構成情報, which is written in canonical form.
func (f *Filing) signedText() string {
	start := strings.Index(f.Configuration, "<構成情報")
	end := strings.Index(f.Configuration, "</構成情報>")
	if start < 0 || end < 0 {
		return ""
	}
	return f.Configuration[start : end+len("</構成情報>")]
}

// XML writes the signature made by a signer.
func (s *Signature) XML(signer *Signer) string {
	var refs strings.Builder
	for _, r := range s.References {
		sum := sha256.Sum256(r.Octets)
		transforms := ""
		if r.Transform {
			transforms = `<Transforms><Transform Algorithm="` + c14n + `"></Transform></Transforms>`
		}
		fmt.Fprintf(&refs, `<Reference URI="%s">%s<DigestMethod Algorithm="%s"></DigestMethod><DigestValue>%s</DigestValue></Reference>`,
			r.URI, transforms, shaAlg, base64.StdEncoding.EncodeToString(sum[:]))
	}
	body := `<CanonicalizationMethod Algorithm="` + c14n + `"></CanonicalizationMethod>` +
		`<SignatureMethod Algorithm="` + rsaAlg + `"></SignatureMethod>` + refs.String()
	if s.SignedInfo != nil {
		body = s.SignedInfo(body)
	}
	sum := sha256.Sum256([]byte(`<SignedInfo xmlns="` + xmldsig + `">` + body + `</SignedInfo>`))
	value, err := rsa.SignPKCS1v15(rand.Reader, signer.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("<Signature xmlns=\"%s\" Id=\"%s\"><SignedInfo>%s</SignedInfo>\n"+
		"<SignatureValue>%s</SignatureValue>\n<KeyInfo><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo></Signature>",
		xmldsig, s.ID, body, base64.StdEncoding.EncodeToString(value), base64.StdEncoding.EncodeToString(signer.Certificate))
}

// Insert puts 署名情報 with these signatures directly after 構成情報.
func (f *Filing) Insert(signatures ...string) *Filing {
	f.Configuration = strings.Replace(f.Configuration, "</構成情報>",
		"</構成情報>\n<署名情報>"+strings.Join(signatures, "\n")+"</署名情報>", 1)
	return f
}

// Sign signs the filing as it stands.
func (f *Filing) Sign(signer *Signer) *Filing {
	return f.Insert(f.Signature("20260701093000").XML(signer))
}
