package night_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim/fault"
	"todoke/queue"
	"todoke/queue/night"
)

// eventful is a night in which much happens: two bulks, of which one loses its
// answer, one filing that is held before the send and one that e-Gov refuses.
func eventful(t *testing.T) *world {
	w := setup(t, nil)
	w.queued(0, pensionGain)
	w.queued(1, pensionGain)
	w.queued(2, employmentGain)
	w.must(w.vault.RevokeFiling(w.ctx, w.queued(3, employmentLoss), vaultWho))
	w.egov.Script(on("bulk-apply", fault.DropAnswer), refuse(employmentGain))
	return w
}

func refuse(procedure string) fault.Rule {
	return fault.Rule{Effect: fault.Refuse, Folder: procedure, Count: 1, Content: "被保険者番号に該当する方がいません。"}
}

// elsewhere are steps that the transport calls from a goroutine of its own, where a
// test cannot stop a night. The processes of cmd/todoke die there.
var elsewhere = map[string]bool{"first byte next": true}

// TestCrashAtEveryStep stops a night at each of its steps. The next one, with a
// fresh sender, brings everything to its end: nothing is lost, nothing is sent
// twice, and the usage log is complete.
func TestCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	var steps []string
	w := eventful(t)
	w.hook = func(step string) { steps = append(steps, step) }
	w.night()
	w.total()
	const fewest = 40
	if len(steps) < fewest {
		t.Fatalf("a night has only %d steps: %v", len(steps), steps)
	}
	stride := 1
	if testing.Short() {
		stride = 7
	}
	for n := 0; n < len(steps); n += stride {
		if elsewhere[steps[n]] {
			continue
		}
		t.Run(fmt.Sprintf("%d %s", n, steps[n]), func(t *testing.T) {
			t.Parallel()
			w := eventful(t)
			if !w.crashAfter(n) {
				t.Fatal("the night did not come that far")
			}
			w.judge()
			w.night()
			w.total()
			counts, err := w.queue.Counts(w.ctx)
			w.must(err)
			held := 1 // by its grant
			if steps[n] == "sending committed" {
				held += presumed(w)
			}
			if counts[queue.Held] != held {
				t.Errorf("%d filings are held, want %d", counts[queue.Held], held)
			}
		})
	}
}

// presumed counts the filings that a death between the commit of "sending" and the
// first byte leaves for a person.
func presumed(w *world) int {
	n := 0
	for _, f := range w.filings() {
		if f.HoldKind == queue.HoldPresumed {
			n++
		}
	}
	return n
}

// TestSummaryAndProgress: what a night tells of itself is what happened.
func TestSummaryAndProgress(t *testing.T) {
	t.Parallel()
	w := eventful(t)
	var told []night.Progress
	w.change = func(s *night.Sender) { s.Progress = func(p night.Progress) { told = append(told, p) } }
	want := night.Summary{Attempts: 2, Sent: 3, Arrived: 2, Refused: 1, Held: 1}
	if diff := cmp.Diff(want, w.night()); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	for i, p := range told {
		if !japanese(p.Doing) || i > 0 && (p.Sent < told[i-1].Sent || p.Settled < told[i-1].Settled) {
			t.Errorf("progress %+v after %+v", p, told[max(i-1, 0)])
		}
	}
	if len(told) < 4 || told[len(told)-1].Sent != 3 {
		t.Errorf("progress = %+v", told)
	}
}
