package api_test

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/api"
	"todoke/office"
)

func TestKeyIsShownOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	key, text, err := w.keys.Create(w.ctx, api.NewKey{Name: "給与ソフト", CompanyID: w.companyA.ID}, "所長　一人")
	w.must(err)
	if !regexp.MustCompile(`^todoke_` + key.ID + `_[A-Za-z0-9_-]{43}$`).MatchString(text) {
		t.Errorf("key = %s", text)
	}
	secret := text[len(text)-43:]
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	w.must(err)
	owner, err := w.keys.Authenticate(w.ctx, text)
	if err != nil || owner.Key.Kind != api.CompanyKey || owner.Company.ID != w.companyA.ID {
		t.Errorf("Authenticate = %+v, %v", owner, err)
	}
	w.absent(secret)
	w.absent(string(raw))
}

func TestKeysAreListedWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := setup(t)
	before, err := w.keys.List(w.ctx)
	w.must(err)
	if len(before) != len(w.key) {
		t.Fatalf("%d keys, want %d", len(before), len(w.key))
	}
	_, err = w.keys.Authenticate(w.ctx, w.key["staff"])
	w.must(err)
	w.clock.advance(30 * time.Second)
	_, err = w.keys.Authenticate(w.ctx, w.key["staff"])
	w.must(err)
	w.must(w.keys.Revoke(w.ctx, w.keyID["staff"], "所長　一人"))
	w.clock.advance(time.Hour)
	w.must(w.keys.Revoke(w.ctx, w.keyID["staff"], "別の人"))
	after, err := w.keys.List(w.ctx)
	w.must(err)
	for i := range before {
		want := before[i]
		if want.ID == w.keyID["staff"] {
			want.LastUsedAt = want.CreatedAt
			want.RevokedAt, want.RevokedBy = want.CreatedAt+30_000_000, "所長　一人"
		}
		if diff := cmp.Diff(want, after[i]); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	err = w.keys.Revoke(w.ctx, "nobody", "所長　一人")
	if !errors.Is(err, api.ErrKeyNotFound) {
		t.Errorf("Revoke = %v", err)
	}
}

func TestKeysThatCannotBeMade(t *testing.T) {
	t.Parallel()
	w := setup(t)
	member := w.members["staff"].ID
	inactive, err := w.desk.Office.PutMember(w.ctx, office.Member{Name: "退職　者", Roles: office.Roles{office.Staff}}, "設定")
	w.must(err)
	for _, tt := range []struct {
		name string
		n    api.NewKey
		by   string
		want error
	}{
		{"nobody's", api.NewKey{Name: "x"}, "所長", api.ErrInvalidKey},
		{"of both", api.NewKey{Name: "x", MemberID: member, CompanyID: w.companyA.ID}, "所長", api.ErrInvalidKey},
		{"without a name", api.NewKey{MemberID: member}, "所長", api.ErrInvalidKey},
		{"name too long", api.NewKey{Name: strings.Repeat("あ", 61), MemberID: member}, "所長", api.ErrInvalidKey},
		{"name with a control character", api.NewKey{Name: "x\ny", MemberID: member}, "所長", api.ErrInvalidKey},
		{"name with a number", api.NewKey{Name: digitsA, MemberID: member}, "所長", api.ErrInvalidKey},
		{"by nobody", api.NewKey{Name: "x", MemberID: member}, "", api.ErrInvalidKey},
		{"expired", api.NewKey{Name: "x", MemberID: member, ExpiresAt: w.clock.now()}, "所長", api.ErrInvalidKey},
		{"of an inactive member", api.NewKey{Name: "x", MemberID: inactive.ID}, "所長", api.ErrInvalidKey},
		{"of an unknown member", api.NewKey{Name: "x", MemberID: "nobody"}, "所長", office.ErrNotFound},
		{"of an unknown company", api.NewKey{Name: "x", CompanyID: "nobody"}, "所長", office.ErrNotFound},
	} {
		_, text, err := w.keys.Create(w.ctx, tt.n, tt.by)
		if !errors.Is(err, tt.want) || text != "" {
			t.Errorf("%s: %q, %v", tt.name, text, err)
		}
	}
}
