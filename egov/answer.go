package egov

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"todoke/egov/internal/lenient"
	"todoke/egov/wire"
)

// Answer is what e-Gov said to a submission. Formatted or logged, it shows neither
// header nor body: e-Gov may repeat in them what was submitted, and whoever stores
// the body masks it first.
type Answer struct {
	Status int
	Header http.Header // Content-Type, Date, Retry-After and WWW-Authenticate only
	Body   []byte      // as received, up to Config.MaxAnswer bytes
	Whole  bool        // Body was received to its end
	Valid  bool        // Body is whole and what this operation returns with this status

	Bulk         *wire.BulkResult  // of a valid 200 or 202 to POST /bulk-apply
	Problem      *wire.BulkProblem // of a valid 400 to POST /bulk-apply
	Challenge    *Challenge        // of a 401, when there is one
	SentFileName string            // what e-Gov should have echoed
	OtherName    bool              // it acknowledged another file name than the one sent
}

func (a Answer) masked() string {
	return fmt.Sprintf("egov.Answer{Status: %d, Body: %d bytes, Whole: %t, Valid: %t}", a.Status, len(a.Body), a.Whole, a.Valid)
}

// Format writes status and sizes only, whatever the verb.
func (a Answer) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, a.masked()) }

// LogValue is status and sizes only.
func (a Answer) LogValue() slog.Value { return slog.StringValue(a.masked()) }

// readAnswer reads the rest of an answer. A body that breaks off or is too long
// leaves Whole false, and the reason in err.
func readAnswer(resp *http.Response, limit int64) (*Answer, error) {
	body, err := readBounded(resp.Body, limit)
	a := &Answer{Status: resp.StatusCode, Header: http.Header{}, Body: body, Whole: err == nil}
	for _, name := range []string{"Content-Type", "Date", "Retry-After", "Www-Authenticate"} {
		values := resp.Header.Values(name)
		if len(values) > 0 {
			a.Header[name] = values
		}
	}
	if a.Status == http.StatusUnauthorized {
		a.Challenge = challengeOf(resp.Header)
	}
	return a, err
}

// statusError tells of the answer what an error may tell.
func (a *Answer) statusError(op Operation) *StatusError {
	e := &StatusError{Operation: op, Status: a.Status, Challenge: a.Challenge, Bulk: a.Problem}
	var problem wire.Problem
	if a.Whole && lenient.Decode(a.Body, &problem) == nil && problem.Title != "" {
		e.Problem = &problem
	}
	return e
}

// readBulk fills in what POST /bulk-apply returns (e-Gov OpenAPI 2.0.0): with 202
// the send number, with 400 the folders at fault. The error says why a body of one
// of these statuses is not valid.
func (a *Answer) readBulk(fileName string) error {
	a.SentFileName = fileName
	if !a.Whole {
		return errors.New("the answer breaks off")
	}
	switch a.Status {
	case http.StatusOK, http.StatusAccepted:
		result, err := decodeBulkResult(a.Body)
		if err != nil {
			return err
		}
		a.Bulk, a.Valid, a.OtherName = result, true, result.FileName != fileName
	case http.StatusBadRequest:
		problem, err := decodeBulkProblem(a.Body)
		if err != nil {
			return err
		}
		a.Problem, a.Valid = problem, true
	}
	return nil
}

func decodeBulkResult(body []byte) (*wire.BulkResult, error) {
	var answer wire.BulkResponse
	err := lenient.Decode(body, &answer)
	r := answer.Results
	switch {
	case err != nil:
		return nil, err
	case !digits(r.SendNumber, 18):
		return nil, errors.New("send_number has not 18 digits")
	case Absent(r.FileName):
		return nil, errors.New("file_name is missing")
	case r.ApplyCount < 1 || r.ApplyCount > 9999:
		return nil, errors.New("apply_count is not between 1 and 9999")
	}
	return &r, nil
}

// decodeBulkProblem insists on error_count, which no gateway in between would
// send: only e-Gov itself can say that nothing was registered.
func decodeBulkProblem(body []byte) (*wire.BulkProblem, error) {
	var problem wire.BulkProblem
	err := lenient.Decode(body, &problem)
	switch {
	case err != nil:
		return nil, err
	case Absent(problem.Title):
		return nil, errors.New("title is missing")
	case problem.ErrorCount < 1 || problem.ErrorCount > 9999:
		return nil, errors.New("error_count is not between 1 and 9999")
	}
	return &problem, nil
}
