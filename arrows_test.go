package todoke_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says which packages of this module each package may import; a trailing
// "/..." stands for the package and all below it. Imports point downward only:
// forms, signing, vault, usage, egov and office do not know one another, and only
// the sub-packages of queue put them together. A package that is not listed fails.
var arrows = map[string][]string{
	"todoke/mynumber":        {},
	"todoke/seal":            {},
	"todoke/config":          {},
	"todoke/schemas":         {},
	"todoke/database":        {},
	"todoke/database/sqlite": {"todoke/database"},

	"todoke/signing/...": {"todoke/signing/..."},
	"todoke/forms/...":   {"todoke/forms/...", "todoke/schemas", "todoke/mynumber"},
	"todoke/vault/...":   {"todoke/vault/...", "todoke/database", "todoke/seal", "todoke/mynumber"},
	"todoke/usage/...":   {"todoke/usage/...", "todoke/database", "todoke/mynumber"},
	"todoke/office/...":  {"todoke/office/...", "todoke/database", "todoke/seal", "todoke/mynumber"},

	"todoke/egov":              {"todoke/egov/wire", "todoke/egov/internal/..."},
	"todoke/egov/wire":         {},
	"todoke/egov/internal/...": {"todoke/egov/wire", "todoke/egov/internal/..."},
	"todoke/egov/account":      {"todoke/egov", "todoke/database", "todoke/seal"},
	"todoke/egov/sim/...":      {"todoke/egov/wire", "todoke/egov/sim/..."},

	"todoke/queue":         {"todoke/database"},
	"todoke/queue/custody": {"todoke/usage", "todoke/vault"},
	"todoke/queue/desk": {
		"todoke/queue", "todoke/forms", "todoke/office", "todoke/vault", "todoke/usage", "todoke/database", "todoke/seal", "todoke/mynumber",
	},
	"todoke/queue/night": {
		"todoke/queue", "todoke/queue/custody", "todoke/forms", "todoke/signing", "todoke/vault", "todoke/usage",
		"todoke/egov", "todoke/egov/wire", "todoke/office", "todoke/seal", "todoke/mynumber",
	},

	"todoke/officedir": {
		"todoke/config", "todoke/database/...", "todoke/seal", "todoke/schemas", "todoke/forms", "todoke/signing", "todoke/vault",
		"todoke/usage", "todoke/office", "todoke/egov", "todoke/egov/account", "todoke/queue/...",
	},
	"todoke/api": {
		"todoke/queue/...", "todoke/forms", "todoke/office", "todoke/vault", "todoke/usage", "todoke/database", "todoke/mynumber",
	},
	"todoke/cmd/...": {"todoke/..."},
}

// drivers may be imported only where they are named: domain packages know neither
// a web framework nor a database driver.
var drivers = map[string][]string{
	"github.com/gin-gonic/gin": {"todoke/api", "todoke/web"},
	"modernc.org/sqlite":       {"todoke/database/sqlite"},
	"github.com/spf13/cobra":   {"todoke/cmd/..."},
}

func TestImportsPointDownward(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		rule, known := ruleFor(p.ImportPath)
		if !known {
			t.Errorf("%s has no rule: say what it may import", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			ours := imported == "todoke" || strings.HasPrefix(imported, "todoke/")
			if ours && !slices.ContainsFunc(rule, func(pattern string) bool { return matches(pattern, imported) }) {
				t.Errorf("%s imports %s, which lies beside or above it", p.ImportPath, imported)
			}
			owners, driver := drivers[imported]
			if driver && !slices.ContainsFunc(owners, func(pattern string) bool { return matches(pattern, p.ImportPath) }) {
				t.Errorf("%s imports %s, which only %v may", p.ImportPath, imported, owners)
			}
		}
	}
}

func TestArrowsCheckCanFail(t *testing.T) {
	t.Parallel()
	rule, known := ruleFor("todoke/egov/sim/inspect")
	if !known || slices.ContainsFunc(rule, func(pattern string) bool { return matches(pattern, "todoke/signing") }) {
		t.Errorf("the simulator could import signing: %v, %v", rule, known)
	}
	_, known = ruleFor("todoke/util")
	if known {
		t.Error("an unlisted package has a rule")
	}
}

type listed struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		err = decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if p.ImportPath != "todoke" {
			packages = append(packages, p)
		}
	}
}

// ruleFor prefers the exact name, then the longest pattern.
func ruleFor(path string) ([]string, bool) {
	rule, ok := arrows[path]
	if ok {
		return rule, true
	}
	best := ""
	for pattern := range arrows {
		if strings.HasSuffix(pattern, "/...") && matches(pattern, path) && len(pattern) > len(best) {
			best = pattern
		}
	}
	return arrows[best], best != ""
}

func matches(pattern, path string) bool {
	prefix, below := strings.CutSuffix(pattern, "/...")
	return path == prefix || below && strings.HasPrefix(path, prefix+"/")
}
