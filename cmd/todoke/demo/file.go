package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"todoke/forms"
	"todoke/office"
	"todoke/queue/desk"
)

// purpose is the 利用目的 under which the demo's filings are approved.
var purpose = map[string]string{
	pensionAcquisition:    "健康保険・厚生年金保険 資格取得届の提出",
	pensionLoss:           "健康保険・厚生年金保険 資格喪失届の提出",
	employmentAcquisition: "雇用保険 資格取得届の提出",
	employmentLoss:        "雇用保険 資格喪失届の提出",
}

// file drafts a filing as staff would, and has it approved and queued if nothing
// is wrong with it; a draft with mistakes stays, and is told at the end.
func (s *story) file(ctx context.Context, company string, p office.Person, f filing) error {
	w := s.world
	drafted, err := w.desk.Draft(ctx, w.staff, desk.New{
		CompanyID: w.companies[company].ID, PersonID: p.ID, ProcedureID: f.procedure, Event: f.event,
	})
	if err != nil {
		return err
	}
	err = w.desk.Approve(ctx, w.boss, drafted.ID, drafted.Revision, purpose[f.procedure])
	var invalid *desk.InvalidError
	if errors.As(err, &invalid) {
		s.drafts = append(s.drafts, draft{
			person: p.Name, procedure: s.title(f.procedure), findings: words(invalid.Findings),
		})
		return nil
	}
	if err != nil {
		return err
	}
	return w.desk.Enqueue(ctx, w.staff, drafted.ID, time.Time{})
}

func words(findings []forms.Finding) []string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, fmt.Sprintf("%s %s: %s %s", f.Code, f.Label, f.Message, f.Remedy))
	}
	return lines
}

func (s *story) title(procedure string) string {
	p, ok := s.dir.Forms.Procedure(procedure)
	if !ok {
		return procedure
	}
	return p.Title()
}
