package sim

import (
	"net/http"
	"strings"

	"todoke/egov/sim/account"
)

// apiPrefix is where the API lives; the authentication side is below /auth.
const apiPrefix = "/shinsei/v2"

// kind says how a route checks its caller and words its errors.
type kind int

const (
	apiRoute     kind = iota // Bearer token; 401 without a body
	authRoute                // token-style errors
	privateRoute             // the simulator's own; Basic credentials, no faults
)

// route is one operation. A segment in braces matches any one segment; routes
// with static names come first because they win.
type route struct {
	method    string
	path      string
	operation string // as fault.Rule.Operation names it
	title     string // metadata.title of the answer
	kind      kind
	serve     func(*Server, http.ResponseWriter, *call)
}

// call is a request on its way through the simulator.
type call struct {
	*http.Request
	route   *route
	account string            // whose token it is
	params  map[string]string // the segments in braces
	trial   bool              // X-eGovAPI-Trial
}

var routes = []route{
	{http.MethodPost, apiPrefix + "/bulk-apply", "bulk-apply", "申請データbulk送信API", apiRoute, (*Server).bulkApply},
	{http.MethodGet, apiPrefix + "/apply/lists", "lists", "申請案件一覧取得API", apiRoute, (*Server).applyLists},
	{http.MethodGet, apiPrefix + "/apply/report", "report", "エラーレポート取得API", apiRoute, (*Server).applyReport},
	{http.MethodGet, apiPrefix + "/apply/{arrive_id}", "case", "申請案件取得API", apiRoute, (*Server).applyCase},

	{http.MethodGet, "/auth/auth", "authorize", "", authRoute, provider((*account.Provider).Authorize)},
	{http.MethodPost, account.LoginPath, "login", "", authRoute, provider((*account.Provider).Login)},
	{http.MethodPost, "/auth/token", "token", "", authRoute, provider((*account.Provider).Token)},
	{http.MethodPost, "/auth/token/introspect", "introspect", "", authRoute, provider((*account.Provider).Introspect)},
	{http.MethodPost, "/auth/logout", "logout", "", authRoute, provider((*account.Provider).Logout)},

	{http.MethodGet, "/sim/software", "", "", privateRoute, (*Server).software},
	{http.MethodGet, "/sim/ledger", "", "", privateRoute, (*Server).ledger},
}

func provider(serve func(*account.Provider, http.ResponseWriter, *http.Request)) func(*Server, http.ResponseWriter, *call) {
	return func(s *Server, w http.ResponseWriter, c *call) { serve(s.provider, w, c.Request) }
}

// match compares a path with a route's and collects the segments in braces.
func (rt *route) match(path string) (map[string]string, bool) {
	want, got := strings.Split(rt.path, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	var params map[string]string
	for i, segment := range want {
		switch {
		case segment == got[i]:
		case strings.HasPrefix(segment, "{") && got[i] != "":
			if params == nil {
				params = map[string]string{}
			}
			params[strings.Trim(segment, "{}")] = got[i]
		default:
			return nil, false
		}
	}
	return params, true
}

// find picks the route. When only other methods fit the path, it returns one
// of their routes and the methods for the Allow header.
func find(r *http.Request) (c *call, allow []string) {
	var other *route
	for i := range routes {
		rt := &routes[i]
		params, ok := rt.match(r.URL.Path)
		if !ok {
			continue
		}
		if rt.method == r.Method {
			return &call{Request: r, route: rt, params: params}, nil
		}
		if other == nil || other.path == rt.path {
			other = rt
			allow = append(allow, rt.method)
		}
	}
	if other == nil {
		return nil, nil
	}
	return &call{Request: r, route: other}, allow
}

// serve finds the operation, lets the fault script interfere, and answers.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if w.Header().Get("Date") == "" { // a handler in front may know better
		w.Header().Set("Date", s.config.Clock().UTC().Format(http.TimeFormat))
	}
	c, allow := find(r)
	switch {
	case c == nil:
		w.WriteHeader(http.StatusNotFound)
	case allow != nil:
		w.Header().Set("Allow", strings.Join(allow, ", "))
		if c.route.kind == authRoute {
			account.MethodNotAllowed(w)
			return
		}
		w.WriteHeader(http.StatusMethodNotAllowed)
	case c.route.kind == privateRoute:
		s.private(w, c)
	default:
		s.withFaults(w, c)
	}
}

// private serves the simulator's own paths to whoever has the software's credentials.
func (s *Server) private(w http.ResponseWriter, c *call) {
	if !s.provider.Client(c.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="e-Gov simulator"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	c.route.serve(s, w, c)
}

// handle checks the caller of an API route and runs the operation.
func (s *Server) handle(w http.ResponseWriter, c *call) {
	if c.route.kind == apiRoute {
		who, challenge := s.provider.Bearer(c.Request)
		if challenge != "" {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		c.account = who
		switch values := c.Header.Values("X-eGovAPI-Trial"); {
		case len(values) == 0, len(values) == 1 && values[0] == "false":
		case len(values) == 1 && values[0] == "true":
			c.trial = true
		default:
			s.problem(w, c, http.StatusBadRequest, "X-eGovAPI-Trialヘッダの値が正しくありません。")
			return
		}
	}
	c.route.serve(s, w, c)
}
