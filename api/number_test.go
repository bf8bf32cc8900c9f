package api_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"todoke/api"
	"todoke/usage"
)

// absent fails when a text is in any file of the office or in the log.
func (w *world) absent(text string) {
	w.t.Helper()
	if strings.Contains(w.log.String(), text) {
		w.t.Errorf("the log holds %q", text)
	}
	files, err := filepath.Glob(filepath.Join(w.dir, "*"))
	w.must(err)
	if len(files) < 4 {
		w.t.Fatalf("files = %v", files)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		w.must(err)
		if bytes.Contains(content, []byte(text)) {
			w.t.Errorf("%s holds %q", filepath.Base(file), text)
		}
	}
}

func TestNumberIsWriteOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := "/v1/people/" + w.personA.ID + "/number"
	if got := w.get("a", path); string(got.body) != `{"registered":false}` {
		t.Errorf("before = %s", got.body)
	}
	got := w.put("a", path, m{"number": digitsA})
	w.want(got, http.StatusNoContent, "")
	if len(got.body) != 0 {
		t.Errorf("the answer has a body: %q", got.body)
	}
	want := `{"registered":true,"registered_at":"2026-04-10T03:00:00Z"}`
	for _, who := range []string{"a", "staff", "auditor"} {
		if got := w.get(who, path); string(got.body) != want {
			t.Errorf("%s reads %s", who, got.body)
		}
	}
	w.want(w.put("staff", path, m{"number": "1111-1111 １１１８"}), http.StatusNoContent, "")
	if digitsB != "111111111118" {
		t.Fatal("the second number is not the one above")
	}
	w.absent(digitsA)
	w.absent(digitsB)

	var entries []usage.Entry
	for record, err := range w.desk.Usage.List(w.ctx, usage.Query{Log: w.companyA.ID}) {
		w.must(err)
		entries = append(entries, record.Entry)
	}
	if len(entries) != 2 {
		t.Fatalf("%d entries in the usage log", len(entries))
	}
	client, staff := entries[0], entries[1]
	if client.Actor != "届出商事株式会社（APIキー 給与ソフト）" || client.Role != "顧問先" || client.Action != usage.ActionRegister ||
		client.Screen != "API 個人番号の登録" || client.Source != "192.0.2.1" || client.Subject != w.personA.Subject {
		t.Errorf("client's entry = %+v", client)
	}
	if staff.Actor != "届出　花子" || staff.Action != usage.ActionUpdate {
		t.Errorf("staff's entry = %+v", staff)
	}
}

func TestNumberBodies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := "/v1/people/" + w.personA.ID + "/number"
	for _, tt := range []struct {
		name, body string
		header     map[string]string
		status     int
		code       string
	}{
		{"blanks", " {\n\t\"number\" : \"" + digitsA + "\" }\r\n", nil, 204, ""},
		{"with charset", `{"number":"` + digitsA + `"}`, map[string]string{"Content-Type": "application/json; charset=UTF-8"}, 204, ""},
		{"check digit", `{"number":"123456789012"}`, nil, 422, "TODOKE-API-0013"},
		{"short", `{"number":"12345678901"}`, nil, 422, "TODOKE-API-0013"},
		{"long", `{"number":"` + digitsA + `0"}`, nil, 422, "TODOKE-API-0013"},
		{"letters", `{"number":"12345678901X"}`, nil, 422, "TODOKE-API-0013"},
		{"no UTF-8", "{\"number\":\"12345678901\xff\"}", nil, 422, "TODOKE-API-0013"},
		{"empty number", `{"number":""}`, nil, 422, "TODOKE-API-0013"},
		{"a JSON number", `{"number":` + digitsA + `}`, nil, 400, "TODOKE-API-0012"},
		{"escaped", `{"number":"\u0031` + digitsA[1:] + `"}`, nil, 400, "TODOKE-API-0012"},
		{"unknown field", `{"number":"` + digitsA + `","x":1}`, nil, 400, "TODOKE-API-0012"},
		{"twice", `{"number":"` + digitsA + `","number":"` + digitsA + `"}`, nil, 400, "TODOKE-API-0012"},
		{"other case", `{"Number":"` + digitsA + `"}`, nil, 400, "TODOKE-API-0012"},
		{"trailing", `{"number":"` + digitsA + `"}{}`, nil, 400, "TODOKE-API-0012"},
		{"bare", digitsA, nil, 400, "TODOKE-API-0012"},
		{"cut off", `{"number":"` + digitsA, nil, 400, "TODOKE-API-0012"},
		{"array", `["` + digitsA + `"]`, nil, 400, "TODOKE-API-0012"},
		{"too large", `{"number":"` + digitsA + `"}` + strings.Repeat(" ", 300), nil, 413, "TODOKE-API-0010"},
		{"form", "number=" + digitsA, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415, "TODOKE-API-0009"},
		{"compressed", `{"number":"` + digitsA + `"}`, map[string]string{"Content-Encoding": "gzip"}, 415, "TODOKE-API-0009"},
		{"idempotency key", `{"number":"` + digitsA + `"}`, map[string]string{"Idempotency-Key": onceKey}, 400, "TODOKE-API-0037"},
	} {
		got := w.do(request{as: "staff", method: http.MethodPut, path: path, body: tt.body, header: tt.header})
		if got.status != tt.status {
			t.Errorf("%s: %d %s", tt.name, got.status, got.body)
			continue
		}
		w.want(got, tt.status, tt.code)
		if bytes.Contains(got.body, []byte("1234567")) {
			t.Errorf("%s is echoed: %s", tt.name, got.body)
		}
	}
	w.want(w.do(request{as: "staff", method: http.MethodPut, path: path}), 415, "TODOKE-API-0009")
	if n := w.count("SELECT count(*) FROM idempotency_keys"); n != 0 {
		t.Errorf("%d fingerprints", n)
	}
	w.absent(digitsA)
}

// Whatever a client does with a number, it is neither logged, stored nor told back.
func TestNumbersLeaveNoTrace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.draft()
	spaced := digitsA[:4] + "-" + digitsA[4:8] + "-" + digitsA[8:]
	filing := "/v1/filings/" + f.ID
	with := func(field string, value any) string {
		return w.newFiling(func(b map[string]any) { b[field] = value })
	}
	for _, tt := range []struct {
		name   string
		r      request
		status int
		code   string
	}{
		{"path", request{method: "GET", path: "/v1/people/" + digitsA + "/number"}, 400, "TODOKE-API-0007"},
		{"path in groups", request{method: "GET", path: "/v1/people/" + spaced}, 400, "TODOKE-API-0007"},
		{"path in segments", request{method: "GET", path: "/1234/5678/9018"}, 400, "TODOKE-API-0007"},
		{"path without a route", request{method: "GET", path: "/" + digitsA}, 400, "TODOKE-API-0007"},
		{"query", request{method: "GET", path: "/v1/filings?company=" + digitsA}, 400, "TODOKE-API-0007"},
		{"query escaped", request{method: "GET", path: "/v1/filings?company=%31" + digitsA[1:]}, 400, "TODOKE-API-0007"},
		{"query name", request{method: "GET", path: "/v1/filings?" + digitsA}, 400, "TODOKE-API-0007"},
		{"query and broken escape", request{method: "GET", path: "/v1/filings?a=" + digitsA + "&b=%zz"}, 400, "TODOKE-API-0007"},
		{"method", request{method: digitsA, path: "/v1/filings"}, 405, "TODOKE-API-0006"},
		{"key", request{method: "GET", path: "/v1/filings", header: map[string]string{"Authorization": "Bearer " + digitsA}}, 401, "TODOKE-API-0001"},
		{"If-Match", request{method: "PUT", path: filing, body: `{"event":{}}`, header: map[string]string{"If-Match": digitsA}}, 412, "TODOKE-API-0024"},
		{"event value", request{method: "POST", path: "/v1/filings", body: with("event", m{"remark": "番号は" + digitsA})}, 422, "TODOKE-API-0008"},
		{"event name", request{method: "POST", path: "/v1/filings", body: with("event", m{digitsA: "x"})}, 422, "TODOKE-API-0008"},
		{"in groups", request{method: "POST", path: "/v1/filings", body: with("override_reason", spaced)}, 422, "TODOKE-API-0008"},
		{"full width", request{method: "POST", path: "/v1/filings", body: with("override_reason", "１２３４５６７８９０１８")}, 422, "TODOKE-API-0008"},
		{"JSON number", request{method: "POST", path: "/v1/filings", body: with("extra", []int{123456789018})}, 422, "TODOKE-API-0008"},
		{"as an id", request{method: "POST", path: "/v1/filings", body: with("person_id", digitsA)}, 422, "TODOKE-API-0008"},
		{"unknown field", request{method: "POST", path: "/v1/filings", body: with("x"+digitsA, 1)}, 422, "TODOKE-API-0008"},
		{"deep", request{method: "POST", path: "/v1/filings", body: with("event", []any{[]any{[]any{[]any{digitsA}}}})}, 422, "TODOKE-API-0008"},
		{"escaped", request{method: "POST", path: "/v1/filings", body: `{"x":"\u0031` + digitsA[1:] + `"}`}, 422, "TODOKE-API-0008"},
		{"with an idempotency key", request{method: "POST", path: "/v1/filings", body: with("override_reason", digitsA),
			header: map[string]string{"Idempotency-Key": onceKey}}, 422, "TODOKE-API-0008"},
		{"broken JSON", request{method: "POST", path: "/v1/filings", body: `{"number":"` + digitsA}, 400, "TODOKE-API-0011"},
		{"purpose", request{method: "POST", path: filing + "/approve", body: `{"revision":1,"purpose":"` + digitsA + `"}`}, 422, "TODOKE-API-0008"},
		{"reason", request{method: "POST", path: filing + "/cancel", body: `{"reason":"` + digitsA + `"}`}, 422, "TODOKE-API-0008"},
		{"edit", request{method: "PUT", path: filing, body: `{"revision":1,"event":{"remark":"` + digitsA + `"}}`}, 422, "TODOKE-API-0008"},
		{"not_before", request{method: "POST", path: filing + "/queue", body: `{"not_before":"` + digitsA + `"}`}, 422, "TODOKE-API-0008"},
	} {
		tt.r.as = "owner"
		got := w.do(tt.r)
		if got.status != tt.status {
			t.Errorf("%s: %d %s", tt.name, got.status, got.body)
			continue
		}
		w.want(got, tt.status, tt.code)
		for _, trace := range []string{digitsA, digitsA[1:], spaced, "１２３４５６７８９０１８"} {
			if bytes.Contains(got.body, []byte(trace)) || headersHold(got.header, trace) {
				t.Errorf("%s is echoed: %s", tt.name, got.body)
			}
		}
	}
	if n := w.count("SELECT count(*) FROM filings"); n != 1 {
		t.Errorf("%d filings", n)
	}
	if n := w.count("SELECT count(*) FROM idempotency_keys"); n != 0 {
		t.Errorf("%d fingerprints", n)
	}
	for _, trace := range []string{digitsA, digitsA[1:], spaced, "１２３４５６７８９０１８"} {
		w.absent(trace)
	}
}

func headersHold(header http.Header, text string) bool {
	for _, values := range header {
		if strings.Contains(strings.Join(values, "\n"), text) {
			return true
		}
	}
	return false
}

// Our own ids may have twelve digits in a row by chance; they stay usable.
func TestIdsWithTwelveDigits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := "01JZABCD123456789012ABCDEF"
	w.want(w.get("staff", "/v1/filings/"+id), 404, "TODOKE-API-0021")
	w.want(w.get("staff", "/v1/filings?company="+id), 200, "")
	w.want(w.post("staff", "/v1/filings", m{"procedure_id": pensionLoss, "company_id": id, "person_id": id, "event": m{}}), 422, "TODOKE-API-0017")
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.get("staff", "/v1/filings/secret-id")
	w.get("", "/somewhere?token=hidden")
	log := w.log.String()
	for _, want := range []string{"route=/v1/filings/:id", "status=404", "key_id=" + w.keyID["staff"], "route=unmatched", "request_id="} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	for _, secret := range []string{"secret-id", "hidden", "somewhere", w.key["staff"][40:]} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s:\n%s", secret, log)
		}
	}
}

func TestAPanicTellsNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.config()
	c.Ready = panicking
	var err error
	w.server, err = api.New(c)
	w.must(err)
	got := w.get("", "/readyz")
	w.want(got, 500, "TODOKE-API-0040")
	if bytes.Contains(got.body, []byte(digitsA)) {
		t.Errorf("the panic is told: %s", got.body)
	}
	if log := w.log.String(); !strings.Contains(log, "api handler panicked") || !strings.Contains(log, "panicking") {
		t.Errorf("the log does not say where:\n%s", log)
	}
	w.absent(digitsA)
}

// An internal error is logged under the id that the answer tells, masked.
func TestInternalErrorsAreOpaque(t *testing.T) {
	t.Parallel()
	w := setup(t)
	proceed := w.stop("stopped", "INSERT ON filings")
	got := w.do(request{as: "staff", method: http.MethodPost, path: "/v1/filings", body: w.newFiling(nil)})
	proceed()
	w.want(got, 500, "TODOKE-API-0040")
	if bytes.Contains(got.body, []byte("stopped")) || bytes.Contains(got.body, []byte("filings")) {
		t.Errorf("the cause is told: %s", got.body)
	}
	id := strings.TrimPrefix(w.problem(got).Instance, "urn:todoke:request:")
	if log := w.log.String(); id == "" || !strings.Contains(log, "request_id="+id) || !strings.Contains(log, "stopped") {
		t.Errorf("the log lacks request %s:\n%s", id, log)
	}
}
