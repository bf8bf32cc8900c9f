package officedir_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"todoke/officedir"
	"todoke/seal"
)

var day = time.Date(2026, 7, 1, 3, 0, 0, 0, time.UTC)

func clock() time.Time { return day }

func secret(text string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(text), nil }
}

// unasked fails when somebody asks for a passphrase where none is needed.
func unasked(t *testing.T) func() ([]byte, error) {
	return func() ([]byte, error) {
		t.Error("a passphrase was asked for")
		return nil, errors.New("nobody is there")
	}
}

// made makes an office and returns its directory.
func made(t *testing.T, n officedir.New) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "office")
	err := officedir.Init(path, n)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func opened(t *testing.T, path string) *officedir.Dir {
	t.Helper()
	dir, err := officedir.Open(context.Background(), path, unasked(t), clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	return dir
}

// tree is the content of every file below a directory, by name.
func tree(t *testing.T, path string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		files[strings.TrimPrefix(name, path+"/")] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestInitMakesAPrivateOffice(t *testing.T) {
	t.Parallel()
	path := made(t, officedir.New{Settings: "[approval]\nfour_eyes = true\n"})
	want := []string{"keyring.json", "todoke.toml", "unlock.key"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(tree(t, path)))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	dir := opened(t, path)
	if !dir.Config.Approval.FourEyes || dir.Config.Secret != "file:unlock.key" {
		t.Errorf("settings = %+v", dir.Config)
	}
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && entry.Name() != "usage-verifier.txt" {
			t.Errorf("%s can be read by others: %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestInitNeverOverwrites(t *testing.T) {
	t.Parallel()
	t.Run("an office", func(t *testing.T) {
		t.Parallel()
		path := made(t, officedir.New{Secret: []byte("ひみつの言葉")})
		before := tree(t, path)
		for _, n := range []officedir.New{{}, {Secret: []byte("別の言葉"), Settings: "[api]\n"}} {
			err := officedir.Init(path, n)
			if !errors.Is(err, officedir.ErrExists) {
				t.Errorf("Init = %v, want ErrExists", err)
			}
		}
		if diff := cmp.Diff(before, tree(t, path)); diff != "" {
			t.Errorf("the office changed:\n%s", diff)
		}
	})
	for _, name := range []string{"todoke.toml", "unlock.key"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir()
			err := os.WriteFile(filepath.Join(path, name), []byte("mine"), 0o600)
			if err != nil {
				t.Fatal(err)
			}
			err = officedir.Init(path, officedir.New{})
			if !errors.Is(err, os.ErrExist) || !strings.Contains(err.Error(), "が残っています") {
				t.Errorf("Init = %v, want os.ErrExist", err)
			}
			if got := tree(t, path)[name]; got != "mine" {
				t.Errorf("%s was overwritten", name)
			}
			_, err = officedir.Open(context.Background(), path, unasked(t), clock)
			if !errors.Is(err, officedir.ErrNoOffice) {
				t.Errorf("half an office opens: %v", err)
			}
		})
	}
}

func TestOpenNeedsAnOffice(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, path := range []string{empty, filepath.Join(empty, "nothing")} {
		dir, err := officedir.Open(context.Background(), path, unasked(t), clock)
		if !errors.Is(err, officedir.ErrNoOffice) || dir != nil {
			t.Errorf("Open(%s) = %v, %v; want ErrNoOffice", path, dir, err)
		}
	}
	if files := tree(t, empty); len(files) != 0 {
		t.Errorf("files were made: %v", files)
	}
}

// TestWrongPassphraseChangesNothing: not a file is made or touched.
func TestWrongPassphraseChangesNothing(t *testing.T) {
	t.Parallel()
	path := made(t, officedir.New{Secret: []byte("ひみつの言葉")})
	before := tree(t, path)
	for name, given := range map[string]string{"wrong": "べつの言葉", "empty": "", "longer": "ひみつの言葉 "} {
		_, err := officedir.Open(context.Background(), path, secret(given), clock)
		if !errors.Is(err, seal.ErrWrongSecret) {
			t.Errorf("%s: %v, want ErrWrongSecret", name, err)
		}
		if strings.Contains(err.Error(), "ひみつ") || given != "" && strings.Contains(err.Error(), given) {
			t.Errorf("%s: the error repeats a secret", name)
		}
	}
	if diff := cmp.Diff(before, tree(t, path)); diff != "" {
		t.Errorf("the office changed:\n%s", diff)
	}
	dir, err := officedir.Open(context.Background(), path, secret("ひみつの言葉"), clock)
	if err != nil {
		t.Fatal(err)
	}
	err = dir.Close()
	if err != nil {
		t.Error(err)
	}
	cancelled := errors.New("入力をやめました")
	_, err = officedir.Open(context.Background(), path, func() ([]byte, error) { return nil, cancelled }, clock)
	if !errors.Is(err, cancelled) {
		t.Errorf("an unanswered question: %v", err)
	}
}

// TestSecretsByReference cannot run beside others: it sets the environment.
func TestSecretsByReference(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "key")
	err := os.WriteFile(elsewhere, []byte("  ひみつの言葉\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TODOKE_TEST_SECRET", "ひみつの言葉")
	t.Setenv("TODOKE_TEST_WRONG", "べつの言葉")
	for name, c := range map[string]struct {
		ref  string
		want error
	}{
		"environment":          {"env:TODOKE_TEST_SECRET", nil},
		"wrong environment":    {"env:TODOKE_TEST_WRONG", seal.ErrWrongSecret},
		"environment, not set": {"env:TODOKE_TEST_UNSET", seal.ErrWrongSecret},
		"a file elsewhere":     {"file:" + elsewhere, nil},
		"a file that is gone":  {"file:gone.key", os.ErrNotExist},
	} {
		path := made(t, officedir.New{Secret: []byte("ひみつの言葉"), Settings: "secret = \"" + c.ref + "\"\n"})
		dir, err := officedir.Open(context.Background(), path, unasked(t), clock)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil {
			dir.Close()
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	path := made(t, officedir.New{Settings: "[night]\nnonsense = 1\n"})
	before := tree(t, path)
	_, err := officedir.Open(context.Background(), path, unasked(t), clock)
	if err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("Open = %v, want the name of the unknown setting", err)
	}
	if diff := cmp.Diff(before, tree(t, path)); diff != "" {
		t.Errorf("the office changed:\n%s", diff)
	}
}

// TestDiscardTakesNothingElse removes an office and leaves what is not its own.
func TestDiscardTakesNothingElse(t *testing.T) {
	t.Parallel()
	path := made(t, officedir.New{})
	opened(t, path).Close()
	err := os.WriteFile(filepath.Join(path, "メモ.txt"), []byte("mine"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	err = officedir.Discard(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"メモ.txt": "mine"}, tree(t, path)); diff != "" {
		t.Error(diff)
	}
	err = officedir.Init(path, officedir.New{})
	if err != nil {
		t.Errorf("a new office in the same place: %v", err)
	}
}

func TestIDsAreUniqueAndSorted(t *testing.T) {
	t.Parallel()
	last := ""
	for range 1000 {
		id := officedir.NewID()
		_, err := ulid.ParseStrict(id)
		if err != nil || id <= last {
			t.Fatalf("%s after %s: %v", id, last, err)
		}
		last = id
	}
}
