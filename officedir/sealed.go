package officedir

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"todoke/seal"
	"todoke/signing"
)

// ErrNoCertificate reports an office without a certificate to sign with.
var ErrNoCertificate = errors.New("署名に使う電子証明書が登録されていません。「todoke office key」で登録してください")

const certificateFile = "certificate"

// keyFile is the office's signing certificate as it was imported.
type keyFile struct {
	PKCS12      []byte `json:"pkcs12,omitempty"`
	Passphrase  string `json:"passphrase,omitempty"`
	Certificate []byte `json:"certificate,omitempty"` // PEM
	Key         []byte `json:"key,omitempty"`         // PEM
}

func (k keyFile) signer() (signing.Signer, error) {
	if len(k.PKCS12) > 0 {
		return signing.LoadPKCS12(k.PKCS12, k.Passphrase)
	}
	return signing.LoadPEM(k.Certificate, k.Key)
}

// ImportPKCS12 keeps a certificate with its key, sealed, in place of the one
// before. It is opened once first: a wrong passphrase changes nothing.
func (d *Dir) ImportPKCS12(data []byte, passphrase string) (signing.Signer, error) {
	return d.importKey(keyFile{PKCS12: data, Passphrase: passphrase})
}

// ImportPEM is ImportPKCS12 for a certificate and an unencrypted key in PEM.
func (d *Dir) ImportPEM(certificate, key []byte) (signing.Signer, error) {
	return d.importKey(keyFile{Certificate: certificate, Key: key})
}

func (d *Dir) importKey(k keyFile) (signing.Signer, error) {
	signer, err := k.signer()
	if err != nil {
		return signer, err
	}
	plain, err := json.Marshal(k)
	if err != nil {
		return signer, fmt.Errorf("keep certificate: %w", err)
	}
	defer clear(plain)
	return signer, d.writeSealed(certificateFile, plain)
}

// Signer returns the office's signer, or ErrNoCertificate.
func (d *Dir) Signer() (signing.Signer, error) {
	plain, err := d.readSealed(certificateFile)
	if errors.Is(err, os.ErrNotExist) {
		return signing.Signer{}, ErrNoCertificate
	}
	if err != nil {
		return signing.Signer{}, err
	}
	defer clear(plain)
	var k keyFile
	err = json.Unmarshal(plain, &k)
	if err != nil {
		return signing.Signer{}, errors.New("read the kept certificate: not what was written")
	}
	return k.signer()
}

func sealedContext(name string) string { return "office file " + name }

func (d *Dir) writeSealed(name string, plain []byte) error {
	sealed, err := d.Box.Seal(plain, sealedContext(name))
	if err != nil {
		return err
	}
	return seal.Replace(filepath.Join(d.Path, sealedFolder, name), sealed)
}

func (d *Dir) readSealed(name string) ([]byte, error) {
	sealed, err := os.ReadFile(filepath.Join(d.Path, sealedFolder, name)) //nolint:gosec // a fixed name in the office directory
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return d.Box.Open(sealed, sealedContext(name))
}
