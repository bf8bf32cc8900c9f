package vault_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/vault"
)

func TestIssueChecksItsRequest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.put(t, "c1", "person-1", digitsA)
	foreign := w.put(t, "c2", "person-2", digitsB)
	recorded := w.recorder.count()
	for name, c := range map[string]struct {
		change func(*vault.GrantRequest)
		want   error
	}{
		"no purpose":          {func(r *vault.GrantRequest) { r.Purpose = "" }, vault.ErrInvalid},
		"number in purpose":   {func(r *vault.GrantRequest) { r.Purpose = "番号 123456789018 の届出" }, vault.ErrNumberInText},
		"no approver":         {func(r *vault.GrantRequest) { r.Approver.Actor = "" }, vault.ErrInvalid},
		"no filing":           {func(r *vault.GrantRequest) { r.Filing = "" }, vault.ErrInvalid},
		"no revision":         {func(r *vault.GrantRequest) { r.Revision = 0 }, vault.ErrInvalid},
		"no reference":        {func(r *vault.GrantRequest) { r.Refs = nil }, vault.ErrInvalid},
		"too many references": {func(r *vault.GrantRequest) { r.Refs = make([]string, 1001) }, vault.ErrInvalid},
		"unknown reference":   {func(r *vault.GrantRequest) { r.Refs = []string{ref, "number_none"} }, vault.ErrUnknownReference},
		"another company's":   {func(r *vault.GrantRequest) { r.Refs = []string{foreign} }, vault.ErrUnknownReference},
		"expired already":     {func(r *vault.GrantRequest) { r.Expires = w.clock.at }, vault.ErrInvalid},
	} {
		r := grantRequest("c1", "filing-1", ref)
		c.change(&r)
		_, err := w.vault.Issue(w.ctx, r)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if w.recorder.count() != recorded || w.count(t, w.db, "SELECT count(*) FROM grants") != 0 {
		t.Error("an invalid request left something behind")
	}
	w.recorder.set(func(context.Context, vault.Use) error { return errors.New("disk full") }, nil)
	_, err := w.vault.Issue(w.ctx, grantRequest("c1", "filing-1", ref))
	if !errors.Is(err, vault.ErrNotRecorded) || w.count(t, w.db, "SELECT count(*) FROM grants") != 0 {
		t.Errorf("grant without record: %v", err)
	}
}

func TestGrantIsReadBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a, b := w.put(t, "c1", "person-1", digitsA), w.put(t, "c1", "person-2", digitsB)
	first := w.issue(t, "c1", "filing-1", b, a, b)
	if len(first.Refs) != 2 || first.Approver != "山田 花子" || !first.Revoked.IsZero() {
		t.Errorf("grant = %+v", first)
	}
	second := w.issue(t, "c1", "filing-1", a)
	for name, find := range map[string]func() (vault.Grant, error){
		"by id":     func() (vault.Grant, error) { return w.vault.Grant(w.ctx, second.ID) },
		"by filing": func() (vault.Grant, error) { return w.vault.GrantFor(w.ctx, "filing-1", 1) },
	} {
		found, err := find()
		if err != nil || !cmp.Equal(found, second) {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
	_, err := w.vault.GrantFor(w.ctx, "filing-1", 2)
	if !errors.Is(err, vault.ErrUnknownGrant) {
		t.Errorf("grant of a later revision: %v", err)
	}
}
