package office

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
)

// What a CSV file may be at most. Together they bound the memory that an import
// takes, whatever the file.
const (
	csvBytes   = 16 << 20
	csvRows    = 20_001 // the header included
	csvColumns = 64
	csvCell    = 4_000 // bytes
	csvErrors  = 5_000
)

// CellError is a Problem with its place in a CSV file.
type CellError struct {
	Row    int    `json:"row"`    // as a spreadsheet counts: the header is row 1; 0 is the file as a whole
	Column string `json:"column"` // the header as the file has it, a number in it masked; "" when no column is meant
	Problem
}

// csvRow is one record; an empty line is a record without cells.
type csvRow struct {
	number int
	cells  []string
}

// blank reports whether there is nothing in the row.
func (r *csvRow) blank() bool {
	for _, cell := range r.cells {
		if cell != "" {
			return false
		}
	}
	return true
}

// readText reads a bounded file and makes sure that it is UTF-8 text. The text
// comes without byte order mark.
func readText(r io.Reader) (string, []CellError, error) {
	data, err := io.ReadAll(io.LimitReader(r, csvBytes+1))
	if err != nil {
		return "", nil, err
	}
	broken := brokenFile(data)
	if broken != nil {
		return "", []CellError{{Problem: broken.problem("", "ファイル")}}, nil
	}
	return string(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))), nil, nil
}

func brokenFile(data []byte) *rule {
	switch {
	case len(data) > csvBytes:
		return ruleFileSize
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return ruleWorkbook
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return ruleUTF16
	case bytes.IndexByte(data, 0) >= 0:
		return ruleNotText
	case utf8.Valid(data):
		return nil
	}
	decoded, err := japanese.ShiftJIS.NewDecoder().Bytes(data)
	if err == nil && !bytes.ContainsRune(decoded, utf8.RuneError) {
		return ruleShiftJIS
	}
	return ruleNotText
}

// shapeError is a fault in the shape of a cell; which column it is in is known
// once the header is.
type shapeError struct {
	row, cell int // cell counts from 0; -1 for the row as a whole
	rule      *rule
}

// scanner splits text into records by RFC 4180, with LF or CR accepted beside
// CRLF. What is wrong is noted and reading goes on, so that every error is found.
type scanner struct {
	text   string
	at     int
	row    int
	column int
	errors []shapeError
}

// scanCSV returns the records up to the limit of rows.
func scanCSV(text string) ([]csvRow, []shapeError) {
	s := scanner{text: text}
	var rows []csvRow
	for s.at < len(s.text) {
		s.row++
		if s.row > csvRows {
			s.column = -1
			s.note(ruleRows)
			break
		}
		rows = append(rows, s.record())
	}
	return rows, s.errors
}

func (s *scanner) note(r *rule) {
	if len(s.errors) <= csvErrors {
		s.errors = append(s.errors, shapeError{row: s.row, cell: s.column, rule: r})
	}
}

// record reads one record with the end of its line.
func (s *scanner) record() csvRow {
	row := csvRow{number: s.row}
	if s.lineEnd() {
		return row
	}
	for s.column = 0; ; s.column++ {
		cell := s.cell()
		if len(cell) > csvCell {
			s.note(ruleCellSize)
			cell = ""
		}
		switch {
		case s.column < csvColumns:
			row.cells = append(row.cells, cell)
		case s.column == csvColumns:
			s.note(ruleColumns)
		}
		if s.at < len(s.text) && s.text[s.at] == ',' {
			s.at++
			continue
		}
		s.lineEnd()
		return row
	}
}

// lineEnd skips one end of line, if the text goes on with one.
func (s *scanner) lineEnd() bool {
	rest := s.text[s.at:]
	switch {
	case strings.HasPrefix(rest, "\r\n"):
		s.at += 2
	case strings.HasPrefix(rest, "\n"), strings.HasPrefix(rest, "\r"):
		s.at++
	default:
		return false
	}
	return true
}

// cell reads up to the next comma or end of line outside quotes.
func (s *scanner) cell() string {
	if s.at < len(s.text) && s.text[s.at] == '"' {
		return s.quoted()
	}
	cell := s.plain()
	if strings.Contains(cell, `"`) {
		s.note(ruleQuote)
	}
	return cell
}

func (s *scanner) plain() string {
	rest := s.text[s.at:]
	end := strings.IndexAny(rest, ",\r\n")
	if end < 0 {
		end = len(rest)
	}
	s.at += end
	return rest[:end]
}

func (s *scanner) quoted() string {
	start := s.at + 1
	for i := start; ; {
		next := strings.IndexByte(s.text[i:], '"')
		if next < 0 {
			s.note(ruleQuote)
			s.at = len(s.text)
			return s.text[start:]
		}
		i += next
		if strings.HasPrefix(s.text[i:], `""`) {
			i += 2
			continue
		}
		cell := s.text[start:i]
		s.at = i + 1
		if s.plain() != "" { // something between the closing quote and the comma
			s.note(ruleQuote)
		}
		if len(cell) <= 2*csvCell { // beyond it the cell is refused anyway
			cell = strings.ReplaceAll(strings.ReplaceAll(cell, `""`, `"`), "\r\n", "\n")
		}
		return cell
	}
}
