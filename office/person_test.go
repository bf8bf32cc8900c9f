package office

import (
	"errors"
	"strings"
	"testing"
)

func TestPersonLife(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.company(t)
	p := w.person(t, c.ID)
	if len(p.Subject) < 26 || p.Revision != 1 || p.NumberRef != "" {
		t.Errorf("new person: %+v", p)
	}
	_, err := w.store.PutPerson(w.ctx, examplePerson(c.ID), by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("code in use: %v", err)
	}
	_, err = w.store.PutPerson(w.ctx, examplePerson("nowhere"), by)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown company: %v", err)
	}
	edited := p
	edited.Name, edited.Subject, edited.NumberRef = "田中 花子", "taken over", "forged"
	edited, err = w.store.PutPerson(w.ctx, edited, by)
	if err != nil || edited.Subject != p.Subject || edited.NumberRef != "" || edited.Name != "田中　花子" || edited.Revision != 2 {
		t.Fatalf("update: %+v, %v", edited, err)
	}
	_, err = w.store.PutPerson(w.ctx, p, by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("update of an old revision: %v", err)
	}
	read, err := w.store.Person(w.ctx, p.ID)
	if err != nil || read != edited {
		t.Errorf("Person = %+v, %v", read, err)
	}
	other := exampleCompany()
	other.Code = "B"
	other, err = w.store.PutCompany(w.ctx, other, by)
	if err != nil {
		t.Fatal(err)
	}
	moved := edited
	moved.CompanyID = other.ID
	_, err = w.store.PutPerson(w.ctx, moved, by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("move to another company: %v", err)
	}
	twin := w.person(t, other.ID) // the same code in another company is fine
	if twin.Subject == p.Subject {
		t.Error("two people share a subject")
	}
}

func TestNumberRef(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.person(t, w.company(t).ID)
	var wrong *InvalidError
	err := w.store.SetNumberRef(w.ctx, p.ID, "1234-5678-9018", by)
	if !errors.As(err, &wrong) || strings.Contains(err.Error(), "1234") {
		t.Errorf("a number as reference: %v", err)
	}
	err = w.store.SetNumberRef(w.ctx, p.ID, "01J0000000000000000000VREF", by)
	if err != nil {
		t.Fatal(err)
	}
	p, err = w.store.Person(w.ctx, p.ID)
	if err != nil || p.NumberRef == "" || p.NumberRegisteredAt == 0 || p.Revision != 2 {
		t.Fatalf("after SetNumberRef: %+v, %v", p, err)
	}
	p.Sex = ""
	p, err = w.store.PutPerson(w.ctx, p, by)
	if err != nil || p.NumberRef == "" {
		t.Fatalf("an edit loses the reference: %+v, %v", p, err)
	}
	err = w.store.DeletePerson(w.ctx, p.ID, by)
	if !errors.Is(err, ErrNumberHeld) {
		t.Errorf("delete with a number in the vault: %v", err)
	}
	for range 2 {
		err = w.store.SetNumberRef(w.ctx, p.ID, "", by)
		if err != nil {
			t.Fatal(err)
		}
	}
	err = w.store.DeletePerson(w.ctx, p.ID, by)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.store.Person(w.ctx, p.ID)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("after deletion: %v", err)
	}
	err = w.store.SetNumberRef(w.ctx, p.ID, "x", by)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("SetNumberRef after deletion: %v", err)
	}
	list, _, err := w.store.Changes(w.ctx, p.ID, Page{Limit: 3})
	if err != nil || len(list) != 3 || list[0].Action != actionDeleted || list[1].Fields != "number_ref" || list[2].Fields != "sex" {
		t.Errorf("Changes = %+v, %v", list, err)
	}
}
