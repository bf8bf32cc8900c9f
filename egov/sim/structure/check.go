package structure

import (
	"strings"

	"todoke/egov/sim/xmltree"
	"todoke/egov/wire"
)

// checker walks one document along its table and collects every finding.
type checker struct {
	table  *table
	proc   *Procedure // nil for a form
	form   *Form      // of the 申請書属性情報 being looked at
	prefix string     // put before each item
	joint  string     // between the parts of an item
	nodes  map[*element]*xmltree.Node
	rows   []wire.ReportRow
}

func newChecker(t *table, p *Procedure, prefix, joint string) *checker {
	return &checker{table: t, proc: p, prefix: prefix, joint: joint, nodes: map[*element]*xmltree.Node{}}
}

func (c *checker) report(e *element, content string) {
	c.rows = append(c.rows, wire.ReportRow{Item: c.prefix + c.label(e), Content: content})
}

// value reports a finding about a value, in the table's own words if it has any.
func (c *checker) value(e *element, content string) {
	if content == "" {
		return
	}
	row := wire.ReportRow{Item: c.prefix + c.label(e), Content: content}
	if e.message != "" {
		row.Content, row.Detail = e.message, content
	}
	c.rows = append(c.rows, row)
}

// label is how the finding calls an element: its path below the document's
// wrappers, without page prefixes, x written as ／.
func (c *checker) label(e *element) string {
	var parts []string
	for ; e != nil; e = e.parent {
		if e.children != nil && wrapper(e) && len(parts) > 0 {
			continue
		}
		parts = append([]string{strings.ReplaceAll(strings.TrimSuffix(bare(e.name), "x"), "x", "／")}, parts...)
	}
	return strings.Join(parts, c.joint)
}

func wrapper(e *element) bool {
	switch e.name {
	case "DataRoot", "構成情報", "管理情報", "手続番号", "申請者連絡先情報":
		return true
	}
	return strings.HasPrefix(bare(e.name), "G000")
}

func (c *checker) document(root *xmltree.Node) {
	if root.Name != c.table.root.name {
		c.report(c.table.root, msgAbsent)
		return
	}
	c.element(c.table.root, root)
}

func (c *checker) element(e *element, n *xmltree.Node) {
	c.nodes[e] = n
	c.attributes(e, n)
	switch {
	case e.kind == "opaque":
	case e.children == nil:
		if len(n.Children) > 0 {
			c.report(e, msgShape)
			return
		}
		c.value(e, e.check(n.Value(), c.proc, c.form))
	default:
		if n.Value() != "" {
			c.report(e, msgShape)
		}
		c.sequence(e, n)
		c.group(e, n)
	}
}

func (c *checker) attributes(e *element, n *xmltree.Node) {
	want := 0
	if e.attr[0] != "" {
		want = 1
		got, _ := n.Attr(e.attr[0])
		if got != e.attr[1] {
			c.report(e, msgAttribute)
			return
		}
	}
	if len(n.Attrs) != want {
		c.report(e, msgAttribute)
	}
}

// sequence matches the children with the table's order and then looks at each
// one. When the order is wrong the values are still checked, found by name, so
// that one slip does not hide the others.
func (c *checker) sequence(e *element, n *xmltree.Node) {
	pos, ordered := 0, true
	matches := make([][]*xmltree.Node, len(e.children))
	for i, want := range e.children {
		for pos < len(n.Children) && n.Children[pos].Name == want.name && (len(matches[i]) == 0 || want.many()) {
			matches[i] = append(matches[i], n.Children[pos])
			pos++
		}
		ordered = ordered && (len(matches[i]) > 0 || want.optional())
	}
	if !ordered || pos < len(n.Children) {
		matches = c.disorder(e, n)
	}
	for i, want := range e.children {
		c.repeated(want, matches[i])
	}
}

func (e *element) many() bool     { return e.occurs == '*' || e.occurs == '+' }
func (e *element) optional() bool { return e.occurs == '*' || e.occurs == '?' }

// disorder explains why the children do not fit and matches them by name.
func (c *checker) disorder(e *element, n *xmltree.Node) [][]*xmltree.Node {
	matches := make([][]*xmltree.Node, len(e.children))
	known := map[string]bool{}
	explained, used := false, 0
	for i, want := range e.children {
		if known[want.name] {
			continue
		}
		known[want.name] = true
		matches[i] = n.All(want.name)
		if len(matches[i]) > 1 && !want.many() {
			matches[i] = matches[i][:1]
		}
		used += len(matches[i])
		if len(matches[i]) == 0 && !want.optional() {
			c.report(want, msgAbsent)
			explained = true
		}
	}
	if used < len(n.Children) {
		c.report(e, msgUnknown)
		explained = true
	}
	if !explained {
		c.report(e, msgOrder)
	}
	return matches
}

func (c *checker) repeated(want *element, nodes []*xmltree.Node) {
	if want.occurs == '+' {
		c.perForm(want, nodes)
		return
	}
	for _, n := range nodes {
		c.element(want, n)
	}
}

// perForm checks the elements that stand once for each form of the procedure.
func (c *checker) perForm(want *element, nodes []*xmltree.Node) {
	if len(nodes) > 0 && len(nodes) != len(c.proc.Forms) {
		c.report(want, "申請書属性情報の数が手続の申請書様式の数と一致しません。")
	}
	for i, n := range nodes {
		if i >= len(c.proc.Forms) {
			return
		}
		c.form = &c.proc.Forms[i]
		c.element(want, n)
		c.form = nil
	}
}

// group checks what holds for the parts of a date or of a number together.
func (c *checker) group(e *element, n *xmltree.Node) {
	switch e.kind {
	case "date":
		c.date(e, n)
	case "together":
		filled := 0
		for _, child := range e.children {
			if n.Child(child.name).Value() != "" {
				filled++
			}
		}
		c.completeness(e, n, filled)
	}
}

// completeness reports a required group that is empty and any group that is
// filled in part, and tells whether all parts are there.
func (c *checker) completeness(e *element, n *xmltree.Node, filled int) bool {
	switch {
	case filled == 0 && !e.required:
		return false
	case filled == len(e.children):
		return true
	}
	for _, child := range e.children {
		if n.Child(child.name).Value() == "" {
			c.report(child, msgRequired)
		}
	}
	return false
}

func (c *checker) date(e *element, n *xmltree.Node) {
	d := readDate(n)
	if d.parts != len(e.children) || !c.completeness(e, n, d.filled) {
		return
	}
	if eraPart := e.children[0]; bare(eraPart.name) != "年" && choice(d.era, e.args...) != "" {
		c.report(eraPart, msgChoice)
		return
	}
	_, ok := d.calendar(e.args[0])
	if !ok {
		c.report(e, msgDate)
	}
}

// attachmentPlace refuses 添付書類属性情報 at both of its accepted places.
func (c *checker) attachmentPlace(root *xmltree.Node) {
	info := root.Child("構成情報")
	if info == nil {
		return
	}
	runs, last := 0, ""
	for _, n := range info.Children {
		if n.Name == "添付書類属性情報" && last != n.Name {
			runs++
		}
		last = n.Name
	}
	if runs > 1 {
		c.rows = append(c.rows, wire.ReportRow{Item: c.prefix + "添付書類属性情報", Content: msgOrder})
	}
}
