package forms

import (
	"testing"

	"todoke/schemas"
)

func TestLoadSchemas(t *testing.T) {
	t.Parallel()
	c, err := Load(schemas.FS)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(c.Procedures()); got != 4 {
		t.Fatalf("%d procedures, want 4", got)
	}
}
