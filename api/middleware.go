package api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strings"

	"github.com/gin-gonic/gin"

	"todoke/mynumber"
)

// Keys of the log. No value of a request is ever one of the attributes: the route is
// its template, the method one of HTTP's own.
const (
	attrRequest  = "request_id"
	attrMethod   = "method"
	attrRoute    = "route"
	attrStatus   = "status"
	attrDuration = "duration_ms"
	attrKey      = "key_id"
	attrError    = "error"
	attrFrames   = "frames"
)

// Keys of gin's context.
const (
	contextRequest = "todoke.request"
	contextKey     = "todoke.key"
)

func requestID(c *gin.Context) string { return c.GetString(contextRequest) }

// observe gives the request an id and writes the access log.
func (s *Server) observe(c *gin.Context) {
	start := s.now()
	id := rand.Text()
	c.Set(contextRequest, id)
	c.Writer.Header().Set(headerRequestID, id)
	c.Next()
	s.log.LogAttrs(c.Request.Context(), slog.LevelInfo, "api request",
		slog.String(attrRequest, id), slog.String(attrMethod, methodOf(c)), slog.String(attrRoute, routeOf(c)),
		slog.Int(attrStatus, c.Writer.Status()), slog.Int64(attrDuration, s.now().Sub(start).Milliseconds()),
		slog.String(attrKey, c.GetString(contextKey)))
}

// methodOf names the method, since a client can write anything there.
func methodOf(c *gin.Context) string {
	switch c.Request.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return c.Request.Method
	}
	return "other"
}

func routeOf(c *gin.Context) string {
	if c.FullPath() == "" {
		return "unmatched"
	}
	return c.FullPath()
}

// failure is what is logged of a request that failed on our side.
func (s *Server) failure(c *gin.Context, err error) []slog.Attr {
	return []slog.Attr{
		slog.String(attrRequest, requestID(c)), slog.String(attrRoute, routeOf(c)), slog.String(attrKey, c.GetString(contextKey)),
		slog.String(attrError, mynumber.Mask(err.Error())),
	}
}

func levelOf(status int) slog.Level {
	if status == http.StatusServiceUnavailable {
		return slog.LevelWarn
	}
	return slog.LevelError
}

// recover turns a panic into a 500. Neither the value nor the arguments of the stack
// are logged, only where it happened: both can hold what the client sent.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		err, isError := value.(error)
		if isError && errors.Is(err, http.ErrAbortHandler) {
			panic(value)
		}
		s.log.LogAttrs(c.Request.Context(), slog.LevelError, "api handler panicked", slog.String(attrRequest, requestID(c)),
			slog.String(attrRoute, routeOf(c)), slog.String(attrError, fmt.Sprintf("%T", value)), slog.Any(attrFrames, frames()))
		if !c.Writer.Written() {
			s.fail(c, errPanic)
		}
	}()
	c.Next()
}

const (
	panicDepth = 16
	panicSkip  = 4 // runtime.Callers, frames, the deferred function, runtime.gopanic
)

func frames() []string {
	pcs := make([]uintptr, panicDepth)
	walk := runtime.CallersFrames(pcs[:runtime.Callers(panicSkip, pcs)])
	var lines []string
	for {
		frame, more := walk.Next()
		lines = append(lines, fmt.Sprintf("%s:%d", frame.Function, frame.Line))
		if !more {
			return lines
		}
	}
}

// secure sets the headers that every answer carries. There is no CORS: browsers on
// other sites have no business here.
func secure(c *gin.Context) {
	header := c.Writer.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if c.Request.TLS != nil {
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
	c.Next()
}

// refuseNumberInURL stands before routing's handlers: a number in a URL is in the
// logs of everything between, and must not be made a habit.
func (s *Server) refuseNumberInURL(c *gin.Context) {
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if numberInPath(c.Request.URL.Path) || numberInQuery(query) {
		s.fail(c, errNumberInURL)
		return
	}
	if err != nil {
		s.fail(c, errQuery)
		return
	}
	c.Next()
}

func numberInPath(path string) bool {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if isULID(segment) {
			segments[i] = "id"
		}
	}
	return mynumber.In(strings.Join(segments, "/"))
}

func numberInQuery(query url.Values) bool {
	for key, values := range query {
		if mynumber.In(key) {
			return true
		}
		for _, value := range values {
			if mynumber.In(value) && !isULID(value) {
				return true
			}
		}
	}
	return false
}
