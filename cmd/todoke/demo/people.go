package demo

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"todoke/mynumber"
	"todoke/office"
	"todoke/vault"
)

// row is one person of the demo, with the number that goes to the vault.
type row struct {
	company string // name
	person  office.Person
	number  *vault.Number
}

// header is the first line of a people file.
var header = []string{"company", "person", "name", "kana", "birth_date", "sex", "postal_code", "address", "my_number"}

const (
	maxPeople = 100_000
	maxFile   = 64 << 20
)

// readPeople reads a people file (UTF-8, RFC 4180). The error lists every bad cell
// with its row and column, and never repeats a value.
func readPeople(in io.Reader, now time.Time) ([]row, error) {
	limited := &io.LimitedReader{R: in, N: maxFile + 1}
	reader := csv.NewReader(limited)
	reader.FieldsPerRecord = -1
	first, err := reader.Read()
	if err != nil {
		return nil, errors.New("人のCSVファイルを読めません。UTF-8のCSVで保存してください")
	}
	first[0] = strings.TrimPrefix(first[0], "\ufeff")
	if !slices.Equal(first, header) {
		return nil, fmt.Errorf("1行目は %s としてください", strings.Join(header, ","))
	}
	var rows []row
	var problems []error
	seen := map[string]bool{}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			wipe(rows)
			return nil, errors.Join(append(problems, fmt.Errorf("%d人目: CSVとして読めません", len(rows)+1))...)
		}
		line, _ := reader.FieldPos(0)
		r, found := readRow(record, len(rows), now)
		key := strings.Join(record[:min(len(record), 2)], "\x00")
		if seen[key] {
			found = append(found, "person: 同じ会社に同じ番号の人がいます。別の番号にしてください")
		}
		seen[key] = true
		for _, problem := range found {
			problems = append(problems, fmt.Errorf("%d行目 %s", line, problem))
		}
		rows = append(rows, r)
		if len(rows) > maxPeople || limited.N <= 0 {
			return nil, fmt.Errorf("ファイルが大きすぎます（%d人まで）", maxPeople)
		}
	}
	if len(rows) == 0 && len(problems) == 0 {
		problems = append(problems, errors.New("人が1人も書かれていません"))
	}
	if len(problems) > 0 {
		wipe(rows)
		return nil, errors.Join(problems...)
	}
	return rows, nil
}

// officeCode is what an office can call a person by.
var officeCode = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$`)

// madeUp fills the cells that a people file leaves empty, visibly synthetic.
var madeUp = map[int]string{
	3: "カナ　ミトウロク", 4: "1990-01-01", 5: "male", 6: "1000001", 7: "東京都千代田区架空町１丁目１番",
}

func readRow(record []string, n int, now time.Time) (row, []string) {
	if len(record) != len(header) {
		return row{}, []string{fmt.Sprintf("列が%dあります。%d列にしてください", len(record), len(header))}
	}
	record = slices.Clone(record)
	for i, value := range madeUp {
		if strings.TrimSpace(record[i]) == "" {
			record[i] = value
		}
	}
	code := strings.TrimSpace(record[1])
	if !officeCode.MatchString(code) || mynumber.In(code) {
		code = fmt.Sprintf("R%06d", n+1) // the file's own code is too long, or not for an office
	}
	r := row{company: strings.TrimSpace(record[0]), person: office.Person{
		Code: code, Name: record[2], NameKana: record[3], BirthDate: record[4], Sex: record[5],
		PostalCode: record[6], Address: record[7],
	}.Clean()}
	var problems []string
	for i, cell := range record[:len(record)-1] {
		if mynumber.In(cell) {
			problems = append(problems, header[i]+": 個人番号と思われる12桁の数字があります。my_number の列に書いてください")
		}
	}
	if r.company == "" {
		problems = append(problems, "company: 会社名を書いてください")
	}
	for _, p := range r.person.Validate(now) {
		problems = append(problems, column(p.Field)+": "+p.Message+" "+p.Remedy)
	}
	number, err := vault.ParseNumber([]byte(record[len(record)-1]))
	if err != nil {
		problems = append(problems, "my_number: "+err.Error())
	}
	r.number = number
	return r, problems
}

// column is the people file's name for a field of a person.
func column(field string) string {
	switch field {
	case "person_code":
		return "person"
	case "name_kana":
		return "kana"
	}
	return field
}

func wipe(rows []row) {
	for _, r := range rows {
		if r.number != nil {
			r.number.Wipe()
		}
	}
}

// builtin returns the made-up people of the demo: three companies, eighteen people.
func builtin() []row {
	families := []struct{ kanji, kana string }{
		{"見本", "ミホン"}, {"試験", "シケン"}, {"例示", "レイジ"}, {"架空", "カクウ"}, {"仮名", "カメイ"}, {"模擬", "モギ"},
	}
	given := []struct{ kanji, kana, sex string }{
		{"太郎", "タロウ", "male"}, {"花子", "ハナコ", "female"}, {"次郎", "ジロウ", "male"},
	}
	companies := []string{"架空商事株式会社", "見本製作所株式会社", "例示食品有限会社"}
	var rows []row
	for c, company := range companies {
		for f, family := range families {
			n := c*len(families) + f
			name := given[(c+f)%len(given)]
			rows = append(rows, row{company: company, number: syntheticNumber(n), person: office.Person{
				Code: fmt.Sprintf("P%03d", n+1), Name: family.kanji + "　" + name.kanji, NameKana: family.kana + "　" + name.kana,
				BirthDate: fmt.Sprintf("%d-%02d-%02d", 1968+n*2, n%12+1, n+1), Sex: name.sex,
				PostalCode: "1000001", Address: fmt.Sprintf("東京都千代田区架空町%d丁目%d番", c+1, f+1),
			}.Clean()})
		}
	}
	return rows
}

// syntheticNumber is 9000000 followed by a counter and a valid check digit.
func syntheticNumber(n int) *vault.Number {
	text := fmt.Sprintf("9000000%04d", n)
	var first [11]byte
	for i := range first {
		first[i] = text[i] - '0'
	}
	number, err := vault.ParseNumber(append([]byte(text), '0'+mynumber.CheckDigit(first)))
	if err != nil {
		panic(err) // the check digit was just computed
	}
	return number
}
