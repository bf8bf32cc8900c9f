package egov

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// maxHeader bounds the header of any answer, in bytes.
const maxHeader = 64 << 10

// Client speaks to one e-Gov environment as one registered software. It is safe
// for concurrent use.
type Client struct {
	skew   atomic.Pointer[time.Duration] // at the last answer to a safe call
	cfg    Config
	secret func() string // behind a function no formatting can reach it
	safe   *retryablehttp.Client
	once   *http.Client // token requests: one try each, no connection kept
}

// New returns a Client, or everything that is wrong with cfg.
func New(cfg Config) (*Client, error) {
	err := cfg.Validate()
	if err != nil {
		return nil, fmt.Errorf("configure e-Gov client: %w", err)
	}
	cfg = cfg.withDefaults()
	secret := cfg.ClientSecret
	cfg.ClientSecret = ""
	c := &Client{cfg: cfg, secret: func() string { return secret }}

	pooled := c.transport()
	c.safe = &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: onlyGet{pooled}, CheckRedirect: stay, Timeout: cfg.CallTimeout},
		RetryMax:     cfg.Retries,
		RetryWaitMin: cfg.RetryWaitMin,
		RetryWaitMax: max(cfg.RetryWaitMax, cfg.RetryWaitMin),
		CheckRetry:   checkRetry,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	single := c.transport()
	single.DisableKeepAlives = true
	c.once = &http.Client{Transport: single, CheckRedirect: stay, Timeout: cfg.CallTimeout}
	return c, nil
}

// CloseIdle closes the connections that safe calls keep for reuse.
func (c *Client) CloseIdle() { c.safe.HTTPClient.CloseIdleConnections() }

// MaxRequest is the longest that a submission may take, answer included.
func (c *Client) MaxRequest() time.Duration { return c.cfg.MaxRequest }

// Format names the environment only.
func (c *Client) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "egov.Client{%s}", c.cfg.APIBase)
}

// transport carries everything but submissions. HTTP/2 is left out: it is not in
// e-Gov's description, and one protocol is easier to reason about.
func (c *Client) transport() *http.Transport {
	dialer := &net.Dialer{Timeout: c.cfg.DialTimeout}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  c.proxyFor,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        c.tlsConfig(""),
		TLSHandshakeTimeout:    c.cfg.DialTimeout,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// tlsConfig is for the server of that name; the transport fills in an empty name.
func (c *Client) tlsConfig(server string) *tls.Config {
	return &tls.Config{
		ServerName: server,
		RootCAs:    c.cfg.RootCAs,
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
	}
}

func (c *Client) proxyFor(req *http.Request) (*url.URL, error) {
	if c.cfg.Proxy == "" || loopback(req.URL.Hostname()) {
		return nil, nil //nolint:nilnil // the transport's way to say "no proxy"
	}
	return url.Parse(c.cfg.Proxy)
}

// stay keeps redirects from being followed: the redirect is the answer.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// onlyGet keeps anything that is not safe away from the client that retries.
type onlyGet struct{ http.RoundTripper }

func (t onlyGet) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return nil, fmt.Errorf("%s is not a safe method", req.Method)
	}
	return t.RoundTripper.RoundTrip(req)
}

func (t onlyGet) CloseIdleConnections() {
	pool, ok := t.RoundTripper.(interface{ CloseIdleConnections() })
	if ok {
		pool.CloseIdleConnections()
	}
}

// checkRetry repeats a safe call when the connection failed or a gateway may do
// better the next time. A certificate that does not verify stays what it is, and so
// does 500, which e-Gov describes as an error of its own in treating the request.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
		return !untrusted, nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, nil
	default:
		return false, nil
	}
}

// backoff doubles from shortest to longest. A Retry-After in seconds counts when it
// is longer, but nothing exceeds longest: a hostile header cannot stop the night.
func backoff(shortest, longest time.Duration, attempt int, resp *http.Response) time.Duration {
	wait := longest
	if attempt < 20 {
		wait = min(shortest<<attempt, longest)
	}
	if resp == nil {
		return wait
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return wait
	}
	asked := longest
	if seconds < int(longest/time.Second) {
		asked = time.Duration(seconds) * time.Second
	}
	return max(wait, asked)
}

// errTooLong reports an answer beyond the configured bound.
var errTooLong = errors.New("longer than allowed")

// readBounded reads at most limit bytes. What was read is returned with the error.
func readBounded(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(body)) > limit {
		return body[:limit], errTooLong
	}
	return body, err
}
