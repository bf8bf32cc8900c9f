package officedir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"todoke/queue/night"
)

// senderLock is the operating system's lock on a file beside the database: it
// ends with the process, however that ends, and nobody else can take it before.
type senderLock struct {
	path string
	lock *flock.Flock
	held os.FileInfo // the file that is locked
}

// lockFor returns the lock of an e-Gov account.
func (d *Dir) lockFor(account string) *senderLock {
	path := filepath.Join(d.Path, "sender-"+account+".lock")
	return &senderLock{path: path, lock: flock.New(path, flock.SetPermissions(0o600))}
}

// Lock takes the lock or returns night.ErrBusy at once.
func (l *senderLock) Lock() (func() error, error) {
	taken, err := l.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("take the sender's lock: %w", err)
	}
	if !taken {
		return nil, night.ErrBusy
	}
	l.held, err = l.lock.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("look at the sender's lock: %w", err), l.lock.Unlock())
	}
	return l.lock.Unlock, nil
}

// Held tells whether the lock is still held. A lock on a file that somebody has
// removed or replaced keeps nobody out, so that counts as lost.
func (l *senderLock) Held() error {
	if !l.lock.Locked() {
		return errors.New("the sender's lock is not held")
	}
	now, err := os.Stat(l.path)
	if err != nil {
		return fmt.Errorf("look at the sender's lock: %w", err)
	}
	if !os.SameFile(l.held, now) {
		return errors.New("the sender's lock file was replaced")
	}
	return nil
}
