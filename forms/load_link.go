package forms

// link ties fields to the fields that they refer to by name, once all of the
// procedure's fields are known.
func (c *compilation) link() {
	for _, f := range c.p.fields {
		f.requiredIf = c.conditions(f.name, f.def.RequiredIf)
		f.onlyIf = c.conditions(f.name, f.def.OnlyIf)
		if k := f.def.Kind; k != "" {
			f.kind = c.fieldNamed(f.name, k)
			if f.kind != nil && (f.kind.codes == nil || f.kind.codes.index[kindMyNumber] != 0 || f.kind.def.Default != kindMyNumber) {
				c.problem(c.file, "%s: %s must be a code that begins with and defaults to %s", f.name, k, kindMyNumber)
			}
		}
		if a := f.def.Alternative; a != "" {
			f.other = c.fieldNamed(f.name, a)
		}
		c.linkCompute(f)
		c.checkDefault(f)
	}
	for _, name := range c.def.EventDate.Fields {
		f := c.fieldNamed("event_date", name)
		if f != nil && kindOf(f) != 'd' {
			c.problem(c.file, "event_date: %s is not a date", name)
		}
		c.p.eventDate = append(c.p.eventDate, f)
	}
	if len(c.p.eventDate) == 0 {
		c.problem(c.file, "event_date names no field")
	}
}

func (c *compilation) fieldNamed(where, name string) *field {
	f := c.p.byName[name]
	if f == nil {
		c.problem(c.file, "%s refers to the unknown field %q", where, name)
	}
	return f
}

func (c *compilation) conditions(where string, files []conditionFile) []condition {
	var out []condition
	for _, x := range files {
		f := c.fieldNamed(where, x.Field)
		if f == nil {
			continue
		}
		kinds := 0
		for _, given := range []bool{len(x.Is) > 0, len(x.IsNot) > 0, x.Filled != nil} {
			if given {
				kinds++
			}
		}
		if kinds != 1 {
			c.problem(c.file, "%s: a condition on %s needs one of is, is_not, filled", where, x.Field)
		}
		for _, v := range append(append([]string(nil), x.Is...), x.IsNot...) {
			c.checkCode(where, f, v)
		}
		out = append(out, condition{field: f, is: x.Is, isNot: x.IsNot, filled: x.Filled})
	}
	return out
}

// checkCode makes sure that a condition or rule names a code as the form has
// it, so that a typing error cannot switch a rule off.
func (c *compilation) checkCode(where string, f *field, v string) {
	switch {
	case f.typ.name == "flag" && v == "1":
	case f.codes != nil:
		if i, ok := f.codes.index[v]; !ok || f.codes.items[i].Code != v {
			c.problem(c.file, "%s: %q is not a code of %s", where, v, f.name)
		}
	default:
		c.problem(c.file, "%s: %s has no codes to compare with", where, f.name)
	}
}

func (c *compilation) linkCompute(f *field) {
	def := f.def.Compute
	if def == nil {
		return
	}
	kind := map[string]byte{"sum": 'n', "day_after": 'd'}[def.Function]
	if kind == 0 || len(def.Of) == 0 || kindOf(f) != kind {
		c.problem(c.file, "%s: unknown computation %q, or of nothing, or of the wrong type", f.name, def.Function)
		return
	}
	f.compute = &computation{function: def.Function}
	for _, name := range def.Of {
		x := c.fieldNamed(f.name, name)
		if x == nil {
			continue
		}
		if kindOf(x) != kind {
			c.problem(c.file, "%s: cannot compute from %s", f.name, name)
		}
		f.compute.of = append(f.compute.of, x)
	}
}

func (c *compilation) checkDefault(f *field) {
	if f.def.Default == "" || f.typ.convert == nil || f.typ.name == "code" && f.codes == nil {
		return
	}
	if _, ps := f.typ.convert(f, f.def.Default); len(ps) > 0 {
		c.problem(c.file, "%s: the default is not a valid value", f.name)
	}
}

// kindOf is the letter by which rules ask for a type.
func kindOf(f *field) byte {
	switch f.typ.name {
	case "era_date", "reiwa_date", "western_date":
		if !f.def.Stamp {
			return 'd'
		}
	case "amount":
		return 'n'
	case "flag":
		return 'f'
	}
	return 'x'
}

func (c *compilation) compileRules() {
	for _, def := range c.def.Rules {
		spec, ok := namedRules[def.Rule]
		if !ok {
			c.problem(c.file, "unknown rule %q", def.Rule)
			continue
		}
		r := &crossRule{name: def.Rule, check: spec.check, min: def.Min, max: def.Max, values: def.Values}
		if spec.fields > 0 && len(def.Fields) != spec.fields || len(def.Fields) == 0 || spec.fields == 0 && len(def.Fields) < 2 {
			c.problem(c.file, "rule %s: %d fields do not fit", def.Rule, len(def.Fields))
			continue
		}
		for i, name := range def.Fields {
			f := c.fieldNamed("rule "+def.Rule, name)
			if f == nil {
				continue
			}
			kind := spec.kinds[min(i, len(spec.kinds)-1)]
			if kind != 'x' && kindOf(f) != kind {
				c.problem(c.file, "rule %s: %s has the wrong type", def.Rule, name)
			}
			r.fields = append(r.fields, f)
		}
		if def.Rule == "one_of" && len(r.fields) == 1 {
			for _, v := range def.Values {
				c.checkCode("rule one_of", r.fields[0], v)
			}
		}
		if len(r.fields) == len(def.Fields) {
			r.when = c.conditions("rule "+def.Rule, def.When)
			c.p.rules = append(c.p.rules, r)
		}
	}
}
