package egov

import (
	"errors"
	"fmt"
	"testing"
)

// bodies are the kinds of body that an answer can have, with an answer of each for
// a status: made by the reader of POST /bulk-apply where that is the operation.
var bodies = map[string]func(op Operation, status int) *Answer{
	"empty": func(_ Operation, status int) *Answer { return read(&Answer{Status: status, Whole: true}) },
	"valid": func(op Operation, status int) *Answer {
		a := &Answer{Status: status, Whole: true, Body: []byte(ackBody)}
		if status == 400 {
			a.Body = []byte(badBody)
		}
		read(a)
		if op != BulkApply {
			a.Valid = true
		}
		return a
	},
	"invalid": func(_ Operation, status int) *Answer {
		return read(&Answer{Status: status, Whole: true, Body: []byte(`{"title":"t","results":{"send_number":"1"}}`)})
	},
	"truncated": func(_ Operation, status int) *Answer {
		return read(&Answer{Status: status, Body: []byte(ackBody[:50])})
	},
	"truncated to nothing": func(_ Operation, status int) *Answer { return read(&Answer{Status: status}) },
}

func read(a *Answer) *Answer {
	_ = a.readBulk(testName)
	return a
}

// named is the table of outcomes, row by row; what has no row is Unknown.
func named(op Operation, status int, body string) Class {
	submission := op == BulkApply || op == Apply
	rows := []struct {
		status int
		body   string // empty for any
		op     Operation
		class  Class
	}{
		{401, "empty", "", Unauthorized}, {401, "valid", "", Unauthorized}, {401, "invalid", "", Unauthorized},
		{401, "truncated", "", Unauthorized}, {401, "truncated to nothing", "", Unauthorized},
		{413, "empty", "", Refused}, {413, "valid", "", Refused}, {413, "invalid", "", Refused},
		{413, "truncated", "", Refused}, {413, "truncated to nothing", "", Refused},
		{404, "empty", "", Refused},
		{400, "valid", BulkApply, NothingRegistered},
		{400, "valid", Apply, Refused},
		{200, "valid", "", Acknowledged},
		{202, "valid", "", Acknowledged},
	}
	for _, row := range rows {
		if submission && row.status == status && row.body == body && (row.op == "" || row.op == op) {
			return row.class
		}
	}
	return Unknown
}

func TestClassifyExhaustively(t *testing.T) {
	t.Parallel()
	cases := 0
	check := func(want Class, op Operation, r SubmissionResult, what string) {
		cases++
		got := Classify(op, r)
		if got != want {
			t.Errorf("%s, %v, %s: %v, want %v", op, r.Progress, what, got, want)
		}
	}
	for _, op := range []Operation{BulkApply, Apply, Report, "POST /apply/amend", ""} {
		for progress := NothingWritten - 2; progress <= StatusReceived+2; progress++ {
			early := progress == NothingWritten || progress == PartialHeader
			silent := Unknown
			if early {
				silent = NotSent
			}
			for _, err := range []error{nil, errors.New("any"), &TransportError{Progress: progress}} {
				check(silent, op, SubmissionResult{Progress: progress, Err: err}, "no answer")
			}
			for status := 100; status <= 599; status++ {
				for name, body := range bodies {
					want := Unknown
					switch {
					case early && status/100 != 2:
						want = NotSent
					case progress == StatusReceived:
						want = named(op, status, name)
					}
					check(want, op, SubmissionResult{Progress: progress, Answer: body(op, status)}, fmt.Sprintf("status %d, body %s", status, name))
				}
			}
		}
	}
	t.Logf("%d combinations", cases)
}

func TestZeroValuesAreSafe(t *testing.T) {
	t.Parallel()
	var class Class
	if class != Unknown || Classify(BulkApply, SubmissionResult{Progress: StatusReceived, Answer: &Answer{}}) != Unknown {
		t.Error("a zero value is not Unknown")
	}
	for class := Unknown - 1; class <= Acknowledged+1; class++ {
		if class.String() == "" || (class < Unknown || class > Acknowledged) && class.String() != "unknown" {
			t.Errorf("Class(%d) = %q", int(class), class)
		}
	}
	for progress := NothingWritten - 1; progress <= StatusReceived+1; progress++ {
		if progress.String() == "" {
			t.Errorf("Progress(%d) has no name", int(progress))
		}
	}
}

func TestErrNotSentAgreesWithClassify(t *testing.T) {
	t.Parallel()
	for progress := NothingWritten; progress <= StatusReceived; progress++ {
		err := &TransportError{Operation: BulkApply, Progress: progress, Err: errors.New("x")}
		certain := Classify(BulkApply, SubmissionResult{Progress: progress, Err: err}) == NotSent
		if errors.Is(err, ErrNotSent) != certain {
			t.Errorf("%v: ErrNotSent %v, class says %v", progress, errors.Is(err, ErrNotSent), certain)
		}
	}
	for _, c := range []struct {
		status int
		valid  bool
	}{{200, true}, {202, true}, {204, false}, {400, true}, {401, false}, {503, false}} {
		r := SubmissionResult{Progress: PartialHeader, Answer: &Answer{Status: c.status, Whole: true, Valid: c.valid}}
		err := r.verdict(BulkApply, nil)
		if err == nil || errors.Is(err, ErrNotSent) != (Classify(BulkApply, r) == NotSent) {
			t.Errorf("status %d before the header's end: %v, class %v", c.status, err, Classify(BulkApply, r))
		}
	}
}
