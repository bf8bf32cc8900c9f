package egov

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"todoke/egov/wire"
)

// overBoth runs a test without and with TLS.
func overBoth(t *testing.T, test func(t *testing.T, secure bool)) {
	for name, secure := range map[string]bool{"plain": false, "tls": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, secure)
		})
	}
}

func TestBulkApplySendsOneWholeRequest(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, secure bool) {
		archive := bytes.Repeat([]byte("PK\x03\x04 zip "), 100_001)
		var req *http.Request
		var body []byte
		r := newRemote(t, secure, func(r *remote, conn net.Conn) {
			var err error
			req, body, err = r.request(conn)
			if err != nil {
				return
			}
			answer(conn, 202, ackBody, "Content-Type: application/json", "Set-Cookie: a=b")
		})
		result := submit(t, r.client(t), archive)
		if result.Err != nil || result.Progress != StatusReceived || Classify(BulkApply, result) != Acknowledged {
			t.Fatalf("result = %+v", result)
		}
		a := result.Answer
		if a.Bulk.SendNumber != "202607011000000001" || a.Bulk.ApplyCount != 2 || a.OtherName || !a.Valid || len(a.Header) != 1 {
			t.Errorf("answer = %+v %v %v", *a.Bulk, a.OtherName, a.Header)
		}
		if req.Method != http.MethodPost || req.RequestURI != "/shinsei/v2/bulk-apply" || req.Proto != "HTTP/1.1" || !req.Close {
			t.Errorf("request = %s %s %s, close %v", req.Method, req.RequestURI, req.Proto, req.Close)
		}
		for name, want := range map[string]string{
			"Authorization": "Bearer " + testToken, "Content-Type": "application/json", "User-Agent": "todoke",
			"Idempotency-Key": "", "X-Idempotency-Key": "", "Expect": "", "Cookie": "", "Accept-Encoding": "",
		} {
			if req.Header.Get(name) != want {
				t.Errorf("%s = %q, want %q", name, req.Header.Get(name), want)
			}
		}
		var sent wire.BulkRequest
		err := json.Unmarshal(body, &sent)
		if err != nil || int64(len(body)) != req.ContentLength || len(req.TransferEncoding) != 0 {
			t.Fatalf("body of %d octets, Content-Length %d: %v", len(body), req.ContentLength, err)
		}
		data, err := base64.StdEncoding.DecodeString(sent.SendFile.FileData)
		if err != nil || !bytes.Equal(data, archive) || sent.SendFile.FileName != testName {
			t.Errorf("the archive did not arrive as it was: %v", err)
		}
		if n := r.connections.Load(); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

// TestOneRequestWhateverHappens plays the far end of everything that makes HTTP
// clients send again, and counts.
func TestOneRequestWhateverHappens(t *testing.T) {
	t.Parallel()
	reset := func(conn net.Conn) {
		type rawConn interface{ NetConn() net.Conn }
		if secure, ok := conn.(rawConn); ok {
			conn = secure.NetConn()
		}
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
	for _, c := range []struct {
		name     string
		play     script
		progress Progress
		class    Class
	}{
		{"closes after reading", func(r *remote, conn net.Conn) { _, _, _ = r.request(conn) }, BodyComplete, Unknown},
		{"resets after reading", func(r *remote, conn net.Conn) { _, _, _ = r.request(conn); reset(conn) }, BodyComplete, Unknown},
		{"resets in the middle of the body", func(r *remote, conn net.Conn) {
			_, reader, err := r.header(conn)
			if err == nil {
				_, _ = io.CopyN(io.Discard, reader, 100_000)
			}
			reset(conn)
		}, HeaderComplete, Unknown},
		{"half a status line", func(r *remote, conn net.Conn) {
			_, _, _ = r.request(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 20")
		}, BodyComplete, Unknown},
		{"an HTTP/2 GOAWAY", func(r *remote, conn net.Conn) {
			_, _, _ = r.request(conn)
			_, _ = conn.Write([]byte("\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
		}, BodyComplete, Unknown},
		{"an endless header", func(r *remote, conn net.Conn) {
			_, _, _ = r.request(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 202 x\r\n"+strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 200))
		}, BodyComplete, Unknown},
		{"307", replies(307, "", "Location: /shinsei/v2/bulk-apply"), StatusReceived, Unknown},
		{"308", replies(308, "", "Location: /shinsei/v2/bulk-apply"), StatusReceived, Unknown},
		{"302", replies(302, "", "Location: /elsewhere"), StatusReceived, Unknown},
		{"101", replies(101, "", "Upgrade: h2c", "Connection: Upgrade"), StatusReceived, Unknown},
		{"408 and close", replies(408, "", "Connection: close"), StatusReceived, Unknown},
		{"425", replies(425, ""), StatusReceived, Unknown},
		{"421 misdirected", replies(421, ""), StatusReceived, Unknown},
		{"429", replies(429, "", "Retry-After: 0"), StatusReceived, Unknown},
		{"500", replies(500, `{"title":"e","type":"u","instance":"i","error_count":1}`), StatusReceived, Unknown},
		{"503", replies(503, "", "Retry-After: 0"), StatusReceived, Unknown},
		{"401 without body", replies(401, "", `WWW-Authenticate: Bearer realm="egov", error="invalid_token"`), StatusReceived, Unauthorized},
		{"404 without body", replies(404, ""), StatusReceived, Refused},
		{"404 with body", replies(404, "<html>"), StatusReceived, Unknown},
		{"413", replies(413, "<html>"), StatusReceived, Refused},
		{"400 of e-Gov's", replies(400, badBody), StatusReceived, NothingRegistered},
		{"400 of a gateway", replies(400, `{"title":"Bad Request"}`), StatusReceived, Unknown},
		{"202 that breaks off", replies(202, ackBody[:60], "Content-Length: 1000"), BodyComplete, Unknown},
		{"202 of something else", replies(202, `{"results":{}}`), StatusReceived, Unknown},
		{"204", replies(204, ""), StatusReceived, Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, secure bool) {
				r := newRemote(t, secure, c.play)
				size := 100_000
				if c.progress == HeaderComplete {
					size = 16 << 20 // more than the buffers in between hold
				}
				result := submit(t, r.client(t), make([]byte, size))
				class := Classify(BulkApply, result)
				if result.Progress != c.progress || class != c.class {
					t.Errorf("%v, %v (%v); want %v, %v", result.Progress, class, result.Err, c.progress, c.class)
				}
				if result.Err == nil || errors.Is(result.Err, ErrNotSent) {
					t.Errorf("error = %v", result.Err)
				}
				if n, h := r.connections.Load(), r.headers.Load(); n != 1 || h != 1 {
					t.Errorf("%d connections, %d requests", n, h)
				}
			})
		})
	}
}

// TestEarlyRefusal: the server answers and closes while the body is on its way.
func TestEarlyRefusal(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]Class{401: Unauthorized, 413: Refused, 503: Unknown} {
		overBoth(t, func(t *testing.T, secure bool) {
			r := newRemote(t, secure, func(r *remote, conn net.Conn) {
				_, _, err := r.header(conn)
				if err == nil {
					answer(conn, status, "", "Connection: close")
				}
			})
			result := submit(t, r.client(t), make([]byte, 16<<20))
			if Classify(BulkApply, result) != want {
				t.Errorf("status %d: %v, want %v (%v, %v)", status, Classify(BulkApply, result), want, result.Progress, result.Err)
			}
		})
	}
}

func TestAnswerKeepsWhatWasSeen(t *testing.T) {
	t.Parallel()
	other := strings.Replace(ackBody, testName, "other.zip", 1)
	r := newRemote(t, false, replies(202, other))
	result := submit(t, r.client(t), []byte("zip"))
	a := result.Answer
	if result.Err != nil || !a.OtherName || a.Bulk.FileName != "other.zip" || a.SentFileName != testName {
		t.Errorf("another name: %+v, %v", a, result.Err)
	}

	r = newRemote(t, false, replies(202, ackBody+strings.Repeat(" ", 2000)))
	result = submit(t, r.client(t, func(c *Config) { c.MaxAnswer = 1000 }), []byte("zip"))
	_, unreadable := errors.AsType[*DecodeError](result.Err)
	if !unreadable || len(result.Answer.Body) != 1000 || result.Answer.Whole || Classify(BulkApply, result) != Unknown {
		t.Errorf("too long an answer: %+v, %v", result.Answer, result.Err)
	}

	r = newRemote(t, false, replies(400, badBody))
	result = submit(t, r.client(t), []byte("zip"))
	refused, ok := errors.AsType[*StatusError](result.Err)
	if !ok || refused.Status != 400 || refused.Bulk.Errors[0].ErrorFolder != "950A010700005000" || refused.Problem.Title != "Bad Request" {
		t.Errorf("400: %v", result.Err)
	}

	r = newRemote(t, false, replies(401, "", `WWW-Authenticate: Bearer realm="egov", error="invalid_token", error_description="expired"`))
	result = submit(t, r.client(t), []byte("zip"))
	refused, ok = errors.AsType[*StatusError](result.Err)
	if !ok || refused.Challenge == nil || *refused.Challenge != (Challenge{"egov", "invalid_token", "expired"}) {
		t.Errorf("401: %v", result.Err)
	}
}

func TestReadyComesRightBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, secure bool) {
		r := newRemote(t, secure, replies(202, ackBody))
		s, err := r.client(t).OpenSubmission(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		calls := 0
		var before int64
		result, err := s.BulkApply(context.Background(), testToken, testName, []byte("zip"), func() error {
			calls++
			before = s.line.socket.written.Load() - s.line.before
			return nil
		})
		if err != nil || calls != 1 || before != 0 || Classify(BulkApply, result) != Acknowledged {
			t.Errorf("ready was called %d times, %d octets had left; %v", calls, before, err)
		}
	})
}

func TestNotSent(t *testing.T) {
	t.Parallel()
	errLost := errors.New("the lock was lost")
	for _, c := range []struct {
		name string
		send func(s *Submission) (SubmissionResult, error)
		want error
	}{
		{"ready refuses", func(s *Submission) (SubmissionResult, error) {
			return s.BulkApply(context.Background(), testToken, testName, make([]byte, 1<<20), func() error { return errLost })
		}, errLost},
		{"cancelled before", func(s *Submission) (SubmissionResult, error) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return s.BulkApply(ctx, testToken, testName, []byte("zip"), ok)
		}, context.Canceled},
		{"cancelled while ready runs", func(s *Submission) (SubmissionResult, error) {
			ctx, cancel := context.WithCancel(context.Background())
			return s.BulkApply(ctx, testToken, testName, []byte("zip"), func() error { cancel(); return nil })
		}, context.Canceled},
		{"closed", func(s *Submission) (SubmissionResult, error) {
			_ = s.Close()
			return s.BulkApply(context.Background(), testToken, testName, []byte("zip"), ok)
		}, errDead},
		{"no token", func(s *Submission) (SubmissionResult, error) {
			return s.BulkApply(context.Background(), "", testName, []byte("zip"), ok)
		}, errToken},
		{"a token with a line break", func(s *Submission) (SubmissionResult, error) {
			return s.BulkApply(context.Background(), "a\r\nIdempotency-Key: b", testName, []byte("zip"), ok)
		}, errToken},
		{"no name", func(s *Submission) (SubmissionResult, error) {
			return s.BulkApply(context.Background(), testToken, "", []byte("zip"), ok)
		}, nil},
		{"a name of 257 characters", func(s *Submission) (SubmissionResult, error) {
			return s.BulkApply(context.Background(), testToken, strings.Repeat("届", 257), []byte("zip"), ok)
		}, nil},
		{"no archive", func(s *Submission) (SubmissionResult, error) {
			return s.BulkApply(context.Background(), testToken, testName, nil, ok)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, secure bool) {
				r := newRemote(t, secure, replies(202, ackBody))
				s, err := r.client(t).OpenSubmission(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				result, err := c.send(s)
				_ = s.Close()
				if !errors.Is(err, ErrNotSent) || c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("error = %v, want %v", err, c.want)
				}
				if result.Progress != NothingWritten || Classify(BulkApply, result) != NotSent || r.received.Load() != 0 {
					t.Errorf("%v, %v, %d octets arrived", result.Progress, Classify(BulkApply, result), r.received.Load())
				}
			})
		})
	}
}

func TestSecondBulkApplyIsNotSent(t *testing.T) {
	t.Parallel()
	r := newRemote(t, true, replies(202, ackBody))
	s, err := r.client(t).OpenSubmission(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.BulkApply(context.Background(), testToken, testName, []byte("zip"), ok)
	if err != nil {
		t.Fatal(err)
	}
	result, err := s.BulkApply(context.Background(), testToken, testName, []byte("zip"), ok)
	if !errors.Is(err, ErrNotSent) || Classify(BulkApply, result) != NotSent || r.headers.Load() != 1 {
		t.Errorf("second = %v, %d requests", err, r.headers.Load())
	}
}

// TestServerLeavesWhileTheConnectionLiesOpen: the close is noticed before ready.
func TestServerLeavesWhileTheConnectionLiesOpen(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]string{"silently": "", "with 408": "HTTP/1.1 408 x\r\nContent-Length: 0\r\n\r\n"} {
		overBoth(t, func(t *testing.T, secure bool) {
			closed := make(chan struct{})
			r := newRemote(t, secure, func(_ *remote, conn net.Conn) {
				_, _ = io.WriteString(conn, last)
				_ = conn.Close()
				close(closed)
			})
			s, err := r.client(t).OpenSubmission(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			<-closed
			result, err := s.BulkApply(context.Background(), testToken, testName, []byte("zip"), func() error {
				t.Errorf("%s: ready was called", name)
				return nil
			})
			if !errors.Is(err, ErrNotSent) || Classify(BulkApply, result) != NotSent {
				t.Errorf("%s: %v, %v", name, result.Progress, err)
			}
		})
	}
}

func TestSilentServerMeetsMaxRequest(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, secure bool) {
		release := make(chan struct{})
		r := newRemote(t, secure, func(r *remote, conn net.Conn) {
			_, _, _ = r.request(conn)
			<-release
		})
		defer close(release)
		result := submit(t, r.client(t, func(c *Config) { c.MaxRequest = 1500 * time.Millisecond }), []byte("zip"))
		if !errors.Is(result.Err, context.DeadlineExceeded) || result.Progress != BodyComplete || Classify(BulkApply, result) != Unknown {
			t.Errorf("%v, %v", result.Progress, result.Err)
		}
	})
}

// TestArchiveMayBeWipedAfterwards has the race detector watch the caller's archive
// while a request is broken off.
func TestArchiveMayBeWipedAfterwards(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	r := newRemote(t, false, func(r *remote, conn net.Conn) {
		_, _, _ = r.header(conn)
		cancel()
		<-release // the body jams
	})
	defer close(release)
	s, err := r.client(t).OpenSubmission(ctx)
	if err != nil {
		t.Fatal(err)
	}
	archive := make([]byte, 32<<20)
	result, err := s.BulkApply(ctx, testToken, testName, archive, ok)
	clear(archive)
	if result.Progress != HeaderComplete || Classify(BulkApply, result) != Unknown || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", result.Progress, err)
	}
}
