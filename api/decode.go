package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/oklog/ulid/v2"

	"todoke/mynumber"
)

// Limits of an ordinary body. The largest procedure has fewer than a hundred fields
// of at most a few hundred characters.
const (
	maxBody  = 64 << 10
	maxDepth = 4
	maxNodes = 1000 // keys and values together
)

// body reads the request's JSON object, strictly, and looks for numbers in all of it
// before anything else is done with it. An empty body is an empty object where
// optional allows it.
func body(c *gin.Context, optional bool) (*fields, error) {
	raw, err := readBody(c, maxBody)
	if err != nil {
		return nil, err
	}
	if optional && len(raw) == 0 {
		return newFields(nil), nil
	}
	err = requireJSON(c.Request.Header)
	if err != nil {
		return nil, err
	}
	object, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	return newFields(object), nil
}

// readBody reads at most limit bytes. It does not trust Content-Length.
func readBody(c *gin.Context, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, errBodyTooLarge
	}
	if err != nil {
		return nil, errBodySyntax // cut off by the client; the cause may hold bytes of it
	}
	return raw, nil
}

func requireJSON(header http.Header) error {
	mediaType, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	charset := parameters["charset"]
	if err != nil || mediaType != jsonType || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return errContentType
	}
	if header.Get("Content-Encoding") != "" {
		return errContentType
	}
	return nil
}

// parseObject reads one JSON object of bounded depth and size, without duplicate keys
// or data after it. Values are string, json.Number, bool, nil, map[string]any, []any.
func parseObject(raw []byte) (map[string]any, error) {
	if !utf8.Valid(raw) {
		return nil, syntax(ruleUTF8)
	}
	// Decoder.Token is lenient about some malformed input; Valid is not.
	if !json.Valid(raw) {
		return nil, syntax(ruleSyntax)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	p := &parser{decoder: decoder}
	value, err := p.value(0)
	if err != nil {
		return nil, syntax(ruleSyntax)
	}
	object, isObject := value.(map[string]any)
	switch {
	case p.number:
		return nil, &fieldsError{cause: errNumberInBody, findings: []Finding{ruleNumber.finding(p.numberAt, "")}}
	case len(p.findings) > 0:
		return nil, &fieldsError{cause: errBodySyntax, findings: p.findings}
	case !isObject:
		return nil, syntax(ruleObject)
	}
	return object, nil
}

func syntax(r requestRule) error {
	return &fieldsError{cause: errBodySyntax, findings: []Finding{r.finding("", "")}}
}

// parser walks the tokens of a body that is known to be valid JSON. It goes to the
// end whatever it finds, since a number anywhere outranks everything else.
type parser struct {
	decoder  *json.Decoder
	nodes    int
	number   bool
	numberAt string // field next to the number, never the number
	findings []Finding
}

func (p *parser) value(depth int) (any, error) {
	token, err := p.decoder.Token()
	if err != nil {
		return nil, err
	}
	p.nodes++
	if p.nodes == maxNodes+1 {
		p.add(ruleTooMany, "")
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return token, nil
	}
	if depth == maxDepth {
		p.add(ruleTooDeep, "")
	}
	if delim == '[' {
		return p.array(depth + 1)
	}
	return p.object(depth + 1)
}

func (p *parser) array(depth int) (any, error) {
	list := []any{}
	for p.decoder.More() {
		item, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		p.look("", item)
		list = append(list, item)
	}
	_, err := p.decoder.Token()
	return list, err
}

func (p *parser) object(depth int) (any, error) {
	object := map[string]any{}
	for p.decoder.More() {
		token, err := p.decoder.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string) // valid JSON has no other keys
		item, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		p.look("", key)
		p.look(key, item)
		_, twice := object[key]
		if twice {
			p.add(ruleTwice, key)
		}
		object[key] = item
	}
	_, err := p.decoder.Token()
	return object, err
}

// look notes a number, or characters that no field may hold, in one key or value.
func (p *parser) look(key string, item any) {
	text := ""
	switch item := item.(type) {
	case string:
		text = item
	case json.Number:
		text = item.String()
	}
	if mynumber.In(text) && !isULID(text) && !p.number {
		p.number, p.numberAt = true, safeName(key)
	}
	if strings.ContainsFunc(text, hidden) {
		p.add(ruleHidden, key)
	}
}

// hidden characters are refused everywhere: they cannot be seen by whoever approves.
// U+FFFD is what the decoder makes of half a surrogate pair.
func hidden(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func (p *parser) add(rule requestRule, key string) {
	if len(p.findings) < maxFindings {
		p.findings = append(p.findings, rule.finding(safeName(key), ""))
	}
}

// isULID exempts our own ids: a few in a million have twelve digits in a row by chance.
func isULID(text string) bool {
	_, err := ulid.ParseStrict(text)
	return err == nil && strings.ContainsFunc(text, unicode.IsLetter)
}

var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// safeName lets through a field's name into an answer when it is one that could be
// ours: what else a client may have put there stays with the client.
func safeName(name string) string {
	if !plainName.MatchString(name) || mynumber.In(name) {
		return ""
	}
	return name
}
