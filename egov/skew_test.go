package egov

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestSkew(t *testing.T) {
	t.Parallel()
	date := "Wed, 01 Jul 2026 00:00:00 GMT"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = []string{date}
		_, _ = w.Write([]byte(`{"resultset":{"all_count":0},"results":{"error_report_info":[]}}`))
	}))
	t.Cleanup(server.Close)
	client, err := New(Config{
		APIBase: server.URL, AuthBase: server.URL, ClientID: "a", ClientSecret: "b", RedirectURI: "http://127.0.0.1/",
		Clock: func() time.Time { return time.Date(2026, 7, 4, 0, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, known := client.Skew()
	if known {
		t.Error("a skew is known before any answer")
	}
	list := func() {
		day := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
		for _, err := range client.Reports(context.Background(), "token", Window{From: day, To: day}) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	list()
	skew, known := client.Skew()
	if !known || skew != 72*time.Hour {
		t.Errorf("Skew = %v, %v; want 72h", skew, known)
	}
	date = "some day"
	list()
	skew, known = client.Skew()
	if !known || skew != 72*time.Hour {
		t.Errorf("an unreadable date changed it to %v, %v", skew, known)
	}
}
