package sim

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"todoke/egov/sim/fault"
)

// answer is a response in memory, so that a fault can decide what becomes of it.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// withFaults runs an operation as the script has it: not at all, or with
// another answer than the real one.
func (s *Server) withFaults(w http.ResponseWriter, c *call) {
	rule, hit := s.script.Load().Request(c.route.operation)
	if hit && s.before(w, c, rule) {
		return
	}
	a := &answer{header: w.Header()}
	s.handle(a, c)
	if hit {
		s.after(w, c, rule, a)
		return
	}
	a.send(w)
}

func (a *answer) send(w http.ResponseWriter) {
	a.WriteHeader(http.StatusOK)
	if a.body.Len() > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}

// before carries out the effects that keep the request from being handled and
// tells whether the request is finished.
func (s *Server) before(w http.ResponseWriter, c *call, rule fault.Rule) bool {
	switch rule.Effect { //nolint:exhaustive // the other effects come after
	case fault.ResetBefore:
		reset(w)
	case fault.StatusBefore:
		s.faultStatus(w, c, rule.Status)
	case fault.Redirect:
		w.Header().Set("Location", c.URL.RequestURI())
		w.WriteHeader(http.StatusTemporaryRedirect)
	case fault.EmptyNotFound:
		w.WriteHeader(http.StatusNotFound)
	case fault.Slow:
		wait := time.NewTimer(rule.Delay)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-c.Context().Done():
		}
		return false
	default:
		return false
	}
	return true
}

// after carries out the effects that spoil the answer of a handled request.
func (s *Server) after(w http.ResponseWriter, c *call, rule fault.Rule, a *answer) {
	switch rule.Effect { //nolint:exhaustive // the other effects came before
	case fault.DropAnswer:
		panic(http.ErrAbortHandler)
	case fault.StatusAfter:
		clear(w.Header())
		status := rule.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		s.faultStatus(w, c, status)
	case fault.HalfBody:
		a.WriteHeader(http.StatusOK)
		w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case fault.WrongJSON:
		a.body.Reset()
		a.body.WriteString(`{"metadata":{"title":`)
		a.send(w)
	default:
		a.send(w)
	}
}

// faultStatus answers with a status as e-Gov would word it, or, for those that
// e-Gov does not have, as a gateway in front of it.
func (s *Server) faultStatus(w http.ResponseWriter, c *call, status int) {
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="e-Gov", error="invalid_token", error_description="the access token is not valid"`)
		w.WriteHeader(status)
	case http.StatusNotFound:
		w.WriteHeader(status)
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusInternalServerError, http.StatusServiceUnavailable:
		s.problem(w, c, status, "システムエラーが発生しました。")
	default:
		if status < 300 || status > 599 {
			status = http.StatusInternalServerError
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<html><body><h1>%d %s</h1></body></html>\n", status, http.StatusText(status))
	}
}

// reset closes the connection with a TCP reset where the connection can be had.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
