package structure

import (
	"strconv"

	"todoke/egov/sim/xmltree"
)

func (c *checker) crossChecks() {
	for _, r := range c.table.rules {
		nodes := make([]*xmltree.Node, len(r.on))
		for i, e := range r.on {
			nodes[i] = c.nodes[e]
		}
		c.crossCheck(r, nodes)
	}
}

func (c *checker) crossCheck(r crossRule, n []*xmltree.Node) {
	for _, node := range n {
		if node == nil {
			return // already reported as absent
		}
	}
	switch r.kind {
	case "one-of":
		if !filled(n[0]) && !filled(n[1]) {
			c.report(r.on[0], msgRequired)
		}
	case "when":
		if n[0].Value() == r.value && !filled(n[1]) {
			c.report(r.on[1], msgRequired)
		}
	case "sum":
		total, okT := strconv.Atoi(n[0].Value())
		first, okF := strconv.Atoi(n[1].Value())
		second, okS := strconv.Atoi("0" + n[2].Value())
		if okT == nil && okF == nil && okS == nil && total != first+second {
			c.report(r.on[0], msgSum)
		}
	case "order":
		from, okF := readDate(n[0]).calendar("")
		to, okT := readDate(n[1]).calendar("")
		if okF && okT && !from.Before(to) {
			c.report(r.on[1], msgSequence)
		}
	}
}

// filled tells whether a leaf, or any part of a group, holds something.
func filled(n *xmltree.Node) bool {
	if n.Value() != "" {
		return true
	}
	for _, child := range n.Children {
		if filled(child) {
			return true
		}
	}
	return false
}
