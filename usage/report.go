package usage

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Verdict is the outcome for one log.
type Verdict string

// The verdicts. Only Sound says that nothing was rolled back.
const (
	Sound      Verdict = "sound"      // consistent, and it extends every anchor given
	Unanchored Verdict = "unanchored" // consistent in itself; there was no anchor to compare with
	Broken     Verdict = "broken"     // altered, cut off, or signed by somebody else
)

// Report is what Verify found.
type Report struct {
	Office string
	Logs   []LogReport // by name of the log, the missing ones included
}

// OK reports whether no log is broken.
func (r Report) OK() bool {
	for _, log := range r.Logs {
		if log.Verdict == Broken {
			return false
		}
	}
	return true
}

// LogReport is the outcome for one log.
type LogReport struct {
	Log         string
	Verdict     Verdict
	Size        int64     // entries found
	Root        tlog.Hash // computed from the entries found
	Checkpoints int       // signed checkpoints compared
	Anchored    int64     // size of the anchor given; 0 without one
	Findings    []Finding // what is wrong; empty unless Broken
	Summary     string    // the verdict in words, for staff
}

// Finding is one contradiction.
type Finding struct {
	Code    string // stable, TODOKE-USAGE-nnnn
	Index   int64  // entry that it concerns, -1 for the whole log
	Message string // for staff
}

// The codes of findings. A code is never given another meaning.
const (
	codeRecord     = "TODOKE-USAGE-0101" // an entry is not what was hashed
	codeMissing    = "TODOKE-USAGE-0102" // an entry is missing
	codeSurplus    = "TODOKE-USAGE-0103" // an entry beyond the end of the log
	codeUnreadable = "TODOKE-USAGE-0104" // an entry cannot be read
	codeColumns    = "TODOKE-USAGE-0105" // a search column differs from the entry
	codeHashes     = "TODOKE-USAGE-0106" // a stored hash is missing or surplus
	codeHead       = "TODOKE-USAGE-0107" // the stored size or root differs
	codeSignature  = "TODOKE-USAGE-0201" // a checkpoint's signature or form is wrong
	codeSigned     = "TODOKE-USAGE-0202" // the log does not extend a checkpoint
	codeCheckpoint = "TODOKE-USAGE-0203" // a nightly checkpoint is missing
	codeListed     = "TODOKE-USAGE-0204" // the log does not extend a nightly list
	codeAnchor     = "TODOKE-USAGE-0301" // the log does not extend an anchor
	codeNoLog      = "TODOKE-USAGE-0302" // the whole log is missing
)

// maxFindings bounds a report: a log that was rebuilt differs in every entry.
const maxFindings = 20

func (l *LogReport) find(code string, index int64, format string, args ...any) {
	if len(l.Findings) < maxFindings {
		l.Findings = append(l.Findings, Finding{Code: code, Index: index, Message: fmt.Sprintf(format, args...)})
	}
}

// conclude sets the verdict and says it in words.
func (l *LogReport) conclude() {
	switch {
	case len(l.Findings) > 0:
		l.Verdict = Broken
		l.Summary = fmt.Sprintf("記録に食い違いが %d 件あります（%s）。改変・欠落・巻き戻しが疑われます。"+
			"ファイルに手を加えず写しを取り、事務取扱責任者と監査責任者に知らせてください。", len(l.Findings), l.Findings[0].Message)
	case l.Anchored > 0:
		l.Verdict = Sound
		l.Summary = fmt.Sprintf("記録 %d 件はすべて書かれたときのままで、欠けもありません。"+
			"記録の外に控えてあった基準点（%d 件の時点）とも一致しました。", l.Size, l.Anchored)
	default:
		l.Verdict = Unanchored
		l.Summary = fmt.Sprintf("記録 %d 件どうしに食い違いはありません。ただし、記録の外に控えた基準点がないため、"+
			"記録全体が古い状態に差し替えられていないことまでは言えません。", l.Size)
	}
}
