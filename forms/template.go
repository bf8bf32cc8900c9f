package forms

import (
	"bytes"
	"strings"
)

// segment is a piece of a compiled file: static octets followed by the text of
// one element, or by the attachment blocks.
type segment struct {
	static []byte
	field  *field // nil when only static octets follow
	part   int
	blocks bool
}

// xmlTemplate is a form file compiled to static octets and holes. Writing a file
// is then a series of appends into one buffer of known size.
type xmlTemplate struct {
	segments []segment
	block    blockTemplate
}

// blockTemplate is the repeated block of attachments; holes name its values.
type blockTemplate struct {
	texts []string // static, hole, static, hole, …, static
}

// compiler writes an outline as XML in the form that canonicalisation leaves
// unchanged: LF, <x></x>, attributes in double quotes.
type compiler struct {
	out     bytes.Buffer
	tpl     xmlTemplate
	holes   map[string]hole
	formRef []formReference
}

type hole struct {
	field *field
	part  int
}

// formReference is what kousei.xml says of a form file.
type formReference struct{ id, version, name, file string }

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

func compileTemplate(root *node, stylesheet string, holes map[string]hole, forms []formReference) xmlTemplate {
	c := &compiler{holes: holes, formRef: forms}
	c.out.WriteString(xmlHead)
	if stylesheet != "" {
		c.out.WriteString(`<?xml-stylesheet href="` + stylesheet + `" type="text/xsl"?>` + "\n")
	}
	c.element(root, 0)
	c.flush(segment{})
	return c.tpl
}

func (c *compiler) flush(s segment) {
	s.static = bytes.Clone(c.out.Bytes())
	c.out.Reset()
	c.tpl.segments = append(c.tpl.segments, s)
}

func (c *compiler) element(n *node, depth int) {
	switch n.repeat {
	case blockForms:
		for _, f := range c.formRef {
			fill := strings.NewReplacer("{id}", f.id, "{version}", f.version, "{name}", f.name, "{file}", f.file)
			c.out.WriteString(fill.Replace(blockText(n, depth)))
		}
		return
	case blockAttachments:
		c.tpl.block = splitBlock(blockText(n, depth))
		c.flush(segment{blocks: true})
		return
	}
	indent := strings.Repeat("\t", depth)
	c.out.WriteString(indent + "<" + n.name)
	if n.attribute != "" {
		name, value, _ := strings.Cut(n.attribute, "=")
		c.out.WriteString(" " + name + `="` + escapeString(value) + `"`)
	}
	c.out.WriteString(">")
	if len(n.children) > 0 {
		c.out.WriteString("\n")
		for _, child := range n.children {
			c.element(child, depth+1)
		}
		c.out.WriteString(indent)
	} else if h, ok := c.holes[n.path]; ok {
		c.flush(segment{field: h.field, part: h.part})
	} else {
		c.out.WriteString(escapeString(n.constant))
	}
	c.out.WriteString("</" + n.name + ">\n")
}

func blockText(n *node, depth int) string {
	indent := strings.Repeat("\t", depth)
	var b strings.Builder
	b.WriteString(indent + "<" + n.name + ">\n")
	for _, child := range n.children {
		b.WriteString(indent + "\t<" + child.name + ">" + escapeString(child.constant) + "</" + child.name + ">\n")
	}
	b.WriteString(indent + "</" + n.name + ">\n")
	return b.String()
}

func splitBlock(text string) blockTemplate {
	var b blockTemplate
	for text != "" {
		static, rest, found := strings.Cut(text, "{")
		b.texts = append(b.texts, static)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		b.texts = append(b.texts, name)
		text = after
	}
	return b
}

// append writes one attachment; it returns dst.
func (b blockTemplate) append(dst []byte, a Attachment) []byte {
	for i, t := range b.texts {
		if i%2 == 0 {
			dst = append(dst, t...)
			continue
		}
		switch t {
		case "kind":
			dst = append(dst, a.kind()...)
		case "name":
			dst = appendEscaped(dst, a.Name)
		case "file":
			dst = appendEscaped(dst, a.FileName)
		case "submission":
			dst = append(dst, '1')
		}
	}
	return dst
}

// appendEscaped writes character data with the escapes of canonical XML.
func appendEscaped(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, "&<>\r") {
		return append(dst, s...)
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '\r':
			dst = append(dst, "&#xD;"...)
		default:
			dst = append(dst, s[i])
		}
	}
	return dst
}

func escapeString(s string) string { return string(appendEscaped(nil, s)) }
