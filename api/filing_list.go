package api

import (
	"github.com/gin-gonic/gin"

	"todoke/queue"
)

const filingList = "filings"

// listFilings lists filings in the order of their creation. A client's key sees its
// own company's, whatever it asks for.
func (s *Server) listFilings(c *gin.Context, who caller) error {
	q, err := parseQuery(c, "company", "state")
	if err != nil {
		return err
	}
	after, err := decodeCursor(filingList, q.cursor)
	if err != nil {
		return err
	}
	state := queue.State(q.filter.Get("state"))
	if state != "" && state.Label() == string(state) { // a state that has no label does not exist
		return &fieldsError{cause: errQuery, findings: []Finding{ruleChoice.finding("state", "状態")}}
	}
	company := q.filter.Get("company")
	if company != "" && !who.sees(company) {
		return errOtherCompany
	}
	if who.client() != "" {
		company = who.client()
	}
	filings, err := s.desk.Store.Filings(c.Request.Context(), queue.Query{CompanyID: company, State: state, After: after, Limit: q.limit + 1})
	if err != nil {
		return err
	}
	next := ""
	if len(filings) > q.limit {
		filings = filings[:q.limit]
		next = filings[q.limit-1].ID
	}
	items := make([]filingSummary, len(filings))
	for i, f := range filings {
		items[i] = s.summaryOf(f)
	}
	s.reply(c, newPage(items, c.FullPath(), filingList, next, q))
	return nil
}
