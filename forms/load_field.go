package forms

import (
	"strings"
)

// addField checks one field of a definition by itself and adds it; what it
// refers to by name is tied up by link.
func (c *compilation) addField(def *fieldFile, form formFile, s sectionFile, file string) *field {
	input := file == ""
	if input {
		file = c.file
	}
	typ := fieldTypes[def.Type]
	if typ == nil {
		c.problem(file, "%s: unknown type %q", def.Name, def.Type)
		return nil
	}
	f := &field{
		def: def, name: def.Name, label: def.Label, section: s.Title, form: form.FormID, typ: typ,
		event: def.Event || input, index: len(c.p.fields), env: c.env,
	}
	if !fieldName.MatchString(def.Name) || def.Label == "" {
		c.problem(file, "%q: the name is not snake_case or the label is missing", def.Name)
	}
	if _, taken := c.p.byName[def.Name]; taken {
		c.problem(file, "%s occurs twice", def.Name)
	}
	c.assume(file, def.Assumption)
	c.options(f, file)
	f.source = c.sources(f, file)
	if !input {
		f.parts = c.partPaths(f, form, s, file)
	}
	c.p.fields = append(c.p.fields, f)
	c.p.byName[def.Name] = f
	return f
}

// options checks the keys that only some types take.
func (c *compilation) options(f *field, file string) {
	def := f.def
	given := map[string]bool{
		"min": def.Min != nil, "max": def.Max != nil, "alphabet": def.Alphabet != "", "codes": def.Codes != "",
		"style": def.Style != "", "eras": def.Eras != nil, "slot": def.Slot != "", "kind": def.Kind != "", "alternative": def.Alternative != "",
	}
	for option, set := range given {
		allowed := f.typ.allows(option)
		if set && !allowed {
			c.problem(file, "%s: type %s does not take %s", f.name, f.typ.name, option)
		}
		needed := option == "max" || option == "codes" || option == "style" || option == "slot" || option == "min"
		if !set && allowed && needed {
			c.problem(file, "%s: type %s needs %s", f.name, f.typ.name, option)
		}
	}
	if def.Min != nil {
		f.min = *def.Min
	}
	if def.Max != nil {
		f.max = *def.Max
	}
	if f.min < 0 || f.max < f.min {
		c.problem(file, "%s: min and max do not fit", f.name)
	}
	if def.Codes != "" {
		if f.codes = c.codes[def.Codes]; f.codes == nil {
			c.problem(file, "%s: unknown code list %q", f.name, def.Codes)
		}
	}
	if !contains([]string{alphabetFull, alphabetKana, alphabetKanaWide, alphabetRoman}, def.Alphabet) {
		c.problem(file, "%s: unknown alphabet %q", f.name, def.Alphabet)
	}
	if def.Style != "" && def.Style != "digit" && def.Style != "kanji" {
		c.problem(file, "%s: unknown style %q", f.name, def.Style)
	}
	for _, name := range def.Eras {
		e := eraNamed(name)
		if e == nil || e.name != name {
			c.problem(file, "%s: unknown era %q", f.name, name)
			continue
		}
		f.eras = append(f.eras, e)
	}
	dated := f.typ.name == "era_date" || f.typ.name == "reiwa_date"
	closed := def.Event || def.Source != "" || def.Default != "" || def.Compute != nil || def.Required
	if def.Stamp && (!dated || closed) || f.typ.name == "number" && closed {
		c.problem(file, "%s: a stamp or a number takes no value, and only dates are stamped", f.name)
	}
	if !def.Stamp && f.typ.name == "era_date" && len(f.eras) == 0 {
		c.problem(file, "%s: type era_date needs eras", f.name)
	}
}

// partPaths gives the element of each part below the root.
func (c *compilation) partPaths(f *field, form formFile, s sectionFile, file string) []string {
	base := joinPath(s.Base, f.def.Path)
	if f.typ.parts == 1 {
		if f.def.Parts != nil || f.def.Path == "" {
			c.problem(file, "%s: type %s is one element and needs a path", f.name, f.typ.name)
		}
		return []string{base}
	}
	names := f.def.Parts
	if names == nil {
		names = form.Parts[f.typ.name]
	}
	if len(names) != f.typ.parts {
		c.problem(file, "%s: type %s has %d parts, %d are named", f.name, f.typ.name, f.typ.parts, len(names))
	}
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = joinPath(base, name)
	}
	return paths
}

func joinPath(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "/")
}

// sources compiles "a + b? | function(c)": alternatives of joined facts.
func (c *compilation) sources(f *field, file string) []alternative {
	text := f.def.Source
	if text == "" {
		return nil
	}
	var out []alternative
	for _, part := range strings.Split(text, "|") {
		var alt alternative
		for _, word := range strings.Split(part, "+") {
			t, ok := c.term(strings.TrimSpace(word))
			if !ok {
				if strings.HasPrefix(strings.TrimSpace(word), "destination.") && !c.def.Destination.Required {
					f.def.Required = false
					continue
				}
				c.problem(file, "%s: unknown fact or function in %q", f.name, word)
				continue
			}
			alt = append(alt, t)
		}
		if len(alt) > 0 {
			out = append(out, alt)
		}
	}
	return out
}

func (c *compilation) term(word string) (term, bool) {
	var t term
	if name, rest, ok := strings.Cut(word, "("); ok {
		t.function = functions[name]
		if t.function == nil || !strings.HasSuffix(rest, ")") {
			return t, false
		}
		word = strings.TrimSuffix(rest, ")")
	}
	word, t.optional = strings.CutSuffix(word, "?")
	switch word {
	case "procedure.id":
		t.literal = c.def.ID
	case "procedure.name":
		t.literal = c.def.Name
	case "procedure.agency_id":
		t.literal = "100" + c.def.ID[:min(3, len(c.def.ID))]
	case "destination.id":
		t.key = c.def.Destination.ID
	case "destination.name":
		t.key = c.def.Destination.Name
	default:
		t.key = word
	}
	return t, t.literal != "" || c.env.factLabels[t.key] != ""
}
