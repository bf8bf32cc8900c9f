package office

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jmoiron/sqlx"
)

// Summary counts what an import did, or would do.
type Summary struct {
	Kind      string `json:"kind"` // companies, people; "" when the file could not be read that far
	New       int    `json:"new"`
	Updated   int    `json:"updated"`
	Unchanged int    `json:"unchanged"`
}

const (
	kindCompanies = "companies"
	kindPeople    = "people"
)

// errRefused rolls back the transaction of a file with errors.
var errRefused = errors.New("file has errors")

// table is a CSV file that could be read, before it is compared with the database.
type table struct {
	sheet  *sheet
	rows   []csvRow
	errors []CellError
	more   bool // errors were left off
}

// ImportPlan says what Import would do with the file, and changes nothing.
func (s *Store) ImportPlan(ctx context.Context, r io.Reader) (Summary, []CellError, error) {
	t, err := readTable(r)
	if err != nil {
		return Summary{}, nil, fmt.Errorf("read file to import: %w", err)
	}
	p, err := s.plan(ctx, s.db.Read, t)
	if err != nil {
		return Summary{}, nil, fmt.Errorf("plan import: %w", err)
	}
	return p.result(t)
}

// Import takes over a CSV file of companies or people, recognised by its header:
// rows with a known code update what is there, others are new; a column that the
// file does not have is left as it is, an empty cell clears. With one error or more
// nothing is changed and all errors are returned, in the order of the file. The
// third result is about reading the file or the database.
//
// The file is UTF-8, at most 16 MB, 20,000 rows and 64 columns. My Numbers are
// refused wherever they stand, a column of them with the whole file.
func (s *Store) Import(ctx context.Context, r io.Reader, by string) (Summary, []CellError, error) {
	t, err := readTable(r)
	if err != nil {
		return Summary{}, nil, fmt.Errorf("read file to import: %w", err)
	}
	if t.sheet == nil { // nothing to compare, so no need to hold up other writers
		return (&plan{}).result(t)
	}
	var p *plan
	err = s.inTx(ctx, by, func(tx *sqlx.Tx) error {
		var err error
		p, err = s.plan(ctx, tx, t)
		if err != nil {
			return err
		}
		if len(t.errors) > 0 {
			return errRefused
		}
		return s.apply(ctx, tx, p, by)
	})
	if err != nil && !errors.Is(err, errRefused) {
		return Summary{}, nil, fmt.Errorf("import: %w", err)
	}
	return p.result(t)
}

func (s *Store) apply(ctx context.Context, tx *sqlx.Tx, p *plan, by string) error {
	for i := range p.companies {
		p.companies[i] = s.newCompany(p.companies[i])
	}
	err := s.insertCompanies(ctx, tx, p.companies, by, actionImported)
	if err != nil {
		return err
	}
	for i := range p.people {
		p.people[i] = s.newPerson(p.people[i])
	}
	err = s.insertPeople(ctx, tx, p.people, by, actionImported)
	if err != nil {
		return err
	}
	for _, c := range p.companyUpdates {
		err = s.updateCompany(ctx, tx, c.before, c.after, by, actionMerged)
		if err != nil {
			return err
		}
	}
	for _, v := range p.personUpdates {
		_, err = s.updatePerson(ctx, tx, v.before, v.after, by, actionMerged)
		if err != nil {
			return err
		}
	}
	return nil
}

// readTable reads and splits the file and its header. An error is one of reading;
// what is wrong with the file is in table.errors.
func readTable(r io.Reader) (*table, error) {
	text, broken, err := readText(r)
	if err != nil {
		return nil, err
	}
	t := &table{}
	if broken != nil {
		t.add(broken...)
		return t, nil
	}
	rows, shape := scanCSV(text)
	if len(rows) == 0 {
		t.add(CellError{Problem: ruleEmpty.problem("", "ファイル")})
		return t, nil
	}
	var errs []CellError
	t.sheet, errs = readHeader(rows[0])
	t.add(errs...)
	for _, e := range shape {
		cell := CellError{Row: e.row, Problem: e.rule.problem("", "")}
		if t.sheet != nil && e.cell >= 0 && e.cell < len(t.sheet.names) {
			cell.Column = t.sheet.names[e.cell]
		}
		t.add(cell)
	}
	t.rows = rows[1:]
	return t, nil
}

// add keeps the number of errors, and so the memory for them, in bounds.
func (t *table) add(errs ...CellError) {
	room := csvErrors - len(t.errors)
	if len(errs) > room {
		t.more, errs = true, errs[:max(room, 0)]
	}
	t.errors = append(t.errors, errs...)
}
