package signing

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"time"
)

// CheckCertificate says whether a certificate may be used for a signature at a time:
// ErrNotYetValid, ErrExpired, ErrKeyUsage, or a problem of the key itself. A
// certificate that does not state its key usage is refused. The issuer is not looked
// at.
func CheckCertificate(certificate *x509.Certificate, at time.Time) error {
	_, err := rsaKey(certificate)
	switch {
	case err != nil:
		return err
	case at.Before(certificate.NotBefore):
		return ErrNotYetValid
	case at.After(certificate.NotAfter):
		return ErrExpired
	case certificate.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return ErrKeyUsage
	}
	return nil
}

// rsaKey returns the public key of a certificate if it is of a kind that e-Gov takes.
func rsaKey(certificate *x509.Certificate) (*rsa.PublicKey, error) {
	if certificate == nil {
		return nil, errKeyKind
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minKeyBits || key.N.BitLen() > maxKeyBits {
		return nil, errKeyKind
	}
	return key, nil
}

// check reports whether key and certificate can sign and belong together.
func (s Signer) check() error {
	public, err := rsaKey(s.Certificate)
	if err != nil {
		return err
	}
	if s.Key == nil || !public.Equal(s.Key.Public()) {
		return ErrKeyMismatch
	}
	return nil
}

// match makes a Signer of a private key and the one among several certificates that
// belongs to it.
func match(private any, certificates []*x509.Certificate) (Signer, error) {
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return Signer{}, errKeyKind
	}
	for _, certificate := range certificates {
		public, ok := certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		if ok && public.Equal(key.Public()) {
			s := Signer{Key: key, Certificate: certificate}
			err := s.check()
			if err != nil {
				return Signer{}, err
			}
			return s, nil
		}
	}
	return Signer{}, ErrKeyMismatch
}
