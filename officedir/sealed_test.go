package officedir_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"todoke/officedir"
	"todoke/seal"
	"todoke/signing"
	"todoke/usage"
	"todoke/vault"
)

// identity is a key with a certificate of that name.
type identity struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

var identities = sync.OnceValues(func() ([]identity, error) {
	var all []identity
	for _, name := range []string{"FIRST", "SECOND"} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		subject := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: day.AddDate(-1, 0, 0), NotAfter: day.AddDate(1, 0, 0),
		}
		der, err := x509.CreateCertificate(rand.Reader, subject, subject, key.Public(), key)
		if err != nil {
			return nil, err
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		all = append(all, identity{key, certificate})
	}
	return all, nil
})

func identityOf(t *testing.T, n int) identity {
	t.Helper()
	all, err := identities()
	if err != nil {
		t.Fatal(err)
	}
	return all[n]
}

func (i identity) pkcs12(t *testing.T, passphrase string) []byte {
	t.Helper()
	data, err := pkcs12.Modern.Encode(i.key, i.certificate, nil, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (i identity) pem(t *testing.T) (certificate, key []byte) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.certificate.Raw}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func signerName(t *testing.T, dir *officedir.Dir) string {
	t.Helper()
	signer, err := dir.Signer()
	if err != nil {
		t.Fatal(err)
	}
	return signer.Certificate.Subject.CommonName
}

// TestSigningCertificate is kept sealed, replaced as a whole, and there again when
// the office is opened anew.
func TestSigningCertificate(t *testing.T) {
	t.Parallel()
	path := made(t, officedir.New{})
	dir := opened(t, path)
	_, err := dir.Signer()
	if !errors.Is(err, officedir.ErrNoCertificate) {
		t.Errorf("Signer of a new office: %v, want ErrNoCertificate", err)
	}
	_, err = dir.ImportPKCS12(identityOf(t, 0).pkcs12(t, "ひみつのp12"), "ひみつのp12")
	if err != nil {
		t.Fatal(err)
	}
	if name := signerName(t, dir); name != "FIRST" {
		t.Errorf("signer %s", name)
	}
	certificate, key := identityOf(t, 1).pem(t)
	_, err = dir.ImportPEM(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	dir.Close()
	again := opened(t, path)
	if name := signerName(t, again); name != "SECOND" {
		t.Errorf("after a new start: signer %s", name)
	}
	files, err := os.ReadDir(filepath.Join(path, "sealed"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	if !slices.Equal(names, []string{"certificate", "checkpoint-key"}) {
		t.Errorf("sealed holds %v", names)
	}
	sealed := tree(t, path)["sealed/certificate"]
	for _, open := range []string{"PRIVATE KEY", "CERTIFICATE", "ひみつのp12", string(identityOf(t, 1).certificate.Raw[:64])} {
		if strings.Contains(sealed, open) {
			t.Errorf("the file holds %q in the clear", open)
		}
	}
}

// TestBadCertificatesChangeNothing: what cannot be used is not kept, and what was
// kept stays.
func TestBadCertificatesChangeNothing(t *testing.T) {
	t.Parallel()
	path := made(t, officedir.New{})
	dir := opened(t, path)
	_, err := dir.ImportPKCS12(identityOf(t, 0).pkcs12(t, "right"), "right")
	if err != nil {
		t.Fatal(err)
	}
	before := tree(t, path)["sealed/certificate"]
	certificate, _ := identityOf(t, 0).pem(t)
	_, otherKey := identityOf(t, 1).pem(t)
	for name, attempt := range map[string]func() (signing.Signer, error){
		"wrong passphrase":    func() (signing.Signer, error) { return dir.ImportPKCS12(identityOf(t, 1).pkcs12(t, "right"), "wrong") },
		"empty passphrase":    func() (signing.Signer, error) { return dir.ImportPKCS12(identityOf(t, 1).pkcs12(t, "right"), "") },
		"no PKCS#12":          func() (signing.Signer, error) { return dir.ImportPKCS12([]byte("something else"), "right") },
		"nothing":             func() (signing.Signer, error) { return dir.ImportPEM(nil, nil) },
		"somebody else's key": func() (signing.Signer, error) { return dir.ImportPEM(certificate, otherKey) },
	} {
		_, err := attempt()
		if err == nil {
			t.Errorf("%s was accepted", name)
			continue
		}
		if name == "wrong passphrase" && !errors.Is(err, signing.ErrPassphrase) {
			t.Errorf("%s: %v, want ErrPassphrase", name, err)
		}
		if strings.Contains(err.Error(), "right") {
			t.Errorf("%s: the error repeats a passphrase", name)
		}
		if tree(t, path)["sealed/certificate"] != before {
			t.Errorf("%s changed what is kept", name)
		}
	}
	if name := signerName(t, dir); name != "FIRST" {
		t.Errorf("signer %s", name)
	}
}

// TestSealedFilesBelongToTheirPlace: altered, or moved to another name, they do not
// open.
func TestSealedFilesBelongToTheirPlace(t *testing.T) {
	t.Parallel()
	path := made(t, officedir.New{})
	dir := opened(t, path)
	_, err := dir.ImportPKCS12(identityOf(t, 0).pkcs12(t, "right"), "right")
	if err != nil {
		t.Fatal(err)
	}
	files := tree(t, path)
	whole := files["sealed/certificate"]
	for name, content := range map[string]string{
		"altered": whole[:40] + string(whole[40]^1) + whole[41:], "cut off": whole[:len(whole)/2], "empty": "",
		"another file": files["sealed/checkpoint-key"],
	} {
		err := os.WriteFile(filepath.Join(path, "sealed", "certificate"), []byte(content), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, err = dir.Signer()
		if !errors.Is(err, seal.ErrUnreadable) {
			t.Errorf("%s: %v, want ErrUnreadable", name, err)
		}
		_, err = dir.Sender("a1", nil)
		if err == nil {
			t.Errorf("%s: there is a sender all the same", name)
		}
	}
}

// TestFilesOfTwoOfficesDoNotMix: databases and keys belong together.
func TestFilesOfTwoOfficesDoNotMix(t *testing.T) {
	t.Parallel()
	one, other := made(t, officedir.New{}), made(t, officedir.New{})
	opened(t, one).Close()
	opened(t, other).Close()
	for _, name := range []string{"keys.db", "vault.db", "sealed/checkpoint-key"} {
		data, err := os.ReadFile(filepath.Join(other, name))
		if err != nil {
			t.Fatal(err)
		}
		mixed := filepath.Join(t.TempDir(), "mixed")
		err = os.CopyFS(mixed, os.DirFS(one))
		if err != nil {
			t.Fatal(err)
		}
		err = os.WriteFile(filepath.Join(mixed, name), data, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		dir, err := officedir.Open(context.Background(), mixed, unasked(t), clock)
		if err == nil {
			t.Errorf("an office opens with the %s of another", name)
			dir.Close()
		}
	}
}

// TestTheUsageLogHasOneKey: it is made once and is the same ever after, sealed.
func TestTheUsageLogHasOneKey(t *testing.T) {
	t.Parallel()
	path := made(t, officedir.New{})
	first := opened(t, path)
	number, err := vault.ParseNumber([]byte("123456789018"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = first.Vault.Put(context.Background(), "c1", "s1", number, vault.Who{Actor: "担当　太郎"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = first.Checkpoint(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	before := tree(t, path)
	again := opened(t, path)
	report, err := again.VerifyUsage(context.Background())
	if err != nil || !report.OK() {
		t.Errorf("VerifyUsage = %+v, %v", report, err)
	}
	if !slices.ContainsFunc(report.Logs, func(l usage.LogReport) bool { return l.Log == "c1" && l.Verdict == usage.Sound }) {
		t.Errorf("the log of c1 is not compared with the vault's memory: %+v", report)
	}
	after := tree(t, path)
	for _, name := range []string{"usage-verifier.txt", "sealed/checkpoint-key"} {
		if before[name] == "" || before[name] != after[name] {
			t.Errorf("%s changed", name)
		}
	}
	if strings.Contains(after["sealed/checkpoint-key"], "PRIVATE+KEY") {
		t.Error("the key lies open")
	}
	// A key that does not open is an error, not a reason for a new one.
	again.Close()
	sealed := filepath.Join(path, "sealed", "checkpoint-key")
	err = os.WriteFile(sealed, bytes.Repeat([]byte{7}, 100), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = officedir.Open(context.Background(), path, unasked(t), clock)
	if !errors.Is(err, seal.ErrUnreadable) || tree(t, path)["usage-verifier.txt"] != before["usage-verifier.txt"] {
		t.Errorf("Open = %v, want ErrUnreadable", err)
	}
}
