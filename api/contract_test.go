package api_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/google/go-cmp/cmp"

	"todoke/queue"
)

// contract is the OpenAPI document as kin-openapi reads it (3.1: schemas are checked
// as JSON Schema 2020-12).
var contract = sync.OnceValues(func() (*openapi3.T, error) {
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(raw)
})

func document(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	doc := document(t)
	err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaDefaultsValidation())
	if err != nil {
		t.Error(err)
	}
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("openapi = %s, want 3.1", doc.OpenAPI)
	}
}

func TestRoutesAreTheDocument(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var documented []string
	for path, item := range document(t).Paths.Map() {
		for method, operation := range item.Operations() {
			documented = append(documented, method+" "+path)
			if operation.OperationID == "" || operation.Summary == "" {
				t.Errorf("%s %s has no operationId or summary", method, path)
			}
		}
	}
	var served []string
	for _, route := range w.server.RouteTable() {
		served = append(served, parameter.ReplaceAllString(route, "{$1}"))
	}
	slices.Sort(documented)
	slices.Sort(served)
	if diff := cmp.Diff(documented, served); diff != "" {
		t.Errorf("routes differ (-openapi.yaml +gin):\n%s", diff)
	}
}

var parameter = regexp.MustCompile(`:([a-z_]+)`)

func TestDocumentIsServed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.do(request{method: http.MethodGet, path: "/openapi.yaml"})
	want, err := os.ReadFile("openapi.yaml")
	w.must(err)
	if got.status != http.StatusOK || string(got.body) != string(want) {
		t.Errorf("GET /openapi.yaml = %d, %d bytes", got.status, len(got.body))
	}
}

func TestDocumentedStatesExist(t *testing.T) {
	t.Parallel()
	for _, state := range document(t).Components.Schemas["State"].Value.Enum {
		s := queue.State(state.(string))
		if s.Label() == string(s) {
			t.Errorf("the document has a state %q that a filing cannot have", s)
		}
	}
}

func TestContractCheckCanFail(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got, req := w.send(request{as: "staff", method: http.MethodGet, path: "/v1/filings"})
	if problems := w.violations(req, got); problems != nil {
		t.Fatal(problems)
	}
	for name, change := range map[string]func(r *response){
		"status":       func(r *response) { r.status = http.StatusTeapot },
		"content type": func(r *response) { r.header.Set("Content-Type", "application/problem+json") },
		"extra member": func(r *response) { r.body = []byte(`{"items":[],"links":{},"x":1}`) },
		"wrong type":   func(r *response) { r.body = []byte(`{"items":{},"links":{}}`) },
		"item":         func(r *response) { r.body = []byte(`{"items":[{"id":"x"}],"links":{}}`) },
		"header":       func(r *response) { r.header.Del("Cache-Control") },
	} {
		doctored := response{got.status, got.header.Clone(), got.body}
		change(&doctored)
		if w.violations(req, doctored) == nil {
			t.Errorf("a wrong %s passes", name)
		}
	}
}

func (w *world) conforms(req *http.Request, got response) {
	w.t.Helper()
	for _, problem := range w.violations(req, got) {
		w.t.Errorf("%s %s answers %d against the document: %v", req.Method, req.URL.Path, got.status, problem)
	}
}

// violations holds an answer against the document: its status, headers, content type
// and body. What is outside the table of routes answers with a problem.
func (w *world) violations(req *http.Request, got response) []error {
	w.t.Helper()
	var list []error
	for header, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
		if got.header.Get(header) != want {
			list = append(list, fmt.Errorf("%s = %q, want %q", header, got.header.Get(header), want))
		}
	}
	route := find(document(w.t), req)
	if route == nil {
		if got.header.Get("Content-Type") != "application/problem+json" {
			list = append(list, fmt.Errorf("outside the document, and %q", got.header.Get("Content-Type")))
		}
		return list
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route},
		Status:                 got.status, Header: got.header,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, MultiError: true,
			ExcludeResponseBody: !strings.Contains(got.header.Get("Content-Type"), "json"),
		},
	}
	input.SetBodyBytes(got.body)
	err := openapi3filter.ValidateResponse(w.ctx, input)
	if err != nil {
		list = append(list, err)
	}
	return list
}

// find returns the operation of a request, nil when the document has none.
func find(doc *openapi3.T, req *http.Request) *routers.Route {
	for path, item := range doc.Paths.Map() {
		operation := item.GetOperation(req.Method)
		if operation != nil && matches(path, req.URL.Path) {
			return &routers.Route{Spec: doc, Path: path, PathItem: item, Method: req.Method, Operation: operation}
		}
	}
	return nil
}

func matches(template, path string) bool {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if want[i] != have[i] && (!strings.HasPrefix(want[i], "{") || have[i] == "") {
			return false
		}
	}
	return true
}
