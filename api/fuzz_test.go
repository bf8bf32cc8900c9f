package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"testing"

	"todoke/mynumber"
	"todoke/vault"
)

var anyID = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{26}`)

// quiet fails when an answer could hold a number. Our own ids are left out: they may
// have twelve digits by chance.
func quiet(t *testing.T, got response) {
	t.Helper()
	if got.status >= 500 {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	if mynumber.In(anyID.ReplaceAllString(string(got.body), "id")) {
		t.Errorf("the answer holds a number: %s", got.body)
	}
}

func FuzzCreateFiling(f *testing.F) {
	w := setup(f)
	f.Add([]byte(w.newFiling(nil)))
	for _, seed := range []string{
		"", "{}", "null", "[]", `{"event":{"a":"123456789018"}}`, `{"event":{"\u0031":"1234-5678-9018"}}`, `{"event":{},"event":{}}`,
		`{"event":[[[[[[1]]]]]]}`, `{"revision":1e400}`, "{\"a\":\"\xff\"}", `{"a":123456789018}`, `{"a":"１２３４５６７８９０１８"}`, `{"a":1}{"b":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w.t = t
		before := w.count("SELECT count(*) FROM filings")
		got := w.do(request{as: "staff", method: http.MethodPost, path: "/v1/filings", body: string(body),
			header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": "fuzz-" + anyToken(body)}})
		quiet(t, got)
		stored := w.count("SELECT count(*) FROM filings") - before
		if (stored == 1) != (got.status == http.StatusCreated && got.header.Get("Idempotency-Replayed") == "") {
			t.Errorf("status %d and %d filings stored", got.status, stored)
		}
		if got.status == http.StatusCreated {
			var into map[string]any
			err := json.Unmarshal(body, &into)
			if err != nil || mynumber.In(anyID.ReplaceAllString(string(body), "id")) {
				t.Errorf("accepted %q: %v", body, err)
			}
		}
	})
}

func anyToken(body []byte) string {
	token := regexp.MustCompile(`[^a-z]`).ReplaceAllString(string(body), "")
	return token[:min(len(token), 100)] + "xxx"
}

func FuzzPutNumber(f *testing.F) {
	w := setup(f)
	path := "/v1/people/" + w.personA.ID + "/number"
	for _, seed := range []string{
		`{"number":"123456789018"}`, ` { "number" : "1111-1111-1118" } `, `{"number":"123456789012"}`, `{"number":123456789018}`, `{"number":"１２３４５６７８９０１８"}`,
		"", "{", `{"number":"`, `{"number":"12\u0033456789018"}`, `{"number":"123456789018"}x`, `{"number":"123456789018","number":"1"}`, "\x00\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w.t = t
		got := w.do(request{as: "a", method: http.MethodPut, path: path, body: string(body), header: map[string]string{"Content-Type": "application/json"}})
		quiet(t, got)
		if got.status != http.StatusNoContent {
			return
		}
		// What was taken is what a JSON parser would have read, and nothing more.
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		var parsed struct {
			Number string `json:"number"`
		}
		err := decoder.Decode(&parsed)
		if err != nil || decoder.More() {
			t.Fatalf("took what is not the JSON expected: %v", err)
		}
		n, err := vault.ParseNumber([]byte(parsed.Number))
		if err != nil {
			t.Fatalf("took what is no number: %v", err)
		}
		n.Wipe()
	})
}

func FuzzURL(f *testing.F) {
	w := setup(f)
	for _, seed := range [][2]string{
		{"/v1/filings", "limit=1&state=draft"}, {"/v1/filings", "cursor=ghgjgm"}, {"/v1/people/123456789018/number", ""}, {"/v1/filings", "company=1234-5678-9018"},
		{"/v1/filings/%31", "%zz"}, {"//", "&&=;"}, {"/v1/procedures/..", ""}, {"/v1/filings/\x00", "limit=９"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		if bytes.ContainsRune([]byte(path), '?') {
			t.Skip("the path of a URL has no question mark")
		}
		w.t = t
		got, _ := w.send(request{as: "owner", method: http.MethodGet, path: path + "?" + query})
		quiet(t, got)
	})
}
