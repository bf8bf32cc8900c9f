package api

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"todoke/database"
	"todoke/mynumber"
	"todoke/office"
)

var (
	// ErrBadKey reports a key that opens nothing: unknown, wrong, expired, revoked, or
	// of a member or company that is no longer active. Which of these is not told.
	ErrBadKey = errors.New("APIキーが正しくないか、失効しています")
	// ErrKeyNotFound reports an id that names no API key.
	ErrKeyNotFound = errors.New("そのAPIキーはありません")
	// ErrInvalidKey reports an API key that cannot be made as asked; the wrapping
	// text says why.
	ErrInvalidKey = errors.New("APIキーを作成できません")
)

// Directory knows the office's members and client companies; *office.Store is one.
type Directory interface {
	Member(ctx context.Context, id string) (office.Member, error)
	Company(ctx context.Context, id string) (office.Company, error)
}

// KeyStore keeps API keys. It is safe for concurrent use.
type KeyStore struct {
	db     *database.DB
	office Directory
	now    func() time.Time
	newID  func() string
}

// NewKeyStore returns a store over db, which must have had Migrations applied. The
// ids that newID makes are unique (ULID) and hold no "_".
func NewKeyStore(db *database.DB, office Directory, now func() time.Time, newID func() string) *KeyStore {
	return &KeyStore{db: db, office: office, now: now, newID: newID}
}

// NewKey says whose key is to be made: exactly one of MemberID and CompanyID is set.
type NewKey struct {
	Name      string // what the key is for, 1 to 60 characters
	MemberID  string
	CompanyID string
	ExpiresAt time.Time // zero: it does not expire
}

// Owner is who a key speaks for, as of this request.
type Owner struct {
	Key     Key
	Member  office.Member  // of a member's key
	Company office.Company // of a company's key

	fingerprintKey []byte // derived from the secret; lives as long as the request
}

const (
	keyColumns  = "id, kind, member_id, company_id, name, created_at, created_by, expires_at, revoked_at, revoked_by, last_used_at"
	maxKeyName  = 60
	usedEvery   = time.Minute // how exact last_used_at is, to spare a write per request
	maxKeyIDLen = 64
)

// Create makes a key and returns it with its text, which is not kept and cannot be
// had again. by is the member who makes it. Errors: ErrInvalidKey, office.ErrNotFound.
func (s *KeyStore) Create(ctx context.Context, n NewKey, by string) (Key, string, error) {
	err := s.check(ctx, n, by)
	if err != nil {
		return Key{}, "", err
	}
	drawn := newSecret()
	defer clear(drawn[:])
	key := Key{
		ID: s.newID(), Kind: MemberKey, MemberID: n.MemberID, CompanyID: n.CompanyID, Name: n.Name,
		CreatedAt: database.At(s.now()), CreatedBy: by, ExpiresAt: database.At(n.ExpiresAt),
	}
	if n.CompanyID != "" {
		key.Kind = CompanyKey
	}
	_, err = s.db.Write.ExecContext(ctx, s.db.Write.Rebind(`INSERT INTO api_keys
		(id, kind, member_id, company_id, name, hash, created_at, created_by, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
		key.ID, key.Kind, key.MemberID, key.CompanyID, key.Name, drawn.hash(), key.CreatedAt, key.CreatedBy, key.ExpiresAt)
	if err != nil {
		return Key{}, "", fmt.Errorf("store API key %s: %w", key.ID, err)
	}
	return key, keyText(key.ID, drawn), nil
}

func (s *KeyStore) check(ctx context.Context, n NewKey, by string) error {
	switch {
	case (n.MemberID == "") == (n.CompanyID == ""):
		return fmt.Errorf("担当者か会社のどちらか一方を指定してください: %w", ErrInvalidKey)
	case !keyName(n.Name):
		return fmt.Errorf("名前は1文字以上%d文字以内で、制御文字と12桁の数字は使えません: %w", maxKeyName, ErrInvalidKey)
	case by == "":
		return fmt.Errorf("作成者がありません: %w", ErrInvalidKey)
	case !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(s.now()):
		return fmt.Errorf("有効期限が過去です: %w", ErrInvalidKey)
	}
	if n.CompanyID != "" {
		_, err := s.office.Company(ctx, n.CompanyID)
		return err
	}
	member, err := s.office.Member(ctx, n.MemberID)
	if err != nil {
		return err
	}
	if !member.Active {
		return fmt.Errorf("担当者が無効です: %w", ErrInvalidKey)
	}
	return nil
}

func keyName(name string) bool {
	return name != "" && name == strings.TrimSpace(name) && utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxKeyName &&
		!strings.ContainsFunc(name, hidden) && !mynumber.In(name)
}

// List returns all keys, the oldest first, revoked and expired ones included.
func (s *KeyStore) List(ctx context.Context) ([]Key, error) {
	var keys []Key
	err := s.db.Read.SelectContext(ctx, &keys, "SELECT "+keyColumns+" FROM api_keys ORDER BY created_at, id")
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	return keys, nil
}

// Revoke ends a key at once. Revoking it again changes nothing. Errors: ErrKeyNotFound.
func (s *KeyStore) Revoke(ctx context.Context, id, by string) error {
	result, err := s.db.Write.ExecContext(ctx, s.db.Write.Rebind(
		`UPDATE api_keys SET revoked_by = CASE WHEN revoked_at = 0 THEN ? ELSE revoked_by END,
		 revoked_at = CASE WHEN revoked_at = 0 THEN ? ELSE revoked_at END WHERE id = ?`), by, database.At(s.now()), id)
	if err != nil {
		return fmt.Errorf("revoke API key %s: %w", id, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("revoke API key %s: %w", id, err)
	}
	if n == 0 {
		return fmt.Errorf("revoke API key: %w", ErrKeyNotFound)
	}
	return nil
}

// Authenticate returns who the text of a key speaks for. Errors: ErrBadKey, or the
// database's. An unknown id costs the same comparison as a known one.
func (s *KeyStore) Authenticate(ctx context.Context, text string) (Owner, error) {
	id, given, err := parseKey(text)
	defer clear(given[:])
	if err != nil || len(id) > maxKeyIDLen {
		id = "" // no row has it; the work below stays the same
	}
	var row struct {
		Key
		Hash []byte `db:"hash"`
	}
	err = s.db.Read.GetContext(ctx, &row, s.db.Read.Rebind("SELECT "+keyColumns+", hash FROM api_keys WHERE id = ?"), id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Owner{}, fmt.Errorf("read API key: %w", err)
	}
	known := err == nil
	if !known {
		row.Hash = make([]byte, len(given.hash()))
	}
	same := subtle.ConstantTimeCompare(given.hash(), row.Hash) == 1
	now := database.At(s.now())
	if !known || !same || row.RevokedAt != 0 || (row.ExpiresAt != 0 && row.ExpiresAt <= now) {
		return Owner{}, ErrBadKey
	}
	owner, err := s.owner(ctx, row.Key)
	if err != nil {
		return Owner{}, err
	}
	owner.fingerprintKey = given.fingerprints()
	return owner, s.touch(ctx, row.Key, now)
}

// owner reads the member or company of a key as they are at this moment.
func (s *KeyStore) owner(ctx context.Context, key Key) (Owner, error) {
	o := Owner{Key: key}
	var err error
	if key.Kind == CompanyKey {
		o.Company, err = s.office.Company(ctx, key.CompanyID)
	} else {
		o.Member, err = s.office.Member(ctx, key.MemberID)
	}
	if errors.Is(err, office.ErrNotFound) {
		return Owner{}, ErrBadKey
	}
	if err != nil {
		return Owner{}, err
	}
	if key.Kind == MemberKey && !o.Member.Active {
		return Owner{}, ErrBadKey
	}
	return o, nil
}

func (s *KeyStore) touch(ctx context.Context, key Key, now database.Micros) error {
	before := now - database.Micros(usedEvery.Microseconds())
	if key.LastUsedAt > before {
		return nil
	}
	_, err := s.db.Write.ExecContext(ctx, s.db.Write.Rebind("UPDATE api_keys SET last_used_at = ? WHERE id = ? AND last_used_at <= ?"),
		now, key.ID, before)
	if err != nil {
		return fmt.Errorf("note use of API key %s: %w", key.ID, err)
	}
	return nil
}
