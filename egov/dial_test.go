package egov

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// newProxy is an HTTP proxy that leads every tunnel to target, whatever was asked.
func newProxy(t *testing.T, target string, status string) (*remote, *atomic.Value) {
	t.Helper()
	var asked atomic.Value
	proxy := newRemote(t, false, func(_ *remote, conn net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		asked.Store(req.Method + " " + req.RequestURI)
		_, _ = io.WriteString(conn, "HTTP/1.1 "+status+"\r\n\r\n")
		if !strings.HasPrefix(status, "200") {
			return
		}
		var dialer net.Dialer
		far, err := dialer.DialContext(context.Background(), "tcp", strings.TrimPrefix(target, "https://"))
		if err != nil {
			return
		}
		defer far.Close()
		go func() { _, _ = io.Copy(far, conn) }()
		_, _ = io.Copy(conn, far)
	})
	return proxy, &asked
}

func TestSubmissionThroughAProxy(t *testing.T) {
	t.Parallel()
	r := newRemote(t, true, replies(202, ackBody))
	proxy, asked := newProxy(t, r.base, "200 OK")
	c := newClient(t, "https://example.com", func(c *Config) { c.RootCAs, c.Proxy = r.roots, proxy.base })
	result := submit(t, c, []byte("zip"))
	if Classify(BulkApply, result) != Acknowledged || asked.Load() != "CONNECT example.com:443" {
		t.Errorf("%v, proxy was asked %v", result.Err, asked.Load())
	}
}

func TestProxyThatRefuses(t *testing.T) {
	t.Parallel()
	proxy, _ := newProxy(t, "", "407 Proxy Authentication Required")
	c := newClient(t, "https://example.com", func(c *Config) { c.Proxy = proxy.base })
	_, err := c.OpenSubmission(context.Background())
	if !errors.Is(err, ErrNotSent) || !strings.Contains(err.Error(), "407") {
		t.Errorf("OpenSubmission = %v", err)
	}
}

func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	c := newClient(t, "https://example.com")
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, transport := range map[string]http.RoundTripper{"once": c.once.Transport, "safe": c.safe.HTTPClient.Transport.(onlyGet).RoundTripper} {
		proxy, err := transport.(*http.Transport).Proxy(req)
		if proxy != nil || err != nil {
			t.Errorf("%s: %v, %v", name, proxy, err)
		}
	}
}

func TestOpenSubmissionFailsBeforeAnythingIsAtStake(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	secure := newRemote(t, true, func(*remote, net.Conn) {})
	mute := newRemote(t, false, func(_ *remote, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	config, roots := certificate()
	another := newRemote(t, false, func(_ *remote, conn net.Conn) {
		strange := config.Clone()
		strange.NextProtos = []string{"strange"}
		_ = tls.Server(conn, strange).Handshake()
	})
	https := func(r *remote) string { return "https://" + strings.TrimPrefix(r.base, "http://") }
	for name, c := range map[string]*Client{
		"nobody listens":         newClient(t, "http://"+closed.Addr().String()),
		"an unknown certificate": newClient(t, secure.base),
		"another host's certificate": newClient(t, strings.Replace(secure.base, "127.0.0.1", "localhost", 1), func(c *Config) {
			c.RootCAs = roots
		}),
		"a mute server":    newClient(t, https(mute), func(c *Config) { c.RootCAs, c.DialTimeout = roots, 50*time.Millisecond }),
		"another protocol": newClient(t, https(another), func(c *Config) { c.RootCAs = roots }),
		"a mute proxy":     newClient(t, "https://example.com", func(c *Config) { c.Proxy, c.DialTimeout = mute.base, 50*time.Millisecond }),
		"a proxy's lack":   newClient(t, "https://example.com", func(c *Config) { c.Proxy = "http://" + closed.Addr().String() }),
	} {
		s, err := c.OpenSubmission(context.Background())
		if !errors.Is(err, ErrNotSent) || s != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnknownCertificateIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	r := newRemote(t, true, func(*remote, net.Conn) {})
	_, err := reports(newClient(t, r.base), july)
	authority, ok := errors.AsType[x509.UnknownAuthorityError](err)
	if !ok || r.connections.Load() != 1 {
		t.Errorf("%v %v after %d connections", err, authority, r.connections.Load())
	}
}

func TestIPv6AndDefaultPorts(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://api.example/v2": "api.example:443", "http://[::1]/v2": "[::1]:80", "https://[2001:db8::1]:8443": "[2001:db8::1]:8443",
	} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, base, nil)
		if err != nil || address(req.URL) != want {
			t.Errorf("%s: %s, %v", base, address(req.URL), err)
		}
	}
}

// TestNothingIsLeftRunning ends submissions in many ways and counts goroutines. It
// is not parallel, so that no other test's are counted.
func TestNothingIsLeftRunning(t *testing.T) {
	plays := []script{
		replies(202, ackBody), replies(307, "", "Location: /"), replies(500, "x"),
		func(r *remote, conn net.Conn) { _, _, _ = r.header(conn) },
		func(*remote, net.Conn) {},
	}
	before := runtime.NumGoroutine()
	for _, secure := range []bool{false, true} {
		for _, play := range plays {
			t.Run("", func(t *testing.T) {
				r := newRemote(t, secure, play)
				c := r.client(t, func(c *Config) { c.MaxRequest = 5 * time.Second })
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				for range 5 {
					s, err := c.OpenSubmission(ctx)
					if err != nil {
						t.Fatal(err)
					}
					_, _ = s.BulkApply(ctx, testToken, testName, make([]byte, 1<<20), ok)
					_ = s.Close()
				}
			})
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}
