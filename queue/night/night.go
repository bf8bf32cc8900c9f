// Package night sends queued filings and settles what became of them.
//
// A Sender works for one e-Gov account, alone: it holds the account's lock for its
// life. For each bulk it commits an attempt, opens the connection, reveals the
// numbers (each use is on the log before), builds, signs, packs, verifies what will
// leave by an independent path, commits "sending", and sends one request, once.
// Outcomes that are not known are settled by asking e-Gov, never by sending again.
//
// What always holds: wherever the process dies, the next Sender finds in the
// database either that nothing left this machine or that it has to ask; and a
// number exists in clear only in memory, between its reveal and the recorded answer.
package night

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"todoke/egov"
	"todoke/egov/wire"
	"todoke/forms"
	"todoke/queue"
	"todoke/seal"
	"todoke/signing"
	"todoke/usage"
	"todoke/vault"
)

// EGov is what the night asks of e-Gov; *egov.Client has it.
type EGov interface {
	OpenSubmission(ctx context.Context) (*egov.Submission, error)
	Reports(ctx context.Context, accessToken string, selection egov.Selection) iter.Seq2[wire.BulkReport, error]
	Cases(ctx context.Context, accessToken string, selection egov.Selection) iter.Seq2[wire.Case, error]
	// Skew is how far this computer's clock was ahead of e-Gov's at the last answer;
	// false when no answer said.
	Skew() (time.Duration, bool)
}

// Tokens hands out access tokens; *account.Source has it. AccessToken returns one
// that lives at least minLife longer, refreshing it if need be; Reject says that
// e-Gov refused one, NeedsLogin that it refused a fresh one as well.
type Tokens interface {
	AccessToken(ctx context.Context, minLife time.Duration) (string, error)
	Reject(ctx context.Context, accessToken string) error
	NeedsLogin(ctx context.Context, reason string) error
}

// Documents returns the agency certificate (提出代行に関する証明書) of a company,
// which goes with every filing.
type Documents interface {
	AgencyCertificate(ctx context.Context, company string) (data []byte, kind string, err error)
}

// Settings are the limits of a night; see config for their meaning.
type Settings struct {
	BatchLimit    int
	SameProcedure bool
	SendWindow    time.Duration
	MaxRequest    time.Duration
	Ask           []time.Duration
	QuietPeriod   time.Duration
	PollFirst     time.Duration
	PollMax       time.Duration
	MaxDuration   time.Duration
}

// absenceCounts is how long after "sending" a bulk that is not listed can be taken
// for lost: twice the time within which a send begins and ends.
func (s Settings) absenceCounts() time.Duration { return 2 * (s.SendWindow + s.MaxRequest) }

// Sender sends for one e-Gov account. All members but Hook, Progress and Logger
// must be set.
type Sender struct {
	Account  string
	Store    *queue.Store
	Forms    *forms.Catalogue
	Vault    *vault.Vault
	Usage    *usage.Store
	EGov     EGov
	Tokens   Tokens
	Document Documents
	Signers  []signing.Signer
	Copies   *seal.Box // seals masked copies
	Lock     Locker
	Settings Settings
	Now      func() time.Time
	Wait     func(ctx context.Context, d time.Duration) error // waits, or ctx's error
	Logger   *slog.Logger

	// Hook is called at each numbered step, where a process may be killed in tests.
	Hook func(step string)
	// Progress is told how far the run is.
	Progress func(Progress)
}

// Locker makes sure that one sender works for an account.
type Locker interface {
	// Lock takes the account's lock or returns ErrBusy. The lock ends with release
	// or with the process.
	Lock() (release func() error, err error)
	// Held tells whether the lock is still this process's.
	Held() error
}

// ErrBusy reports that another sender holds the account's lock.
var ErrBusy = errors.New("ほかの夜間処理が実行中です。終わるのを待ってください")

// ErrHalted reports a run that ended early because e-Gov could not be worked with.
// The filings stay queued.
var ErrHalted = errors.New("送信を中断しました。届出は送信待ちのまま残っています")

// Progress is how far a run is.
type Progress struct {
	Doing   string // what is being done, for people
	Sent    int    // filings sent in this run
	Settled int    // filings settled in this run
}

// Summary is what a run did.
type Summary struct {
	Attempts int      // bulks sent
	Sent     int      // filings in them
	Arrived  int      // filings settled as arrived
	Refused  int      // filings settled as refused
	Held     int      // filings that wait for a person
	Unknown  int      // filings whose outcome is still not known
	Queued   int      // filings still waiting to be sent
	Alarms   []string // what somebody must look at, e.g. two arrivals for one filing
}

var worker = queue.Actor{Name: "夜間処理", Night: true}

// maxFailures is how many attempts in a row may fail to reach e-Gov before the run
// gives up for now.
const maxFailures = 3

// Run sends what is due and settles what is open until nothing is left to do, the
// night has lasted MaxDuration, or ctx ends. Errors: ErrBusy, ErrHalted (wrapped
// with why), egov/account.ErrNeedsLogin, ctx's, or a failure of our own storage.
func (s *Sender) Run(ctx context.Context) (summary Summary, err error) {
	release, err := s.Lock.Lock()
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, release()) }()
	s.step("locked")
	end := s.Now().Add(s.Settings.MaxDuration)
	err = s.recover(ctx)
	if err != nil {
		return Summary{}, err
	}
	run := &run{Sender: s, limit: s.Settings.BatchLimit}
	err = run.work(ctx, end)
	finishErr := run.finish(context.WithoutCancel(ctx))
	return run.summary, errors.Join(err, finishErr)
}

// run is the state of one Run.
type run struct {
	*Sender
	summary Summary

	limit      int       // folders in one bulk; halves when e-Gov refuses one without naming a folder
	failures   int       // attempts in a row that did not reach e-Gov
	retry      bool      // something failed to be sent and is tried again in this run
	unnamed    int       // single folders in a row that e-Gov refused without naming one
	renewed    bool      // the token was refused and renewed since the last success
	worked     bool      // something was sent or settled
	lookedBack bool      // presumed losses were looked for
	nextLook   time.Time // not before this, after listings that failed
	vain       int       // how many looks failed
}

func (s *Sender) recover(ctx context.Context) error {
	found, err := s.Store.Recover(ctx, worker, s.Account)
	if err != nil {
		return err
	}
	for _, id := range found.Unknown {
		s.log().WarnContext(ctx, "attempt found dead while sending", slog.String("attempt", id))
	}
	s.step("recovered")
	err = s.Store.ForgetBackOff(ctx, s.Account)
	if err != nil {
		return err
	}
	return s.logResults(ctx)
}

// work alternates between settling and sending. Sending has priority over waiting:
// an unknown outcome never holds up other filings.
func (r *run) work(ctx context.Context, end time.Time) error {
	for r.Now().Before(end) {
		err := ctx.Err()
		if err != nil {
			return err
		}
		err = r.settleDue(ctx)
		if err != nil {
			return err
		}
		err = r.lookBack(ctx)
		if err != nil {
			return err
		}
		sent, err := r.sendNext(ctx)
		if err != nil {
			return err
		}
		if sent {
			continue
		}
		next, err := r.nextWork(ctx)
		if err != nil || next.IsZero() || next.After(end) {
			return err
		}
		err = r.pause(ctx, next)
		if err != nil {
			return err
		}
	}
	return nil
}

// nextWork returns when there is something to do again, zero when nothing is open.
func (r *run) nextWork(ctx context.Context) (time.Time, error) {
	next, err := r.nextRetry(ctx)
	if err != nil {
		return next, err
	}
	waiting, err := r.Store.LookFirst(ctx, r.Account)
	if err != nil {
		return next, err
	}
	if waiting && (next.IsZero() || r.nextLook.Before(next)) {
		next = r.nextLook
	}
	open, err := r.Store.Attempts(ctx, r.Account, queue.Unknown, queue.Acknowledged)
	if err != nil {
		return next, err
	}
	for _, a := range open {
		at := a.NextAskAt.Time()
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next, nil
}

// nextRetry returns when a filing that failed to be sent is due again. One that
// the office wants later (not_before) is another night's work.
func (r *run) nextRetry(ctx context.Context) (time.Time, error) {
	if !r.retry {
		return time.Time{}, nil
	}
	return r.Store.NextDue(ctx, r.Account)
}

func (r *run) pause(ctx context.Context, until time.Time) error {
	// However soon something is due, e-Gov is not asked more often than this.
	shortest := min(r.Settings.PollFirst, time.Second)
	wait := max(until.Sub(r.Now()), shortest)
	r.tell(fmt.Sprintf("e-Govの処理を待っています（次の照会 %s）", until.In(jst).Format("15:04:05")))
	return r.Wait(ctx, wait)
}

var jst = time.FixedZone("JST", 9*60*60)

func (s *Sender) step(name string) {
	if s.Hook != nil {
		s.Hook(name)
	}
}

func (r *run) tell(doing string) {
	if r.Progress != nil {
		r.Progress(Progress{Doing: doing, Sent: r.summary.Sent, Settled: r.summary.Arrived + r.summary.Refused})
	}
}

func (s *Sender) log() *slog.Logger {
	if s.Logger != nil {
		return s.Logger
	}
	return slog.New(slog.DiscardHandler)
}
