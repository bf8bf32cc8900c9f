package demo

import (
	"strings"
	"testing"
	"time"

	"todoke/mynumber"
)

var today = time.Date(2026, 7, 1, 0, 0, 0, 0, jst)

const head = "company,person,name,kana,birth_date,sex,postal_code,address,my_number\n"

func TestReadPeopleMakesUpWhatIsMissing(t *testing.T) {
	t.Parallel()
	rows, err := readPeople(strings.NewReader("\ufeff"+head+
		"Acme Inc.,3f2b8c1e-7a4d-4d0e-9c3b-0123456789ab,試験 太郎,,1985-04-02,male,,,123456789018\r\n"+
		"Acme Inc.,社員１,ｼｹﾝ 花子,ｼｹﾝ ﾊﾅｺ,1990-02-28,女,100-0001,\"東京都千代田区, 1-1\",1111-1111-1118\r\n"), today)
	if err != nil {
		t.Fatal(err)
	}
	first, second := rows[0].person, rows[1].person
	if first.Code != "R000001" || first.NameKana == "" || first.PostalCode != "1000001" || first.Address == "" {
		t.Errorf("first = %+v", first)
	}
	if second.Code != "R000002" || second.NameKana != "シケン　ハナコ" || second.Sex != "female" || second.PostalCode != "1000001" {
		t.Errorf("second = %+v", second)
	}
}

func TestReadPeopleTellsEveryBadCell(t *testing.T) {
	t.Parallel()
	number := "870000000014" // its check digit is wrong
	_, err := readPeople(strings.NewReader(head+
		"会社,1,試験 太郎,シケン タロウ,1985-13-02,male,1000001,東京都,123456789018\n"+
		",2,試験 太郎,シケン タロウ,1985-01-02,neither,1000001,123456789018,"+number+"\n"+
		"会社,1,試験 太郎,シケン タロウ,1985-01-02,male,1000001,東京都,123456789018\n"+
		"会社,3,試験 太郎\n"), today)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"2行目 birth_date", "3行目 company", "3行目 sex", "3行目 address", "3行目 my_number", "4行目 person", "5行目 列",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	if mynumber.In(err.Error()) {
		t.Error("the message repeats a number")
	}
	for name, text := range map[string]string{"empty": "", "no rows": head, "other header": "a,b\n1,2\n", "broken quotes": head + "\"a"} {
		_, err := readPeople(strings.NewReader(text), today)
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func FuzzReadPeople(f *testing.F) {
	f.Add(head + "会社,1,試験 太郎,シケン タロウ,1985-01-02,male,1000001,東京都,123456789018\n")
	f.Add(head + ",,,,,,,,\n\"")
	f.Add("\ufeff" + head + "\xff,1,2\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := readPeople(strings.NewReader(text), today)
		if err != nil && len(rows) > 0 {
			t.Error("rows beside an error")
		}
		if err != nil && mynumber.In(err.Error()) {
			t.Errorf("the message repeats what looks like a number: %v", err)
		}
		for _, r := range rows {
			if r.company == "" || r.number == nil || r.person.Name == "" {
				t.Errorf("an incomplete person was accepted: %+v", r.person)
			}
		}
	})
}
