package api

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"todoke/office"
	"todoke/queue/desk"
)

// audience is who may use a route.
type audience struct {
	open    bool // needs no key
	roles   []office.Role
	company bool // a client company's key may, for its own company
}

var (
	anyone    = audience{open: true}
	readers   = audience{roles: []office.Role{office.Staff, office.Responsible, office.Auditor}, company: true}
	insiders  = audience{roles: []office.Role{office.Staff, office.Responsible, office.Auditor}}
	workers   = audience{roles: []office.Role{office.Staff, office.Responsible}}
	approvers = audience{roles: []office.Role{office.Responsible}}
	providers = audience{roles: []office.Role{office.Staff, office.Responsible}, company: true}
)

// admits reports whether the audience has the owner of a key in it.
func (a audience) admits(o Owner) bool {
	if o.Key.Kind == CompanyKey {
		return a.company
	}
	for _, role := range a.roles {
		if o.Member.Roles.Has(role) {
			return true
		}
	}
	return false
}

// route is one line of the table of routes.
type route struct {
	method, path string
	who          audience
	screen       string // as the usage log names it
	handle       func(c *gin.Context, who caller) error
}

// caller is who makes the request.
type caller struct {
	owner  Owner
	person desk.Person
}

// client is the only company that the caller may know of; "" for the office's members.
func (who caller) client() string { return who.person.Company }

// sees reports whether the caller may know of a company's data.
func (who caller) sees(companyID string) bool { return who.client() == "" || who.client() == companyID }

func (s *Server) routes() []route {
	return []route{
		{http.MethodGet, "/healthz", anyone, "", s.health},
		{http.MethodGet, "/readyz", anyone, "", s.readiness},
		{http.MethodGet, "/openapi.yaml", anyone, "", s.document},

		{http.MethodPost, "/v1/filings", workers, "API 届出の起票", s.createFiling},
		{http.MethodGet, "/v1/filings", readers, "API 届出の一覧", s.listFilings},
		{http.MethodGet, "/v1/filings/:id", readers, "API 届出の照会", s.showFiling},
		{http.MethodPut, "/v1/filings/:id", workers, "API 届出の編集", s.editFiling},
		{http.MethodPost, "/v1/filings/:id/validate", workers, "API 届出の検証", s.validateFiling},
		{http.MethodPost, "/v1/filings/:id/approve", approvers, "API 届出の承認", s.approveFiling},
		{http.MethodPost, "/v1/filings/:id/queue", workers, "API 送信待ちへ", s.queueFiling},
		{http.MethodPost, "/v1/filings/:id/cancel", workers, "API 届出の取消", s.cancelFiling},
		{http.MethodPost, "/v1/filings/:id/resend", approvers, "API 再送の確認", s.resendFiling},
		{http.MethodGet, "/v1/filings/:id/masked-copy", readers, "API 控えの照会", s.maskedCopy},
		{http.MethodGet, "/v1/filings/:id/preview", insiders, "API 届出の確認", s.previewFiling},

		{http.MethodGet, "/v1/procedures", readers, "API 手続の一覧", s.listProcedures},
		{http.MethodGet, "/v1/procedures/:id", readers, "API 手続の照会", s.showProcedure},
		{http.MethodGet, "/v1/companies", readers, "API 会社の一覧", s.listCompanies},
		{http.MethodGet, "/v1/companies/:id/people", readers, "API 被保険者の一覧", s.listPeople},
		{http.MethodPut, "/v1/people/:id/number", providers, "API 個人番号の登録", s.putNumber},
		{http.MethodGet, "/v1/people/:id/number", readers, "API 個人番号の登録状況", s.showNumber},
	}
}

// serve checks the key and the route's audience, then runs the handler. Who is not
// admitted learns nothing about what the URL names, for nothing was looked up.
func (s *Server) serve(r route) gin.HandlerFunc {
	return func(c *gin.Context) {
		var who caller
		if !r.who.open {
			owner, err := s.keys.Authenticate(c.Request.Context(), bearer(c.Request.Header))
			if err != nil {
				s.fail(c, err)
				return
			}
			defer clear(owner.fingerprintKey)
			c.Set(contextKey, owner.Key.ID)
			if !r.who.admits(owner) {
				s.fail(c, desk.ErrForbidden)
				return
			}
			who = caller{owner: owner, person: personOf(owner)}
			who.person.Screen, who.person.Source = r.screen, c.ClientIP()
		}
		err := r.handle(c, who)
		if err != nil {
			s.fail(c, err)
		}
	}
}

// bearer returns the key's text; "" is no key.
func bearer(header http.Header) string {
	values := header.Values("Authorization")
	if len(values) != 1 {
		return ""
	}
	scheme, text, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(text)
}

// personOf is the named person, or company, that answers for the act.
func personOf(o Owner) desk.Person {
	if o.Key.Kind == CompanyKey {
		return desk.Person{Name: o.Company.Name + "（APIキー " + o.Key.Name + "）", Company: o.Company.ID}
	}
	return desk.Person{Name: o.Member.Name, Roles: o.Member.Roles}
}
