package sim_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim"
	"todoke/egov/sim/internal/sample"
	"todoke/egov/wire"
)

const (
	acquired = "4950013521019000"
	lost     = "4950013520714000"
	hired    = "4950008680033000"
	left     = "4950008680034000"

	clientID = "software-1"
	secret   = "key-1"
	redirect = "http://127.0.0.1:9/callback"
	api      = "/shinsei/v2"
)

var (
	jst   = time.FixedZone("JST", 9*60*60)
	start = time.Date(2026, 7, 1, 10, 0, 0, 0, jst)

	signer = sync.OnceValue(func() *sample.Signer {
		return sample.NewSigner(2048, start.AddDate(-1, 0, 0), start.AddDate(1, 0, 0))
	})
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is one simulator behind a real HTTP server, and a logged-in client.
type world struct {
	t      *testing.T
	sim    *sim.Server
	clock  *clock
	server *httptest.Server
	client *http.Client
	token  string
}

func setup(t *testing.T, c sim.Config) *world {
	t.Helper()
	c.AutoLogin = true
	w := newWorld(t, c)
	w.token = w.login()
	return w
}

func newWorld(t *testing.T, c sim.Config) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: start}}
	c.ClientID, c.ClientSecret, c.RedirectURI, c.Clock = clientID, secret, redirect, w.clock.Now
	var err error
	w.sim, err = sim.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(w.sim.Handler())
	t.Cleanup(w.server.Close)
	w.client = &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w
}

// authorize asks for a code as a browser does.
func (w *world) authorize() result {
	w.t.Helper()
	q := url.Values{
		"client_id": {clientID}, "response_type": {"code"}, "scope": {"openid offline_access"}, "redirect_uri": {redirect},
	}
	return w.do(w.request(http.MethodGet, "/auth/auth?"+q.Encode(), nil))
}

// login runs the code grant and returns an access token.
func (w *world) login() string {
	w.t.Helper()
	return w.exchange(w.authorize())
}

var ticketPattern = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

// loginAs fills in the login page.
func (w *world) loginAs(account string) string {
	w.t.Helper()
	page := w.authorize()
	form := url.Values{"ticket": {ticketPattern.FindStringSubmatch(string(page.body))[1]}, "account": {account}}
	r := w.request(http.MethodPost, "/auth/login", []byte(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	cookie, _, _ := strings.Cut(page.header.Get("Set-Cookie"), ";")
	r.Header.Set("Cookie", cookie)
	return w.exchange(w.do(r))
}

// exchange turns the redirect of a log-in into an access token.
func (w *world) exchange(redirected result) string {
	w.t.Helper()
	u, err := url.Parse(redirected.header.Get("Location"))
	if err != nil || redirected.status != http.StatusFound {
		w.t.Fatalf("log-in: %d %v", redirected.status, err)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")}, "redirect_uri": {redirect}}
	r := w.request(http.MethodPost, "/auth/token", []byte(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, secret)
	var tokens wire.TokenResponse
	w.do(r).decode(w.t, http.StatusOK, &tokens)
	return tokens.AccessToken
}

type result struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (w *world) request(method, path string, body []byte) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if w.token != "" && strings.HasPrefix(path, api) {
		r.Header.Set("Authorization", "Bearer "+w.token)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// try sends a request and returns a transport error as part of the result.
func (w *world) try(r *http.Request) result {
	res, err := w.client.Do(r)
	if err != nil {
		return result{err: err}
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	return result{res.StatusCode, res.Header, body, err}
}

func (w *world) do(r *http.Request) result {
	w.t.Helper()
	res := w.try(r)
	if res.err != nil {
		w.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, res.err)
	}
	return res
}

func (r result) decode(t *testing.T, status int, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(r.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil || r.status != status {
		t.Fatalf("status %d (want %d): %v\n%s", r.status, status, err, r.body)
	}
}

func (w *world) get(path string) result {
	w.t.Helper()
	return w.do(w.request(http.MethodGet, path, nil))
}

// bulkBody is the JSON of a bulk of these folders.
func bulkBody(name string, folders map[string]*sample.Filing) []byte {
	return sendFile(name, sample.Bulk(folders))
}

func sendFile(name string, data []byte) []byte {
	out, err := json.Marshal(wire.BulkRequest{SendFile: wire.File{FileName: name, FileData: base64.StdEncoding.EncodeToString(data)}})
	if err != nil {
		panic(err)
	}
	return out
}

func valid(ids ...string) map[string]*sample.Filing {
	folders := map[string]*sample.Filing{}
	for _, id := range ids {
		folders[id] = sample.New(id).Sign(signer())
	}
	return folders
}

func (w *world) send(name string, folders map[string]*sample.Filing) wire.BulkResponse {
	w.t.Helper()
	var out wire.BulkResponse
	w.do(w.request(http.MethodPost, api+"/bulk-apply", bulkBody(name, folders))).decode(w.t, http.StatusAccepted, &out)
	return out
}

func (w *world) report(query string) wire.ReportResponse {
	w.t.Helper()
	var out wire.ReportResponse
	w.get(api+"/apply/report?"+query).decode(w.t, http.StatusOK, &out)
	return out
}

// lists decodes leniently: wire.Case does not have every member of a row.
func (w *world) lists(query string) wire.ListsResponse {
	w.t.Helper()
	res := w.get(api + "/apply/lists?" + query)
	var out wire.ListsResponse
	if err := json.Unmarshal(res.body, &out); err != nil || res.status != http.StatusOK {
		w.t.Fatalf("lists = %d %s", res.status, res.body)
	}
	return out
}

const today = "date_from=2026-07-01&date_to=2026-07-01&limit=30&offset=0"

func TestBulkFromSendingToArrival(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{IngestDelay: 3 * time.Second})
	folders := valid(acquired, lost, hired, left)
	folders[left] = sample.New(left).Edit("<性別>1", "<性別>男").Sign(signer())
	sent := w.send("attempt-1.zip", folders)
	number := sent.Results.SendNumber
	want := wire.BulkResult{SendNumber: "202607011000000001", SendDate: "2026-07-01 10:00:00", FileName: "attempt-1.zip", ApplyCount: 4}
	if diff := cmp.Diff(want, sent.Results); diff != "" {
		t.Error(diff)
	}
	for _, rel := range []string{"self", "list", "report"} {
		if !strings.HasPrefix(sent.Links[rel], w.server.URL+api) {
			t.Errorf("link %s = %q", rel, sent.Links[rel])
		}
	}
	// Before ingestion: no case, and a report that knows the bulk only.
	if l := w.lists("send_number=" + number); l.ResultSet.Count != 0 || l.Results.ApplyList == nil {
		t.Errorf("lists before ingestion: %+v", l)
	}
	before := w.report(today).Results.ErrorReportInfo
	wantBefore := []wire.BulkReport{{SendNumber: number, SendDate: "2026-07-01 10:00:00", FileName: "attempt-1.zip", ApplyCount: 4, Result: []wire.FolderReport{}}}
	if diff := cmp.Diff(wantBefore, before); diff != "" {
		t.Error(diff)
	}
	w.clock.Advance(90 * time.Second)
	got := w.report("send_number=" + number).Results.ErrorReportInfo[0]
	if got.ArriveCount != 3 || got.ErrorCount != 1 || len(got.Result) != 4 {
		t.Fatalf("report = %+v", got)
	}
	order := []string{hired, left, lost, acquired} // ascending by folder name
	for i, row := range got.Result {
		if row.FolderName != order[i] || !strings.HasSuffix(row.ProcName, "／電子申請") {
			t.Errorf("row %d = %s %s", i, row.FolderName, row.ProcName)
		}
	}
	if got.Result[0].ArriveID != "4952026000000001" || got.Result[0].ArriveDate != "2026-07-01 10:00:03" {
		t.Errorf("arrival = %+v", got.Result[0])
	}
	refused := got.Result[1]
	wantRows := []wire.ReportRow{{FormName: "雇用保険被保険者資格喪失届", AttachedFileName: "-", FileName: "-", Item: "性別", Content: "指定可能な文字以外が指定されています。"}}
	if diff := cmp.Diff(wantRows, refused.ReportList); diff != "" || refused.ArriveID != "-" || refused.ArriveDate != "-" {
		t.Errorf("refusal %+v\n%s", refused, diff)
	}
	if l := w.lists("send_number=" + number); l.ResultSet.Count != 3 || l.Links["next"] != "" || l.Links["previous"] != "" {
		t.Errorf("lists: %+v", l)
	}
}

func TestCaseAnswers(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{})
	w.send("a.zip", valid(hired))
	row := w.lists(today).Results.ApplyList[0]
	want := wire.Case{
		No: 1, SendNumber: "202607011000000001", SendDate: "2026-07-01 10:00:00", Status: "到達", ArriveID: "4952026000000001",
		ArriveDate: "2026-07-01 10:00:00", CorporationName: "見本株式会社", ApplicantName: "見本　太郎",
		ProcName: "雇用保険被保険者資格取得届（令和４年６月以降手続き）／電子申請", SubmissionDestination: "東京都,渋谷公共職業安定所",
		PayStatus: "-", NoticeList: []wire.CaseNotice{}, OfficialList: []wire.CaseDocument{}, AppliedAccount: "demo@example.com",
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Error(diff)
	}
	var single struct {
		Metadata wire.Metadata  `json:"metadata"`
		Results  map[string]any `json:"results"`
	}
	w.get(api+"/apply/"+row.ArriveID).decode(t, http.StatusOK, &single)
	for _, name := range []string{"no", "send_number", "send_date"} {
		if _, there := single.Results[name]; there {
			t.Errorf("%s does not belong to a single case", name)
		}
	}
	for _, name := range []string{
		"status", "arrive_id", "arrive_date", "corporation_name", "applicant_name", "proc_name",
		"submission_destination", "withdraw_flag", "pay_status", "notice_count", "doc_count", "apply_pay_count", "apply_pay_list",
	} {
		if _, there := single.Results[name]; !there {
			t.Errorf("%s is missing", name)
		}
	}
	if res := w.get(api + "/apply/4952026000000002"); res.status != http.StatusNotFound || len(res.body) > 0 {
		t.Errorf("unknown case: %d %q", res.status, res.body)
	}
	if res := w.get(api + "/apply/abc"); res.status != http.StatusBadRequest || !strings.Contains(string(res.body), `"title":"Bad Request"`) {
		t.Errorf("malformed id: %d %q", res.status, res.body)
	}
}

func TestHideUntilIngestedAndManualIngest(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{HideUntilIngested: true, ManualIngest: true})
	w.send("a.zip", valid(hired))
	w.clock.Advance(59 * time.Minute)
	if r := w.report(today); r.ResultSet.AllCount != 0 {
		t.Errorf("the bulk shows before its ingestion: %+v", r)
	}
	w.sim.Ingest()
	r := w.report(today).Results.ErrorReportInfo
	if len(r) != 1 || r[0].Result[0].ArriveDate != "2026-07-01 10:59:00" {
		t.Errorf("report = %+v", r)
	}
}

func TestLedgerCountsDuplicates(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{BulkSameProcedure: true})
	again := func(day string) *sample.Filing {
		return sample.New(hired).
			Edit("<届出年月日><年号>令和</年号><年>8</年><月>7</月><日>1", "<届出年月日><年号>令和</年号><年>8</年><月>7</月><日>"+day).
			Sign(signer())
	}
	w.send("a.zip", map[string]*sample.Filing{hired + "(1)": again("1"), hired + "(2)": again("1")})
	w.send("b.zip", map[string]*sample.Filing{
		hired: again("2"), acquired: sample.New(acquired).Sign(signer()), lost: sample.New(lost),
	})
	l := w.sim.Ledger()
	want := sim.LedgerCounts{Bulks: 2, Accepted: 4, Refused: 1, Duplicates: 2}
	if diff := cmp.Diff(want, l.Counts); diff != "" {
		t.Error(diff)
	}
	prints := map[string]int{}
	for _, b := range l.Bulks {
		for _, f := range b.Folders {
			if (f.ArriveID == "") != (len(f.Findings) > 0) || (f.ArriveID == "") != (f.Fingerprint == "") {
				t.Errorf("folder %+v", f)
			}
			prints[f.Fingerprint]++
		}
	}
	if len(prints) != 3 { // the 取得届, its repetitions, and "" of the refusal
		t.Errorf("fingerprints %v", prints)
	}
	// The same over HTTP, with the software's credentials only.
	r := w.request(http.MethodGet, "/sim/ledger", nil)
	if res := w.do(r); res.status != http.StatusUnauthorized || len(res.body) > 0 {
		t.Errorf("ledger without credentials: %d", res.status)
	}
	r = w.request(http.MethodGet, "/sim/ledger", nil)
	r.SetBasicAuth(clientID, secret)
	var served sim.Ledger
	res := w.do(r)
	res.decode(t, http.StatusOK, &served)
	if diff := cmp.Diff(l.Counts, served.Counts); diff != "" {
		t.Error(diff)
	}
	if bytes.Contains(res.body, []byte(sample.Number)) {
		t.Error("the ledger shows a number")
	}
}

func TestSoftware(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{})
	r := w.request(http.MethodGet, "/sim/software", nil)
	r.SetBasicAuth(clientID, secret)
	var got map[string][]string
	w.do(r).decode(t, http.StatusOK, &got)
	if diff := cmp.Diff(map[string][]string{"redirect_uris": {redirect}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRecordWritesTheZipAsReceived(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := setup(t, sim.Config{RecordDir: dir})
	data := sample.Bulk(valid(hired))
	var out wire.BulkResponse
	w.do(w.request(http.MethodPost, api+"/bulk-apply", sendFile("a.zip", data))).decode(t, http.StatusAccepted, &out)
	w.do(w.request(http.MethodPost, api+"/bulk-apply", sendFile("b.zip", []byte("no zip"))))
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	got, err := os.ReadFile(filepath.Join(dir, out.Results.SendNumber+".zip"))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("recorded %d octets of %d: %v", len(got), len(data), err)
	}
	info, err := files[0].Info()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	// What cannot be recorded is not accepted.
	err = os.RemoveAll(dir)
	if err != nil {
		t.Fatal(err)
	}
	var problem wire.BulkProblem
	w.do(w.request(http.MethodPost, api+"/bulk-apply", sendFile("c.zip", data))).decode(t, http.StatusInternalServerError, &problem)
	if n := w.sim.Ledger().Counts.Bulks; n != 1 || problem.ErrorCount != 1 {
		t.Errorf("%d bulks, problem %+v", n, problem)
	}
}

func TestTrialLeavesNoRecord(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{RecordDir: t.TempDir()})
	trial := func(method, path string, body []byte, value string) result {
		r := w.request(method, api+path, body)
		r.Header.Set("X-eGovAPI-Trial", value)
		return w.do(r)
	}
	if res := trial(http.MethodPost, "/bulk-apply", bulkBody("a.zip", valid(hired)), "true"); res.status != http.StatusAccepted {
		t.Errorf("trial = %d %s", res.status, res.body)
	}
	if res := trial(http.MethodGet, "/apply/202607011000000001", nil, "true"); res.status != http.StatusOK {
		t.Errorf("trial case = %d", res.status)
	}
	if res := trial(http.MethodGet, "/apply/report?"+today, nil, "true"); res.status != http.StatusOK {
		t.Errorf("trial report = %d", res.status)
	}
	if res := trial(http.MethodGet, "/apply/lists?"+today, nil, "yes"); res.status != http.StatusBadRequest {
		t.Errorf("trial yes = %d", res.status)
	}
	if n := w.sim.Ledger().Counts.Bulks; n != 0 {
		t.Errorf("%d bulks on record", n)
	}
}

func TestAccountsAreSeparate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Config{})
	w.token = w.loginAs("first@example.com")
	number := w.send("a.zip", valid(hired)).Results.SendNumber
	id := w.lists(today).Results.ApplyList[0].ArriveID
	w.token = w.loginAs("second@example.com")
	if n := w.report(today).ResultSet.AllCount; n != 0 {
		t.Errorf("another account sees %d bulks", n)
	}
	if n := w.report("send_number=" + number).ResultSet.AllCount; n != 0 {
		t.Error("another account finds the bulk by its number")
	}
	if res := w.get(api + "/apply/" + id); res.status != http.StatusNotFound {
		t.Errorf("another account reads the case: %d", res.status)
	}
}

func TestNewNamesEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := sim.New(sim.Config{RedirectURI: "callback", RecordDir: "/does/not/exist"})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, word := range []string{"ClientID", "RedirectURI", "RecordDir"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%v does not name %s", err, word)
		}
	}
}
