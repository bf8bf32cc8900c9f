package vault_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"todoke/vault"
)

func TestRefusesUnknownGrant(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	r := request(g, ref)
	r.Grant = "grant_none"
	w.expectRefusal(t, r, vault.ErrUnknownGrant)
}

func TestRefusesExpiredGrant(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	if life := g.Expires.Sub(g.Issued); life != 7*24*time.Hour {
		t.Errorf("a grant holds for %s by default, want 7 days", life)
	}
	w.clock.advance(7*24*time.Hour - time.Minute)
	w.expectReveal(t, request(g, ref), digitsA)
	w.clock.advance(time.Minute)
	r := request(g, ref)
	r.Attempt = "attempt-2"
	w.expectRefusal(t, r, vault.ErrGrantExpired)
}

func TestRefusesRevokedGrant(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	err := w.vault.Revoke(w.ctx, g.ID, clerk)
	if err != nil {
		t.Fatal(err)
	}
	w.expectRefusal(t, request(g, ref), vault.ErrGrantRevoked)
	err = w.vault.Revoke(w.ctx, g.ID, clerk)
	if err != nil {
		t.Errorf("revoking twice: %v", err)
	}
	err = w.vault.Revoke(w.ctx, "grant_none", clerk)
	if !errors.Is(err, vault.ErrUnknownGrant) {
		t.Errorf("revoking none: %v", err)
	}
}

func TestRefusesGrantsOfARevokedFiling(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	second, other := w.issue(t, "c1", "filing-1", ref), w.issue(t, "c1", "filing-2", ref)
	err := w.vault.RevokeFiling(w.ctx, "filing-1", clerk)
	if err != nil {
		t.Fatal(err)
	}
	w.expectRefusal(t, request(g, ref), vault.ErrGrantRevoked)
	w.expectRefusal(t, request(second, ref), vault.ErrGrantRevoked)
	w.expectReveal(t, request(other, ref), digitsA)
	err = w.vault.RevokeFiling(w.ctx, "filing-3", clerk)
	if err != nil {
		t.Errorf("revoking a filing without grants: %v", err)
	}
}

func TestRefusesReplay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	w.expectReveal(t, request(g, ref), digitsA)
	w.expectRefusal(t, request(g, ref), vault.ErrGrantSpent)
	w.vault = w.reopen(t)
	w.expectRefusal(t, request(g, ref), vault.ErrGrantSpent)
}

func TestRefusesOtherFiling(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	r := request(g, ref)
	r.Filing = "filing-2"
	w.expectRefusal(t, r, vault.ErrOtherFiling)
}

func TestRefusesOtherRevision(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	r := request(g, ref)
	r.Revision = 2
	w.expectRefusal(t, r, vault.ErrOtherRevision)
}

func TestRefusesOtherReference(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	other := w.put(t, "c1", "person-2", digitsB)
	w.expectRefusal(t, request(g, other), vault.ErrOtherReference)
	w.expectReveal(t, request(g, ref), digitsA)
}

func TestRefusesOtherCompany(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	r := request(g, ref)
	r.Company = "c2"
	w.expectRefusal(t, r, vault.ErrOtherCompany)
}

func TestRefusesUnknownReference(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	err := w.vault.Destroy(w.ctx, ref, "退職", clerk)
	if err != nil {
		t.Fatal(err)
	}
	w.expectRefusal(t, request(g, ref), vault.ErrUnknownReference)
}

func TestRefusesAReplacedNumbersReference(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	w.put(t, "c1", "person-1", digitsB)
	w.expectRefusal(t, request(g, ref), vault.ErrUnknownReference)
}

// TestRefusesEditedGrant edits each column of a grant in the file.
func TestRefusesEditedGrant(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"expiry":     "UPDATE grants SET expires_at = expires_at + 1",
		"references": `UPDATE grants SET refs = replace(refs, '"]', '","number_x"]')`,
		"purpose":    "UPDATE grants SET purpose = 'その他'",
		"approver":   "UPDATE grants SET approver = '鈴木 一郎'",
		"issued":     "UPDATE grants SET issued_at = issued_at - 1",
		"revoked by": "UPDATE grants SET revoked_by = 'x'",
		"seal":       "UPDATE grants SET seal = zeroblob(40)",
		"no seal":    "UPDATE grants SET seal = x''",
		"company":    "UPDATE grants SET company = 'c2'",
		"filing":     "UPDATE grants SET filing = 'filing-9'",
		"revision":   "UPDATE grants SET revision = 2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			ref, g := w.ready(t)
			w.sql(t, "vault.db", statement)
			w.expectRefusal(t, request(g, ref), vault.ErrGrantForged)
			_, err := w.vault.Grant(w.ctx, g.ID)
			if !errors.Is(err, vault.ErrGrantForged) {
				t.Errorf("Grant: %v", err)
			}
			err = w.vault.Revoke(w.ctx, g.ID, clerk)
			if !errors.Is(err, vault.ErrGrantForged) {
				t.Errorf("Revoke: %v", err)
			}
		})
	}
}

func TestRefusesGrantWhoseRevocationWasEditedAway(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	err := w.vault.Revoke(w.ctx, g.ID, clerk)
	if err != nil {
		t.Fatal(err)
	}
	w.sql(t, "vault.db", "UPDATE grants SET revoked_at = 0, revoked_by = ''")
	w.expectRefusal(t, request(g, ref), vault.ErrGrantForged)
}

func TestRefusesGrantCopiedUnderAnotherName(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	w.sql(t, "vault.db", `INSERT INTO grants SELECT 'grant_copy', company, filing, revision, refs, purpose, approver,
		issued_at, expires_at, revoked_at, revoked_by, seal FROM grants`)
	r := request(g, ref)
	r.Grant = "grant_copy"
	w.expectRefusal(t, r, vault.ErrGrantForged)
}

func TestRefusalStandsWhenItCannotBeRecorded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	r := request(g, ref)
	r.Filing = "filing-2"
	w.recorder.set(func(context.Context, vault.Use) error { return errors.New("disk full") }, nil)
	w.expectFailure(t, r, vault.ErrOtherFiling)
	w.expectFailure(t, r, vault.ErrNotRecorded)
}
