package demo

import (
	"fmt"
	"time"

	"todoke/office"
)

// The four procedures of the demo.
const (
	pensionAcquisition    = "4950013521019000"
	pensionLoss           = "4950013520714000"
	employmentAcquisition = "4950008680033000"
	employmentLoss        = "4950008680034000"
)

// filing is a filing that the demo makes up for a person.
type filing struct {
	procedure string
	event     map[string]string
}

// filingsFor makes up one filing of each procedure: hired on the first of this
// month, and, as if for somebody else, gone at the end of the last one.
func filingsFor(p office.Person, now time.Time) []filing {
	day := now.In(jst)
	hired := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, jst)
	gone := hired.AddDate(0, 0, -1)
	since := time.Date(gone.Year()-1, 4, 1, 0, 0, 0, 0, jst)
	health := map[string]string{"health_insurance": "1", "pension_insurance": "1"}
	aged := ageAt(p.BirthDate, hired) >= 70
	if aged {
		health = map[string]string{"health_insurance": "1"}
	}
	acquisition := merge(health, map[string]string{
		"acquisition_date": date(hired), "dependants": "無", "salary_cash": "280000",
	})
	if aged {
		acquisition["over_70"] = "1"
	}
	return []filing{
		{pensionAcquisition, acquisition},
		{pensionLoss, merge(health, map[string]string{
			"loss_date": date(hired), "loss_cause": "4", "retirement_date": date(gone), "cards_attached": "1",
		})},
		{employmentAcquisition, map[string]string{
			"acquisition_kind": "1", "cause": "2", "wage_form": "1", "wage_amount": "280", "acquisition_date": date(hired),
			"employment_form": "7", "occupation": "03", "route": "2", "weekly_hours": "40:00", "contract_period": "無",
		}},
		{employmentLoss, map[string]string{
			"acquisition_date": date(since), "separation_date": date(gone), "loss_cause": "2", "weekly_hours": "40:00",
			"loss_reason": "自己都合による退職",
		}},
	}
}

// mistake is a draft that shows what validation catches.
type mistake struct {
	person office.Person
	filing filing
}

// mistakes are drafts that must not pass, one for each kind of mistake that staff
// make most: a character that e-Gov does not take, a date that contradicts another,
// and fields that are missing.
func mistakes(now time.Time) []mistake {
	person := func(code, name string) office.Person {
		return office.Person{Code: code, Name: name, NameKana: "ゴジ　レイコ", BirthDate: "1990-05-05", Sex: "female",
			PostalCode: "1000001", Address: "東京都千代田区架空町9丁目9番"}.Clean()
	}
	filings := filingsFor(person("", ""), now)
	character, contradiction := filings[0], filings[1]
	contradiction.event = merge(contradiction.event, map[string]string{"loss_date": contradiction.event["retirement_date"]})
	missing := filing{employmentAcquisition, map[string]string{"acquisition_kind": "1", "acquisition_date": "2026-02-30"}}
	return []mistake{
		{person("E001", "髙橋　例子"), character},
		{person("E002", "誤字　例子"), contradiction},
		{person("E003", "不足　例子"), missing},
	}
}

var jst = time.FixedZone("JST", 9*60*60)

func date(t time.Time) string { return t.Format(time.DateOnly) }

func ageAt(birth string, day time.Time) int {
	born, err := time.Parse(time.DateOnly, birth)
	if err != nil {
		return 0
	}
	age := day.Year() - born.Year()
	if day.YearDay() < born.YearDay() {
		age--
	}
	return age
}

func merge(maps ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, m := range maps {
		for key, value := range m {
			all[key] = value
		}
	}
	return all
}

// company makes up the n-th company, visibly synthetic.
func company(n int, name string) office.Company {
	return office.Company{
		Code: fmt.Sprintf("C%03d", n+1), Name: name, NameKana: "デモジギョウショ", CorporateNumber: corporateNumber(n),
		PostalCode: "1000001", Address: fmt.Sprintf("東京都千代田区見本町%d丁目1番1号", n+1), AddressKana: "トウキョウトチヨダクミホンチョウ",
		Phone: fmt.Sprintf("03-0000-%04d", n), Email: fmt.Sprintf("c%03d@example.com", n+1),
		RepresentativeName: "代表　者一", RepresentativeKana: "ダイヒョウ　シャイチ", RepresentativeTitle: "代表取締役",
		PensionPrefecture: "21", PensionDistrict: "01", PensionSymbol: "デモ", PensionNumber: fmt.Sprintf("%05d", n%100000),
		EmploymentNumber:     fmt.Sprintf("1300-%06d-1", n%1000000),
		PensionDestinationID: "49511200070000000000138", PensionDestinationName: "東京,渋谷年金事務所（東京事務センター）",
		EmploymentDestinationID: "49511000010000000003829", EmploymentDestinationName: "東京都,渋谷公共職業安定所",
	}.Clean()
}

// corporateNumber is a 法人番号 with a valid check digit in front (国税庁: 9 minus
// the weighted sum of the twelve digits behind it modulo 9).
func corporateNumber(n int) string {
	basis := fmt.Sprintf("9999%08d", n)
	sum := 0
	for i := range len(basis) {
		weight := 1 + (len(basis)-1-i)%2
		sum += int(basis[i]-'0') * weight
	}
	return fmt.Sprintf("%d%s", 9-sum%9, basis)
}
