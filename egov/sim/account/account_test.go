package account_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim/account"
	"todoke/egov/wire"
)

const (
	clientID = "software-1"
	secret   = "key-1"
	redirect = "http://127.0.0.1:9000/callback"
	verifier = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ" // 43 characters
)

// world is one provider with a clock that a test moves.
type world struct {
	t        *testing.T
	provider *account.Provider
	mu       sync.Mutex
	now      time.Time
	cookies  []*http.Cookie
}

func setup(t *testing.T, auto bool) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)}
	w.provider = account.New(account.Config{
		ClientID: clientID, ClientSecret: secret, RedirectURI: redirect, AutoLogin: auto, Account: "demo@example.com",
		Clock: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.now
		},
	})
	return w
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func query(change ...string) url.Values {
	q := url.Values{
		"client_id": {clientID}, "response_type": {"code"}, "scope": {"openid offline_access"},
		"redirect_uri": {redirect}, "state": {"s t"},
	}
	for i := 0; i < len(change); i += 2 {
		if change[i+1] == "-" {
			q.Del(change[i])
			continue
		}
		q.Set(change[i], change[i+1])
	}
	return q
}

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (w *world) authorize(q string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/auth/auth?"+q, nil)
	for _, c := range w.cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	w.provider.Authorize(rec, r)
	return rec
}

// code authorizes and returns the code of the redirect.
func (w *world) code(change ...string) string {
	w.t.Helper()
	rec := w.authorize(query(change...).Encode())
	u, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || rec.Code != http.StatusFound || u.Query().Get("code") == "" {
		w.t.Fatalf("authorize = %d %s", rec.Code, rec.Body)
	}
	return u.Query().Get("code")
}

func (w *world) post(serve func(http.ResponseWriter, *http.Request), form url.Values, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/auth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, secret)
	for _, e := range edit {
		e(r)
	}
	rec := httptest.NewRecorder()
	serve(rec, r)
	return rec
}

func grant(code string, change ...string) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}}
	for i := 0; i < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

func (w *world) tokens(form url.Values) wire.TokenResponse {
	w.t.Helper()
	rec := w.post(w.provider.Token, form)
	var out wire.TokenResponse
	if rec.Code != http.StatusOK || json.Unmarshal(rec.Body.Bytes(), &out) != nil {
		w.t.Fatalf("token = %d %s", rec.Code, rec.Body)
	}
	return out
}

func (w *world) bearer(token string) (string, string) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return w.provider.Bearer(r)
}

func errorOf(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var e wire.TokenError
	err := json.Unmarshal(rec.Body.Bytes(), &e)
	if err != nil || e.Error == "" {
		t.Fatalf("no token error body: %d %q", rec.Code, rec.Body)
	}
	return fmt.Sprintf("%d %s", rec.Code, e.Error)
}

func TestAuthorizeRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, query string }{
		{"other client", query("client_id", "x").Encode()},
		{"no client", query("client_id", "-").Encode()},
		{"redirect with a slash more", query("redirect_uri", redirect+"/").Encode()},
		{"redirect on another port", query("redirect_uri", "http://127.0.0.1:9001/callback").Encode()},
		{"no redirect", query("redirect_uri", "-").Encode()},
		{"response type token", query("response_type", "token").Encode()},
		{"scope without offline", query("scope", "openid").Encode()},
		{"plain challenge", query("code_challenge", challenge(), "code_challenge_method", "plain").Encode()},
		{"challenge without method", query("code_challenge", challenge()).Encode()},
		{"method without challenge", query("code_challenge_method", "S256").Encode()},
		{"short challenge", query("code_challenge", "abc", "code_challenge_method", "S256").Encode()},
		{"parameter twice", query().Encode() + "&state=2"},
		{"broken query", "client_id=%zz"},
		{"state that is no text", query("state", "\xff").Encode()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := setup(t, true).authorize(tt.query)
			if got := errorOf(t, rec); got != "400 invalid_request" || rec.Header().Get("Location") != "" {
				t.Errorf("got %s, location %q", got, rec.Header().Get("Location"))
			}
		})
	}
}

func TestAutoLoginRedirects(t *testing.T) {
	t.Parallel()
	w := setup(t, true)
	u, err := url.Parse(w.authorize(query().Encode()).Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Host != "127.0.0.1:9000" || q.Get("state") != "s t" || q.Get("code") == "" || q.Get("session_state") == "" {
		t.Errorf("location = %s", u)
	}
	u, err = url.Parse(w.authorize(query("state", "-").Encode()).Header().Get("Location"))
	if err != nil || u.Query().Has("state") {
		t.Errorf("state was invented: %s", u)
	}
}

var ticketPattern = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

func TestLoginPage(t *testing.T) {
	t.Parallel()
	w := setup(t, false)
	page := w.authorize(query().Encode())
	if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), "アカウント名") || page.Header().Get("X-Frame-Options") != "DENY" {
		t.Fatalf("page = %d %s", page.Code, page.Body)
	}
	ticket := ticketPattern.FindStringSubmatch(page.Body.String())[1]
	cookies := page.Result().Cookies()
	form := url.Values{"ticket": {ticket}, "account": {"mine@example.com"}}
	withCookie := func(r *http.Request) { r.AddCookie(cookies[0]) }
	for name, edit := range map[string][]func(*http.Request){
		"without the cookie":  {},
		"another cookie":      {func(r *http.Request) { r.AddCookie(&http.Cookie{Name: cookies[0].Name, Value: "x"}) }},
		"from another site":   {withCookie, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }},
		"from another origin": {withCookie, func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }},
		"as JSON":             {withCookie, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }},
	} {
		if got := errorOf(t, w.post(w.provider.Login, form, edit...)); got != "400 invalid_request" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := errorOf(t, w.post(w.provider.Login, url.Values{"ticket": {ticket}}, withCookie)); got != "400 invalid_request" {
		t.Errorf("without an account: %s", got)
	}
	rec := w.post(w.provider.Login, form, withCookie)
	u, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || rec.Code != http.StatusFound {
		t.Fatalf("login = %d %s", rec.Code, rec.Body)
	}
	tokens := w.tokens(grant(u.Query().Get("code")))
	if who, _ := w.bearer(tokens.AccessToken); who != "mine@example.com" {
		t.Errorf("account = %q", who)
	}
	if got := errorOf(t, w.post(w.provider.Login, form, withCookie)); got != "400 invalid_request" {
		t.Errorf("second use of the ticket: %s", got)
	}
	// The browser stays logged in.
	w.cookies = rec.Result().Cookies()
	if w.authorize(query().Encode()).Code != http.StatusFound {
		t.Error("a logged-in browser sees the login page")
	}
}

func TestLoginTicketExpires(t *testing.T) {
	t.Parallel()
	w := setup(t, false)
	page := w.authorize(query().Encode())
	form := url.Values{"ticket": {ticketPattern.FindStringSubmatch(page.Body.String())[1]}, "account": {"a"}}
	w.advance(11 * time.Minute)
	rec := w.post(w.provider.Login, form, func(r *http.Request) { r.AddCookie(page.Result().Cookies()[0]) })
	if got := errorOf(t, rec); got != "400 invalid_request" {
		t.Error(got)
	}
}

func TestTokenAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t, true)
	rec := w.post(w.provider.Token, grant(w.code()))
	var body map[string]any
	err := json.Unmarshal(rec.Body.Bytes(), &body)
	if err != nil || rec.Code != http.StatusOK || rec.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s %v", rec.Code, rec.Body, err)
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token", "session_state"} {
		if text, ok := body[name].(string); !ok || text == "" {
			t.Errorf("%s = %v", name, body[name])
		}
		delete(body, name)
	}
	want := map[string]any{
		"expires_in": 3600.0, "refresh_expires_in": 15552000.0, "token_type": "Bearer",
		"not-before-policy": 0.0, "scope": "openid offline_access",
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

func TestAccessTokenHasThreeParts(t *testing.T) {
	t.Parallel()
	w := setup(t, true)
	parts := strings.Split(w.tokens(grant(w.code())).AccessToken, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ Iat, Exp int64 }
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Exp-claims.Iat != 3600 {
		t.Errorf("payload %s", payload)
	}
}

func TestTokenRefuses(t *testing.T) {
	t.Parallel()
	pkce := []string{"code_challenge", challenge(), "code_challenge_method", "S256"}
	tests := []struct {
		name  string
		ask   []string // of the authorize request
		form  func(code string) url.Values
		wait  time.Duration
		edit  func(*http.Request)
		wants string
	}{
		{"wrong secret", nil, func(c string) url.Values { return grant(c) }, 0,
			func(r *http.Request) { r.SetBasicAuth(clientID, "x") }, "401 invalid_client"},
		{"no credentials", nil, func(c string) url.Values { return grant(c) }, 0,
			func(r *http.Request) { r.Header.Del("Authorization") }, "401 invalid_client"},
		{"credentials in the body", nil, func(c string) url.Values { return grant(c, "client_id", clientID, "client_secret", secret) }, 0,
			func(r *http.Request) { r.Header.Del("Authorization") }, "401 invalid_client"},
		{"JSON", nil, func(c string) url.Values { return grant(c) }, 0,
			func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, "400 invalid_request"},
		{"no content type", nil, func(c string) url.Values { return grant(c) }, 0,
			func(r *http.Request) { r.Header.Del("Content-Type") }, "400 invalid_request"},
		{"parameters in the query", nil, func(c string) url.Values { return grant(c) }, 0,
			func(r *http.Request) { r.URL.RawQuery = "a=b" }, "400 invalid_request"},
		{"body too large", nil, func(c string) url.Values { return grant(c, "x", strings.Repeat("x", 70000)) }, 0, nil, "413 invalid_request"},
		{"field twice", nil, func(c string) url.Values { v := grant(c); v.Add("code", c); return v }, 0, nil, "400 invalid_request"},
		{"no grant type", nil, func(c string) url.Values { return grant(c, "grant_type", "") }, 0, nil, "400 invalid_request"},
		{"password grant", nil, func(c string) url.Values { return grant(c, "grant_type", "password") }, 0, nil, "400 unsupported_grant_type"},
		{"unknown code", nil, func(string) url.Values { return grant("x") }, 0, nil, "400 invalid_grant"},
		{"other redirect", nil, func(c string) url.Values { return grant(c, "redirect_uri", redirect+"x") }, 0, nil, "400 invalid_grant"},
		{"no redirect", nil, func(c string) url.Values { v := grant(c); v.Del("redirect_uri"); return v }, 0, nil, "400 invalid_grant"},
		{"code of 60 seconds ago", nil, func(c string) url.Values { return grant(c) }, 60 * time.Second, nil, "400 invalid_grant"},
		{"verifier missing", pkce, func(c string) url.Values { return grant(c) }, 0, nil, "400 invalid_grant"},
		{"verifier wrong", pkce, func(c string) url.Values { return grant(c, "code_verifier", verifier+"x") }, 0, nil, "400 invalid_grant"},
		{"challenge as verifier", pkce, func(c string) url.Values { return grant(c, "code_verifier", challenge()) }, 0, nil, "400 invalid_grant"},
		{"verifier without challenge", nil, func(c string) url.Values { return grant(c, "code_verifier", verifier) }, 0, nil, "400 invalid_grant"},
		{"refresh token unknown", nil, func(string) url.Values {
			return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}
		}, 0, nil, "400 invalid_grant"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, true)
			code := w.code(tt.ask...)
			w.advance(tt.wait)
			edit := tt.edit
			if edit == nil {
				edit = func(*http.Request) {}
			}
			if got := errorOf(t, w.post(w.provider.Token, tt.form(code), edit)); got != tt.wants {
				t.Errorf("got %s, want %s", got, tt.wants)
			}
		})
	}
}

func TestPKCE(t *testing.T) {
	t.Parallel()
	w := setup(t, true)
	code := w.code("code_challenge", challenge(), "code_challenge_method", "S256")
	w.advance(59 * time.Second)
	if who, problem := w.bearer(w.tokens(grant(code, "code_verifier", verifier)).AccessToken); who != "demo@example.com" {
		t.Error(problem)
	}
}

func TestWrongVerifierSpendsTheCode(t *testing.T) {
	t.Parallel()
	w := setup(t, true)
	code := w.code("code_challenge", challenge(), "code_challenge_method", "S256")
	w.post(w.provider.Token, grant(code, "code_verifier", verifier+"x"))
	if got := errorOf(t, w.post(w.provider.Token, grant(code, "code_verifier", verifier))); got != "400 invalid_grant" {
		t.Error(got)
	}
}

func TestCodeReuseEndsTheSession(t *testing.T) {
	t.Parallel()
	w := setup(t, true)
	code := w.code()
	tokens := w.tokens(grant(code))
	if got := errorOf(t, w.post(w.provider.Token, grant(code))); got != "400 invalid_grant" {
		t.Error(got)
	}
	if _, problem := w.bearer(tokens.AccessToken); !strings.Contains(problem, "invalid_token") {
		t.Error("the access token of a stolen code still works")
	}
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	w := setup(t, true)
	first := w.tokens(grant(w.code()))
	second := w.tokens(refreshForm(first.RefreshToken))
	if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken || second.SessionState != first.SessionState {
		t.Error("tokens were not replaced within the session")
	}
	if got := errorOf(t, w.post(w.provider.Token, refreshForm(first.RefreshToken))); got != "400 invalid_grant" {
		t.Errorf("old refresh token: %s", got)
	}
	if _, problem := w.bearer(first.AccessToken); problem != "" {
		t.Error("the old access token died before its hour")
	}
	w.advance(time.Hour)
	if _, problem := w.bearer(second.AccessToken); !strings.Contains(problem, `error="invalid_token"`) {
		t.Errorf("after an hour: %q", problem)
	}
	w.advance(180*24*time.Hour - time.Hour - time.Second)
	third := w.tokens(refreshForm(second.RefreshToken))
	w.advance(180 * 24 * time.Hour)
	if got := errorOf(t, w.post(w.provider.Token, refreshForm(third.RefreshToken))); got != "400 invalid_grant" {
		t.Errorf("after 180 days: %s", got)
	}
}

func TestBearerChallenges(t *testing.T) {
	t.Parallel()
	w := setup(t, true)
	tests := []struct {
		name   string
		header []string
		want   string
	}{
		{"nothing", nil, `error="invalid_request"`},
		{"Basic", []string{"Basic eDp5"}, `error="invalid_request"`},
		{"twice", []string{"Bearer a", "Bearer b"}, `error="invalid_request"`},
		{"unknown", []string{"Bearer a"}, `error="invalid_token"`},
		{"empty", []string{"Bearer "}, `error="invalid_request"`},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = tt.header
		who, problem := w.provider.Bearer(r)
		if who != "" || !strings.Contains(problem, tt.want) || !strings.HasPrefix(problem, `Bearer realm="`) {
			t.Errorf("%s: %q %q", tt.name, who, problem)
		}
	}
}

func TestIntrospectAndLogout(t *testing.T) {
	t.Parallel()
	w := setup(t, true)
	tokens := w.tokens(grant(w.code()))
	active := func(token string) map[string]any {
		rec := w.post(w.provider.Introspect, url.Values{"token": {token}})
		var body map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || rec.Code != http.StatusOK {
			t.Fatalf("introspect = %d %s", rec.Code, rec.Body)
		}
		return body
	}
	if body := active(tokens.AccessToken); body["active"] != true || body["username"] != "demo@example.com" || body["email"] == nil {
		t.Errorf("access token: %v", body)
	}
	if body := active(tokens.RefreshToken); body["active"] != true || body["email"] != nil {
		t.Errorf("refresh token: %v", body)
	}
	rec := w.post(w.provider.Logout, url.Values{"refresh_token": {tokens.RefreshToken}})
	if rec.Code != http.StatusNoContent || rec.Body.Len() != 0 {
		t.Errorf("logout = %d %q", rec.Code, rec.Body)
	}
	for _, token := range []string{tokens.AccessToken, tokens.RefreshToken, "x"} {
		if diff := cmp.Diff(map[string]any{"active": false}, active(token)); diff != "" {
			t.Error(diff)
		}
	}
	if _, problem := w.bearer(tokens.AccessToken); problem == "" {
		t.Error("the access token outlived the logout")
	}
	if got := errorOf(t, w.post(w.provider.Logout, url.Values{"refresh_token": {tokens.RefreshToken}})); got != "400 invalid_grant" {
		t.Error(got)
	}
	if got := errorOf(t, w.post(w.provider.Introspect, url.Values{})); got != "400 invalid_request" {
		t.Error(got)
	}
}

func TestStateStaysBounded(t *testing.T) {
	t.Parallel()
	w := setup(t, false)
	for range 5000 {
		w.authorize(query().Encode())
	}
	if got := errorOf(t, w.authorize(query().Encode())); got != "500 server_error" {
		t.Error(got)
	}
	w.advance(time.Hour)
	if w.authorize(query().Encode()).Code != http.StatusOK {
		t.Error("expired log-ins still count")
	}
}
