// Package usage keeps the usage log: who used whose number, when, for what
// purpose, with what result. It appends, lists, proves and verifies.
//
// There is one log per client company and one for the office's own acts. Each is
// a Merkle tree of RFC 6962 over the canonical bytes of its entries, so that a
// client that is given its N entries can compute the root itself: equal to a
// signed checkpoint of size N means unchanged and complete. A checkpoint is a
// signed note in the form of c2sp.org/tlog-checkpoint.
//
// What it does not do: it does not decide who may do what, it renders no report,
// and it cannot exclude by itself that the whole file was replaced by an older
// one; for that Verify takes anchors that are kept elsewhere.
//
// What always holds:
//   - no entry holds what looks like a My Number;
//   - an append is one transaction: entries, hashes and root, all or nothing;
//   - entries are never changed or removed;
//   - a checkpoint is signed only over a log that still extends its last one.
//
// Apart from the actions and the errors the package has few exported names; each
// action is a constant because reports and clients rely on the exact words.
package usage

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/mod/sumdb/note"

	"todoke/database"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// Migrations returns the schema of this package.
func Migrations() database.Migrations {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return database.Migrations{Table: "usage_schema", Files: files}
}

// OfficeLog names the log of the office's own acts: log-ins, settings, nightly
// checkpoints. No company can have this id.
const OfficeLog = "office"

var (
	// ErrNumber reports an entry with a field that holds twelve digits like a My
	// Number. The message names the field and never its content.
	ErrNumber = errors.New("個人番号と思われる12桁の数字が含まれています。取扱記録に個人番号は書けません。番号を取り除いてください")
	// ErrEntry reports an entry that lacks a mandatory field or has an invalid one.
	ErrEntry = errors.New("取扱記録の項目が正しくありません")
	// ErrUnknownLog reports a log, or an index in it, that does not exist.
	ErrUnknownLog = errors.New("その取扱記録はありません")
	// ErrInconsistent reports that the stored log contradicts itself or an earlier
	// checkpoint; nothing is appended to it or signed until it has been looked into.
	ErrInconsistent = errors.New("取扱記録に食い違いがあります。記録を止めました。ファイルに触れず「usage verify」で検証し、監査責任者に知らせてください")
	// ErrSignature reports a checkpoint that is malformed or not signed by a known key.
	ErrSignature = errors.New("検証点（チェックポイント）の署名を確認できません")
	// ErrNoSigner reports that a checkpoint was asked for but no signing key is set.
	ErrNoSigner = errors.New("検証点に署名する鍵が設定されていません")
	// ErrMismatch reports records that do not make up the log that a checkpoint describes.
	ErrMismatch = errors.New("記録が検証点と一致しません。記録の改変・不足・並べ替えが疑われます")
)

// Config is what a Store is opened with.
type Config struct {
	DB     *database.DB     // with Migrations applied
	Office string           // id of the office, part of every checkpoint's first line; letters, digits, "-", "_", "."
	Clock  func() time.Time // nil means the system's
	// Signer is the key in the form of GenerateKey. Empty: everything works but
	// checkpoints. The caller keeps it sealed.
	Signer string
	// Verifiers are the public keys that checkpoints may be signed with: the
	// current one and those used before it.
	Verifiers []string
}

// Store is the usage log of one office. It is safe for concurrent use, also by
// several processes on the same file.
type Store struct {
	db        *database.DB
	office    string
	now       func() time.Time
	signer    note.Signer
	verifiers note.Verifiers
}

// NewStore returns a Store; it reads and writes nothing yet.
func NewStore(c Config) (*Store, error) {
	if !isID(c.Office) {
		return nil, fmt.Errorf("open usage log: office id %q is not valid", c.Office)
	}
	verifiers, err := verifierList(c.Verifiers)
	if err != nil {
		return nil, fmt.Errorf("open usage log: %w", err)
	}
	s := &Store{db: c.DB, office: c.Office, now: c.Clock, verifiers: verifiers}
	if s.now == nil {
		s.now = time.Now //nolint:forbidigo // the documented default
	}
	if c.Signer != "" {
		s.signer, err = note.NewSigner(c.Signer)
		if err != nil {
			// The library's error does not repeat the key; ours must not either.
			return nil, fmt.Errorf("open usage log: read signing key: %w", err)
		}
	}
	return s, nil
}
