package sim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim"
	"todoke/egov/sim/internal/sample"
	"todoke/egov/wire"
)

func TestRouting(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{})
	tests := []struct {
		method, path string
		want         int
		allow        string
	}{
		{http.MethodGet, "/", 404, ""},
		{http.MethodGet, "/shinsei", 404, ""},
		{http.MethodGet, api, 404, ""},
		{http.MethodPost, api + "/bulk-apply/", 404, ""},
		{http.MethodPost, api + "/bulk_apply", 404, ""},
		{http.MethodPost, "/shinsei/v1/bulk-apply", 404, ""},
		{http.MethodGet, api + "/apply/", 404, ""},
		{http.MethodGet, api + "/apply/lists/1", 404, ""},
		{http.MethodGet, "/auth/nothing", 404, ""},
		{http.MethodGet, api + "/bulk-apply", 405, "POST"},
		{http.MethodPut, api + "/bulk-apply", 405, "POST"},
		{http.MethodPost, api + "/apply/lists", 405, "GET"},
		{http.MethodHead, api + "/apply/report", 405, "GET"},
		{http.MethodDelete, api + "/apply/4952026000000001", 405, "GET"},
		{http.MethodOptions, api + "/apply/report", 405, "GET"},
	}
	for _, tt := range tests {
		res := w.do(w.request(tt.method, tt.path, nil))
		if res.status != tt.want || len(res.body) > 0 || res.header.Get("Allow") != tt.allow {
			t.Errorf("%s %s = %d %q, Allow %q", tt.method, tt.path, res.status, res.body, res.header.Get("Allow"))
		}
	}
	for _, path := range []string{"/auth/token", "/auth/logout"} {
		res := w.do(w.request(http.MethodGet, path, nil))
		var e wire.TokenError
		res.decode(t, http.StatusMethodNotAllowed, &e)
		if e.Error == "" || res.header.Get("Allow") != "POST" {
			t.Errorf("%s: %+v", path, e)
		}
	}
}

func TestUnauthorizedIsEmpty(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{})
	body := bulkBody("a.zip", valid(hired))
	for _, token := range []string{"", "Bearer x", "Basic x"} {
		for _, op := range [][2]string{{http.MethodPost, "/bulk-apply"}, {http.MethodGet, "/apply/lists"}, {http.MethodGet, "/apply/report"}, {http.MethodGet, "/apply/1"}} {
			r := w.request(op[0], api+op[1], body)
			r.Header.Del("Authorization")
			if token != "" {
				r.Header.Set("Authorization", token)
			}
			res := w.do(r)
			if res.status != 401 || len(res.body) > 0 || !strings.Contains(res.header.Get("WWW-Authenticate"), `realm="`) {
				t.Errorf("%s with %q = %d %q %q", op[1], token, res.status, res.body, res.header.Get("WWW-Authenticate"))
			}
		}
	}
	w.clock.Advance(time.Hour)
	if res := w.get(api + "/apply/lists?" + today); res.status != 401 {
		t.Errorf("an expired token = %d", res.status)
	}
	if n := w.sim.Ledger().Counts.Bulks; n != 0 {
		t.Errorf("%d bulks were accepted", n)
	}
}

func TestBulkApplyRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{MaxBody: 200 << 10})
	good := bulkBody("a.zip", valid(hired))
	text := func(s string) []byte { return []byte(s) }
	encoded := strings.Trim(strings.SplitN(string(good), `"file_data":`, 2)[1], "}\n")
	tests := []struct {
		name        string
		body        []byte
		contentType string
		want        int
	}{
		{"form content type", good, "application/x-www-form-urlencoded", 400},
		{"no content type", good, "", 400},
		{"empty", nil, "application/json", 400},
		{"array", text("[]"), "application/json", 400},
		{"empty object", text("{}"), "application/json", 400},
		{"send_file is text", text(`{"send_file":"x"}`), "application/json", 400},
		{"null", text(`{"send_file":null}`), "application/json", 400},
		{"no file_data", text(`{"send_file":{"file_name":"a.zip"}}`), "application/json", 400},
		{"no file_name", text(`{"send_file":{"file_data":` + encoded + `}}`), "application/json", 400},
		{"other letter case", text(`{"SEND_FILE":{"file_name":"a.zip","file_data":` + encoded + `}}`), "application/json", 400},
		{"proc_id added", text(`{"proc_id":"4950008680033000","send_file":{"file_name":"a.zip","file_data":` + encoded + `}}`), "application/json", 400},
		{"member twice", text(`{"send_file":{"file_name":"a.zip","file_name":"b.zip","file_data":` + encoded + `}}`), "application/json", 400},
		{"text after the object", append(append([]byte{}, good...), "{}"...), "application/json", 400},
		{"number as a name", text(`{"send_file":{"file_name":1,"file_data":` + encoded + `}}`), "application/json", 400},
		{"not UTF-8", text("{\"send_file\":{\"file_name\":\"\x82.zip\",\"file_data\":" + encoded + "}}"), "application/json", 400},
		{"not .zip", text(`{"send_file":{"file_name":"a.txt","file_data":` + encoded + `}}`), "application/json", 400},
		{"name too long", text(`{"send_file":{"file_name":"` + strings.Repeat("a", 253) + `.zip","file_data":` + encoded + `}}`), "application/json", 400},
		{"path as a name", text(`{"send_file":{"file_name":"x/a.zip","file_data":` + encoded + `}}`), "application/json", 400},
		{"base64 of the URL alphabet", text(`{"send_file":{"file_name":"a.zip","file_data":"_-__"}}`), "application/json", 400},
		{"base64 without padding", text(`{"send_file":{"file_name":"a.zip","file_data":"UEs"}}`), "application/json", 400},
		{"base64 with line ends", text(`{"send_file":{"file_name":"a.zip","file_data":"UEsD\nBA=="}}`), "application/json", 400},
		{"no data", text(`{"send_file":{"file_name":"a.zip","file_data":""}}`), "application/json", 400},
		{"no zip", text(`{"send_file":{"file_name":"a.zip","file_data":"UEsDBA=="}}`), "application/json", 400},
		{"too large", []byte(strings.Repeat(" ", 300<<10)), "application/json", 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := w.request(http.MethodPost, api+"/bulk-apply", tt.body)
			r.Header.Set("Content-Type", tt.contentType)
			if tt.contentType == "" {
				r.Header.Del("Content-Type")
			}
			var problem wire.BulkProblem
			w.do(r).decode(t, tt.want, &problem)
			if problem.ErrorCount < 1 || problem.Title != http.StatusText(tt.want) || problem.Detail == "" || problem.Instance != api+"/bulk-apply" {
				t.Errorf("problem = %+v", problem)
			}
		})
	}
	t.Cleanup(func() {
		if n := w.sim.Ledger().Counts.Bulks; n != 0 {
			t.Errorf("%d bulks were accepted", n)
		}
	})
}

func TestBulkErrorNamesTheFolder(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{})
	files := map[string][]byte{}
	for name, data := range sample.New(hired).Sign(signer()).Files() {
		files[hired+"/"+name] = data
	}
	files[left+"/other.xml"] = []byte("x")
	var problem wire.BulkProblem
	w.do(w.request(http.MethodPost, api+"/bulk-apply", sendFile("a.zip", sample.Zip(files)))).decode(t, 400, &problem)
	want := []wire.BulkError{{ErrorFolder: left, ErrorFile: "kousei.xml", Content: "構成管理XMLがありません。"}}
	if diff := cmp.Diff(want, problem.Errors); diff != "" || problem.ErrorCount != 1 {
		t.Errorf("count %d\n%s", problem.ErrorCount, diff)
	}
}

func TestListingQueries(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{})
	tests := []struct {
		name, query string
		want        int
	}{
		{"nothing", "", 400},
		{"no offset", "date_from=2026-07-01&date_to=2026-07-01&limit=10", 400},
		{"no limit", "date_from=2026-07-01&date_to=2026-07-01&offset=0", 400},
		{"no date_from", "date_to=2026-07-01&limit=10&offset=0", 400},
		{"no date_to", "date_from=2026-07-01&limit=10&offset=0", 400},
		{"offset 0", "date_from=2026-07-01&date_to=2026-07-01&limit=10&offset=0", 200},
		{"offset 1", "date_from=2026-07-01&date_to=2026-07-01&limit=10&offset=1", 200},
		{"offset 9999", "date_from=2026-07-01&date_to=2026-07-01&limit=10&offset=9999", 200},
		{"offset 10000", "date_from=2026-07-01&date_to=2026-07-01&limit=10&offset=10000", 400},
		{"offset -1", "date_from=2026-07-01&date_to=2026-07-01&limit=10&offset=-1", 400},
		{"offset padded", "date_from=2026-07-01&date_to=2026-07-01&limit=10&offset=00", 400},
		{"limit 0", "date_from=2026-07-01&date_to=2026-07-01&limit=0&offset=0", 400},
		{"limit 30", "date_from=2026-07-01&date_to=2026-07-01&limit=30&offset=0", 200},
		{"limit 51", "date_from=2026-07-01&date_to=2026-07-01&limit=51&offset=0", 400},
		{"reversed", "date_from=2026-07-02&date_to=2026-07-01&limit=10&offset=0", 400},
		{"in the future", "date_from=2026-01-01&date_to=2026-12-31&limit=10&offset=0", 200},
		{"fifty years", "date_from=2000-01-01&date_to=2050-12-31&limit=10&offset=0", 200},
		{"slashes", "date_from=2026/07/01&date_to=2026/07/01&limit=10&offset=0", 400},
		{"no such day", "date_from=2026-02-30&date_to=2026-07-01&limit=10&offset=0", 400},
		{"number and dates", "send_number=202607011000000001&date_from=2026-07-01&date_to=2026-07-01&limit=10&offset=0", 400},
		{"number and limit", "send_number=202607011000000001&limit=10", 400},
		{"number unknown", "send_number=202607011000000001", 200},
		{"number of 17 digits", "send_number=20260701100000001", 400},
		{"number a dash", "send_number=-", 400},
		{"parameter twice", "send_number=202607011000000001&send_number=202607011000000001", 400},
		{"parameter unknown", "send_number=202607011000000001&page=1", 400},
	}
	for _, path := range []string{"/apply/lists", "/apply/report"} {
		for _, tt := range tests {
			res := w.get(api + path + "?" + tt.query)
			if res.status != tt.want {
				t.Errorf("%s %s = %d %s", path, tt.name, res.status, res.body)
			}
			if tt.want == 400 {
				var p wire.Problem
				res.decode(t, 400, &p)
				if p.Title != "Bad Request" || p.Detail == "" || p.Type == "" || p.Instance != api+path {
					t.Errorf("%s %s: %+v", path, tt.name, p)
				}
			}
		}
		// The two listings differ in their largest page.
		at := map[string]int{"/apply/lists": 200, "/apply/report": 400}[path]
		if res := w.get(api + path + "?date_from=2026-07-01&date_to=2026-07-01&limit=50&offset=0"); res.status != at {
			t.Errorf("%s with limit 50 = %d", path, res.status)
		}
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{})
	var sent []string
	for i := range 7 {
		sent = append(sent, w.send(fmt.Sprintf("bulk-%d.zip", i), valid(hired)).Results.SendNumber)
		w.clock.Advance(time.Second)
	}
	query := "date_from=2026-07-01&date_to=2026-07-01&limit=3&offset=0"
	var got []string
	for pages := 0; ; pages++ {
		page := w.lists(query)
		if page.ResultSet.AllCount != 7 || page.ResultSet.Limit != 3 || page.ResultSet.Count != len(page.Results.ApplyList) || pages > 3 {
			t.Fatalf("page %d: %+v", pages, page.ResultSet)
		}
		if (page.Links["previous"] == "") != (pages == 0) {
			t.Errorf("page %d: previous = %q", pages, page.Links["previous"])
		}
		for i, row := range page.Results.ApplyList {
			if row.No != pages*3+i+1 {
				t.Errorf("no = %d", row.No)
			}
			got = append([]string{row.SendNumber}, got...) // newest first
		}
		next, ok := page.Links["next"]
		if !ok {
			break
		}
		_, query, _ = strings.Cut(next, "?")
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Error(diff)
	}
	report := w.report("date_from=2026-07-01&date_to=2026-07-01&limit=2&offset=5")
	if len(report.Results.ErrorReportInfo) != 2 || report.Results.ErrorReportInfo[0].FileName != "bulk-1.zip" || report.Links["next"] != "" {
		t.Errorf("last page of the report: %+v", report)
	}
}

func TestDaysAreInclusiveAndJapanese(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{})
	w.clock.Advance(14*time.Hour - time.Second) // 23:59:59 in Japan
	w.token = w.login()
	w.send("evening.zip", valid(hired))
	w.clock.Advance(time.Second)
	w.send("midnight.zip", valid(left))
	for day, want := range map[string]string{"2026-07-01": "evening.zip", "2026-07-02": "midnight.zip"} {
		info := w.report("date_from=" + day + "&date_to=" + day + "&limit=30&offset=0").Results.ErrorReportInfo
		if len(info) != 1 || info[0].FileName != want {
			t.Errorf("%s: %+v", day, info)
		}
	}
	if n := w.lists("date_from=2026-07-01&date_to=2026-07-02&limit=50&offset=0").ResultSet.AllCount; n != 2 {
		t.Errorf("both days: %d", n)
	}
}

func TestSendNumbersAreUnique(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{})
	seen := map[string]bool{}
	for range 50 {
		seen[w.send("a.zip", valid(hired)).Results.SendNumber] = true
	}
	w.clock.Advance(-time.Minute)
	seen[w.send("a.zip", valid(hired)).Results.SendNumber] = true
	if len(seen) != 51 {
		t.Errorf("%d different numbers", len(seen))
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("POST", "/shinsei/v2/bulk-apply", "application/json", []byte(`{"send_file":{"file_name":"a.zip","file_data":"UEsDBA=="}}`))
	f.Add("GET", "/shinsei/v2/apply/report?send_number=1", "", []byte(nil))
	f.Add("GET", "/shinsei/v2/apply/x", "", []byte(nil))
	f.Add("POST", "/auth/token", "application/x-www-form-urlencoded", []byte("grant_type=refresh_token"))
	f.Add("GET", "/auth/auth?client_id=software-1", "", []byte(nil))
	c := &clock{now: start}
	s, err := sim.New(sim.Config{ClientID: clientID, ClientSecret: secret, RedirectURI: redirect, AutoLogin: true, Clock: c.Now})
	if err != nil {
		f.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	f.Cleanup(server.Close)
	token := (&world{t: nil, sim: s, clock: c, server: server, client: &http.Client{}}).fuzzToken(f)
	f.Fuzz(func(t *testing.T, method, target, contentType string, body []byte) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://sim.example/", strings.NewReader(string(body)))
		if err != nil {
			t.Skip("no request at all")
		}
		u, err := r.URL.Parse(target)
		if err != nil {
			t.Skip("no target at all")
		}
		r.URL = u
		r.Header.Set("Content-Type", contentType)
		if strings.HasPrefix(u.Path, "/auth") || strings.HasPrefix(u.Path, "/sim") {
			r.SetBasicAuth(clientID, secret)
		} else {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, r)
		checkShape(t, u.Path, rec)
	})
}

// fuzzToken logs in without a *testing.T.
func (w *world) fuzzToken(f *testing.F) string {
	w.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := w.client.Get(w.server.URL + "/auth/auth?client_id=" + clientID + "&response_type=code&scope=openid+offline_access&redirect_uri=" + redirect)
	if err != nil {
		f.Fatal(err)
	}
	_ = res.Body.Close()
	location, err := res.Location()
	if err != nil {
		f.Fatal(err)
	}
	body := "grant_type=authorization_code&code=" + location.Query().Get("code") + "&redirect_uri=" + redirect
	r, err := http.NewRequest(http.MethodPost, w.server.URL+"/auth/token", strings.NewReader(body))
	if err != nil {
		f.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, secret)
	res, err = w.client.Do(r)
	if err != nil {
		f.Fatal(err)
	}
	var tokens wire.TokenResponse
	err = json.NewDecoder(res.Body).Decode(&tokens)
	_ = res.Body.Close()
	if err != nil || tokens.AccessToken == "" {
		f.Fatal("no token", err)
	}
	return tokens.AccessToken
}

// checkShape wants one of the documented shapes for every status.
func checkShape(t *testing.T, path string, rec *httptest.ResponseRecorder) {
	t.Helper()
	body := rec.Body.Bytes()
	if len(body) > 1<<20 {
		t.Fatalf("%d octets of answer", len(body))
	}
	var object map[string]any
	isObject := json.Unmarshal(body, &object) == nil
	auth := strings.HasPrefix(path, "/auth/")
	ok := false
	switch rec.Code {
	case 200, 202:
		ok = isObject || auth
	case 302:
		ok = auth && rec.Header().Get("Location") != ""
	case 204, 401, 404:
		ok = len(body) == 0 || auth && object["error"] != nil
	case 405:
		ok = rec.Header().Get("Allow") != "" && (len(body) == 0 || auth && object["error"] != nil)
	case 400, 413, 500:
		ok = object["title"] != nil && object["instance"] != nil || auth && object["error"] != nil
	}
	if !ok {
		t.Fatalf("%s: %d %q", path, rec.Code, body)
	}
}
