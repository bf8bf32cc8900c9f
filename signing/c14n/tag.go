package c14n

import (
	"bytes"
	"slices"
)

// startTag reads a start tag or an empty-element tag.
func (p *parser) startTag() error {
	start := p.pos
	switch {
	case p.parent < 0 && p.root >= 0:
		return p.fail(start, ErrSyntax, "second document element")
	case len(p.open) >= p.limits.Depth:
		return p.fail(start, ErrDepth, "")
	}
	p.pos++
	colon, err := p.qualifiedName()
	if err != nil {
		return err
	}
	nameEnd := p.pos
	first := len(p.attrs)
	empty, err := p.attributes(first)
	if err != nil {
		return err
	}
	outer := p.scope
	err = p.bind(p.attrs[first:])
	if err != nil {
		return err
	}
	if colon > 0 {
		_, ok := p.resolve(p.src[start+1 : colon])
		if !ok {
			return p.fail(start, ErrPrefix, "element")
		}
	}
	err = p.order(p.attrs[first:], outer)
	if err != nil {
		return err
	}
	index := p.add(node{
		kind: element, start: int32(start), nameEnd: int32(nameEnd),
		attrs: int32(first), attrsEnd: int32(len(p.attrs)), scope: p.scope,
	})
	if p.parent < 0 {
		p.root = index
	}
	if empty {
		p.close(&p.nodes[index])
		return nil
	}
	p.open = append(p.open, index)
	p.parent = index

	return nil
}

// qualifiedName advances over a name and returns the offset of its colon, 0 for none.
func (p *parser) qualifiedName() (colon int, err error) {
	start := p.pos
	p.pos += ncName(p.src[p.pos:])
	if p.pos == start {
		return 0, p.fail(start, ErrSyntax, "name")
	}
	if p.pos >= len(p.src) || p.src[p.pos] != ':' {
		return 0, nil
	}
	colon = p.pos
	p.pos++
	length := ncName(p.src[p.pos:])
	p.pos += length
	if length == 0 || p.pos < len(p.src) && p.src[p.pos] == ':' {
		return 0, p.fail(start, ErrSyntax, "name with colon")
	}

	return colon, nil
}

// attributes reads up to the end of the tag and appends to p.attrs.
func (p *parser) attributes(first int) (empty bool, err error) {
	for {
		separated := p.skipSpace()
		switch {
		case p.has(">"):
			p.pos++
			return false, nil
		case p.has("/>"):
			p.pos += 2
			return true, nil
		case !separated:
			return false, p.fail(p.pos, ErrSyntax, "tag")
		case len(p.attrs)-first >= p.limits.Attributes:
			return false, p.fail(p.pos, ErrAttributes, "")
		}
		err = p.attribute()
		if err != nil {
			return false, err
		}
	}
}

func (p *parser) attribute() error {
	a := attribute{name: int32(p.pos), local: int32(p.pos), namespace: noNamespace}
	colon, err := p.qualifiedName()
	if err != nil {
		return err
	}
	a.nameEnd = int32(p.pos)
	if colon > 0 {
		a.local = int32(colon + 1)
	}
	p.skipSpace()
	if !p.has("=") {
		return p.fail(p.pos, ErrSyntax, "attribute without value")
	}
	p.pos++
	p.skipSpace()
	if !p.has(`"`) && !p.has("'") {
		return p.fail(p.pos, ErrSyntax, "attribute value without quotes")
	}
	quote := p.src[p.pos]
	p.pos++
	length := bytes.IndexByte(p.src[p.pos:], quote)
	if length < 0 {
		return p.fail(p.pos, ErrSyntax, "attribute value is not closed")
	}
	raw := p.src[p.pos : p.pos+length]
	found := classify(raw)
	if found&control != 0 {
		return p.fail(p.pos, ErrCharacter, "control character")
	}
	if found&inValue != 0 {
		if bytes.IndexByte(raw, '<') >= 0 {
			return p.fail(p.pos, ErrSyntax, "< in an attribute value")
		}
		err = p.references(p.pos, raw)
		if err != nil {
			return err
		}
	}
	a.value, a.valueEnd = int32(p.pos), int32(p.pos+length)
	a.plain = found&inValue == 0
	name := p.src[a.name:a.nameEnd]
	switch {
	case string(name) == "xmlns":
		a.declares = true
		a.local = a.nameEnd // the empty prefix
	case bytes.HasPrefix(name, []byte("xmlns:")):
		a.declares = true
	}
	p.attrs = append(p.attrs, a)
	p.pos += length + 1

	return nil
}

// bind opens the scope of the declarations among the attributes of one element.
func (p *parser) bind(attrs []attribute) error {
	for i := range attrs {
		a := &attrs[i]
		if !a.declares {
			continue
		}
		prefix, uri := p.src[a.local:a.nameEnd], p.attributeValue(a)
		err := p.checkDeclaration(a, prefix, uri)
		if err != nil {
			return err
		}
		depth := int32(1)
		if p.scope >= 0 {
			depth += p.bindings[p.scope].depth
		}
		if int(depth) > p.limits.Namespaces {
			return p.fail(int(a.name), ErrNamespaces, "")
		}
		p.bindings = append(p.bindings, binding{
			declaration: *a, outer: p.scope, depth: depth, prefix: prefix, uri: uri,
		})
		p.scope = int32(len(p.bindings) - 1)
	}

	return nil
}

// checkDeclaration applies the constraints of Namespaces in XML 1.0, and that of
// Canonical XML that a namespace name must not be a relative reference.
func (p *parser) checkDeclaration(a *attribute, prefix, uri []byte) error {
	reserved := string(uri) == xmlURI || string(uri) == xmlnsURI
	switch {
	case string(prefix) == "xml" && string(uri) == xmlURI:
		return nil
	case string(prefix) == "xml" || string(prefix) == "xmlns" || reserved:
		return p.fail(int(a.name), ErrNamespace, "reserved")
	case len(uri) == 0 && len(prefix) == 0:
		return nil
	case len(uri) == 0:
		return p.fail(int(a.name), ErrNamespace, "prefix bound to nothing")
	case !absolute(uri):
		return p.fail(int(a.name), ErrNamespace, "relative namespace name")
	}
	return nil
}

// absolute reports whether uri begins with a scheme.
func absolute(uri []byte) bool {
	for i, c := range uri {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		switch {
		case c == ':':
			return i > 0
		case !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')):
			return false
		}
	}
	return false
}

// resolve finds what prefix is bound to in the current scope.
func (p *parser) resolve(prefix []byte) (namespace int32, ok bool) {
	if string(prefix) == "xml" {
		return xmlNamespace, true
	}
	namespace = p.lookup(prefix, p.scope)
	return namespace, namespace >= 0
}

// lookup returns the innermost binding of prefix from scope outward, -1 for none.
func (p *parser) lookup(prefix []byte, scope int32) int32 {
	for scope >= 0 && !bytes.Equal(p.bindings[scope].prefix, prefix) {
		scope = p.bindings[scope].outer
	}
	return scope
}

// order resolves the attributes of one element, marks declarations that change
// nothing in the outer scope, sorts all canonically and refuses duplicates.
func (p *parser) order(attrs []attribute, outer int32) error {
	for i := range attrs {
		a := &attrs[i]
		switch {
		case a.declares:
			a.redundant = p.repeats(a, outer)
		case a.local > a.name:
			namespace, ok := p.resolve(p.src[a.name : a.local-1])
			if !ok {
				return p.fail(int(a.name), ErrPrefix, "attribute")
			}
			a.namespace = namespace
		}
	}
	if len(attrs) < 2 {
		return nil
	}
	slices.SortFunc(attrs, p.compare)
	for i := range attrs[1:] {
		if p.compare(attrs[i], attrs[i+1]) == 0 {
			return p.fail(int(attrs[i+1].name), ErrDuplicate, "")
		}
	}

	return nil
}

// repeats reports whether a declaration says what the outer scope says already.
func (p *parser) repeats(a *attribute, outer int32) bool {
	prefix, uri := p.src[a.local:a.nameEnd], p.attributeValue(a)
	if string(prefix) == "xml" {
		return true
	}
	bound := p.lookup(prefix, outer)
	if bound < 0 {
		return len(uri) == 0
	}
	return bytes.Equal(p.bindings[bound].uri, uri)
}
