package usage_test

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"todoke/usage"
)

// TestMain turns the test binary into an appending process when asked to, so that
// what is tested are processes and not goroutines.
func TestMain(m *testing.M) {
	path := os.Getenv("USAGE_TEST_APPEND")
	if path == "" {
		os.Exit(m.Run())
	}
	err := appendForever(path, os.Getenv("USAGE_TEST_COUNT"))
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}

func appendForever(path, count string) error {
	limit, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	store, done, err := openStore(path)
	if err != nil {
		return err
	}
	defer done()
	for i := 0; limit == 0 || i < limit; i++ {
		position, err := store.Append(testContext, entry("c1", i), entry("c1", i), entry("c1", i))
		if err != nil {
			return err
		}
		os.Stdout.WriteString(strconv.FormatInt(position.Size, 10) + "\n")
	}
	return nil
}

func start(t *testing.T, path, count string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), "USAGE_TEST_APPEND="+path, "USAGE_TEST_COUNT="+count)
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	err = process.Start()
	if err != nil {
		t.Fatal(err)
	}
	return process, bufio.NewScanner(out)
}

func TestConcurrentAppendsByTwoProcesses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const each = 20
	var processes []*exec.Cmd
	for range 2 {
		process, _ := start(t, w.path, strconv.Itoa(each))
		processes = append(processes, process)
	}
	w.fill(t, "c1", 3*each)
	for _, process := range processes {
		err := process.Wait()
		if err != nil {
			t.Errorf("process: %v", err)
		}
	}
	if l := w.verify(t, "c1", nil); l.Verdict != usage.Unanchored || l.Size != 9*each {
		t.Errorf("report = %+v", l)
	}
}

// TestAKilledProcessLeavesAWholeLog kills a process in the midst of its appends:
// what it had reported is there, and each append is there as a whole or not at all.
func TestAKilledProcessLeavesAWholeLog(t *testing.T) {
	t.Parallel()
	for after := range 5 {
		w := setup(t)
		process, out := start(t, w.path, "0")
		reported := int64(0)
		for range after + 1 {
			if !out.Scan() {
				t.Fatal("the process ended by itself")
			}
			var err error
			reported, err = strconv.ParseInt(out.Text(), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
		}
		err := process.Process.Kill()
		if err != nil {
			t.Fatal(err)
		}
		for out.Scan() { // what it could still say before it died
			reported, err = strconv.ParseInt(out.Text(), 10, 64)
			if err != nil {
				break
			}
		}
		_ = process.Wait() // it was killed, which is no news
		_, w.store = w.open(t)
		l := w.verify(t, "c1", nil)
		if l.Verdict != usage.Unanchored || l.Size < reported || l.Size%3 != 0 {
			t.Errorf("reported %d: %+v", reported, l)
		}
		if position := w.fill(t, "c1", 1); position.Size != l.Size+1 {
			t.Errorf("the log does not go on: %+v", position)
		}
	}
}
