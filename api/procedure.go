package api

import (
	"github.com/gin-gonic/gin"

	"todoke/forms"
)

// procedureView is a procedure as lists show it.
type procedureView struct {
	ID     string `json:"id"`
	Name   string `json:"name"`  // the registered 手続名称
	Title  string `json:"title"` // short
	Domain string `json:"domain"`
}

// procedureDetail adds how to write an event for it.
type procedureDetail struct {
	procedureView
	RetentionYears int                      `json:"retention_years"`
	EventSchema    map[string]any           `json:"event_schema"` // JSON Schema 2020-12
	Fields         []forms.FieldDescription `json:"fields"`
}

func viewOfProcedure(p *forms.Procedure) procedureView {
	return procedureView{ID: p.ID(), Name: p.Name(), Title: p.Title(), Domain: p.Domain()}
}

// listProcedures lists what can be filed. There are few, so there are no pages.
func (s *Server) listProcedures(c *gin.Context, _ caller) error {
	items := []procedureView{}
	for _, p := range s.desk.Forms.Procedures() {
		items = append(items, viewOfProcedure(p))
	}
	s.reply(c, page[procedureView]{Items: items})
	return nil
}

func (s *Server) showProcedure(c *gin.Context, _ caller) error {
	p, known := s.desk.Forms.Procedure(c.Param("id"))
	if !known {
		return errNoProcedure
	}
	s.reply(c, procedureDetail{
		procedureView: viewOfProcedure(p), RetentionYears: p.RetentionYears(),
		EventSchema: p.JSONSchema(), Fields: p.Describe().Fields,
	})
	return nil
}
