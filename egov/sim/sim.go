// Package sim plays the ministry's side of the e-Gov 電子申請API v2 for
// development, demonstrations and tests. It is written from what is known of
// e-Gov and not from our client, with which it shares only the JSON shapes of
// egov/wire, and it is strict: what is not certain to be right is refused, with
// every reason, so that mistakes show here and not at the ministry.
//
// It serves the authentication side below /auth (package account), the API
// below /shinsei/v2, and two conveniences of its own below /sim that e-Gov does
// not have. Each operation is one line of the table in route.go. A bulk whose
// folders can be opened gets its 202; everything else is found when the bulk is
// ingested and shown in the report. Ingestion is lazy: a due bulk is judged
// when somebody next asks, with the arrival time it was due at, so there is no
// background work and the outcome depends on the clock alone.
//
// # Choices where e-Gov's behaviour is not known
//
//   - A bulk is in the report before it is ingested, with arrive_count 0 and an
//     empty result (Config.HideUntilIngested changes that).
//   - offset counts records from 0. Unknown, repeated or missing query
//     parameters, reversed dates and limits beyond the maximum are a 400.
//   - With send_number all rows of the bulk come at once.
//   - Each account sees its own bulks and cases only.
//   - An arrive_id that is malformed is a 400, an unknown one a 404.
//   - The trial header gives canned answers and leaves no record.
//
// State is in memory. Packages hold people's numbers: they reach a disk only
// under Config.RecordDir, and no answer, ledger or message quotes their values.
package sim

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"todoke/egov/sim/account"
	"todoke/egov/sim/fault"
	"todoke/egov/sim/inspect"
)

// Config sets up a simulator. ClientID, ClientSecret and RedirectURI are
// required; every other zero value is safe.
type Config struct {
	ClientID     string // ソフトウェアID
	ClientSecret string // APIキー
	RedirectURI  string // registered redirect URI, compared exactly
	AutoLogin    bool   // authorize without a login page
	Account      string // account name of AutoLogin; default "demo@example.com"

	IngestDelay       time.Duration // from the 202 to the arrival; zero or less is at once
	ManualIngest      bool          // bulks wait for Server.Ingest, whatever the delay
	HideUntilIngested bool          // the report omits bulks that are not ingested
	BulkSameProcedure bool          // folders may be named {proc_id}({n}) too

	RecordDir string           // accepted zips are written here as {send_number}.zip
	MaxBody   int64            // bytes of a request body before 413; default 64 MiB
	Clock     func() time.Time // default time.Now
	Trust     *x509.CertPool   // issuers of signing certificates; nil accepts self-made ones

	Faults []fault.Rule // what goes wrong, see Server.Script
	Seed   uint64       // of the faults' probabilities

	AllowAnyAddress bool // ListenAndServe may listen beyond the loopback addresses
}

const (
	defaultAccount = "demo@example.com"
	defaultMaxBody = 64 << 20
)

// jst is the zone of every date e-Gov writes.
var jst = time.FixedZone("JST", 9*60*60)

// Server is one simulated e-Gov. Its methods are safe for concurrent use.
type Server struct {
	config    Config
	provider  *account.Provider
	inspector inspect.Inspector
	script    atomic.Pointer[fault.Script]

	ingesting sync.Mutex // held for a whole ingestion, so that arrivals keep their order
	mu        sync.Mutex // guards everything below
	books     books
}

// New checks the configuration, naming everything that is wrong with it, and
// returns a simulator with an empty ledger.
func New(c Config) (*Server, error) {
	c = withDefaults(c)
	err := c.validate()
	if err != nil {
		return nil, fmt.Errorf("simulator configuration: %w", err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand never fails
	s := &Server{
		config: c,
		provider: account.New(account.Config{
			ClientID: c.ClientID, ClientSecret: c.ClientSecret, RedirectURI: c.RedirectURI,
			AutoLogin: c.AutoLogin, Account: c.Account, Clock: c.Clock,
		}),
		inspector: inspect.Inspector{SameProcedure: c.BulkSameProcedure, Trust: c.Trust, Key: key},
		books:     newBooks(),
	}
	s.Script(c.Faults...)
	return s, nil
}

func withDefaults(c Config) Config {
	if c.Account == "" {
		c.Account = defaultAccount
	}
	if c.MaxBody <= 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.Clock == nil {
		c.Clock = time.Now //nolint:forbidigo // a simulator that is run alone
	}
	return c
}

func (c Config) validate() error {
	var problems []error
	if c.ClientID == "" || c.ClientSecret == "" {
		problems = append(problems, errors.New("ClientID and ClientSecret are required"))
	}
	u, err := url.Parse(c.RedirectURI)
	if err != nil || u.Host == "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https" {
		problems = append(problems, errors.New("RedirectURI must be an absolute http or https URI without a fragment"))
	}
	if c.RecordDir != "" {
		info, err := os.Stat(c.RecordDir)
		if err != nil || !info.IsDir() {
			problems = append(problems, errors.New("RecordDir must be an existing directory"))
		}
	}
	return errors.Join(problems...)
}

// Script replaces the rules of what goes wrong; without rules nothing does.
func (s *Server) Script(rules ...fault.Rule) {
	s.script.Store(fault.NewScript(s.config.Seed, rules...))
}

// Handler serves the API, the authentication side and the conveniences.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// now is the simulator's time in JST, to the second as e-Gov shows it.
func (s *Server) now() time.Time { return s.config.Clock().In(jst).Truncate(time.Second) }
