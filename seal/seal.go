// Package seal keeps Todoke's symmetric keys and seals small secrets with them:
// e-Gov tokens, client secrets, attachments, masked copies.
//
// A Keyring is one file that holds several random keys, each wrapped by a key
// that a memory-hard function derives from the office's secret (a passphrase or
// the content of a key file). The keys are independent of each other: knowing the
// one that seals tokens says nothing about the one that wraps the vault.
//
// What always holds: every ciphertext is authenticated together with a context
// that says what it is and whose, so that it opens nowhere else.
package seal

import (
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
)

// ErrUnreadable reports a sealed value that was altered, or sealed with another
// key or for another context.
var ErrUnreadable = errors.New("封印されたデータを開けません（改変されたか、鍵が異なります）")

// Box seals and opens with one key (XChaCha20-Poly1305, random nonces).
// It is safe for concurrent use.
type Box struct {
	aead *subtle.XChaCha20Poly1305
}

// NewBox returns a Box for a key of 32 bytes.
func NewBox(key []byte) (*Box, error) {
	aead, err := subtle.NewXChaCha20Poly1305(key)
	if err != nil {
		return nil, fmt.Errorf("use sealing key: %w", err)
	}
	return &Box{aead: aead}, nil
}

// Seal encrypts plain for the context, e.g. "egov token <account>". The context
// is authenticated but not kept in the result; Open must be given it again.
func (b *Box) Seal(plain []byte, context string) ([]byte, error) {
	sealed, err := b.aead.Encrypt(plain, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", context, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same context, or returns ErrUnreadable.
func (b *Box) Open(sealed []byte, context string) ([]byte, error) {
	plain, err := b.aead.Decrypt(sealed, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", context, ErrUnreadable)
	}
	return plain, nil
}
