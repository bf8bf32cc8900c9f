package egov

import "net/http"

// Progress tells how much of a submission may have left this machine. It never
// claims less than what may have.
type Progress int

// The stages of a submission, in order.
const (
	NothingWritten Progress = iota
	PartialHeader           // some bytes, but not the end of the request header
	HeaderComplete          // the header, and possibly some of the body
	BodyComplete            // everything was handed to the network
	StatusReceived          // there is an answer with a status
)

// String names the stage, for logs.
func (p Progress) String() string {
	switch p {
	case NothingWritten:
		return "nothing written"
	case PartialHeader:
		return "header partly written"
	case HeaderComplete:
		return "header written"
	case BodyComplete:
		return "request written"
	case StatusReceived:
		return "status received"
	default:
		return "progress unknown"
	}
}

// Class is what a submission came to. The zero value is Unknown.
type Class int

// The classes of outcome.
const (
	// Unknown: e-Gov may or may not have accepted; only asking it can tell.
	Unknown Class = iota
	// NotSent: certainly not accepted, since no complete header left this machine.
	NotSent
	// Unauthorized: certainly not accepted, since e-Gov refused the token (401).
	Unauthorized
	// Refused: certainly not accepted, and the same request would be refused again.
	Refused
	// NothingRegistered: e-Gov refused a bulk as a whole; the folders that its answer
	// names are at fault, the others may go into a new attempt.
	NothingRegistered
	// Acknowledged: e-Gov has the submission and gave it a number.
	Acknowledged
)

// String names the class, for logs and rows.
func (c Class) String() string {
	switch c {
	case NotSent:
		return "not_sent"
	case Unauthorized:
		return "unauthorized"
	case Refused:
		return "refused"
	case NothingRegistered:
		return "nothing_registered"
	case Acknowledged:
		return "acknowledged"
	case Unknown:
		return "unknown"
	default:
		return "unknown"
	}
}

// SubmissionResult is all that is known about one submission.
type SubmissionResult struct {
	Progress Progress
	Answer   *Answer // nil when no status was received
	Err      error   // nil exactly when the answer is a whole, valid acknowledgement
}

// Classify maps what was seen of a submission to what it came to. Whatever the
// table below does not name is Unknown.
//
//	no complete header written            NotSent
//	401, any body                         Unauthorized
//	413, any body                         Refused
//	404, whole and empty body             Refused
//	400, valid error body, BulkApply      NothingRegistered
//	400, valid error body, Apply          Refused
//	200 or 202, valid body                Acknowledged
//
// "Valid" is what Answer.Valid says. A success without a complete header having
// been written contradicts itself and is Unknown as well.
func Classify(op Operation, r SubmissionResult) Class {
	switch r.Progress {
	case NothingWritten, PartialHeader:
		if r.Answer != nil && r.Answer.Status/100 == 2 {
			return Unknown
		}
		return NotSent
	case StatusReceived:
		if r.Answer == nil {
			return Unknown
		}
		return classifyAnswer(op, r.Answer)
	case HeaderComplete, BodyComplete:
		return Unknown
	default:
		return Unknown
	}
}

func classifyAnswer(op Operation, a *Answer) Class {
	known := op == BulkApply || op == Apply
	switch {
	case !known:
		return Unknown
	case a.Status == http.StatusUnauthorized:
		return Unauthorized
	case a.Status == http.StatusRequestEntityTooLarge:
		return Refused
	case a.Status == http.StatusNotFound && a.Whole && len(a.Body) == 0:
		return Refused
	case a.Status == http.StatusBadRequest && a.Whole && a.Valid && op == BulkApply:
		return NothingRegistered
	case a.Status == http.StatusBadRequest && a.Whole && a.Valid && op == Apply:
		return Refused
	case (a.Status == http.StatusOK || a.Status == http.StatusAccepted) && a.Whole && a.Valid:
		return Acknowledged
	default:
		return Unknown
	}
}
