package seal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// WriteNew writes a file that must not exist yet (os.ErrExist), readable by its
// owner only. When it returns nil the content and its directory entry are
// durable; when it fails no file of that name was made by it.
func WriteNew(path string, content []byte) error {
	// Link, unlike rename, refuses to replace a file that is already there.
	return write(path, content, os.Link)
}

// Replace is WriteNew for a file that may exist: the old content or the new one
// is there at any moment.
func Replace(path string, content []byte) error {
	return write(path, content, os.Rename)
}

func write(path string, content []byte, publish func(from, to string) error) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(temp.Name()) //nolint:errcheck // a left-over is sealed and harmless
	_, err = temp.Write(content)
	if err == nil {
		err = temp.Sync()
	}
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = publish(temp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	folder, err := os.Open(dir) //nolint:gosec // the operator's own office directory
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}
