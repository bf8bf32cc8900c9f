package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"todoke/database"
)

// KeyKind says whom an API key belongs to.
type KeyKind string

// The kinds of API key.
const (
	MemberKey  KeyKind = "member"  // acts in the name of one member of the office
	CompanyKey KeyKind = "company" // reads one client company's filings and hands over its numbers
)

// Key is an API key as it is listed: everything but its secret.
type Key struct {
	ID         string          `db:"id" json:"id"`
	Kind       KeyKind         `db:"kind" json:"kind"`
	MemberID   string          `db:"member_id" json:"member_id,omitempty"`
	CompanyID  string          `db:"company_id" json:"company_id,omitempty"`
	Name       string          `db:"name" json:"name"` // what the key is for, at most 60 characters
	CreatedAt  database.Micros `db:"created_at" json:"created_at"`
	CreatedBy  string          `db:"created_by" json:"created_by"`
	ExpiresAt  database.Micros `db:"expires_at" json:"expires_at"` // 0: it does not expire
	RevokedAt  database.Micros `db:"revoked_at" json:"revoked_at"`
	RevokedBy  string          `db:"revoked_by" json:"revoked_by,omitempty"`
	LastUsedAt database.Micros `db:"last_used_at" json:"last_used_at"` // to the minute
}

const (
	keyPrefix   = "todoke"
	secretBytes = 32
	maxKeyText  = 128 // longer texts are not looked at
)

// errKeyText reports a text that is not an API key at all.
var errKeyText = errors.New("not an API key")

// secret is the part of a key that only its holder has.
type secret [secretBytes]byte

// newSecret draws a secret. rand.Read never fails.
func newSecret() secret {
	var s secret
	_, _ = rand.Read(s[:])
	return s
}

// keyText is what the holder is given, once: todoke_<id>_<43 characters>.
func keyText(id string, s secret) string {
	return keyPrefix + "_" + id + "_" + base64.RawURLEncoding.EncodeToString(s[:])
}

// parseKey takes apart what keyText put together.
func parseKey(text string) (id string, s secret, err error) {
	if len(text) > maxKeyText {
		return "", s, errKeyText
	}
	parts := strings.SplitN(text, "_", 3) // the secret itself may hold "_"
	if len(parts) != 3 || parts[0] != keyPrefix || parts[1] == "" {
		return "", s, errKeyText
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(raw) != secretBytes {
		return "", s, errKeyText
	}
	copy(s[:], raw)
	clear(raw)
	return parts[1], s, nil
}

// hash is what is kept of a secret. A plain SHA-256 is enough, and a slow hash would
// only slow down every request: the secret is 256 random bits, so there is nothing
// to guess, unlike a password.
func (s secret) hash() []byte {
	sum := sha256.Sum256(s[:])
	return sum[:]
}

// fingerprints derives the key of this API key's request fingerprints. It depends on
// the secret and not on its hash, so the database alone cannot recompute one.
func (s secret) fingerprints() []byte {
	mac := hmac.New(sha256.New, s[:])
	mac.Write([]byte("todoke idempotency fingerprints v1"))
	return mac.Sum(nil)
}
