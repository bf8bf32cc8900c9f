package office

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Facts returns what a filing is filled from, under the keys company.*, person.*
// and office.*. Every key is always there, "" when unknown; dates are yyyy-mm-dd.
// personID "" is for filings about the company alone. Errors: ErrNotFound for an
// unknown company, and for a person that is not the company's.
func (s *Store) Facts(ctx context.Context, companyID, personID string) (map[string]string, error) {
	c, err := s.Company(ctx, companyID)
	if err != nil {
		return nil, err
	}
	var p Person
	if personID != "" {
		p, err = s.Person(ctx, personID)
		if err != nil {
			return nil, err
		}
		if p.CompanyID != companyID {
			return nil, fmt.Errorf("個人 %s はこの会社の人ではありません: %w", personID, ErrNotFound)
		}
	}
	o, err := s.Office(ctx)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	facts := make(map[string]string, len(companyFields)+len(personFields)+len(officeFields))
	addFacts(facts, "company.", companyFields, &c, "company_code")
	addFacts(facts, "person.", personFields, &p, "person_code")
	addFacts(facts, "office.", officeFields, &o, "registration_number")
	if c.EmploymentOffice == "" {
		facts["company.employment_office"] = employmentOffice(c.EmploymentDestinationName)
	}
	return facts, nil
}

// addFacts adds all fields but the one that no form asks for.
func addFacts[T any](facts map[string]string, prefix string, fields []field[T], v *T, except string) {
	for _, f := range fields {
		if f.name != except {
			facts[prefix+f.name] = *f.at(v)
		}
	}
}

// employmentOffice derives the addressee from the destination: 東京,渋谷公共職業安定所
// gives 渋谷公共職業安定所長. Of any other destination nothing is derived.
func employmentOffice(destination string) string {
	parts := strings.FieldsFunc(destination, func(r rune) bool { return r == ',' || r == '，' })
	if len(parts) == 0 {
		return ""
	}
	last := strings.TrimSpace(parts[len(parts)-1])
	if !strings.HasSuffix(last, "公共職業安定所") {
		return ""
	}
	return last + "長"
}
