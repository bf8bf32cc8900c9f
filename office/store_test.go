package office

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOfficeRoundTrip(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.store.Office(w.ctx)
	if !errors.Is(err, ErrNotFound) {
		t.Fatalf("Office before it is entered: %v", err)
	}
	o := exampleOffice()
	for range 2 { // the second time changes nothing
		err = w.store.PutOffice(w.ctx, o, by)
		if err != nil {
			t.Fatal(err)
		}
	}
	o.Phone = "03-0000-0002"
	err = w.store.PutOffice(w.ctx, o, by)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.store.Office(w.ctx)
	if err != nil || got != o {
		t.Errorf("Office = %+v, %v", got, err)
	}
	var wrong *InvalidError
	err = w.store.PutOffice(w.ctx, Office{}, by)
	if !errors.As(err, &wrong) || len(wrong.Problems) != 2 {
		t.Errorf("PutOffice of nothing: %v", err)
	}
	wantChanges(t, w, officeEntity, "updated phone", "created name,attorney_name,attorney_kana,registration_number,postal_code,address,address_kana,phone,email")
}

// wantChanges compares the changes of an entity, newest first.
func wantChanges(t *testing.T, w *world, entity string, want ...string) {
	t.Helper()
	list, next, err := w.store.Changes(w.ctx, entity, Page{})
	if err != nil || next != "" {
		t.Fatal(err, next)
	}
	var got []string
	for _, c := range list {
		if c.Actor != by || c.At == 0 {
			t.Errorf("change without actor or time: %+v", c)
		}
		got = append(got, strings.TrimSpace(c.Action+" "+c.Fields))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 7 {
		c := exampleCompany()
		c.Code = fmt.Sprintf("C%d", (i*3)%7)
		c, err := w.store.PutCompany(w.ctx, c, by)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			continue
		}
		for j := range 5 {
			p := examplePerson(c.ID)
			p.Code = fmt.Sprintf("P%d", 4-j)
			_, err = w.store.PutPerson(w.ctx, p, by)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	first, err := w.store.CompanyByCode(w.ctx, "C0")
	if err != nil {
		t.Fatal(err)
	}
	got := pages(t, 3, func(p Page) (string, string, error) {
		list, next, err := w.store.Companies(w.ctx, p)
		return join(list, func(c Company) string { return c.Code }), next, err
	})
	if diff := cmp.Diff([]string{"C0 C1 C2", "C3 C4 C5", "C6"}, got); diff != "" {
		t.Error(diff)
	}
	got = pages(t, 5, func(p Page) (string, string, error) {
		list, next, err := w.store.People(w.ctx, first.ID, p)
		return join(list, func(p Person) string { return p.Code }), next, err
	})
	if diff := cmp.Diff([]string{"P0 P1 P2 P3 P4"}, got); diff != "" {
		t.Error(diff)
	}
	got = pages(t, 10, func(p Page) (string, string, error) {
		list, next, err := w.store.Changes(w.ctx, "", p)
		return join(list, func(c Change) string { return c.Kind }), next, err
	})
	if len(got) != 2 || len(strings.Fields(got[0])) != 10 || len(strings.Fields(got[1])) != 2 {
		t.Errorf("changes: %v", got)
	}
	for limit, want := range map[int]int{0: 50, -1: 50, 7: 7, 1000: 500} {
		if got := (Page{Limit: limit}).limit(); got != want {
			t.Errorf("limit %d is %d, want %d", limit, got, want)
		}
	}
}

func pages(t *testing.T, limit int, read func(Page) (string, string, error)) []string {
	t.Helper()
	var all []string
	page := Page{Limit: limit}
	for {
		text, next, err := read(page)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
		if next == "" {
			return all
		}
		page.After = next
	}
}

func join[T any](list []T, name func(T) string) string {
	var names []string
	for _, v := range list {
		names = append(names, name(v))
	}
	return strings.Join(names, " ")
}
