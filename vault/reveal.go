package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// RevealRequest asks for one number, for one attempt to send one filing.
type RevealRequest struct {
	Grant       string
	Company     string
	Filing      string
	Revision    int
	Ref         string
	Attempt     string
	Who         Who    // who acts; the night acts as "<approver> + 夜間処理"
	Destination string // 提出先
	Action      Action // ActionUse, which empty means, or ActionView
}

// Reveal returns a number for a use that a grant allows. The order is the promise
// of this package:
//
//  1. the grant is checked: authentic, of this company, filing, revision and
//     reference, neither revoked nor expired;
//  2. (grant, reference, attempt) is marked spent, in the same transaction;
//  3. the use is recorded and committed by the Recorder;
//  4. the receipt is kept as anchor;
//  5. the number is decrypted.
//
// A crash or failure after step 2 costs the attempt, never a use that is not on
// the log. The caller calls Wipe on the number when done.
//
// Errors: the refusals, which are recorded as such; ErrNotRecorded, ErrRolledBack,
// ErrAnchorForged; ErrUnreadable, ErrKeyMissing; ErrInvalid, ErrNumberInText.
func (v *Vault) Reveal(ctx context.Context, r RevealRequest) (*Number, error) {
	err := r.check()
	if err != nil {
		return nil, fmt.Errorf("reveal number: %w", err)
	}
	use := r.use()
	grant, err := v.spend(ctx, r, &use)
	if grant.Company == r.Company { // the words of another company's grant stay out of this one's log
		use.Purpose, use.Approver = grant.Purpose, grant.Approver
	}
	if err != nil {
		return nil, fmt.Errorf("reveal number %s for attempt %s: %w", r.Ref, r.Attempt, v.refused(ctx, use, err))
	}
	var number *Number
	err = v.recorded(ctx, []Use{use}, func() error {
		// Read again: it may have been destroyed since step 2.
		row, err := rowWhere(ctx, v.db.Read, "ref = ? AND company = ?", r.Ref, r.Company)
		if err != nil {
			return err
		}
		number, err = v.decrypt(ctx, row)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reveal number %s for attempt %s: %w", r.Ref, r.Attempt, err)
	}
	return number, nil
}

func (r RevealRequest) check() error {
	if r.Action != "" && r.Action != ActionUse && r.Action != ActionView {
		return fmt.Errorf("action: %w", ErrInvalid)
	}
	return check(append(r.Who.fields(),
		field{name: "grant", value: r.Grant, id: true}, field{name: "company", value: r.Company, id: true},
		field{name: "filing", value: r.Filing, id: true}, field{name: "reference", value: r.Ref, id: true},
		field{name: "attempt", value: r.Attempt, id: true}, field{name: "destination", value: r.Destination, optional: true})...)
}

func (r RevealRequest) use() Use {
	action := r.Action
	if action == "" {
		action = ActionUse
	}
	return Use{
		Company: r.Company, Action: action, Who: r.Who, Ref: r.Ref, Grant: r.Grant,
		Filing: r.Filing, Revision: r.Revision, Attempt: r.Attempt, Destination: r.Destination,
	}
}

// spend does steps 1 and 2 in one transaction, so that a grant that is revoked at
// the same time is either used before or refused. It notes in use what it learns.
func (v *Vault) spend(ctx context.Context, r RevealRequest, use *Use) (Grant, error) {
	var grant Grant
	err := v.db.InTx(ctx, func(tx *sqlx.Tx) error {
		var err error
		grant, err = v.grantWhere(ctx, tx, "id = ?", r.Grant)
		if err != nil {
			return err
		}
		row, found := rowWhere(ctx, tx, "ref = ? AND company = ?", r.Ref, r.Company)
		if found == nil {
			use.Subject = row.Subject
		}
		err = v.allows(grant, r)
		if err != nil {
			return err
		}
		if found != nil {
			return found
		}
		done, err := tx.ExecContext(ctx, "INSERT INTO spent (grant_id, ref, attempt, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
			grant.ID, r.Ref, r.Attempt, database.At(v.now()))
		if err != nil {
			return fmt.Errorf("mark spent: %w", err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return fmt.Errorf("mark spent: %w", err)
		}
		if n == 0 {
			return ErrGrantSpent
		}
		return nil
	})
	return grant, err
}

// allows is the whole decision about an authentic grant.
func (v *Vault) allows(g Grant, r RevealRequest) error {
	switch {
	case g.Company != r.Company:
		return ErrOtherCompany
	case g.Filing != r.Filing:
		return ErrOtherFiling
	case g.Revision != r.Revision:
		return ErrOtherRevision
	case !slices.Contains(g.Refs, r.Ref):
		return ErrOtherReference
	case !g.Revoked.IsZero():
		return ErrGrantRevoked
	case !v.now().Before(g.Expires):
		return ErrGrantExpired
	}
	return nil
}

// refused has a refusal recorded. What is not a refusal, a full disk say, passes
// through. When the record fails the refusal stands all the same.
func (v *Vault) refused(ctx context.Context, use Use, err error) error {
	reason := refusal(err)
	if reason == nil {
		return err
	}
	use.Action, use.Result = ActionRefuse, reason.Error()
	return errors.Join(err, v.record(ctx, use))
}
