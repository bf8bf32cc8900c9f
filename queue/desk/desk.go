// Package desk is what people do with filings by day: draft, check, approve,
// queue, withdraw, look at the masked copy; and take numbers into custody.
//
// It puts master data, forms, grants and the usage log together; it sends nothing
// and never opens a number. What always holds: only a filing without findings is
// approved; an approval is on the usage log before its grants exist; and an edit
// or a cancellation voids them.
package desk

import (
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
	"todoke/usage"
	"todoke/vault"
)

var (
	// ErrForbidden reports an act that the person's role does not allow.
	ErrForbidden = errors.New("この操作を行う権限がありません")
	// ErrFourEyes reports an approval by the person who drafted the filing, where
	// the office asks for two.
	ErrFourEyes = errors.New("起票した人とは別の人が承認してください（二人承認の設定です）")
	// ErrNoPurpose reports an approval without a 利用目的.
	ErrNoPurpose = errors.New("利用目的を入力してください")
	// ErrNumberInText reports twelve digits where no number belongs.
	ErrNumberInText = errors.New("個人番号と思われる12桁の数字が含まれています。個人番号は専用の登録画面またはコマンドで登録してください")
	// ErrUnknownProcedure reports a procedure that has no definition.
	ErrUnknownProcedure = errors.New("この手続はまだ扱えません。「todoke forms list」で扱える手続を確かめてください")
)

// InvalidError reports a filing that cannot be approved as it is.
type InvalidError struct{ Findings []forms.Finding }

// Error counts the findings; they are told one by one elsewhere.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("届出に%d件の誤りがあります", len(e.Findings))
}

// Person is the named member, or the company's key, that acts.
type Person struct {
	Name    string
	Roles   office.Roles
	Company string // the only company that a company's key may see; empty for members
	Screen  string // screen or command, for the usage log
	Source  string // address that the request came from, for the usage log
}

func (p Person) actor() queue.Actor { return queue.Actor{Name: p.Name} }

// may reports whether the person has one of the roles. A company's key has none.
func (p Person) may(roles ...office.Role) error {
	if p.Company == "" {
		for _, role := range roles {
			if p.Roles.Has(role) {
				return nil
			}
		}
	}
	return ErrForbidden
}

// role is the highest role, for the usage log.
func (p Person) role() string {
	for _, role := range []office.Role{office.Responsible, office.Staff, office.Auditor} {
		if p.Roles.Has(role) {
			return role.Name()
		}
	}
	return "顧問先"
}

// Desk works on one office's filings.
type Desk struct {
	Store   *queue.Store
	Office  *office.Store
	Forms   *forms.Catalogue
	Vault   *vault.Vault
	Usage   *usage.Store
	Copies  *seal.Box // opens masked copies
	Account string    // the e-Gov account that new filings go under
	// FourEyes keeps a person from approving what the same person drafted.
	FourEyes bool
	GrantFor time.Duration
	Now      func() time.Time
}

// New is what a draft is made from.
type New struct {
	CompanyID, PersonID, ProcedureID string
	Event                            map[string]string
	OverrideReason                   string // why a second filing for the same event is meant
}

// Draft stores a filing as a draft, whatever its mistakes: they are told by Check.
// Errors: ErrForbidden, ErrUnknownProcedure, ErrNumberInText, office.ErrNotFound,
// *queue.DoubleError.
func (d *Desk) Draft(ctx context.Context, who Person, n New) (queue.Filing, error) {
	err := who.may(office.Staff, office.Responsible)
	if err != nil {
		return queue.Filing{}, err
	}
	procedure, err := d.procedure(n.ProcedureID)
	if err != nil {
		return queue.Filing{}, err
	}
	err = refuseNumbers(n.Event, n.OverrideReason)
	if err != nil {
		return queue.Filing{}, err
	}
	person, err := d.Office.Person(ctx, n.PersonID)
	if err != nil {
		return queue.Filing{}, err
	}
	if person.CompanyID != n.CompanyID {
		return queue.Filing{}, fmt.Errorf("person %s of company %s: %w", n.PersonID, n.CompanyID, office.ErrNotFound)
	}
	return d.Store.Create(ctx, who.actor(), queue.NewFiling{
		CompanyID: n.CompanyID, PersonID: n.PersonID, ProcedureID: n.ProcedureID, AccountID: d.Account,
		Event: n.Event, EventDate: procedure.EventDate(forms.Event(n.Event)), OverrideReason: n.OverrideReason,
	})
}

// Edit replaces the event of a filing at the revision that the caller saw. An
// approved or queued filing returns to draft and its grants are void.
func (d *Desk) Edit(ctx context.Context, who Person, id string, revision int, event map[string]string, reason string) (queue.Filing, error) {
	err := who.may(office.Staff, office.Responsible)
	if err != nil {
		return queue.Filing{}, err
	}
	err = refuseNumbers(event, reason)
	if err != nil {
		return queue.Filing{}, err
	}
	f, err := d.Store.Filing(ctx, id)
	if err != nil {
		return queue.Filing{}, err
	}
	procedure, err := d.procedure(f.ProcedureID)
	if err != nil {
		return queue.Filing{}, err
	}
	f, err = d.Store.Edit(ctx, who.actor(), id, revision, event, procedure.EventDate(forms.Event(event)), reason)
	if err != nil {
		return queue.Filing{}, err
	}
	// The revision alone makes the grants useless; revoking them keeps the list short.
	return f, d.Vault.RevokeFiling(ctx, id, who.who())
}

// Enqueue releases an approved filing for the night, not before the given time
// (zero: the next night).
func (d *Desk) Enqueue(ctx context.Context, who Person, id string, notBefore time.Time) error {
	err := who.may(office.Staff, office.Responsible)
	if err != nil {
		return err
	}
	return d.Store.Enqueue(ctx, who.actor(), id, micros(notBefore))
}

// Cancel withdraws a filing that has not been claimed, or one that is held.
func (d *Desk) Cancel(ctx context.Context, who Person, id, reason string) error {
	err := who.may(office.Staff, office.Responsible)
	if err != nil {
		return err
	}
	err = refuseNumbers(nil, reason)
	if err != nil {
		return err
	}
	err = d.Store.Cancel(ctx, who.actor(), id, reason)
	if err != nil {
		return err
	}
	return d.Vault.RevokeFiling(ctx, id, who.who())
}

// ConfirmResend decides that a filing which e-Gov does not list is sent again.
func (d *Desk) ConfirmResend(ctx context.Context, who Person, id, reason string) error {
	err := who.may(office.Responsible)
	if err != nil {
		return err
	}
	err = refuseNumbers(nil, reason)
	if err != nil {
		return err
	}
	return d.Store.ConfirmResend(ctx, who.actor(), id, reason)
}

// MaskedCopy returns the masked copy (控え) of what was sent last for the filing:
// kousei.xml without its signature, and the forms with ●●●●●●●●●●●● for numbers.
func (d *Desk) MaskedCopy(ctx context.Context, who Person, id string) ([]forms.FormFile, error) {
	f, err := d.Store.Filing(ctx, id)
	if err != nil {
		return nil, err
	}
	if who.Company != "" && who.Company != f.CompanyID {
		return nil, fmt.Errorf("filing %s: %w", id, queue.ErrNotFound)
	}
	sealed, attempt, err := d.Store.MaskedCopy(ctx, id)
	if err != nil {
		return nil, err
	}
	plain, err := d.Copies.Open(sealed, queue.CopyContext(attempt, id))
	if err != nil {
		return nil, err
	}
	var files []forms.FormFile
	err = json.Unmarshal(plain, &files)
	if err != nil {
		return nil, fmt.Errorf("read masked copy of filing %s: %w", id, err)
	}
	return files, nil
}

func (d *Desk) procedure(id string) (*forms.Procedure, error) {
	procedure, ok := d.Forms.Procedure(id)
	if !ok {
		return nil, fmt.Errorf("%s: %w", mynumber.Mask(id), ErrUnknownProcedure)
	}
	return procedure, nil
}

// refuseNumbers keeps numbers out of what is stored; the message does not repeat
// the text, only where it stands.
func refuseNumbers(event map[string]string, texts ...string) error {
	for field, value := range event {
		if mynumber.In(value) || mynumber.In(field) {
			return fmt.Errorf("項目 %s: %w", mynumber.Mask(field), ErrNumberInText)
		}
	}
	for _, text := range texts {
		if mynumber.In(text) {
			return ErrNumberInText
		}
	}
	return nil
}
