package office

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Office is the 社労士 office itself; a database has at most one.
type Office struct {
	Name               string `db:"name" json:"name"`
	AttorneyName       string `db:"attorney_name" json:"attorney_name"`             // 社会保険労務士の氏名, one full-width blank
	AttorneyKana       string `db:"attorney_kana" json:"attorney_kana"`             // full-width katakana
	RegistrationNumber string `db:"registration_number" json:"registration_number"` // 登録番号, 8 digits
	PostalCode         string `db:"postal_code" json:"postal_code"`                 // 7 digits
	Address            string `db:"address" json:"address"`
	AddressKana        string `db:"address_kana" json:"address_kana"`
	Phone              string `db:"phone" json:"phone"` // hyphenated
	Email              string `db:"email" json:"email"`
}

var officeFields = []field[Office]{
	{name: "name", label: "事務所名", at: func(o *Office) *string { return &o.Name }, clean: cleanText, max: 100, required: true},
	{name: "attorney_name", label: "社会保険労務士氏名", at: func(o *Office) *string { return &o.AttorneyName }, clean: cleanName, check: checkPersonName, max: 50, required: true},
	{name: "attorney_kana", label: "社会保険労務士氏名フリガナ", at: func(o *Office) *string { return &o.AttorneyKana }, clean: cleanKana, check: checkPersonKana, max: 100},
	{name: "registration_number", label: "登録番号", at: func(o *Office) *string { return &o.RegistrationNumber }, clean: cleanDigits, check: checkAttorneyNumber, max: 8},
	{name: "postal_code", label: "郵便番号", at: func(o *Office) *string { return &o.PostalCode }, clean: cleanPostal, check: checkPostal, max: 7},
	{name: "address", label: "所在地", at: func(o *Office) *string { return &o.Address }, clean: cleanText, max: 200},
	{name: "address_kana", label: "所在地フリガナ", at: func(o *Office) *string { return &o.AddressKana }, clean: cleanKana, check: checkTextKana, max: 200},
	{name: "phone", label: "電話番号", at: func(o *Office) *string { return &o.Phone }, clean: cleanPhone, check: checkPhone, max: 20},
	{name: "email", label: "メールアドレス", at: func(o *Office) *string { return &o.Email }, clean: cleanCode, check: checkEmail, max: 254},
}

// Clean returns o in the writing in which it is stored.
func (o Office) Clean() Office {
	cleanFields(officeFields, &o)
	return o
}

// Validate returns all problems of a cleaned Office.
func (o Office) Validate() []Problem {
	problems := checkFields(officeFields, &o)
	return append(problems, kanaBlankProblem(o.AttorneyName, o.AttorneyKana, "attorney_kana", "社会保険労務士氏名フリガナ")...)
}

const selectOffice = `SELECT name, attorney_name, attorney_kana, registration_number, postal_code, address,
	address_kana, phone, email FROM office_office WHERE id = 1`

// Office returns the office, or ErrNotFound before it was entered.
func (s *Store) Office(ctx context.Context) (Office, error) {
	return readOffice(ctx, s.db.Read)
}

func readOffice(ctx context.Context, q sqlx.QueryerContext) (Office, error) {
	var o Office
	err := sqlx.GetContext(ctx, q, &o, selectOffice)
	if errors.Is(err, sql.ErrNoRows) {
		return Office{}, fmt.Errorf("事務所の情報: %w", ErrNotFound)
	}
	if err != nil {
		return Office{}, fmt.Errorf("read office: %w", err)
	}
	return o, nil
}

// PutOffice stores the office, cleaned. Errors: *InvalidError.
func (s *Store) PutOffice(ctx context.Context, o Office, by string) error {
	o = o.Clean()
	err := invalid(o.Validate())
	if err != nil {
		return err
	}
	return s.inTx(ctx, by, func(tx *sqlx.Tx) error {
		before, err := readOffice(ctx, tx)
		change := Change{Actor: by, Kind: kindOffice, EntityID: officeEntity, Action: actionUpdated}
		query := `UPDATE office_office SET name = :name, attorney_name = :attorney_name, attorney_kana = :attorney_kana,
			registration_number = :registration_number, postal_code = :postal_code, address = :address,
			address_kana = :address_kana, phone = :phone, email = :email WHERE id = 1`
		if errors.Is(err, ErrNotFound) {
			change.Action = actionCreated
			query = `INSERT INTO office_office (id, name, attorney_name, attorney_kana, registration_number, postal_code,
				address, address_kana, phone, email) VALUES (1, :name, :attorney_name, :attorney_kana, :registration_number,
				:postal_code, :address, :address_kana, :phone, :email)`
			err = nil
		}
		if err != nil {
			return err
		}
		fields := changedFields(officeFields, &before, &o)
		if len(fields) == 0 {
			return nil
		}
		_, err = tx.NamedExecContext(ctx, query, o)
		if err != nil {
			return fmt.Errorf("store office: %w", err)
		}
		change.Fields = fieldList(fields)
		return s.record(ctx, tx, change)
	})
}
