package forms

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"time"
)

// MaskedCopy is the 控え that may be kept: kousei.xml and the form files of
// the application as Build writes them, with ●●●●●●●●●●●● in place of each My
// Number and no signature, so that no octet and no hash of a number is kept.
func (f *Filled) MaskedCopy(at time.Time, attachments []Attachment) ([]FormFile, error) {
	if err := f.p.checkAttachments(attachments); err != nil {
		return nil, err
	}
	files := []FormFile{{Name: "kousei.xml", Data: f.render(&f.p.configuration.template, at, nil, attachments)}}
	for _, form := range f.p.forms {
		files = append(files, FormFile{Name: form.file, Data: f.render(&form.template, at, nil, nil)})
	}
	return files, nil
}

//go:embed preview.html.tmpl
var previewFiles embed.FS

var previewTemplate = template.Must(template.ParseFS(previewFiles, "preview.html.tmpl"))

type previewPage struct {
	Title, Name, ID, Day string
	Forms                []previewForm
}

type previewForm struct {
	Name     string
	Sections []previewSection
}

type previewSection struct {
	Title string
	Rows  []previewRow
}

type previewRow struct {
	Label, Value string
	Empty        bool
}

// MaskedHTML is the preview of the application as a complete Japanese page to
// read and print: labels and values in the order of the form, numbers masked,
// no script and nothing from outside. The dates of submission are those of at.
func (f *Filled) MaskedHTML(at time.Time) ([]byte, error) {
	page := previewPage{Title: f.p.title, Name: f.p.name, ID: f.p.id, Day: eraText(dayOf(at))}
	for _, form := range append(append([]*form(nil), f.p.forms...), f.p.configuration) {
		out := previewForm{Name: form.name}
		for _, s := range form.sections {
			rows := make([]previewRow, len(s.fields))
			for i, x := range s.fields {
				v := f.values[x.index]
				if x.def.Stamp {
					v = stampValue(x, at)
				}
				rows[i] = previewRow{Label: x.label, Value: v.show, Empty: !v.set}
			}
			out.Sections = append(out.Sections, previewSection{Title: s.title, Rows: rows})
		}
		page.Forms = append(page.Forms, out)
	}
	var b bytes.Buffer
	if err := previewTemplate.Execute(&b, page); err != nil {
		return nil, fmt.Errorf("forms: write the preview of %s: %w", f.p.id, err)
	}
	return b.Bytes(), nil
}
