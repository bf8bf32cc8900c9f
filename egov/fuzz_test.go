package egov

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/internal/lenient"
	"todoke/egov/wire"
)

func FuzzReports(f *testing.F) {
	f.Add([]byte(oneReport))
	f.Fuzz(func(t *testing.T, body []byte) {
		var first reportAnswer
		if lenient.Decode(body, &first) != nil {
			return
		}
		p, err := first.page()
		if err != nil {
			return
		}
		for _, bulk := range p.rows {
			if len(bulk.SendNumber) != 18 || Absent(bulk.FileName) {
				t.Fatalf("a bulk without identity passed: %+v", bulk)
			}
		}
		again := canonical(t, map[string]any{"results": wire.ReportResult{ErrorReportInfo: p.rows}, "resultset": map[string]int{"all_count": 0}})
		var second reportAnswer
		err = lenient.Decode(again, &second)
		if err != nil || string(canonical(t, second.Results)) != string(canonical(t, first.Results)) {
			t.Fatalf("read again it differs: %v", err)
		}
	})
}

func FuzzCases(f *testing.F) {
	f.Add([]byte(`{"resultset":{"all_count":1},"results":{"apply_list":[{"arrive_id":"9502026000000001"}]},"_links":{"next":"?offset=50"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var answer listsAnswer
		if lenient.Decode(body, &answer) != nil {
			return
		}
		p, err := answer.page()
		if err != nil {
			return
		}
		for _, row := range p.rows {
			if caseKey(row) == "" || !Absent(row.ArriveID) && !digits(row.ArriveID, 16) {
				t.Fatalf("a case without identity passed: %+v", row)
			}
		}
	})
}

// FuzzBulkAnswer reads any status and body as an answer to POST /bulk-apply.
func FuzzBulkAnswer(f *testing.F) {
	f.Add(202, []byte(ackBody), true)
	f.Add(400, []byte(badBody), true)
	f.Fuzz(func(t *testing.T, status int, body []byte, whole bool) {
		a := &Answer{Status: status, Body: body, Whole: whole}
		err := a.readBulk(testName)
		class := Classify(BulkApply, SubmissionResult{Progress: StatusReceived, Answer: a})
		switch class {
		case Acknowledged:
			sound := err == nil && whole && (status == 200 || status == 202) && digits(a.Bulk.SendNumber, 18) && a.Bulk.FileName != ""
			if !sound || a.OtherName != (a.Bulk.FileName != testName) {
				t.Fatalf("acknowledged on %d %q", status, body)
			}
		case NothingRegistered:
			if err != nil || !whole || status != 400 || a.Problem.ErrorCount < 1 || !strings.Contains(string(body), "error_count") && !strings.Contains(string(body), `\u`) {
				t.Fatalf("nothing registered on %d %q", status, body)
			}
		case Refused:
			if status != 413 && (status != 404 || len(body) != 0) {
				t.Fatalf("refused on %d %q", status, body)
			}
		case Unauthorized:
			if status != 401 {
				t.Fatalf("unauthorized on %d", status)
			}
		case NotSent, Unknown:
			if class == NotSent {
				t.Fatal("not sent, with a status received")
			}
		}
	})
}

func FuzzToken(f *testing.F) {
	f.Add([]byte(tokenBody))
	asked := time.Unix(1_782_907_200, 0)
	f.Fuzz(func(t *testing.T, body []byte) {
		token, err := decodeToken(body, asked)
		if err != nil {
			if token != (Token{}) {
				t.Fatal("an error came with a token")
			}
			return
		}
		value, err := bearer(token.Access)
		late := asked.Add(maxLifetime * time.Second)
		if err != nil || strings.ContainsAny(value, "\r\n") || token.AccessExpires.Before(asked) || token.AccessExpires.After(late) {
			t.Fatalf("unusable token, expires %v: %v", token.AccessExpires, err)
		}
	})
}

func FuzzChallenge(f *testing.F) {
	f.Add(`Bearer realm="egov", error="invalid_token", error_description="expired"`)
	f.Fuzz(func(t *testing.T, field string) {
		c, ok := parseChallenge(field)
		if !ok && c != (Challenge{}) {
			t.Fatalf("parameters without a challenge: %+v", c)
		}
		for _, text := range []string{c.Realm, c.Error, c.Description} {
			if !utf8.ValidString(text) || utf8.RuneCountInString(text) > len(field) {
				t.Fatalf("bad text %q", text)
			}
		}
	})
}

func FuzzNextLink(f *testing.F) {
	const here = "https://api.example/shinsei/v2/apply/lists"
	current := url.Values{"date_from": {"2026-07-01"}, "date_to": {"2026-07-02"}, "limit": {"50"}, "offset": {"0"}}
	f.Add(here + "?date_from=2026-07-01&date_to=2026-07-02&limit=50&offset=50")
	f.Fuzz(func(t *testing.T, link string) {
		query, ok := nextOf(link, here, current)
		if !ok {
			return
		}
		target, err := url.Parse(here + "?" + query.Encode())
		if err != nil || target.Host != "api.example" || target.Path != "/shinsei/v2/apply/lists" || query.Get("date_from") != "2026-07-01" {
			t.Fatalf("%q leads to %v", link, target)
		}
	})
}

func TestParseChallenge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field string
		want  *Challenge
	}{
		{`Bearer realm="egov", error="invalid_token", error_description="expired"`, &Challenge{"egov", "invalid_token", "expired"}},
		{`bearer REALM=egov,error=invalid_request`, &Challenge{"egov", "invalid_request", ""}},
		{`Bearer`, &Challenge{}},
		{`Basic realm="x", Bearer realm="egov", Digest realm="y"`, &Challenge{Realm: "egov"}},
		{`Basic dXNlcg==, Bearer realm="egov"`, nil},
		{`Bearer error_description="a \"quoted\" \\ word", realm = "egov"`, &Challenge{"egov", "", `a "quoted" \ word`}},
		{`Bearer realm="egov", error="inval`, &Challenge{"egov", "inval", ""}},
		{"Bearer realm=\"caf\xe9\"", &Challenge{Realm: "café"}},
		{`Bearer ,, realm="egov" ,`, &Challenge{Realm: "egov"}},
		{`Basic realm="x"`, nil},
		{`realm="egov"`, nil},
		{``, nil},
		{`"`, nil},
		{strings.Repeat("a", maxChallenge+1), nil},
	} {
		got, ok := parseChallenge(c.field)
		if ok != (c.want != nil) || ok && got != *c.want {
			t.Errorf("%.60q: %+v, %v", c.field, got, ok)
		}
	}
	got := challengeOf(http.Header{"Www-Authenticate": {"Basic", `Bearer realm="egov"`}})
	if d := cmp.Diff(&Challenge{Realm: "egov"}, got); d != "" {
		t.Error(d)
	}
}
