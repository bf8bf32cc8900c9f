// Package fault scripts what goes wrong at the simulated e-Gov: answers lost
// after a submission was accepted, resets, slow or wrong answers, listings that
// lag behind, filings that the ministry refuses.
//
// A script is a list of rules. Each request (or, for Hide and Refuse, each
// accepted bulk and each arriving application) is offered to the rules in
// order and the first that applies is used. The script decides only; the
// simulator carries out. With the same seed and the same order of requests the
// same faults happen.
package fault

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Effect is what a rule does.
type Effect string

// Effects. "Before" means that the request has no effect at e-Gov, "after"
// that it was carried out, whatever the client sees.
const (
	// ResetBefore resets the connection before the request is looked at.
	ResetBefore Effect = "reset-before"
	// StatusBefore answers with Rule.Status (500, 502, 503, 429, 401, …) before.
	StatusBefore Effect = "status-before"
	// Redirect answers 307 to the same path, before.
	Redirect Effect = "redirect"
	// EmptyNotFound answers 404 without a body, before.
	EmptyNotFound Effect = "empty-404"
	// Slow waits Rule.Delay and then carries on.
	Slow Effect = "slow"
	// DropAnswer closes the connection without a byte of the answer, after.
	DropAnswer Effect = "drop-answer"
	// StatusAfter answers with Rule.Status (500 when zero), after.
	StatusAfter Effect = "status-after"
	// HalfBody announces the whole answer and closes in the middle of it, after.
	HalfBody Effect = "half-body"
	// WrongJSON answers with the right status and a body that does not parse, after.
	WrongJSON Effect = "wrong-json"
	// Hide keeps an accepted bulk out of every listing, for Rule.Queries
	// listings or for Rule.Delay from its acceptance (by the simulator's clock).
	Hide Effect = "hide"
	// Refuse makes the ministry refuse an application that would have arrived,
	// with Rule.Content as the reason.
	Refuse Effect = "refuse"
)

// Rule is one line of a script. Zero values do not restrict: any operation, any
// folder, every time, always.
type Rule struct {
	Effect      Effect
	Operation   string        // "bulk-apply", "report", "lists", "case", "token", …
	Folder      string        // Refuse: folder name or procedure id
	Skip        int           // how many matching occasions pass first
	Count       int           // how often it applies; 0 is without end
	Probability float64       // of applying on an occasion; 0 is always
	Status      int           // of StatusBefore and StatusAfter
	Delay       time.Duration // of Slow and Hide
	Queries     int           // of Hide
	Content     string        // of Refuse
}

// Script evaluates rules. It is safe for concurrent use; nil never applies.
type Script struct {
	mu    sync.Mutex
	rules []*state
	rand  *rand.Rand
}

type state struct {
	Rule
	seen, used int
}

// NewScript builds a script with a seed for its probabilities.
func NewScript(seed uint64, rules ...Rule) *Script {
	s := &Script{rand: rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // faults are not secrets
	for _, r := range rules {
		s.rules = append(s.rules, &state{Rule: r})
	}
	return s
}

// Request picks the rule for a request to an operation.
func (s *Script) Request(operation string) (Rule, bool) {
	return s.pick(func(r Rule) bool {
		return r.Effect != Hide && r.Effect != Refuse && (r.Operation == "" || r.Operation == operation)
	})
}

// Bulk picks the Hide rule for a bulk that was accepted.
func (s *Script) Bulk() (Rule, bool) {
	return s.pick(func(r Rule) bool { return r.Effect == Hide })
}

// Application picks the Refuse rule for an application that would arrive.
func (s *Script) Application(folder, procedure string) (Rule, bool) {
	return s.pick(func(r Rule) bool {
		return r.Effect == Refuse && (r.Folder == "" || r.Folder == folder || r.Folder == procedure)
	})
}

func (s *Script) pick(matches func(Rule) bool) (Rule, bool) {
	if s == nil {
		return Rule{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		if !matches(r.Rule) || r.Count > 0 && r.used >= r.Count {
			continue
		}
		r.seen++
		if r.seen <= r.Skip || r.Probability > 0 && s.rand.Float64() >= r.Probability {
			continue
		}
		r.used++
		return r.Rule, true
	}
	return Rule{}, false
}
