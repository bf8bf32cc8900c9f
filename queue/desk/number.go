package desk

import (
	"context"
	"errors"
	"fmt"

	"todoke/office"
	"todoke/vault"
)

// PutNumber takes a person's number into custody, in place of an earlier one. It
// is write-only: nothing gives the number back but a reveal under a grant. Members
// of the office may do it, and a company's key for its own people; anybody else's
// people look as if they did not exist.
func (d *Desk) PutNumber(ctx context.Context, who Person, personID string, n *vault.Number) error {
	person, err := d.Office.Person(ctx, personID)
	if err != nil {
		return err
	}
	switch {
	case who.Company != "" && who.Company != person.CompanyID:
		// In the words of office for a person that does not exist.
		return fmt.Errorf("個人 %s: %w", personID, office.ErrNotFound)
	case who.Company == "":
		err = who.may(office.Staff, office.Responsible)
	}
	if err != nil {
		return err
	}
	ref, err := d.Vault.Put(ctx, person.CompanyID, person.Subject, n, who.who())
	if err != nil {
		return err
	}
	// A crash before this line leaves the master data a reference behind the vault;
	// Check asks the vault, so nothing depends on it but the display.
	return d.Office.SetNumberRef(ctx, personID, ref, who.Name)
}

func (p Person) who() vault.Who {
	return vault.Who{Actor: p.Name, Role: p.role(), Screen: p.Screen, Source: p.Source}
}

// DestroyNumber destroys a person's number for a reason. Only the responsible
// person may; the act is on the usage log first.
func (d *Desk) DestroyNumber(ctx context.Context, who Person, personID, reason string) error {
	err := who.may(office.Responsible)
	if err != nil {
		return err
	}
	err = refuseNumbers(nil, reason)
	if err != nil {
		return err
	}
	person, err := d.Office.Person(ctx, personID)
	if err != nil {
		return err
	}
	ref, err := d.Vault.RefFor(ctx, person.CompanyID, person.Subject)
	if errors.Is(err, vault.ErrUnknownReference) && person.NumberRef != "" {
		// An earlier call got no further than the vault, which knows what is left to do.
		ref, err = person.NumberRef, nil
	}
	if err != nil {
		return err
	}
	err = d.Vault.Destroy(ctx, ref, reason, who.who())
	if err != nil {
		return err
	}
	return d.Office.SetNumberRef(ctx, personID, "", who.Name)
}
