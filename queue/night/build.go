package night

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"todoke/forms"
	"todoke/mynumber"
	"todoke/office"
	"todoke/queue"
	"todoke/seal"
	"todoke/signing"
	"todoke/vault"
)

// parcel is one bulk, built and verified, with what is needed to mask the answer
// to it. It is the only place where numbers and packages exist, and wipe ends it.
type parcel struct {
	zip     []byte
	byName  map[string]string // folder → filing id
	numbers []*vault.Number
	parts   []*forms.Application
}

func (p *parcel) wipe() {
	if p == nil {
		return
	}
	clear(p.zip)
	for _, n := range p.numbers {
		n.Wipe()
	}
	for _, part := range p.parts {
		part.Wipe()
	}
}

func (p *parcel) empty() bool { return len(p.byName) == 0 }

func (p *parcel) folders() int { return len(p.byName) }

func (p *parcel) filingOf(folder string) (string, bool) {
	id, ok := p.byName[folder]
	return id, ok
}

// sameFinding gives every filing of the parcel the same finding.
func (p *parcel) sameFinding(f queue.Finding) map[string]queue.Findings {
	all := make(map[string]queue.Findings, len(p.byName))
	for _, id := range p.byName {
		all[id] = queue.Findings{f}
	}
	return all
}

// mask removes from a text of e-Gov's every number that this parcel holds, and
// all else that looks like one.
func (p *parcel) mask(text string) string {
	for _, n := range p.numbers {
		text = string(bytes.ReplaceAll([]byte(text), n.Digits(), []byte(mynumber.Masked)))
	}
	return mynumber.Mask(text)
}

// build reveals, builds, signs, packs and verifies the attempt's filings. A filing
// whose grant does not open or whose package cannot be built is dropped from the
// attempt and held; any other error ends the attempt.
func (r *run) build(ctx context.Context, attempt queue.Attempt) (*parcel, error) {
	p := &parcel{byName: map[string]string{}}
	at := r.Now()
	var folders []forms.Folder
	for _, af := range attempt.Filings {
		application, err := r.buildFiling(ctx, p, attempt, af, at)
		var dropped *dropError
		if errors.As(err, &dropped) {
			err = r.drop(ctx, attempt.ID, af.FilingID, dropped)
			if err != nil {
				return p, err
			}
			continue
		}
		if err != nil {
			return p, fmt.Errorf("build filing %s: %w", af.FilingID, err)
		}
		folders = append(folders, application.Folder(af.Folder, nil))
		p.byName[af.Folder] = af.FilingID
	}
	if p.empty() {
		return p, nil
	}
	err := r.pack(p, folders)
	if err == nil {
		return p, nil
	}
	return p, r.packWithout(ctx, attempt.ID, p, folders, err)
}

// dropError says why a filing cannot go with its attempt.
type dropError struct {
	kind   queue.HoldKind
	reason string
}

func (e *dropError) Error() string { return e.reason }

func (r *run) drop(ctx context.Context, attempt, filing string, why *dropError) error {
	err := r.Store.Drop(ctx, worker, attempt, filing, why.kind, mynumber.Mask(why.reason))
	if err != nil {
		return err
	}
	r.step("filing dropped")
	return nil
}

func (r *run) buildFiling(ctx context.Context, p *parcel, attempt queue.Attempt, af queue.AttemptFiling, at time.Time) (*forms.Application, error) {
	f, err := r.Store.Filing(ctx, af.FilingID)
	if err != nil {
		return nil, err
	}
	procedure, ok := r.Forms.Procedure(f.ProcedureID)
	if !ok {
		return nil, &dropError{kind: queue.HoldBuild, reason: "この手続の定義がありません"}
	}
	filled, findings := procedure.Fill(forms.Facts(f.Facts), forms.Event(f.Event), at)
	if len(findings) > 0 {
		return nil, &dropError{kind: queue.HoldBuild, reason: findings[0].Label + ": " + findings[0].Message}
	}
	attachments, err := r.attachments(ctx, f.CompanyID)
	if err != nil {
		return nil, err
	}
	digits, err := r.reveal(ctx, p, attempt.ID, f)
	if err != nil {
		return nil, err
	}
	application, err := filled.Build(at, digits, attachments)
	if err != nil {
		return nil, &dropError{kind: queue.HoldBuild, reason: "申請データを作成できません: " + err.Error()}
	}
	p.parts = append(p.parts, application)
	err = r.sign(application, at)
	if err != nil {
		return nil, err
	}
	r.step("application signed")
	return application, r.keepCopy(ctx, attempt.ID, f.ID, filled, at, attachments)
}

// certificateName is the 添付書類名称 under which e-Gov takes the certificate.
const certificateName = "提出代行に関する証明書"

// certificateExtension is the file extension for office's kinds of certificate.
var certificateExtension = map[string]string{"pdf": "pdf", "jpeg": "jpg"}

func (r *run) attachments(ctx context.Context, company string) ([]forms.Attachment, error) {
	data, kind, err := r.Document.AgencyCertificate(ctx, company)
	if err != nil && !errors.Is(err, office.ErrNotFound) && !errors.Is(err, seal.ErrUnreadable) {
		return nil, err // our storage's fault, not this filing's
	}
	if err != nil {
		return nil, &dropError{kind: queue.HoldBuild, reason: "提出代行に関する証明書を添付できません: " + forStaff(err)}
	}
	return []forms.Attachment{{Name: certificateName, FileName: "agency_certificate." + certificateExtension[kind], Data: data}}, nil
}

// reveal opens the filing's references, each once, and returns digits by slot.
func (r *run) reveal(ctx context.Context, p *parcel, attempt string, f queue.Filing) (map[string][]byte, error) {
	grants, err := r.Store.Grants(ctx, f.ID, f.Revision)
	if err != nil || len(grants) == 0 {
		return nil, err
	}
	err = r.Store.MarkUsed(ctx, attempt, f.ID)
	if err != nil {
		return nil, err
	}
	r.step("use announced")
	digits := make(map[string][]byte, len(grants))
	opened := map[string]*vault.Number{}
	for _, g := range grants {
		number, again := opened[g.Ref]
		if !again {
			number, err = r.Vault.Reveal(ctx, vault.RevealRequest{
				Grant: g.Grant, Company: f.CompanyID, Filing: f.ID, Revision: f.Revision, Ref: g.Ref, Attempt: attempt,
				Who: vault.Who{Actor: nightActor(f), Screen: screen}, Destination: f.Destination,
			})
			if vault.IsRefusal(err) {
				return nil, &dropError{kind: queue.HoldGrant, reason: forStaff(err)}
			}
			if err != nil {
				return nil, err
			}
			r.step("number revealed")
			opened[g.Ref] = number
			p.numbers = append(p.numbers, number)
		}
		digits[g.Slot] = number.Digits()
	}
	return digits, nil
}

// forStaff is the innermost error of a chain: what the layers above add is for logs.
func forStaff(err error) string {
	for {
		var next error
		switch e := err.(type) { //nolint:errorlint // it walks the chain itself
		case interface{ Unwrap() error }:
			next = e.Unwrap()
		case interface{ Unwrap() []error }:
			next = e.Unwrap()[0] // errors.Join and fmt.Errorf never make an empty one
		}
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

func (r *run) sign(a *forms.Application, at time.Time) error {
	files := make([]signing.File, len(a.Forms))
	for i, form := range a.Forms {
		files[i] = signing.File{Name: form.Name, Data: form.Data}
	}
	signed, err := signing.Sign(a.Configuration, files, r.Signers, at)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	a.Configuration = signed
	return nil
}

// keepCopy seals and keeps what may be kept of the application.
func (r *run) keepCopy(ctx context.Context, attempt, filing string, filled *forms.Filled, at time.Time, attachments []forms.Attachment) error {
	files, err := filled.MaskedCopy(at, attachments)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(files)
	if err != nil {
		return fmt.Errorf("encode masked copy: %w", err)
	}
	sealed, err := r.Copies.Seal(plain, queue.CopyContext(attempt, filing))
	if err != nil {
		return err
	}
	err = r.Store.KeepMaskedCopy(ctx, attempt, filing, sealed)
	if err != nil {
		return err
	}
	r.step("masked copy kept")
	return nil
}
