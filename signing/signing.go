// Package signing puts e-Gov's XML signature (署名情報) into a 構成管理情報
// (kousei.xml) and checks, by a second and separate way, that what is about to leave
// is signed as expected.
//
// It takes and returns octets. It knows no forms, no procedures and no network, does
// not decide who may sign, and builds no certificate path: Verify says that the
// octets fit the certificate they carry, CheckCertificate that the certificate may be
// used at a time, and nothing here that its issuer is to be trusted.
//
// # Signing
//
// Sign canonicalises the element 構成情報 with package c14n and writes exactly those
// octets into the file, so that the octets of the file are the octets that are
// digested. Each Signature references #構成情報 and every form file as it will be
// zipped. The signature is spliced in as text; nothing is serialised again afterwards.
//
// # Verifying
//
// Verify shares no code with Sign beyond names and algorithm identifiers: it parses
// again with etree and canonicalises with goxmldsig. It accepts only the one shape
// that e-Gov accepts (no prefixes, no comments, no document type, one Signature
// schema, SHA-256 and RSA of at least 2048 bits), and only if every Signature covers
// exactly the files that the caller expects.
//
// # What always holds
//
// No error, report or log value of this package carries a digest, a signature value
// or any content of a document: each may give away a person's number. File and folder
// names appear in Problem.Subject alone, never in the text of an error. Every refusal
// is a *Problem with a stable code. The package has no state and its functions may be
// called concurrently.
package signing

import (
	"crypto"
	"crypto/x509"
	"time"
)

// File is a file of a folder of the package, with its octets exactly as zipped.
type File struct {
	Name string // bare name, without the folder
	Data []byte
}

// Signer is a key and the end-entity certificate that goes with it. LoadPKCS12 and
// LoadPEM return one; a key on a card or in a device implements crypto.Signer.
type Signer struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
}

// String names the certificate and never shows the key, whose fields fmt and
// encoding/json would otherwise write out.
func (s Signer) String() string {
	if s.Certificate == nil {
		return "signer without certificate"
	}
	return printable(s.Certificate.Subject.String())
}

// GoString does what String does, for %#v.
func (s Signer) GoString() string { return s.String() }

// MarshalText does what String does, for JSON and for logs.
func (s Signer) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Names and identifiers of the signature of 構成管理情報.
const (
	rootName          = "DataRoot"
	configurationName = "構成情報" // also the value of its attribute ID
	signaturesName    = "署名情報"

	configurationURI = "#" + configurationName
	// configurationReference is configurationURI as it is written: percent-encoded,
	// upper-case. e-Gov refuses the raw Japanese fragment.
	configurationReference = "#%E6%A7%8B%E6%88%90%E6%83%85%E5%A0%B1"

	namespaceSignature = "http://www.w3.org/2000/09/xmldsig#"
	algorithmC14N      = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	algorithmRSA       = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	algorithmSHA256    = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// Limits on a signed 構成管理情報. A procedure has at most 99 forms and a real file
// some 200 elements.
const (
	maxConfiguration = 8 << 20 // octets
	maxElements      = 20_000
	maxDepth         = 16
	maxAttributes    = 16  // of one element
	maxFiles         = 200 // References beside #構成情報
	maxSignatures    = 10
	minKeyBits       = 2048
	maxKeyBits       = 8192
	maxCertificate   = 16 << 10 // octets of DER
)

// jst is the zone of every date that e-Gov reads.
var jst = time.FixedZone("JST", 9*60*60)

// idLayout is the form of the attribute Id of a Signature: 14 digits.
const idLayout = "20060102150405"
