package forms

import (
	"fmt"
	"io"
	"strings"
)

// Description is a procedure for people and machines: what `forms show` prints
// and the API serves.
type Description struct {
	ID             string                  `json:"id"`
	Name           string                  `json:"name"`
	Title          string                  `json:"title"`
	Domain         string                  `json:"domain"`
	Signature      string                  `json:"signature"`
	Signatures     int                     `json:"signatures"`
	ValidFrom      string                  `json:"valid_from"`
	ValidTo        string                  `json:"valid_to,omitempty"`
	RetentionYears int                     `json:"retention_years"`
	EventDate      []string                `json:"event_date"`
	Attachments    []AttachmentDescription `json:"attachments"`
	Extensions     []string                `json:"attachment_extensions"`
	Fields         []FieldDescription      `json:"fields"`
	Assumptions    []string                `json:"assumptions"`
}

// AttachmentDescription is an attachment that a procedure knows by name.
type AttachmentDescription struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	FileName string `json:"file_name"`
	Required bool   `json:"required"`
}

// FieldDescription is one field: Required is 必須, 条件付き or empty; Source is
// where the master data gives the value; Event tells that the event may give it.
type FieldDescription struct {
	Name       string     `json:"name"`
	Label      string     `json:"label"`
	Section    string     `json:"section"`
	Form       string     `json:"form,omitempty"`
	Type       string     `json:"type"`
	Hint       string     `json:"hint"`
	Required   string     `json:"required,omitempty"`
	Event      bool       `json:"event"`
	Number     bool       `json:"number,omitempty"`
	MaxLength  int        `json:"max_length,omitempty"`
	Codes      []CodeItem `json:"codes,omitempty"`
	Source     string     `json:"source,omitempty"`
	Default    string     `json:"default,omitempty"`
	Assumption string     `json:"assumption,omitempty"`
}

// Describe gives the procedure's fields in the order of the form, inputs first.
func (p *Procedure) Describe() Description {
	d := Description{
		ID: p.id, Name: p.name, Title: p.title, Domain: p.domain, Signature: p.signatureStyle, Signatures: p.signatures,
		ValidFrom: p.validFrom.Format("2006-01-02"), RetentionYears: p.retentionYears,
		Extensions: append([]string(nil), p.extensions...), Assumptions: append([]string{}, p.assumptions...),
	}
	if !p.validTo.IsZero() {
		d.ValidTo = p.validTo.Format("2006-01-02")
	}
	for _, f := range p.eventDate {
		d.EventDate = append(d.EventDate, f.name)
	}
	for _, a := range p.attachments {
		d.Attachments = append(d.Attachments, AttachmentDescription{a.ID, a.Name, a.File, a.Required})
	}
	for _, f := range p.fields {
		d.Fields = append(d.Fields, f.describe())
	}
	return d
}

func (f *field) describe() FieldDescription {
	d := FieldDescription{
		Name: f.name, Label: f.label, Section: f.section, Form: f.form, Type: f.typ.name, Hint: f.typ.hint,
		Event: f.event, Number: f.typ.name == "number", Source: f.def.Source, Default: f.def.Default, Assumption: f.def.Assumption,
	}
	if f.typ.allows("alphabet") {
		d.MaxLength = f.max
	}
	switch {
	case f.def.Required:
		d.Required = "必須"
	case len(f.requiredIf) > 0:
		d.Required = "条件付き"
	}
	if f.codes != nil {
		d.Codes = append([]CodeItem(nil), f.codes.items...)
	}
	switch {
	case f.def.Stamp:
		d.Source = "（作成時の日付）"
	case f.compute != nil && d.Source == "":
		d.Source = "（自動計算）"
	}
	return d
}

// WriteText prints the description for a terminal: first what the event gives,
// then what comes from the master data.
func (d Description) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n%s\n", d.ID, d.Title, d.Name)
	fmt.Fprintf(&b, "分野 %s　署名 %s×%d　適用 %s～%s　保存 %d年　事由の日 %s\n",
		d.Domain, d.Signature, d.Signatures, d.ValidFrom, d.ValidTo, d.RetentionYears, strings.Join(d.EventDate, ", "))
	for _, a := range d.Attachments {
		need := "任意"
		if a.Required {
			need = "必須"
		}
		fmt.Fprintf(&b, "添付書類　%s（%s, %s）\n", a.Name, a.FileName, need)
	}
	d.writeFields(&b, "届出ごとに入力する項目", func(f FieldDescription) bool { return f.Event })
	d.writeFields(&b, "台帳・自動で入る項目", func(f FieldDescription) bool { return !f.Event })
	if len(d.Assumptions) > 0 {
		fmt.Fprintf(&b, "\n確認が必要な前提　%s\n", strings.Join(d.Assumptions, ", "))
	}
	_, err := io.WriteString(w, b.String())
	if err != nil {
		return fmt.Errorf("forms: print %s: %w", d.ID, err)
	}
	return nil
}

func (d Description) writeFields(b *strings.Builder, title string, keep func(FieldDescription) bool) {
	fmt.Fprintf(b, "\n%s\n", title)
	for _, f := range d.Fields {
		if !keep(f) {
			continue
		}
		fmt.Fprintf(b, "  %-26s %s", f.Name, f.Label)
		for _, note := range []string{f.Required, f.Source, f.Assumption} {
			if note != "" {
				fmt.Fprintf(b, "　[%s]", note)
			}
		}
		if f.Default != "" {
			fmt.Fprintf(b, "　既定値 %s", f.Default)
		}
		b.WriteString("\n")
		for _, c := range f.Codes {
			if len(f.Codes) <= 20 {
				fmt.Fprintf(b, "      %s  %s\n", c.Code, c.Label)
			}
		}
	}
}
