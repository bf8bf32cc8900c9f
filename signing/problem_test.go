package signing

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestCodes(t *testing.T) {
	t.Parallel()

	form := regexp.MustCompile(`^TODOKE-SIG-00\d\d$`)
	japanese := regexp.MustCompile(`[ぁ-んァ-ヶ一-龠]`)
	seen := make(map[string]bool)
	for _, p := range Codes() {
		switch {
		case !form.MatchString(p.Code):
			t.Errorf("%s: not a code", p.Code)
		case seen[p.Code]:
			t.Errorf("%s: used twice", p.Code)
		case !japanese.MatchString(p.Message) || !strings.HasSuffix(p.Message, "。") || !strings.HasSuffix(p.Remedy, "。"):
			t.Errorf("%s: message or remedy is not a Japanese sentence", p.Code)
		case p.reason == "" || p.Subject != "":
			t.Errorf("%s: reason %q, subject %q", p.Code, p.reason, p.Subject)
		}
		seen[p.Code] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d codes", len(seen))
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()

	cause := errors.New("device is gone")
	p := errDevice.about("山田太郎\x1b[31m.xml").because(cause)
	err := fmt.Errorf("submitting: %w", p)
	switch {
	case !errors.Is(err, errDevice), !errors.Is(err, cause), errors.Is(err, errDigest):
		t.Error("kinds of error are mixed up")
	case strings.Contains(err.Error(), "山田"):
		t.Error("the text of an error has a file name")
	case p.Subject != "山田太郎\uFFFD[31m.xml":
		t.Errorf("subject %q", p.Subject)
	case errDevice.Subject != "" || errDevice.cause != nil:
		t.Error("the shared Problem was changed")
	}
	if got := printable(strings.Repeat("あ", 200)); len([]rune(got)) != 121 {
		t.Errorf("%d runes", len([]rune(got)))
	}
}
