package forms

import (
	"strings"
	"time"
)

// field is one compiled field of a procedure.
type field struct {
	def        *fieldFile
	name       string
	label      string
	section    string
	form       string // form id, empty for an input without an element
	typ        *fieldType
	min, max   int // max 0: no limit
	codes      *codeList
	eras       []*era
	parts      []string // element paths in the order of the type's parts
	requiredIf []condition
	onlyIf     []condition
	source     []alternative
	compute    *computation
	event      bool
	index      int
	kind       *field // number fields: which number is given
	other      *field // number fields: the field holding the other number
	env        *environment
}

// environment is what every field of a catalogue shares.
type environment struct {
	variants   map[rune]string
	factLabels map[string]string
}

// condition is one clause of required_if, only_if or when; all must hold.
type condition struct {
	field  *field
	is     []string
	isNot  []string
	filled *bool
}

func (c condition) holds(values []converted) bool {
	canon := values[c.field.index].canon
	switch {
	case c.filled != nil:
		return *c.filled == values[c.field.index].set
	case len(c.is) > 0:
		return contains(c.is, canon)
	default:
		return !contains(c.isNot, canon)
	}
}

func allHold(cs []condition, values []converted) bool {
	for _, c := range cs {
		if !c.holds(values) {
			return false
		}
	}
	return true
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// computation derives a field from others when the event leaves it out.
type computation struct {
	function string
	of       []*field
}

// alternative is one way to find a value in the master data: terms joined by a
// full-width blank. The first complete alternative wins.
type alternative []term

type term struct {
	key      string
	literal  string // the value itself; key is empty then
	function func(string) string
	optional bool
}

func (t term) value(facts Facts) string {
	v := t.literal
	if t.key != "" {
		v = strings.TrimFunc(facts[t.key], isBlank)
	}
	if t.function != nil && v != "" {
		v = t.function(v)
	}
	return v
}

// resolve finds the field's value in the master data. key names the first fact
// used; missing lists the facts that would complete the first alternative.
func (f *field) resolve(facts Facts) (value, key string, missing []string) {
	for i, alt := range f.source {
		var texts []string
		complete := true
		for _, t := range alt {
			v := t.value(facts)
			if v != "" {
				texts = append(texts, v)
				if key == "" {
					key = t.key
				}
				continue
			}
			if !t.optional {
				complete = false
				if i == 0 {
					missing = append(missing, t.key)
				}
			}
		}
		if complete && len(texts) > 0 {
			if len(texts) == 1 {
				return texts[0], key, nil
			}
			return strings.Join(texts, "　"), key, nil
		}
		key = ""
	}
	return "", "", missing
}

// functions are what a source may apply to a fact.
var functions = map[string]func(string) string{
	"office_head": officeHead,
}

// officeHead addresses the head of the office that a destination names:
// 東京都,渋谷公共職業安定所 becomes 渋谷公共職業安定所長.
func officeHead(destination string) string {
	parts := strings.Split(destination, ",")
	office, _, _ := strings.Cut(parts[len(parts)-1], "（")
	if office == "" || strings.HasSuffix(office, "長") {
		return office
	}
	return office + "長"
}

// codeList is a compiled code list.
type codeList struct {
	id, title string
	items     []CodeItem
	index     map[string]int // code, label and aliases
}

// converted is a value on its way into the form: canon for conditions and
// rules, parts for the elements, show for a person.
type converted struct {
	set   bool
	canon string
	parts [4]string
	show  string
	date  time.Time
	num   int64
}

func plain(s string) converted {
	return converted{set: true, canon: s, parts: [4]string{s}, show: s}
}

// problem is what a conversion found; the caller adds the field.
type problem struct{ code, message, remedy string }

// fieldType converts one kind of value and knows its elements.
type fieldType struct {
	name    string
	parts   int
	options string // keys beyond the common ones, separated by blanks
	hint    string // how to write it, Japanese
	format  string // JSON Schema format, empty for plain text
	convert func(f *field, raw string) (converted, []problem)
}

func (t *fieldType) allows(option string) bool {
	return strings.Contains(" "+t.options+" ", " "+option+" ")
}

// wide says whether the type is text, which alone could hide a number.
func (t *fieldType) wide() bool {
	return t.name == "text" || t.name == "name" || t.name == "address"
}
