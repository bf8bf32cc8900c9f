package forms

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reference finds the folder with reference material: TODOKE_REFERENCE, or
// ../shared/reference beside the module.
func reference(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TODOKE_REFERENCE")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "reference")
	}
	if _, err := os.Stat(filepath.Join(dir, "forms", "skeleton")); err != nil {
		t.Skip("no reference material: set TODOKE_REFERENCE to compare with the skeletons")
	}
	return filepath.Join(dir, "forms", "skeleton")
}

// TestSkeletons holds what Build writes against the skeletons of the
// procedures: the same leaves in the same order, and every constant equal.
func TestSkeletons(t *testing.T) {
	t.Parallel()
	dir := reference(t)
	for _, id := range allProcedures {
		app := mustBuild(t, id)
		for _, f := range append(app.Forms, FormFile{"kousei.xml", app.Configuration}) {
			raw, err := os.ReadFile(filepath.Join(dir, id, f.Name))
			if err != nil {
				t.Fatal(err)
			}
			// The encoding name is written in either case; the decoder knows UTF-8 only.
			skeleton := leafList(t, []byte(strings.Replace(string(raw), `encoding="utf-8"`, `encoding="UTF-8"`, 1)))
			built := leafList(t, f.Data)
			if f.Name == "kousei.xml" {
				// The skeleton lists no attachment yet.
				built = slices.DeleteFunc(built, func(l [2]string) bool { return strings.Contains(l[0], "添付書類属性情報") })
			}
			if diff := cmp.Diff(paths(skeleton), paths(built)); diff != "" {
				t.Errorf("%s %s: elements differ (-skeleton +built):\n%s", id, f.Name, diff)
				continue
			}
			for i, l := range skeleton {
				if l[1] != "" && l[1] != built[i][1] {
					t.Errorf("%s %s: %s is %q, the skeleton has %q", id, f.Name, l[0], built[i][1], l[1])
				}
			}
		}
	}
}

func paths(list [][2]string) []string {
	out := make([]string, len(list))
	for i, l := range list {
		out[i] = l[0]
	}
	return out
}
