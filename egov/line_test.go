package egov

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var errCut = errors.New("the network was cut")

// cutConn is a connection of which the network takes so many octets and no more.
type cutConn struct {
	net.Conn
	takes int
	armed bool
}

func (c *cutConn) Write(b []byte) (int, error) {
	if !c.armed || len(b) <= c.takes {
		if c.armed {
			c.takes -= len(b)
		}
		return c.Conn.Write(b)
	}
	n, err := c.Conn.Write(b[:c.takes])
	c.takes = 0
	_ = c.Conn.Close()
	return n, errors.Join(errCut, err)
}

// cutSubmission opens a submission over a pipe that is cut after that many octets
// of the request. The channel yields what arrived at the far end.
func cutSubmission(t *testing.T, secure bool, takes int) (*Submission, <-chan []byte) {
	near, far := net.Pipe()
	arrived := make(chan []byte, 1)
	config, roots := certificate()
	go func() {
		var server net.Conn = far
		if secure {
			server = tls.Server(far, config)
		}
		var all bytes.Buffer
		_, _ = io.Copy(&all, server)
		_ = far.Close()
		arrived <- all.Bytes()
	}()
	base := "http://127.0.0.1:1"
	if secure {
		base = "https://127.0.0.1:1"
	}
	c, err := New(Config{
		APIBase: base + "/shinsei/v2", AuthBase: base + "/auth", ClientID: "software-1", ClientSecret: testSecret,
		RedirectURI: "http://127.0.0.1:8080/callback", RootCAs: roots,
	})
	if err != nil {
		t.Error(err)
	}
	cut := &cutConn{Conn: near, takes: takes}
	counted := &socket{Conn: cut}
	l := &line{Conn: counted, socket: counted, closed: make(chan struct{})}
	if secure {
		client := tls.Client(counted, c.tlsConfig("127.0.0.1"))
		err = client.Handshake()
		if err != nil {
			t.Error(err)
		}
		l.Conn, l.secure = client, true
		// TLS 1.3 session tickets are read before the cut: net.Pipe has no buffer.
		err = l.alive()
		if err != nil {
			t.Error(err)
		}
	}
	cut.armed = true
	return &Submission{client: c, line: l}, arrived
}

// TestCutAtEveryOctet cuts the network after each number of octets and compares
// what the client claims with what the far end really has.
func TestCutAtEveryOctet(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, secure bool) {
		var cuts []int
		for takes := range 420 {
			cuts = append(cuts, takes)
		}
		for takes := 420; takes < 3000; takes += 61 {
			cuts = append(cuts, takes)
		}
		var group sync.WaitGroup
		var notSent, unknown atomic.Int32
		places := make(chan struct{}, 16)
		for _, takes := range cuts {
			places <- struct{}{}
			group.Go(func() {
				defer func() { <-places }()
				if cutAt(t, secure, takes) == NotSent {
					notSent.Add(1)
				} else {
					unknown.Add(1)
				}
			})
		}
		group.Wait()
		t.Logf("%d cuts were certainly not sent, %d unknown", notSent.Load(), unknown.Load())
		if notSent.Load() < 100 || unknown.Load() < 30 {
			t.Error("the cuts did not reach both sides of the header's end")
		}
	})
}

func cutAt(t *testing.T, secure bool, takes int) Class {
	s, arrived := cutSubmission(t, secure, takes)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	done := make(chan SubmissionResult, 1)
	go func() {
		r, _ := s.BulkApply(ctx, testToken, testName, bytes.Repeat([]byte{7}, 1500), ok)
		done <- r
	}()
	result, got := outcome(t, s, done, arrived)
	end := bytes.Index(got, []byte("\r\n\r\n"))
	class := Classify(BulkApply, result)
	switch {
	case end >= 0 && class != Unknown:
		t.Errorf("cut after %d: the header arrived, class %v (%v)", takes, class, result.Progress)
	case class != Unknown && class != NotSent:
		t.Errorf("cut after %d: class %v", takes, class)
	case !secure && end < 0 && class != NotSent:
		t.Errorf("cut after %d: the header did not arrive, class %v (%v)", takes, class, result.Progress)
	case takes == 0 && result.Progress != NothingWritten:
		t.Errorf("nothing left, progress %v", result.Progress)
	}
	return class
}

// outcome waits for the result; a request that arrived whole is not answered, so
// the connection is closed once everything was written.
func outcome(t *testing.T, s *Submission, done <-chan SubmissionResult, arrived <-chan []byte) (SubmissionResult, []byte) {
	t.Helper()
	_, size, err := newPayload(testName, make([]byte, 1500))
	if err != nil {
		t.Error(err)
	}
	for {
		select {
		case r := <-done:
			return r, <-arrived
		case <-time.After(time.Millisecond):
			if s.line.mu.TryLock() {
				all := s.line.headerSize > 0 && !s.line.broken && s.line.passed >= s.line.headerSize+size
				s.line.mu.Unlock()
				if all {
					_ = s.line.socket.Close()
				}
			}
		}
	}
}

func TestLineCloseEndsTheWaitForAnAnswer(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	_ = far.Close()
	counted := &socket{Conn: near}
	l := &line{Conn: counted, socket: counted, closed: make(chan struct{}), started: true, headerSize: 10, passed: 20}
	failed := make(chan error, 1)
	go func() {
		_, err := l.Write([]byte("x"))
		failed <- err
	}()
	_ = l.Close()
	err := <-failed
	progress, _ := l.settle(5)
	if err == nil || progress != NothingWritten && progress != HeaderComplete {
		t.Errorf("%v, %v", progress, err)
	}
}
