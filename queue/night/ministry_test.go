package night_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

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
	web   *httptest.Server
	clock *clock

	mu       sync.Mutex
	idle     *sync.Cond
	inside   int             // requests that are being served
	posts    []string        // file names of POST /bulk-apply, in order
	folders  map[string]bool // file name and folder of all that was in them
	requests map[string]int  // by method and last part of the path
	script   script
}

// script answers a request in the simulator's place, or returns false. body is that
// of POST /bulk-apply.
type script func(w http.ResponseWriter, r *http.Request, body []byte) bool

// newMinistry starts a simulator on the clock of the test.
func newMinistry(t tb, c *clock, change func(*sim.Config)) *ministry {
	t.Helper()
	config := sim.Config{ClientID: clientID, ClientSecret: clientSecret, RedirectURI: redirect, AutoLogin: true, Clock: c.now}
	if change != nil {
		change(&config)
	}
	server, err := sim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	m := &ministry{Server: server, clock: c, requests: map[string]int{}, folders: map[string]bool{}}
	m.idle = sync.NewCond(&m.mu)
	m.web = httptest.NewServer(m)
	t.Cleanup(m.web.Close)
	return m
}

func (m *ministry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body []byte
	submission := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/bulk-apply")
	w.Header().Set("Date", m.clock.now().UTC().Format(http.TimeFormat)) // e-Gov's clock is the test's
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
	names := foldersOf(request.SendFile.FileData)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.posts = append(m.posts, request.SendFile.FileName)
	for _, name := range names {
		m.folders[request.SendFile.FileName+"/"+name] = true
	}
}

// foldersOf names the folders of a submitted archive.
func foldersOf(encoded string) []string {
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil
	}
	var names []string
	for _, file := range archive.File {
		folder, _, _ := strings.Cut(file.Name, "/")
		names = append(names, folder)
	}
	return names
}

// had tells whether a folder was in anything that was submitted.
func (m *ministry) had(fileName, folder string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.folders[fileName+"/"+folder]
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

// rewriteReport lets a test change what e-Gov reports of each bulk.
func (w *world) rewriteReport(change func(*wire.BulkReport)) {
	w.egov.answer(func(rw http.ResponseWriter, r *http.Request, _ []byte) bool {
		if !strings.HasSuffix(r.URL.Path, "/apply/report") {
			return false
		}
		recorder := httptest.NewRecorder()
		w.egov.Handler().ServeHTTP(recorder, r)
		var answer wire.ReportResponse
		if recorder.Code == http.StatusOK && json.Unmarshal(recorder.Body.Bytes(), &answer) == nil {
			for i := range answer.Results.ErrorReportInfo {
				change(&answer.Results.ErrorReportInfo[i])
			}
			recorder.Body.Reset()
			_ = json.NewEncoder(recorder.Body).Encode(answer)
		}
		rw.WriteHeader(recorder.Code)
		_, _ = rw.Write(recorder.Body.Bytes())
		return true
	})
}
