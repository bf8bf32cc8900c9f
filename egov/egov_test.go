package egov

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	testSecret = "hush-hush-api-key"
	testToken  = "aGVhZGVy.cGF5bG9hZA.c2ln"
)

// newClient returns a client of the environment at base, changed by adjust.
func newClient(t *testing.T, base string, adjust ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{
		APIBase: base + "/shinsei/v2", AuthBase: base + "/auth",
		ClientID: "software-1", ClientSecret: testSecret, RedirectURI: "http://127.0.0.1:8080/callback",
		RetryWaitMin: time.Millisecond, RetryWaitMax: 2 * time.Millisecond,
		DialTimeout: 10 * time.Second, CallTimeout: 20 * time.Second, MaxRequest: 20 * time.Second,
	}
	for _, f := range adjust {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

// newServer serves h over plain HTTP on loopback.
func newServer(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// remote is the far end of submissions: a listener whose connections are driven by
// a script, and what arrived at it.
type remote struct {
	base        string // http://127.0.0.1:port or https://…
	roots       *x509.CertPool
	connections atomic.Int32
	headers     atomic.Int32 // complete request headers that arrived
	received    atomic.Int64 // octets of requests, after TLS
	done        sync.WaitGroup
}

// script drives one connection. Whatever it does, the connection is closed after.
type script func(r *remote, conn net.Conn)

// newRemote listens with or without TLS and runs play on each connection.
func newRemote(t *testing.T, secure bool, play script) *remote {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &remote{base: "http://" + listener.Addr().String()}
	var config *tls.Config
	if secure {
		config, r.roots = certificate()
		r.base = "https://" + listener.Addr().String()
	}
	r.done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.connections.Add(1)
			r.done.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
				if secure {
					server := tls.Server(conn, config)
					if server.Handshake() != nil {
						return
					}
					play(r, server)
					_ = server.Close()
					return
				}
				play(r, conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		r.done.Wait()
	})
	return r
}

// certificate borrows the test certificate of httptest (127.0.0.1, example.com).
var certificate = sync.OnceValues(func() (*tls.Config, *x509.CertPool) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return &tls.Config{Certificates: server.TLS.Certificates, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, roots
})

func (r *remote) client(t *testing.T, adjust ...func(*Config)) *Client {
	t.Helper()
	trust := func(c *Config) { c.RootCAs = r.roots }
	return newClient(t, r.base, append([]func(*Config){trust}, adjust...)...)
}

// header reads up to the end of a request header.
func (r *remote) header(conn net.Conn) (*http.Request, *bufio.Reader, error) {
	reader := bufio.NewReader(io.TeeReader(conn, counter{&r.received}))
	req, err := http.ReadRequest(reader)
	if err == nil {
		r.headers.Add(1)
	}
	return req, reader, err
}

// request reads one whole request; the body is what was sent of it.
func (r *remote) request(conn net.Conn) (*http.Request, []byte, error) {
	req, _, err := r.header(conn)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(req.Body)
	return req, body, err
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return len(b), nil
}

// answer writes a response with that status, further header lines and body.
func answer(conn net.Conn, status int, body string, lines ...string) {
	head := fmt.Sprintf("HTTP/1.1 %d x\r\nContent-Length: %d\r\n%s\r\n", status, len(body), strings.Join(append(lines, ""), "\r\n"))
	_, _ = io.WriteString(conn, head+body)
}

// replies reads a whole request and answers it.
func replies(status int, body string, lines ...string) script {
	return func(r *remote, conn net.Conn) {
		_, _, err := r.request(conn)
		if err == nil {
			answer(conn, status, body, lines...)
		}
	}
}

const (
	testName = "01JZ0000000000000000000000.zip"
	ackBody  = `{"metadata":{"title":"t","detail":"d","type":"u","instance":"i"},
		"results":{"send_number":"202607011000000001","send_date":"2026-07-01 10:00:00","file_name":"` + testName + `","apply_count":2},
		"_links":{"self":"s","list":"l","report":"r"}}`
	badBody = `{"title":"Bad Request","type":"u","instance":"/shinsei/v2/bulk-apply","error_count":1,
		"error":[{"errorFolder":"950A010700005000","errorFile":"kousei.xml","content":"x"}]}`
)

func ok() error { return nil }

// submit opens a submission and sends archive over it.
func submit(t *testing.T, c *Client, archive []byte) SubmissionResult {
	t.Helper()
	ctx := context.Background()
	s, err := c.OpenSubmission(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	result, err := s.BulkApply(ctx, testToken, testName, archive, ok)
	if err != result.Err { //nolint:errorlint // the very same value is meant
		t.Errorf("BulkApply returned %v beside a result with %v", err, result.Err)
	}
	return result
}
