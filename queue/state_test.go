package queue

import (
	"errors"
	"testing"
)

// everyState is written out, not derived from the table, so that a state that is
// forgotten in the table fails here.
var everyState = []State{
	Draft, Approved, Queued, Submitting, Arrived, Refused, Held,
	UnderReview, AmendmentRequested, ReviewDone, Closed, Cancelled,
}

// TestTransitions tells for every pair of states, actor and reason what the table
// must say; pairs that are not listed must be refused.
func TestTransitions(t *testing.T) {
	t.Parallel()
	person := map[State]map[State]bool{ // value: a reason is required
		Draft:    {Approved: false, Cancelled: true},
		Approved: {Queued: false, Draft: false, Cancelled: true},
		Queued:   {Draft: false, Cancelled: true},
		Refused:  {Draft: true},
		Held:     {Queued: true, Draft: true, Arrived: true, Refused: true, Cancelled: true},
	}
	night := map[State]map[State]bool{
		Queued:             {Submitting: false, Held: false},
		Submitting:         {Arrived: false, Refused: false, Held: false, Queued: false},
		Draft:              {Submitting: true},
		Approved:           {Submitting: true},
		Held:               {Submitting: true},
		Cancelled:          {Submitting: true},
		Arrived:            {UnderReview: false, AmendmentRequested: false, ReviewDone: false, Closed: false},
		UnderReview:        {AmendmentRequested: false, ReviewDone: false, Closed: false},
		AmendmentRequested: {UnderReview: false, ReviewDone: false, Closed: false},
		ReviewDone:         {UnderReview: false, AmendmentRequested: false, Closed: false},
	}
	for name, table := range map[string]map[State]map[State]bool{"person": person, "night": night} {
		actor := Actor{Name: name, Night: name == "night"}
		for _, from := range everyState {
			for _, to := range everyState {
				reasoned, allowed := table[from][to]
				err := check(from, to, actor, "")
				switch {
				case !allowed && !errors.Is(err, ErrNotAllowed):
					t.Errorf("%s: %s → %s = %v, want ErrNotAllowed", name, from, to, err)
				case allowed && reasoned && !errors.Is(err, ErrReasonMissing):
					t.Errorf("%s: %s → %s without a reason = %v, want ErrReasonMissing", name, from, to, err)
				case allowed && !reasoned && err != nil:
					t.Errorf("%s: %s → %s = %v", name, from, to, err)
				}
				if allowed && check(from, to, actor, "理由") != nil {
					t.Errorf("%s: %s → %s with a reason = %v", name, from, to, check(from, to, actor, "理由"))
				}
			}
		}
	}
	if len(transitions) != len(everyState) || len(stateLabels) != len(everyState) {
		t.Errorf("the table has %d states and %d labels, want %d", len(transitions), len(stateLabels), len(everyState))
	}
}

func TestAttemptTransitions(t *testing.T) {
	t.Parallel()
	every := []AttemptState{Prepared, Sending, Acknowledged, Settled, NotSent, Rejected, Unknown, NotSentPresumed}
	want := map[[2]AttemptState]bool{
		{Prepared, Sending}: true, {Prepared, NotSent}: true,
		{Sending, Acknowledged}: true, {Sending, NotSent}: true, {Sending, Rejected}: true, {Sending, Unknown}: true,
		{Unknown, Acknowledged}: true, {Unknown, NotSentPresumed}: true,
		{Acknowledged, Settled}: true, {NotSentPresumed, Acknowledged}: true,
	}
	for _, from := range every {
		for _, to := range every {
			if allowed(from, to) != want[[2]AttemptState{from, to}] {
				t.Errorf("%s → %s = %v", from, to, allowed(from, to))
			}
		}
	}
	if len(attemptTransitions) != len(every) {
		t.Errorf("the table has %d states, want %d", len(attemptTransitions), len(every))
	}
}
