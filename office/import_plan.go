package office

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// plan is the outcome of comparing a file with the database. Whether it may be
// carried out is for the caller to see from the table's errors.
type plan struct {
	summary        Summary
	companies      []Company
	companyUpdates []merged[Company]
	people         []Person
	personUpdates  []merged[Person]
}

// merged is a row that is there already and what the file makes of it.
type merged[T any] struct {
	before, after T
}

// result orders the errors as they stand in the file. A file with errors has an
// empty summary but for its kind.
func (p *plan) result(t *table) (Summary, []CellError, error) {
	if len(t.errors) == 0 {
		return p.summary, nil, nil
	}
	slices.SortStableFunc(t.errors, func(a, b CellError) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(t.position(a), t.position(b)))
	})
	if t.more {
		last := t.errors[len(t.errors)-1].Row
		t.errors = append(t.errors, CellError{Row: last, Problem: ruleMore.problem("", "ファイル")})
	}
	return Summary{Kind: p.summary.Kind}, t.errors, nil
}

// position is where in its row an error stands; those of no column come last.
func (t *table) position(e CellError) int {
	if t.sheet == nil {
		return 0
	}
	i := slices.Index(t.sheet.names, e.Column)
	if i < 0 || e.Column == "" {
		return csvColumns
	}
	return i
}

// plan compares the table with what q sees. It adds to the table's errors.
func (s *Store) plan(ctx context.Context, q sqlx.ExtContext, t *table) (*plan, error) {
	p := &plan{}
	if t.sheet == nil {
		return p, nil
	}
	content := slices.ContainsFunc(t.rows, func(r csvRow) bool { return !r.blank() })
	if !content && len(t.errors) == 0 {
		t.add(CellError{Problem: ruleEmpty.problem("", "ファイル")})
	}
	if t.sheet.people {
		p.summary.Kind = kindPeople
		return p, p.planPeople(ctx, q, t, s.now())
	}
	p.summary.Kind = kindCompanies
	return p, p.planCompanies(ctx, q, t)
}

func (p *plan) planCompanies(ctx context.Context, q sqlx.ExtContext, t *table) error {
	var list []Company
	err := sqlx.SelectContext(ctx, q, &list, selectCompany)
	if err != nil {
		return err
	}
	known := make(map[string]Company, len(list))
	for _, c := range list {
		known[c.Code] = c
	}
	seen := make(map[string]bool)
	for _, row := range t.rows {
		if t.skip(row) {
			continue
		}
		code := cleanCode(t.cell(row, companyCodeColumn))
		before, exists := known[code]
		c := fillRow(t, row, companyFields, before).Clean()
		if code != "" && seen[code] {
			t.rowError(row, ruleRepeat, companyCodeColumn, "会社コード")
		}
		seen[code] = true
		t.problems(row, c.Validate())
		switch {
		case !exists:
			p.companies = append(p.companies, c)
			p.summary.New++
		case len(changedFields(companyFields, &before, &c)) == 0:
			p.summary.Unchanged++
		default:
			p.companyUpdates = append(p.companyUpdates, merged[Company]{before, c})
			p.summary.Updated++
		}
	}
	return nil
}

// staff is what the plan has to know of one company: its id, and its people by code.
type staff struct {
	id     string
	people map[string]Person
}

func (p *plan) planPeople(ctx context.Context, q sqlx.ExtContext, t *table, now time.Time) error {
	companies, err := staffOf(ctx, q, t)
	if err != nil {
		return err
	}
	type key struct{ company, person string }
	seen := make(map[key]bool)
	for _, row := range t.rows {
		if t.skip(row) {
			continue
		}
		k := key{cleanCode(t.cell(row, companyCodeColumn)), cleanCode(t.cell(row, "person_code"))}
		company, found := companies[k.company]
		if !found {
			t.companyProblem(row, k.company)
		}
		before, exists := company.people[k.person]
		v := fillRow(t, row, personFields, before).Clean()
		v.CompanyID = company.id
		if k.person != "" && k.company != "" && seen[k] {
			t.rowError(row, ruleRepeat, "person_code", "個人コード")
		}
		seen[k] = true
		t.problems(row, v.Validate(now))
		switch {
		case !exists:
			p.people = append(p.people, v)
			p.summary.New++
		case len(changedFields(personFields, &before, &v)) == 0:
			p.summary.Unchanged++
		default:
			p.personUpdates = append(p.personUpdates, merged[Person]{before, v})
			p.summary.Updated++
		}
	}
	return nil
}

// companyProblem says why a row of a people file names no company.
func (t *table) companyProblem(row csvRow, code string) {
	f := companyFields[0]
	broken := f.broken(code)
	if broken == nil {
		broken = ruleCompany
	}
	t.problems(row, []Problem{broken.problem(f.name, f.label)})
}

// staffOf reads the companies that the file names, with their people.
func staffOf(ctx context.Context, q sqlx.ExtContext, t *table) (map[string]staff, error) {
	var ids []struct {
		ID   string `db:"id"`
		Code string `db:"code"`
	}
	err := sqlx.SelectContext(ctx, q, &ids, "SELECT id, code FROM office_company")
	if err != nil {
		return nil, err
	}
	named := make(map[string]bool)
	for _, row := range t.rows {
		named[cleanCode(t.cell(row, companyCodeColumn))] = true
	}
	companies := make(map[string]staff)
	for _, c := range ids {
		if !named[c.Code] {
			continue
		}
		var list []Person
		err = sqlx.SelectContext(ctx, q, &list, q.Rebind(selectPerson+" WHERE company_id = ?"), c.ID)
		if err != nil {
			return nil, err
		}
		people := make(map[string]Person, len(list))
		for _, v := range list {
			people[v.Code] = v
		}
		companies[c.Code] = staff{id: c.ID, people: people}
	}
	return companies, nil
}

// fillRow sets the fields that the file has a column for. A spreadsheet may leave
// off empty cells at the end of a row.
func fillRow[T any](t *table, row csvRow, fields []field[T], v T) T {
	for _, f := range fields {
		_, ok := t.sheet.columns[f.name]
		if ok {
			*f.at(&v) = t.cell(row, f.name)
		}
	}
	return v
}

// cell returns the content of a field in a row, without the apostrophe that keeps
// spreadsheets from taking it for a formula.
func (t *table) cell(row csvRow, name string) string {
	i, ok := t.sheet.columns[name]
	if !ok || i >= len(row.cells) {
		return ""
	}
	return unguard(row.cells[i])
}

// skip reports a row without content, and notes content outside the columns.
func (t *table) skip(row csvRow) bool {
	if row.blank() {
		return true
	}
	for i, cell := range row.cells {
		if cell != "" && (i >= len(t.sheet.names) || t.sheet.names[i] == "") {
			t.rowError(row, ruleExtra, "", "")
			break
		}
	}
	return false
}

func (t *table) rowError(row csvRow, r *rule, field, label string) {
	t.add(CellError{Row: row.number, Column: t.sheet.column(field), Problem: r.problem(field, label)})
}

// problems places problems in a row. A field without a column is the business of
// the header's errors when there are any: a required one was reported there.
func (t *table) problems(row csvRow, list []Problem) {
	for _, p := range list {
		_, ok := t.sheet.columns[p.Field]
		if !ok && p.Code == ruleRequired.code {
			continue
		}
		t.add(CellError{Row: row.number, Column: t.sheet.column(p.Field), Problem: p})
	}
}
