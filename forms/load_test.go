package forms

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"todoke/schemas"
)

func TestLoadSchemas(t *testing.T) {
	t.Parallel()
	c, err := Load(schemas.FS)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range c.Procedures() {
		ids = append(ids, p.ID())
	}
	want := slices.Sorted(slices.Values(allProcedures))
	if !slices.Equal(ids, want) {
		t.Fatalf("procedures %v, want %v", ids, want)
	}
	if len(c.Assumptions()) == 0 || len(c.Destinations()) == 0 {
		t.Error("no assumptions or destinations")
	}
	if _, ok := c.Procedure("4950000000000000"); ok {
		t.Error("an unknown procedure is found")
	}
}

// overlay copies the definitions and replaces old by new in one file.
func overlay(t *testing.T, file, old, new string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(schemas.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(schemas.FS, name)
		out[name] = &fstest.MapFile{Data: raw}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	raw := out[file].Data
	if !bytes.Contains(raw, []byte(old)) {
		t.Fatalf("%s does not hold %q", file, old)
	}
	out[file].Data = bytes.Replace(raw, []byte(old), []byte(new), 1)
	return out
}

// TestLoadProblems breaks the definitions in one place each.
func TestLoadProblems(t *testing.T) {
	t.Parallel()
	const (
		proc = pensionGain + "/procedure.json"
		form = pensionGain + "/495013521019030837.json"
		tree = pensionGain + "/495013521019030837.tree"
	)
	tests := []struct{ file, old, new, want string }{
		{proc, `"title"`, `"titel"`, `unknown field "titel"`},
		{proc, `"id": "4950013521019000"`, `"id": "4950013521019001"`, "not the folder's name"},
		{proc, `"rule": "sum"`, `"rule": "total"`, `unknown rule "total"`},
		{proc, `["salary_total", "salary_cash", "salary_in_kind"]`, `["salary_total", "over_70"]`, "over_70 has the wrong type"},
		{proc, `["acquisition_date", "birth_date"]`, `["acquisition_date"]`, "1 fields do not fit"},
		{proc, `"values": ["1", "2"]`, `"values": ["1", "9"]`, `"9" is not a code of insured_type`},
		{proc, `"is": ["3", "4"]`, `"is": ["33"]`, `"33" is not a code`},
		{proc, `"is": ["basic_pension"]`, `"is": ["basic"]`, `"basic" is not a code`},
		{proc, `"fields": ["acquisition_date"], "not`, `"fields": ["dependants"], "not`, "dependants is not a date"},
		{proc, `"company.pension_destination_id"`, `"company.destination"`, "unknown fact"},
		{proc, `"2024-12-01"`, `"2024-13-01"`, "valid_from is not a date"},
		{proc, `"count": 1`, `"count": 2`, "only one signature"},
		{proc, `"default": "my_number"`, `"default": "mynumber"`, "not a valid value"},
		{proc, `"assumptions": [`, `"assumptions": ["no-such", `, `unknown assumption "no-such"`},
		{form, `"type": "flag"`, `"type": "tick"`, `unknown type "tick"`},
		{form, `"label"`, `"lable"`, `unknown field "lable"`},
		{form, `"name": "over_70"`, `"name": "short_time"`, "short_time occurs twice"},
		{form, `"name": "over_70"`, `"name": "Over70"`, "not snake_case"},
		{form, `P1_事業所番号"`, `P1_事業所番"`, "no element"},
		{form, `"path": "P1_事業所番号"`, `"path": "P1_Xmit"`, "not an open leaf"},
		{form, `"path": "P1_事業所番号"`, `"path": "P1_事業所名称"`, "both write"},
		{form, `"source": "company.pension_number"`, `"source": "company.number"`, "unknown fact or function"},
		{form, `"codes": "insured_type"`, `"codes": "kind"`, `unknown code list "kind"`},
		{form, `"max": 5, "required"`, `"max": 4, "required"`, "min and max do not fit"},
		{form, `"type": "postal"`, `"type": "phone"`, "has 3 parts"},
		{form, `"alphabet": "kana"`, `"alphabet": "hira"`, `unknown alphabet "hira"`},
		{form, `"昭和"`, `"昭"`, `unknown era "昭"`},
		{form, `"style": "digit", `, ``, "needs style"},
		{form, `"function": "sum"`, `"function": "add"`, `unknown computation "add"`},
		{form, `"stamp": true`, `"stamp": true, "required": true`, "a stamp or a number takes no value"},
		{form, `"kousei_version": "0001"`, `"kousei_version": "1"`, "malformed"},
		{form, `"form_version": "1"`, `"form_version": "2"`, "the definition says"},
		{form, `"default": "1", "assumption": "notice-format"`, `"default": "9", "assumption": "notice-format"`, "the default is not a valid value"},
		{tree, "P1_月\n", "P1_月\n\t\t\t\tP1_月\n", "occurs twice"},
		{tree, "P1_Xmit = 0", "P1_Xmit", "neither a constant nor a field"},
		{tree, "\t\t\tP1_理由\n", "\t\t\t\t\t\tP1_理由\n", "does not follow"},
		{tree, "P1_理由\n", "P1_理由 ?\n", "not understood"},
		{tree, "\tDoctype", "\tDoc<type", "cannot name an element"},
		{"codes/sex.json", `"2"`, `"1"`, "stands for two codes"},
		{"codes/sex.json", `"id": "sex"`, `"id": "gender"`, "not the file's name"},
		{"facts.json", `"company.name_kana"`, `"company.name"`, "repeated"},
		{"variants.csv", "髙,高", "高,髙", "must be one character outside JIS"},
		{"destinations.csv", "49511200070000000000138", "4951", "is not a destination"},
		{"assumptions.json", `"id": "notice-format"`, `"id": "unused"`, "referred to by nothing"},
		{"kousei/configuration.tree", "{kind}", "{sort}", "a repeated block holds"},
		{"kousei/configuration.tree", "@@forms", "@@form", `unknown block "form"`},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			_, err := Load(overlay(t, tt.file, tt.old, tt.new))
			var de *DefinitionError
			if !errors.As(err, &de) {
				t.Fatalf("%s: %q for %q loads", tt.file, tt.new, tt.old)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %q", tt.file, err, tt.want)
			}
		})
	}
}

func TestLoadListsAllProblems(t *testing.T) {
	t.Parallel()
	broken := overlay(t, pensionGain+"/495013521019030837.json", `"type": "flag"`, `"type": "tick"`)
	broken["facts.json"].Data = bytes.Replace(broken["facts.json"].Data, []byte(`"person.name"`), []byte(`"person.nam"`), 1)
	_, err := Load(broken)
	var de *DefinitionError
	if !errors.As(err, &de) || len(de.Problems) < 4 { // one type, and person.name in three procedures
		t.Fatalf("%v", err)
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("an empty file system loads")
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for _, id := range allProcedures {
		p := procedure(t, id)
		var b bytes.Buffer
		if err := p.Describe().WriteText(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, id+".describe.golden.txt", b.Bytes())
		if n, standard := p.Signatures(); n != 1 || !standard {
			t.Errorf("%s: %d signatures, standard %v", id, n, standard)
		}
		if len(p.Forms()) != 1 || p.Title() == "" || p.Name() == "" || p.Domain() == "" || p.RetentionYears() == 0 {
			t.Errorf("%s: incomplete", id)
		}
	}
}

// TestJSONSchema checks that the typical event of each procedure satisfies its
// schema, as far as a schema can say.
func TestJSONSchema(t *testing.T) {
	t.Parallel()
	for _, id := range allProcedures {
		schema := procedure(t, id).JSONSchema()
		raw, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, id+".schema.golden.json", append(raw, '\n'))
		properties := schema["properties"].(map[string]any)
		for name := range testEvent(id) {
			if properties[name] == nil {
				t.Errorf("%s: the schema lacks %s", id, name)
			}
		}
		for _, name := range schema["required"].([]string) {
			if testEvent(id)[name] == "" {
				t.Errorf("%s: %s is required but the typical event does without", id, name)
			}
		}
	}
}

// TestConcurrentUse shares one procedure and one Filled between goroutines.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	filled := mustFill(t, pensionGain, testFacts(), testEvent(pensionGain))
	want := mustBuild(t, pensionGain).Forms[0].Data
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				app, err := filled.Build(testAt, map[string][]byte{"person": testNumber}, certificate())
				if err != nil || !bytes.Equal(app.Forms[0].Data, want) {
					t.Error("a concurrent Build differs")
				}
				if _, findings := filled.Procedure().Fill(testFacts(), testEvent(pensionGain), testNow); findings != nil {
					t.Error("a concurrent Fill differs")
				}
			}
		})
	}
	wg.Wait()
}

// TestREADMENamesEverything keeps the contributor's page complete.
func TestREADMENamesEverything(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../schemas/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range fieldTypes {
		names = append(names, name)
	}
	for name := range namedRules {
		names = append(names, name)
	}
	for name := range functions {
		names = append(names, name)
	}
	for _, name := range names {
		if !strings.Contains(string(raw), "`"+name) {
			t.Errorf("schemas/README.md does not name %s", name)
		}
	}
}

func TestOfficeHead(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"東京都,渋谷公共職業安定所": "渋谷公共職業安定所長", "渋谷公共職業安定所長": "渋谷公共職業安定所長",
		"東京,渋谷年金事務所（東京事務センター）": "渋谷年金事務所長", "": "", "東京都,": "",
	}
	for in, want := range tests {
		if got := officeHead(in); got != want {
			t.Errorf("officeHead(%q) = %q, want %q", in, got, want)
		}
	}
	p := procedure(t, employmentGain)
	filled, findings := p.Fill(with(testFacts(), "company.employment_office", "新宿公共職業安定所長"), testEvent(employmentGain), testNow)
	if findings != nil {
		t.Fatal(findings)
	}
	if got := filled.values[p.byName["addressee"].index].canon; got != "新宿公共職業安定所長" {
		t.Errorf("addressee %q: the registered office goes before the derived one", got)
	}
	if got := filled.Destination(); got != "東京都,渋谷公共職業安定所" {
		t.Errorf("destination %q", got)
	}
}
