package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"todoke/egov/sim"
	"todoke/egov/sim/fault"
)

// judge lets the simulator's ledger say whether anything was lost or sent twice.
func judge(t *testing.T, server *sim.Server, dir string) statusCounts {
	t.Helper()
	s := status(t, dir)
	ledger := server.Ledger()
	if ledger.Counts.Duplicates != 0 {
		t.Errorf("e-Gov accepted %d filings twice", ledger.Counts.Duplicates)
	}
	if ledger.Counts.Accepted != s.Arrived {
		t.Errorf("e-Gov accepted %d filings, the office knows of %d", ledger.Counts.Accepted, s.Arrived)
	}
	if s.Arrived+s.Refused+s.Held != s.Filings || s.Queued+s.Submitting != 0 {
		t.Errorf("not everything came to an end: %+v", s)
	}
	p := todoke(t, "usage", "verify", "--dir", dir)
	if p.code != 0 {
		t.Errorf("the usage log does not verify: %s%s", p.out, p.err)
	}
	return s
}

// stepsOf runs a whole night once and returns its numbered steps.
func stepsOf(t *testing.T, change func(*sim.Config)) []string {
	t.Helper()
	server, url := ministry(t, change)
	dir := heldOffice(t, url, 1)
	trace := filepath.Join(t.TempDir(), "trace")
	p := finish(t, command(t, []string{traceVariable + "=" + trace}, "night", "--dir", dir))
	if p.code != 0 {
		t.Fatalf("night: %s%s", p.out, p.err)
	}
	judge(t, server, dir)
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// TestKillAtEveryStep kills a night at each of its numbered steps and starts it
// again: nothing is lost, nothing is sent twice.
func TestKillAtEveryStep(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	steps := stepsOf(t, nil)
	const fewest = 20
	if len(steps) < fewest {
		t.Fatalf("a night has only %d steps: %v", len(steps), steps)
	}
	together(t, steps, func(t *testing.T, i int) {
		server, url := ministry(t, nil)
		dir := heldOffice(t, url, 1)
		p := finish(t, command(t, []string{fmt.Sprintf("%s=%d", killVariable, i+1)}, "night", "--dir", dir))
		if !p.killed {
			t.Fatalf("the night was not killed: exit %d\n%s%s", p.code, p.out, p.err)
		}
		ok(t, "night", "--dir", dir)
		s := judge(t, server, dir)
		// Only a death between the commit of "sending" and the answer may leave a
		// filing for a person to decide on.
		mayHold := strings.HasSuffix(steps[i], " sending committed") || strings.HasSuffix(steps[i], " first byte next")
		if s.Held != 0 && !mayHold {
			t.Errorf("killed at %q, %d filings are held", steps[i], s.Held)
		}
	})
}

// badNights are nights whose steps a good one does not have.
var badNights = map[string]func(*sim.Config){
	"answer lost": func(c *sim.Config) {
		c.Faults = []fault.Rule{{Effect: fault.DropAnswer, Operation: "bulk-apply", Count: 1}}
	},
	"never received": func(c *sim.Config) {
		c.Faults = []fault.Rule{{Effect: fault.ResetBefore, Operation: "bulk-apply", Count: 1}}
	},
	"refused": func(c *sim.Config) {
		c.Faults = []fault.Rule{{Effect: fault.StatusBefore, Operation: "bulk-apply", Status: 413, Count: 1}}
	},
}

// TestKillInBadNights kills at the steps that only happen when something goes
// wrong at e-Gov.
func TestKillInBadNights(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	usual := map[string]bool{}
	for _, step := range stepsOf(t, nil) {
		usual[nameOf(step)] = true
	}
	for name, night := range badNights {
		t.Run(name, func(t *testing.T) {
			var steps []string
			for _, step := range stepsOf(t, night) {
				if !usual[nameOf(step)] || nameOf(step) == "answer received" || nameOf(step) == "answer recorded" {
					steps = append(steps, step)
				}
			}
			together(t, steps, func(t *testing.T, i int) {
				server, url := ministry(t, night)
				dir := heldOffice(t, url, 1)
				number, _, _ := strings.Cut(steps[i], " ")
				p := finish(t, command(t, []string{killVariable + "=" + number}, "night", "--dir", dir))
				if !p.killed {
					t.Fatalf("the night was not killed: exit %d\n%s%s", p.code, p.out, p.err)
				}
				ok(t, "night", "--dir", dir)
				judge(t, server, dir)
			})
		})
	}
}

// nameOf is a step without its number.
func nameOf(step string) string {
	_, name, _ := strings.Cut(step, " ")
	return name
}

// TestKillAtRandomMoments kills nights against an e-Gov that loses answers and is
// slow to list what it has, until one runs to its end.
func TestKillAtRandomMoments(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	together(t, []string{"1", "2", "3", "4"}, func(t *testing.T, round int) {
		server, url := ministry(t, func(c *sim.Config) {
			c.IngestDelay = 100 * time.Millisecond
			c.Faults = []fault.Rule{
				{Effect: fault.DropAnswer, Operation: "bulk-apply", Skip: 1, Count: 1},
				{Effect: fault.Hide, Skip: 2, Count: 1, Queries: 2},
				{Effect: fault.StatusAfter, Operation: "bulk-apply", Skip: 2, Count: 1, Status: 500},
			}
		})
		dir := heldOffice(t, url, 4)
		random := rand.New(rand.NewPCG(uint64(round), 1))
		const kills = 6
		for range kills {
			cmd := command(t, nil, "night", "--dir", dir)
			err := cmd.Start()
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(100+random.IntN(500)) * time.Millisecond) //nolint:forbidigo // the moment is the test
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		ok(t, "night", "--dir", dir)
		judge(t, server, dir)
	})
}

// TestOneSenderAtATime starts a night beside one that waits for a slow e-Gov.
func TestOneSenderAtATime(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	server, url := ministry(t, func(c *sim.Config) {
		c.Faults = []fault.Rule{{Effect: fault.Slow, Operation: "bulk-apply", Count: 1, Delay: 4 * time.Second}}
	})
	dir := heldOffice(t, url, 1)
	trace := filepath.Join(t.TempDir(), "trace")
	first := command(t, []string{traceVariable + "=" + trace}, "night", "--dir", dir)
	err := first.Start()
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the first night to send", func() bool {
		text, _ := os.ReadFile(trace)
		return strings.Contains(string(text), "sending committed")
	})
	second := todoke(t, "night", "--dir", dir)
	if second.code != exitBusy {
		t.Errorf("the second night: exit %d, want %d: %s", second.code, exitBusy, second.err)
	}
	err = first.Wait()
	if err != nil {
		t.Errorf("the first night: %v", err)
	}
	judge(t, server, dir)
}
