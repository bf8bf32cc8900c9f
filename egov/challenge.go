package egov

import "strings"

// maxChallenge bounds the header field that is parsed, in bytes.
const maxChallenge = 4096

// Challenge is the Bearer challenge of a 401 answer's WWW-Authenticate header
// (RFC 7235; e-Gov OpenAPI 2.0.0, 401 of every operation).
type Challenge struct {
	Realm       string
	Error       string // invalid_request, invalid_token, insufficient_scope or empty
	Description string
}

// parseChallenge reads the first Bearer challenge of a WWW-Authenticate field. The
// field's octets are ISO-8859-1. A malformed rest ends the parameters without
// voiding those before it; ok is false when there is no Bearer challenge.
func parseChallenge(field string) (c Challenge, ok bool) {
	if len(field) > maxChallenge {
		return Challenge{}, false
	}
	p := challengeParser{rest: latin1(field)}
	bearer := false
	for {
		p.separators()
		name := p.token()
		if name == "" {
			return c, bearer
		}
		value, isParameter := p.value()
		if !isParameter { // a scheme: the word is followed by no "="
			if bearer {
				return c, true
			}
			bearer = strings.EqualFold(name, "Bearer")
			continue
		}
		if bearer {
			c.set(name, value)
		}
	}
}

func (c *Challenge) set(name, value string) {
	switch strings.ToLower(name) {
	case "realm":
		c.Realm = value
	case "error":
		c.Error = value
	case "error_description":
		c.Description = value
	}
}

type challengeParser struct{ rest string }

func (p *challengeParser) separators() { p.rest = strings.TrimLeft(p.rest, " \t,") }

// token takes the leading characters of RFC 7230's token.
func (p *challengeParser) token() string {
	end := strings.IndexFunc(p.rest, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	return word
}

// value takes "= token" or "= quoted-string" when that is what follows.
func (p *challengeParser) value() (string, bool) {
	rest := strings.TrimLeft(p.rest, " \t")
	if !strings.HasPrefix(rest, "=") {
		return "", false
	}
	p.rest = strings.TrimLeft(rest[1:], " \t")
	if !strings.HasPrefix(p.rest, `"`) {
		return p.token(), true
	}
	var text strings.Builder
	escaped := false
	for i, r := range p.rest[1:] {
		switch {
		case escaped:
			text.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			p.rest = p.rest[i+2:]
			return text.String(), true
		default:
			text.WriteRune(r)
		}
	}
	p.rest = "" // the closing quote is missing
	return text.String(), true
}

// latin1 turns each octet into the character of that code.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
