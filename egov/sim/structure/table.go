package structure

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// table is the element tree of one document and the rules between its values.
type table struct {
	root  *element
	rules []crossRule
}

// element is one line of a table.
type element struct {
	name     string
	parent   *element
	children []*element
	occurs   byte // '1', '?', '*' or '+'
	required bool
	attr     [2]string // name and value of the attribute it must carry
	kind     string    // value type, "" for the parts of a group
	args     []string
	min, max int    // of digits and lengths, or of an int
	message  string // replaces the usual message
}

// crossRule is a "rule" line with its elements resolved.
type crossRule struct {
	kind  string
	value string // of "when"
	on    []*element
}

// valueKinds lists the types and what their arguments mean: n = none,
// w = one width "MAX" or "MIN-MAX", v = one or more values.
var valueKinds = map[string]byte{
	"=": 'v', "empty": 'n', "flag": 'n', "code": 'v', "digits": 'w', "int": 'w',
	"wide": 'w', "kana": 'w', "kanatext": 'w', "kanasign": 'w', "name": 'w', "kananame": 'w',
	"text": 'w', "symbol": 'w', "roman": 'w', "residence-card": 'n', "residence-status": 'n',
	"mynumber": 'n', "mynumber-or-pension": 'n', "phone": 'n', "mail": 'n', "filename": 'n',
	"destination": 'n', "destname": 'n', "opaque": 'n', "date": 'v', "together": 'n',
}

const maxTableDepth = 16

// parseTable reads a table; errors name the line.
func parseTable(text string) (map[string][]string, *table, error) {
	head := map[string][]string{}
	t := &table{}
	var path []*element
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		var err error
		switch {
		case strings.HasPrefix(line, "rule "):
			err = t.addRule(strings.Fields(line)[1:])
		case t.root == nil && !strings.HasPrefix(line, "DataRoot"):
			key, value, _ := strings.Cut(trimmed, " ")
			head[key] = append(head[key], strings.TrimSpace(value))
		default:
			path, err = t.addElement(path, line)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if t.root == nil {
		return nil, nil, errors.New("no DataRoot")
	}
	return head, t, nil
}

func (t *table) addElement(path []*element, line string) ([]*element, error) {
	depth := len(line) - len(strings.TrimLeft(line, "\t"))
	if depth > len(path) || depth > maxTableDepth || (depth == 0) != (t.root == nil) {
		return nil, errors.New("indentation does not fit")
	}
	e, err := parseElement(strings.TrimSpace(line))
	if err != nil {
		return nil, err
	}
	if depth == 0 {
		t.root = e
	} else {
		e.parent = path[depth-1]
		e.parent.children = append(e.parent.children, e)
	}
	return append(path[:depth:depth], e), nil
}

func parseElement(line string) (*element, error) {
	line, message, _ := strings.Cut(line, "|")
	f := strings.Fields(line)
	if len(f) == 0 {
		return nil, errors.New("no element name")
	}
	e := &element{name: f[0], occurs: '1', message: strings.TrimSpace(message)}
	f = f[1:]
	for len(f) > 0 && len(f[0]) == 1 && strings.ContainsAny(f[0], "?*+!") {
		if f[0] == "!" {
			e.required = true
		} else {
			e.occurs = f[0][0]
		}
		f = f[1:]
	}
	if len(f) >= 2 && strings.HasPrefix(f[0], "@") {
		e.attr = [2]string{f[0][1:], f[1]}
		f = f[2:]
	}
	if len(f) == 0 {
		return e, nil
	}
	e.kind, e.args = f[0], f[1:]
	return e, e.checkArgs()
}

func (e *element) checkArgs() error {
	shape, known := valueKinds[e.kind]
	switch {
	case !known:
		return fmt.Errorf("unknown type %q", e.kind)
	case shape == 'n' && len(e.args) > 0, shape == 'v' && len(e.args) == 0, shape == 'w' && len(e.args) != 1:
		return fmt.Errorf("wrong arguments of %q", e.kind)
	case shape != 'w':
		return nil
	}
	low, high, ranged := strings.Cut(e.args[0], "-")
	if !ranged {
		low, high = "1", low
		if e.kind == "digits" {
			low = high
		}
	}
	var err error
	e.min, err = strconv.Atoi(low)
	if err != nil {
		return fmt.Errorf("width: %w", err)
	}
	e.max, err = strconv.Atoi(high)
	if err != nil || e.max < e.min {
		return fmt.Errorf("width %q", e.args[0])
	}
	return nil
}

func (t *table) addRule(f []string) error {
	wants := map[string]int{"one-of": 2, "when": 3, "sum": 3, "order": 2}
	if len(f) == 0 || wants[f[0]] == 0 || len(f)-1 != wants[f[0]] || t.root == nil {
		return errors.New("unknown rule or wrong number of elements")
	}
	r := crossRule{kind: f[0]}
	names := f[1:]
	if r.kind == "when" {
		r.value = f[2]
		names = []string{f[1], f[3]}
	}
	for _, name := range names {
		e, err := t.find(name)
		if err != nil {
			return err
		}
		r.on = append(r.on, e)
	}
	t.rules = append(t.rules, r)
	return nil
}

// find resolves the end of a path; it must name exactly one element.
func (t *table) find(suffix string) (*element, error) {
	var found []*element
	t.root.walk(func(e *element) {
		if e.path() == suffix || strings.HasSuffix(e.path(), "/"+suffix) {
			found = append(found, e)
		}
	})
	if len(found) != 1 {
		return nil, fmt.Errorf("%q names %d elements", suffix, len(found))
	}
	return found[0], nil
}

func (e *element) walk(visit func(*element)) {
	visit(e)
	for _, c := range e.children {
		c.walk(visit)
	}
}

func (e *element) path() string {
	if e.parent == nil {
		return e.name
	}
	return e.parent.path() + "/" + e.name
}
