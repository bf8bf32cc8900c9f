package api_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"todoke/api"
	"todoke/usage"
)

func TestServerNeedsItsParts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, change := range map[string]func(*api.Config){
		"desk":  func(c *api.Config) { c.Desk = nil },
		"keys":  func(c *api.Config) { c.Keys = nil },
		"db":    func(c *api.Config) { c.DB = nil },
		"proxy": func(c *api.Config) { c.TrustedProxies = []string{"not an address"} },
	} {
		c := w.config()
		change(&c)
		_, err := api.New(c)
		if err == nil {
			t.Errorf("New without a proper %s", name)
		}
	}
}

// A proxy's word on the client's address counts only where the proxy is trusted.
func TestSourceAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		trusted []string
		want    string
	}{
		{"nobody trusted", nil, "192.0.2.1"},
		{"another trusted", []string{"198.51.100.0/24"}, "192.0.2.1"},
		{"the proxy trusted", []string{"192.0.2.0/24"}, "203.0.113.9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			c := w.config()
			c.TrustedProxies = tt.trusted
			var err error
			w.server, err = api.New(c)
			w.must(err)
			w.want(w.do(request{as: "staff", method: http.MethodPut, path: "/v1/people/" + w.personA.ID + "/number",
				body: encode(m{"number": digitsA}), header: map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.10"}}), 204, "")
			for record, err := range w.desk.Usage.List(w.ctx, usage.Query{Log: w.companyA.ID}) {
				w.must(err)
				if record.Entry.Source != tt.want {
					t.Errorf("source = %s, want %s", record.Entry.Source, tt.want)
				}
			}
		})
	}
}

func TestHTTPServerHasLimits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	server := api.HTTPServer(w.server, "127.0.0.1:0")
	for name, limit := range map[string]time.Duration{
		"header": server.ReadHeaderTimeout, "read": server.ReadTimeout, "write": server.WriteTimeout, "idle": server.IdleTimeout,
	} {
		if limit <= 0 || limit > time.Minute {
			t.Errorf("%s timeout = %v", name, limit)
		}
	}
	var config net.ListenConfig
	listener, err := config.Listen(w.ctx, "tcp", server.Addr)
	w.must(err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	url := "http://" + listener.Addr().String()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, url+"/healthz", http.NoBody)
	w.must(err)
	for _, tt := range []struct {
		header string
		status int
	}{{"x", http.StatusOK}, {strings.Repeat("x", 64<<10), http.StatusRequestHeaderFieldsTooLarge}} {
		req.Header.Set("X-Long", tt.header)
		got, err := transport.RoundTrip(req)
		w.must(err)
		got.Body.Close()
		if got.StatusCode != tt.status {
			t.Errorf("header of %d bytes: %d", len(tt.header), got.StatusCode)
		}
	}
	w.must(server.Shutdown(context.WithoutCancel(w.ctx)))
	err = <-served
	if !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve = %v", err)
	}
}
