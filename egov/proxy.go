package egov

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// dialTCP connects to the host of base, through the configured proxy unless the
// host is this machine.
func (c *Client) dialTCP(ctx context.Context, base *url.URL) (net.Conn, error) {
	var dialer net.Dialer
	target := address(base)
	proxy, err := c.proxyFor(&http.Request{URL: base})
	if err != nil {
		return nil, err
	}
	if proxy == nil {
		return dialer.DialContext(ctx, "tcp", target)
	}
	conn, err := dialer.DialContext(ctx, "tcp", address(proxy))
	if err != nil {
		return nil, fmt.Errorf("reach the proxy: %w", err)
	}
	err = connect(ctx, conn, target)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ask the proxy for %s: %w", target, err), conn.Close())
	}
	return conn, nil
}

// connect has an HTTP proxy open a tunnel to target (RFC 9110, CONNECT).
func connect(ctx context.Context, conn net.Conn, target string) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target)
	if err != nil {
		return err
	}
	reader := bufio.NewReaderSize(conn, maxHeader)
	resp, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect}) //nolint:bodyclose // a tunnel has none
	if err != nil {
		return err
	}
	switch {
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("status %d", resp.StatusCode)
	case reader.Buffered() > 0:
		return errSpoke
	}
	if !stop() {
		return ctx.Err()
	}
	return nil
}

func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}
