package egov

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"todoke/egov/wire"
)

var july = Window{
	From: time.Date(2026, 6, 30, 15, 0, 0, 0, time.UTC), // July 1st in Japan
	To:   time.Date(2026, 7, 2, 14, 59, 59, 0, time.UTC),
}

const oneReport = `{"metadata":{},"resultset":{"all_count":1,"limit":30,"offset":0,"count":1},
	"results":{"error_report_info":[{"send_number":"202607011000000001","file_name":"a.zip","apply_count":1}]}}`

func reports(c *Client, selection Selection) ([]wire.BulkReport, error) {
	var all []wire.BulkReport
	for r, err := range c.Reports(context.Background(), testToken, selection) {
		if err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}

func TestSafeCallRequest(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		want := "/shinsei/v2/apply/report?date_from=2026-07-01&date_to=2026-07-02&limit=30&offset=0"
		if r.Method != http.MethodGet || r.URL.String() != want || r.Header.Get("Authorization") != "Bearer "+testToken ||
			r.Header.Get("User-Agent") != "todoke" || r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("request = %s %s %v", r.Method, r.URL, r.Header)
		}
		_, _ = io.WriteString(w, oneReport)
	})
	all, err := reports(newClient(t, server.URL), july)
	if err != nil || len(all) != 1 || all[0].FileName != "a.zip" {
		t.Errorf("Reports = %v, %v", all, err)
	}
}

func TestSafeCallsAreRepeatedOnlyWhereItHelps(t *testing.T) {
	t.Parallel()
	for status := 300; status <= 599; status++ {
		want := int32(1)
		switch status {
		case 429, 502, 503, 504:
			want = 3
		case 400:
			want = 2 // the second asks for offset 1
		}
		var calls atomic.Int32
		server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			calls.Add(1)
			w.Header().Set("Location", "/shinsei/v2/apply/report?elsewhere")
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(status)
		})
		_, err := reports(newClient(t, server.URL, func(c *Config) { c.Retries = 2 }), july)
		refused, ok := errors.AsType[*StatusError](err)
		if !ok || refused.Status != status || calls.Load() != want {
			t.Errorf("status %d: %d calls, want %d; %v", status, calls.Load(), want, err)
		}
		server.Close()
	}
}

func TestSafeCallSurvivesBrokenConnections(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) < 4 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, oneReport)
	})
	all, err := reports(newClient(t, server.URL), july)
	if err != nil || len(all) != 1 {
		t.Errorf("Reports = %v, %v", all, err)
	}
	calls.Store(-100)
	_, err = reports(newClient(t, server.URL, func(c *Config) { c.Retries = -1 }), july)
	broken, ok := errors.AsType[*TransportError](err)
	if !ok || broken.Operation != Report || calls.Load() > -97 {
		t.Errorf("without retries: %v, %d", err, calls.Load())
	}
}

func TestSafeCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	c := newClient(t, server.URL, func(c *Config) { c.RetryWaitMin, c.RetryWaitMax = time.Hour, time.Hour })
	for _, err := range c.Reports(ctx, testToken, july) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
	}
}

func TestBadAnswersAreTyped(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":                      ``,
		"truncated":                  oneReport[:100],
		"too long":                   strings.Repeat(" ", 5000) + oneReport,
		"HTML":                       `<html>secret-value</html>`,
		"no results":                 `{"resultset":{"all_count":0}}`,
		"results null":               `{"resultset":{"all_count":0},"results":null}`,
		"no list":                    `{"results":{}}`,
		"no list, but a count":       `{"resultset":{"all_count":1},"results":{}}`,
		"no list, unreadable count":  `{"resultset":{"all_count":"-"},"results":{}}`,
		"a list that is text":        `{"resultset":{"all_count":1},"results":{"error_report_info":"secret-value"}}`,
		"a bulk without number":      `{"results":{"error_report_info":[{"file_name":"a.zip"}]}}`,
		"a bulk without file name":   `{"results":{"error_report_info":[{"send_number":"202607011000000001","file_name":"-"}]}}`,
		"a folder without name":      `{"results":{"error_report_info":[{"send_number":"202607011000000001","file_name":"a","result":[{}]}]}}`,
		"an arrive id that is none":  `{"results":{"error_report_info":[{"send_number":"202607011000000001","file_name":"a","result":[{"folder_name":"f","arrive_id":"secret-value"}]}]}}`,
		"a file name that is object": `{"results":{"error_report_info":[{"send_number":"202607011000000001","file_name":{"a":1}}]}}`,
	} {
		server := newServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		_, err := reports(newClient(t, server.URL, func(c *Config) { c.MaxBody = 4000 }), july)
		bad, ok := errors.AsType[*DecodeError](err)
		if !ok || bad.Operation != Report || strings.Contains(err.Error(), "secret-value") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBodyThatBreaksOffIsADecodeError(t *testing.T) {
	t.Parallel()
	r := newRemote(t, false, func(r *remote, conn net.Conn) {
		_, _, _ = r.request(conn)
		answer(conn, 200, oneReport, "Content-Length: 9999", "Connection: close")
	})
	c := newClient(t, r.base, func(c *Config) { c.Retries = -1 })
	for _, err := range c.Reports(context.Background(), testToken, july) {
		_, decode := errors.AsType[*DecodeError](err)
		_, transport := errors.AsType[*TransportError](err)
		if !decode && !transport {
			t.Errorf("error = %v", err)
		}
	}
}

func TestStatusErrorCarriesWhatTheServiceSaid(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/shinsei/v2/apply/lists" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="egov", error="invalid_token"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"title":"Internal Server Error","type":"u","instance":"i"}`)
	})
	c := newClient(t, server.URL)
	_, err := reports(c, july)
	failed, ok := errors.AsType[*StatusError](err)
	if !ok || failed.Problem == nil || failed.Problem.Title != "Internal Server Error" || failed.Challenge != nil {
		t.Errorf("500: %v", err)
	}
	for _, err := range c.Cases(context.Background(), testToken, july) {
		refused, ok := errors.AsType[*StatusError](err)
		if !ok || refused.Status != 401 || refused.Challenge.Error != "invalid_token" || refused.Problem != nil {
			t.Errorf("401: %v", err)
		}
	}
}

func TestNoTokenNoCall(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(http.ResponseWriter, *http.Request) { t.Error("the service was called") })
	c := newClient(t, server.URL)
	for _, token := range []string{"", "a b", "a\r\nb", "ａ"} {
		for _, err := range c.Reports(context.Background(), token, july) {
			if !errors.Is(err, errToken) {
				t.Errorf("token %q: %v", token, err)
			}
		}
	}
}

func TestOnlyGetIsRepeated(t *testing.T) {
	t.Parallel()
	c := newClient(t, "http://127.0.0.1:1")
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://127.0.0.1:1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.safe.HTTPClient.Do(req)
	if err == nil || !strings.Contains(err.Error(), "not a safe method") {
		t.Errorf("POST = %v, %v", resp, err)
		_ = resp.Body.Close()
	}
}

func TestBackoffIsBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		attempt int
		after   string
		want    time.Duration
	}{
		{0, "", time.Second},
		{1, "", 2 * time.Second},
		{3, "", 8 * time.Second},
		{9, "", 10 * time.Second},
		{1000, "", 10 * time.Second},
		{0, "5", 5 * time.Second},
		{0, "0", time.Second},
		{0, "86400", 10 * time.Second},
		{0, "99999999999999999", 10 * time.Second},
		{0, "-5", time.Second},
		{0, "Wed, 21 Oct 2026 07:28:00 GMT", time.Second},
	} {
		resp := &http.Response{Header: http.Header{"Retry-After": {c.after}}}
		got := backoff(time.Second, 10*time.Second, c.attempt, resp)
		if c.after == "99999999999999999" {
			if got > 10*time.Second {
				t.Errorf("huge Retry-After: %v", got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("attempt %d, Retry-After %q: %v, want %v", c.attempt, c.after, got, c.want)
		}
	}
	if backoff(time.Second, 10*time.Second, 2, nil) != 4*time.Second {
		t.Error("without an answer")
	}
}

// canonical is the JSON of v, for comparing what two readings yield.
func canonical(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(text)
}
