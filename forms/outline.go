package forms

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode"
)

// node is one element of a form as its outline file gives it.
type node struct {
	name      string
	attribute string // NAME=value, empty when there is none
	constant  string
	empty     bool   // a leaf that stays empty on purpose
	repeat    string // name of the repeated block, empty for an ordinary element
	children  []*node
	path      string
}

// parseOutline reads a .tree file: one element a line, depth by tabs, then
// optionally " = constant", " -" for a leaf that stays empty, " @NAME=value"
// for an attribute, " @@block" for a block repeated at build time. Lines that
// begin with # are comments.
func parseOutline(text string) (*node, []string) {
	var problems []string
	var root *node
	var stack []*node
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimLeft(line, "\t")
		if strings.TrimSpace(trimmed) == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		depth := len(line) - len(trimmed)
		n, err := parseOutlineLine(trimmed)
		if err != nil {
			problems = append(problems, fmt.Sprintf("line %d: %v", i+1, err))
			continue
		}
		if depth > len(stack) || (depth == 0) != (root == nil) {
			problems = append(problems, fmt.Sprintf("line %d: depth %d does not follow", i+1, depth))
			continue
		}
		stack = append(stack[:depth], n)
		if depth == 0 {
			root = n
			continue
		}
		parent := stack[depth-1]
		if parent.constant != "" || parent.empty {
			problems = append(problems, fmt.Sprintf("line %d: %s has a value and children", i+1, parent.name))
		}
		n.path = strings.TrimPrefix(parent.path+"/"+n.name, "/")
		for _, sibling := range parent.children {
			if sibling.name == n.name {
				problems = append(problems, fmt.Sprintf("line %d: %s occurs twice", i+1, n.path))
			}
		}
		parent.children = append(parent.children, n)
	}
	if root == nil {
		problems = append(problems, "no element")
	}
	return root, problems
}

func parseOutlineLine(s string) (*node, error) {
	name, rest, _ := strings.Cut(s, " ")
	n := &node{name: name}
	if !validElementName(name) {
		return nil, fmt.Errorf("%q cannot name an element", name)
	}
	rest = strings.TrimSpace(rest)
	switch {
	case rest == "":
	case rest == "-":
		n.empty = true
	case strings.HasPrefix(rest, "= "):
		n.constant = strings.TrimPrefix(rest, "= ")
	case strings.HasPrefix(rest, "@@"):
		n.repeat = strings.TrimPrefix(rest, "@@")
		if n.repeat != blockAttachments && n.repeat != blockForms {
			return nil, fmt.Errorf("unknown block %q", n.repeat)
		}
	case strings.HasPrefix(rest, "@") && strings.Contains(rest, "="):
		n.attribute = strings.TrimPrefix(rest, "@")
		if name, value, _ := strings.Cut(n.attribute, "="); !validElementName(name) || strings.ContainsAny(value, "\"<&") {
			return nil, fmt.Errorf("%q is not an attribute", n.attribute)
		}
	default:
		return nil, fmt.Errorf("%q after the name is not understood", rest)
	}
	for _, r := range rest {
		if !unicode.IsPrint(r) && r != '　' {
			return nil, fmt.Errorf("U+%04X cannot stand in a value", r)
		}
	}
	return n, nil
}

const (
	blockAttachments = "attachments"
	blockForms       = "forms"
)

// validElementName relies on the XML decoder's own idea of a name.
func validElementName(name string) bool {
	if name == "" || strings.ContainsAny(name, "<>&'\"=/:\t ") {
		return false
	}
	d := xml.NewDecoder(strings.NewReader("<" + name + "></" + name + ">"))
	token, err := d.Token()
	if err != nil {
		return false
	}
	start, ok := token.(xml.StartElement)
	return ok && start.Name.Local == name
}

// walk visits every node below n in document order.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, c := range n.children {
		c.walk(visit)
	}
}
