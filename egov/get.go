package egov

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/hashicorp/go-retryablehttp"

	"todoke/egov/internal/lenient"
	"todoke/egov/wire"
)

// Absent reports whether a text of e-Gov's says that its member does not apply:
// "", "-" or "NULL".
func Absent(s string) bool { return lenient.Absent(s) }

// errToken reports a token that cannot stand in an Authorization header.
var errToken = errors.New("the access token is empty or has characters that no token has")

// bearer is the Authorization value for a token (RFC 6750's b64token).
func bearer(token string) (string, error) {
	odd := strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
	if token == "" || odd {
		return "", errToken
	}
	return "Bearer " + token, nil
}

// get makes one safe call and decodes the answer into dst. path begins with "/" and
// is escaped already. The error is a *TransportError, *StatusError or *DecodeError.
func (c *Client) get(ctx context.Context, op Operation, accessToken, path string, query url.Values, dst any) error {
	authorization, err := bearer(accessToken)
	if err != nil {
		return &TransportError{Operation: op, Err: err}
	}
	target := c.cfg.APIBase + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return &TransportError{Operation: op, Err: plain(err)}
	}
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	resp, err := c.safe.Do(req)
	if err != nil {
		return &TransportError{Operation: op, Progress: BodyComplete, Err: plain(err)}
	}
	defer resp.Body.Close()
	c.noteDate(resp.Header)
	body, err := readBounded(resp.Body, c.cfg.MaxBody)
	if resp.StatusCode != http.StatusOK {
		return statusError(op, resp, body)
	}
	if err != nil {
		return &DecodeError{Operation: op, Err: err}
	}
	err = lenient.Decode(body, dst)
	if err != nil {
		return &DecodeError{Operation: op, Err: err}
	}
	return nil
}

// statusError reads what an unsuccessful answer has to say, as far as it can be
// read at all.
func statusError(op Operation, resp *http.Response, body []byte) *StatusError {
	e := &StatusError{Operation: op, Status: resp.StatusCode, Challenge: challengeOf(resp.Header)}
	var problem wire.Problem
	if lenient.Decode(body, &problem) == nil && problem.Title != "" {
		e.Problem = &problem
	}
	return e
}

func challengeOf(header http.Header) *Challenge {
	for _, field := range header.Values("WWW-Authenticate") {
		challenge, ok := parseChallenge(field)
		if ok {
			return &challenge
		}
	}
	return nil
}
