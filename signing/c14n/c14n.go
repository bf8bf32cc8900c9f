// Package c14n reads XML strictly and writes it as Canonical XML 1.0, inclusive,
// without comments (http://www.w3.org/TR/2001/REC-xml-c14n-20010315), for a whole
// document or for the subtree of one element in its true namespace context.
//
// It exists because what is digested must be what is written: every element keeps
// its octet offsets in the source, so a caller can replace exactly those octets by
// their canonical form and leave the rest of the file untouched.
//
// It does not validate, does not resolve anything outside the document, does not
// know signatures, and builds no tree that can be edited. Document types, entities
// other than the five predefined ones, encodings other than UTF-8 and XML versions
// other than 1.0 are refused, never approximated.
//
// What always holds: Parse accepts only namespace-well-formed documents; time and
// memory are linear in the length of the input; a limit that is reached is a named
// error; no error text contains any part of the document; canonical output parses
// again and its canonical form is itself.
package c14n

import (
	"bytes"
	"iter"
)

// Limits bound what Parse accepts. A field that is zero or negative stands for its
// default.
type Limits struct {
	Bytes      int // octets of the document; default 64 MiB, never more than 1 GiB
	Depth      int // elements inside one another; default 256
	Nodes      int // elements, texts, CDATA sections and processing instructions; default 1,000,000
	Attributes int // attributes and namespace declarations of one element; default 256
	Namespaces int // namespace declarations in scope at one element; default 64
}

const maxBytes = 1 << 30 // offsets are 32 bits wide

func (l Limits) withDefaults() Limits {
	orDefault := func(n *int, standard int) {
		if *n <= 0 {
			*n = standard
		}
	}
	orDefault(&l.Bytes, 64<<20)
	orDefault(&l.Depth, 256)
	orDefault(&l.Nodes, 1_000_000)
	orDefault(&l.Attributes, 256)
	orDefault(&l.Namespaces, 64)
	l.Bytes = min(l.Bytes, maxBytes)

	return l
}

// Document is a parsed document. It refers to the octets given to Parse, which must
// not be changed while it is in use. It is safe for concurrent reading.
type Document struct {
	src      []byte
	nodes    []node // in document order; a subtree is contiguous
	attrs    []attribute
	bindings []binding
	root     int32
}

type kind uint8

const (
	element kind = iota
	text
	cdata
	instruction
)

// node is one element, text, CDATA section or processing instruction. Comments leave
// no node: canonical form without comments has no trace of them.
type node struct {
	kind       kind
	plain      bool  // text: source octets are already canonical
	start, end int32 // source octets of the whole construct
	nameEnd    int32 // element, instruction: end of the name
	last       int32 // element: index after the last node of its subtree
	parent     int32 // index of the parent element, -1 at the top
	attrs      int32 // element: first attribute, in canonical order
	attrsEnd   int32
	scope      int32 // element: innermost namespace binding, -1 for none
}

// attribute is an attribute or, if declares, a namespace declaration.
type attribute struct {
	name, nameEnd   int32 // qualified name in the source
	local           int32 // start of the local part, or of the declared prefix
	value, valueEnd int32 // raw value between the quotes
	namespace       int32 // index of a binding, noNamespace or xmlNamespace
	declares        bool
	redundant       bool // declaration that changes nothing for its element
	plain           bool // source octets of the value are already canonical
}

const (
	noNamespace  = -1
	xmlNamespace = -2
)

const (
	xmlURI   = "http://www.w3.org/XML/1998/namespace"
	xmlnsURI = "http://www.w3.org/2000/xmlns/"
)

// binding is a link in the list of namespaces in scope, innermost first.
type binding struct {
	declaration attribute // a copy: sorting moves the original
	outer       int32     // next binding outward, -1 at the end
	depth       int32     // length of the list
	prefix, uri []byte
}

// Element is one element of a Document. The zero Element is not valid.
type Element struct {
	doc   *Document
	index int32
}

// Root returns the document element.
func (d *Document) Root() Element { return Element{d, d.root} }

// Elements yields every element in document order, the root first.
func (d *Document) Elements() iter.Seq[Element] {
	return func(yield func(Element) bool) {
		for i := range d.nodes {
			if d.nodes[i].kind == element && !yield(Element{d, int32(i)}) {
				return
			}
		}
	}
}

// Name returns the qualified name as it is written in the source.
func (e Element) Name() string {
	n := &e.doc.nodes[e.index]
	return string(e.doc.src[n.start+1 : n.nameEnd])
}

// Span returns the octets of the source that the element occupies, from the "<" of
// its start tag up to but not including the octet after its last ">".
func (e Element) Span() (start, end int) {
	n := &e.doc.nodes[e.index]
	return int(n.start), int(n.end)
}

// Parent returns the parent element; ok is false for the root.
func (e Element) Parent() (parent Element, ok bool) {
	n := &e.doc.nodes[e.index]
	return Element{e.doc, n.parent}, n.parent >= 0
}

// Children yields the child elements in document order.
func (e Element) Children() iter.Seq[Element] {
	return func(yield func(Element) bool) {
		nodes := e.doc.nodes
		for i := e.index + 1; i < nodes[e.index].last; i = nodes[i].last {
			if nodes[i].kind == element && !yield(Element{e.doc, i}) {
				return
			}
		}
	}
}

// Attributes yields qualified name and normalised value of every attribute and
// namespace declaration, in canonical order.
func (e Element) Attributes() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		d := e.doc
		n := &d.nodes[e.index]
		for i := n.attrs; i < n.attrsEnd; i++ {
			a := &d.attrs[i]
			if !yield(string(d.src[a.name:a.nameEnd]), string(d.attributeValue(a))) {
				return
			}
		}
	}
}

// attributeValue returns the value after reference expansion and normalisation.
func (d *Document) attributeValue(a *attribute) []byte {
	raw := d.src[a.value:a.valueEnd]
	if a.plain {
		return raw
	}
	return appendValue(make([]byte, 0, len(raw)), raw)
}

// uri returns the namespace name of an ordinary attribute.
func (d *Document) uri(a *attribute) []byte {
	switch a.namespace {
	case noNamespace:
		return nil
	case xmlNamespace:
		return []byte(xmlURI)
	}
	return d.bindings[a.namespace].uri
}

// compare orders two attributes of one element as Canonical XML does: declarations
// before attributes, declarations by prefix, attributes by namespace name and then
// by local name, each by code point.
func (d *Document) compare(a, b attribute) int {
	if a.declares != b.declares {
		if a.declares {
			return -1
		}
		return 1
	}
	if !a.declares && a.namespace != b.namespace {
		if c := bytes.Compare(d.uri(&a), d.uri(&b)); c != 0 {
			return c
		}
	}

	return bytes.Compare(d.src[a.local:a.nameEnd], d.src[b.local:b.nameEnd])
}
