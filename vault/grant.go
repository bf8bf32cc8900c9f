package vault

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// GrantRequest is an approval to use numbers in one filing as it is at a revision.
type GrantRequest struct {
	Company  string
	Filing   string
	Revision int       // from 1
	Refs     []string  // the numbers, 1 to 1000, all of Company
	Purpose  string    // 利用目的; mandatory
	Approver Who       // the person who approves
	Expires  time.Time // zero: after Config.GrantLife
}

// Grant is an approval that the vault has issued.
type Grant struct {
	ID        string
	Company   string
	Filing    string
	Revision  int
	Refs      []string
	Purpose   string
	Approver  string
	Issued    time.Time
	Expires   time.Time
	Revoked   time.Time // zero while it holds
	RevokedBy string
}

const maxRefs = 1000

type grantRow struct {
	ID        string          `db:"id"`
	Company   string          `db:"company"`
	Filing    string          `db:"filing"`
	Revision  int             `db:"revision"`
	Refs      string          `db:"refs"`
	Purpose   string          `db:"purpose"`
	Approver  string          `db:"approver"`
	IssuedAt  database.Micros `db:"issued_at"`
	ExpiresAt database.Micros `db:"expires_at"`
	RevokedAt database.Micros `db:"revoked_at"`
	RevokedBy string          `db:"revoked_by"`
	Seal      []byte          `db:"seal"`
}

const grantColumns = "id, company, filing, revision, refs, purpose, approver, issued_at, expires_at, revoked_at, revoked_by, seal"

// context is the canonical form of all columns, which the seal authenticates.
func (r grantRow) context() string {
	instant := func(m database.Micros) string { return strconv.FormatInt(int64(m), 10) }
	return bind("todoke vault grant 1", r.ID, r.Company, r.Filing, strconv.Itoa(r.Revision), r.Refs, r.Purpose, r.Approver,
		instant(r.IssuedAt), instant(r.ExpiresAt), instant(r.RevokedAt), r.RevokedBy)
}

// openGrant authenticates a row as a whole, or returns ErrGrantForged.
func (v *Vault) openGrant(r grantRow) (Grant, error) {
	_, err := v.sealer.Open(r.Seal, r.context())
	if err != nil {
		return Grant{}, fmt.Errorf("grant %s: %w", r.ID, ErrGrantForged)
	}
	g := Grant{
		ID: r.ID, Company: r.Company, Filing: r.Filing, Revision: r.Revision, Purpose: r.Purpose, Approver: r.Approver,
		Issued: r.IssuedAt.Time(), Expires: r.ExpiresAt.Time(), Revoked: r.RevokedAt.Time(), RevokedBy: r.RevokedBy,
	}
	err = json.Unmarshal([]byte(r.Refs), &g.Refs)
	if err != nil {
		return Grant{}, fmt.Errorf("grant %s: %w", r.ID, ErrGrantForged)
	}
	return g, nil
}

// Issue records the approval for each number and stores a grant.
// Errors: ErrInvalid, ErrNumberInText, ErrUnknownReference, ErrNotRecorded, ErrRolledBack.
func (v *Vault) Issue(ctx context.Context, request GrantRequest) (Grant, error) {
	now := v.now()
	if request.Expires.IsZero() {
		request.Expires = now.Add(v.life)
	}
	err := request.check(now)
	if err != nil {
		return Grant{}, fmt.Errorf("issue grant: %w", err)
	}
	id, err := newID(v.rand, "grant")
	if err != nil {
		return Grant{}, err
	}
	refs := slices.Clone(request.Refs)
	slices.Sort(refs)
	refs = slices.Compact(refs)
	var uses []Use
	for _, ref := range refs {
		row, err := rowWhere(ctx, v.db.Read, "ref = ? AND company = ?", ref, request.Company)
		if err != nil {
			return Grant{}, fmt.Errorf("issue grant for %s: %w", ref, err)
		}
		uses = append(uses, Use{
			Company: request.Company, Action: ActionApprove, Who: request.Approver, Approver: request.Approver.Actor,
			Purpose: request.Purpose, Subject: row.Subject, Ref: ref, Grant: id, Filing: request.Filing, Revision: request.Revision,
		})
	}
	list, err := json.Marshal(refs)
	if err != nil {
		return Grant{}, fmt.Errorf("issue grant: %w", err)
	}
	r := grantRow{
		ID: id, Company: request.Company, Filing: request.Filing, Revision: request.Revision, Refs: string(list),
		Purpose: request.Purpose, Approver: request.Approver.Actor, IssuedAt: database.At(now), ExpiresAt: database.At(request.Expires),
	}
	err = v.recorded(ctx, uses, func() error { return v.insertGrant(ctx, r) })
	if err != nil {
		return Grant{}, fmt.Errorf("issue grant: %w", err)
	}
	return v.Grant(ctx, id)
}

func (r GrantRequest) check(now time.Time) error {
	fields := append(r.Approver.fields(), field{name: "company", value: r.Company, id: true},
		field{name: "filing", value: r.Filing, id: true}, field{name: "purpose", value: r.Purpose})
	for _, ref := range r.Refs {
		fields = append(fields, field{name: "reference", value: ref, id: true})
	}
	err := check(fields...)
	if err != nil {
		return err
	}
	if len(r.Refs) == 0 || len(r.Refs) > maxRefs {
		return fmt.Errorf("%d references: %w", len(r.Refs), ErrInvalid)
	}
	if r.Revision < 1 || !r.Expires.After(now) {
		return fmt.Errorf("revision or expiry: %w", ErrInvalid)
	}
	return nil
}

func (v *Vault) insertGrant(ctx context.Context, r grantRow) error {
	sealed, err := v.sealer.Seal(nil, r.context())
	if err != nil {
		return err
	}
	_, err = v.db.Write.ExecContext(ctx, "INSERT INTO grants ("+grantColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		r.ID, r.Company, r.Filing, r.Revision, r.Refs, r.Purpose, r.Approver, r.IssuedAt, r.ExpiresAt, r.RevokedAt, r.RevokedBy, sealed)
	if err != nil {
		return fmt.Errorf("store grant: %w", err)
	}
	return nil
}

// Grant returns a grant. Errors: ErrUnknownGrant, ErrGrantForged.
func (v *Vault) Grant(ctx context.Context, id string) (Grant, error) {
	return v.grantWhere(ctx, v.db.Read, "id = ?", id)
}

// GrantFor returns the latest grant for a filing at a revision, be it expired or
// revoked. Errors: ErrUnknownGrant, ErrGrantForged.
func (v *Vault) GrantFor(ctx context.Context, filing string, revision int) (Grant, error) {
	return v.grantWhere(ctx, v.db.Read, "filing = ? AND revision = ? ORDER BY issued_at DESC, id DESC LIMIT 1", filing, revision)
}

func (v *Vault) grantWhere(ctx context.Context, q sqlx.QueryerContext, condition string, args ...any) (Grant, error) {
	var r grantRow
	err := sqlx.GetContext(ctx, q, &r, "SELECT "+grantColumns+" FROM grants WHERE "+condition, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return Grant{}, ErrUnknownGrant
	}
	if err != nil {
		return Grant{}, fmt.Errorf("read grant: %w", err)
	}
	return v.openGrant(r)
}

// Revoke withdraws a grant; one that is withdrawn already stays as it is.
// Errors: ErrUnknownGrant, ErrGrantForged.
func (v *Vault) Revoke(ctx context.Context, id string, by Who) error {
	n, err := v.revokeWhere(ctx, by, "id = ?", id)
	if err == nil && n == 0 {
		err = ErrUnknownGrant
	}
	if err != nil {
		return fmt.Errorf("revoke grant %s: %w", id, err)
	}
	return nil
}

// RevokeFiling withdraws all grants of a filing. None is fine. ErrGrantForged means
// that one of them was edited in the file; that one is refused anyway and the
// others are withdrawn.
func (v *Vault) RevokeFiling(ctx context.Context, filing string, by Who) error {
	_, err := v.revokeWhere(ctx, by, "filing = ?", filing)
	if err != nil {
		return fmt.Errorf("revoke grants of filing %s: %w", filing, err)
	}
	return nil
}

// revokeWhere needs no Recorder: withdrawing is always possible.
func (v *Vault) revokeWhere(ctx context.Context, by Who, condition string, args ...any) (n int, err error) {
	err = check(by.fields()...)
	if err != nil {
		return 0, err
	}
	var forged []error
	err = v.db.InTx(ctx, func(tx *sqlx.Tx) error {
		var rows []grantRow
		err := tx.SelectContext(ctx, &rows, "SELECT "+grantColumns+" FROM grants WHERE "+condition, args...)
		if err != nil {
			return fmt.Errorf("read grants: %w", err)
		}
		n = len(rows)
		for _, r := range rows {
			_, err = v.openGrant(r)
			if err != nil {
				forged = append(forged, err)
				continue
			}
			if r.RevokedAt != 0 {
				continue
			}
			r.RevokedAt, r.RevokedBy = database.At(v.now()), by.Actor
			r.Seal, err = v.sealer.Seal(nil, r.context())
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "UPDATE grants SET revoked_at = ?, revoked_by = ?, seal = ? WHERE id = ?", r.RevokedAt, r.RevokedBy, r.Seal, r.ID)
			if err != nil {
				return fmt.Errorf("store revocation: %w", err)
			}
		}
		return nil
	})
	return n, errors.Join(append(forged, err)...)
}
