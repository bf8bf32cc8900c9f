package api

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"todoke/queue"
)

// editFiling replaces the event of a filing at the revision that the client saw.
// What was approved returns to draft.
func (s *Server) editFiling(c *gin.Context, who caller) error {
	before, err := s.filing(c, who)
	if err != nil {
		return err
	}
	f, err := body(c, false)
	if err != nil {
		return err
	}
	event := f.event()
	reason := f.text("reason", "理由", maxReason, false)
	seen, err := revisionOf(c, f)
	if err != nil {
		return err
	}
	filing, err := s.desk.Edit(c.Request.Context(), who.person, before.ID, seen.revision, event, reason)
	if err != nil {
		return seen.judge(err)
	}
	return s.replyFiling(c, who, filing)
}

// sight is the revision that the client saw, and whether it said so in If-Match.
type sight struct {
	revision int
	ifMatch  bool
}

// revisionOf reads the revision from the body, from If-Match, or from both when they
// agree, and closes the body's fields.
func revisionOf(c *gin.Context, f *fields) (sight, error) {
	inBody := f.revision()
	err := f.done()
	if err != nil {
		return sight{}, err
	}
	values := c.Request.Header.Values("If-Match")
	if len(values) == 0 {
		if inBody == 0 {
			return sight{}, errNoRevision
		}
		return sight{revision: inBody}, nil
	}
	inHeader := revisionIn(values)
	if inBody != 0 && inHeader != 0 && inBody != inHeader {
		return sight{}, errTwoRevisions
	}
	if inHeader == 0 {
		return sight{}, errPrecondition
	}
	return sight{revision: inHeader, ifMatch: true}, nil
}

// revisionIn reads the one strong tag that an answer's ETag can have been, or 0.
func revisionIn(values []string) int {
	if len(values) != 1 {
		return 0
	}
	text, opened := strings.CutPrefix(strings.TrimSpace(values[0]), `"`)
	text, closed := strings.CutSuffix(text, `"`)
	n, err := strconv.Atoi(text)
	if !opened || !closed || err != nil || n < 1 {
		return 0
	}
	return n
}

// judge tells a failed If-Match from other changes.
func (s sight) judge(err error) error {
	if s.ifMatch && errors.Is(err, queue.ErrStale) {
		return errPrecondition
	}
	return err
}
