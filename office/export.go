package office

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/jmoiron/sqlx"
)

// byteOrderMark makes Excel read the file as UTF-8.
const byteOrderMark = "\xEF\xBB\xBF"

// formulaStarts are the characters with which a spreadsheet takes a cell for a
// formula, the full-width forms included.
const formulaStarts = "=+-@\t\r＝＋－＠"

// guard puts an apostrophe before what a spreadsheet could execute, and before what
// unguard would shorten, so that unguard(guard(x)) is x for every x.
func guard(cell string) string {
	if isGuarded(cell) {
		return "'" + cell
	}
	return cell
}

// unguard takes the apostrophe away that guard has put.
func unguard(cell string) string {
	if strings.HasPrefix(cell, "'") && isGuarded(cell) {
		return cell[1:]
	}
	return cell
}

func isGuarded(cell string) bool {
	bare := strings.TrimLeft(cell, "'")
	return bare != "" && strings.IndexAny(bare, formulaStarts) == 0
}

// ExportCompanies writes all companies as a CSV file that Import takes back
// unchanged: UTF-8 with byte order mark, CRLF. The export is noted in the change
// table before anything is written.
func (s *Store) ExportCompanies(ctx context.Context, w io.Writer, by string) error {
	err := s.noteExport(ctx, Change{Actor: by, Kind: kindCompany, Action: actionExported})
	if err != nil {
		return err
	}
	out, err := startExport(w, fieldNames(companyFields))
	if err != nil {
		return err
	}
	page := Page{Limit: pageMost}
	for {
		list, next, err := s.Companies(ctx, page)
		if err != nil {
			return err
		}
		for i := range list {
			err = out.Write(exportRow(companyFields, &list[i]))
			if err != nil {
				return fmt.Errorf("export companies: %w", err)
			}
		}
		if next == "" {
			return finishExport(out)
		}
		page.After = next
	}
}

// ExportPeople writes the people of one company, or of all companies when companyID
// is "", as a CSV file that Import takes back unchanged. References to the vault
// are not part of it. The export is noted in the change table before anything is
// written. Errors: ErrNotFound.
func (s *Store) ExportPeople(ctx context.Context, w io.Writer, companyID, by string) error {
	if companyID != "" {
		_, err := s.Company(ctx, companyID)
		if err != nil {
			return err
		}
	}
	err := s.noteExport(ctx, Change{Actor: by, Kind: kindPerson, CompanyID: companyID, Action: actionExported})
	if err != nil {
		return err
	}
	out, err := startExport(w, append([]string{companyCodeColumn}, fieldNames(personFields)...))
	if err != nil {
		return err
	}
	if companyID != "" {
		c, err := s.Company(ctx, companyID)
		if err != nil {
			return err
		}
		err = s.exportStaff(ctx, out, &c)
		if err != nil {
			return err
		}
		return finishExport(out)
	}
	page := Page{Limit: pageMost}
	for {
		list, next, err := s.Companies(ctx, page)
		if err != nil {
			return err
		}
		for i := range list {
			err = s.exportStaff(ctx, out, &list[i])
			if err != nil {
				return err
			}
		}
		if next == "" {
			return finishExport(out)
		}
		page.After = next
	}
}

func (s *Store) exportStaff(ctx context.Context, out *csv.Writer, c *Company) error {
	page := Page{Limit: pageMost}
	for {
		list, next, err := s.People(ctx, c.ID, page)
		if err != nil {
			return err
		}
		for i := range list {
			err = out.Write(append([]string{guard(c.Code)}, exportRow(personFields, &list[i])...))
			if err != nil {
				return fmt.Errorf("export people: %w", err)
			}
		}
		if next == "" {
			return nil
		}
		page.After = next
	}
}

func (s *Store) noteExport(ctx context.Context, c Change) error {
	return s.inTx(ctx, c.Actor, func(tx *sqlx.Tx) error { return s.record(ctx, tx, c) })
}

func startExport(w io.Writer, header []string) (*csv.Writer, error) {
	_, err := io.WriteString(w, byteOrderMark)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	err = out.Write(header)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return out, nil
}

func finishExport(out *csv.Writer) error {
	out.Flush()
	err := out.Error()
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

func fieldNames[T any](fields []field[T]) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

func exportRow[T any](fields []field[T], v *T) []string {
	row := make([]string, len(fields))
	for i, f := range fields {
		row[i] = guard(*f.at(v))
	}
	return row
}
