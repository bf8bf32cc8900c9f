package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"todoke/seal"
)

func TestKeyringRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	made, err := seal.CreateKeyring(path, []byte("ひみつ"), "office", "vault")
	if err != nil {
		t.Fatal(err)
	}
	office, err := made.Box("office")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := office.Seal([]byte("token"), "egov token 1")
	if err != nil {
		t.Fatal(err)
	}
	opened, err := seal.OpenKeyring(path, []byte("ひみつ"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := opened.Box("office")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := again.Open(sealed, "egov token 1")
	if err != nil || string(plain) != "token" {
		t.Fatalf("Open = %q, %v", plain, err)
	}
	other, err := opened.Box("vault")
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"other key":     func() ([]byte, error) { return other.Open(sealed, "egov token 1") },
		"other context": func() ([]byte, error) { return again.Open(sealed, "egov token 2") },
		"altered":       func() ([]byte, error) { return again.Open(append(bytes.Clone(sealed), 0), "egov token 1") },
		"empty":         func() ([]byte, error) { return again.Open(nil, "egov token 1") },
	} {
		_, err := open()
		if !errors.Is(err, seal.ErrUnreadable) {
			t.Errorf("%s: %v, want ErrUnreadable", name, err)
		}
	}
	_, err = opened.Box("nobody")
	if !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("unknown name: %v, want ErrNoKey", err)
	}
}

func TestKeyringRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.json")
	_, err := seal.CreateKeyring(path, []byte("right"), "office")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = seal.OpenKeyring(path, []byte("wrong"))
	if !errors.Is(err, seal.ErrWrongSecret) {
		t.Errorf("wrong secret: %v, want ErrWrongSecret", err)
	}
	_, err = seal.CreateKeyring(path, []byte("right"), "office")
	if !errors.Is(err, os.ErrExist) {
		t.Errorf("create over a keyring: %v, want os.ErrExist", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the keyring changed: %v", err)
	}
	_, err = seal.OpenKeyring(filepath.Join(dir, "none.json"), []byte("right"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent keyring: %v, want os.ErrNotExist", err)
	}
	for name, text := range map[string]string{
		"empty": "", "not json": "x", "huge kdf": `{"version":1,"argon2id_time":3,"argon2id_memory_kib":4000000,"argon2id_threads":1,"salt":"AAAAAAAAAAAAAAAAAAAAAA==","wrapped":{"a":"AA=="}}`,
	} {
		broken := filepath.Join(t.TempDir(), "broken.json")
		err = os.WriteFile(broken, []byte(text), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, err = seal.OpenKeyring(broken, []byte("right"))
		if !errors.Is(err, seal.ErrBrokenKeyring) {
			t.Errorf("%s: %v, want ErrBrokenKeyring", name, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left-over files: %v, %v", entries, err)
	}
}
