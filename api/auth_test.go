package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/api"
	"todoke/office"
)

// rights is who may use which route. A dash is 403, an x anything else but 401 and
// 403: what the route itself then says is other tests' matter.
const rights = `
                                        staff responsible auditor owner a
POST /v1/filings                        x     x           -       x     -
GET  /v1/filings                        x     x           x       x     x
GET  /v1/filings/{filing}               x     x           x       x     x
PUT  /v1/filings/{filing}               x     x           -       x     -
POST /v1/filings/{filing}/validate      x     x           -       x     -
POST /v1/filings/{filing}/approve       -     x           -       x     -
POST /v1/filings/{filing}/queue         x     x           -       x     -
POST /v1/filings/{filing}/cancel        x     x           -       x     -
POST /v1/filings/{filing}/resend        -     x           -       x     -
GET  /v1/filings/{filing}/masked-copy   x     x           x       x     x
GET  /v1/filings/{filing}/preview       x     x           x       x     -
GET  /v1/procedures                     x     x           x       x     x
GET  /v1/procedures/{procedure}         x     x           x       x     x
GET  /v1/companies                      x     x           x       x     x
GET  /v1/companies/{company}/people     x     x           x       x     x
PUT  /v1/people/{person}/number         x     x           -       x     x
GET  /v1/people/{person}/number         x     x           x       x     x
`

func TestRights(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.draft()
	lines := strings.Split(strings.TrimSpace(rights), "\n")
	who := strings.Fields(lines[0])
	if got, want := len(lines)-1, len(w.server.RouteTable())-3; got != want {
		t.Errorf("the table has %d routes, the server %d", got, want)
	}
	fill := strings.NewReplacer("{filing}", f.ID, "{procedure}", pensionLoss, "{company}", w.companyA.ID, "{person}", w.personA.ID)
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		r := request{method: cells[0], path: fill.Replace(cells[1])}
		if r.method != http.MethodGet {
			r.body = "{}"
		}
		w.want(w.do(r), http.StatusUnauthorized, "TODOKE-API-0001")
		for i, name := range who {
			r.as = name
			got := w.do(r)
			switch {
			case cells[2+i] == "-":
				w.want(got, http.StatusForbidden, "TODOKE-API-0002")
			case got.status == http.StatusUnauthorized || got.status == http.StatusForbidden:
				t.Errorf("%s %s as %s = %d", r.method, cells[1], name, got.status)
			}
		}
	}
}

// What is another company's answers to a client's key exactly like what is nobody's.
func TestAnotherCompanyDoesNotExist(t *testing.T) {
	t.Parallel()
	w := setup(t)
	theirs := w.draftOf(w.companyB, w.personB)
	w.must(w.desk.Office.SetNumberRef(w.ctx, w.personB.ID, "ref-b", "試験"))
	missing := "01JZ0000000000000000000000"
	for _, tt := range []struct{ method, path, theirs string }{
		{http.MethodGet, "/v1/filings/{id}", theirs.ID},
		{http.MethodGet, "/v1/filings/{id}/masked-copy", theirs.ID},
		{http.MethodGet, "/v1/filings/{id}/preview", theirs.ID},
		{http.MethodPost, "/v1/filings/{id}/approve", theirs.ID},
		{http.MethodPost, "/v1/filings/{id}/cancel", theirs.ID},
		{http.MethodPut, "/v1/filings/{id}", theirs.ID},
		{http.MethodGet, "/v1/companies/{id}/people", w.companyB.ID},
		{http.MethodGet, "/v1/people/{id}/number", w.personB.ID},
		{http.MethodPut, "/v1/people/{id}/number", w.personB.ID},
		{http.MethodGet, "/v1/filings?company={id}", w.companyB.ID},
	} {
		ask := func(id string) problem {
			r := request{as: "a", method: tt.method, path: strings.Replace(tt.path, "{id}", id, 1)}
			if tt.method != http.MethodGet {
				r.body = `{"number":"` + digitsA + `"}`
			}
			p := w.problem(w.do(r))
			p.Instance = ""
			return p
		}
		if diff := cmp.Diff(ask(missing), ask(tt.theirs)); diff != "" {
			t.Errorf("%s %s tells other companies' apart (-missing +theirs):\n%s", tt.method, tt.path, diff)
		}
	}
	p, err := w.desk.Office.Person(w.ctx, w.personB.ID)
	if err != nil || p.NumberRef != "ref-b" {
		t.Errorf("person B = %+v, %v", p, err)
	}
}

func TestAClientSeesNoNamesOfStaff(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.queued()
	for _, got := range []response{w.get("a", "/v1/filings/"+f.ID), w.get("a", "/v1/filings")} {
		for name, member := range w.members {
			if strings.Contains(string(got.body), member.Name) {
				t.Errorf("client reads the name of %s: %s", name, got.body)
			}
		}
	}
}

func TestBadKeysAreAllTheSame(t *testing.T) {
	t.Parallel()
	w := setup(t)
	good := w.key["staff"]
	id, secret := good[len("todoke_"):len(good)-44], good[len(good)-43:]
	w.newKey("revoked", api.NewKey{Name: "失効", MemberID: w.members["staff"].ID})
	w.must(w.keys.Revoke(w.ctx, w.keyID["revoked"], "所長　一人"))
	w.newKey("expired", api.NewKey{Name: "期限", MemberID: w.members["staff"].ID, ExpiresAt: w.clock.now().Add(time.Minute)})
	w.newKey("gone", api.NewKey{Name: "退職", MemberID: w.members["responsible"].ID})
	gone := w.members["responsible"]
	gone.Active = false
	_, err := w.desk.Office.PutMember(w.ctx, gone, "所長　一人")
	w.must(err)
	c, err := w.desk.Office.PutCompany(w.ctx, office.Company{Code: "C", Name: "解約株式会社"}, "設定")
	w.must(err)
	w.newKey("left", api.NewKey{Name: "解約", CompanyID: c.ID})
	w.must(w.desk.Office.DeleteCompany(w.ctx, c.ID, "所長　一人"))
	w.want(w.get("expired", "/v1/filings"), 200, "")
	w.clock.advance(time.Minute)

	var first problem
	for i, header := range []string{
		"", "Bearer", "Bearer ", "Basic " + good, "Bearer " + good + "x", "Bearer " + good[:len(good)-1], "Bearer todoke__" + secret,
		"Bearer todoke_01JZ0000000000000000000000_" + secret, "Bearer todoke_" + id + "_" + strings.Repeat("A", 43),
		"Bearer other_" + id + "_" + secret, "Bearer " + strings.Repeat("todoke_", 5000), "Bearer todoke_' OR 1=1_" + secret,
		"Bearer " + w.key["revoked"], "Bearer " + w.key["expired"], "Bearer " + w.key["gone"], "Bearer " + w.key["left"],
	} {
		got := w.do(request{method: http.MethodGet, path: "/v1/filings", header: map[string]string{"Authorization": header}})
		w.want(got, http.StatusUnauthorized, "TODOKE-API-0001")
		p := w.problem(got)
		p.Instance = ""
		if i == 0 {
			first = p
		}
		if diff := cmp.Diff(first, p); diff != "" {
			t.Errorf("%.40q is told apart:\n%s", header, diff)
		}
	}
	w.want(w.do(request{method: http.MethodGet, path: "/v1/filings", header: map[string]string{"Authorization": "bearer " + good}}), 200, "")
}

// Roles are the member's at the moment of the request, not of the key.
func TestRolesAreReadAtEachRequest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.draft()
	approve := request{as: "staff", method: http.MethodPost, path: "/v1/filings/" + f.ID + "/approve", body: "{}"}
	w.want(w.do(approve), 403, "TODOKE-API-0002")
	member := w.members["staff"]
	member.Roles = append(member.Roles, office.Responsible)
	_, err := w.desk.Office.PutMember(w.ctx, member, "所長　一人")
	w.must(err)
	w.want(w.do(approve), 422, "TODOKE-API-0014")
}

func TestOutsideTheRoutes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, tt := range []struct {
		method, path string
		status       int
		code         string
	}{
		{http.MethodGet, "/", 404, "TODOKE-API-0005"},
		{http.MethodGet, "/v1/filings/", 404, "TODOKE-API-0005"},
		{http.MethodGet, "/v1/filings/a/b/c", 404, "TODOKE-API-0005"},
		{http.MethodDelete, "/v1/filings", 405, "TODOKE-API-0006"},
		{http.MethodOptions, "/v1/filings", 405, "TODOKE-API-0006"},
		{http.MethodHead, "/healthz", 405, ""},
	} {
		got := w.do(request{as: "owner", method: tt.method, path: tt.path, header: map[string]string{"Origin": "https://evil.example"}})
		w.want(got, tt.status, tt.code)
		for name := range got.header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s %s answers %s", tt.method, tt.path, name)
			}
		}
		if tt.status == 405 && got.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", tt.method, tt.path)
		}
	}
}

func TestHealthAndReadiness(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.want(w.get("", "/healthz"), 200, "")
	w.want(w.get("", "/readyz"), 200, "")
	c := w.config()
	c.Ready = func(context.Context) error { return context.DeadlineExceeded }
	var err error
	w.server, err = api.New(c)
	w.must(err)
	w.want(w.get("", "/readyz"), 503, "TODOKE-API-0041")
	w.want(w.get("", "/healthz"), 200, "")
}
