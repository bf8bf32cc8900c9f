package signing

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// maxKeyFile bounds key and certificate files, in octets.
const maxKeyFile = 1 << 20

// LoadPKCS12 opens a PKCS#12 file (.p12, .pfx) that holds one RSA private key and its
// certificate; certificates of issuers may be in it too. Files written by OpenSSL and
// by Windows are read, provided they are DER: ErrBER otherwise. A wrong passphrase is
// ErrPassphrase. No error tells anything about key or passphrase.
func LoadPKCS12(data []byte, passphrase string) (Signer, error) {
	if len(data) > maxKeyFile {
		return Signer{}, errPKCS12
	}
	if indefinite(data, 0) {
		return Signer{}, ErrBER
	}
	if strings.ContainsFunc(passphrase, func(r rune) bool { return r > 0xFFFF }) {
		// PKCS#12 has no octets for it, so it cannot be the right one.
		return Signer{}, ErrPassphrase
	}
	private, first, rest, err := pkcs12.DecodeChain(data, passphrase)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return Signer{}, ErrPassphrase
	case err != nil:
		// Parsers of encrypted content quote what they decrypted.
		return Signer{}, errPKCS12
	}

	return match(private, append([]*x509.Certificate{first}, rest...))
}

// indefinite reports whether a value of ASN.1 uses the indefinite lengths of BER, also
// inside constructed values and inside octet strings that wrap a SEQUENCE. It looks
// only as deep as the outer structures of PKCS#12 go.
func indefinite(b []byte, depth int) bool {
	const (
		constructed = 0x20
		octetString = 0x04
		sequence    = 0x30
	)
	for len(b) >= 2 && depth < 6 {
		tag, length, header := b[0], int(b[1]), 2
		if length == 0x80 {
			return tag&constructed != 0
		}
		if length > 0x80 {
			size := length & 0x7F
			if size > 4 || len(b) < 2+size {
				return false
			}
			length = 0
			for _, c := range b[2 : 2+size] {
				length = length<<8 | int(c)
			}
			header += size
		}
		if length < 0 || length > len(b)-header {
			return false
		}
		value := b[header : header+length]
		wraps := tag == octetString && len(value) > 1 && value[0] == sequence
		if (tag&constructed != 0 || wraps) && indefinite(value, depth+1) {
			return true
		}
		b = b[header+length:]
	}

	return false
}

// LoadPEM reads a certificate and its RSA private key (PKCS#8 or PKCS#1). certPEM may
// hold further certificates; the one that belongs to the key is taken. An encrypted
// key is ErrEncryptedKey: PKCS#12 is the way to keep a key under a passphrase.
func LoadPEM(certPEM, keyPEM []byte) (Signer, error) {
	if len(certPEM) > maxKeyFile || len(keyPEM) > maxKeyFile {
		return Signer{}, errPEM
	}
	var certificates []*x509.Certificate
	for block, rest := pem.Decode(certPEM); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return Signer{}, errPEM
		}
		certificates = append(certificates, certificate)
	}
	if len(certificates) == 0 {
		return Signer{}, errPEM
	}
	private, err := privateKey(keyPEM)
	if err != nil {
		return Signer{}, err
	}

	return match(private, certificates)
}

// privateKey returns the only private key of a PEM file.
func privateKey(keyPEM []byte) (any, error) {
	var private any
	for block, rest := pem.Decode(keyPEM); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if private != nil {
			return nil, errPEM
		}
		var err error
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return nil, ErrEncryptedKey
		case block.Type == "PRIVATE KEY":
			private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case block.Type == "RSA PRIVATE KEY":
			private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		default:
			return nil, errKeyKind
		}
		if err != nil {
			return nil, errPEM
		}
	}
	if private == nil {
		return nil, errPEM
	}

	return private, nil
}
