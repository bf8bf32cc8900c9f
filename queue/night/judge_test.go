package night_test

import (
	"slices"
	"strings"

	"todoke/queue"
	"todoke/usage"
)

// folder is a row of attempt_filings with the attempt's state and file name.
type folder struct {
	Attempt string             `db:"attempt_id"`
	Filing  string             `db:"filing_id"`
	Folder  string             `db:"folder"`
	State   queue.AttemptState `db:"state"`
	Outcome queue.State        `db:"outcome"`
	Live    bool               `db:"live"`
	Used    bool               `db:"used"`
	Logged  bool               `db:"result_logged"`
}

func (w *world) folders() []folder {
	w.t.Helper()
	var all []folder
	w.must(w.db.Read.SelectContext(w.ctx, &all, `SELECT af.attempt_id, af.filing_id, af.folder, a.state, af.outcome, af.live, af.used, af.result_logged
		FROM attempt_filings af JOIN attempts a ON a.id = af.attempt_id ORDER BY af.attempt_id, af.folder`))
	return all
}

func (w *world) filings() []queue.Filing {
	w.t.Helper()
	all, err := w.queue.Filings(w.ctx, queue.Query{Limit: 500})
	w.must(err)
	return all
}

// states of filings by id, in the order given.
func (w *world) states(ids ...string) []queue.State {
	w.t.Helper()
	var states []queue.State
	for _, id := range ids {
		states = append(states, w.filing(id).State)
	}
	return states
}

// accepted lists the arrive ids that e-Gov gave each filing, looked up by file name
// and folder, as e-Gov has them.
func (w *world) accepted() map[string][]string {
	w.t.Helper()
	owner := map[string]string{}
	for _, f := range w.folders() {
		owner[f.Attempt+".zip/"+f.Folder] = f.Filing
	}
	arrived := map[string][]string{}
	for _, bulk := range w.egov.Ledger().Bulks {
		for _, f := range bulk.Folders {
			filing := owner[bulk.FileName+"/"+f.FolderName]
			if filing == "" {
				w.t.Errorf("e-Gov has folder %s of %s, which is nobody's", f.FolderName, bulk.FileName)
			}
			if f.ArriveID != "" {
				arrived[filing] = append(arrived[filing], f.ArriveID)
			}
		}
	}
	return arrived
}

// judge holds everything that must be true at any moment between two nights. resent
// names the filings that a person had sent again.
func (w *world) judge(resent ...string) {
	w.t.Helper()
	sent := w.egov.sent()
	slices.Sort(sent)
	if len(slices.Compact(slices.Clone(sent))) != len(sent) {
		w.t.Errorf("an attempt was sent twice: %v", sent)
	}
	accepted := w.accepted()
	for filing, ids := range accepted {
		if len(ids) > 1 && !slices.Contains(resent, filing) {
			w.t.Errorf("e-Gov accepted filing %s as %v and nobody asked for that", filing, ids)
		}
	}
	w.judgeStates(accepted)
	w.judgeUsage()
}

func (w *world) judgeStates(accepted map[string][]string) {
	w.t.Helper()
	open := map[string]bool{}
	for _, f := range w.folders() {
		if f.Live {
			open[f.Filing] = true
		}
		done := slices.Contains([]queue.AttemptState{queue.NotSent, queue.Rejected, queue.Settled, queue.NotSentPresumed}, f.State)
		if f.Live && done {
			w.t.Errorf("filing %s is live in attempt %s, which is %s", f.Filing, f.Attempt, f.State)
		}
	}
	for _, f := range w.filings() {
		ids := accepted[f.ID]
		switch {
		case f.State == queue.Submitting && !open[f.ID]:
			w.t.Errorf("filing %s is submitting in no attempt", f.ID)
		case f.State == queue.Arrived && !slices.Contains(ids, f.ArriveID):
			w.t.Errorf("filing %s has arrived as %q, e-Gov knows of %v", f.ID, f.ArriveID, ids)
		case f.State == queue.Refused && len(ids) > 0:
			w.t.Errorf("filing %s is refused, e-Gov accepted it as %v", f.ID, ids)
		}
	}
}

// judgeUsage reads the log back: exactly one use before and, unless it is still
// owed, one result after for each filing of each attempt; and the logs verify.
func (w *world) judgeUsage() {
	w.t.Helper()
	type key struct{ attempt, filing string }
	uses, results, unknown := map[key]int{}, map[key]int{}, map[key]bool{}
	for _, e := range w.entries() {
		k := key{e.Attempt, e.Filing}
		switch {
		case e.Action == usage.ActionUse && e.Result == "実行":
			uses[k]++
		case e.Action != usage.ActionResult:
		case strings.HasPrefix(e.Result, "結果不明のため保留"):
			// A bulk that turns up afterwards has its true result as well.
			unknown[k] = true
		default:
			results[k]++
		}
		unsent := e.Result == "送信せず保留" || e.Result == "送信せず（送信待ちに戻した）"
		if e.Action == usage.ActionResult && uses[k] == 0 && !unsent {
			w.t.Errorf("%+v: result %q without a use", k, e.Result)
		}
	}
	for _, f := range w.folders() {
		k := key{f.Attempt, f.Filing}
		if left := w.egov.had(f.Attempt+".zip", f.Folder); left && uses[k] != 1 || uses[k] > 1 {
			w.t.Errorf("%+v: %d uses on the log, want 1", k, uses[k])
		}
		if f.Logged && results[k] != 1 && !unknown[k] || results[k] > 1 {
			w.t.Errorf("%+v (%s): %d results on the log, want 1", k, f.State, results[k])
		}
	}
	report, err := w.verifyUsage(w.ctx)
	w.must(err)
	if !report.OK() {
		w.t.Errorf("the usage log does not verify: %+v", report)
	}
}

func (w *world) entries() []usage.Entry {
	w.t.Helper()
	logs, err := w.usage.Logs(w.ctx)
	w.must(err)
	var all []usage.Entry
	for _, log := range logs {
		for record, err := range w.usage.List(w.ctx, usage.Query{Log: log}) {
			w.must(err)
			all = append(all, record.Entry)
		}
	}
	return all
}

// total judges a world in which everything came to an end: what e-Gov accepted is
// what the office knows of, and nothing is queued or open.
func (w *world) total() {
	w.t.Helper()
	w.judge()
	ledger := w.egov.Ledger()
	counts, err := w.queue.Counts(w.ctx)
	w.must(err)
	if ledger.Counts.Duplicates != 0 || ledger.Counts.Accepted != counts[queue.Arrived] {
		w.t.Errorf("e-Gov accepted %d (%d twice), the office knows of %d", ledger.Counts.Accepted, ledger.Counts.Duplicates, counts[queue.Arrived])
	}
	for _, f := range w.folders() {
		if f.Used && !f.Logged {
			w.t.Errorf("the result of attempt %s for filing %s is still owed", f.Attempt, f.Filing)
		}
	}
	if counts[queue.Queued]+counts[queue.Submitting] != 0 {
		w.t.Errorf("not everything came to an end: %v", counts)
	}
}
