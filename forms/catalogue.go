package forms

import (
	"encoding/json"
	"sort"
	"time"
)

// Catalogue is every procedure that the definitions describe, checked and
// compiled. It is immutable.
type Catalogue struct {
	procedures   map[string]*Procedure
	order        []string
	assumptions  []Assumption
	destinations []Destination
}

// Destination is a 提出先 as published: its identifier, its name in levels
// between commas, and the kind of procedure that uses it.
type Destination struct{ ID, Name, Domain, Note string }

// Procedure finds a procedure by its sixteen-character id.
func (c *Catalogue) Procedure(id string) (*Procedure, bool) {
	p, ok := c.procedures[id]
	return p, ok
}

// Procedures lists every procedure in order of its id.
func (c *Catalogue) Procedures() []*Procedure {
	list := make([]*Procedure, len(c.order))
	for i, id := range c.order {
		list[i] = c.procedures[id]
	}
	return list
}

// Assumptions lists what the definitions rely on without proof.
func (c *Catalogue) Assumptions() []Assumption { return append([]Assumption(nil), c.assumptions...) }

// Destinations lists the known samples of destinations. The official lists are
// longer; a destination absent here is not wrong.
func (c *Catalogue) Destinations() []Destination {
	return append([]Destination(nil), c.destinations...)
}

// Procedure is one compiled procedure. It is immutable.
type Procedure struct {
	id, name, title, domain string
	signatureStyle          string
	signatures              int
	validFrom, validTo      time.Time
	retentionYears          int
	eventDate               []*field
	notBeforeDays           int
	attachments             []attachmentFile
	extensions              []string
	forms                   []*form
	configuration           *form
	fields                  []*field
	byName                  map[string]*field
	rules                   []*crossRule
	assumptions             []string
}

// form is one compiled file.
type form struct {
	id, kouseiVersion, version, name, file string
	sections                               []section
	template                               xmlTemplate
}

type section struct {
	title  string
	fields []*field
}

// ID is the sixteen-character 手続ID.
func (p *Procedure) ID() string { return p.id }

// Name is the registered 手続名称, exactly as kousei.xml must give it.
func (p *Procedure) Name() string { return p.name }

// Title is a short Japanese name for lists.
func (p *Procedure) Title() string { return p.title }

// Domain is 社会保険 or 雇用保険.
func (p *Procedure) Domain() string { return p.domain }

// Signatures is how many people sign, and Standard whether they sign
// kousei.xml (標準形式) rather than each file (個別ファイル署名形式).
func (p *Procedure) Signatures() (count int, standard bool) {
	return p.signatures, p.signatureStyle == styleStandard
}

// Forms gives the id and the version in kousei.xml (four digits) of each form,
// to be compared with what e-Gov serves.
func (p *Procedure) Forms() map[string]string {
	versions := make(map[string]string, len(p.forms))
	for _, f := range p.forms {
		versions[f.id] = f.kouseiVersion
	}
	return versions
}

// RetentionYears is how long the law wants a filing of this kind kept.
func (p *Procedure) RetentionYears() int { return p.retentionYears }

const styleStandard = "standard"

// JSONSchema describes the event's fields as a JSON Schema (2020-12) object:
// every property a string, codes as enumerations, unknown properties refused.
// Whether a field is required may depend on others; only what is always
// required is listed.
func (p *Procedure) JSONSchema() map[string]any {
	properties := map[string]any{}
	required := []string{}
	for _, f := range p.fields {
		if !f.event {
			continue
		}
		properties[f.name] = f.schema()
		if f.def.Required && len(f.source) == 0 && f.def.Default == "" && f.compute == nil && len(f.onlyIf) == 0 {
			required = append(required, f.name)
		}
	}
	sort.Strings(required)
	return map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   p.title, "type": "object",
		"properties": properties, "required": required, "additionalProperties": false,
	}
}

func (f *field) schema() map[string]any {
	s := map[string]any{"type": "string", "title": f.label, "description": f.typ.hint}
	switch {
	case f.codes != nil:
		var values []string
		for _, item := range f.codes.items {
			values = append(values, item.Code)
		}
		s["enum"] = values
		s["description"] = f.codes.choices()
	case f.typ.name == "flag":
		s["enum"] = []string{"", "1"}
	case f.typ.format != "":
		s["format"] = f.typ.format
	case f.typ.allows("alphabet") && f.max > 0:
		s["maxLength"] = f.max
	}
	if f.def.Default != "" {
		s["default"] = f.def.Default
	}
	return s
}

// MarshalJSON gives the description of the procedure, see Describe.
func (p *Procedure) MarshalJSON() ([]byte, error) { return json.Marshal(p.Describe()) }
