package night_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"todoke/egov/sim"
	"todoke/egov/wire"
)

const (
	clientID     = "test-software"
	clientSecret = "test-api-key"
	redirect     = "http://127.0.0.1:9/callback"
)

// ministry is the simulated e-Gov behind a door that counts who comes.
type ministry struct {
	*sim.Server
	web *httptest.Server

	mu       sync.Mutex
	idle     *sync.Cond
	inside   int            // requests that are being served
	posts    []string       // file names of POST /bulk-apply, in order
	requests map[string]int // by method and last part of the path
	script   script
}

// script answers a request in the simulator's place, or returns false. body is that
// of POST /bulk-apply.
type script func(w http.ResponseWriter, r *http.Request, body []byte) bool

// newMinistry starts a simulator on the clock of the test.
func newMinistry(t testing.TB, c *clock, change func(*sim.Config)) *ministry {
	t.Helper()
	config := sim.Config{ClientID: clientID, ClientSecret: clientSecret, RedirectURI: redirect, AutoLogin: true, Clock: c.now}
	if change != nil {
		change(&config)
	}
	server, err := sim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	m := &ministry{Server: server, requests: map[string]int{}}
	m.idle = sync.NewCond(&m.mu)
	m.web = httptest.NewServer(m)
	t.Cleanup(m.web.Close)
	return m
}

func (m *ministry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body []byte
	submission := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/bulk-apply")
	script := m.enter(r)
	defer m.leave()
	if submission {
		const largest = 64 << 20
		body, _ = io.ReadAll(io.LimitReader(r.Body, largest))
		r.Body = io.NopCloser(bytes.NewReader(body))
		m.note(body)
	}
	if script != nil && script(w, r, body) {
		return
	}
	m.Handler().ServeHTTP(w, r)
}

func (m *ministry) enter(r *http.Request) script {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inside++
	m.requests[r.Method+" "+r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]++
	return m.script
}

func (m *ministry) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inside--
	m.idle.Broadcast()
}

// note counts a POST under its file name.
func (m *ministry) note(body []byte) {
	var request wire.BulkRequest
	_ = json.Unmarshal(body, &request) // a body that broke off has no name
	m.mu.Lock()
	defer m.mu.Unlock()
	m.posts = append(m.posts, request.SendFile.FileName)
}

// settled waits until e-Gov works on nothing: the clock stands still meanwhile, so
// that what a test sees does not depend on who is faster.
func (m *ministry) settled() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.inside > 0 {
		m.idle.Wait()
	}
}

func (m *ministry) answer(s script) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.script = s
}

// sent returns the file names of all POST /bulk-apply so far.
func (m *ministry) sent() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.posts)
}

// count returns how many requests there were, e.g. "GET report".
func (m *ministry) count(request string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests[request]
}
