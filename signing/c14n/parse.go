package c14n

import "bytes"

// Parse reads a document. The octets are kept, not copied.
func Parse(src []byte, limits Limits) (*Document, error) {
	limits = limits.withDefaults()
	if len(src) > limits.Bytes {
		return nil, &Error{Offset: limits.Bytes, Err: ErrBytes}
	}
	if !validText(src) {
		return nil, &Error{Err: ErrEncoding, Detail: "not UTF-8"}
	}
	// Each markup construct adds at most itself and the text after it; most documents
	// have as many end tags as start tags, which add only the text.
	room := min(bytes.Count(src, []byte("<"))*3/2+4, limits.Nodes+1)
	p := parser{
		Document: &Document{src: src, root: -1, nodes: make([]node, 0, room)},
		limits:   limits,
		open:     make([]int32, 0, 16),
		parent:   -1,
		scope:    -1,
	}
	err := p.document()
	if err != nil {
		return nil, err
	}

	return p.Document, nil
}

// parser holds the state of one pass over the source.
type parser struct {
	*Document
	limits Limits
	pos    int
	open   []int32 // elements whose end tag is still to come
	parent int32   // innermost open element, -1 outside the root
	scope  int32   // innermost namespace binding, -1 for none
}

func (p *parser) fail(offset int, err error, detail string) error {
	return &Error{Offset: offset, Err: err, Detail: detail}
}

func (p *parser) document() error {
	p.pos = len(bom(p.src))
	err := p.declaration()
	if err != nil {
		return err
	}
	for p.pos < len(p.src) {
		if p.src[p.pos] == '<' {
			err = p.markup()
		} else {
			err = p.text()
		}
		if err != nil {
			return err
		}
		if len(p.nodes) > p.limits.Nodes {
			return p.fail(p.pos, ErrNodes, "")
		}
	}
	if p.parent >= 0 {
		return p.fail(p.pos, ErrSyntax, "element is not closed")
	}
	if p.root < 0 {
		return p.fail(p.pos, ErrSyntax, "no element")
	}

	return nil
}

// bom returns the byte order mark that src begins with, if any.
func bom(src []byte) []byte {
	const mark = "\uFEFF"
	if bytes.HasPrefix(src, []byte(mark)) {
		return src[:len(mark)]
	}
	return nil
}

func (p *parser) has(prefix string) bool {
	return len(p.src)-p.pos >= len(prefix) && string(p.src[p.pos:p.pos+len(prefix)]) == prefix
}

// skipSpace advances over white space and reports whether there was any.
func (p *parser) skipSpace() bool {
	start := p.pos
	for p.pos < len(p.src) && classes[p.src[p.pos]]&whitespace != 0 {
		p.pos++
	}
	return p.pos > start
}

// text reads character data up to the next markup.
func (p *parser) text() error {
	start := p.pos
	length := bytes.IndexByte(p.src[start:], '<')
	if length < 0 {
		length = len(p.src) - start
	}
	raw := p.src[start : start+length]
	p.pos += length
	if p.parent < 0 {
		for i, c := range raw {
			if classes[c]&whitespace == 0 {
				return p.fail(start+i, ErrSyntax, "text outside the document element")
			}
		}
		return nil
	}
	found := classify(raw)
	if found&control != 0 {
		return p.fail(start, ErrCharacter, "control character")
	}
	if found&inText != 0 {
		if i := bytes.Index(raw, []byte("]]>")); i >= 0 {
			return p.fail(start+i, ErrSyntax, "]]> in text")
		}
		err := p.references(start, raw)
		if err != nil {
			return err
		}
	}
	p.add(node{kind: text, plain: found&inText == 0, start: int32(start), end: int32(p.pos)})

	return nil
}

// references checks every reference in raw, which begins at offset.
func (p *parser) references(offset int, raw []byte) error {
	for i := bytes.IndexByte(raw, '&'); i >= 0; {
		r, length := reference(raw[i:])
		switch {
		case length == 0:
			return p.fail(offset+i, ErrSyntax, "reference")
		case r < 0:
			return p.fail(offset+i, ErrEntity, "")
		}
		i += length
		next := bytes.IndexByte(raw[i:], '&')
		if next < 0 {
			return nil
		}
		i += next
	}

	return nil
}

func (p *parser) add(n node) int32 {
	index := int32(len(p.nodes))
	n.parent = p.parent
	n.last = index + 1
	p.nodes = append(p.nodes, n)

	return index
}

// markup reads one construct that begins with "<".
func (p *parser) markup() error {
	switch {
	case p.has("</"):
		return p.endTag()
	case p.has("<?"):
		return p.instruction()
	case p.has("<!--"):
		return p.comment()
	case p.has("<![CDATA["):
		return p.cdata()
	case p.has("<!"):
		return p.fail(p.pos, ErrDocumentType, "")
	}
	return p.startTag()
}

// until returns the content between p.pos+skip and the terminator, and advances
// behind the terminator.
func (p *parser) until(skip int, terminator string) ([]byte, error) {
	start := p.pos
	length := bytes.Index(p.src[start+skip:], []byte(terminator))
	if length < 0 {
		return nil, p.fail(start, ErrSyntax, terminator+" is missing")
	}
	content := p.src[start+skip : start+skip+length]
	if classify(content)&control != 0 {
		return nil, p.fail(start, ErrCharacter, "control character")
	}
	p.pos += skip + length + len(terminator)

	return content, nil
}

func (p *parser) comment() error {
	start := p.pos
	content, err := p.until(len("<!--"), "--")
	if err != nil {
		return err
	}
	if p.pos >= len(p.src) || p.src[p.pos] != '>' {
		return p.fail(start+len(content), ErrSyntax, "-- in a comment")
	}
	p.pos++

	return nil
}

func (p *parser) cdata() error {
	start := p.pos
	if p.parent < 0 {
		return p.fail(start, ErrSyntax, "CDATA section outside the document element")
	}
	_, err := p.until(len("<![CDATA["), "]]>")
	if err != nil {
		return err
	}
	p.add(node{kind: cdata, start: int32(start), end: int32(p.pos)})

	return nil
}

func (p *parser) instruction() error {
	start := p.pos
	content, err := p.until(len("<?"), "?>")
	if err != nil {
		return err
	}
	length := ncName(content)
	if length == 0 || length < len(content) && classes[content[length]]&whitespace == 0 {
		return p.fail(start, ErrSyntax, "target of a processing instruction")
	}
	if bytes.EqualFold(content[:length], []byte("xml")) {
		return p.fail(start, ErrSyntax, "XML declaration out of place")
	}
	nameEnd := start + len("<?") + length
	p.add(node{kind: instruction, start: int32(start), end: int32(p.pos), nameEnd: int32(nameEnd)})

	return nil
}

func (p *parser) endTag() error {
	start := p.pos
	if p.parent < 0 {
		return p.fail(start, ErrSyntax, "end tag without start tag")
	}
	n := &p.nodes[p.parent]
	name := p.src[n.start+1 : n.nameEnd]
	p.pos += len("</")
	if !bytes.HasPrefix(p.src[p.pos:], name) {
		return p.fail(start, ErrSyntax, "end tag does not match the start tag")
	}
	p.pos += len(name)
	p.skipSpace()
	if p.pos >= len(p.src) || p.src[p.pos] != '>' {
		return p.fail(start, ErrSyntax, "end tag does not match the start tag")
	}
	p.pos++
	p.open = p.open[:len(p.open)-1]
	p.close(n)

	return nil
}

// close ends the innermost open element at the current position.
func (p *parser) close(n *node) {
	n.end = int32(p.pos)
	n.last = int32(len(p.nodes))
	p.parent = n.parent
	p.scope = -1
	if p.parent >= 0 {
		p.scope = p.nodes[p.parent].scope
	}
}
