package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"todoke/queue/desk"
)

// validation is what validating a filing says.
type validation struct {
	Valid       bool         `json:"valid"`
	Revision    int          `json:"revision"`
	Errors      []Finding    `json:"errors"`
	Numbers     []numberNeed `json:"numbers"`
	Destination string       `json:"destination,omitempty"`
	NotBefore   string       `json:"not_before,omitempty"` // yyyy-mm-dd, the first day it may be filed
}

// numberNeed is a My Number that the form needs; that it is missing is an error.
type numberNeed struct {
	Slot  string `json:"slot"`
	Label string `json:"label"`
}

// validateFiling fills the filing from the master data and tells every error at once.
// It changes nothing.
func (s *Server) validateFiling(c *gin.Context, who caller) error {
	checked, err := s.check(c, who)
	if err != nil {
		return err
	}
	v := validation{
		Valid: len(checked.Findings) == 0, Revision: checked.Filing.Revision,
		Errors: formFindings(checked.Findings), Numbers: []numberNeed{},
	}
	if checked.Filled != nil {
		v.Destination = checked.Filled.Destination()
		for _, slot := range checked.Filled.Numbers() {
			v.Numbers = append(v.Numbers, numberNeed{Slot: slot.Name, Label: slot.Label})
		}
		first := checked.Filled.NotBefore()
		if !first.IsZero() {
			v.NotBefore = first.Format("2006-01-02")
		}
	}
	s.reply(c, v)
	return nil
}

// check reads an empty body, for a POST, and checks the filing.
func (s *Server) check(c *gin.Context, who caller) (desk.Checked, error) {
	before, err := s.filing(c, who)
	if err != nil {
		return desk.Checked{}, err
	}
	f, err := body(c, true)
	if err != nil {
		return desk.Checked{}, err
	}
	err = f.done()
	if err != nil {
		return desk.Checked{}, err
	}
	return s.desk.Check(c.Request.Context(), before.ID)
}

// approveFiling approves a filing at the revision that the client saw, for a 利用目的.
func (s *Server) approveFiling(c *gin.Context, who caller) error {
	before, err := s.filing(c, who)
	if err != nil {
		return err
	}
	f, err := body(c, false)
	if err != nil {
		return err
	}
	purpose := f.text("purpose", "利用目的", maxPurpose, true)
	seen, err := revisionOf(c, f)
	if err != nil {
		return err
	}
	err = s.desk.Approve(c.Request.Context(), who.person, before.ID, seen.revision, purpose)
	if err != nil {
		return seen.judge(err)
	}
	return s.replyAgain(c, who, before.ID)
}

// queueFiling releases an approved filing for the night, or for a later one.
func (s *Server) queueFiling(c *gin.Context, who caller) error {
	before, err := s.filing(c, who)
	if err != nil {
		return err
	}
	f, err := body(c, true)
	if err != nil {
		return err
	}
	notBefore := f.notBefore()
	err = f.done()
	if err != nil {
		return err
	}
	err = s.desk.Enqueue(c.Request.Context(), who.person, before.ID, notBefore)
	if err != nil {
		return err
	}
	return s.replyAgain(c, who, before.ID)
}

// cancelFiling withdraws a filing that has not been sent.
func (s *Server) cancelFiling(c *gin.Context, who caller) error {
	return s.withReason(c, who, s.desk.Cancel)
}

// resendFiling notes a person's decision to send again what e-Gov does not list.
func (s *Server) resendFiling(c *gin.Context, who caller) error {
	return s.withReason(c, who, s.desk.ConfirmResend)
}

type reasonedAct func(ctx context.Context, who desk.Person, id, reason string) error

func (s *Server) withReason(c *gin.Context, who caller, act reasonedAct) error {
	before, err := s.filing(c, who)
	if err != nil {
		return err
	}
	f, err := body(c, false)
	if err != nil {
		return err
	}
	reason := f.text("reason", "理由", maxReason, true)
	err = f.done()
	if err != nil {
		return err
	}
	err = act(c.Request.Context(), who.person, before.ID, reason)
	if err != nil {
		return err
	}
	return s.replyAgain(c, who, before.ID)
}
