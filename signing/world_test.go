package signing

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write golden files anew")

// signedAt is the time of building in tests: 2026-07-10 02:30:15 in Japan.
var signedAt = time.Date(2026, 7, 9, 17, 30, 15, 0, time.UTC)

const signedID = "20260710023015"

// newSigner makes a key and a self-signed certificate.
func newSigner(name string, bits int) (Signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return Signer{}, err
	}
	certificate, err := certify(key, name, x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment)

	return Signer{Key: key, Certificate: certificate}, err
}

// certify makes a self-signed certificate.
func certify(key crypto.Signer, name string, usage x509.KeyUsage) (*x509.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x1234ABCD),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"試験社会保険労務士事務所"}, Country: []string{"JP"}},
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2027, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:     usage,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}

	return x509.ParseCertificate(der)
}

// Keys are made once: making them is what takes time in these tests.
var (
	firstSigner  = sync.OnceValues(func() (Signer, error) { return newSigner("試験　花子", 2048) })
	secondSigner = sync.OnceValues(func() (Signer, error) { return newSigner("試験　次郎", 2048) })
	smallSigner  = sync.OnceValues(func() (Signer, error) { return newSigner("小さい鍵", 1024) })
)

func signer(t testing.TB) Signer {
	t.Helper()
	s, err := firstSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func coSigner(t testing.TB) Signer {
	t.Helper()
	s, err := secondSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Names of the files of the synthetic filing.
const (
	formName       = "495000000000000001_01.xml"
	secondFormName = "495000000000000002_01.xml"
)

// unsigned returns the synthetic 構成管理情報 of two forms and one attachment. It has
// everything that canonical form changes: empty elements, quotes, references.
func unsigned(t testing.TB) []byte {
	t.Helper()
	return read(t, "synthetic", "kousei.xml")
}

// forms returns the form files that the synthetic 構成管理情報 lists.
func forms(t testing.TB) []File {
	t.Helper()
	return []File{
		{Name: formName, Data: read(t, "synthetic", formName)},
		{Name: secondFormName, Data: []byte("<DataRoot>\r\n</DataRoot>\r\n")},
	}
}

func expectation() Expectation {
	return Expectation{Files: []string{formName, secondFormName}}
}

func read(t testing.TB, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// signed returns the synthetic 構成管理情報 with one signature.
func signed(t testing.TB) string {
	t.Helper()
	out, err := Sign(unsigned(t), forms(t), []Signer{signer(t)}, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// replace replaces the one occurrence of old and fails the test if it is not one.
func replace(t testing.TB, s, old, with string) string {
	t.Helper()
	if n := strings.Count(s, old); n != 1 {
		t.Fatalf("%q occurs %d times", old, n)
	}
	return strings.Replace(s, old, with, 1)
}

// between returns the octets from the start of one text to the end of another.
func between(t testing.TB, s, from, to string) string {
	t.Helper()
	start := strings.Index(s, from)
	if start < 0 {
		t.Fatalf("no %q", from)
	}
	length := strings.Index(s[start:], to)
	if length < 0 {
		t.Fatalf("no %q", to)
	}
	return s[start : start+length+len(to)]
}

// configurationOf returns the 構成情報 of a signed document, which is canonical.
func configurationOf(t testing.TB, s string) string {
	t.Helper()
	return between(t, s, "<構成情報 ", "</構成情報>")
}

// signaturesOf returns the 署名情報 of a signed document.
func signaturesOf(t testing.TB, s string) string {
	t.Helper()
	return between(t, s, "<署名情報>", "</署名情報>")
}

// resign does what an attacker with a key of their own can do: change a document in
// any way and put a valid signature value over whatever SignedInfo it then has.
// SignedInfo must be canonical but for its namespace declaration.
func resign(t testing.TB, s string) string {
	t.Helper()
	info := between(t, s, "<SignedInfo>", "</SignedInfo>")
	octets := strings.Replace(info, "<SignedInfo>", openInfo, 1)
	hashed := sha256.Sum256([]byte(octets))
	value, err := signer(t).Key.Sign(rand.Reader, hashed[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	old := between(t, s, "<SignatureValue>", "</SignatureValue>")

	return replace(t, s, old, "<SignatureValue>"+base64.StdEncoding.EncodeToString(value)+"</SignatureValue>")
}

func digestOf(octets string) string {
	hashed := sha256.Sum256([]byte(octets))
	return base64.StdEncoding.EncodeToString(hashed[:])
}

func encode(octets []byte) string { return base64.StdEncoding.EncodeToString(octets) }

var digestValue = regexp.MustCompile(`<DigestValue>[^<]*</DigestValue>`)

// wantProblem checks that err is the Problem and tells nothing that it must not.
func wantProblem(t testing.TB, err error, want *Problem) {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) {
		t.Fatalf("error %v, want %v", err, want)
	}
	if !errors.Is(err, want) {
		t.Fatalf("error %v (%s), want %v", err, p.Subject, want)
	}
	if p.Code == "" || p.Message == "" || p.Remedy == "" {
		t.Errorf("problem without code or texts: %+v", p)
	}
}
