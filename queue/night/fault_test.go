package night_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim"
	"todoke/egov/sim/fault"
	"todoke/queue"
	"todoke/queue/night"
)

// faultCase is one way in which e-Gov misbehaves, against three filings: the first
// and the third go in one bulk, the second, of the same procedure as the first, in
// another. What a case does not say is that all arrive, in two bulks, in one night.
type faultCase struct {
	rules  []fault.Rule
	config func(*sim.Config)
	slow   bool  // submissions end after a moment
	nights int   // how many it takes
	first  error // how the first night ends
	posts  int   // POST /bulk-apply in all
	states [3]queue.State
}

var (
	allArrive  = [3]queue.State{queue.Arrived, queue.Arrived, queue.Arrived}
	firstHeld  = [3]queue.State{queue.Held, queue.Arrived, queue.Held}
	refused404 = [3]queue.State{queue.Refused, queue.Arrived, queue.Refused}
)

func on(operation string, effect fault.Effect) fault.Rule {
	return fault.Rule{Effect: effect, Operation: operation, Count: 1}
}

func status(operation string, effect fault.Effect, code int) fault.Rule {
	return fault.Rule{Effect: effect, Operation: operation, Count: 1, Status: code}
}

func times(n int, rule fault.Rule) fault.Rule {
	rule.Count = n
	return rule
}

func sending(rules ...fault.Rule) faultCase { return faultCase{rules: rules} }

// lost is a case in which e-Gov never had the first bulk and nobody can know that.
func lost(rules ...fault.Rule) faultCase { return faultCase{rules: rules, states: firstHeld} }

func faultCases() map[string]faultCase {
	cases := map[string]faultCase{
		"nothing goes wrong":    {},
		"reset before":          lost(on("bulk-apply", fault.ResetBefore)),
		"redirect":              lost(on("bulk-apply", fault.Redirect)),
		"drop answer":           sending(on("bulk-apply", fault.DropAnswer)),
		"500 after":             sending(status("bulk-apply", fault.StatusAfter, 500)),
		"503 after":             sending(status("bulk-apply", fault.StatusAfter, 503)),
		"429 after":             sending(status("bulk-apply", fault.StatusAfter, 429)),
		"half body":             sending(on("bulk-apply", fault.HalfBody)),
		"wrong JSON":            sending(on("bulk-apply", fault.WrongJSON)),
		"every answer lost":     sending(times(9, on("bulk-apply", fault.DropAnswer))),
		"slow within the limit": {rules: []fault.Rule{{Effect: fault.Slow, Operation: "bulk-apply", Count: 1, Delay: 20 * time.Millisecond}}},
		"slow beyond the limit": {slow: true, rules: []fault.Rule{{Effect: fault.Slow, Operation: "bulk-apply", Count: 1, Delay: time.Second}}},
		"401 before":            {rules: []fault.Rule{status("bulk-apply", fault.StatusBefore, 401)}, posts: 3},
		"empty 404":             {rules: []fault.Rule{on("bulk-apply", fault.EmptyNotFound)}, nights: 2, first: night.ErrHalted, states: refused404},
		"413": {posts: 4 /* smaller bulks are tried before a filing is refused */, config: func(c *sim.Config) { c.MaxBody = 1000 },
			states: [3]queue.State{queue.Refused, queue.Refused, queue.Refused}},
		"the ministry refuses one": {rules: []fault.Rule{{Effect: fault.Refuse, Folder: employmentGain, Count: 1}},
			states: [3]queue.State{queue.Arrived, queue.Arrived, queue.Refused}},
		"hidden from three listings":              sending(fault.Rule{Effect: fault.Hide, Count: 1, Queries: 3}),
		"hidden for two hours":                    sending(fault.Rule{Effect: fault.Hide, Count: 1, Delay: 2 * time.Hour}),
		"answer lost, hidden from three listings": sending(on("bulk-apply", fault.DropAnswer), fault.Rule{Effect: fault.Hide, Count: 1, Queries: 3}),
		"answers lost, all hidden for an hour":    sending(times(2, on("bulk-apply", fault.DropAnswer)), fault.Rule{Effect: fault.Hide, Count: 2, Delay: time.Hour}),
		"slow to take in":                         {config: func(c *sim.Config) { c.IngestDelay = 40 * time.Minute }},
		"listed only when taken in":               {config: func(c *sim.Config) { c.IngestDelay, c.HideUntilIngested = 40*time.Minute, true }},
		"lists fail while evidence is gathered":   lost(on("bulk-apply", fault.ResetBefore), times(3, status("lists", fault.StatusBefore, 500))),
		"lists are refused with 401":              lost(on("bulk-apply", fault.ResetBefore), status("lists", fault.StatusBefore, 401)),
		"lists break off":                         lost(on("bulk-apply", fault.ResetBefore), on("lists", fault.HalfBody)),
	}
	codes := []int{403, 418, 429, 500, 502, 503, 504}
	if testing.Short() {
		codes = codes[:1] // they are all one line of the table
	}
	for _, code := range codes {
		cases[fmt.Sprint(code, " before")] = lost(status("bulk-apply", fault.StatusBefore, code))
	}
	for name, effect := range map[string]fault.Effect{
		"reset": fault.ResetBefore, "redirect": fault.Redirect, "404": fault.EmptyNotFound, "drop": fault.DropAnswer,
		"half body": fault.HalfBody, "wrong JSON": fault.WrongJSON, "500 after": fault.StatusAfter,
	} {
		cases["report: "+name] = sending(times(2, on("report", effect)))
	}
	for name, code := range map[string]int{"401": 401, "429": 429, "500": 500, "503": 503} {
		cases["report: "+name] = sending(times(2, status("report", fault.StatusBefore, code)))
	}
	return cases
}

// TestFaults lets e-Gov misbehave in every way that the simulator knows. Whatever
// happens, no attempt is sent twice, nothing is accepted twice, and what e-Gov
// accepted is what the office knows of in the end.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range faultCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.test(t)
		})
	}
}

func (c faultCase) test(t *testing.T) {
	w := setup(t, c.config)
	if c.slow {
		w.maxRequest = 200 * time.Millisecond
	}
	ids := []string{w.queued(0, pensionGain), w.queued(1, pensionGain), w.queued(2, employmentGain)}
	w.egov.Script(c.rules...)
	for n := range max(c.nights, 1) {
		_, err := w.run()
		if n == 0 && c.first != nil {
			if !errors.Is(err, c.first) {
				t.Fatalf("the first night ends with %v, want %v", err, c.first)
			}
		} else if err != nil {
			t.Fatalf("night %d: %v", n+1, err)
		}
		w.judge()
		w.clock.advance(12 * time.Hour)
	}
	w.total()
	want := c.states
	if want == [3]queue.State{} {
		want = allArrive
	}
	if diff := cmp.Diff(want[:], w.states(ids...)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	posts := c.posts
	if posts == 0 {
		posts = 2
	}
	if got := w.egov.count(http.MethodPost + " bulk-apply"); got != posts {
		t.Errorf("%d POSTs, want %d", got, posts)
	}
}
