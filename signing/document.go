package signing

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// document is a 構成管理情報 as the verifying side reads it. Its tree has no prefixes,
// comments, CDATA sections, processing instructions or document type, no ID twice, and
// 構成情報 and 署名情報 only where they belong.
type document struct {
	root          *etree.Element
	configuration *etree.Element
	signatures    *etree.Element // 署名情報, nil if absent
	count         census         // of the whole tree
}

// census counts the elements whose copies are what wrapping attacks are made of.
type census struct {
	configurations, signatures, signature, signedInfo int
}

func (c *census) add(tag string) {
	switch tag {
	case configurationName:
		c.configurations++
	case signaturesName:
		c.signatures++
	case "Signature":
		c.signature++
	case "SignedInfo":
		c.signedInfo++
	}
}

// xmlDeclaration is the only declaration that is read.
var xmlDeclaration = regexp.MustCompile(
	`^version=("1\.0"|'1\.0')(\s+encoding=("(?i:utf-8)"|'(?i:utf-8)'))?(\s+standalone=("(yes|no)"|'(yes|no)'))?\s*$`)

// parseDocument reads octets without the help of package c14n.
func parseDocument(kousei []byte) (*document, error) {
	switch {
	case len(kousei) > maxConfiguration || bytes.Count(kousei, []byte("<")) > 2*maxElements:
		return nil, errTooLarge
	case !utf8.Valid(kousei) || bytes.HasPrefix(kousei, []byte("\uFEFF")):
		return nil, errEncoding
	case bytes.Contains(kousei, []byte("<!DOCTYPE")) || bytes.Contains(kousei, []byte("<!ENTITY")):
		return nil, errDocumentType
	case bytes.Contains(kousei, []byte("<!")):
		// A comment splits text in two for one reader and not for another.
		return nil, errMarkup
	}
	tree := etree.NewDocument()
	tree.ReadSettings = etree.ReadSettings{
		MaxDepth:               maxDepth,
		PreserveDuplicateAttrs: true,
		CharsetReader:          func(string, io.Reader) (io.Reader, error) { return nil, errEncoding },
	}
	err := tree.ReadFromBytes(kousei)
	switch {
	case errors.Is(err, etree.ErrMaxDepth):
		return nil, errTooLarge
	case errors.Is(err, errEncoding):
		return nil, errEncoding
	case err != nil:
		// The parser's own words quote the document.
		return nil, errMalformed
	}
	root, err := documentElement(tree)
	if err != nil {
		return nil, err
	}
	d := &document{root: root}
	err = d.survey()
	if err != nil {
		return nil, err
	}

	return d, d.arrange()
}

// documentElement checks what encoding/xml does not: one root, nothing but white
// space and processing instructions beside it, the XML declaration first.
func documentElement(tree *etree.Document) (*etree.Element, error) {
	var root *etree.Element
	for i, token := range tree.Child {
		switch t := token.(type) {
		case *etree.Element:
			if root != nil {
				return nil, errMalformed
			}
			root = t
		case *etree.CharData:
			if !blank(t.Data) {
				return nil, errMalformed
			}
		case *etree.ProcInst:
			if strings.EqualFold(t.Target, "xml") && (i > 0 || t.Target != "xml" || !xmlDeclaration.MatchString(t.Inst)) {
				return nil, errEncoding
			}
		default:
			return nil, errMarkup
		}
	}
	if root == nil {
		return nil, errMalformed
	}

	return root, nil
}

// blank reports whether s is white space as XML defines it.
func blank(s string) bool {
	return strings.Trim(s, "\t\n\r ") == ""
}

// survey walks the whole tree once: no prefixes, no namespaces outside Signature, no
// markup beside elements and text, no attribute or ID twice.
func (d *document) survey() error {
	ids := make(map[string]bool)
	var walk func(e *etree.Element) error
	walk = func(e *etree.Element) error {
		if e.Space != "" || strings.Contains(e.Tag, ":") {
			return errNamespace
		}
		d.count.add(e.Tag)
		err := surveyAttributes(e, ids)
		if err != nil {
			return err
		}
		for _, token := range e.Child {
			switch t := token.(type) {
			case *etree.Element:
				err := walk(t)
				if err != nil {
					return err
				}
			case *etree.CharData:
			default:
				return errMarkup
			}
		}
		return nil
	}

	return walk(d.root)
}

func surveyAttributes(e *etree.Element, ids map[string]bool) error {
	if len(e.Attr) > maxAttributes {
		return errTooLarge
	}
	for i, a := range e.Attr {
		declares := a.Key == "xmlns" && e.Tag == "Signature"
		switch {
		case a.Space != "" || strings.Contains(a.Key, ":") || a.Key == "xmlns" && !declares:
			return errNamespace
		case strings.ContainsAny(a.Value, "\t\n\r"):
			// Raw, it should have become a space; encoding/xml does not say which it was.
			return errStructure
		}
		for _, b := range e.Attr[:i] {
			if a.Key == b.Key {
				return errMalformed
			}
		}
		if strings.EqualFold(a.Key, "ID") {
			if ids[a.Value] {
				return errDuplicateID
			}
			ids[a.Value] = true
		}
	}

	return nil
}

// arrange finds 構成情報 and 署名情報 among the children of DataRoot, whose order is
// fixed, and makes sure that nothing of that name is anywhere else.
func (d *document) arrange() error {
	if d.root.Tag != rootName || len(d.root.Attr) > 0 {
		return errStructure
	}
	for _, token := range d.root.Child {
		if text, ok := token.(*etree.CharData); ok && !blank(text.Data) {
			return errStructure
		}
	}
	order := []string{"様式ID", "様式バージョン", "STYLESHEET", configurationName, signaturesName, "その他"}
	next := 0
	for _, child := range d.root.ChildElements() {
		at := slices.Index(order, child.Tag)
		switch {
		case at < 0:
			return errStructure
		case child.Tag == configurationName && d.configuration != nil:
			return errConfiguration
		case child.Tag == signaturesName && (d.signatures != nil || at != next):
			return errPlace
		case at < next:
			return errStructure
		}
		next = at + 1
		switch child.Tag {
		case configurationName:
			d.configuration = child
		case signaturesName:
			d.signatures = child
		}
	}
	if d.configuration == nil || d.configuration.SelectAttrValue("ID", "") != configurationName {
		return errConfiguration
	}

	return d.nowhereElse()
}

// nowhereElse compares what is in its place with what there is in the whole tree.
func (d *document) nowhereElse() error {
	want := census{configurations: 1}
	if d.signatures != nil {
		n := len(d.signatures.SelectElements("Signature"))
		want.signatures, want.signature, want.signedInfo = 1, n, n
	}
	switch {
	case d.count.configurations != want.configurations:
		return errConfiguration
	case d.count != want:
		return errPlace
	}

	return nil
}

// values returns the texts of the given child of each block of 構成情報, in order,
// leaving out empty ones.
func (d *document) values(block, child string) []string {
	var out []string
	for _, b := range d.configuration.SelectElements(block) {
		for _, e := range b.SelectElements(child) {
			if text := e.Text(); text != "" {
				out = append(out, text)
			}
		}
	}

	return out
}

// forms are the names of the form files, attachments those of the attached files.
func (d *document) forms() []string {
	return d.values("申請書属性情報", "申請書ファイル名称")
}

func (d *document) attachments() []string {
	return d.values("添付書類属性情報", "添付書類ファイル名称")
}

// management returns a text of 管理情報, empty if it is not there.
func (d *document) management(path ...string) string {
	e := d.configuration.SelectElement("管理情報")
	for _, name := range path {
		if e == nil {
			return ""
		}
		e = e.SelectElement(name)
	}
	if e == nil {
		return ""
	}

	return e.Text()
}

// mustCover are the files that a signature in this document has to cover: its forms,
// or its one attachment where the document exists to sign that attachment.
func (d *document) mustCover() []string {
	if d.management("申請種別") == "添付書類署名" {
		return d.attachments()
	}
	return d.forms()
}
