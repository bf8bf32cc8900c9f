package signing

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

const passphrase = "パスワード 1"

func encodePKCS12(t testing.TB, encoder *pkcs12.Encoder, key any, certificate *x509.Certificate, issuers ...*x509.Certificate) []byte {
	t.Helper()
	data, err := encoder.Encode(key, certificate, issuers, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestLoadPKCS12(t *testing.T) {
	t.Parallel()

	s, other := signer(t), coSigner(t)
	modern := encodePKCS12(t, pkcs12.Modern, s.Key, s.Certificate)
	// The same octets with the outermost length left open, and a layer further in.
	content := modern[4:]
	open := append(append([]byte{0x30, 0x80}, content...), 0, 0)
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := smallSigner()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name       string
		data       []byte
		passphrase string
		want       *Problem
	}{
		{"modern", modern, passphrase, nil},
		{"legacy", encodePKCS12(t, pkcs12.LegacyDES, s.Key, s.Certificate), passphrase, nil},
		{"issuer first", encodePKCS12(t, pkcs12.Modern, s.Key, other.Certificate, s.Certificate), passphrase, nil},
		{"wrong passphrase", modern, "x", ErrPassphrase},
		{"empty passphrase", modern, "", ErrPassphrase},
		{"passphrase outside UCS-2", modern, "𠮷", ErrPassphrase},
		{"indefinite length", open, passphrase, ErrBER},
		{"empty", nil, passphrase, errPKCS12},
		{"cut", modern[:len(modern)-1], passphrase, errPKCS12},
		{"cut in the header", modern[:3], passphrase, errPKCS12},
		{"something else", []byte("-----BEGIN CERTIFICATE-----"), passphrase, errPKCS12},
		{"too long", make([]byte, maxKeyFile+1), passphrase, errPKCS12},
		{"certificate of another", encodePKCS12(t, pkcs12.Modern, s.Key, other.Certificate), passphrase, ErrKeyMismatch},
		{"elliptic key", encodePKCS12(t, pkcs12.Modern, elliptic, s.Certificate), passphrase, errKeyKind},
		{"1024 bits", encodePKCS12(t, pkcs12.Modern, small.Key, small.Certificate), passphrase, errKeyKind},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := LoadPKCS12(tt.data, tt.passphrase)
			if tt.want != nil {
				wantProblem(t, err, tt.want)
				if strings.Contains(err.Error(), passphrase) || got != (Signer{}) {
					t.Error("something is given away")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !got.Certificate.Equal(s.Certificate) {
				t.Error("another certificate was taken")
			}
		})
	}
}

// TestSignerHidesItsKey: a signer that is printed, logged or encoded by mistake.
func TestSignerHidesItsKey(t *testing.T) {
	t.Parallel()

	s := signer(t)
	key, ok := s.Key.(*rsa.PrivateKey)
	if !ok {
		t.Fatal("test key is not RSA")
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).InfoContext(t.Context(), "signer", slog.Any("signer", s))
	inJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), fmt.Sprintf("%v", []Signer{s}),
		logged.String(), string(inJSON),
	} {
		if !strings.Contains(text, "試験　花子") || strings.Contains(text, key.D.String()) || len(text) > 500 {
			t.Errorf("shows more than the name: %.100s", text)
		}
	}
	if (Signer{}).String() == "" {
		t.Error("an empty signer has no text")
	}
}

func TestIndefinite(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		data []byte
		want bool
	}{
		{"definite", []byte{0x30, 0x03, 0x02, 0x01, 0x03}, false},
		{"outermost", []byte{0x30, 0x80, 0x02, 0x01, 0x03, 0, 0}, true},
		{"inside", []byte{0x30, 0x07, 0x02, 0x01, 0x03, 0x30, 0x80, 0, 0}, true},
		{"constructed octet string", []byte{0xA0, 0x06, 0x24, 0x80, 0x04, 0x00, 0, 0}, true},
		{"wrapped by an octet string", []byte{0x04, 0x04, 0x30, 0x80, 0, 0}, true},
		{"value that only looks so", []byte{0x02, 0x02, 0x30, 0x80}, false},
		{"long form", append([]byte{0x30, 0x81, 0x80}, make([]byte, 0x80)...), false},
		{"length beyond the end", []byte{0x30, 0x85, 1, 1, 1, 1, 1}, false},
		{"length cut", []byte{0x30, 0x84, 1}, false},
		{"nested without end", bytes.Repeat([]byte{0x30, 0x7F}, 100), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := indefinite(tt.data, 0); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestLoadPEM(t *testing.T) {
	t.Parallel()

	s, other := signer(t), coSigner(t)
	key, ok := s.Key.(*rsa.PrivateKey)
	if !ok {
		t.Fatal("test key is not RSA")
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curveDER, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pemOf("CERTIFICATE", s.Certificate.Raw)
	issuer := pemOf("CERTIFICATE", other.Certificate.Raw)
	private := pemOf("PRIVATE KEY", pkcs8)
	pkcs1 := pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	oldEncryption := pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Bytes: []byte{1},
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"},
	})
	tests := []struct {
		name      string
		cert, key []byte
		want      *Problem
	}{
		{"PKCS#8", certificate, private, nil},
		{"PKCS#1", certificate, pkcs1, nil},
		{"issuer before", append(bytes.Clone(issuer), certificate...), private, nil},
		{"both in one file", append(bytes.Clone(private), certificate...), append(bytes.Clone(certificate), private...), nil},
		{"encrypted PKCS#8", certificate, pemOf("ENCRYPTED PRIVATE KEY", pkcs8), ErrEncryptedKey},
		{"encrypted the old way", certificate, oldEncryption, ErrEncryptedKey},
		{"key of another", issuer, private, ErrKeyMismatch},
		{"elliptic key", certificate, pemOf("PRIVATE KEY", curveDER), errKeyKind},
		{"EC key", certificate, pemOf("EC PRIVATE KEY", []byte{1}), errKeyKind},
		{"two keys", certificate, append(bytes.Clone(private), pkcs1...), errPEM},
		{"broken key", certificate, pemOf("PRIVATE KEY", []byte{1}), errPEM},
		{"no key", certificate, certificate, errPEM},
		{"no certificate", private, private, errPEM},
		{"broken certificate", pemOf("CERTIFICATE", []byte{1}), private, errPEM},
		{"DER", s.Certificate.Raw, private, errPEM},
		{"too long", make([]byte, maxKeyFile+1), private, errPEM},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := LoadPEM(tt.cert, tt.key)
			if tt.want != nil {
				wantProblem(t, err, tt.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !got.Certificate.Equal(s.Certificate) {
				t.Error("another certificate was taken")
			}
		})
	}
}

// TestOpenSSLFiles reads PKCS#12 files as OpenSSL writes them.
func TestOpenSSLFiles(t *testing.T) {
	t.Parallel()

	tool, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	s := signer(t)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(s.Key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "key.pem")
	err = os.WriteFile(source, append(pemOf("PRIVATE KEY", pkcs8), pemOf("CERTIFICATE", s.Certificate.Raw)...), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string][]string{
		"default": nil,
		"3DES":    {"-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"},
	} {
		out := filepath.Join(dir, name+".p12")
		arguments := append([]string{"pkcs12", "-export", "-in", source, "-out", out, "-passout", "pass:secret"}, options...)
		text, err := exec.CommandContext(t.Context(), tool, arguments...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: openssl: %v\n%s", name, err, text)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		_, err = LoadPKCS12(data, "secret")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err = LoadPKCS12(data, "other")
		wantProblem(t, err, ErrPassphrase)
	}
}

func TestCheckCertificate(t *testing.T) {
	t.Parallel()

	good := signer(t).Certificate
	usage := func(u x509.KeyUsage) *x509.Certificate {
		certificate, err := certify(signer(t).Key, "用途", u)
		if err != nil {
			t.Fatal(err)
		}
		return certificate
	}
	small, err := smallSigner()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name        string
		certificate *x509.Certificate
		at          time.Time
		want        *Problem
	}{
		{"valid", good, signedAt, nil},
		{"first second", good, good.NotBefore, nil},
		{"last second", good, good.NotAfter, nil},
		{"before", good, good.NotBefore.Add(-time.Second), ErrNotYetValid},
		{"after", good, good.NotAfter.Add(time.Second), ErrExpired},
		{"no digital signature", usage(x509.KeyUsageKeyEncipherment), signedAt, ErrKeyUsage},
		{"no usage stated", usage(0), signedAt, ErrKeyUsage},
		{"small key", small.Certificate, signedAt, errKeyKind},
		{"none", nil, signedAt, errKeyKind},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := CheckCertificate(tt.certificate, tt.at)
			if tt.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantProblem(t, err, tt.want)
		})
	}
}
