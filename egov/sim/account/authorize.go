package account

import (
	"crypto/rand"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Paths of the endpoints below the authentication base, and the cookies.
const (
	LoginPath     = "/auth/login" // of the simulator's own page; not part of e-Gov's interface
	browserCookie = "egov_sim_browser"
	ticketCookie  = "egov_sim_ticket"
	maxLogins     = 4096
)

// authorization is an accepted authorize request.
type authorization struct {
	redirectURI string
	state       string
	hasState    bool
	challenge   string // "" without PKCE
}

//go:embed login.html
var loginSource string

var loginPage = template.Must(template.New("login").Parse(loginSource))

var challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43,128}$`)

// Authorize answers GET /auth/auth: the login page, or at once the redirect
// when the browser is logged in already or AutoLogin is set.
func (p *Provider) Authorize(w http.ResponseWriter, r *http.Request) {
	request, problem := p.parseAuthorization(r.URL.RawQuery)
	if problem != "" {
		writeError(w, http.StatusBadRequest, "invalid_request", problem)
		return
	}
	now := p.config.Clock()
	p.mu.Lock()
	defer p.mu.Unlock()
	who, known := p.browser(r, now)
	if !known && p.config.AutoLogin {
		who, known = p.remember(w, p.config.Account, now), true
	}
	if known {
		p.redirect(w, request, who, now)
		return
	}
	p.showLogin(w, request, now)
}

// parseAuthorization checks every parameter and names the first that is wrong.
func (p *Provider) parseAuthorization(raw string) (authorization, string) {
	query, err := url.ParseQuery(raw)
	if err != nil || len(raw) > 8192 {
		return authorization{}, "クエリの形式が正しくありません。"
	}
	for name, values := range query {
		if len(values) > 1 {
			return authorization{}, "同じパラメータが複数指定されています。"
		}
		if !utf8.ValidString(name + values[0]) {
			return authorization{}, "クエリの文字コードが正しくありません。"
		}
	}
	request := authorization{
		redirectURI: query.Get("redirect_uri"), state: query.Get("state"),
		hasState: query.Has("state"), challenge: query.Get("code_challenge"),
	}
	method := query.Get("code_challenge_method")
	switch {
	case query.Get("client_id") != p.config.ClientID:
		return request, "ｃｌｉｅｎｔ＿ｉｄが登録されていません。"
	case request.redirectURI != p.config.RedirectURI:
		return request, "ｒｅｄｉｒｅｃｔ＿ｕｒｉが登録内容と一致しません。"
	case query.Get("response_type") != "code":
		return request, "ｒｅｓｐｏｎｓｅ＿ｔｙｐｅが正しくありません。"
	case query.Get("scope") != scope:
		return request, "ｓｃｏｐｅが正しくありません。"
	case query.Has("code_challenge") && !challengePattern.MatchString(request.challenge):
		return request, "ｃｏｄｅ＿ｃｈａｌｌｅｎｇｅが正しくありません。"
	case query.Has("code_challenge") != query.Has("code_challenge_method"), method != "" && method != "S256",
		query.Has("code_challenge_method") && method == "":
		return request, "ｃｏｄｅ＿ｃｈａｌｌｅｎｇｅ＿ｍｅｔｈｏｄが正しくありません。"
	}
	return request, ""
}

func (p *Provider) browser(r *http.Request, now time.Time) (browser, bool) {
	cookie, err := r.Cookie(browserCookie)
	if err != nil {
		return browser{}, false
	}
	b, ok := p.browsers[cookie.Value]
	return b, ok && now.Before(b.expires)
}

// remember logs the browser in and sets its cookie.
func (p *Provider) remember(w http.ResponseWriter, account string, now time.Time) browser {
	p.prune(now)
	b := browser{account: account, id: uuid(), expires: now.Add(browserLife)}
	value := rand.Text()
	p.browsers[value] = b
	http.SetCookie(w, cookie(browserCookie, value))
	return b
}

// cookie is a session cookie of the authentication paths. It is not marked
// Secure because the simulator speaks plain HTTP on the loopback address.
func cookie(name, value string) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // see above
		Name: name, Value: value, Path: "/auth", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

func (p *Provider) redirect(w http.ResponseWriter, request authorization, who browser, now time.Time) {
	p.prune(now)
	value := rand.Text()
	p.codes[value] = &code{
		request: request, account: who.account, expires: now.Add(codeLife),
		session: &session{id: who.id, account: who.account, began: now},
	}
	answer := url.Values{"code": {value}, "session_state": {who.id}}
	if request.hasState {
		answer.Set("state", request.state)
	}
	joint := "?"
	if strings.Contains(request.redirectURI, "?") {
		joint = "&"
	}
	w.Header().Set("Location", request.redirectURI+joint+answer.Encode())
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusFound)
}

func (p *Provider) showLogin(w http.ResponseWriter, request authorization, now time.Time) {
	if len(p.logins) >= maxLogins {
		p.pruneAt = 0
	}
	p.prune(now)
	if len(p.logins) >= maxLogins {
		writeError(w, http.StatusInternalServerError, "server_error", "ログイン待ちの数が上限を超えています。")
		return
	}
	ticket := rand.Text()
	l := login{request: request, cookie: rand.Text(), expires: now.Add(loginLife)}
	p.logins[ticket] = l
	http.SetCookie(w, cookie(ticketCookie, l.cookie))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	page := struct{ Action, Ticket, Account string }{LoginPath, ticket, p.config.Account}
	err := loginPage.Execute(w, page)
	if err != nil {
		panic(fmt.Sprintf("login page: %v", err)) // the template and its data are ours
	}
}

// Login answers the POST of the login page. The form's ticket has to come with
// the cookie that was set beside it, once, from the same origin.
func (p *Provider) Login(w http.ResponseWriter, r *http.Request) {
	err := http.NewCrossOriginProtection().Check(r)
	if err != nil {
		writeError(w, http.StatusBadRequest, "invalid_request", "別のサイトからの操作は受け付けられません。")
		return
	}
	form, ok := readForm(w, r)
	if !ok {
		return
	}
	held, err := r.Cookie(ticketCookie)
	account := strings.TrimSpace(form.Get("account"))
	now := p.config.Clock()
	p.mu.Lock()
	defer p.mu.Unlock()
	l, known := p.logins[form.Get("ticket")]
	if err != nil || !known || held.Value != l.cookie || !now.Before(l.expires) {
		writeError(w, http.StatusBadRequest, "invalid_request", "ログイン画面の有効期限が切れています。")
		return
	}
	if account == "" || utf8.RuneCountInString(account) > 128 || !utf8.ValidString(account) {
		writeError(w, http.StatusBadRequest, "invalid_request", "アカウント名が正しくありません。")
		return
	}
	delete(p.logins, form.Get("ticket"))
	p.redirect(w, l.request, p.remember(w, account, now), now)
}
