package api

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/forms"
	"todoke/office"
	"todoke/queue"
	"todoke/queue/desk"
	"todoke/usage"
	"todoke/vault"
)

// kinds is every error that the table knows, and what it becomes; the rest of the
// world's errors are internal.
var kinds = map[string][]error{
	"TODOKE-API-0001": {ErrBadKey},
	"TODOKE-API-0002": {desk.ErrForbidden},
	"TODOKE-API-0003": {errOtherCompany},
	"TODOKE-API-0004": {desk.ErrFourEyes},
	"TODOKE-API-0005": {errNoRoute},
	"TODOKE-API-0006": {errNoMethod},
	"TODOKE-API-0007": {errNumberInURL},
	"TODOKE-API-0008": {errNumberInBody, desk.ErrNumberInText, usage.ErrNumber, vault.ErrNumberInText, &fieldsError{cause: errNumberInBody}},
	"TODOKE-API-0009": {errContentType},
	"TODOKE-API-0010": {errBodyTooLarge},
	"TODOKE-API-0011": {errBodySyntax, &fieldsError{cause: errBodySyntax}},
	"TODOKE-API-0012": {errNumberBody},
	"TODOKE-API-0013": {vault.ErrNumberLength, vault.ErrNumberCharacter, vault.ErrCheckDigit},
	"TODOKE-API-0014": {&fieldsError{cause: errFields}},
	"TODOKE-API-0015": {errQuery, &fieldsError{cause: errQuery}},
	"TODOKE-API-0016": {errCursor},
	"TODOKE-API-0017": {errReference, fmt.Errorf("%w: %w", errReference, office.ErrNotFound)},
	"TODOKE-API-0018": {desk.ErrUnknownProcedure},
	"TODOKE-API-0019": {errNoProcedure},
	"TODOKE-API-0020": {errNoCopy},
	"TODOKE-API-0021": {queue.ErrNotFound},
	"TODOKE-API-0022": {office.ErrNotFound},
	"TODOKE-API-0023": {errNoRevision},
	"TODOKE-API-0024": {errPrecondition},
	"TODOKE-API-0025": {errTwoRevisions},
	"TODOKE-API-0026": {queue.ErrStale},
	"TODOKE-API-0027": {queue.ErrNotAllowed},
	"TODOKE-API-0028": {queue.ErrReasonMissing},
	"TODOKE-API-0029": {desk.ErrNoPurpose},
	"TODOKE-API-0030": {&queue.DoubleError{Existing: "f1"}},
	"TODOKE-API-0031": {&desk.InvalidError{}},
	"TODOKE-API-0032": {&office.InvalidError{}},
	"TODOKE-API-0033": {office.ErrConflict, office.ErrNumberHeld},
	"TODOKE-API-0034": {errIdempotency},
	"TODOKE-API-0035": {errKeyReused},
	"TODOKE-API-0036": {errInFlight},
	"TODOKE-API-0037": {errUnexpectedKey},
	"TODOKE-API-0038": {usage.ErrInconsistent, vault.ErrNotRecorded, vault.ErrRolledBack, vault.ErrAnchorForged},
	"TODOKE-API-0039": {context.Canceled, context.DeadlineExceeded},
	"TODOKE-API-0040": {errors.New("anything"), errPanic, ErrKeyNotFound, ErrInvalidKey, usage.ErrEntry, vault.ErrInvalid, vault.ErrUnreadable, vault.ErrKeyMissing},
	"TODOKE-API-0041": {&notReadyError{cause: queue.ErrNotFound}},
}

func TestEveryErrorHasItsProblem(t *testing.T) {
	t.Parallel()
	for code, list := range kinds {
		for _, err := range list {
			for _, wrapped := range []error{err, fmt.Errorf("approve filing f1: %w", err)} {
				if got := classify(wrapped); got.Code != code {
					t.Errorf("%v is %s, want %s", wrapped, got.Code, code)
				}
			}
		}
	}
}

func TestTableIsSound(t *testing.T) {
	t.Parallel()
	codes, slugs := map[string]bool{}, map[string]bool{}
	for i, rule := range Rules() {
		if codes[rule.Code] || slugs[rule.Slug] {
			t.Errorf("%s or %s stands twice", rule.Code, rule.Slug)
		}
		codes[rule.Code], slugs[rule.Slug] = true, true
		if kinds[rule.Code] == nil {
			t.Errorf("%s has no case above", rule.Code)
		}
		if !regexp.MustCompile(`^TODOKE-API-\d{4}$`).MatchString(rule.Code) || !regexp.MustCompile(`^[a-z-]+$`).MatchString(rule.Slug) {
			t.Errorf("%s %s is malformed", rule.Code, rule.Slug)
		}
		japanese := regexp.MustCompile(`\p{Hiragana}`)
		if !japanese.MatchString(rule.Title) || !japanese.MatchString(rule.Detail) || rule.Status < 400 {
			t.Errorf("%s lacks words or a status", rule.Code)
		}
		if i < len(table)-1 && rule.matches(errors.New("anything")) {
			t.Errorf("%s hides what stands below it", rule.Code)
		}
	}
}

func TestOnlyFindingsPass(t *testing.T) {
	t.Parallel()
	finding := Finding{Code: "C", Field: "f", Label: "l", Message: "m", Remedy: "r"}
	for _, tt := range []struct {
		name string
		err  error
		want Problem
	}{
		{"fields", &fieldsError{cause: errFields, findings: []Finding{finding}}, Problem{Errors: []Finding{finding}}},
		{"filing", &desk.InvalidError{Findings: []forms.Finding{{Code: "C", Field: "f", Label: "l", Message: "m", Remedy: "r", Source: "person.name"}}},
			Problem{Errors: []Finding{finding}}},
		{"data", &office.InvalidError{Problems: []office.Problem{{Code: "C", Field: "f", Label: "l", Message: "m", Remedy: "r"}}},
			Problem{Errors: []Finding{finding}}},
		{"double", &queue.DoubleError{Existing: "f1"}, Problem{FilingID: "f1"}},
		{"internal", errors.New("password=x"), Problem{}},
		{"not ready", &notReadyError{cause: &queue.DoubleError{Existing: "f1"}}, Problem{}},
	} {
		rule := classify(tt.err)
		tt.want.Type, tt.want.Title, tt.want.Status, tt.want.Detail, tt.want.Code = typeURN+rule.Slug, rule.Title, rule.Status, rule.Detail, rule.Code
		if diff := cmp.Diff(tt.want, rule.problem(tt.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestCursorsHoldNoDigits(t *testing.T) {
	t.Parallel()
	place := "01JZABCD123456789012ABCDEF"
	cursor := encodeCursor("filings", place)
	if regexp.MustCompile(`\d`).MatchString(cursor) {
		t.Errorf("cursor = %s", cursor)
	}
	got, err := decodeCursor("filings", cursor)
	if got != place || err != nil {
		t.Errorf("decodeCursor = %q, %v", got, err)
	}
	for _, bad := range []string{encodeCursor("people", place), encodeCursor("filings", ""), encodeCursor("filings", "123456789012")} {
		_, err = decodeCursor("filings", bad)
		if !errors.Is(err, errCursor) {
			t.Errorf("decodeCursor(%s) = %v", bad, err)
		}
	}
}
