package forms

import (
	"regexp"
	"sort"
	"strings"
	"time"
)

var (
	procedureID = regexp.MustCompile(`^[0-9A-Z]{16}$`)
	formID      = regexp.MustCompile(`^[0-9A-Z]{18}$`)
	fourDigits  = regexp.MustCompile(`^[0-9]{4}$`)
	fieldName   = regexp.MustCompile(`^[a-z][a-z0-9_]{1,62}$`)
)

// compilation is one procedure on its way from definition to program.
type compilation struct {
	*loader
	file string
	def  procedureFile
	p    *Procedure
}

func (l *loader) loadProcedure(dir string) {
	c := &compilation{loader: l, file: dir + "/procedure.json", p: &Procedure{byName: map[string]*field{}}}
	if err := readJSON(l.fsys, c.file, &c.def); err != nil {
		l.problem(c.file, "%v", err)
		return
	}
	before := len(l.problems)
	c.head(dir)
	var outlines []compiledForm
	for i := range c.def.Inputs {
		c.addField(&c.def.Inputs[i], formFile{}, sectionFile{Title: "入力"}, "")
	}
	for _, id := range c.def.Forms {
		if f, ok := c.readForm(dir+"/"+id, id); ok {
			outlines = append(outlines, f)
			c.p.forms = append(c.p.forms, f.form)
		}
	}
	configuration, ok := c.readForm("kousei/configuration", "999000000000000001")
	if !ok || len(c.p.forms) == 0 {
		l.problem(c.file, "there is no form or no configuration file")
		return
	}
	c.p.configuration = configuration.form
	c.link()
	c.compileRules()
	if len(l.problems) > before {
		return
	}
	var references []formReference
	for _, f := range c.p.forms {
		references = append(references, formReference{f.id, f.kouseiVersion, f.name, f.file})
	}
	for _, o := range append(outlines, configuration) {
		o.form.template = compileTemplate(o.root, o.stylesheet(), o.holes, references)
	}
	l.cat.procedures[c.p.id] = c.p
	l.cat.order = append(l.cat.order, c.p.id)
}

// head takes over and checks what a procedure says of itself.
func (c *compilation) head(dir string) {
	d, p := c.def, c.p
	p.id, p.name, p.title, p.domain = d.ID, d.Name, d.Title, d.Domain
	p.signatureStyle, p.signatures = d.Signature.Style, d.Signature.Count
	p.retentionYears, p.notBeforeDays = d.RetentionYears, d.EventDate.NotBeforeDays
	p.attachments, p.extensions, p.assumptions = d.Attachments, d.Extensions, d.Assumptions
	c.assume(c.file, d.Assumptions...)
	check := func(ok bool, what string) {
		if !ok {
			c.problem(c.file, "%s", what)
		}
	}
	check(procedureID.MatchString(d.ID) && d.ID == dir, "the id is not sixteen characters or not the folder's name")
	check(d.Name != "" && inJIS(d.Name), "the name is empty or holds half-width characters")
	check(d.Title != "" && d.Domain != "", "title or domain is missing")
	check(d.Signature.Style == styleStandard && d.Signature.Count == 1, "only one signature of style standard is supported")
	check(d.RetentionYears > 0, "retention_years is missing")
	check(len(d.Extensions) > 0 && sort.StringsAreSorted(d.Extensions), "attachment_extensions is empty or not sorted")
	check(d.EventDate.NotBeforeDays >= 0 && d.EventDate.NotBeforeDays <= 366, "not_before_days is out of range")
	for _, a := range d.Attachments {
		check(a.ID != "" && a.Name != "" && inJIS(a.Name) && checkFileName(a.File) == nil, "an attachment lacks id, name or a usable file name")
	}
	if d.Destination.Required {
		for _, key := range []string{d.Destination.ID, d.Destination.Name} {
			check(c.env.factLabels[key] != "", "the destination refers to an unknown fact")
		}
	}
	var err error
	p.validFrom, err = time.Parse(time.DateOnly, d.ValidFrom)
	check(err == nil, "valid_from is not a date")
	if d.ValidTo != "" {
		p.validTo, err = time.Parse(time.DateOnly, d.ValidTo)
		check(err == nil && !p.validTo.Before(p.validFrom), "valid_to is not a date after valid_from")
	}
}

// compiledForm is a form with what its template still needs.
type compiledForm struct {
	form  *form
	root  *node
	nodes map[string]*node // by path
	holes map[string]hole
	def   formFile
}

func (o compiledForm) stylesheet() string {
	if !o.def.Stylesheet {
		return ""
	}
	return o.def.FormID + ".xsl"
}

func (c *compilation) readForm(base, id string) (compiledForm, bool) {
	out := compiledForm{holes: map[string]hole{}}
	name := base + ".json"
	if err := readJSON(c.fsys, name, &out.def); err != nil {
		c.problem(name, "%v", err)
		return out, false
	}
	raw, err := readBounded(c.fsys, base+".tree")
	if err != nil {
		c.problem(base+".tree", "%v", err)
		return out, false
	}
	root, problems := parseOutline(string(raw))
	for _, p := range problems {
		c.problem(base+".tree", "%s", p)
	}
	if root == nil {
		return out, false
	}
	d := out.def
	if d.FormID != id || !formID.MatchString(id) || !fourDigits.MatchString(d.KouseiVersion) || d.FormVersion == "" || d.Name == "" || checkFileName(d.File) != nil {
		c.problem(name, "form_id, kousei_version, form_version, name or file is missing or malformed")
	}
	c.assume(name, d.Assumptions...)
	c.p.assumptions = append(c.p.assumptions, d.Assumptions...)
	out.root, out.nodes = root, map[string]*node{}
	root.walk(func(n *node) { out.nodes[n.path] = n })
	delete(out.nodes, root.path)
	out.form = &form{id: d.FormID, kouseiVersion: d.KouseiVersion, version: d.FormVersion, name: d.Name, file: d.File}
	c.checkHead(base+".tree", out)
	for _, s := range d.Sections {
		compiled := section{title: s.Title}
		for i := range s.Fields {
			if f := c.addField(&s.Fields[i], d, s, name); f != nil {
				compiled.fields = append(compiled.fields, f)
				c.bind(f, out, name)
			}
		}
		out.form.sections = append(out.form.sections, compiled)
	}
	c.checkLeaves(base+".tree", out)
	return out, true
}

// checkHead compares the constants at the top of the outline with what the
// definition says of the form.
func (c *compilation) checkHead(file string, o compiledForm) {
	want := map[string]string{"様式ID": o.def.FormID, "様式バージョン": o.def.FormVersion, "STYLESHEET": o.def.FormID + ".xsl"}
	for _, n := range o.root.children {
		if w, ok := want[n.name]; ok && n.constant != w {
			c.problem(file, "%s is %q but the definition says %q", n.name, n.constant, w)
		}
		delete(want, n.name)
	}
	for name := range want {
		c.problem(file, "%s is missing", name)
	}
}

// bind ties the parts of a field to the elements of the outline.
func (c *compilation) bind(f *field, o compiledForm, file string) {
	for i, path := range f.parts {
		leaf := o.nodes[path]
		switch {
		case leaf == nil:
			c.problem(file, "%s: the outline has no element %s", f.name, path)
		case len(leaf.children) > 0 || leaf.constant != "" || leaf.empty || leaf.repeat != "":
			c.problem(file, "%s: %s is not an open leaf of the outline", f.name, path)
		default:
			if taken, ok := o.holes[path]; ok {
				c.problem(file, "%s and %s both write %s", taken.field.name, f.name, path)
			}
			o.holes[path] = hole{f, i}
		}
	}
}

// checkLeaves makes sure that every leaf is a constant, a field or left empty
// on purpose, and that repeated blocks name known values.
func (c *compilation) checkLeaves(file string, o compiledForm) {
	var inside *node
	o.root.walk(func(n *node) {
		if n.repeat != "" {
			inside = n
			for _, child := range n.children {
				if len(child.children) > 0 || !strings.HasPrefix(child.constant, "{") || !contains(blockHoles[n.repeat], strings.Trim(child.constant, "{}")) {
					c.problem(file, "%s: a repeated block holds %s", n.path, child.name)
				}
			}
			return
		}
		if inside != nil && strings.HasPrefix(n.path, inside.path+"/") {
			return
		}
		if _, ok := o.holes[n.path]; !ok && len(n.children) == 0 && n.constant == "" && !n.empty {
			c.problem(file, "%s is neither a constant nor a field nor marked empty", n.path)
		}
	})
}

var blockHoles = map[string][]string{
	blockAttachments: {"kind", "name", "file", "submission"},
	blockForms:       {"id", "version", "name", "file"},
}
