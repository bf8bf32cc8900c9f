package sim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
)

// FillLedger enters bulks of arrived applications without packages.
func FillLedger(s *Server, account string, bulks, each int, between func()) {
	for range bulks {
		now := s.now()
		b := &bulk{sendNumber: s.books.nextSendNumber(now), account: account, sentAt: now, ingested: true, applyCount: each}
		s.books.addBulk(b)
		s.books.pending = nil
		for i := range each {
			a := &application{bulk: b, arriveID: s.books.nextArriveID("4950008680033000", now), arrivedAt: now}
			b.folders = append(b.folders, folder{name: fmt.Sprintf("4950008680033000(%d)", i+1), arriveID: a.arriveID, arrivedAt: now})
			s.books.addCase(a)
		}
		between()
	}
}

// ListCases asks for a page of cases as an account.
func ListCases(s *Server, account, query string) {
	r := httptest.NewRequest(http.MethodGet, apiPrefix+"/apply/lists?"+query, nil)
	c, _ := find(r)
	c.account = account
	rec := httptest.NewRecorder()
	s.applyLists(rec, c)
	if rec.Code != http.StatusOK {
		panic(rec.Body.String())
	}
}
