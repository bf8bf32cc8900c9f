package forms

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestMaskedCopy(t *testing.T) {
	t.Parallel()
	for _, id := range allProcedures {
		filled := mustFill(t, id, testFacts(), testEvent(id))
		files, err := filled.MaskedCopy(testAt, certificate())
		if err != nil {
			t.Fatal(err)
		}
		app := mustBuild(t, id)
		if files[0].Name != "kousei.xml" || !bytes.Equal(files[0].Data, app.Configuration) {
			t.Errorf("%s: the copy of kousei.xml is not what was built", id)
		}
		for i, f := range app.Forms {
			masked := bytes.ReplaceAll(f.Data, testNumber, []byte(MaskedNumber))
			if f.Name != files[i+1].Name || !bytes.Equal(masked, files[i+1].Data) {
				t.Errorf("%s: %s is not the built form with the number masked", id, f.Name)
			}
			if n := bytes.Count(files[i+1].Data, []byte(MaskedNumber)); n != 1 {
				t.Errorf("%s: %d masked numbers, want 1", id, n)
			}
		}
	}
}

// TestMaskedHoldsNoDigits: whatever number is given to Build, neither the copy
// nor the preview made of the same Filled holds it.
func TestMaskedHoldsNoDigits(t *testing.T) {
	t.Parallel()
	filled := mustFill(t, employmentGain, testFacts(), testEvent(employmentGain))
	rapid.Check(t, func(t *rapid.T) {
		number := []byte(rapid.StringMatching(`[0-9]{11}`).Draw(t, "number") + "0")
		for !validNumber(number) {
			number[11]++
		}
		app, err := filled.Build(testAt, map[string][]byte{"person": number}, certificate())
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(app.Forms[0].Data, number) != 1 || bytes.Contains(app.Configuration, number) {
			t.Fatal("the number is not once in the form and nowhere else")
		}
		files, err := filled.MaskedCopy(testAt, certificate())
		if err != nil {
			t.Fatal(err)
		}
		page, err := filled.MaskedHTML(testAt)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range append(files, FormFile{"html", page}) {
			if bytes.Contains(f.Data, number) {
				t.Fatalf("%s holds the number", f.Name)
			}
		}
		app.Wipe()
	})
}

func TestMaskedHTML(t *testing.T) {
	t.Parallel()
	for _, id := range allProcedures {
		page, err := mustFill(t, id, testFacts(), testEvent(id)).MaskedHTML(testAt)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, id+".preview.golden.html", page)
		text := string(page)
		if strings.Contains(text, "<script") || strings.Contains(text, "http://") || strings.Contains(text, "src=") {
			t.Errorf("%s: the page reaches outside or holds a script", id)
		}
		if run := longestDigits(text); run >= 12 && run != 13 && run != 16 && run != 23 {
			t.Errorf("%s: a run of %d digits", id, run)
		}
		for _, f := range procedure(t, id).Describe().Fields {
			if f.Form != "" && !strings.Contains(text, ">"+f.Label+"<") {
				t.Errorf("%s: the preview lacks %s", id, f.Label)
			}
		}
	}
}

func TestPreviewEscapes(t *testing.T) {
	t.Parallel()
	filled := mustFill(t, employmentLoss, testFacts(), testEvent(employmentLoss))
	x := filled.p.byName["loss_reason"]
	filled.values[x.index].show = `<img src=x onerror=alert(1)>`
	page, err := filled.MaskedHTML(testAt)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page, []byte("<img")) {
		t.Error("a value is not escaped")
	}
}

func longestDigits(s string) int {
	longest, run := 0, 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}
