package forms

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"todoke/mynumber"
)

// MaskedNumber stands wherever a My Number would be shown.
const MaskedNumber = mynumber.Masked

// Attachment is a file that goes with an application. Name is the registered
// 添付書類名称, FileName what it is called in the zip: ASCII letters, digits,
// underscore and hyphen, with an extension that the procedure takes. Separate
// means 別送: the paper follows by post and Data is empty.
type Attachment struct {
	Name, FileName string
	Separate       bool
	Data           []byte
}

func (a Attachment) kind() string {
	if a.Separate {
		return "別送"
	}
	return "添付"
}

// FormFile is one file of an application: its name in the zip and its octets.
type FormFile struct {
	Name string
	Data []byte
}

// Application is what is signed and packed: kousei.xml without a signature,
// the form files and the attachments. Forms hold My Numbers in clear: call
// Wipe as soon as the application is packed.
type Application struct {
	ProcedureID   string
	Configuration []byte
	Forms         []FormFile
	Attachments   []Attachment
}

// Wipe zeroes the form files and the configuration. Attachments are the
// caller's and stay as they are.
func (a *Application) Wipe() {
	clear(a.Configuration)
	for i := range a.Forms {
		clear(a.Forms[i].Data)
	}
}

// ErrBuild marks every error of Build; none of them holds a digit.
var ErrBuild = errors.New("forms: cannot build the application")

// Sizes that e-Gov's screens state for attachments.
const (
	maxAttachment  = 50_000 << 10
	maxAttachments = 99 << 20
)

// Build writes the application at a moment: the dates of submission are that
// day in Japan. digits holds twelve ASCII digits per slot of Numbers; they are
// checked, copied into the form file and kept nowhere else. The digits stay
// the caller's to wipe.
func (f *Filled) Build(at time.Time, digits map[string][]byte, attachments []Attachment) (*Application, error) {
	if err := f.checkDigits(digits); err != nil {
		return nil, err
	}
	if err := f.p.checkAttachments(attachments); err != nil {
		return nil, err
	}
	app := &Application{ProcedureID: f.p.id, Attachments: append([]Attachment(nil), attachments...)}
	for _, form := range f.p.forms {
		app.Forms = append(app.Forms, FormFile{Name: form.file, Data: f.render(&form.template, at, digits, nil)})
	}
	app.Configuration = f.render(&f.p.configuration.template, at, nil, attachments)
	return app, nil
}

func (f *Filled) checkDigits(digits map[string][]byte) error {
	for _, s := range f.slots {
		if !validNumber(digits[s.Name]) {
			return fmt.Errorf("%w: slot %q of %s needs twelve digits with a valid check digit", ErrBuild, s.Name, f.p.id)
		}
	}
	for name := range digits {
		known := false
		for _, s := range f.slots {
			known = known || s.Name == name
		}
		if !known {
			return fmt.Errorf("%w: %s has no slot of a given name", ErrBuild, f.p.id)
		}
	}
	return nil
}

// render writes one file. The buffer is sized before anything is copied, so
// that no grown-out copy of a number is left behind.
func (f *Filled) render(t *xmlTemplate, at time.Time, digits map[string][]byte, attachments []Attachment) []byte {
	texts := make([]string, len(t.segments))
	size := 0
	for i, s := range t.segments {
		size += len(s.static)
		switch {
		case s.blocks:
			size += t.block.size(attachments)
		case s.field != nil:
			texts[i] = f.text(s.field, s.part, at)
			size += 6 * len(texts[i])
		}
	}
	out := make([]byte, 0, size+64)
	for i, s := range t.segments {
		out = append(out, s.static...)
		switch {
		case s.blocks:
			for _, a := range attachments {
				out = t.block.append(out, a)
			}
		case s.field != nil && digits != nil && f.isSlot(s.field):
			out = append(out, digits[s.field.def.Slot]...)
		case s.field != nil:
			out = appendEscaped(out, texts[i])
		}
	}
	return out
}

// size bounds the octets that the blocks take.
func (b blockTemplate) size(attachments []Attachment) int {
	static := 0
	for i, t := range b.texts {
		if i%2 == 0 {
			static += len(t)
		}
	}
	total := 0
	for _, a := range attachments {
		total += static + 16 + 6*(len(a.Name)+len(a.FileName))
	}
	return total
}

// text is the content of one element; slots read as masked.
func (f *Filled) text(x *field, part int, at time.Time) string {
	if x.def.Stamp {
		v := stampValue(x, at)
		return v.parts[part]
	}
	return f.values[x.index].parts[part]
}

// checkAttachments holds the attachments against the procedure: the required
// ones are there, names and extensions are usable, sizes are within bounds.
func (p *Procedure) checkAttachments(attachments []Attachment) error {
	names := map[string]bool{"kousei.xml": true}
	for _, form := range p.forms {
		names[strings.ToLower(form.file)] = true
	}
	present := make(map[string]bool)
	total := 0
	for _, a := range attachments {
		if err := p.checkAttachment(a, names); err != nil {
			return err
		}
		total += len(a.Data)
		present[a.Name] = present[a.Name] || !a.Separate
	}
	if total > maxAttachments {
		return fmt.Errorf("%w: the attachments of %s exceed 99 MB", ErrBuild, p.id)
	}
	for _, want := range p.attachments {
		if want.Required && !present[want.Name] {
			return fmt.Errorf("%w: %s lacks the attachment %s", ErrBuild, p.id, want.Name)
		}
	}
	return nil
}

func (p *Procedure) checkAttachment(a Attachment, names map[string]bool) error {
	if a.Name == "" || len(a.Name) > 256 || !inJIS(a.Name) && !allASCIIName(a.Name) || holdsNumber(a.Name) {
		return fmt.Errorf("%w: an attachment of %s has an unusable 添付書類名称", ErrBuild, p.id)
	}
	if a.Separate {
		if a.FileName != "" || len(a.Data) > 0 {
			return fmt.Errorf("%w: %s is sent by post but has a file", ErrBuild, a.Name)
		}
		return nil
	}
	if err := checkFileName(a.FileName); err != nil {
		return fmt.Errorf("%w: attachment %s: %w", ErrBuild, a.Name, err)
	}
	lower := strings.ToLower(a.FileName)
	if names[lower] || holdsNumber(a.FileName) {
		return fmt.Errorf("%w: attachment %s: its file name is reserved or taken", ErrBuild, a.Name)
	}
	names[lower] = true
	if !contains(p.extensions, strings.TrimPrefix(path.Ext(lower), ".")) {
		return fmt.Errorf("%w: attachment %s: %s takes only %s", ErrBuild, a.Name, p.id, strings.Join(p.extensions, ", "))
	}
	if len(a.Data) == 0 || len(a.Data) > maxAttachment {
		return fmt.Errorf("%w: attachment %s is empty or larger than 50,000 KB", ErrBuild, a.Name)
	}
	return nil
}
