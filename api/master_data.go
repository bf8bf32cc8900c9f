package api

import (
	"fmt"

	"github.com/gin-gonic/gin"

	"todoke/office"
)

const (
	companyList = "companies"
	peopleList  = "people"
)

// companyView is a client company, as far as somebody who files for it must know.
type companyView struct {
	ID                string `json:"id"`
	Code              string `json:"company_code"`
	Name              string `json:"name"`
	CertificateStatus string `json:"certificate_status"` // "", stored, review
}

// personView is somebody who works for a client company.
type personView struct {
	ID                 string `json:"id"`
	CompanyID          string `json:"company_id"`
	Code               string `json:"person_code"`
	Name               string `json:"name"`
	NameKana           string `json:"name_kana"`
	NumberRegistered   bool   `json:"number_registered"`
	NumberRegisteredAt string `json:"number_registered_at,omitempty"`
}

func viewOfCompany(c office.Company) companyView {
	return companyView{ID: c.ID, Code: c.Code, Name: c.Name, CertificateStatus: c.CertificateStatus}
}

// listCompanies lists client companies by code; a client's key sees its own.
func (s *Server) listCompanies(c *gin.Context, who caller) error {
	q, err := parseQuery(c)
	if err != nil {
		return err
	}
	after, err := decodeCursor(companyList, q.cursor)
	if err != nil {
		return err
	}
	companies, next := []office.Company{who.owner.Company}, ""
	if who.client() == "" {
		companies, next, err = s.desk.Office.Companies(c.Request.Context(), office.Page{After: after, Limit: q.limit})
		if err != nil {
			return err
		}
	}
	items := make([]companyView, len(companies))
	for i, company := range companies {
		items[i] = viewOfCompany(company)
	}
	s.reply(c, newPage(items, c.FullPath(), companyList, next, q))
	return nil
}

// listPeople lists the people of one company by code.
func (s *Server) listPeople(c *gin.Context, who caller) error {
	q, err := parseQuery(c)
	if err != nil {
		return err
	}
	after, err := decodeCursor(peopleList, q.cursor)
	if err != nil {
		return err
	}
	id := c.Param("id")
	if len(id) > maxID || !who.sees(id) {
		return office.ErrNotFound
	}
	company, err := s.desk.Office.Company(c.Request.Context(), id)
	if err != nil {
		return err
	}
	people, next, err := s.desk.Office.People(c.Request.Context(), company.ID, office.Page{After: after, Limit: q.limit})
	if err != nil {
		return err
	}
	items := make([]personView, len(people))
	for i, p := range people {
		items[i] = personView{
			ID: p.ID, CompanyID: p.CompanyID, Code: p.Code, Name: p.Name, NameKana: p.NameKana,
			NumberRegistered: p.NumberRef != "", NumberRegisteredAt: instant(p.NumberRegisteredAt),
		}
	}
	s.reply(c, newPage(items, "/v1/companies/"+company.ID+"/people", peopleList, next, q))
	return nil
}

// person reads the person that the URL names. Another company's looks to a client's
// key as if there were none.
func (s *Server) person(c *gin.Context, who caller) (office.Person, error) {
	id := c.Param("id")
	if len(id) > maxID {
		return office.Person{}, office.ErrNotFound
	}
	p, err := s.desk.Office.Person(c.Request.Context(), id)
	if err != nil {
		return p, err
	}
	if !who.sees(p.CompanyID) {
		return office.Person{}, fmt.Errorf("person of another company: %w", office.ErrNotFound)
	}
	return p, nil
}
