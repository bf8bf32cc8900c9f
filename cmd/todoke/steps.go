package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// Environment variables for tests of crash safety: TODOKE_KILL_AT=N kills this
// process, as SIGKILL does, at the N-th numbered step of a night;
// TODOKE_KILL_AT=NAME or NAME:K at the first or K-th step of that name; and
// TODOKE_STEP_TRACE=FILE appends a line "N NAME" for each step.
const (
	killVariable  = "TODOKE_KILL_AT"
	traceVariable = "TODOKE_STEP_TRACE"
)

// steps returns the hook that numbers the steps of a night, nil when nobody asks.
func steps() func(string) {
	at, trace := os.Getenv(killVariable), os.Getenv(traceVariable)
	if at == "" && trace == "" {
		return nil
	}
	name, count, _ := strings.Cut(at, ":")
	wanted, err := strconv.ParseInt(name, 10, 64)
	byNumber := err == nil
	if !byNumber {
		wanted, err = strconv.ParseInt(count, 10, 64)
		if err != nil {
			wanted = 1
		}
	}
	var number, named atomic.Int64
	return func(step string) {
		n := number.Add(1)
		if trace != "" {
			appendLine(trace, fmt.Sprintf("%d %s\n", n, step))
		}
		if at == "" {
			return
		}
		if byNumber && n == wanted || !byNumber && step == name && named.Add(1) == wanted {
			die()
		}
	}
}

func appendLine(path, line string) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // named by whoever runs the test
	if err != nil {
		return
	}
	_, _ = file.WriteString(line)
	_ = file.Close()
}

// die ends the process without any chance to tidy up.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		_ = self.Kill()
	}
	select {}
}
