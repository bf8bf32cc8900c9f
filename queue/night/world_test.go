package night_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"todoke/egov"
	egovaccount "todoke/egov/account"
	"todoke/egov/sim"
	"todoke/office"
	"todoke/queue"
	"todoke/queue/desk"
	"todoke/queue/night"
	"todoke/signing"
	"todoke/vault"
)

// account is the only e-Gov account of the office.
const account = "a1"

// clock stands still until somebody moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// logged is a log that can be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// world is one office with its e-Gov, on a clock that only the test and the waits
// of the night move. The settings are those of production.
type world struct {
	t     tb
	ctx   context.Context
	clock *clock
	egov  *ministry
	*stores
	desk  *desk.Desk
	lock  *lock
	log   *logged
	waits int

	// change is applied to each sender before it runs.
	change func(*night.Sender)
	// hook is called at each step of a night.
	hook func(step string)
	// maxRequest is how long a submission may take on the real clock, on which HTTP runs.
	maxRequest time.Duration
}

// tb is what the world needs of a test, be it a testing.T or a rapid.T.
type tb interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Cleanup(f func())
}

// setup copies the office, starts a simulator and logs in.
func setup(t tb, change func(*sim.Config)) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), clock: &clock{at: evening}, lock: &lock{}, log: &logged{}, maxRequest: time.Minute}
	w.egov = newMinistry(t, w.clock, change)
	path, err := os.MkdirTemp("", "todoke-night-test-")
	w.must(err)
	t.Cleanup(func() { os.RemoveAll(path) })
	w.must(os.CopyFS(path, os.DirFS(template)))
	w.stores, err = open(w.ctx, path, w.clock.now)
	w.must(err)
	t.Cleanup(func() { w.must(w.close()) })
	w.desk = w.stores.desk()
	w.must(w.accounts.Put(w.ctx, w.account()))
	w.login()
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) account() egovaccount.Account {
	return egovaccount.Account{
		ID: account, Name: "試験", APIBase: w.egov.web.URL + "/shinsei/v2", AuthBase: w.egov.web.URL + "/auth",
		ClientID: clientID, ClientSecret: clientSecret, RedirectURI: redirect,
	}
}

func (w *world) client() *egov.Client {
	w.t.Helper()
	client, err := egov.New(w.account().Config(egov.Config{
		Clock: w.clock.now, MaxRequest: w.maxRequest, RetryWaitMin: time.Millisecond, RetryWaitMax: 2 * time.Millisecond,
	}))
	w.must(err)
	w.t.Cleanup(client.CloseIdle)
	return client
}

// login takes the place of the person in the browser.
func (w *world) login() {
	w.t.Helper()
	client := w.client()
	begun, err := client.BeginLogin()
	w.must(err)
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, begun.URL, nil)
	w.must(err)
	response, err := http.DefaultTransport.RoundTrip(request) //nolint:forbidigo // a browser of this machine
	w.must(err)
	response.Body.Close()
	target, err := url.Parse(response.Header.Get("Location"))
	w.must(err)
	token, err := client.Exchange(w.ctx, target.Query().Get("code"), begun.Verifier)
	w.must(err)
	w.must(w.accounts.SaveLogin(w.ctx, account, token))
}

// queued takes a filing of the n-th person all the way to the queue.
func (w *world) queued(n int, procedure string) string {
	w.t.Helper()
	f := w.approved(n, procedure)
	w.must(w.desk.Enqueue(w.ctx, staff, f.ID, time.Time{}))
	return f.ID
}

func (w *world) approved(n int, procedure string) queue.Filing {
	w.t.Helper()
	person := w.person(n)
	f, err := w.desk.Draft(w.ctx, staff, desk.New{
		CompanyID: person.CompanyID, PersonID: person.ID, ProcedureID: procedure, Event: event(procedure),
	})
	w.must(err)
	w.approve(f.ID, f.Revision)
	return w.filing(f.ID)
}

func (w *world) person(n int) office.Person {
	w.t.Helper()
	company, err := w.books.CompanyByCode(w.ctx, companyCode(n))
	w.must(err)
	some, _, err := w.books.People(w.ctx, company.ID, office.Page{})
	w.must(err)
	at := slices.IndexFunc(some, func(p office.Person) bool { return p.Code == personCode(n) })
	return some[at]
}

func (w *world) approve(id string, revision int) {
	w.t.Helper()
	err := w.desk.Approve(w.ctx, boss, id, revision, "社会保険・雇用保険の届出")
	var invalid *desk.InvalidError
	if errors.As(err, &invalid) {
		w.t.Fatalf("findings: %+v", invalid.Findings)
	}
	w.must(err)
}

func (w *world) filing(id string) queue.Filing {
	w.t.Helper()
	f, err := w.queue.Filing(w.ctx, id)
	w.must(err)
	return f
}

// errRunaway ends a night that waits and waits without getting anywhere.
var errRunaway = errors.New("the night waits without end")

// wait lets e-Gov finish what it works on and then the time pass at once.
func (w *world) wait(ctx context.Context, d time.Duration) error {
	const most = 5000
	w.egov.settled()
	w.clock.advance(d)
	w.waits++
	if w.waits > most {
		return errRunaway
	}
	return ctx.Err()
}

// sender is a fresh one, as a new process would have.
func (w *world) sender() *night.Sender {
	w.t.Helper()
	client := w.client()
	ours, err := signer()
	w.must(err)
	s := &night.Sender{
		Account: account, Store: w.queue, Forms: w.desk.Forms, Vault: w.vault, Usage: w.usage, EGov: client,
		Tokens: w.accounts.Source(account, client), Document: w.books, Signers: []signing.Signer{ours}, Copies: keys().office,
		Lock: w.lock, Settings: settings(), Now: w.clock.now, Wait: w.wait, Hook: w.hook,
		Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if w.change != nil {
		w.change(s)
	}
	return s
}

// run is one night of a fresh sender.
func (w *world) run() (night.Summary, error) {
	w.t.Helper()
	w.waits = 0
	summary, err := w.sender().Run(w.ctx)
	w.egov.settled()
	return summary, err
}

// night is run where nothing may fail.
func (w *world) night() night.Summary {
	w.t.Helper()
	summary, err := w.run()
	w.must(err)
	return summary
}

// crash is what a hook panics with where a process would have died.
type crash struct{ step string }

// crashAt runs a night that dies at the first step of that name, if it gets there.
func (w *world) crashAt(step string) (crashed bool) {
	w.t.Helper()
	crashed, err := w.crashWhere(func(_ int, at string) bool { return at == step })
	w.must(err)
	return crashed
}

// crashAfter runs a night that dies at its n-th step, counted from 0.
func (w *world) crashAfter(n int) (crashed bool) {
	w.t.Helper()
	crashed, err := w.crashWhere(func(at int, _ string) bool { return at == n })
	w.must(err)
	return crashed
}

func (w *world) crashWhere(here func(n int, step string) bool) (crashed bool, err error) {
	w.t.Helper()
	before := w.hook
	defer func() {
		w.hook = before
		dead := recover()
		if dead == nil {
			return
		}
		_, crashed = dead.(crash)
		if !crashed {
			panic(dead)
		}
		w.egov.settled()
	}()
	n := 0
	w.hook = func(step string) {
		if here(n, step) && !elsewhere[step] {
			panic(crash{step})
		}
		n++
	}
	_, err = w.run()
	return false, err
}

// vaultWho is somebody who may withdraw grants.
var vaultWho = vault.Who{Actor: boss.Name}

func readerOf(body []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
