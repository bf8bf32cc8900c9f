package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"

	"github.com/gin-gonic/gin"

	"todoke/office"
	"todoke/queue"
	"todoke/queue/desk"
)

const (
	maxID      = 64
	maxReason  = 200
	maxPurpose = 200
)

// createFiling stores a draft. With an Idempotency-Key it does so once, however
// often the client has to ask.
func (s *Server) createFiling(c *gin.Context, who caller) error {
	key, err := idempotencyKey(c.Request.Header)
	if err != nil {
		return err
	}
	f, err := body(c, false)
	if err != nil {
		return err
	}
	n := desk.New{
		ProcedureID:    f.text("procedure_id", "手続ID", maxID, true),
		CompanyID:      f.text("company_id", "会社", maxID, true),
		PersonID:       f.text("person_id", "被保険者", maxID, true),
		Event:          f.event(),
		OverrideReason: f.text("override_reason", "二重に届け出る理由", maxReason, false),
	}
	err = f.done()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), actLife)
	defer cancel()
	if key == "" {
		filing, err := s.draft(ctx, who, n)
		if err != nil {
			return err
		}
		body, err := s.created(ctx, who, filing)
		if err != nil {
			return err
		}
		answerCreated(c, filing.ID, body)
		return nil
	}
	return s.createOnce(ctx, c, who, key, n)
}

func (s *Server) draft(ctx context.Context, who caller, n desk.New) (queue.Filing, error) {
	filing, err := s.desk.Draft(ctx, who.person, n)
	if errors.Is(err, office.ErrNotFound) {
		return filing, fmt.Errorf("%w: %w", errReference, err)
	}
	return filing, err
}

// created is the answer's body: the filing as it is at revision 1.
func (s *Server) created(ctx context.Context, who caller, filing queue.Filing) ([]byte, error) {
	view, err := s.viewOf(ctx, who, filing)
	if err != nil {
		return nil, err
	}
	return json.Marshal(view)
}

func answerCreated(c *gin.Context, id string, body []byte) {
	c.Writer.Header().Set("Location", "/v1/filings/"+id)
	c.Writer.Header().Set("ETag", etag(1))
	write(c, http.StatusCreated, jsonType, body)
}

// createOnce drafts under a claim. A refusal gives the claim back. A failure whose
// outcome is not certain keeps it: after the lease, the next request with the key
// first looks for the filing that this one may have made.
func (s *Server) createOnce(ctx context.Context, c *gin.Context, who caller, key string, n desk.New) error {
	canonical, err := json.Marshal(n) // a struct and a sorted map: equal requests give equal bytes
	if err != nil {
		return err
	}
	mine, before, err := s.once.begin(ctx, who.owner.Key.ID, who.owner.sealed("key", []byte(key)), who.owner.sealed("body", canonical))
	if err != nil {
		return err
	}
	if before != nil {
		c.Writer.Header().Set(headerReplayed, "true")
		answerCreated(c, before.FilingID, before.Body)
		return nil
	}
	filing, err := s.draftClaimed(ctx, who, mine, n)
	after := context.WithoutCancel(ctx) // the client may leave; the claim must be settled
	if err != nil {
		if classify(err).Status < http.StatusInternalServerError {
			return errors.Join(err, s.once.release(after, mine))
		}
		return err
	}
	body, err := s.created(after, who, filing)
	if err != nil {
		return err
	}
	err = s.once.finish(after, mine, answer{Status: http.StatusCreated, FilingID: filing.ID, Body: bytes.Clone(body)})
	if err != nil {
		// The filing exists, and the client should know it. The next request with the
		// key finds it again.
		s.log.LogAttrs(ctx, slog.LevelError, "api answer not kept", s.failure(c, err)...)
	}
	answerCreated(c, filing.ID, body)
	return nil
}

func (s *Server) draftClaimed(ctx context.Context, who caller, mine claim, n desk.New) (queue.Filing, error) {
	if mine.since != 0 {
		filing, found, err := s.orphan(ctx, who, mine, n)
		if err != nil || found {
			return filing, err
		}
	}
	return s.draft(ctx, who, n)
}

// orphan finds the filing that an earlier holder of the claim made before it
// disappeared: made since the claim, by the same person, with the same content, and
// nobody else's answer.
func (s *Server) orphan(ctx context.Context, who caller, mine claim, n desk.New) (queue.Filing, bool, error) {
	q := queue.Query{CompanyID: n.CompanyID, Limit: maxOrphanPage}
	for {
		filings, err := s.desk.Store.Filings(ctx, q)
		if err != nil {
			return queue.Filing{}, false, err
		}
		for _, f := range filings {
			same := f.CreatedAt >= mine.since && f.CreatedBy == who.person.Name && f.PersonID == n.PersonID &&
				f.ProcedureID == n.ProcedureID && f.OverrideReason == n.OverrideReason && maps.Equal(f.Event, n.Event)
			if !same {
				continue
			}
			taken, err := s.once.taken(ctx, f.ID)
			if err != nil || !taken {
				return f, err == nil, err
			}
		}
		if len(filings) < q.Limit {
			return queue.Filing{}, false, nil
		}
		q.After = filings[len(filings)-1].ID
	}
}

const maxOrphanPage = 500
