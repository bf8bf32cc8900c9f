package office

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jmoiron/sqlx"

	"todoke/database"
)

// Person is somebody who works, or worked, for a client company (被保険者). Text is
// "" when unknown.
type Person struct {
	ID                      string `db:"id" json:"id"`
	CompanyID               string `db:"company_id" json:"company_id"`
	Code                    string `db:"code" json:"person_code"` // unique in the company, at most 20 ASCII characters
	Name                    string `db:"name" json:"name"`        // 姓　名
	NameKana                string `db:"name_kana" json:"name_kana"`
	BirthDate               string `db:"birth_date" json:"birth_date"`   // yyyy-mm-dd
	Sex                     string `db:"sex" json:"sex"`                 // male, female
	PostalCode              string `db:"postal_code" json:"postal_code"` // 7 digits
	Address                 string `db:"address" json:"address"`
	AddressKana             string `db:"address_kana" json:"address_kana"`
	EmploymentInsuredNumber string `db:"employment_insured_number" json:"employment_insured_number"` // 雇用保険被保険者番号, 4-6-1
	PensionInsuredNumber    string `db:"pension_insured_number" json:"pension_insured_number"`       // 被保険者整理番号, 1-6 digits
	NameRoman               string `db:"name_roman" json:"name_roman"`                               // capitals, one blank

	// Subject is what the vault and the usage log know the person by: random, made
	// with the person, never changed. NumberRef is the vault's reference to the
	// number, "" when none is registered. PutPerson changes none of the three.
	Subject            string          `db:"subject" json:"subject"`
	NumberRef          string          `db:"number_ref" json:"-"`
	NumberRegisteredAt database.Micros `db:"number_registered_at" json:"number_registered_at"`

	Revision  int64           `db:"revision" json:"revision"` // counts changes from 1; an update states the one it has read
	CreatedAt database.Micros `db:"created_at" json:"created_at"`
	UpdatedAt database.Micros `db:"updated_at" json:"updated_at"`
}

// Clean returns p in the writing in which it is stored.
func (p Person) Clean() Person {
	cleanFields(personFields, &p)
	return p
}

// Validate returns all problems of a cleaned Person. now decides which birth dates
// lie ahead. That the company exists is not checked here.
func (p Person) Validate(now time.Time) []Problem {
	problems := slices.Concat(checkFields(personFields, &p), kanaBlankProblem(p.Name, p.NameKana, "name_kana", "氏名フリガナ"))
	_, readable := parseDate(p.BirthDate)
	if readable {
		broken := checkBirth(p.BirthDate, now)
		if broken != nil {
			problems = append(problems, broken.problem("birth_date", "生年月日"))
		}
	}
	return problems
}

var personColumns = []string{
	"id", "company_id", "code", "name", "name_kana", "birth_date", "sex", "postal_code", "address", "address_kana",
	"employment_insured_number", "pension_insured_number", "name_roman", "subject", "number_ref", "number_registered_at",
	"revision", "created_at", "updated_at",
}

var selectPerson = "SELECT " + strings.Join(personColumns, ", ") + " FROM office_person"

// Person returns one person, or ErrNotFound.
func (s *Store) Person(ctx context.Context, id string) (Person, error) {
	return readPerson(ctx, s.db.Read, id)
}

func readPerson(ctx context.Context, q sqlx.ExtContext, id string) (Person, error) {
	var p Person
	err := sqlx.GetContext(ctx, q, &p, q.Rebind(selectPerson+" WHERE id = ?"), id)
	if errors.Is(err, sql.ErrNoRows) {
		return Person{}, fmt.Errorf("個人 %s: %w", maskNumbers(id), ErrNotFound)
	}
	if err != nil {
		return Person{}, fmt.Errorf("read person %s: %w", maskNumbers(id), err)
	}
	return p, nil
}

// People lists the people of a company by code. The second result is the
// Page.After of the next page, "" at the end.
func (s *Store) People(ctx context.Context, companyID string, page Page) ([]Person, string, error) {
	var list []Person
	err := s.db.Read.SelectContext(ctx, &list,
		s.db.Read.Rebind(selectPerson+" WHERE company_id = ? AND code > ? ORDER BY code LIMIT ?"), companyID, page.After, page.limit()+1)
	if err != nil {
		return nil, "", fmt.Errorf("list people: %w", err)
	}
	list, next := cut(list, page.limit(), func(p Person) string { return p.Code })
	return list, next, nil
}

// PutPerson stores a person, cleaned: a new one when ID is "", otherwise the
// Revision must be the newest and the company stays the same. It returns what is
// stored. Errors: *InvalidError, ErrNotFound, ErrConflict.
func (s *Store) PutPerson(ctx context.Context, p Person, by string) (Person, error) {
	p = p.Clean()
	err := invalid(p.Validate(s.now()))
	if err != nil {
		return Person{}, err
	}
	err = s.inTx(ctx, by, func(tx *sqlx.Tx) error {
		_, err := readCompany(ctx, tx, "c.id", p.CompanyID)
		if err != nil {
			return err
		}
		var owners []string
		err = tx.SelectContext(ctx, &owners, tx.Rebind("SELECT id FROM office_person WHERE company_id = ? AND code = ?"), p.CompanyID, p.Code)
		if err != nil {
			return fmt.Errorf("look up person code: %w", err)
		}
		if len(owners) > 0 && owners[0] != p.ID {
			return conflict("個人コードがこの会社ですでに使われています")
		}
		if p.ID == "" {
			p = s.newPerson(p)
			return s.insertPeople(ctx, tx, []Person{p}, by, actionCreated)
		}
		before, err := readPerson(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		if before.CompanyID != p.CompanyID {
			return conflict("個人を別の会社に移すことはできません。移る先の会社に新しく登録してください")
		}
		if before.Revision != p.Revision {
			return conflict("ほかの人が先に個人の情報を変更しました。読み込み直してください")
		}
		p, err = s.updatePerson(ctx, tx, before, p, by, actionUpdated)
		return err
	})
	if err != nil {
		return Person{}, err
	}
	return p, nil
}

func (s *Store) newPerson(p Person) Person {
	p.ID, p.Subject, p.Revision, p.CreatedAt = s.newID(), newSubject(), 1, database.At(s.now())
	p.UpdatedAt, p.NumberRef, p.NumberRegisteredAt = p.CreatedAt, "", 0
	return p
}

func (s *Store) insertPeople(ctx context.Context, tx *sqlx.Tx, list []Person, by, action string) error {
	changes := make([]Change, len(list))
	for i := range list {
		p := &list[i]
		changes[i] = Change{Actor: by, Kind: kindPerson, EntityID: p.ID, CompanyID: p.CompanyID, Action: action,
			Fields: fieldList(changedFields(personFields, &Person{}, p))}
	}
	err := insertAll(ctx, tx, "office_person", personColumns, list)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, changes...)
}

func (s *Store) updatePerson(ctx context.Context, tx *sqlx.Tx, before, p Person, by, action string) (Person, error) {
	fields := changedFields(personFields, &before, &p)
	if len(fields) == 0 {
		return before, nil
	}
	p.Subject, p.NumberRef, p.NumberRegisteredAt = before.Subject, before.NumberRef, before.NumberRegisteredAt
	return s.savePerson(ctx, tx, before, p, Change{Actor: by, Action: action}, fields)
}

func (s *Store) savePerson(ctx context.Context, tx *sqlx.Tx, before, p Person, change Change, fields []string) (Person, error) {
	p.Revision, p.CreatedAt, p.UpdatedAt = before.Revision+1, before.CreatedAt, database.At(s.now())
	_, err := tx.NamedExecContext(ctx, updateSQL("office_person", personColumns), p)
	if err != nil {
		return Person{}, fmt.Errorf("store person %s: %w", p.ID, err)
	}
	change.Kind, change.EntityID, change.CompanyID, change.Fields = kindPerson, p.ID, p.CompanyID, fieldList(fields)
	return p, s.record(ctx, tx, change)
}

// SetNumberRef notes under which reference the vault holds the person's number, or
// with "" that it holds none any more. What could be the number itself, digits
// without a letter, is refused. Errors: *InvalidError, ErrNotFound.
func (s *Store) SetNumberRef(ctx context.Context, personID, ref, by string) error {
	if holdsNumber(ref, false) && strings.IndexFunc(ref, unicode.IsLetter) < 0 {
		return invalid([]Problem{ruleNumber.problem("number_ref", "個人番号の参照")})
	}
	return s.inTx(ctx, by, func(tx *sqlx.Tx) error {
		before, err := readPerson(ctx, tx, personID)
		if err != nil {
			return err
		}
		if before.NumberRef == ref {
			return nil
		}
		p := before
		p.NumberRef, p.NumberRegisteredAt = ref, 0
		if ref != "" {
			p.NumberRegisteredAt = database.At(s.now())
		}
		_, err = s.savePerson(ctx, tx, before, p, Change{Actor: by, Action: actionUpdated}, []string{"number_ref"})
		return err
	})
}

// DeletePerson deletes a person. Errors: ErrNotFound; ErrNumberHeld while the vault
// holds the person's number.
func (s *Store) DeletePerson(ctx context.Context, id, by string) error {
	return s.inTx(ctx, by, func(tx *sqlx.Tx) error {
		p, err := readPerson(ctx, tx, id)
		if err != nil {
			return err
		}
		if p.NumberRef != "" {
			return fmt.Errorf("delete person %s: %w", id, ErrNumberHeld)
		}
		_, err = tx.ExecContext(ctx, tx.Rebind("DELETE FROM office_person WHERE id = ?"), id)
		if err != nil {
			return fmt.Errorf("delete person %s: %w", id, err)
		}
		return s.record(ctx, tx, Change{Actor: by, Kind: kindPerson, EntityID: id, CompanyID: p.CompanyID, Action: actionDeleted})
	})
}
