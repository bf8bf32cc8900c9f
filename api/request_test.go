package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"todoke/office"
	"todoke/queue"
	"todoke/queue/desk"
)

// request is one request to the API; fields that are empty are left out.
type request struct {
	as     string // whose key
	method string
	path   string
	body   string
	header map[string]string
}

// response is an answer that was held against the OpenAPI document.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (w *world) do(r request) response {
	w.t.Helper()
	got, req := w.send(r)
	w.conforms(req, got)
	return got
}

// send makes the request without looking at the answer.
func (w *world) send(r request) (response, *http.Request) {
	w.t.Helper()
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req := httptest.NewRequestWithContext(w.ctx, r.method, "http://todoke.test/", body)
	path, query, _ := strings.Cut(r.path, "?")
	req.URL.Path, req.URL.RawQuery = path, query
	if r.as != "" {
		req.Header.Set("Authorization", "Bearer "+w.key[r.as])
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, req)
	return response{recorder.Code, recorder.Header(), recorder.Body.Bytes()}, req
}

// problem is the part of a problem that tests look at.
type problem struct {
	Type, Title, Detail, Code, Instance string
	Status                              int
	FilingID                            string `json:"filing_id"`
	Errors                              []struct{ Code, Field, Label, Message, Remedy string }
}

func (w *world) problem(got response) problem {
	w.t.Helper()
	var p problem
	w.decode(got, &p)
	return p
}

func (w *world) decode(got response, into any) {
	w.t.Helper()
	err := json.Unmarshal(got.body, into)
	if err != nil {
		w.t.Fatalf("answer %d %q: %v", got.status, got.body, err)
	}
}

// want checks status and, for a problem, its code.
func (w *world) want(got response, status int, code string) {
	w.t.Helper()
	if got.status != status {
		w.t.Fatalf("status = %d, want %d: %s", got.status, status, got.body)
	}
	if code == "" {
		return
	}
	p := w.problem(got)
	if p.Code != code || p.Status != status || p.Detail == "" || p.Title == "" {
		w.t.Fatalf("problem = %+v, want %s", p, code)
	}
}

// filing is the part of a filing that tests look at.
type filing struct {
	ID            string
	CompanyID     string `json:"company_id"`
	Revision      int
	State         string
	StateLabel    string `json:"state_label"`
	Event         map[string]string
	EventDate     string `json:"event_date"`
	Purpose       string
	Approver      string
	CreatedBy     string `json:"created_by"`
	ProcedureName string `json:"procedure_name"`
	NotBefore     string `json:"not_before"`
	ArriveID      string `json:"arrive_id"`
	Findings      []queue.Finding
	History       []struct{ From, To, Actor, Reason, At string }
}

func goodEvent() map[string]string {
	return map[string]string{"health_insurance": "1", "pension_insurance": "1", "loss_cause": "4", "retirement_date": "2026-03-31"}
}

// newFiling is the body that creates a filing of company A's person.
func (w *world) newFiling(change func(map[string]any)) string {
	body := map[string]any{"procedure_id": pensionLoss, "company_id": w.companyA.ID, "person_id": w.personA.ID, "event": goodEvent()}
	if change != nil {
		change(body)
	}
	return encode(body)
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// draft creates a filing of company A's person through the API.
func (w *world) draft() filing {
	w.t.Helper()
	got := w.do(request{as: "staff", method: http.MethodPost, path: "/v1/filings", body: w.newFiling(nil)})
	w.want(got, http.StatusCreated, "")
	var f filing
	w.decode(got, &f)
	return f
}

// draftOf creates a filing of any company's person, past the API.
func (w *world) draftOf(c office.Company, p office.Person) queue.Filing {
	w.t.Helper()
	f, err := w.desk.Draft(w.ctx, desk.Person{Name: "届出　花子", Roles: office.Roles{office.Staff}},
		desk.New{CompanyID: c.ID, PersonID: p.ID, ProcedureID: pensionLoss, Event: goodEvent()})
	w.must(err)
	return f
}

// count returns how many rows a query counts.
func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	w.must(w.db.Write.GetContext(w.ctx, &n, query, args...))
	return n
}
