package lenient_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/internal/lenient"
)

type base struct {
	Title string `json:"title"`
}

type row struct {
	Name string `json:"name"`
	N    int    `json:"n"`
	Big  int64  `json:"big"`
	Flag bool   `json:"flag"`
}

type document struct {
	base
	Row   row               `json:"row"`
	Maybe *row              `json:"maybe"`
	Rows  []row             `json:"rows"`
	Names []string          `json:"names"`
	Links map[string]string `json:"links"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	one := row{Name: "a", N: 1}
	for _, c := range []struct {
		name, in string
		want     document
	}{
		{"as documented", `{"title":"t","row":{"name":"a","n":1},"rows":[{"name":"a","n":1}],"names":["x","y"],"links":{"self":"s"}}`,
			document{base: base{"t"}, Row: one, Rows: []row{one}, Names: []string{"x", "y"}, Links: map[string]string{"self": "s"}}},
		{"unknown members of any depth", `{"zz":[1,{"a":[{}]},null],"row":{"yy":{},"name":"a","n":1}}`, document{Row: one}},
		{"names are matched exactly", `{"Title":"x","TITLE":"y"}`, document{}},
		{"numbers as strings", `{"row":{"name":"a","n":"1","big":" 12 ","flag":"TRUE"}}`, document{Row: row{"a", 1, 12, true}}},
		{"strings as numbers", `{"row":{"name":202607011000000001,"n":1.0,"big":1e3,"flag":1}}`, document{Row: row{"202607011000000001", 1, 1000, true}}},
		{"unreadable numbers and flags are zero", `{"row":{"n":"many","big":1.5,"flag":"maybe"}}`, document{}},
		{"numbers out of range are zero", `{"row":{"n":92233720368547758070,"big":1e300}}`, document{}},
		{"null everywhere", `{"title":null,"row":null,"maybe":null,"rows":null,"names":null,"links":null}`, document{}},
		{"dash everywhere", `{"title":"-","row":"-","maybe":"-","rows":"-","names":"-","links":"-"}`, document{base: base{"-"}}},
		{"NULL everywhere", `{"title":"NULL","row":"NULL","rows":"NULL","links":"NULL"}`, document{base: base{"NULL"}}},
		{"empty text everywhere", `{"title":"","row":"","rows":"","links":""}`, document{}},
		{"not applicable numbers", `{"row":{"n":"-","big":null,"flag":"-"}}`, document{}},
		{"object where a list is meant", `{"rows":{"name":"a","n":1}}`, document{Rows: []row{one}}},
		{"list where an object is meant", `{"row":[{"name":"a","n":1}],"maybe":[{"name":"a","n":1}]}`, document{Row: one, Maybe: &one}},
		{"empty list where an object is meant", `{"row":[],"maybe":[]}`, document{}},
		{"empty containers where a text is meant", `{"title":{},"row":{"name":[]}}`, document{}},
		{"the last of two counts", `{"rows":[{"name":"x"},{"name":"y"}],"rows":[{"name":"a","n":1}]}`, document{Rows: []row{one}}},
		{"empty list", `{"rows":[]}`, document{Rows: []row{}}},
		{"white space after", "{} \r\n\t", document{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got document
			err := lenient.Decode([]byte(c.in), &got)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got, cmp.AllowUnexported(document{})); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, path string }{
		{"nothing", ``, ""},
		{"a truncated document", `{"rows":[{"name":"a"`, ""},
		{"two documents", `{}{}`, ""},
		{"a list", `[]`, ""},
		{"a text", `"a"`, ""},
		{"HTML", `<html>`, ""},
		{"a byte order mark", "\ufeff{}", ""},
		{"a text where a list is meant", `{"rows":"many"}`, "rows"},
		{"a number where a list is meant", `{"rows":3}`, "rows"},
		{"a text where a row is meant", `{"rows":[{},"secret"]}`, "rows[1]"},
		{"an object where a text is meant", `{"rows":[{},{"name":{"secret":1}}]}`, "rows[1].name"},
		{"two where one is meant", `{"row":[{},{}]}`, "row"},
		{"a deep link", `{"links":{"secret":{"a":"b"}}}`, "links.*"},
		{"too deep a document", `{"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, ""},
		{"too many elements", `{"names":["a"` + strings.Repeat(`,"a"`, 250_000) + `]}`, "names"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got document
			err := lenient.Decode([]byte(c.in), &got)
			e, ok := errors.AsType[*lenient.Error](err)
			if !ok || e.Path != c.path {
				t.Fatalf("Decode = %v, want an error at %q", err, c.path)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), "secret") {
				t.Errorf("the error quotes a value: %v", err)
			}
		})
	}
}

func TestDecodeWantsAStruct(t *testing.T) {
	t.Parallel()
	var s string
	if lenient.Decode([]byte(`"a"`), &s) == nil || lenient.Decode([]byte(`{}`), document{}) == nil {
		t.Error("Decode accepted a target that is no pointer to a struct")
	}
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": true, "-": true, "NULL": true, "null": false, " ": false, "0": false, "a": false} {
		if lenient.Absent(text) != want {
			t.Errorf("Absent(%q) = %v", text, !want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"title":"t","row":{"name":"a","n":"1"},"rows":[{}],"names":{},"links":{"a":"b"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second document
		err := lenient.Decode(data, &first)
		if err != nil {
			return
		}
		err = lenient.Decode(data, &second)
		if err != nil || !cmp.Equal(first, second, cmp.AllowUnexported(document{})) {
			t.Fatalf("two readings differ: %v", err)
		}
	})
}
