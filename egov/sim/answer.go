package sim

import (
	"encoding/json"
	"fmt"
	"net/http"

	"todoke/egov/wire"
)

// writeJSON answers with a JSON body.
func writeJSON(w http.ResponseWriter, status int, body any) {
	out, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("answer: %v", err)) // the bodies are ours and always marshal
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(out)
}

// base is the simulator's own address as the caller sees it; e-Gov's literal
// forms of type and links are not known.
func base(c *call) string {
	host := c.Host
	if host == "" || len(host) > 128 {
		host = "localhost"
	}
	scheme := "http"
	if c.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + host
}

func metadata(c *call) wire.Metadata {
	return wire.Metadata{
		Title: c.route.title, Detail: "正常に処理が完了しました。", Type: base(c) + apiPrefix, Instance: clip(c.URL.Path),
	}
}

// clip keeps a member within the 256 characters that e-Gov allows.
func clip(s string) string {
	if r := []rune(s); len(r) > 256 {
		return string(r[:256])
	}
	return s
}

// problem answers with the error body of the route: the token style on the
// authentication side, with a count for a bulk, plain otherwise.
func (s *Server) problem(w http.ResponseWriter, c *call, status int, detail string) {
	if c.route.kind == authRoute {
		writeJSON(w, status, wire.TokenError{Error: "server_error", ErrorDescription: detail})
		return
	}
	plain := wire.Problem{
		Title: http.StatusText(status), Detail: clip(detail), Type: base(c) + apiPrefix, Instance: clip(c.URL.Path),
	}
	if c.route.operation == "bulk-apply" {
		writeJSON(w, status, wire.BulkProblem{Problem: plain, ErrorCount: 1})
		return
	}
	writeJSON(w, status, plain)
}

// bulkProblem answers 400 to a bulk that cannot be opened and names what is wrong.
func (s *Server) bulkProblem(w http.ResponseWriter, c *call, detail string, errs []wire.BulkError) {
	writeJSON(w, http.StatusBadRequest, wire.BulkProblem{
		Problem: wire.Problem{
			Title: http.StatusText(http.StatusBadRequest), Detail: detail,
			Type: base(c) + apiPrefix, Instance: clip(c.URL.Path),
		},
		ErrorCount: min(len(errs), 9999), Errors: errs[:min(len(errs), 9999)],
	})
}
