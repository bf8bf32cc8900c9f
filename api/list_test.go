package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// list is the part of a list that tests look at.
type list struct {
	Items      []struct{ ID, Code string }
	NextCursor string `json:"next_cursor"`
	Links      struct{ Next string }
}

func (w *world) list(as, path string) list {
	w.t.Helper()
	got := w.get(as, path)
	w.want(got, http.StatusOK, "")
	var l list
	w.decode(got, &l)
	return l
}

// walk follows the links of a list to its end.
func (w *world) walk(as, path string) []string {
	w.t.Helper()
	var ids []string
	for path != "" {
		l := w.list(as, path)
		for _, item := range l.Items {
			ids = append(ids, item.ID)
		}
		path = l.Links.Next
	}
	return ids
}

func TestListsArePagedInOrder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var filings, people []string
	people = append(people, w.personA.ID)
	for i := range 5 {
		p := w.person(w.companyA.ID, fmt.Sprintf("1%03d", i), "見本　花子")
		people = append(people, p.ID)
		filings = append(filings, w.draftOf(w.companyA, p).ID)
	}
	other := w.draftOf(w.companyB, w.personB).ID
	for _, tt := range []struct {
		name, as, path string
		want           []string
	}{
		{"all filings", "staff", "/v1/filings?limit=2", append(append([]string{}, filings...), other)},
		{"one company's", "staff", "/v1/filings?limit=2&company=" + w.companyA.ID, filings},
		{"in a state", "staff", "/v1/filings?limit=2&state=draft", append(append([]string{}, filings...), other)},
		{"in another state", "staff", "/v1/filings?state=queued", nil},
		{"of nobody", "staff", "/v1/filings?company=nobody", nil},
		{"a client's own", "a", "/v1/filings?limit=2", filings},
		{"a client's own, named", "a", "/v1/filings?company=" + w.companyA.ID, filings},
		{"the other client's own", "b", "/v1/filings", []string{other}},
		{"companies", "staff", "/v1/companies?limit=1", []string{w.companyA.ID, w.companyB.ID}},
		{"a client's company", "b", "/v1/companies", []string{w.companyB.ID}},
		{"people", "auditor", "/v1/companies/" + w.companyA.ID + "/people?limit=4", people},
		{"a client's people", "a", "/v1/companies/" + w.companyA.ID + "/people", people},
	} {
		if diff := cmp.Diff(tt.want, w.walk(tt.as, tt.path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A cursor that a client takes to another list, or makes up, shows nothing more.
func TestCursors(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.person(w.companyB.ID, "2", "見本　花子")
	w.draftOf(w.companyB, p)
	w.draftOf(w.companyB, w.personB)
	cursor := w.list("staff", "/v1/filings?limit=1").NextCursor
	if cursor == "" {
		t.Fatal("no next page")
	}
	if got := w.walk("a", "/v1/filings?cursor="+cursor); got != nil {
		t.Errorf("client A went on in the office's list to %v", got)
	}
	for _, bad := range []string{"x", "aa", cursor + "a", cursor[:len(cursor)-2] + "zz", "ABCD"} {
		w.want(w.get("staff", "/v1/filings?cursor="+bad), 400, "TODOKE-API-0016")
	}
}

func TestQueriesAreStrict(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, tt := range []struct{ query, code, field string }{
		{"limit=0", "TODOKE-REQ-0014", "limit"},
		{"limit=201", "TODOKE-REQ-0014", "limit"},
		{"limit=many", "TODOKE-REQ-0014", "limit"},
		{"limit=1&limit=2", "TODOKE-REQ-0006", "limit"},
		{"state=lost", "TODOKE-REQ-0013", "state"},
		{"status=draft", "TODOKE-REQ-0001", "status"},
		{"%E5%90%8D=x", "TODOKE-REQ-0001", ""},
		{"company=01234567890123456789012345678901234567890123456789012345678901234", "TODOKE-REQ-0004", "company"},
	} {
		got := w.get("staff", "/v1/filings?"+tt.query)
		w.want(got, 400, "TODOKE-API-0015")
		p := w.problem(got)
		if len(p.Errors) != 1 || p.Errors[0].Code != tt.code || p.Errors[0].Field != tt.field {
			t.Errorf("%s = %+v", tt.query, p.Errors)
		}
	}
	w.want(w.get("staff", "/v1/filings?a;b"), 400, "TODOKE-API-0015")
}

func TestProcedures(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if ids := w.walk("a", "/v1/procedures"); len(ids) < 4 {
		t.Errorf("procedures = %v", ids)
	}
	got := w.get("a", "/v1/procedures/"+pensionLoss)
	w.want(got, 200, "")
	var p struct {
		Title       string
		EventSchema struct {
			Properties map[string]any
		} `json:"event_schema"`
		Fields []struct{ Name, Label string }
	}
	w.decode(got, &p)
	if p.Title == "" || p.EventSchema.Properties["retirement_date"] == nil || len(p.Fields) == 0 {
		t.Errorf("procedure = %+v", p)
	}
	w.want(w.get("a", "/v1/procedures/0000000000000000"), 404, "TODOKE-API-0019")
}
