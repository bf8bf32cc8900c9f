package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"todoke/egov/wire"
)

const maxForm = 64 << 10

// writeJSON answers with a JSON body that no cache may keep.
func writeJSON(w http.ResponseWriter, status int, body any) {
	out, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("answer: %v", err)) // the bodies are ours and always marshal
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(out)
}

func writeError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, wire.TokenError{Error: code, ErrorDescription: description})
}

// MethodNotAllowed answers a wrong method on an authentication endpoint.
func MethodNotAllowed(w http.ResponseWriter) {
	writeError(w, http.StatusMethodNotAllowed, "invalid_request", "このメソッドは使用できません。")
}

// readForm reads an application/x-www-form-urlencoded body strictly: nothing in
// the query, no repeated field.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" || r.URL.RawQuery != "" {
		writeError(w, http.StatusBadRequest, "invalid_request", "リクエストの形式が正しくありません。")
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		writeError(w, http.StatusRequestEntityTooLarge, "invalid_request", "リクエストが大きすぎます。")
		return nil, false
	}
	form, parseErr := url.ParseQuery(string(body))
	if err != nil || parseErr != nil {
		writeError(w, http.StatusBadRequest, "invalid_request", "リクエストの形式が正しくありません。")
		return nil, false
	}
	for _, values := range form {
		if len(values) > 1 {
			writeError(w, http.StatusBadRequest, "invalid_request", "同じパラメータが複数指定されています。")
			return nil, false
		}
	}
	return form, true
}

// authenticated reads the form of a request that needs the software's credentials.
func (p *Provider) authenticated(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	form, ok := readForm(w, r)
	if !ok {
		return nil, false
	}
	if !p.Client(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="e-Gov"`)
		writeError(w, http.StatusUnauthorized, "invalid_client", "ソフトウェアＩＤまたはＡＰＩキーが正しくありません。")
		return nil, false
	}
	return form, true
}

// Token answers POST /auth/token.
func (p *Provider) Token(w http.ResponseWriter, r *http.Request) {
	form, ok := p.authenticated(w, r)
	if !ok {
		return
	}
	now := p.config.Clock()
	p.mu.Lock()
	defer p.mu.Unlock()
	var s *session
	var problem string
	switch form.Get("grant_type") {
	case "authorization_code":
		s, problem = p.exchange(form, now)
	case "refresh_token":
		s, problem = p.rotate(form.Get("refresh_token"), now)
	case "":
		writeError(w, http.StatusBadRequest, "invalid_request", "ｇｒａｎｔ＿ｔｙｐｅが指定されていません。")
		return
	default:
		writeError(w, http.StatusBadRequest, "unsupported_grant_type", "ｇｒａｎｔ＿ｔｙｐｅが正しくありません。")
		return
	}
	if problem != "" {
		writeError(w, http.StatusBadRequest, "invalid_grant", problem)
		return
	}
	accessToken, refreshToken := p.issue(s, now)
	writeJSON(w, http.StatusOK, wire.TokenResponse{
		AccessToken: accessToken, ExpiresIn: int(accessLife.Seconds()),
		RefreshToken: refreshToken, RefreshExpiresIn: int(refreshLife.Seconds()),
		TokenType: "Bearer", IDToken: p.token("ID", s, now, now.Add(accessLife)),
		SessionState: s.id, Scope: scope,
	})
}

var verifierPattern = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// exchange turns a code into its session. A code that comes back ends the
// session it opened, because one of the two senders is a thief.
func (p *Provider) exchange(form url.Values, now time.Time) (*session, string) {
	c, known := p.codes[form.Get("code")]
	if !known {
		return nil, "認可コードが正しくありません。"
	}
	if c.session.refresh != "" || c.session.dead {
		p.end(c.session)
		return nil, "認可コードは使用済みです。"
	}
	verifier := form.Get("code_verifier")
	sum := sha256.Sum256([]byte(verifier))
	derived := base64.RawURLEncoding.EncodeToString(sum[:])
	problem := ""
	switch {
	case !now.Before(c.expires):
		problem = "認可コードの有効期限が切れています。"
	case form.Get("redirect_uri") != c.request.redirectURI:
		problem = "ｒｅｄｉｒｅｃｔ＿ｕｒｉが認可要求と一致しません。"
	case c.request.challenge == "" && form.Has("code_verifier"):
		problem = "ｃｏｄｅ＿ｃｈａｌｌｅｎｇｅが認可要求にありません。"
	case c.request.challenge != "" && (!verifierPattern.MatchString(verifier) ||
		subtle.ConstantTimeCompare([]byte(derived), []byte(c.request.challenge)) != 1):
		problem = "ｃｏｄｅ＿ｖｅｒｉｆｉｅｒが正しくありません。"
	}
	if problem != "" {
		p.end(c.session) // one attempt only
		return nil, problem
	}
	return c.session, ""
}

func (p *Provider) rotate(token string, now time.Time) (*session, string) {
	s, known := p.refresh[token]
	switch {
	case token == "" || !known || s.dead:
		return nil, "リフレッシュトークンが正しくありません。"
	case !now.Before(s.expires):
		return nil, "リフレッシュトークンの有効期限が切れています。"
	}
	return s, ""
}

// Introspect answers POST /auth/token/introspect for access and refresh tokens.
func (p *Provider) Introspect(w http.ResponseWriter, r *http.Request) {
	form, ok := p.authenticated(w, r)
	if !ok {
		return
	}
	token := form.Get("token")
	if token == "" {
		writeError(w, http.StatusBadRequest, "invalid_request", "ｔｏｋｅｎが指定されていません。")
		return
	}
	now := p.config.Clock()
	p.mu.Lock()
	defer p.mu.Unlock()
	a, isAccess := p.access[token]
	s, isRefresh := p.refresh[token]
	kind, issued, expires := "Bearer", a.issued, a.expires
	if isAccess {
		s = a.session
	} else if isRefresh {
		kind, issued, expires = "Offline", s.began, s.expires
	}
	if s == nil || s.dead || !now.Before(expires) {
		writeJSON(w, http.StatusOK, map[string]any{"active": false})
		return
	}
	body := p.claims(kind, s, issued, expires)
	body["active"], body["client_id"], body["username"] = true, p.config.ClientID, s.account
	if isAccess {
		body["auth_time"], body["email"], body["email_verified"] = s.began.Unix(), s.account, true
		body["acr"], body["egov_idp"] = "1", "e-gov"
	}
	writeJSON(w, http.StatusOK, body)
}

// Logout answers POST /auth/logout: the tokens of the session die, the
// browser stays logged in.
func (p *Provider) Logout(w http.ResponseWriter, r *http.Request) {
	form, ok := p.authenticated(w, r)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, known := p.refresh[form.Get("refresh_token")]
	if !known {
		writeError(w, http.StatusBadRequest, "invalid_grant", "リフレッシュトークンが正しくありません。")
		return
	}
	p.end(s)
	w.WriteHeader(http.StatusNoContent)
}

func (p *Provider) claims(kind string, s *session, issued, expires time.Time) map[string]any {
	return map[string]any{
		"exp": expires.Unix(), "iat": issued.Unix(), "jti": rand.Text(), "typ": kind,
		"iss": "egov-sim", "aud": p.config.ClientID, "azp": p.config.ClientID, "sub": s.account,
		"session_state": s.id, "sid": s.id, "scope": scope,
	}
}

// token makes a string of three parts that decodes like a JWT. Clients have to
// treat it as opaque.
func (p *Provider) token(kind string, s *session, issued, expires time.Time) string {
	payload, err := json.Marshal(p.claims(kind, s, issued, expires))
	if err != nil {
		panic(fmt.Sprintf("token: %v", err)) // the claims are ours and always marshal
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString(payload)
	mac := hmac.New(sha256.New, p.key)
	_, _ = mac.Write([]byte(text))
	return text + "." + enc.EncodeToString(mac.Sum(nil))
}

// uuid returns a random session id in the usual form.
func uuid() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // crypto/rand never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
