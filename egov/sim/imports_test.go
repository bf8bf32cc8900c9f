package sim_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// TestImportsNothingOfTheClient holds the one arrow that makes the simulator a
// second opinion: of this module it may use egov/wire and itself.
func TestImportsNothingOfTheClient(t *testing.T) {
	t.Parallel()
	root := os.DirFS(".")
	err := fs.WalkDir(root, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name := strings.Trim(spec.Path.Value, `"`)
			own := name == "todoke/egov/sim" || strings.HasPrefix(name, "todoke/egov/sim/") || name == "todoke/egov/wire"
			if strings.HasPrefix(name, "todoke/") && !own {
				t.Errorf("%s imports %s", path, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
