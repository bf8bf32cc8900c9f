// Package xmltree reads the XML documents of an application into a small tree,
// the way the receiving side has to: every octet is hostile, so depth, element
// count and names are bounded, and everything that could make two readers
// disagree (BOM, other encodings, DTD, repeated attributes, several roots) is
// refused instead of repaired.
//
// It keeps names as written (prefix included) because e-Gov refuses prefixed
// signatures. It does not canonicalise, resolve namespaces or write XML.
package xmltree

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Bounds of a document. The deepest form of the four procedures has 6 levels
// and some 150 elements.
const (
	MaxDepth    = 32
	MaxElements = 20000
	MaxBytes    = 4 << 20
	maxName     = 256
)

// Errors that a caller tells apart; every other defect is ErrNotWellFormed.
var (
	ErrTooLarge      = errors.New("document exceeds a bound")
	ErrBOM           = errors.New("document starts with a byte order mark")
	ErrEncoding      = errors.New("document is not UTF-8")
	ErrDeclaration   = errors.New("XML declaration is missing or not version 1.0 and UTF-8")
	ErrDTD           = errors.New("document type declarations are not accepted")
	ErrNotWellFormed = errors.New("document is not well-formed")
)

// Attr is an attribute as written; Name includes the prefix.
type Attr struct {
	Name  string
	Value string
}

// Node is an element. Text is the concatenated character data directly below
// it, entities resolved, line ends normalised.
type Node struct {
	Name     string // with the prefix, as written
	Attrs    []Attr
	Children []*Node
	Text     string
}

var declaration = regexp.MustCompile(`^<\?xml\s+version=["']1\.0["']\s+encoding=["'](?i:utf-8)["'](\s+standalone=["'](yes|no)["'])?\s*\?>`)

// Parse reads one document. The error wraps one of the errors of this package
// and never quotes the document.
func Parse(data []byte) (*Node, error) {
	if len(data) > MaxBytes {
		return nil, ErrTooLarge
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return nil, ErrBOM
	}
	if !utf8.Valid(data) {
		return nil, ErrEncoding
	}
	if !declaration.Match(data[:min(len(data), 128)]) {
		return nil, ErrDeclaration
	}
	r := reader{dec: xml.NewDecoder(bytes.NewReader(data))}
	return r.read()
}

// reader is the state of one Parse: the open elements and the counts that bound it.
type reader struct {
	dec      *xml.Decoder
	root     *Node
	open     []*Node
	texts    []*strings.Builder
	elements int
}

func (r *reader) read() (*Node, error) {
	for first := true; ; first = false {
		tok, err := r.dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// The text of the decoder's error can quote the document.
			return nil, ErrNotWellFormed
		}
		err = r.token(tok, first)
		if err != nil {
			return nil, err
		}
	}
	if r.root == nil || len(r.open) > 0 {
		return nil, ErrNotWellFormed
	}
	return r.root, nil
}

func (r *reader) token(tok xml.Token, first bool) error {
	switch t := tok.(type) {
	case xml.ProcInst:
		return r.instruction(t, first)
	case xml.Directive:
		return ErrDTD
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		return r.end(t)
	case xml.CharData:
		if len(r.open) > 0 {
			r.texts[len(r.texts)-1].Write(t)
			return nil
		}
		if len(bytes.Trim(t, " \t\r\n")) > 0 {
			return fmt.Errorf("%w: text outside the root element", ErrNotWellFormed)
		}
	}
	return nil
}

func (r *reader) instruction(t xml.ProcInst, first bool) error {
	if !first && strings.EqualFold(t.Target, "xml") {
		return fmt.Errorf("%w: second XML declaration", ErrNotWellFormed)
	}
	return nil
}

func (r *reader) start(t xml.StartElement) error {
	if r.root != nil && len(r.open) == 0 {
		return fmt.Errorf("%w: more than one root element", ErrNotWellFormed)
	}
	r.elements++
	if len(r.open) >= MaxDepth || r.elements > MaxElements {
		return ErrTooLarge
	}
	n := &Node{Name: qualified(t.Name)}
	if len(n.Name) > maxName || len(t.Attr) > 16 {
		return ErrTooLarge
	}
	for _, a := range t.Attr {
		name := qualified(a.Name)
		if _, repeated := n.Attr(name); repeated {
			return fmt.Errorf("%w: repeated attribute", ErrNotWellFormed)
		}
		n.Attrs = append(n.Attrs, Attr{Name: name, Value: a.Value})
	}
	if r.root == nil {
		r.root = n
	} else {
		parent := r.open[len(r.open)-1]
		parent.Children = append(parent.Children, n)
	}
	r.open = append(r.open, n)
	r.texts = append(r.texts, &strings.Builder{})
	return nil
}

func (r *reader) end(t xml.EndElement) error {
	if len(r.open) == 0 || r.open[len(r.open)-1].Name != qualified(t.Name) {
		return fmt.Errorf("%w: end tag does not match", ErrNotWellFormed)
	}
	last := len(r.open) - 1
	r.open[last].Text = r.texts[last].String()
	r.open, r.texts = r.open[:last], r.texts[:last]
	return nil
}

func qualified(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// Attr returns the value of an attribute and whether it is present.
func (n *Node) Attr(name string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// Child returns the first child of that name, or nil; it accepts a nil node.
func (n *Node) Child(name string) *Node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// At follows a path of child names separated by "/", or returns nil.
func (n *Node) At(path string) *Node {
	for name := range strings.SplitSeq(path, "/") {
		n = n.Child(name)
	}
	return n
}

// All returns the children of that name in document order.
func (n *Node) All(name string) []*Node {
	if n == nil {
		return nil
	}
	var found []*Node
	for _, c := range n.Children {
		if c.Name == name {
			found = append(found, c)
		}
	}
	return found
}

// Value is the text of a leaf; text of white space alone counts as empty, as
// e-Gov's own skeletons hold line ends and tabs in empty elements. It accepts
// a nil node.
func (n *Node) Value() string {
	if n == nil || strings.Trim(n.Text, " \t\r\n") == "" {
		return ""
	}
	return n.Text
}
