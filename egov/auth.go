package egov

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"todoke/egov/internal/lenient"
	"todoke/egov/wire"
)

const (
	maxAuthAnswer = 256 << 10            // bytes of an answer of the authentication endpoints
	maxToken      = 32 << 10             // bytes of one token
	maxLifetime   = 10 * 365 * 24 * 3600 // seconds that are believed
)

// Introspection is what e-Gov says of a token (e-Gov OpenAPI 2.0.0, POST
// /token/introspect). Only Active is always present.
type Introspection struct {
	Active             bool   `json:"active"`
	Expires            int64  `json:"exp"` // unix seconds, 0 when not said
	Scope              string `json:"scope"`
	Username           string `json:"username"`
	Email              string `json:"email"`
	GBizIDAccountType  string `json:"egov_gbizid_account_type"` // 1 エントリー, 2 プライム, 3 メンバー
	IdentityProvider   string `json:"egov_idp"`
	ClientID           string `json:"client_id"`
	Subject            string `json:"sub"`
	AuthenticationTime int64  `json:"auth_time"` // unix seconds
}

// Introspect asks e-Gov about an access or refresh token. Errors: *TransportError,
// *StatusError, *DecodeError; after a logout e-Gov answers either 400 or not active.
func (c *Client) Introspect(ctx context.Context, token string) (Introspection, error) {
	body, err := c.post(ctx, introspect, "/token/introspect", url.Values{"token": {token}}, http.StatusOK)
	if err != nil {
		return Introspection{}, err
	}
	var answer Introspection
	err = lenient.Decode(body, &answer)
	if err != nil {
		return Introspection{}, &DecodeError{Operation: introspect, Err: err}
	}
	return answer, nil
}

// Logout ends the session: the refresh token and its access tokens die (e-Gov
// OpenAPI 2.0.0, POST /logout). The browser's own session with e-Gov remains.
func (c *Client) Logout(ctx context.Context, refreshToken string) error {
	_, err := c.post(ctx, logout, "/logout", url.Values{"refresh_token": {refreshToken}}, http.StatusNoContent)
	return err
}

func (c *Client) issue(ctx context.Context, form url.Values) (Token, error) {
	asked := c.cfg.Clock()
	body, err := c.post(ctx, issueToken, "/token", form, http.StatusOK)
	if err != nil {
		return Token{}, err
	}
	token, err := decodeToken(body, asked)
	if err != nil {
		return Token{}, &DecodeError{Operation: issueToken, Err: err}
	}
	return token, nil
}

// decodeToken reads a token answer, lifetimes counted from asked. An access token
// without a believable lifetime is taken as ended already: it can be refreshed, and
// the refresh token that came with it is not lost.
func decodeToken(body []byte, asked time.Time) (Token, error) {
	var answer wire.TokenResponse
	err := lenient.Decode(body, &answer)
	if err != nil {
		return Token{}, err
	}
	_, err = bearer(answer.AccessToken)
	switch {
	case err != nil || len(answer.AccessToken) > maxToken:
		return Token{}, errors.New("access_token is missing or is no token")
	case len(answer.RefreshToken) > maxToken || strings.ContainsAny(answer.RefreshToken, "\r\n\x00"):
		return Token{}, errors.New("refresh_token is no token")
	case answer.TokenType != "" && !strings.EqualFold(answer.TokenType, "Bearer"):
		return Token{}, errors.New("token_type is not Bearer")
	}
	token := Token{Access: answer.AccessToken, AccessExpires: asked}
	if answer.ExpiresIn > 0 && answer.ExpiresIn <= maxLifetime {
		token.AccessExpires = asked.Add(time.Duration(answer.ExpiresIn) * time.Second)
	}
	if answer.RefreshExpiresIn > 0 && answer.RefreshExpiresIn <= maxLifetime {
		token.RefreshExpires = asked.Add(time.Duration(answer.RefreshExpiresIn) * time.Second)
	}
	if !Absent(answer.RefreshToken) {
		token.Refresh = answer.RefreshToken
	}
	return token, nil
}

// post makes one request to an authentication endpoint, over a connection of its
// own, and returns the body of an answer with the status that means success.
func (c *Client) post(ctx context.Context, op Operation, path string, form url.Values, success int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.AuthBase+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &TransportError{Operation: op, Err: plain(err)}
	}
	req.GetBody = nil // a refresh token may be good for one request only
	req.SetBasicAuth(c.cfg.ClientID, c.secret())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	resp, err := c.once.Do(req)
	if err != nil {
		return nil, &TransportError{Operation: op, Progress: BodyComplete, Err: plain(err)}
	}
	defer resp.Body.Close()
	body, err := readBounded(resp.Body, maxAuthAnswer)
	if resp.StatusCode != success {
		return nil, authError(op, resp, body)
	}
	if err != nil {
		return nil, &DecodeError{Operation: op, Err: err}
	}
	return body, nil
}

func authError(op Operation, resp *http.Response, body []byte) *StatusError {
	e := statusError(op, resp, body)
	var token wire.TokenError
	if lenient.Decode(body, &token) == nil && token.Error != "" {
		e.TokenError = &token
	}
	return e
}
