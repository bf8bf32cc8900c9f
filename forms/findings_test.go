package forms

import (
	"slices"
	"strings"
	"testing"
)

// findingCase is one situation and the codes that Fill must report for it, in
// any order and no others.
type findingCase struct {
	name  string
	id    string
	facts []string // changes to the typical facts; an empty value removes
	event []string // changes to the typical event
	want  []string
}

func changed[M ~map[string]string](m M, pairs []string) M {
	m = with(m, pairs...)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			delete(m, pairs[i])
		}
	}
	return m
}

var foreigner = []string{"residence_status", "18", "nationality", "105", "residence_card", "AB12345678CD", "stay_until", "2027-03-31", "outside_permission", "有", "dispatch", "2"}

var findingCases = []findingCase{
	{"required event field", pensionGain, nil, []string{"dependants", ""}, []string{codeRequired}},
	{"two at once", pensionGain, nil, []string{"dependants", "", "salary_cash", ""}, []string{codeRequired, codeRequired, codeRequired}},
	{"missing fact", pensionGain, []string{"person.name_kana", ""}, nil, []string{codeMissingFact}},
	{"missing fact in several columns", pensionGain, []string{"company.address", ""}, nil, []string{codeMissingFact}},
	{"unknown field", pensionGain, nil, []string{"nickname", "x"}, []string{codeUnknownField}},
	{"field of the master data", pensionGain, nil, []string{"office_name", "x"}, []string{codeUnknownField}},
	{"number in text", pensionGain, nil, []string{"remark_other", "1", "remark_other_text", "番号 1234-5678-9018"}, []string{codeHoldsNumber}},
	{"number in unknown field", pensionGain, nil, []string{"my_number", "１２３４　５６７８　９０１８"}, []string{codeHoldsNumber, codeUnknownField}},
	{"髙", pensionGain, []string{"person.name", "髙橋　花子"}, nil, []string{codeCharacter}},
	{"emoji and 﨑", employmentGain, []string{"person.name", "山﨑　😀子"}, nil, []string{codeCharacter, codeCharacter}},
	{"combining mark", pensionGain, []string{"person.name", "見本゙　花\u0301子"}, nil, []string{codeCharacter, codeCharacter}},
	{"control character", employmentLoss, nil, []string{"loss_reason", "自己\n都合"}, []string{codeCharacter}},
	{"name too long", pensionGain, []string{"person.name", "寿限無寿限無五劫の　擦り切れ"}, nil, []string{codeTooLong}},
	{"huge value", employmentLoss, nil, []string{"loss_reason", strings.Repeat("あ", maxValueOctets)}, []string{codeTooLong}},
	{"office number short", pensionGain, []string{"company.pension_number", "123"}, nil, []string{codeTooShort}},
	{"office number long", pensionGain, []string{"company.pension_number", "123456"}, nil, []string{codeTooLong}},
	{"office number letters", pensionGain, []string{"company.pension_number", "12A45"}, nil, []string{codeNotDigits}},
	{"no such day", pensionGain, nil, []string{"acquisition_date", "2026-02-29"}, []string{codeNotDate}},
	{"not a date", pensionGain, nil, []string{"acquisition_date", "来月"}, []string{codeNotDate}},
	{"stay far away", employmentGain, nil, append(slices.Clone(foreigner), "stay_until", "2999-01-01"), []string{codeNotDate}},
	{"era column", pensionGain, []string{"person.birth_date", "1920-01-01"}, nil, []string{codeEraColumn}},
	{"平成32年", pensionGain, nil, []string{"acquisition_date", "平成32年4月1日"}, []string{codeOutsideEra}},
	{"unknown code", employmentGain, nil, []string{"cause", "5"}, []string{codeUnknownCode}},
	{"kanji in kana", pensionGain, []string{"person.name_kana", "見本　ハナコ"}, nil, []string{codeKana}},
	{"name without blank", pensionGain, []string{"person.name", "見本花子"}, nil, []string{codeNameBlank}},
	{"phone", pensionGain, []string{"company.phone", "0312345678"}, nil, []string{codePhone}},
	{"postal", pensionGain, []string{"company.postal_code", "15000"}, nil, []string{codePostal}},
	{"employment number", employmentGain, []string{"company.employment_number", "1301-123456"}, nil, []string{code461}},
	{"amount range", employmentGain, nil, []string{"wage_amount", "250000"}, []string{codeAmountRange}},
	{"salary total below 1000", pensionGain, nil, []string{"salary_cash", "250"}, []string{codeAmountRange}},
	{"amount", pensionGain, nil, []string{"salary_cash", "25万"}, []string{codeAmount}},
	{"hours", employmentGain, nil, []string{"weekly_hours", "40:75"}, []string{codeHours}},
	{"roman", employmentGain, []string{"person.name_roman", "ミホン"}, foreigner, []string{codeRoman}},
	{"symbol", pensionGain, []string{"company.pension_symbol", "け／と"}, nil, []string{codeSymbol}},
	{"residence card", employmentGain, nil, append(slices.Clone(foreigner), "residence_card", "12345678"), []string{codeResidenceCard}},
	{"flag", pensionGain, nil, []string{"over_70", "たぶん"}, []string{codeFlag}},
	{"not allowed", employmentGain, nil, []string{"contract_period", "無"}, []string{codeNotAllowed, codeNotAllowed, codeNotAllowed}},
	{"basic pension number missing", pensionGain, nil, []string{"number_kind", "basic_pension"}, []string{codeRequired}},
	{"basic pension number", pensionGain, nil, []string{"number_kind", "basic_pension", "basic_pension_number", "0000-123456"}, []string{codeBasicPension}},
	{"destination id", pensionGain, []string{"company.pension_destination_id", "4951"}, nil, []string{codeCodeText}},
	{"destination name", pensionGain, []string{"company.pension_destination_name", "渋谷年金事務所"}, nil, []string{codeHierarchy}},
	{"destination missing", pensionGain, []string{"company.pension_destination_id", "", "company.pension_destination_name", ""}, nil, []string{codeMissingFact, codeMissingFact}},
	{"corporate number", pensionGain, []string{"company.corporate_number", "1234567890123"}, nil, []string{codeCorporate}},
	{"mail", pensionGain, []string{"office.email", "sr＠office"}, nil, []string{codeEmail}},
	{"no title", pensionGain, nil, []string{"health_insurance", "", "pension_insurance", ""}, []string{codeAtLeastOne}},
	{"sum", pensionGain, nil, []string{"salary_total", "260000"}, []string{codeSum}},
	{"born after", pensionGain, []string{"person.birth_date", "2026-04-02"}, nil, []string{codeNotBefore}},
	{"contract ends first", employmentGain, nil, []string{"contract_end", "2026-03-31"}, []string{codeNotBefore}},
	{"loss not the day after", pensionLoss, nil, []string{"loss_date", "2026-03-31"}, []string{codeDayAfter}},
	{"not the same day", pensionLoss, []string{"person.birth_date", "1950-01-01"}, []string{"over_70_end", "1", "over_70_end_date", "2026-04-01"}, []string{codeSameDay}},
	{"not yet 70", pensionGain, nil, []string{"over_70", "1"}, []string{codeAgeReached}},
	{"not yet 75", pensionLoss, nil, []string{"loss_cause", "7", "retirement_date", "", "loss_date", "2026-04-01"}, []string{codeAgeReached}},
	{"over 70 unsaid", pensionGain, []string{"person.birth_date", "1956-04-02"}, nil, []string{codeFlagAtAge}},
	{"too young", pensionGain, []string{"person.birth_date", "2020-01-01"}, nil, []string{codeAgeBetween}},
	{"too far ahead", pensionGain, nil, []string{"acquisition_date", "2028-04-01"}, []string{codeWithin}},
	{"too long ago", pensionGain, nil, []string{"acquisition_date", "2010-04-01"}, []string{codeWithin}},
	{"共済出向 of a miner", pensionGain, nil, []string{"acquisition_category", "3", "insured_type", "3"}, []string{codeOneOf}},
	{"same name", employmentGain, nil, []string{"acquisition_kind", "2", "new_name", "見本　花子", "new_name_kana", "ミホン　ハナコ"}, []string{codeDifferent}},
	{"new name without kana", employmentLoss, nil, []string{"new_name", "新姓　花子"}, []string{codeAllOrNone}},
	{"other without text", pensionGain, nil, []string{"remark_other", "1"}, []string{codeRequired}},
	{"text without other", pensionGain, nil, []string{"remark_other_text", "出向"}, []string{codeNotAllowed}},
	{"number refused without a word", employmentGain, nil, []string{"number_kind", "none"}, []string{codeRequired}},
	{"out of force", pensionGain, nil, []string{}, nil},
}

func TestFindings(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, tt := range findingCases {
		now := testNow
		want := tt.want
		if tt.name == "out of force" {
			now, want = testNow.AddDate(-3, 0, 0), []string{codeValidity, codeWithin}
		}
		filled, findings := procedure(t, tt.id).Fill(changed(testFacts(), tt.facts), changed(testEvent(tt.id), tt.event), now)
		var got []string
		for _, f := range findings {
			got = append(got, f.Code)
			seen[f.Code] = true
			if f.Message == "" || f.Remedy == "" || f.Label == "" || !strings.Contains(f.Message, f.Label) {
				t.Errorf("%s: the message does not name the field, or there is no remedy: %+v", tt.name, f)
			}
		}
		slices.Sort(got)
		want = slices.Sorted(slices.Values(want))
		if !slices.Equal(got, want) {
			t.Errorf("%s: codes %v, want %v\n%+v", tt.name, got, want, findings)
		}
		if (filled == nil) != (len(findings) > 0) {
			t.Errorf("%s: a Filled comes with findings", tt.name)
		}
	}
	for _, r := range Rules() {
		if !seen[r.Code] {
			t.Errorf("%s is exercised by no case: %s", r.Code, r.Definition)
		}
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	last := ""
	for _, r := range Rules() {
		if r.Code <= last || r.Definition == "" || r.Source == "" || strings.Contains(r.Definition, "\n") {
			t.Errorf("%+v: not in order, or incomplete", r)
		}
		last = r.Code
	}
}

// TestAccepted holds what must pass although it looks unusual.
func TestAccepted(t *testing.T) {
	t.Parallel()
	tests := []findingCase{
		{name: "half-width everything", id: pensionGain, facts: []string{"person.name_kana", "ﾐﾎﾝ ﾊﾅｺﾞ", "person.name", "見本 花子", "company.address", "東京都渋谷区神南1‐2−3 ﾋﾞﾙ5F"}},
		{name: "hiragana kana", id: pensionGain, facts: []string{"person.name_kana", "みほん　はなこ"}},
		{name: "middle name", id: employmentGain, facts: []string{"person.name", "スミス　ジョン　エー", "person.name_kana", "スミス　ジョン・エー"}, event: foreigner},
		{name: "over 70", id: pensionGain, facts: []string{"person.birth_date", "1956-04-02"}, event: []string{"over_70", "1"}},
		{name: "70歳以上 only", id: pensionGain, facts: []string{"person.birth_date", "1950-04-02", "person.sex", ""}, event: []string{"over_70", "1", "acquisition_category", "0"}},
		{name: "death", id: pensionLoss, event: []string{"loss_cause", "5", "retirement_date", "", "death_date", "2026-03-31"}},
		{name: "75歳", id: pensionLoss, facts: []string{"person.birth_date", "1951-04-01"}, event: []string{"loss_cause", "7", "retirement_date", "", "loss_date", "2026-04-01"}},
		{name: "不該当 only", id: pensionLoss, facts: []string{"person.birth_date", "1949-04-01"}, event: []string{"over_70_only", "1", "over_70_end", "1", "over_70_end_date", "2026-03-31"}},
		{name: "再取得", id: employmentGain, event: []string{"acquisition_kind", "再取得", "new_name", "新姓　花子", "new_name_kana", "シンセイ　ハナコ"}},
		{name: "English words", id: employmentLoss, event: []string{"employment_form", "3", "replacement_planned", "true"}},
		{name: "optional facts", id: pensionGain, facts: []string{"company.corporate_number", "", "company.email", "", "company.representative_title", "", "company.name_kana", ""}},
		{name: "sandbox destination", id: pensionGain, facts: []string{"company.pension_destination_id", "900API00000000001001001", "company.pension_destination_name", "総務省,行政管理局,API"}},
	}
	for _, tt := range tests {
		filled, findings := procedure(t, tt.id).Fill(changed(testFacts(), tt.facts), changed(testEvent(tt.id), tt.event), testNow)
		if filled == nil || len(findings) > 0 {
			t.Errorf("%s: %+v", tt.name, findings)
		}
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	f := &field{label: "氏名", env: procedure(t, pensionGain).fields[0].env}
	tests := map[rune]string{
		'髙': "「高」", '﨑': "「崎」", '栁': "「柳」", '濵': "「浜」", 'ｱ': "文字を削除", 0xFA19: "「神」", '𠮷': "「吉」",
		'①': "「（１）」", '㈱': "「（株）」", 'Ⅲ': "「ＩＩＩ」", '№': "「Ｎｏ．」", '㍻': "「平成」", '😀': "削除",
		0xFE00: "異体字", 0x3099: "1文字にまとめた", '𩸽': "第1・第2水準", '鷗': "「鴎」", 0xFA10: "「塚」",
	}
	for r, want := range tests {
		p := f.unusable(r)
		if !strings.Contains(p.remedy, want) {
			t.Errorf("%c U+%04X: remedy %q, want %s", r, r, p.remedy, want)
		}
	}
}

// TestFindingsHoldNoValue makes sure that no finding repeats a number that was
// put where none belongs.
func TestFindingsHoldNoValue(t *testing.T) {
	t.Parallel()
	for _, id := range allProcedures {
		p := procedure(t, id)
		for _, d := range p.Describe().Fields {
			for _, text := range []string{"123456789018", "1234-5678-9018", "１２３４５６７８９０１８", "1 2 3 4 5 6 7 8 9 0 1 8"} {
				_, findings := p.Fill(testFacts(), with(testEvent(id), d.Name, text, text, "x"), testNow)
				hit := false
				for _, f := range findings {
					hit = hit || f.Code == codeHoldsNumber && (f.Field == d.Name)
					if all := f.Code + f.Field + f.Label + f.Message + f.Remedy + f.Source; strings.Contains(all, text) || strings.Contains(all, "5678") {
						t.Fatalf("%s %s: a finding repeats the number: %+v", id, d.Name, f)
					}
				}
				if !hit {
					t.Errorf("%s %s: %q went unnoticed", id, d.Name, text)
				}
			}
		}
	}
}
