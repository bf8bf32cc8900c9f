package office

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// Company is a client of the office (事業所). Text is "" when unknown.
type Company struct {
	ID                        string `db:"id" json:"id"`
	Code                      string `db:"code" json:"company_code"` // the office's own, unique, at most 20 ASCII characters
	Name                      string `db:"name" json:"name"`
	NameKana                  string `db:"name_kana" json:"name_kana"`
	CorporateNumber           string `db:"corporate_number" json:"corporate_number"` // 法人番号, 13 digits
	PostalCode                string `db:"postal_code" json:"postal_code"`           // 7 digits
	Address                   string `db:"address" json:"address"`
	AddressKana               string `db:"address_kana" json:"address_kana"`
	Phone                     string `db:"phone" json:"phone"` // hyphenated
	Email                     string `db:"email" json:"email"`
	RepresentativeName        string `db:"representative_name" json:"representative_name"` // 姓　名
	RepresentativeKana        string `db:"representative_kana" json:"representative_kana"`
	RepresentativeTitle       string `db:"representative_title" json:"representative_title"`
	PensionPrefecture         string `db:"pension_prefecture" json:"pension_prefecture"`         // 事業所整理記号 都道府県, 2 digits
	PensionDistrict           string `db:"pension_district" json:"pension_district"`             // 郡市区記号, 2 digits
	PensionSymbol             string `db:"pension_symbol" json:"pension_symbol"`                 // 事業所記号, 1-4 characters
	PensionNumber             string `db:"pension_number" json:"pension_number"`                 // 事業所番号, 5 digits
	EmploymentNumber          string `db:"employment_number" json:"employment_number"`           // 雇用保険適用事業所番号, 4-6-1
	PensionDestinationID      string `db:"pension_destination_id" json:"pension_destination_id"` // 提出先識別子, 22 or 23 characters
	PensionDestinationName    string `db:"pension_destination_name" json:"pension_destination_name"`
	EmploymentDestinationID   string `db:"employment_destination_id" json:"employment_destination_id"`
	EmploymentDestinationName string `db:"employment_destination_name" json:"employment_destination_name"`
	EmploymentOffice          string `db:"employment_office" json:"employment_office"` // あて先; Facts derives it when ""

	Revision  int64           `db:"revision" json:"revision"` // counts changes from 1; an update states the one it has read
	CreatedAt database.Micros `db:"created_at" json:"created_at"`
	UpdatedAt database.Micros `db:"updated_at" json:"updated_at"`

	// The agency certificate, read only. Status is "" when there is none, "stored",
	// or "review" when name, address, representative or attorney changed since.
	CertificateStatus string          `db:"-" json:"certificate_status"`
	CertificateKind   string          `db:"certificate_kind" json:"certificate_kind"` // pdf, jpeg
	CertificateAt     database.Micros `db:"certificate_at" json:"certificate_at"`
	CertificateBasis  string          `db:"certificate_basis" json:"-"`
}

// Clean returns c in the writing in which it is stored.
func (c Company) Clean() Company {
	cleanFields(companyFields, &c)
	return c
}

// Validate returns all problems of a cleaned Company.
func (c Company) Validate() []Problem {
	return slices.Concat(
		checkFields(companyFields, &c),
		kanaBlankProblem(c.RepresentativeName, c.RepresentativeKana, "representative_kana", "代表者氏名フリガナ"),
		pairProblems(c.PensionDestinationID, c.PensionDestinationName, "pension_destination", "年金事務所提出先"),
		pairProblems(c.EmploymentDestinationID, c.EmploymentDestinationName, "employment_destination", "ハローワーク提出先"),
	)
}

var companyColumns = []string{
	"id", "code", "name", "name_kana", "corporate_number", "postal_code", "address", "address_kana", "phone", "email",
	"representative_name", "representative_kana", "representative_title", "pension_prefecture", "pension_district",
	"pension_symbol", "pension_number", "employment_number", "pension_destination_id", "pension_destination_name",
	"employment_destination_id", "employment_destination_name", "employment_office", "revision", "created_at", "updated_at",
}

const selectCompany = `SELECT c.*, COALESCE(a.kind, '') AS certificate_kind, COALESCE(a.stored_at, 0) AS certificate_at,
	COALESCE(a.basis, '') AS certificate_basis
	FROM office_company c LEFT JOIN office_agency_certificate a ON a.company_id = c.id`

// Company returns one company, or ErrNotFound.
func (s *Store) Company(ctx context.Context, id string) (Company, error) {
	return readCompany(ctx, s.db.Read, "c.id", id)
}

// CompanyByCode returns the company with the office's code, or ErrNotFound.
func (s *Store) CompanyByCode(ctx context.Context, code string) (Company, error) {
	return readCompany(ctx, s.db.Read, "c.code", cleanCode(code))
}

func readCompany(ctx context.Context, q sqlx.ExtContext, column, value string) (Company, error) {
	var c Company
	err := sqlx.GetContext(ctx, q, &c, q.Rebind(selectCompany+" WHERE "+column+" = ?"), value)
	if errors.Is(err, sql.ErrNoRows) {
		return Company{}, fmt.Errorf("会社 %s: %w", maskNumbers(value), ErrNotFound)
	}
	if err != nil {
		return Company{}, fmt.Errorf("read company %s: %w", maskNumbers(value), err)
	}
	o, err := readOffice(ctx, q)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Company{}, err
	}
	c.judgeCertificate(o)
	return c, nil
}

// Companies lists companies by code. The second result is the Page.After of the
// next page, "" at the end.
func (s *Store) Companies(ctx context.Context, page Page) ([]Company, string, error) {
	o, err := s.Office(ctx)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, "", err
	}
	var list []Company
	err = s.db.Read.SelectContext(ctx, &list, s.db.Read.Rebind(selectCompany+" WHERE c.code > ? ORDER BY c.code LIMIT ?"), page.After, page.limit()+1)
	if err != nil {
		return nil, "", fmt.Errorf("list companies: %w", err)
	}
	list, next := cut(list, page.limit(), func(c Company) string { return c.Code })
	for i := range list {
		list[i].judgeCertificate(o)
	}
	return list, next, nil
}

// PutCompany stores a company, cleaned: a new one when ID is "", otherwise the
// Revision must be the newest. It returns what is stored. Errors: *InvalidError,
// ErrNotFound, ErrConflict (code in use, or changed by somebody else meanwhile).
func (s *Store) PutCompany(ctx context.Context, c Company, by string) (Company, error) {
	c = c.Clean()
	err := invalid(c.Validate())
	if err != nil {
		return Company{}, err
	}
	err = s.inTx(ctx, by, func(tx *sqlx.Tx) error {
		id, err := s.putCompany(ctx, tx, c, by)
		if err != nil {
			return err
		}
		c, err = readCompany(ctx, tx, "c.id", id)
		return err
	})
	if err != nil {
		return Company{}, err
	}
	return c, nil
}

// putCompany returns the id under which c is stored.
func (s *Store) putCompany(ctx context.Context, tx *sqlx.Tx, c Company, by string) (string, error) {
	owner, err := readCompany(ctx, tx, "c.code", c.Code)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", err
	}
	if err == nil && owner.ID != c.ID {
		return "", conflict("会社コードがすでに使われています")
	}
	if c.ID == "" {
		c = s.newCompany(c)
		return c.ID, s.insertCompanies(ctx, tx, []Company{c}, by, actionCreated)
	}
	before, err := readCompany(ctx, tx, "c.id", c.ID)
	if err != nil {
		return "", err
	}
	if before.Revision != c.Revision {
		return "", conflict("ほかの人が先に会社の情報を変更しました。読み込み直してください")
	}
	return c.ID, s.updateCompany(ctx, tx, before, c, by, actionUpdated)
}

func (s *Store) newCompany(c Company) Company {
	c.ID, c.Revision, c.CreatedAt = s.newID(), 1, database.At(s.now())
	c.UpdatedAt = c.CreatedAt
	return c
}

func (s *Store) insertCompanies(ctx context.Context, tx *sqlx.Tx, list []Company, by, action string) error {
	changes := make([]Change, len(list))
	for i := range list {
		c := &list[i]
		changes[i] = Change{Actor: by, Kind: kindCompany, EntityID: c.ID, CompanyID: c.ID, Action: action,
			Fields: fieldList(changedFields(companyFields, &Company{}, c))}
	}
	err := insertAll(ctx, tx, "office_company", companyColumns, list)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, changes...)
}

func (s *Store) updateCompany(ctx context.Context, tx *sqlx.Tx, before, c Company, by, action string) error {
	fields := changedFields(companyFields, &before, &c)
	if len(fields) == 0 {
		return nil
	}
	c.Revision, c.CreatedAt, c.UpdatedAt = before.Revision+1, before.CreatedAt, database.At(s.now())
	_, err := tx.NamedExecContext(ctx, updateSQL("office_company", companyColumns), c)
	if err != nil {
		return fmt.Errorf("store company %s: %w", c.ID, err)
	}
	return s.record(ctx, tx, Change{Actor: by, Kind: kindCompany, EntityID: c.ID, CompanyID: c.ID, Action: action, Fields: fieldList(fields)})
}

// DeleteCompany deletes a company and its certificate. Errors: ErrNotFound;
// ErrConflict while people belong to it.
func (s *Store) DeleteCompany(ctx context.Context, id, by string) error {
	return s.inTx(ctx, by, func(tx *sqlx.Tx) error {
		_, err := readCompany(ctx, tx, "c.id", id)
		if err != nil {
			return err
		}
		var people int
		err = tx.GetContext(ctx, &people, tx.Rebind("SELECT count(*) FROM office_person WHERE company_id = ?"), id)
		if err != nil {
			return fmt.Errorf("count people of company %s: %w", id, err)
		}
		if people > 0 {
			return conflict(fmt.Sprintf("この会社には%d人が登録されています。先に個人を削除してください", people))
		}
		for _, query := range []string{"DELETE FROM office_agency_certificate WHERE company_id = ?", "DELETE FROM office_company WHERE id = ?"} {
			_, err = tx.ExecContext(ctx, tx.Rebind(query), id)
			if err != nil {
				return fmt.Errorf("delete company %s: %w", id, err)
			}
		}
		return s.record(ctx, tx, Change{Actor: by, Kind: kindCompany, EntityID: id, CompanyID: id, Action: actionDeleted})
	})
}
