package forms

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestEraRoundTrip writes and reads every day from the first of 明治 to 2050.
func TestEraRoundTrip(t *testing.T) {
	t.Parallel()
	for d := day(1868, 9, 8); d.Year() <= 2050; d = d.AddDate(0, 0, 1) {
		e, year, ok := eraOf(d)
		if !ok || year < 1 {
			t.Fatalf("%s has no era", d.Format(time.DateOnly))
		}
		back, err := dateOf(e, year, int(d.Month()), d.Day())
		if err != nil || !back.Equal(d) {
			t.Fatalf("%s: %s %d reads back as %v, %v", d.Format(time.DateOnly), e.name, year, back, err)
		}
		read, err := parseDate(eraText(d))
		if err != nil || !read.Equal(d) {
			t.Fatalf("%s: %q reads back as %v, %v", d.Format(time.DateOnly), eraText(d), read, err)
		}
	}
	if _, _, ok := eraOf(day(1868, 9, 7)); ok {
		t.Error("a day before 明治 has an era")
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want string
		err  error
	}{
		{"2026-04-01", "2026-04-01", nil},
		{"2026/4/1", "2026-04-01", nil},
		{"20260401", "2026-04-01", nil},
		{"２０２６年４月１日", "2026-04-01", nil},
		{"令和8年4月1日", "2026-04-01", nil},
		{" 令和元年５月１日 ", "2019-05-01", nil},
		{"R8.4.1", "2026-04-01", nil},
		{"h31-4-30", "2019-04-30", nil},
		{"昭和64年1月7日", "1989-01-07", nil},
		{"大正15年12月25日", "1926-12-25", nil}, // shared with 昭和1
		{"昭和1年12月25日", "1926-12-25", nil},
		{"明治45年7月30日", "1912-07-30", nil},
		{"2024-02-29", "2024-02-29", nil},
		{"平成31年5月1日", "", errOutsideEra},
		{"令和元年4月30日", "", errOutsideEra},
		{"昭和64年1月8日", "", errOutsideEra},
		{"令和0年5月1日", "", errOutsideEra},
		{"2025-02-29", "", errNotDate},
		{"2026-13-01", "", errNotDate},
		{"26-04-01", "", errNotDate},
		{"2026-04", "", errNotDate},
		{"2026-04-0x", "", errNotDate},
		{"", "", errNotDate},
		{"2026-04-01-02", "", errNotDate},
		{"99999-1-1", "", errNotDate},
	}
	for _, tt := range tests {
		got, err := parseDate(tt.in)
		if !errors.Is(err, tt.err) || err == nil && got.Format(time.DateOnly) != tt.want {
			t.Errorf("parseDate(%q) = %v, %v, want %s, %v", tt.in, got, err, tt.want, tt.err)
		}
	}
}

// TestEraColumns writes dates into the two kinds of era columns.
func TestEraColumns(t *testing.T) {
	t.Parallel()
	digit := &field{label: "x", typ: fieldTypes["era_date"], def: &fieldFile{Style: "digit"}}
	kanji := &field{label: "x", typ: fieldTypes["era_date"], def: &fieldFile{Style: "kanji"}}
	tests := []struct{ in, digitEra, kanjiEra, year string }{
		{"1890-01-02", "1", "明治", "23"}, {"1920-01-02", "3", "大正", "9"}, {"1970-01-02", "5", "昭和", "45"},
		{"1989-01-07", "5", "昭和", "64"}, {"1989-01-08", "7", "平成", "1"}, {"2019-04-30", "7", "平成", "31"}, {"2019-05-01", "9", "令和", "1"},
	}
	for _, tt := range tests {
		v, _ := digit.typ.convert(digit, tt.in)
		w, _ := kanji.typ.convert(kanji, tt.in)
		if v.parts[0] != tt.digitEra || w.parts[0] != tt.kanjiEra || v.parts[1] != tt.year {
			t.Errorf("%s: %v and %v", tt.in, v.parts, w.parts)
		}
	}
}

func TestStampsAreJapaneseDays(t *testing.T) {
	t.Parallel()
	f := &field{typ: fieldTypes["era_date"], def: &fieldFile{Style: "kanji", Stamp: true}}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1556636400, 4102444800).Draw(t, "at"), 0) // from 2019-05-01 in Japan
		v := stampValue(f, at)
		local := at.In(jst)
		if v.parts[0] != "令和" || v.parts[1] != strconv.Itoa(local.Year()-2018) || v.parts[3] != strconv.Itoa(local.Day()) {
			t.Fatalf("%v stamped as %v", at, v.parts)
		}
	})
}
