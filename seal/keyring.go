package seal

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"
)

const (
	keySize        = 32
	saltSize       = 16
	maxKeyringSize = 64 << 10
	keyringVersion = 1
)

// The cost of one guess at the passphrase, in the order of the OWASP minimum
// times three; it is read back from the file, so it can be raised for new files.
const (
	argonTime    = 3
	argonMemory  = 32 << 10 // KiB
	argonThreads = 1
)

var (
	// ErrWrongSecret reports a passphrase or key file that does not open the keyring.
	ErrWrongSecret = errors.New("パスフレーズ（または鍵ファイル）が違います。何も変更していません")
	// ErrBrokenKeyring reports a keyring file that cannot be read as one.
	ErrBrokenKeyring = errors.New("鍵束ファイルが壊れています。バックアップから戻してください")
	// ErrNoKey reports a name that the keyring does not hold.
	ErrNoKey = errors.New("鍵束にその名前の鍵がありません")
)

// Keyring is an opened keyring file.
type Keyring struct {
	boxes map[string]*Box
}

// file is the keyring as JSON. Key derivation parameters are bounded on reading:
// a forged file must not make the program allocate without end.
type file struct {
	Version int               `json:"version"`
	Time    uint32            `json:"argon2id_time"`
	Memory  uint32            `json:"argon2id_memory_kib"`
	Threads uint8             `json:"argon2id_threads"`
	Salt    []byte            `json:"salt"`
	Wrapped map[string][]byte `json:"wrapped"`
}

// CreateKeyring writes a new file with a random key for each name. It never
// overwrites: an existing file is an error (os.ErrExist), since replacing it
// would lose everything sealed with its keys. The file is complete and durable
// when CreateKeyring returns, or absent.
func CreateKeyring(path string, secret []byte, names ...string) (*Keyring, error) {
	if len(secret) == 0 {
		return nil, fmt.Errorf("create keyring: %w", ErrWrongSecret)
	}
	f := file{
		Version: keyringVersion, Time: argonTime, Memory: argonMemory, Threads: argonThreads,
		Salt: make([]byte, saltSize), Wrapped: make(map[string][]byte, len(names)),
	}
	_, err := rand.Read(f.Salt)
	if err != nil {
		return nil, fmt.Errorf("create keyring: %w", err)
	}
	wrapper, err := f.wrapper(secret)
	if err != nil {
		return nil, err
	}
	ring := &Keyring{boxes: make(map[string]*Box, len(names))}
	for _, name := range names {
		key := make([]byte, keySize)
		_, err = rand.Read(key)
		if err != nil {
			return nil, fmt.Errorf("create key %s: %w", name, err)
		}
		f.Wrapped[name], err = wrapper.Seal(key, wrapContext(name))
		if err != nil {
			return nil, err
		}
		ring.boxes[name], err = NewBox(key)
		clear(key)
		if err != nil {
			return nil, err
		}
	}
	return ring, f.write(path)
}

// OpenKeyring reads the file and unwraps its keys. Errors: os.ErrNotExist,
// ErrBrokenKeyring, ErrWrongSecret.
func OpenKeyring(path string, secret []byte) (*Keyring, error) {
	f, err := read(path)
	if err != nil {
		return nil, err
	}
	wrapper, err := f.wrapper(secret)
	if err != nil {
		return nil, err
	}
	ring := &Keyring{boxes: make(map[string]*Box, len(f.Wrapped))}
	for name, wrapped := range f.Wrapped {
		key, err := wrapper.Open(wrapped, wrapContext(name))
		if err != nil {
			return nil, fmt.Errorf("open keyring %s: %w", filepath.Base(path), ErrWrongSecret)
		}
		ring.boxes[name], err = NewBox(key)
		clear(key)
		if err != nil {
			return nil, err
		}
	}
	return ring, nil
}

// Box returns the box of the named key, or ErrNoKey.
func (k *Keyring) Box(name string) (*Box, error) {
	box, ok := k.boxes[name]
	if !ok {
		return nil, fmt.Errorf("key %s: %w", name, ErrNoKey)
	}
	return box, nil
}

func wrapContext(name string) string { return "todoke keyring 1 " + name }

func (f *file) wrapper(secret []byte) (*Box, error) {
	key := argon2.IDKey(secret, f.Salt, f.Time, f.Memory, f.Threads, keySize)
	defer clear(key)
	return NewBox(key)
}

func read(path string) (*file, error) {
	in, err := os.Open(path) //nolint:gosec // the path is the operator's own office directory
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxKeyringSize+1))
	if err != nil {
		return nil, fmt.Errorf("read keyring: %w", err)
	}
	var f file
	err = json.Unmarshal(text, &f)
	if err != nil || len(text) > maxKeyringSize || !f.sane() {
		return nil, fmt.Errorf("read keyring %s: %w", filepath.Base(path), ErrBrokenKeyring)
	}
	return &f, nil
}

func (f *file) sane() bool {
	return f.Version == keyringVersion && len(f.Salt) >= saltSize && len(f.Wrapped) > 0 &&
		f.Time >= 1 && f.Time <= 16 && f.Memory >= 8<<10 && f.Memory <= 1<<20 && f.Threads >= 1 && f.Threads <= 16
}

func (f *file) write(path string) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("encode keyring: %w", err)
	}
	return WriteNew(path, append(text, '\n'))
}
