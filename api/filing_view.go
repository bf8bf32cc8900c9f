package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"todoke/database"
	"todoke/queue"
)

// filingSummary is a filing as lists show it.
type filingSummary struct {
	ID            string `json:"id"`
	CompanyID     string `json:"company_id"`
	PersonID      string `json:"person_id"`
	ProcedureID   string `json:"procedure_id"`
	ProcedureName string `json:"procedure_name"`
	EventDate     string `json:"event_date,omitempty"` // yyyy-mm-dd
	Revision      int    `json:"revision"`
	State         string `json:"state"`
	StateLabel    string `json:"state_label"`
	HoldKind      string `json:"hold_kind,omitempty"`
	SendNumber    string `json:"send_number,omitempty"`
	ArriveID      string `json:"arrive_id,omitempty"`
	ArriveDate    string `json:"arrive_date,omitempty"` // as e-Gov writes it
	CreatedAt     string `json:"created_at"`
	UpdatedAt     string `json:"updated_at"`
}

// filingView is all of a filing that the API shows. Members see who did what and
// why; a client's key sees what happened and when.
type filingView struct {
	filingSummary
	Event          map[string]string `json:"event"`
	Purpose        string            `json:"purpose,omitempty"`
	Approver       string            `json:"approver,omitempty"`
	Destination    string            `json:"destination,omitempty"`
	NotBefore      string            `json:"not_before,omitempty"`
	QueuedAt       string            `json:"queued_at,omitempty"`
	OverrideReason string            `json:"override_reason,omitempty"`
	CreatedBy      string            `json:"created_by,omitempty"`
	EditedBy       string            `json:"edited_by,omitempty"` // who wrote this revision
	Findings       []queue.Finding   `json:"findings"`            // e-Gov's words, masked
	History        []changeView      `json:"history"`
}

type changeView struct {
	Seq       int    `json:"seq"`
	At        string `json:"at"`
	From      string `json:"from,omitempty"`
	FromLabel string `json:"from_label,omitempty"`
	To        string `json:"to"`
	ToLabel   string `json:"to_label"`
	Actor     string `json:"actor,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// instant writes a moment in RFC 3339, UTC; "" when it is not set.
func instant(at database.Micros) string {
	if at == 0 {
		return ""
	}
	return at.Time().Format(time.RFC3339Nano)
}

func etag(revision int) string { return `"` + strconv.Itoa(revision) + `"` }

func (s *Server) summaryOf(f queue.Filing) filingSummary {
	name := ""
	procedure, known := s.desk.Forms.Procedure(f.ProcedureID)
	if known {
		name = procedure.Title()
	}
	return filingSummary{
		ID: f.ID, CompanyID: f.CompanyID, PersonID: f.PersonID, ProcedureID: f.ProcedureID, ProcedureName: name,
		EventDate: f.EventDate, Revision: f.Revision, State: string(f.State), StateLabel: f.State.Label(), HoldKind: string(f.HoldKind),
		SendNumber: f.SendNumber, ArriveID: f.ArriveID, ArriveDate: f.ArriveDate,
		CreatedAt: instant(f.CreatedAt), UpdatedAt: instant(f.UpdatedAt),
	}
}

func (s *Server) viewOf(ctx context.Context, who caller, f queue.Filing) (filingView, error) {
	changes, err := s.desk.Store.History(ctx, f.ID)
	if err != nil {
		return filingView{}, err
	}
	inside := who.client() == ""
	view := filingView{
		filingSummary: s.summaryOf(f), Event: f.Event, Purpose: f.Purpose, Destination: f.Destination,
		NotBefore: instant(f.NotBefore), QueuedAt: instant(f.QueuedAt),
		Findings: append([]queue.Finding{}, f.Findings...), History: make([]changeView, len(changes)),
	}
	if view.Event == nil {
		view.Event = map[string]string{}
	}
	if inside {
		view.Approver, view.OverrideReason, view.CreatedBy, view.EditedBy = f.Approver, f.OverrideReason, f.CreatedBy, f.EditedBy
	}
	for i, change := range changes {
		view.History[i] = changeView{Seq: change.Seq, At: instant(change.At), From: string(change.From), To: string(change.To), ToLabel: change.To.Label()}
		if change.From != "" {
			view.History[i].FromLabel = change.From.Label()
		}
		if inside {
			view.History[i].Actor, view.History[i].Reason = change.Actor, change.Reason
		}
	}
	return view, nil
}

// filing reads the filing that the URL names. Another company's looks to a client's
// key as if it did not exist.
func (s *Server) filing(c *gin.Context, who caller) (queue.Filing, error) {
	id := c.Param("id")
	if len(id) > maxID {
		return queue.Filing{}, queue.ErrNotFound
	}
	f, err := s.desk.Store.Filing(c.Request.Context(), id)
	if err != nil {
		return f, err
	}
	if !who.sees(f.CompanyID) {
		return queue.Filing{}, fmt.Errorf("filing of another company: %w", queue.ErrNotFound)
	}
	return f, nil
}

func (s *Server) showFiling(c *gin.Context, who caller) error {
	f, err := s.filing(c, who)
	if err != nil {
		return err
	}
	return s.replyFiling(c, who, f)
}

// replyAgain answers with the filing as it is after an act.
func (s *Server) replyAgain(c *gin.Context, who caller, id string) error {
	f, err := s.desk.Store.Filing(c.Request.Context(), id)
	if err != nil {
		return err
	}
	return s.replyFiling(c, who, f)
}

func (s *Server) replyFiling(c *gin.Context, who caller, f queue.Filing) error {
	view, err := s.viewOf(c.Request.Context(), who, f)
	if err != nil {
		return err
	}
	c.Writer.Header().Set("ETag", etag(f.Revision))
	s.reply(c, view)
	return nil
}
