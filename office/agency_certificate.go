package office

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// The values of Company.CertificateStatus.
const (
	certificateStored = "stored"
	certificateReview = "review"
)

func certificateContext(companyID string) string { return "office agency certificate " + companyID }

// certificateBasis is what the paper states about both sides, in one text. When it
// changes, the paper has to be made anew: a certificate that does not agree with
// the filing is not accepted.
func certificateBasis(c *Company, o *Office) string {
	return strings.Join([]string{c.Name, c.Address, c.RepresentativeName, o.Name, o.AttorneyName}, "\n")
}

func (c *Company) judgeCertificate(o Office) {
	switch {
	case c.CertificateKind == "":
		c.CertificateStatus = ""
	case c.CertificateBasis != certificateBasis(c, &o):
		c.CertificateStatus = certificateReview
	default:
		c.CertificateStatus = certificateStored
	}
}

// PutAgencyCertificate stores the company's 提出代行に関する証明書, a PDF or JPEG of at
// most 10 MiB, sealed. Only the newest is kept: what was there before is replaced.
// The content is looked at, never interpreted. Errors: *InvalidError, ErrNotFound.
func (s *Store) PutAgencyCertificate(ctx context.Context, companyID string, data []byte, by string) error {
	kind, broken := certificateKind(data)
	if broken != nil {
		return invalid([]Problem{broken.problem("agency_certificate", "提出代行に関する証明書")})
	}
	sealed, err := s.box.Seal(data, certificateContext(companyID))
	if err != nil {
		return fmt.Errorf("store agency certificate of %s: %w", companyID, err)
	}
	return s.inTx(ctx, by, func(tx *sqlx.Tx) error {
		c, err := readCompany(ctx, tx, "c.id", companyID)
		if err != nil {
			return err
		}
		o, err := readOffice(ctx, tx)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		change := Change{Actor: by, Kind: kindCertificate, EntityID: companyID, CompanyID: companyID, Action: actionCreated, Fields: kindCertificate}
		if c.CertificateKind != "" {
			change.Action = actionUpdated
		}
		err = deleteCertificate(ctx, tx, companyID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, tx.Rebind(`INSERT INTO office_agency_certificate (company_id, kind, sealed, basis, stored_at)
			VALUES (?, ?, ?, ?, ?)`), companyID, kind, sealed, certificateBasis(&c, &o), database.At(s.now()))
		if err != nil {
			return fmt.Errorf("store agency certificate of %s: %w", companyID, err)
		}
		return s.record(ctx, tx, change)
	})
}

func deleteCertificate(ctx context.Context, tx *sqlx.Tx, companyID string) error {
	_, err := tx.ExecContext(ctx, tx.Rebind("DELETE FROM office_agency_certificate WHERE company_id = ?"), companyID)
	if err != nil {
		return fmt.Errorf("delete agency certificate of %s: %w", companyID, err)
	}
	return nil
}

// AgencyCertificate returns the company's certificate and its kind, "pdf" or
// "jpeg". Errors: ErrNotFound when there is none; seal.ErrUnreadable when the
// stored octets were altered or belong to another company.
func (s *Store) AgencyCertificate(ctx context.Context, companyID string) (data []byte, kind string, err error) {
	var sealed []byte
	err = s.db.Read.GetContext(ctx, &sealed,
		s.db.Read.Rebind("SELECT sealed FROM office_agency_certificate WHERE company_id = ?"), companyID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", fmt.Errorf("提出代行に関する証明書: %w", ErrNotFound)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read agency certificate of %s: %w", companyID, err)
	}
	data, err = s.box.Open(sealed, certificateContext(companyID))
	if err != nil {
		return nil, "", fmt.Errorf("read agency certificate of %s: %w", companyID, err)
	}
	// The kind is told from the authenticated content, not from the column beside it.
	kind, broken := certificateKind(data)
	if broken != nil {
		return nil, "", invalid([]Problem{broken.problem("agency_certificate", "提出代行に関する証明書")})
	}
	return data, kind, nil
}

// DeleteAgencyCertificate removes the company's certificate, or returns ErrNotFound.
func (s *Store) DeleteAgencyCertificate(ctx context.Context, companyID, by string) error {
	return s.inTx(ctx, by, func(tx *sqlx.Tx) error {
		c, err := readCompany(ctx, tx, "c.id", companyID)
		if err != nil {
			return err
		}
		if c.CertificateKind == "" {
			return fmt.Errorf("提出代行に関する証明書: %w", ErrNotFound)
		}
		err = deleteCertificate(ctx, tx, companyID)
		if err != nil {
			return err
		}
		change := Change{Actor: by, Kind: kindCertificate, EntityID: companyID, CompanyID: companyID, Action: actionDeleted, Fields: kindCertificate}
		return s.record(ctx, tx, change)
	})
}
