package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBodies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	with := func(field string, value any) string {
		return w.newFiling(func(b map[string]any) {
			if value == nil {
				delete(b, field)
				return
			}
			b[field] = value
		})
	}
	good := w.newFiling(nil)
	many := m{}
	for i := range 201 {
		many[fmt.Sprintf("f%d", i)] = "x"
	}
	for _, tt := range []struct {
		name, body, contentType string
		status                  int
		code                    string
		findings                []string // field and code of each
	}{
		{"empty", "", "application/json", 400, "TODOKE-API-0011", []string{" TODOKE-REQ-0007"}},
		{"no content type", good, "", 415, "TODOKE-API-0009", nil},
		{"text", good, "text/plain", 415, "TODOKE-API-0009", nil},
		{"Shift_JIS", good, "application/json; charset=Shift_JIS", 415, "TODOKE-API-0009", nil},
		{"malformed content type", good, "application/json; charset", 415, "TODOKE-API-0009", nil},
		{"not UTF-8", "{\"x\":\"\x93\xcd\"}", "application/json", 400, "TODOKE-API-0011", []string{" TODOKE-REQ-0010"}},
		{"array", "[" + good + "]", "application/json", 400, "TODOKE-API-0011", []string{" TODOKE-REQ-0009"}},
		{"null", "null", "application/json", 400, "TODOKE-API-0011", []string{" TODOKE-REQ-0009"}},
		{"text value", `"x"`, "application/json", 400, "TODOKE-API-0011", []string{" TODOKE-REQ-0009"}},
		{"cut off", good[:len(good)-1], "application/json", 400, "TODOKE-API-0011", []string{" TODOKE-REQ-0007"}},
		{"trailing object", good + good, "application/json", 400, "TODOKE-API-0011", []string{" TODOKE-REQ-0007"}},
		{"trailing comma", `{"event":{},}`, "application/json", 400, "TODOKE-API-0011", []string{" TODOKE-REQ-0007"}},
		{"byte order mark", "\ufeff" + good, "application/json", 400, "TODOKE-API-0011", []string{" TODOKE-REQ-0007"}},
		{"duplicate", `{"event":{},"event":{}}`, "application/json", 400, "TODOKE-API-0011", []string{"event TODOKE-REQ-0006"}},
		{"duplicate within", `{"event":{"a":"1","a":"2"}}`, "application/json", 400, "TODOKE-API-0011", []string{"a TODOKE-REQ-0006"}},
		{"duplicate by escape", `{"event":{"a":"1","\u0061":"2"}}`, "application/json", 400, "TODOKE-API-0011", []string{"a TODOKE-REQ-0006"}},
		{"half a surrogate pair", `{"event":{"a":"\ud800"}}`, "application/json", 400, "TODOKE-API-0011", []string{"a TODOKE-REQ-0005"}},
		{"control character", `{"event":{"a":"x\u0000y"}}`, "application/json", 400, "TODOKE-API-0011", []string{"a TODOKE-REQ-0005"}},
		{"reversed text", `{"event":{"a":"x\u202ey"}}`, "application/json", 400, "TODOKE-API-0011", []string{"a TODOKE-REQ-0005"}},
		{"line separator", `{"event":{"a":"x\u2028y"}}`, "application/json", 400, "TODOKE-API-0011", []string{"a TODOKE-REQ-0005"}},
		{"deep", `{"event":{"a":[[[[[]]]]]}}`, "application/json", 400, "TODOKE-API-0011", []string{" TODOKE-REQ-0008"}},
		{"very deep", strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "application/json", 400, "TODOKE-API-0011",
			[]string{" TODOKE-REQ-0008", " TODOKE-REQ-0012"}},
		{"too large", `{"event":{"a":"` + strings.Repeat("あ", 30000) + `"}}`, "application/json", 413, "TODOKE-API-0010", nil},
		{"everything missing", "{}", "application/json", 422, "TODOKE-API-0014",
			[]string{"company_id TODOKE-REQ-0003", "event TODOKE-REQ-0003", "person_id TODOKE-REQ-0003", "procedure_id TODOKE-REQ-0003"}},
		{"wrong types", `{"procedure_id":1,"company_id":null,"person_id":[],"event":"x","override_reason":true}`, "application/json", 422, "TODOKE-API-0014",
			[]string{"company_id TODOKE-REQ-0002", "event TODOKE-REQ-0002", "override_reason TODOKE-REQ-0002", "person_id TODOKE-REQ-0002", "procedure_id TODOKE-REQ-0002"}},
		{"event of other types", with("event", m{"a": 1, "b": nil, "c": m{}}), "application/json", 422, "TODOKE-API-0014",
			[]string{"event.a TODOKE-REQ-0002", "event.b TODOKE-REQ-0002", "event.c TODOKE-REQ-0002"}},
		{"unknown fields", with("number", "x"), "application/json", 422, "TODOKE-API-0014", []string{"number TODOKE-REQ-0001"}},
		{"unknown field of any name", with("<script>", "x"), "application/json", 422, "TODOKE-API-0014", []string{" TODOKE-REQ-0001"}},
		{"other case", with("Event", m{}), "application/json", 422, "TODOKE-API-0014", []string{" TODOKE-REQ-0001"}},
		{"long value", with("event", m{"a": strings.Repeat("あ", 1001)}), "application/json", 422, "TODOKE-API-0014", []string{"event.a TODOKE-REQ-0004"}},
		{"long name", with("event", m{strings.Repeat("a", 65): "x"}), "application/json", 422, "TODOKE-API-0014", []string{"event. TODOKE-REQ-0004"}},
		{"long reason", with("override_reason", strings.Repeat("あ", 201)), "application/json", 422, "TODOKE-API-0014", []string{"override_reason TODOKE-REQ-0004"}},
		{"many fields", with("event", many), "application/json", 422, "TODOKE-API-0014", []string{"event TODOKE-REQ-0012"}},
		{"unknown person", with("person_id", "x"), "application/json", 422, "TODOKE-API-0017", nil},
		{"another company's person", with("person_id", w.personB.ID), "application/json", 422, "TODOKE-API-0017", nil},
		{"unknown procedure", with("procedure_id", "x"), "application/json", 422, "TODOKE-API-0018", nil},
	} {
		got := w.do(request{as: "staff", method: http.MethodPost, path: "/v1/filings", body: tt.body,
			header: map[string]string{"Content-Type": tt.contentType}})
		if got.status != tt.status {
			t.Errorf("%s: %d %s", tt.name, got.status, got.body)
			continue
		}
		w.want(got, tt.status, tt.code)
		var found []string
		for _, f := range w.problem(got).Errors {
			found = append(found, f.Field+" "+f.Code)
			if f.Message == "" || f.Remedy == "" {
				t.Errorf("%s: finding without words: %+v", tt.name, f)
			}
		}
		if len(found) > 0 && strings.HasPrefix(tt.name, "very deep") {
			found = found[:len(tt.findings)]
		}
		if diff := cmp.Diff(tt.findings, found); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if n := w.count("SELECT count(*) FROM filings"); n != 0 {
		t.Errorf("%d filings from bad bodies", n)
	}
}
