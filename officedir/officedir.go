// Package officedir opens an office's directory: it reads the settings, unlocks
// the keys, opens the databases and puts the stores together. It is wiring and
// holds no rule of its own.
//
// The directory:
//
//	todoke.toml     settings
//	keyring.json    the office's keys, wrapped by its secret
//	unlock.key      the secret itself, only where the office chose a key file
//	office.db       master data, filings, attempts, e-Gov accounts and tokens
//	usage.db        the usage log; usage-verifier.txt is its public key
//	vault.db        numbers (ciphertext), grants, anchors
//	keys.db         the data keys of the numbers (wrapped)
//	sealed/         signing certificate and checkpoint key, sealed
//	sender-*.lock   one sender per e-Gov account
package officedir

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"todoke/config"
	"todoke/database"
	"todoke/database/sqlite"
	"todoke/egov/account"
	"todoke/forms"
	"todoke/office"
	"todoke/queue"
	"todoke/queue/custody"
	"todoke/schemas"
	"todoke/seal"
	"todoke/usage"
	"todoke/vault"
)

var (
	// ErrNoOffice reports a directory that holds no office.
	ErrNoOffice = errors.New("ここには事務所のデータがありません。「todoke office init」で作成するか、--dir で場所を指定してください")
	// ErrExists reports a directory that holds an office already.
	ErrExists = errors.New("ここには既に事務所のデータがあります。上書きはしません")
)

// Dir is an opened office directory. Close it when done.
type Dir struct {
	Path     string
	Config   config.Config
	Forms    *forms.Catalogue
	Office   *office.Store
	Queue    *queue.Store
	Accounts *account.Store
	Usage    *usage.Store
	Vault    *vault.Vault
	Box      *seal.Box // seals tokens, attachments, masked copies

	// Database is office.db, for what else is kept there.
	Database *database.DB

	recorder  *custody.Recorder
	databases []*database.DB
	now       func() time.Time
}

// Secret returns the office's secret for a reference of the settings; ask is
// called when a person has to type it.
type Secret func(ref string) ([]byte, error)

const (
	settingsFile = "todoke.toml"
	keyringFile  = "keyring.json"
	unlockFile   = "unlock.key"
	sealedFolder = "sealed"
)

// The keys of an office's keyring.
const (
	officeKey = "office" // seals tokens, attachments, masked copies, certificates
	vaultKey  = "vault"  // wraps the vault's keys
)

// New says how an office directory is made.
type New struct {
	Settings string // content of todoke.toml
	Secret   []byte // the passphrase; empty: a random key file is made beside the data
}

// Init makes an office directory. What exists is never touched: ErrExists.
func Init(path string, n New) error {
	err := os.MkdirAll(filepath.Join(path, sealedFolder), 0o700)
	if err != nil {
		return fmt.Errorf("フォルダーを作成できません: %w", err)
	}
	_, err = os.Lstat(filepath.Join(path, keyringFile))
	if err == nil {
		return ErrExists
	}
	secret := n.Secret
	if len(secret) == 0 {
		secret, err = makeUnlockFile(filepath.Join(path, unlockFile))
		if err != nil {
			return inTheWay(unlockFile, err)
		}
		n.Settings = "secret = \"file:" + unlockFile + "\"\n" + n.Settings
	}
	err = seal.WriteNew(filepath.Join(path, settingsFile), []byte(n.Settings))
	if err != nil {
		return inTheWay(settingsFile, err)
	}
	// The keyring comes last: with it, the office exists.
	_, err = seal.CreateKeyring(filepath.Join(path, keyringFile), secret, officeKey, vaultKey)
	return err
}

// inTheWay says what to do about a file that an Init which was cut short, or
// somebody else, has left: it is not for the program to delete.
func inTheWay(name string, err error) error {
	if !errors.Is(err, os.ErrExist) {
		return err
	}
	return fmt.Errorf("%s が残っています。前回の作成が途中で終わったのなら、このファイルを削除してからやり直してください: %w", name, err)
}

// Discard removes the files of an office that has just been made and came to
// nothing. Whatever else is in the directory stays.
func Discard(path string) error {
	var failed []error
	for _, pattern := range []string{
		keyringFile, unlockFile, settingsFile, verifierFile, sealedFolder, "sender-*.lock",
		"office.db*", "usage.db*", "vault.db*", "keys.db*",
	} {
		names, err := filepath.Glob(filepath.Join(path, pattern))
		failed = append(failed, err)
		for _, name := range names {
			failed = append(failed, os.RemoveAll(name))
		}
	}
	return errors.Join(failed...)
}

func makeUnlockFile(path string) ([]byte, error) {
	key := make([]byte, 32)
	_, err := rand.Read(key)
	if err != nil {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	text := []byte(hex.EncodeToString(key))
	return text, seal.WriteNew(path, append(text, '\n'))
}

// Open opens the office in path. Errors: ErrNoOffice, seal.ErrWrongSecret, or
// what is wrong with settings or files.
func Open(ctx context.Context, path string, ask func() ([]byte, error), now func() time.Time) (_ *Dir, err error) {
	_, err = os.Stat(filepath.Join(path, keyringFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, ErrNoOffice)
	}
	settings, err := config.Load(filepath.Join(path, settingsFile), os.Environ())
	if err != nil {
		return nil, err
	}
	secret, err := secretOf(path, settings.Secret, ask)
	if err != nil {
		return nil, err
	}
	ring, err := seal.OpenKeyring(filepath.Join(path, keyringFile), secret)
	clear(secret)
	if err != nil {
		return nil, err
	}
	d := &Dir{Path: path, Config: settings, now: now}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	return d, d.assemble(ctx, ring)
}

func secretOf(path, ref string, ask func() ([]byte, error)) ([]byte, error) {
	kind, value, _ := strings.Cut(ref, ":")
	switch kind {
	case "file":
		if !filepath.IsAbs(value) {
			value = filepath.Join(path, value)
		}
		text, err := os.ReadFile(value) //nolint:gosec // named in the operator's own settings
		if err != nil {
			return nil, fmt.Errorf("鍵ファイルを読めません: %w", err)
		}
		return []byte(strings.TrimSpace(string(text))), nil
	case "env":
		return []byte(os.Getenv(value)), nil
	default:
		return ask()
	}
}

func (d *Dir) assemble(ctx context.Context, ring *seal.Keyring) error {
	var err error
	d.Box, err = ring.Box(officeKey)
	if err != nil {
		return err
	}
	master, err := ring.Box(vaultKey)
	if err != nil {
		return err
	}
	d.Forms, err = forms.Load(schemas.FS)
	if err != nil {
		return err
	}
	err = d.openOffice(ctx)
	if err != nil {
		return err
	}
	err = d.openUsage(ctx)
	if err != nil {
		return err
	}
	return d.openVault(ctx, master)
}

func (d *Dir) open(ctx context.Context, name string, migrations ...database.Migrations) (*database.DB, error) {
	db, err := sqlite.Open(ctx, filepath.Join(d.Path, name), migrations...)
	if err != nil {
		return nil, err
	}
	d.databases = append(d.databases, db)
	return db, nil
}

func (d *Dir) openOffice(ctx context.Context) error {
	accounts, err := account.Migrations()
	if err != nil {
		return err
	}
	db, err := d.open(ctx, "office.db", office.Migrations(), queue.Migrations(), accounts)
	if err != nil {
		return err
	}
	d.Database = db
	d.Office = office.New(db, d.Box, d.now, NewID)
	d.Queue = queue.NewStore(db, d.now, NewID)
	d.Accounts = account.NewStore(db, d.Box, d.now)
	return nil
}

// NewID returns a new id: a ULID, unique and sorted by time.
func NewID() string { return ulid.Make().String() }

// Close closes every database.
func (d *Dir) Close() error {
	var errs []error
	for _, db := range d.databases {
		errs = append(errs, db.Close())
	}
	d.databases = nil
	return errors.Join(errs...)
}
