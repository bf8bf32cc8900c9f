package api

import (
	_ "embed"
	"net/http"

	"github.com/gin-gonic/gin"
)

//go:embed openapi.yaml
var openAPI []byte

// health answers while the process can answer at all.
func (s *Server) health(c *gin.Context, _ caller) error {
	s.reply(c, map[string]string{"status": "ok"})
	return nil
}

// readiness answers when the database does, and what else was asked to.
func (s *Server) readiness(c *gin.Context, _ caller) error {
	err := s.db.Read.PingContext(c.Request.Context())
	if err == nil && s.ready != nil {
		err = s.ready(c.Request.Context())
	}
	if err != nil {
		return &notReadyError{cause: err}
	}
	s.reply(c, map[string]string{"status": "ready"})
	return nil
}

// notReadyError keeps the cause for the log, whatever kind it is.
type notReadyError struct{ cause error }

func (e *notReadyError) Error() string { return "not ready: " + e.cause.Error() }

// document answers with the OpenAPI document, which tests hold against the routes.
func (s *Server) document(c *gin.Context, _ caller) error {
	write(c, http.StatusOK, "application/yaml", openAPI)
	return nil
}
