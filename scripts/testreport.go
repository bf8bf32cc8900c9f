//go:build ignore

// Command testreport turns the events of "go test -json" (standard input) into
// what a reader of a log wants: one line per package as "go test" prints it, the
// whole output of what failed, and every skipped test with its reason.
//
//	go test -json ./... | go run scripts/testreport.go [-strict] -allowed scripts/allowed-skips.txt
//
// With -strict a skipped test that the list does not allow is a failure: a check
// that did not run must not look like one that passed. It exits with 1 when
// something failed and when nothing ran at all.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is one line of test2json, see "go doc test2json".
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of build-output
	FailedBuild                   string
	Elapsed                       float64
}

type report struct {
	allowed []string
	output  map[string][]string // by package, then test: what it printed
	failed  []string
	skipped []string // what -strict objects to
	lenient []string
	tests   int
}

func main() {
	strict := flag.Bool("strict", false, "a skipped test that is not on the list fails")
	list := flag.String("allowed", "", "file with the tests that may be skipped")
	flag.Parse()
	allowed, err := readList(*list)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	r := report{allowed: allowed, output: map[string][]string{}}
	err = r.read(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	os.Exit(r.finish(*strict))
}

func readList(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 2 {
			names = append(names, fields[0]+" "+fields[1])
		}
	}
	return names, nil
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil {
				r.event(e)
			} else {
				fmt.Print(string(line)) // e.g. a message of the go command itself
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) event(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		r.output["build "+e.ImportPath] = append(r.output["build "+e.ImportPath], e.Output)
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.packageDone(e)
		} else {
			r.testDone(key, e)
		}
	}
}

func (r *report) testDone(key string, e event) {
	r.tests++
	switch e.Action {
	case "fail":
		r.failed = append(r.failed, key)
		fmt.Print(strings.Join(r.output[key], ""))
	case "skip":
		if strings.HasPrefix(e.Test, "Fuzz") && strings.Contains(e.Test, "/") {
			break // an input of the corpus that the target does not look at
		}
		line := key + ": " + reason(r.output[key])
		if r.mayBeSkipped(key) {
			r.lenient = append(r.lenient, line)
		} else {
			r.skipped = append(r.skipped, line)
		}
	}
	delete(r.output, key)
}

// packageDone prints what "go test" would have printed for the package. A failed
// package comes with all that is left of its output: a panic, a race, a build error.
func (r *report) packageDone(e event) {
	lines := r.output[e.Package+" "]
	if e.Action != "fail" {
		for _, line := range lines {
			if strings.HasPrefix(line, "ok  ") || strings.HasPrefix(line, "?   ") {
				fmt.Print(line)
			}
		}
		return
	}
	fmt.Print(strings.Join(r.output["build "+e.FailedBuild], ""))
	for key, left := range r.output {
		if strings.HasPrefix(key, e.Package+" ") && key != e.Package+" " {
			fmt.Print(strings.Join(left, "")) // a test that never ended
		}
	}
	fmt.Print(strings.Join(lines, ""))
	r.failed = append(r.failed, e.Package)
}

// mayBeSkipped looks for the test, or one that it is a sub-test of, on the list.
func (r *report) mayBeSkipped(key string) bool {
	for _, name := range r.allowed {
		if key == name || strings.HasPrefix(key, name+"/") {
			return true
		}
	}
	return false
}

// reason is what the test said when it skipped, without the framing of go test.
func reason(output []string) string {
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			return line
		}
	}
	return "no reason given"
}

func (r *report) finish(strict bool) int {
	fmt.Printf("\n%d tests, %d failed, %d skipped\n", r.tests, len(r.failed), len(r.skipped)+len(r.lenient))
	for _, line := range r.lenient {
		fmt.Println("skipped, allowed:", line)
	}
	for _, line := range r.skipped {
		fmt.Println("skipped:", line)
	}
	for _, key := range r.failed {
		fmt.Println("FAILED:", key)
	}
	switch {
	case r.tests == 0:
		fmt.Println("no test ran")
	case len(r.failed) > 0:
	case strict && len(r.skipped) > 0:
		fmt.Println("skipped tests that scripts/allowed-skips.txt does not allow")
	default:
		return 0
	}
	return 1
}
