package egov

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// answerGrace is how long a failed write leaves the reading side alive. A server
// that refuses early closes its end while the body is still on its way; its answer
// is then in the receive buffer already.
const answerGrace = 2 * time.Second

// socket counts what the kernel accepted of a TCP connection.
type socket struct {
	net.Conn
	written atomic.Int64
}

func (s *socket) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	s.written.Add(int64(n))
	return n, err
}

// line is the connection of one submission as the HTTP transport sees it: TLS over
// socket, or socket itself. It calls open right before the first byte, and follows
// how far into the request the bytes that may have left reach.
type line struct {
	net.Conn
	socket *socket
	secure bool
	closed chan struct{} // closed by the first Close
	once   sync.Once

	mu         sync.Mutex // held while open runs and while bytes are written
	open       func() error
	started    bool
	dead       bool
	before     int64 // what socket had written when the request began, i.e. the handshake
	passed     int64 // bytes of the request that may have left
	ending     int   // how much of CR LF CR LF was just seen
	headerSize int64 // 0 until the header's end was passed
	broken     bool  // a write failed
	refusal    error // what open said
}

// errDead reports a write after the request's only chance.
var errDead = errors.New("the connection is used up")

// Write hands b to the network.
func (l *line) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return 0, errDead
	}
	if !l.started {
		l.started = true
		l.before = l.socket.written.Load()
		err := l.open()
		if err != nil {
			l.dead, l.refusal = true, err
			return 0, err
		}
	}
	mark := l.socket.written.Load()
	n, err := l.Conn.Write(b)
	l.observe(b[:l.left(b, n, err, mark)])
	if err != nil {
		l.dead, l.broken = true, true
		if l.headerSize > 0 {
			l.awaitAnswer()
		}
	}
	return n, err
}

// left is how much of b may have left. Without TLS, and after success, it is what
// was counted. A TLS write that failed half-way does not tell which part of b the
// octets on the network stand for, so it counts as a whole.
func (l *line) left(b []byte, n int, err error, mark int64) int {
	switch {
	case err == nil || !l.secure:
		return n
	case l.socket.written.Load() == mark:
		return 0
	default:
		return len(b)
	}
}

// observe follows the request up to the end of its header.
func (l *line) observe(b []byte) {
	if l.headerSize == 0 {
		for i, c := range b {
			switch {
			case c == "\r\n\r\n"[l.ending]:
				l.ending++
			case c == '\r':
				l.ending = 1
			default:
				l.ending = 0
			}
			if l.ending == 4 {
				l.headerSize = l.passed + int64(i) + 1
				break
			}
		}
	}
	l.passed += int64(len(b))
}

func (l *line) awaitAnswer() {
	timer := time.NewTimer(answerGrace)
	defer timer.Stop()
	select {
	case <-l.closed:
	case <-timer.C:
	}
}

// Close closes the connection. It may be called while a write is blocked.
func (l *line) Close() error {
	var err error
	l.once.Do(func() {
		close(l.closed)
		err = l.Conn.Close()
	})
	return err
}

// settle ends the line: when it returns, no byte of the request leaves any more.
// It tells how much may have left of a request with a body of bodySize bytes, and
// what open refused with, if it did.
func (l *line) settle(bodySize int64) (Progress, error) {
	_ = l.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
	octets := l.socket.written.Load() - l.before
	switch {
	case !l.started || octets == 0 || l.passed == 0:
		return NothingWritten, l.refusal
	case l.headerSize == 0 || octets < l.headerSize: // no encryption makes it shorter
		return PartialHeader, l.refusal
	case l.broken || l.passed < l.headerSize+bodySize:
		return HeaderComplete, l.refusal
	default:
		return BodyComplete, l.refusal
	}
}

// errSpoke reports a server that sends before it was asked.
var errSpoke = errors.New("the server sent data before the request")

// alive looks whether the server has closed the connection while it lay open, which
// is the last thing to learn before a write can no longer be taken back.
func (l *line) alive() error {
	const glance = 10 * time.Millisecond
	err := l.SetReadDeadline(time.Now().Add(glance)) //nolint:forbidigo // deadlines are on the system's clock
	if err != nil {
		return err
	}
	var one [1]byte
	n, err := l.Read(one[:])
	if n > 0 {
		return errSpoke
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return l.SetReadDeadline(time.Time{})
}
