package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// DefaultIngestDelay is how long a stand-alone simulator takes to ingest a
// bulk when Config.IngestDelay is zero.
const DefaultIngestDelay = 3 * time.Second

// ListenAndServe runs a stand-alone simulator on addr ("127.0.0.1:8089"; port 0
// picks one) until the context ends, and then lets running requests finish. It
// writes one line to out when it is ready. Addresses that are not loopback need
// Config.AllowAnyAddress: the simulator holds what it is sent in clear.
// IngestDelay zero means DefaultIngestDelay here; a negative one is at once.
func ListenAndServe(ctx context.Context, addr string, cfg Config, out io.Writer) error {
	if cfg.IngestDelay == 0 {
		cfg.IngestDelay = DefaultIngestDelay
	}
	s, err := New(cfg)
	if err != nil {
		return err
	}
	if !cfg.AllowAnyAddress {
		err = loopback(addr)
		if err != nil {
			return fmt.Errorf("simulator address: %w", err)
		}
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("simulator listen: %w", err)
	}
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute,
		WriteTimeout:      10 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // its messages can quote what a client sent
	}
	_, err = fmt.Fprintf(out, "e-Gov simulator ready: http://%s api=%s auth=/auth ledger=/sim/ledger\n", listener.Addr(), apiPrefix)
	if err != nil {
		return errors.Join(fmt.Errorf("simulator announce: %w", err), listener.Close())
	}
	return run(ctx, server, listener)
}

func run(ctx context.Context, server *http.Server, listener net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("simulator serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	if err != nil {
		return fmt.Errorf("simulator stop: %w", errors.Join(err, server.Close()))
	}
	err = <-done // Serve has ended, as Shutdown made it
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("simulator serve: %w", err)
	}
	return nil
}

// loopback refuses every host but localhost and loopback addresses.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address must be host:port: %w", err)
	}
	ip := net.ParseIP(host)
	if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q is not a loopback address", host)
	}
	return nil
}
