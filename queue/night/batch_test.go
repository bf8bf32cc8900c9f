package night_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim"
	"todoke/egov/wire"
	"todoke/queue"
	"todoke/queue/night"
)

// bulks returns the folders of each submission so far, sorted, in order of sending.
func (w *world) bulks() [][]string {
	w.t.Helper()
	var bulks [][]string
	for _, name := range w.egov.sent() {
		var folders []string
		w.egov.mu.Lock()
		for entry := range w.egov.folders {
			folder, ok := strings.CutPrefix(entry, name+"/")
			if ok {
				folders = append(folders, folder)
			}
		}
		w.egov.mu.Unlock()
		slices.Sort(folders)
		bulks = append(bulks, folders)
	}
	return bulks
}

func sameProcedure(s *night.Sender) { s.Settings.SameProcedure = true }

func TestBulks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config func(*sim.Config)
		change func(*night.Sender)
		want   [][]string
		state  queue.State
	}{
		"each procedure once": {
			want:  [][]string{{employmentGain, pensionGain}, {pensionGain}, {pensionGain}},
			state: queue.Arrived,
		},
		"limited to one": {
			change: func(s *night.Sender) { s.Settings.BatchLimit = 1 },
			want:   [][]string{{employmentGain}, {pensionGain}, {pensionGain}, {pensionGain}},
			state:  queue.Arrived,
		},
		"the same procedure several times": {
			config: func(c *sim.Config) { c.BulkSameProcedure = true }, change: sameProcedure,
			want:  [][]string{{employmentGain + "(4)", pensionGain + "(1)", pensionGain + "(2)", pensionGain + "(3)"}},
			state: queue.Arrived,
		},
		"several times, limited to three": {
			config: func(c *sim.Config) { c.BulkSameProcedure = true },
			change: func(s *night.Sender) { s.Settings.SameProcedure, s.Settings.BatchLimit = true, 3 },
			want:   [][]string{{pensionGain + "(1)", pensionGain + "(2)", pensionGain + "(3)"}, {employmentGain + "(1)"}},
			state:  queue.Arrived,
		},
		"several times, which e-Gov does not take": {
			change: sameProcedure,
			want:   [][]string{{employmentGain + "(4)", pensionGain + "(1)", pensionGain + "(2)", pensionGain + "(3)"}},
			state:  queue.Refused,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, c.config)
			w.change = c.change
			for n := range 3 {
				w.queued(n, pensionGain)
			}
			w.queued(3, employmentGain)
			w.night()
			if diff := cmp.Diff(c.want, w.bulks()); diff != "" {
				t.Errorf("bulks (-want +got):\n%s", diff)
			}
			for _, f := range w.filings() {
				if f.State != c.state || f.State == queue.Refused && len(f.Findings) == 0 {
					t.Errorf("filing %s is %s with findings %v, want %s", f.ID, f.State, f.Findings, c.state)
				}
			}
			w.total()
		})
	}
}

// answer400 refuses submissions with what problem says of their folders; nil lets
// the simulator answer.
func (w *world) answer400(problem func(folders []string) *wire.BulkProblem) {
	w.egov.answer(func(rw http.ResponseWriter, _ *http.Request, body []byte) bool {
		var request wire.BulkRequest
		if json.Unmarshal(body, &request) != nil {
			return false
		}
		folders := foldersOf(request.SendFile.FileData)
		slices.Sort(folders)
		p := problem(slices.Compact(folders))
		if p == nil {
			return false
		}
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(rw).Encode(p)
		return true
	})
}

func problem(errs ...wire.BulkError) *wire.BulkProblem {
	return &wire.BulkProblem{
		Problem: wire.Problem{Title: "Bad Request", Detail: "送信データに誤りがあります。"}, ErrorCount: max(1, len(errs)), Errors: errs,
	}
}

// TestNamedFoldersAreRefused: e-Gov refuses the bulk as a whole and says which
// folder is at fault; the others go in a new attempt.
func TestNamedFoldersAreRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	good, bad := w.queued(0, pensionGain), w.queued(2, employmentGain)
	w.answer400(func(folders []string) *wire.BulkProblem {
		if !slices.Contains(folders, employmentGain) {
			return nil
		}
		return problem(wire.BulkError{ErrorFolder: employmentGain, ErrorFile: "kousei.xml", Content: "構成管理XMLが不正です。"})
	})
	w.night()
	if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Refused}, w.states(good, bad)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(queue.Findings{{File: "kousei.xml", Content: "構成管理XMLが不正です。"}}, w.filing(bad).Findings); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{employmentGain, pensionGain}, {pensionGain}}, w.bulks()); diff != "" {
		t.Error(diff)
	}
	w.total()
}

// TestUnnamedCulpritIsFoundByHalving: e-Gov refuses and names nobody.
func TestUnnamedCulpritIsFoundByHalving(t *testing.T) {
	t.Parallel()
	for name, errs := range map[string][]wire.BulkError{
		"no list":          nil,
		"a list of dashes": {{ErrorFolder: "-", ErrorFile: "-", Content: "ZIPファイルを開くことができません。"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			var good []string
			for n, procedure := range []string{pensionGain, pensionLoss, employmentLoss} {
				good = append(good, w.queued(n, procedure))
			}
			bad := w.queued(3, employmentGain)
			w.answer400(func(folders []string) *wire.BulkProblem {
				if !slices.Contains(folders, employmentGain) {
					return nil
				}
				return problem(errs...)
			})
			w.night()
			if diff := cmp.Diff([]queue.State{queue.Refused, queue.Arrived, queue.Arrived, queue.Arrived}, w.states(append([]string{bad}, good...)...)); diff != "" {
				t.Error(diff)
			}
			last := 0
			for _, folders := range w.bulks() {
				if slices.Contains(folders, employmentGain) {
					last = len(folders)
				}
			}
			if posts := len(w.egov.sent()); last != 1 || posts > 6 {
				t.Errorf("the culprit went last in a bulk of %d, after %d POSTs: %v", last, posts, w.bulks())
			}
			if len(w.filing(bad).Findings) != 1 {
				t.Errorf("findings = %+v", w.filing(bad).Findings)
			}
			w.total()
		})
	}
}

// TestBadRequestsThatAreNotEGovs: a 400 that e-Gov would not write says nothing
// about what became of the bulk.
func TestBadRequestsThatAreNotEGovs(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":            "",
		"a gateway's page": "<html><body>Bad Request</body></html>",
		"no error_count":   `{"title":"Bad Request","detail":"x"}`,
		"cut off":          `{"title":"Bad Request","error_count":1,"error":[`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			id := w.queued(0, pensionGain)
			w.egov.answer(func(rw http.ResponseWriter, _ *http.Request, submission []byte) bool {
				if submission == nil {
					return false
				}
				rw.WriteHeader(http.StatusBadRequest)
				_, _ = fmt.Fprint(rw, body)
				return true
			})
			w.night()
			if f := w.filing(id); f.HoldKind != queue.HoldPresumed || len(w.egov.sent()) != 1 {
				t.Errorf("the filing is %s (%s), POSTs %v", f.State, f.HoldKind, w.egov.sent())
			}
			w.total()
		})
	}
}

// TestUnlistedFolderIsHeld: e-Gov has worked through the bulk and says nothing of
// one of its folders.
func TestUnlistedFolderIsHeld(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	listed, unlisted := w.queued(0, pensionGain), w.queued(2, employmentGain)
	w.rewriteReport(func(r *wire.BulkReport) {
		r.Result = slices.DeleteFunc(r.Result, func(f wire.FolderReport) bool { return f.FolderName == employmentGain })
	})
	w.night()
	if diff := cmp.Diff([]queue.State{queue.Arrived, queue.Held}, w.states(listed, unlisted)); diff != "" {
		t.Error(diff)
	}
	history := w.history(unlisted)
	if reason := history[len(history)-1].Reason; !strings.Contains(reason, "結果を返していません") {
		t.Errorf("the reason is %q", reason)
	}
	w.judge()
}

// TestARefusalOfEverythingStopsTheNight: e-Gov refuses one filing after the other
// and names none. Not the whole queue is refused for what is no filing's fault.
func TestARefusalOfEverythingStopsTheNight(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	for n := range people {
		w.queued(n, pensionGain)
	}
	w.answer400(func([]string) *wire.BulkProblem { return problem() })
	_, err := w.run()
	if !errors.Is(err, night.ErrHalted) {
		t.Errorf("the night ends with %v, want ErrHalted", err)
	}
	counts, err := w.queue.Counts(w.ctx)
	w.must(err)
	if counts[queue.Refused] > 3 || counts[queue.Queued] != people-counts[queue.Refused] {
		t.Errorf("states %v", counts)
	}
	w.judge()
}
