package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"todoke/egov/sim"
	"todoke/mynumber"
)

// asTodoke makes the test binary behave as the todoke command, so that tests can
// start, and kill, real processes.
const asTodoke = "TODOKE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asTodoke) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestDemoInThisProcess runs the demo where the race detector sees all of it.
func TestDemoInThisProcess(t *testing.T) {
	var out, stderr bytes.Buffer
	code := run(t.Context(), []string{"demo", "--dir", filepath.Join(t.TempDir(), "office"), "--json"},
		streams{in: strings.NewReader(""), out: &out, err: &stderr})
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr.String())
	}
	o := decode[promised](t, out.String())
	if o.Arrived != 71 || o.Refused != 1 || o.Duplicates != 0 || !o.UsageVerified {
		t.Errorf("the demo ended with %+v", o)
	}
}

// needsProcesses skips a test that starts processes when tests are to be short.
func needsProcesses(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes; -short leaves it out")
	}
}

// process is a finished run of the command.
type process struct {
	out, err string
	code     int
	killed   bool
}

// command prepares a run of the command with a HOME and TMPDIR of its own.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	home := t.TempDir()
	cmd.Env = append([]string{
		asTodoke + "=1", "HOME=" + home, "TMPDIR=" + home, "PATH=" + os.Getenv("PATH"), "GOCOVERDIR=" + home,
		// Short limits make an unknown outcome a matter of seconds; the rules are the same.
		"TODOKE_EGOV__SEND_WINDOW=1s", "TODOKE_EGOV__MAX_REQUEST=2s", "TODOKE_NIGHT__QUIET_PERIOD=500ms",
		"TODOKE_NIGHT__ASK=200ms,500ms,1s",
	}, env...)
	return cmd
}

func finish(t *testing.T, cmd *exec.Cmd) process {
	t.Helper()
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	code := cmd.ProcessState.ExitCode()
	return process{out: out.String(), err: stderr.String(), code: code, killed: code == -1}
}

func todoke(t *testing.T, args ...string) process {
	t.Helper()
	return finish(t, command(t, nil, args...))
}

// ok runs the command and fails the test when it fails.
func ok(t *testing.T, args ...string) process {
	t.Helper()
	p := todoke(t, args...)
	if p.code != 0 {
		t.Fatalf("todoke %v: exit %d\n%s%s", args, p.code, p.out, p.err)
	}
	return p
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	err := json.Unmarshal([]byte(text), &v)
	if err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	return v
}

const (
	testClient   = "test-software"
	testSecret   = "test-api-key"
	testRedirect = "http://127.0.0.1:9/callback"
)

// ministry starts a simulator for the length of the test.
func ministry(t *testing.T, change func(*sim.Config)) (*sim.Server, string) {
	t.Helper()
	config := sim.Config{ClientID: testClient, ClientSecret: testSecret, RedirectURI: testRedirect, AutoLogin: true}
	if change != nil {
		change(&config)
	}
	server, err := sim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server.Handler())
	t.Cleanup(web.Close)
	return server, web.URL
}

// testNumber is 8700000 followed by a counter and a valid check digit: no such
// number is issued to anybody here.
func testNumber(n int) string {
	text := fmt.Sprintf("8700000%04d", n)
	var first [11]byte
	for i := range first {
		first[i] = text[i] - '0'
	}
	return text + string('0'+rune(mynumber.CheckDigit(first)))
}

// peopleFile writes a people file of n made-up people and returns it with their
// numbers.
func peopleFile(t *testing.T, n int) (path string, numbers []string) {
	t.Helper()
	var text strings.Builder
	text.WriteString("company,person,name,kana,birth_date,sex,postal_code,address,my_number\n")
	for i := range n {
		numbers = append(numbers, testNumber(i))
		fmt.Fprintf(&text, "試験商事%d株式会社,T%03d,試験　太郎,シケン　タロウ,19%02d-04-02,male,1000001,東京都千代田区試験町%d丁目1番,%s\n",
			i%2+1, i, 60+i%40, i+1, numbers[i])
	}
	path = filepath.Join(t.TempDir(), "people.csv")
	err := os.WriteFile(path, []byte(text.String()), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return path, numbers
}

// heldOffice prepares an office with the filings of n people queued for the
// simulator at url, and returns its directory.
func heldOffice(t *testing.T, url string, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "office")
	people, _ := peopleFile(t, n)
	ok(t, "demo", "--dir", dir, "--people", people, "--egov", url, "--client-id", testClient, "--client-secret", testSecret, "--hold")
	return dir
}

func status(t *testing.T, dir string) statusCounts {
	t.Helper()
	return decode[statusCounts](t, ok(t, "status", "--dir", dir, "--json").out)
}

func TestRunReportsWrongUse(t *testing.T) {
	t.Parallel()
	for name, given := range map[string][]string{
		"unknown flag":      {"night", "--nonsense"},
		"argument too many": {"status", "extra"},
		"hold alone":        {"demo", "--hold"},
		"argument missing":  {"verify"},
	} {
		var stderr bytes.Buffer
		code := run(context.Background(), given, streams{in: strings.NewReader(""), out: io.Discard, err: &stderr})
		if code != exitUsage || !strings.Contains(stderr.String(), "エラー") {
			t.Errorf("%s: exit %d, %q; want %d", name, code, stderr.String(), exitUsage)
		}
	}
}

func TestNoOfficeIsAClearError(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "nothing")
	p := todoke(t, "status", "--dir", dir)
	if p.code != exitFailure || !strings.Contains(p.err, "office init") {
		t.Errorf("exit %d: %s", p.code, p.err)
	}
	_, err := os.Stat(dir)
	if err == nil {
		t.Error("the directory was created")
	}
}

// together runs subtests a few at a time: they wait for processes and clocks far
// more than they compute, so there may be more of them than processors.
func together(t *testing.T, names []string, test func(t *testing.T, i int)) {
	t.Helper()
	const atOnce = 6
	var wait sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for i, name := range names {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			t.Run(name, func(t *testing.T) { test(t, i) })
		})
	}
	wait.Wait()
}

// waitFor polls until the condition holds or the test's patience ends.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	const patience = 60 * time.Second
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if condition() {
			return
		}
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // polls a condition of another process
	}
	t.Fatalf("waited in vain for %s", what)
}

// TestDemoThatFailsLeavesNothingBehind points the demo at an e-Gov that is not
// there, in a directory that holds somebody's file.
func TestDemoThatFailsLeavesNothingBehind(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mine.txt"), []byte("mine"))
	p := todoke(t, "demo", "--dir", dir, "--egov", "http://127.0.0.1:1", "--client-id", "a", "--client-secret", "b", "--hold")
	if p.code != exitFailure || !strings.Contains(p.err, "接続できません") {
		t.Errorf("exit %d: %s", p.code, p.err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "mine.txt" {
		t.Errorf("left: %v, %v", entries, err)
	}
	again := ok(t, "demo", "--dir", dir, "--json")
	if !strings.Contains(again.out, `"usage_verified":true`) {
		t.Errorf("the next demo: %s", again.out)
	}
	p = todoke(t, "demo", "--dir", dir)
	if p.code != exitFailure || status(t, dir).Filings != 72 {
		t.Errorf("a demo over an office: exit %d", p.code)
	}
}

// promised is what "demo --json" prints, as far as it is promised.
type promised struct {
	Filings        int  `json:"filings"`
	Arrived        int  `json:"arrived"`
	Refused        int  `json:"refused"`
	Held           int  `json:"held"`
	Unknown        int  `json:"unknown"`
	AcceptedByEGov int  `json:"accepted_by_egov"`
	Duplicates     int  `json:"duplicates"`
	Drafts         int  `json:"drafts"`
	UsageEntries   int  `json:"usage_entries"`
	UsageVerified  bool `json:"usage_verified"`
}

// TestDemoEndsAsPromised holds the sums that the README and scripts rely on.
func TestDemoEndsAsPromised(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	o := decode[promised](t, ok(t, "demo", "--json").out)
	if o.Filings < 60 || o.Arrived+o.Refused+o.Held != o.Filings || o.Unknown != 0 || o.Duplicates != 0 ||
		o.AcceptedByEGov != o.Arrived || !o.UsageVerified || o.Refused != 1 || o.Drafts != 3 || o.UsageEntries < 2*o.Filings {
		t.Errorf("the demo ended with %+v", o)
	}
}
