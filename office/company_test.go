package office

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestCompanyLife(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.company(t)
	if c.ID == "" || c.Revision != 1 || c.CreatedAt == 0 || c.CertificateStatus != "" {
		t.Errorf("new company: %+v", c)
	}
	_, err := w.store.PutCompany(w.ctx, exampleCompany(), by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("code in use: %v", err)
	}
	changed := c
	changed.Phone = "0120-000-000"
	changed, err = w.store.PutCompany(w.ctx, changed, by)
	if err != nil || changed.Revision != 2 || changed.UpdatedAt <= c.UpdatedAt || changed.CreatedAt != c.CreatedAt {
		t.Fatalf("update: %+v, %v", changed, err)
	}
	c.Phone = "0120-000-001"
	_, err = w.store.PutCompany(w.ctx, c, by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("update of an old revision: %v", err)
	}
	same, err := w.store.PutCompany(w.ctx, changed, by)
	if err != nil || same != changed {
		t.Errorf("update without change: %+v, %v", same, err)
	}
	byCode, err := w.store.CompanyByCode(w.ctx, "Ａ-001")
	if err != nil || byCode != changed {
		t.Errorf("CompanyByCode = %+v, %v", byCode, err)
	}
	var wrong *InvalidError
	_, err = w.store.PutCompany(w.ctx, Company{}, by)
	if !errors.As(err, &wrong) {
		t.Errorf("PutCompany of nothing: %v", err)
	}
	_, err = w.store.PutCompany(w.ctx, exampleCompany(), " ")
	if !errors.Is(err, errNoActor) {
		t.Errorf("without an actor: %v", err)
	}
	p := w.person(t, c.ID)
	err = w.store.DeleteCompany(w.ctx, c.ID, by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("delete with people: %v", err)
	}
	err = w.store.DeletePerson(w.ctx, p.ID, by)
	if err != nil {
		t.Fatal(err)
	}
	err = w.store.PutAgencyCertificate(w.ctx, c.ID, pdf("x"), by)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, ErrNotFound} {
		err = w.store.DeleteCompany(w.ctx, c.ID, by)
		if !errors.Is(err, want) {
			t.Errorf("delete %d: %v", i, err)
		}
	}
	c.Code = "B"
	_, err = w.store.PutCompany(w.ctx, c, by)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("update of a deleted company: %v", err)
	}
}

func TestOneOfManyWritersWins(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.company(t)
	var group sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		group.Go(func() {
			mine := c
			mine.Email = fmt.Sprintf("m%d@example.com", i)
			_, results[i] = w.store.PutCompany(w.ctx, mine, by)
		})
	}
	group.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrConflict) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d writers of one revision succeeded", won)
	}
}
