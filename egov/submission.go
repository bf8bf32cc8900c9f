package egov

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"unicode/utf8"
)

// Submission is an open connection to e-Gov that carries one request at most. It
// is opened before the attempt is committed as sending, so that a network that is
// down is found out while nothing is at stake.
type Submission struct {
	client *Client
	line   *line
	used   atomic.Bool
}

// OpenSubmission dials e-Gov: TCP, the configured proxy if any, TLS with HTTP/1.1
// as the only protocol. Nothing of a request is written. The error is ErrNotSent.
// The caller closes the Submission, used or not.
func (c *Client) OpenSubmission(ctx context.Context) (*Submission, error) {
	l, err := c.dial(ctx)
	if err != nil {
		return nil, &TransportError{Operation: "open submission", Progress: NothingWritten, Err: plain(err)}
	}
	return &Submission{client: c, line: l}, nil
}

// Close closes the connection. After a request it does nothing.
func (s *Submission) Close() error {
	s.used.Store(true)
	err := s.line.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// BulkApply submits archive, a zip of application folders, under fileName, by which
// it is found again in Reports (e-Gov OpenAPI 2.0.0, POST /bulk-apply). fileName is 1
// to 256 characters with its extension.
//
// ready is called right before the first byte, from another goroutine; it must end
// by itself, and when it returns an error, nothing is written. A Submission is good for one BulkApply: a
// second one, and one after Close, is not sent. When BulkApply returns, nothing reads
// archive any more and nothing of the request can leave any more.
//
// The result goes to Classify; the error is the one in it: a *TransportError (is
// ErrNotSent where that is certain), a *StatusError, or a *DecodeError. With an
// answer that acknowledges, it is nil.
func (s *Submission) BulkApply(ctx context.Context, accessToken, fileName string, archive []byte, ready func() error) (SubmissionResult, error) {
	result := s.bulkApply(ctx, accessToken, fileName, archive, ready)
	return result, result.Err
}

func (s *Submission) bulkApply(ctx context.Context, accessToken, fileName string, archive []byte, ready func() error) SubmissionResult {
	length := utf8.RuneCountInString(fileName)
	if length < 1 || length > 256 || !utf8.ValidString(fileName) || len(archive) == 0 {
		return notSent(BulkApply, errors.New("the file name has not 1 to 256 characters, or the archive is empty"))
	}
	body, size, err := newPayload(fileName, archive)
	if err != nil {
		return notSent(BulkApply, err)
	}
	defer body.Close() //nolint:errcheck // reads memory only
	result := s.send(ctx, BulkApply, "/bulk-apply", accessToken, body, size, ready)
	if result.Answer == nil {
		return result
	}
	invalid := result.Answer.readBulk(fileName)
	if result.Err != nil { // why the body is not whole
		invalid = result.Err
	}
	result.Err = result.verdict(BulkApply, invalid)
	return result
}

// verdict is the error for a result with an answer, of which invalid says why the
// body is not valid.
func (r SubmissionResult) verdict(op Operation, invalid error) error {
	success := r.Answer.Status/100 == 2
	switch {
	case r.Progress != StatusReceived && success:
		return &DecodeError{Operation: op, Err: errors.New("a success that came before the request was written")}
	case r.Progress != StatusReceived:
		return &TransportError{Operation: op, Progress: r.Progress, Err: fmt.Errorf("status %d came before the request was written", r.Answer.Status)}
	case success && r.Answer.Valid:
		return nil
	case success && invalid != nil:
		return &DecodeError{Operation: op, Err: invalid}
	default:
		return r.Answer.statusError(op)
	}
}

func notSent(op Operation, err error) SubmissionResult {
	return SubmissionResult{Err: &TransportError{Operation: op, Progress: NothingWritten, Err: err}}
}

// send writes the one request of this submission and reads its answer. The
// transport is made for it, finds the open connection at its first dial and nothing
// at any further one; RoundTrip, other than http.Client, follows no redirect.
func (s *Submission) send(ctx context.Context, op Operation, path, accessToken string, body *payload, size int64, ready func() error) SubmissionResult {
	if s.used.Swap(true) {
		return notSent(op, errDead)
	}
	authorization, err := bearer(accessToken)
	if err != nil {
		return notSent(op, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.client.cfg.MaxRequest)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.client.cfg.APIBase+path, body)
	if err != nil {
		return notSent(op, plain(err))
	}
	req.ContentLength = size
	req.GetBody = nil
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", s.client.cfg.UserAgent)
	err = s.line.alive()
	if err != nil {
		return notSent(op, fmt.Errorf("the connection was lost before the request: %w", err))
	}
	s.line.open = func() error {
		err := ctx.Err()
		if err == nil {
			err = ready()
		}
		if err == nil {
			err = ctx.Err()
		}
		return err
	}
	transport := s.transport()
	defer transport.CloseIdleConnections()
	return s.exchange(transport, op, req, size)
}

func (s *Submission) exchange(transport http.RoundTripper, op Operation, req *http.Request, size int64) SubmissionResult {
	resp, err := transport.RoundTrip(req)
	if err != nil {
		progress, refusal := s.line.settle(size)
		ended := req.Context().Err()
		switch {
		case refusal != nil:
			err = refusal
		case ended != nil && !errors.Is(err, ended): // the transport tells of its closed connection
			err = errors.Join(ended, err)
		}
		return SubmissionResult{Progress: progress, Err: &TransportError{Operation: op, Progress: progress, Err: plain(err)}}
	}
	answer, err := readAnswer(resp, s.client.cfg.MaxAnswer)
	_ = resp.Body.Close() // the connection is given up in any case
	progress, _ := s.line.settle(size)
	if progress >= HeaderComplete {
		progress = StatusReceived
	}
	return SubmissionResult{Progress: progress, Answer: answer, Err: err}
}

// transport hands out the open connection once.
func (s *Submission) transport() *http.Transport {
	var handed atomic.Bool
	hand := func(context.Context, string, string) (net.Conn, error) {
		if handed.Swap(true) {
			return nil, errDead
		}
		return s.line, nil
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            hand,
		DialTLSContext:         hand,
		Protocols:              protocols,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// dial opens the connection that a submission goes over.
func (c *Client) dial(ctx context.Context) (*line, error) {
	base, err := url.Parse(c.cfg.APIBase)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	tcp, err := c.dialTCP(ctx, base)
	if err != nil {
		return nil, err
	}
	counted := &socket{Conn: tcp}
	l := &line{Conn: counted, socket: counted, closed: make(chan struct{})}
	if base.Scheme == "http" {
		return l, nil
	}
	secure := tls.Client(counted, c.tlsConfig(base.Hostname()))
	err = secure.HandshakeContext(ctx)
	if err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	agreed := secure.ConnectionState().NegotiatedProtocol
	if agreed != "" && agreed != "http/1.1" {
		return nil, errors.Join(fmt.Errorf("the server chose protocol %q", agreed), secure.Close())
	}
	l.Conn, l.secure = secure, true
	return l, nil
}
