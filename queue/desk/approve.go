package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"todoke/database"
	"todoke/forms"
	"todoke/office"
	"todoke/queue"
	"todoke/usage"
	"todoke/vault"
)

// The findings that no form definition can know.
var (
	noCertificate = forms.Finding{
		Code: "TODOKE-FILING-0001", Field: "agency_certificate", Label: "提出代行に関する証明書",
		Message: "この事業所の提出代行に関する証明書が登録されていません。",
		Remedy:  "「todoke office certificate」または事業所の画面でPDFを登録してください。",
	}
	noNumber = forms.Finding{
		Code: "TODOKE-FILING-0002", Field: "number", Label: "個人番号",
		Message: "この被保険者の個人番号が登録されていません。",
		Remedy:  "「todoke vault put」で登録するか、顧問先に登録を依頼してください。",
	}
)

// Rules lists the findings of this package, for the page of all codes.
func Rules() []forms.Finding { return []forms.Finding{noCertificate, noNumber} }

// Checked is a filing filled and checked against everything that is known by day.
type Checked struct {
	Filing   queue.Filing
	Filled   *forms.Filled // nil when there are findings of the form
	Findings []forms.Finding
	Person   office.Person
	facts    map[string]string
	ref      string // the vault's reference to the person's number, empty when there is none
}

// Check fills a filing from the master data as they are now and returns every
// finding at once.
func (d *Desk) Check(ctx context.Context, id string) (Checked, error) {
	f, err := d.Store.Filing(ctx, id)
	if err != nil {
		return Checked{}, err
	}
	procedure, err := d.procedure(f.ProcedureID)
	if err != nil {
		return Checked{}, err
	}
	facts, err := d.Office.Facts(ctx, f.CompanyID, f.PersonID)
	if err != nil {
		return Checked{}, err
	}
	person, err := d.Office.Person(ctx, f.PersonID)
	if err != nil {
		return Checked{}, err
	}
	company, err := d.Office.Company(ctx, f.CompanyID)
	if err != nil {
		return Checked{}, err
	}
	filled, findings := procedure.Fill(facts, forms.Event(f.Event), d.Now())
	if company.CertificateKind == "" {
		findings = append(findings, noCertificate)
	}
	ref, err := d.Vault.RefFor(ctx, f.CompanyID, person.Subject)
	if err != nil && !errors.Is(err, vault.ErrUnknownReference) {
		return Checked{}, err
	}
	if filled != nil && len(filled.Numbers()) > 0 && ref == "" {
		findings = append(findings, noNumber)
	}
	return Checked{Filing: f, Filled: filled, Findings: findings, Person: person, facts: facts, ref: ref}, nil
}

// Approve approves a filing at the revision that the caller saw, for a 利用目的:
// for each number that the form needs a grant is issued, bound to the filing and
// its revision. The approval is on the usage log first. Errors: ErrForbidden,
// ErrFourEyes, ErrNoPurpose, *InvalidError, queue.ErrStale.
func (d *Desk) Approve(ctx context.Context, who Person, id string, revision int, purpose string) error {
	err := who.may(office.Responsible)
	if err != nil {
		return err
	}
	purpose = strings.TrimSpace(purpose)
	if purpose == "" {
		return ErrNoPurpose
	}
	err = refuseNumbers(nil, purpose)
	if err != nil {
		return err
	}
	checked, err := d.Check(ctx, id)
	if err != nil {
		return err
	}
	f := checked.Filing
	switch {
	case f.Revision != revision:
		return fmt.Errorf("approve filing %s: %w", id, queue.ErrStale)
	case f.State != queue.Draft:
		return fmt.Errorf("approve filing %s in %s: %w", id, f.State, queue.ErrNotAllowed)
	case d.FourEyes && (f.CreatedBy == who.Name || f.EditedBy == who.Name):
		return ErrFourEyes
	case len(checked.Findings) > 0:
		return &InvalidError{Findings: checked.Findings}
	}
	return d.approve(ctx, who, checked, purpose)
}

func (d *Desk) approve(ctx context.Context, who Person, c Checked, purpose string) error {
	f := c.Filing
	destination := c.Filled.Destination()
	approval := queue.Approval{
		Revision: f.Revision, Purpose: purpose, Facts: c.facts, Subject: c.Person.Subject, Destination: destination,
	}
	slots := c.Filled.Numbers()
	if len(slots) == 0 {
		// The vault logs the approvals that open a number; this one opens none.
		_, err := d.Usage.Append(ctx, usage.Entry{
			Company: f.CompanyID, Actor: who.Name, Role: who.role(), Screen: who.Screen, Action: usage.ActionApprove,
			Purpose: purpose, Subject: c.Person.Subject, Filing: f.ID, Destination: destination, Result: "承認", Source: who.Source,
		})
		if err != nil {
			return err
		}
	} else {
		grant, err := d.Vault.Issue(ctx, vault.GrantRequest{
			Company: f.CompanyID, Filing: f.ID, Revision: f.Revision, Refs: []string{c.ref},
			Purpose: purpose, Approver: who.who(), Expires: d.Now().Add(d.GrantFor),
		})
		if err != nil {
			return err
		}
		for _, slot := range slots {
			approval.Grants = append(approval.Grants, queue.Grant{Slot: slot.Name, Grant: grant.ID, Ref: c.ref})
		}
	}
	err := d.Store.Approve(ctx, who.actor(), f.ID, approval)
	if err != nil && len(slots) > 0 {
		// A grant without its approval opens nothing by itself; it is taken back all the same.
		err = errors.Join(err, d.Vault.RevokeFiling(context.WithoutCancel(ctx), f.ID, who.who()))
	}
	return err
}

func micros(t time.Time) database.Micros { return database.At(t) }
