package egov

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"todoke/egov/wire"
)

var (
	// ErrNotSent reports a submission of which no complete request header left
	// this machine: e-Gov cannot have accepted it.
	ErrNotSent = errors.New("the submission was not sent")
	// ErrInvalidGrant reports a refresh token or authorization code that e-Gov does
	// not accept any more: a person has to log in.
	ErrInvalidGrant = errors.New("e-Gov does not accept this grant")
	// ErrIncomplete reports a listing that ended before everything in it was seen.
	// What was seen counts; what was not seen proves nothing.
	ErrIncomplete = errors.New("the listing is incomplete")
)

// Operation names an operation of e-Gov by method and path.
type Operation string

// The operations that this client knows.
const (
	BulkApply  Operation = "POST /bulk-apply"
	Apply      Operation = "POST /apply"
	Report     Operation = "GET /apply/report"
	Lists      Operation = "GET /apply/lists"
	issueToken Operation = "POST /token"
	introspect Operation = "POST /token/introspect"
	logout     Operation = "POST /logout"
)

// TransportError reports a call that ended without a usable answer. For a
// submission Progress tells how much of the request may have left; with less than
// a complete header it is ErrNotSent. Other calls are not watched as closely: once
// tried, they count as complete.
type TransportError struct {
	Operation Operation
	Progress  Progress
	Err       error
}

func (e *TransportError) Error() string {
	return fmt.Sprintf("%s: %v (%v)", e.Operation, e.Err, e.Progress)
}

func (e *TransportError) Unwrap() error { return e.Err }

// Is reports ErrNotSent for a submission that certainly was not sent.
func (e *TransportError) Is(target error) bool {
	return target == ErrNotSent && e.Progress < HeaderComplete
}

// StatusError reports an answer whose status is not the one of success. 401 and
// 404 come with an empty body by e-Gov's own description.
type StatusError struct {
	Operation  Operation
	Status     int
	Challenge  *Challenge        // of a 401, nil when there is none
	Problem    *wire.Problem     // nil when the body is not of that shape
	TokenError *wire.TokenError  // of the authentication endpoints, else nil
	Bulk       *wire.BulkProblem // of POST /bulk-apply, else nil
}

// Error leaves the words of the body out: they may repeat what was submitted.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: status %d %s", e.Operation, e.Status, http.StatusText(e.Status))
}

// Is reports ErrInvalidGrant for the token error of that name.
func (e *StatusError) Is(target error) bool {
	return target == ErrInvalidGrant && e.TokenError != nil && e.TokenError.Error == "invalid_grant"
}

// DecodeError reports an answer that is too long, ends early or is not what the
// operation returns. It quotes nothing of the answer.
type DecodeError struct {
	Operation Operation
	Err       error
}

func (e *DecodeError) Error() string { return fmt.Sprintf("%s: read answer: %v", e.Operation, e.Err) }

func (e *DecodeError) Unwrap() error { return e.Err }

// plain takes the *url.Error off, which repeats method and address.
func plain(err error) error {
	u, ok := errors.AsType[*url.Error](err)
	if ok {
		return u.Err
	}
	return err
}
