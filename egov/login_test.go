package egov

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestBeginLogin(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://account.example")
	first, err := c.BeginLogin()
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.BeginLogin()
	if err != nil || first.State == second.State || first.Verifier == second.Verifier || len(first.Verifier) != 43 {
		t.Fatalf("logins are not fresh: %v", err)
	}
	u, err := url.Parse(first.URL)
	if err != nil || u.Scheme+"://"+u.Host+u.Path != "https://account.example/auth/auth" {
		t.Fatalf("address %q, %v", first.URL, err)
	}
	sum := sha256.Sum256([]byte(first.Verifier))
	for name, want := range map[string]string{
		"client_id": "software-1", "response_type": "code", "scope": "openid offline_access", "state": first.State,
		"redirect_uri": "http://127.0.0.1:8080/callback", "code_challenge_method": "S256",
		"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]),
	} {
		if u.Query().Get(name) != want {
			t.Errorf("%s = %q, want %q", name, u.Query().Get(name), want)
		}
	}
	if strings.Contains(first.URL, first.Verifier) || strings.Contains(first.URL, testSecret) {
		t.Error("the address contains a secret")
	}
}

const tokenBody = `{"access_token":"a.b.c","expires_in":3600,"refresh_expires_in":15552000,"refresh_token":"rt-0002",
	"token_type":"Bearer","id_token":"x","not-before-policy":0,"session_state":"s","scope":"openid offline_access"}`

func TestTokenRequests(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	var form url.Values
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		if !ok || user != "software-1" || password != testSecret || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = r.ParseForm()
		form = r.PostForm
		switch r.URL.Path {
		case "/auth/token":
			_, _ = io.WriteString(w, tokenBody)
		case "/auth/token/introspect":
			_, _ = io.WriteString(w, `{"active":true,"exp":"1782907200","username":"u"}`)
		case "/auth/logout":
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	c := newClient(t, server.URL, func(c *Config) { c.Clock = func() time.Time { return now } })
	ctx := context.Background()
	want := Token{Access: "a.b.c", Refresh: "rt-0002", AccessExpires: now.Add(time.Hour), RefreshExpires: now.AddDate(0, 0, 180)}

	token, err := c.Exchange(ctx, "code-1", "verifier-1")
	if err != nil || token != want {
		t.Fatalf("Exchange = %v, %v", token, err)
	}
	if got := form.Encode(); got != "code=code-1&code_verifier=verifier-1&grant_type=authorization_code&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fcallback" {
		t.Errorf("form = %s", got)
	}
	token, err = c.Refresh(ctx, "rt-0001")
	if err != nil || token != want || form.Encode() != "grant_type=refresh_token&refresh_token=rt-0001" {
		t.Errorf("Refresh = %v, %v with %s", token, err, form.Encode())
	}
	about, err := c.Introspect(ctx, "a.b.c")
	if err != nil || !about.Active || about.Expires != 1782907200 || form.Encode() != "token=a.b.c" {
		t.Errorf("Introspect = %+v, %v", about, err)
	}
	err = c.Logout(ctx, "rt-0002")
	if err != nil || form.Encode() != "refresh_token=rt-0002" {
		t.Errorf("Logout = %v", err)
	}
}

func TestTokenRequestIsTriedOnce(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	for name, h := range map[string]http.HandlerFunc{
		"503":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"no answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"307": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/auth/token", http.StatusTemporaryRedirect)
		},
		"unreadable": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tokenBody[:40]) },
	} {
		calls.Store(0)
		server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			h(w, r)
		})
		_, err := newClient(t, server.URL).Refresh(context.Background(), "rt-0001")
		if err == nil || calls.Load() != 1 || errors.Is(err, ErrInvalidGrant) || errors.Is(err, ErrNotSent) {
			t.Errorf("%s: %d calls, %v", name, calls.Load(), err)
		}
		if strings.Contains(err.Error(), "rt-0001") || strings.Contains(err.Error(), testSecret) {
			t.Errorf("%s: the error contains a secret: %v", name, err)
		}
	}
}

func TestInvalidGrant(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"error":"invalid_grant","error_description":"無効です"}`: true,
		`{"error":"invalid_client"}`:                           false,
		`{"error":"invalid_request"}`:                          false,
		``:                                                     false,
		`<html>invalid_grant</html>`:                           false,
	} {
		server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, body)
		})
		_, err := newClient(t, server.URL).Refresh(context.Background(), "rt-0001")
		refused, ok := errors.AsType[*StatusError](err)
		if errors.Is(err, ErrInvalidGrant) != want || !ok || refused.Status != 400 {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestDecodeToken(t *testing.T) {
	t.Parallel()
	asked := time.Unix(1000, 0)
	for _, c := range []struct {
		name, body string
		want       Token
		fails      bool
	}{
		{"documented", tokenBody, Token{"a.b.c", "rt-0002", asked.Add(time.Hour), asked.Add(180 * 24 * time.Hour)}, false},
		{"seconds as text", `{"access_token":"a","expires_in":"60","refresh_token":"r"}`, Token{"a", "r", asked.Add(time.Minute), time.Time{}}, false},
		{"refresh token without end", `{"access_token":"a","expires_in":60,"refresh_expires_in":0,"refresh_token":"r"}`, Token{"a", "r", asked.Add(time.Minute), time.Time{}}, false},
		{"no lifetime", `{"access_token":"a","refresh_token":"r"}`, Token{"a", "r", asked, time.Time{}}, false},
		{"an absurd lifetime", `{"access_token":"a","expires_in":9223372036854775807,"refresh_token":"r"}`, Token{"a", "r", asked, time.Time{}}, false},
		{"no refresh token", `{"access_token":"a","expires_in":60,"refresh_token":"-"}`, Token{"a", "", asked.Add(time.Minute), time.Time{}}, false},
		{"no access token", `{"refresh_token":"r"}`, Token{}, true},
		{"a token that breaks the header", `{"access_token":"a\r\nX: y","refresh_token":"r"}`, Token{}, true},
		{"another type", `{"access_token":"a","token_type":"mac","refresh_token":"r"}`, Token{}, true},
		{"not JSON", `<html>`, Token{}, true},
	} {
		got, err := decodeToken([]byte(c.body), asked)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %#v expires %v, %v", c.name, got.Access, got.AccessExpires, err)
		}
	}
}
