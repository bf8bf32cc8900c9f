package desk

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"todoke/mynumber"
	"todoke/office"
	"todoke/vault"
)

// NumberHeader is the first line of a file of numbers: the office's codes of
// company and person, and the number.
var NumberHeader = []string{"company_code", "person_code", "my_number"}

const (
	maxNumberFile = 16 << 20
	maxNumberRows = 100_000
	// maxNumberProblems is more than anybody reads.
	maxNumberProblems = 1000
)

// NumberFileError lists everything that is wrong with a file of numbers, by row
// and column. It never repeats a cell.
type NumberFileError struct{ Problems []string }

// Error joins the problems, one a line.
func (e *NumberFileError) Error() string { return strings.Join(e.Problems, "\n") }

// numberRow is one line whose person is known and whose number is valid.
type numberRow struct {
	person office.Person
	number *vault.Number
}

// ImportNumbers takes every number of a CSV file (UTF-8, RFC 4180, NumberHeader
// first) into custody and returns how many. With a *NumberFileError nothing was
// taken; any other error may leave some taken, and importing again is harmless.
func (d *Desk) ImportNumbers(ctx context.Context, who Person, in io.Reader) (int, error) {
	err := who.may(office.Staff, office.Responsible)
	if err != nil {
		return 0, err
	}
	rows, err := d.readNumbers(ctx, in)
	defer func() {
		for _, r := range rows {
			r.number.Wipe()
		}
	}()
	if err != nil {
		return 0, err
	}
	for i, r := range rows {
		err = d.PutNumber(ctx, who, r.person.ID, r.number)
		if err != nil {
			return i, fmt.Errorf("register number %d of %d: %w", i+1, len(rows), err)
		}
	}
	return len(rows), nil
}

func (d *Desk) readNumbers(ctx context.Context, in io.Reader) ([]numberRow, error) {
	limited := &io.LimitedReader{R: in, N: maxNumberFile + 1}
	reader := csv.NewReader(limited)
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil || !isNumberHeader(header) {
		return nil, &NumberFileError{Problems: []string{"1行目は " + strings.Join(NumberHeader, ",") + " とし、UTF-8のCSVで保存してください"}}
	}
	people := &directory{desk: d, companies: map[string]map[string]office.Person{}}
	var rows []numberRow
	var problems []string
	seen := map[string]int{}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return rows, &NumberFileError{Problems: append(problems, fmt.Sprintf("%d件目のあと: CSVとして読めません", len(rows)))}
		}
		line, _ := reader.FieldPos(0)
		row, found, err := people.read(ctx, record)
		if err != nil {
			return rows, err
		}
		if first := seen[row.person.ID]; row.person.ID != "" && first > 0 {
			found = append(found, fmt.Sprintf("person_code: %d行目と同じ人です", first))
		}
		seen[row.person.ID] = line
		for _, problem := range found {
			problems = append(problems, fmt.Sprintf("%d行目 %s", line, problem))
		}
		if len(problems) > maxNumberProblems {
			return rows, &NumberFileError{Problems: append(problems, "誤りが多すぎるため、ここまでで止めました")}
		}
		if row.number != nil {
			rows = append(rows, row)
		}
		if limited.N <= 0 || len(rows) > maxNumberRows {
			return rows, &NumberFileError{Problems: []string{"ファイルが大きすぎます。分けて取り込んでください"}}
		}
	}
	if len(problems) > 0 {
		return rows, &NumberFileError{Problems: problems}
	}
	return rows, nil
}

func isNumberHeader(header []string) bool {
	header = slices.Clone(header)
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	return slices.Equal(header, NumberHeader)
}

// directory finds people by the office's codes, reading each company once.
type directory struct {
	desk      *Desk
	companies map[string]map[string]office.Person // by company code, then person code
}

// read returns the row's person and number, and what is wrong with it in words.
func (p *directory) read(ctx context.Context, record []string) (numberRow, []string, error) {
	if len(record) != len(NumberHeader) {
		return numberRow{}, []string{fmt.Sprintf("列が%dあります。%d列にしてください", len(record), len(NumberHeader))}, nil
	}
	var row numberRow
	var problems []string
	number, err := vault.ParseNumber([]byte(record[2]))
	if err != nil {
		problems = append(problems, "my_number: "+err.Error())
	}
	row.number = number
	people, err := p.company(ctx, record[0])
	if err != nil {
		return row, nil, err
	}
	person, known := people[strings.TrimSpace(record[1])]
	switch {
	case people == nil:
		problems = append(problems, "company_code: この会社コードの事業所は登録されていません")
	case !known:
		problems = append(problems, "person_code: この事業所にこのコードの人は登録されていません")
	}
	row.person = person
	return row, problems, nil
}

// company returns the people of a company by code, nil for an unknown company.
func (p *directory) company(ctx context.Context, code string) (map[string]office.Person, error) {
	code = strings.TrimSpace(code)
	people, read := p.companies[code]
	if read {
		return people, nil
	}
	if mynumber.In(code) {
		return nil, nil
	}
	company, err := p.desk.Office.CompanyByCode(ctx, code)
	if errors.Is(err, office.ErrNotFound) {
		p.companies[code] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	people = map[string]office.Person{}
	for page := (office.Page{}); ; {
		some, next, err := p.desk.Office.People(ctx, company.ID, page)
		if err != nil {
			return nil, err
		}
		for _, person := range some {
			people[person.Code] = person
		}
		if next == "" {
			break
		}
		page.After = next
	}
	p.companies[code] = people
	return people, nil
}
