package office

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	alone, err := w.store.PutMember(w.ctx, Member{Name: "届出 花子", Roles: Roles{Responsible, Staff}, Active: true}, by)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.store.PutMember(w.ctx, Member{Name: "届出　花子", Roles: Roles{Staff}, Active: true}, by)
	if !errors.Is(err, ErrConflict) {
		t.Errorf("second member of the same name: %v", err)
	}
	for _, change := range []func(*Member){func(m *Member) { m.Active = false }, func(m *Member) { m.Roles = Roles{Staff} }} {
		m := alone
		change(&m)
		_, err = w.store.PutMember(w.ctx, m, by)
		if !errors.Is(err, ErrConflict) {
			t.Errorf("office without a responsible member: %v", err)
		}
	}
	_, err = w.store.PutMember(w.ctx, Member{Name: "監査　次郎", Roles: Roles{Auditor, Responsible}, Active: true}, by)
	if err != nil {
		t.Fatal(err)
	}
	alone.Active = false
	_, err = w.store.PutMember(w.ctx, alone, by)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.store.Member(w.ctx, alone.ID)
	if diff := cmp.Diff(Member{ID: alone.ID, Name: "届出　花子", Roles: Roles{Staff, Responsible}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	list, err := w.store.Members(w.ctx)
	if err != nil || len(list) != 2 {
		t.Errorf("Members = %v, %v", list, err)
	}
	_, err = w.store.PutMember(w.ctx, Member{ID: "nobody", Name: "無名", Roles: Roles{Staff}}, by)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("update of an unknown member: %v", err)
	}
	wantChanges(t, w, alone.ID, "updated active", "created name,roles,active")
	if Staff.Name() != "事務取扱担当者" || Responsible.Name() != "事務取扱責任者" || Auditor.Name() != "監査責任者" || Role("x").Name() != "" {
		t.Error("names of roles")
	}
}
