package sim

import (
	"net/http"
	"regexp"
	"time"

	"todoke/egov/wire"
)

// Largest pages of the two listings.
const (
	maxCases   = 50
	maxReports = 30
)

// statusArrived is what a case is when it has only just arrived.
const statusArrived = "到達"

// caseRow is a row of GET /apply/lists; wire has no payments yet.
type caseRow struct {
	wire.Case
	ApplyPayList []struct{} `json:"apply_pay_list"`
}

type listsResult struct {
	ApplyList []caseRow `json:"apply_list"`
}

type listsResponse struct {
	Metadata  wire.Metadata  `json:"metadata"`
	ResultSet wire.ResultSet `json:"resultset"`
	Results   listsResult    `json:"results"`
	Links     wire.Links     `json:"_links"`
}

// applyLists answers GET /apply/lists: arrived cases, by day of arrival.
func (s *Server) applyLists(w http.ResponseWriter, c *call) {
	win, problem := parseWindow(c.URL.RawQuery, maxCases)
	if problem != "" {
		s.problem(w, c, http.StatusBadRequest, problem)
		return
	}
	s.settle()
	all, found := s.findCases(c, win)
	rows := make([]caseRow, 0, len(found))
	for i, a := range found {
		row := a.row()
		row.No = min(win.offset+i+1, maxCount)
		rows = append(rows, row)
	}
	writeJSON(w, http.StatusOK, listsResponse{
		Metadata: metadata(c), ResultSet: resultSet(win, all, len(rows)),
		Results: listsResult{ApplyList: rows}, Links: links(c, win, all),
	})
}

// findCases selects what the caller may see; a trial sees nothing.
func (s *Server) findCases(c *call, win window) (int, []*application) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.trial {
		return 0, nil
	}
	if win.sendNumber != "" {
		b := s.books.bulks[win.sendNumber]
		if b == nil || b.account != c.account || !b.visible(now) {
			return 0, nil
		}
		var rows []*application
		for _, f := range b.folders {
			if f.arriveID != "" {
				rows = append(rows, s.books.cases[f.arriveID])
			}
		}
		return len(rows), rows
	}
	var keep func(*application) bool
	if s.books.hidden > 0 {
		asked := map[*bulk]bool{} // each bulk is asked once a listing
		keep = func(a *application) bool {
			shown, known := asked[a.bulk]
			if !known {
				shown = a.bulk.visible(now)
				asked[a.bulk] = shown
			}
			return shown
		}
	}
	return page(s.books.of(c.account).cases, func(a *application) time.Time { return a.arrivedAt }, win, keep)
}

func (a *application) row() caseRow {
	return caseRow{
		Case: wire.Case{
			SendNumber: a.bulk.sendNumber, SendDate: a.bulk.sentAt.Format(datetime), Status: statusArrived,
			ArriveID: a.arriveID, ArriveDate: a.arrivedAt.Format(datetime),
			CorporationName: orDash(a.corporation), ApplicantName: a.applicant, ProcName: a.procName,
			SubmissionDestination: a.destination, PayStatus: "-",
			NoticeList: []wire.CaseNotice{}, OfficialList: []wire.CaseDocument{}, AppliedAccount: a.bulk.account,
		},
		ApplyPayList: []struct{}{},
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// applyReport answers GET /apply/report: bulks, by day of sending.
func (s *Server) applyReport(w http.ResponseWriter, c *call) {
	win, problem := parseWindow(c.URL.RawQuery, maxReports)
	if problem != "" {
		s.problem(w, c, http.StatusBadRequest, problem)
		return
	}
	s.settle()
	all, rows := s.findBulks(c, win)
	writeJSON(w, http.StatusOK, wire.ReportResponse{
		Metadata: metadata(c), ResultSet: resultSet(win, all, len(rows)),
		Results: wire.ReportResult{ErrorReportInfo: rows}, Links: links(c, win, all),
	})
}

func (s *Server) findBulks(c *call, win window) (int, []wire.BulkReport) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	reports := []wire.BulkReport{}
	if c.trial {
		return 0, reports
	}
	keep := func(b *bulk) bool { return (b.ingested || !s.config.HideUntilIngested) && b.visible(now) }
	var all int
	var found []*bulk
	if win.sendNumber != "" {
		b := s.books.bulks[win.sendNumber]
		if b != nil && b.account == c.account && keep(b) {
			all, found = 1, []*bulk{b}
		}
	} else {
		if s.books.hidden == 0 && len(s.books.pending) == 0 {
			keep = nil
		}
		all, found = page(s.books.of(c.account).bulks, func(b *bulk) time.Time { return b.sentAt }, win, keep)
	}
	for _, b := range found {
		reports = append(reports, b.report())
	}
	return all, reports
}

func (b *bulk) report() wire.BulkReport {
	r := wire.BulkReport{
		SendNumber: b.sendNumber, SendDate: b.sentAt.Format(datetime), FileName: b.fileName,
		ApplyCount: b.applyCount, Result: []wire.FolderReport{},
	}
	for _, f := range b.folders {
		row := wire.FolderReport{
			ArriveID: "-", ArriveDate: "-", ProcName: orDash(f.procName), FolderName: f.name,
			ReportList: []wire.ReportRow{},
		}
		if f.arriveID != "" {
			r.ArriveCount++
			row.ArriveID, row.ArriveDate = f.arriveID, f.arrivedAt.Format(datetime)
		} else {
			r.ErrorCount++
			row.ReportList = f.findings
		}
		r.Result = append(r.Result, row)
	}
	return r
}

// caseResponse is the body of GET /apply/{arrive_id}: a row without its number
// and without the bulk.
type caseResponse struct {
	Metadata wire.Metadata `json:"metadata"`
	Results  caseDetail    `json:"results"`
}

// caseDetail hides three members of the row: encoding/json prefers the outer
// ones, which are always nil.
type caseDetail struct {
	caseRow
	No         *int    `json:"no,omitempty"`
	SendNumber *string `json:"send_number,omitempty"`
	SendDate   *string `json:"send_date,omitempty"`
}

var arriveIDPattern = regexp.MustCompile(`^[0-9]{16,18}$`)

// applyCase answers GET /apply/{arrive_id}.
func (s *Server) applyCase(w http.ResponseWriter, c *call) {
	id := c.params["arrive_id"]
	if !arriveIDPattern.MatchString(id) || c.URL.RawQuery != "" {
		s.problem(w, c, http.StatusBadRequest, "到達番号は16桁から18桁の数字で指定してください。")
		return
	}
	s.settle()
	s.mu.Lock()
	found := s.books.cases[id]
	s.mu.Unlock()
	if c.trial {
		found = trialCase(id, c.account, s.now())
	}
	if found == nil || found.bulk.account != c.account {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	writeJSON(w, http.StatusOK, caseResponse{Metadata: metadata(c), Results: caseDetail{caseRow: found.row()}})
}

// trialCase is the canned case of a trial.
func trialCase(id, account string, now time.Time) *application {
	return &application{
		bulk: &bulk{account: account, sentAt: now}, arriveID: id, arrivedAt: now,
		corporation: "トライアル株式会社", applicant: "試行　太郎", procName: "トライアル手続／電子申請", destination: "総務省,行政管理局,API",
	}
}
