package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/config"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "todoke.toml")
	err := os.WriteFile(path, []byte(text), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultIsValidAndHoldsWithoutAFile(t *testing.T) {
	t.Parallel()
	got, err := config.Load(filepath.Join(t.TempDir(), "none.toml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), got); diff != "" {
		t.Error(diff)
	}
	if got.AbsenceCounts() != 21*time.Minute {
		t.Errorf("absence counts after %v, want 21m", got.AbsenceCounts())
	}
}

func TestFileThenEnvironment(t *testing.T) {
	t.Parallel()
	path := write(t, "secret = \"file:unlock.key\"\n[night]\nbatch_limit = 3\nask = [\"1s\", \"2s\"]\n[egov]\nmax_request = \"20s\"\n")
	got, err := config.Load(path, []string{"TODOKE_NIGHT__BATCH_LIMIT=7", "TODOKE_NIGHT__ASK=1s,2s,1m", "TODOKE_PASSPHRASE=x", "TODOKE_KILL_AT=3", "PATH=/bin"})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Secret, want.Night.BatchLimit, want.EGov.MaxRequest = "file:unlock.key", 7, 20*time.Second
	want.Night.Ask = []time.Duration{time.Second, 2 * time.Second, time.Minute}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load(write(t, "secret = \"hunter2\"\n[night]\nbatch_limit = 0\npoll_max = \"-1s\"\n[api]\nlisten = \"8400\"\n"), nil)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, key := range []string{"secret", "night.batch_limit", "night.poll_max", "api.listen"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not named in: %v", key, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("the message repeats what may be a passphrase")
	}
}

func TestRefusesUnknownKeysAndBrokenFiles(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"unknown key":     "[night]\nbatchlimit = 3\n",
		"unknown section": "[nihgt]\nbatch_limit = 3\n",
		"not toml":        "night: 3",
		"not a duration":  "[egov]\nmax_request = \"soon\"\n",
	} {
		_, err := config.Load(write(t, text), nil)
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	_, err := config.Load(write(t, ""), []string{"TODOKE_NIGHT__BATCHLIMIT=3"})
	if err == nil {
		t.Error("an unknown variable was accepted")
	}
}
