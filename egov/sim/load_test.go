package sim_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"todoke/egov/sim"
	"todoke/egov/sim/internal/sample"
)

// TestManyClients sends from 64 clients at once while others list; nothing may
// be lost, doubled or seen twice.
func TestManyClients(t *testing.T) {
	t.Parallel()
	const clients, each = 64, 3
	w := setup(t, sim.Config{BulkSameProcedure: true})
	body := bulkBody("same.zip", map[string]*sample.Filing{
		hired + "(1)": sample.New(hired).Sign(signer()), hired + "(2)": sample.New(hired).Edit("<性別>1", "<性別>2").Sign(signer()),
	})
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for range each {
				if res := w.try(w.request(http.MethodPost, api+"/bulk-apply", body)); res.status != http.StatusAccepted {
					t.Errorf("%d %s %v", res.status, res.body, res.err)
				}
				if res := w.try(w.request(http.MethodGet, api+"/apply/report?"+today, nil)); res.status != http.StatusOK {
					t.Errorf("%d %s %v", res.status, res.body, res.err)
				}
			}
		})
	}
	group.Wait()
	l := w.sim.Ledger()
	want := sim.LedgerCounts{Bulks: clients * each, Accepted: 2 * clients * each, Duplicates: 2*clients*each - 2}
	if l.Counts != want {
		t.Errorf("counts %+v, want %+v", l.Counts, want)
	}
	ids := map[string]bool{}
	for _, b := range l.Bulks {
		ids[b.SendNumber] = true
		for _, f := range b.Folders {
			ids[f.ArriveID] = true
		}
	}
	if len(ids) != 3*clients*each {
		t.Errorf("%d different numbers, want %d", len(ids), 3*clients*each)
	}
}

// announcement collects what ListenAndServe prints and tells when it came.
type announcement struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{}
}

func (a *announcement) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer close(a.ready)
	return a.text.Write(p)
}

func TestListenAndServe(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	out := &announcement{ready: make(chan struct{})}
	done := make(chan error, 1)
	cfg := sim.Config{ClientID: clientID, ClientSecret: secret, RedirectURI: redirect}
	go func() { done <- sim.ListenAndServe(ctx, "127.0.0.1:0", cfg, out) }()
	select {
	case <-out.ready:
	case err := <-done:
		t.Fatal(err)
	}
	line := out.text.String()
	_, rest, _ := strings.Cut(line, "http://")
	address, _, _ := strings.Cut(rest, " ")
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, "api=/shinsei/v2 auth=/auth") {
		t.Errorf("line = %q", line)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/sim/software", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(clientID, secret)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", res, err)
	}
	_ = res.Body.Close()
	stop()
	if err = <-done; err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestListenAndServeOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	cfg := sim.Config{ClientID: clientID, ClientSecret: secret, RedirectURI: redirect}
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.com:0", "[::]:0", "x"} {
		err := sim.ListenAndServe(t.Context(), addr, cfg, &announcement{ready: make(chan struct{})})
		if err == nil || !strings.Contains(err.Error(), "address") {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

// BenchmarkListing pages through a ledger of 100,000 applications.
func BenchmarkListing(b *testing.B) {
	c := &clock{now: start}
	s, err := sim.New(sim.Config{ClientID: clientID, ClientSecret: secret, RedirectURI: redirect, Clock: c.Now})
	if err != nil {
		b.Fatal(err)
	}
	sim.FillLedger(s, "demo@example.com", 1000, 100, func() { c.Advance(time.Second) })
	b.ResetTimer()
	for i := range b.N {
		sim.ListCases(s, "demo@example.com", fmt.Sprintf("date_from=2026-07-01&date_to=2026-07-31&limit=50&offset=%d", i%9999))
	}
}
