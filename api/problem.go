package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
)

// Problem is the body of every answer that is not a success: RFC 9457, with a
// stable code and, where fields are to blame, one finding for each.
type Problem struct {
	Type     string    `json:"type"` // urn:todoke:problem:…
	Title    string    `json:"title"`
	Status   int       `json:"status"`
	Detail   string    `json:"detail"`   // Japanese, for staff: what to do
	Code     string    `json:"code"`     // TODOKE-API-nnnn, never reused
	Instance string    `json:"instance"` // urn:todoke:request:…, as in the log
	Errors   []Finding `json:"errors,omitempty"`
	FilingID string    `json:"filing_id,omitempty"` // the filing that a double meets
}

// Finding is one thing that is wrong with one field. It never repeats a value.
type Finding struct {
	Code    string `json:"code"`
	Field   string `json:"field"`
	Label   string `json:"label"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

const (
	problemType     = "application/problem+json"
	jsonType        = "application/json"
	typeURN         = "urn:todoke:problem:"
	requestURN      = "urn:todoke:request:"
	headerRequestID = "X-Request-Id"
)

// fail answers with the problem that the table has for the error, and stops. What
// the table does not know is logged under the request's id.
func (s *Server) fail(c *gin.Context, err error) {
	rule := classify(err)
	problem := rule.problem(err)
	problem.Instance = requestURN + requestID(c)
	if rule.Status >= http.StatusInternalServerError {
		s.log.LogAttrs(c.Request.Context(), levelOf(rule.Status), "api request failed", s.failure(c, err)...)
	}
	header := c.Writer.Header()
	switch rule.Status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", `Bearer realm="todoke"`)
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", "60")
	}
	if rule.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(rule.RetryAfter))
	}
	body, err := json.Marshal(problem)
	if err != nil {
		panic(err) // strings and numbers only
	}
	c.Abort()
	write(c, rule.Status, problemType, body)
}

// reply answers 200 with a value as JSON.
func (s *Server) reply(c *gin.Context, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		s.fail(c, err)
		return
	}
	write(c, http.StatusOK, jsonType, body)
}

func write(c *gin.Context, status int, contentType string, body []byte) {
	header := c.Writer.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	c.Writer.WriteHeader(status)
	_, _ = c.Writer.Write(body) // the client may have gone; there is nobody to tell
}
