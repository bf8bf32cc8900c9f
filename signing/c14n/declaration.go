package c14n

import (
	"bytes"
	"slices"
)

// declaration reads the XML declaration, which may be absent.
func (p *parser) declaration() error {
	if !p.has("<?xml") || len(p.src) > p.pos+5 && classes[p.src[p.pos+5]]&whitespace == 0 {
		return nil
	}
	start := p.pos
	content, err := p.until(len("<?xml"), "?>")
	if err != nil {
		return err
	}
	allowed := []string{"version", "encoding", "standalone"}
	for i := 0; len(content) > 0; i++ {
		name, value, rest, ok := pseudoAttribute(content)
		if !ok {
			break
		}
		at := slices.Index(allowed, name)
		switch {
		case at < 0 || i == 0 && at != 0:
			return p.fail(start, ErrSyntax, "XML declaration")
		case name == "version" && value != "1.0", name == "encoding" && !bytes.EqualFold([]byte(value), []byte("UTF-8")):
			return p.fail(start, ErrEncoding, "XML declaration")
		case name == "standalone" && value != "yes" && value != "no":
			return p.fail(start, ErrSyntax, "XML declaration")
		}
		allowed, content = allowed[at+1:], rest
	}
	if len(allowed) == 3 || len(bytes.TrimLeft(content, "\t\n\r ")) > 0 {
		return p.fail(start, ErrSyntax, "XML declaration")
	}

	return nil
}

// pseudoAttribute cuts one name="value" with leading white space off content.
func pseudoAttribute(content []byte) (name, value string, rest []byte, ok bool) {
	trimmed := bytes.TrimLeft(content, "\t\n\r ")
	length := ncName(trimmed)
	if len(trimmed) == len(content) || length == 0 {
		return "", "", content, false
	}
	after, found := bytes.CutPrefix(bytes.TrimLeft(trimmed[length:], "\t\n\r "), []byte("="))
	after = bytes.TrimLeft(after, "\t\n\r ")
	if !found || len(after) == 0 || after[0] != '"' && after[0] != '\'' {
		return "", "", content, false
	}
	quoted, rest, found := bytes.Cut(after[1:], after[:1])

	return string(trimmed[:length]), string(quoted), rest, found
}
