package egov

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
)

// scope is what e-Gov's authorize step asks for (e-Gov OpenAPI 2.0.0, GET /auth).
const scope = "openid offline_access"

// Login is one attempt of a person to log in. State and Verifier have to be kept
// until the browser comes back to the redirect URI, and are masked when formatted.
type Login struct {
	URL      string // where to send the browser
	State    string // must come back unchanged
	Verifier string // PKCE code verifier (RFC 7636), for Exchange
}

// BeginLogin makes the address of e-Gov's login page with a fresh state and PKCE
// challenge (e-Gov OpenAPI 2.0.0, GET /auth). The code that comes back is good for
// a minute and for one Exchange.
func (c *Client) BeginLogin() (Login, error) {
	secrets := make([]byte, 64)
	_, err := rand.Read(secrets)
	if err != nil {
		return Login{}, fmt.Errorf("begin login: %w", err)
	}
	login := Login{
		State:    base64.RawURLEncoding.EncodeToString(secrets[:32]),
		Verifier: base64.RawURLEncoding.EncodeToString(secrets[32:]),
	}
	challenge := sha256.Sum256([]byte(login.Verifier))
	login.URL = c.cfg.AuthBase + "/auth?" + url.Values{
		"client_id":             {c.cfg.ClientID},
		"response_type":         {"code"},
		"scope":                 {scope},
		"redirect_uri":          {c.cfg.RedirectURI},
		"state":                 {login.State},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	}.Encode()
	return login, nil
}

// Format masks everything: the address contains the state.
func (l Login) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "egov.Login{"+mask+"}") }

// LogValue is masked like Format.
func (l Login) LogValue() slog.Value { return slog.StringValue("egov.Login{" + mask + "}") }

// MarshalText is masked like Format; a Login is stored member by member.
func (l Login) MarshalText() ([]byte, error) { return []byte("egov.Login{" + mask + "}"), nil }

// Exchange turns the authorization code of the redirect into tokens (e-Gov OpenAPI
// 2.0.0, POST /token, grant authorization_code). It is tried once, as the code is
// good for one use. Errors: *TransportError, *StatusError (ErrInvalidGrant when the
// code is spent or too old), *DecodeError.
func (c *Client) Exchange(ctx context.Context, code, verifier string) (Token, error) {
	if code == "" || verifier == "" {
		return Token{}, &TransportError{Operation: issueToken, Err: errors.New("code or verifier is missing")}
	}
	return c.issue(ctx, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"redirect_uri":  {c.cfg.RedirectURI},
		"code_verifier": {verifier},
	})
}

// Refresh trades the refresh token for new tokens, both of which replace the old
// ones (e-Gov OpenAPI 2.0.0, POST /token, grant refresh_token). It is tried once:
// whether to try again with a token that may be spent is for the keeper of the
// tokens. Errors as for Exchange.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (Token, error) {
	if refreshToken == "" {
		return Token{}, &TransportError{Operation: issueToken, Err: errors.New("refresh token is missing")}
	}
	token, err := c.issue(ctx, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {refreshToken},
	})
	if err != nil {
		return Token{}, err
	}
	if token.Refresh == "" { // a service that does not rotate leaves it out
		token.Refresh = refreshToken
	}
	return token, nil
}
