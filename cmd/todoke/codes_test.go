package main

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"todoke/api"
	"todoke/forms"
	"todoke/office"
	"todoke/queue/desk"
	"todoke/signing"
)

var update = flag.Bool("update", false, "write docs/codes.md anew")

// TestCodesPage holds docs/codes.md against the code: every public code, once, with
// what it means. A code is never reused, so a line that goes is a line to look at.
func TestCodesPage(t *testing.T) {
	t.Parallel()
	rows := map[string]string{}
	add := func(code, text string) {
		_, twice := rows[code]
		if twice {
			t.Errorf("%s stands for two things", code)
		}
		rows[code] = strings.ReplaceAll(text, "|", "\\|")
	}
	for _, r := range forms.Rules() {
		add(r.Code, r.Definition)
	}
	for _, r := range desk.Rules() {
		add(r.Code, r.Message)
	}
	for _, r := range office.Rules() {
		add(r.Code, r.Message)
	}
	for _, r := range signing.Codes() {
		add(r.Code, r.Message)
	}
	for _, r := range api.Rules() {
		add(r.Code, fmt.Sprintf("HTTP %d %s", r.Status, r.Title))
	}
	for _, r := range api.RequestRules() {
		add(r.Code, r.Message)
	}
	codes := make([]string, 0, len(rows))
	for code := range rows {
		codes = append(codes, code)
	}
	sort.Strings(codes)
	var page strings.Builder
	page.WriteString("# Codes\n\nEvery public code of a finding or problem. A code keeps its meaning for ever.\nThis page is written by `go test ./cmd/todoke -run TestCodesPage -update`.\n\n| code | meaning |\n|---|---|\n")
	for _, code := range codes {
		fmt.Fprintf(&page, "| `%s` | %s |\n", code, rows[code])
	}
	const path = "../../docs/codes.md"
	if *update {
		write(t, path, []byte(page.String()))
	}
	written, err := os.ReadFile(path)
	if err != nil || string(written) != page.String() {
		t.Errorf("docs/codes.md is not what the code says (%v); run with -update and read the difference", err)
	}
}
