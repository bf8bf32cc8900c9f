// Package account is the authentication side of the simulated e-Gov
// (account.e-gov.go.jp): the OAuth 2.0 authorization code grant with optional
// PKCE, rotating refresh tokens, introspection and logout.
//
// It is strict where a client could get it wrong: exact redirect URI, single-use
// codes of 60 seconds, PKCE enforced once a challenge was sent, Basic client
// authentication only, form bodies only, no repeated parameters. A code used
// twice ends the session it opened. All state is in memory.
package account

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Lifetimes of what is issued.
const (
	codeLife    = 60 * time.Second
	accessLife  = time.Hour
	refreshLife = 180 * 24 * time.Hour
	loginLife   = 10 * time.Minute
	browserLife = 10 * time.Hour
)

// scope is the only one that e-Gov knows.
const scope = "openid offline_access"

// Config names the one software that is registered.
type Config struct {
	ClientID     string
	ClientSecret string
	RedirectURI  string
	AutoLogin    bool   // authorize without a login page, as Account
	Account      string // account that AutoLogin uses and the login page proposes
	Clock        func() time.Time
}

// Provider issues and checks tokens. Its methods are safe for concurrent use.
type Provider struct {
	config Config
	key    []byte // of the token signatures; nobody verifies them but they look right

	mu       sync.Mutex
	logins   map[string]login    // by ticket of the login page
	browsers map[string]browser  // by cookie: who is logged in
	codes    map[string]*code    // by authorization code
	access   map[string]access   // by access token
	refresh  map[string]*session // by refresh token; only the latest of a session
	pruneAt  int
}

// session is one log-in: it owns tokens and dies as a whole.
type session struct {
	id      string // session_state
	account string
	began   time.Time
	expires time.Time
	refresh string
	dead    bool
}

type access struct {
	session *session
	issued  time.Time
	expires time.Time
}

type code struct {
	request authorization
	account string
	expires time.Time
	session *session // opened by the first use, dead after a wrong one
}

type login struct {
	request authorization
	cookie  string
	expires time.Time
}

type browser struct {
	account string
	id      string // session_state, the same for every grant of this browser
	expires time.Time
}

// New returns a provider for the software in the configuration.
func New(c Config) *Provider {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand never fails
	return &Provider{
		config: c, key: key,
		logins: map[string]login{}, browsers: map[string]browser{}, codes: map[string]*code{},
		access: map[string]access{}, refresh: map[string]*session{}, pruneAt: 1024,
	}
}

// Client tells whether a request carries the software's Basic credentials.
func (p *Provider) Client(r *http.Request) bool {
	id, secret, ok := r.BasicAuth()
	sameID := subtle.ConstantTimeCompare([]byte(id), []byte(p.config.ClientID))
	sameSecret := subtle.ConstantTimeCompare([]byte(secret), []byte(p.config.ClientSecret))
	return ok && sameID&sameSecret == 1
}

// Bearer returns the account that an API request acts for, or the value of the
// WWW-Authenticate header of the 401 it deserves.
func (p *Provider) Bearer(r *http.Request) (account, challenge string) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", bearerChallenge("invalid_request", "exactly one Authorization header is required")
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", bearerChallenge("invalid_request", "Bearer credentials are required")
	}
	now := p.config.Clock()
	p.mu.Lock()
	defer p.mu.Unlock()
	a, known := p.access[token]
	switch {
	case !known, a.session.dead:
		return "", bearerChallenge("invalid_token", "the access token is not valid")
	case !now.Before(a.expires):
		return "", bearerChallenge("invalid_token", "the access token expired")
	}
	return a.session.account, ""
}

func bearerChallenge(code, description string) string {
	return fmt.Sprintf(`Bearer realm="e-Gov", error="%s", error_description="%s"`, code, description)
}

// issue gives a session new tokens; the session's earlier refresh token dies,
// its earlier access tokens live out their hour.
func (p *Provider) issue(s *session, now time.Time) (accessToken, refreshToken string) {
	p.prune(now)
	delete(p.refresh, s.refresh)
	s.refresh = rand.Text() + rand.Text()
	s.expires = now.Add(refreshLife)
	p.refresh[s.refresh] = s
	accessToken = p.token("Bearer", s, now, now.Add(accessLife))
	p.access[accessToken] = access{session: s, issued: now, expires: now.Add(accessLife)}
	return accessToken, s.refresh
}

// end kills a session with all its tokens.
func (p *Provider) end(s *session) {
	s.dead = true
	delete(p.refresh, s.refresh)
}

// prune forgets what has expired, each time the state has doubled.
func (p *Provider) prune(now time.Time) {
	size := func() int {
		return len(p.access) + len(p.refresh) + len(p.codes) + len(p.logins) + len(p.browsers)
	}
	if size() < p.pruneAt {
		return
	}
	for k, a := range p.access {
		if a.session.dead || !now.Before(a.expires) {
			delete(p.access, k)
		}
	}
	for k, s := range p.refresh {
		if !now.Before(s.expires) {
			delete(p.refresh, k)
		}
	}
	for k, c := range p.codes {
		if !now.Before(c.expires) {
			delete(p.codes, k)
		}
	}
	for k, l := range p.logins {
		if !now.Before(l.expires) {
			delete(p.logins, k)
		}
	}
	for k, b := range p.browsers {
		if !now.Before(b.expires) {
			delete(p.browsers, k)
		}
	}
	p.pruneAt = max(1024, 2*size())
}
