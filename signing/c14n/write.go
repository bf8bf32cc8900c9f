package c14n

import (
	"bytes"
	"slices"
)

// AppendCanonical appends the canonical form of the whole document to dst.
func (d *Document) AppendCanonical(dst []byte) []byte {
	for i := range d.nodes[:d.root] {
		dst = d.appendInstruction(dst, &d.nodes[i])
		dst = append(dst, '\n')
	}
	dst = d.appendSubtree(dst, d.root)
	for i := d.nodes[d.root].last; int(i) < len(d.nodes); i++ {
		dst = append(dst, '\n')
		dst = d.appendInstruction(dst, &d.nodes[i])
	}

	return dst
}

// AppendCanonical appends the canonical form of the element and all it contains to
// dst: namespaces in scope and xml:* attributes of its ancestors are written on it,
// as Canonical XML 1.0 demands of a document subset.
func (e Element) AppendCanonical(dst []byte) []byte {
	return e.doc.appendSubtree(dst, e.index)
}

func (d *Document) appendSubtree(dst []byte, apex int32) []byte {
	var room [32]int32
	open := room[:0]
	end := d.nodes[apex].last
	for i := apex; i < end; i++ {
		for len(open) > 0 && d.nodes[open[len(open)-1]].last == i {
			dst = d.appendEndTag(dst, open[len(open)-1])
			open = open[:len(open)-1]
		}
		n := &d.nodes[i]
		switch n.kind {
		case element:
			if i == apex && d.inherits(n) {
				dst = d.appendTag(dst, n, d.apexAttributes(n), true)
			} else {
				dst = d.appendTag(dst, n, d.attrs[n.attrs:n.attrsEnd], false)
			}
			open = append(open, i)
		case text:
			if n.plain {
				dst = append(dst, d.src[n.start:n.end]...)
			} else {
				dst = appendText(dst, d.src[n.start:n.end])
			}
		case cdata:
			dst = appendCDATA(dst, d.src[int(n.start)+len("<![CDATA["):int(n.end)-len("]]>")])
		case instruction:
			dst = d.appendInstruction(dst, n)
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		dst = d.appendEndTag(dst, open[i])
	}

	return dst
}

func (d *Document) appendTag(dst []byte, n *node, attrs []attribute, all bool) []byte {
	dst = append(dst, d.src[n.start:n.nameEnd]...)
	for i := range attrs {
		a := &attrs[i]
		if a.redundant && !all {
			continue
		}
		dst = append(dst, ' ')
		dst = append(dst, d.src[a.name:a.nameEnd]...)
		dst = append(dst, '=', '"')
		if a.plain {
			dst = append(dst, d.src[a.value:a.valueEnd]...)
		} else {
			dst = appendAttribute(dst, d.src[a.value:a.valueEnd])
		}
		dst = append(dst, '"')
	}

	return append(dst, '>')
}

func (d *Document) appendEndTag(dst []byte, index int32) []byte {
	n := &d.nodes[index]
	dst = append(dst, '<', '/')
	dst = append(dst, d.src[n.start+1:n.nameEnd]...)

	return append(dst, '>')
}

// inherits reports whether an apex has to show anything of its ancestors.
func (d *Document) inherits(n *node) bool {
	if n.parent < 0 {
		return false
	}
	if d.nodes[n.parent].scope >= 0 {
		return true
	}
	for i := n.parent; i >= 0; i = d.nodes[i].parent {
		up := &d.nodes[i]
		for j := up.attrs; j < up.attrsEnd; j++ {
			if d.attrs[j].namespace == xmlNamespace {
				return true
			}
		}
	}

	return false
}

// apexAttributes collects what the start tag of an apex has to show: every namespace
// in scope, its own attributes, and the nearest xml:* attributes of its ancestors.
func (d *Document) apexAttributes(n *node) []attribute {
	var out []attribute
	var seen [][]byte
	for i := n.scope; i >= 0; i = d.bindings[i].outer {
		b := &d.bindings[i]
		if containsBytes(seen, b.prefix) {
			continue
		}
		seen = append(seen, b.prefix)
		if len(b.uri) > 0 && string(b.prefix) != "xml" {
			out = append(out, b.declaration)
		}
	}
	for i := n.attrs; i < n.attrsEnd; i++ {
		if !d.attrs[i].declares {
			out = append(out, d.attrs[i])
		}
	}
	for i := n.parent; i >= 0; i = d.nodes[i].parent {
		up := &d.nodes[i]
		for _, a := range d.attrs[up.attrs:up.attrsEnd] {
			same := func(b attribute) bool { return !b.declares && d.compare(a, b) == 0 }
			if a.namespace == xmlNamespace && !slices.ContainsFunc(out, same) {
				out = append(out, a)
			}
		}
	}
	slices.SortFunc(out, d.compare)

	return out
}

func containsBytes(list [][]byte, b []byte) bool {
	return slices.ContainsFunc(list, func(o []byte) bool { return bytes.Equal(o, b) })
}

// appendInstruction writes a processing instruction with one space after its target.
func (d *Document) appendInstruction(dst []byte, n *node) []byte {
	dst = append(dst, d.src[n.start:n.nameEnd]...)
	data := bytes.TrimLeft(d.src[n.nameEnd:int(n.end)-len("?>")], "\t\n\r ")
	if len(data) > 0 {
		dst = append(dst, ' ')
		dst = appendLines(dst, data)
	}

	return append(dst, '?', '>')
}
