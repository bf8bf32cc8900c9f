package signing

import (
	"slices"
	"strings"
	"unicode"
)

// Problem is a reason why something could not be signed, loaded or verified. It is
// the only kind of error that this package returns.
//
// Two Problems are the same to errors.Is when their codes are equal.
type Problem struct { //nolint:errname // it is shown to people as often as it is returned
	Code    string `json:"code"`              // TODOKE-SIG-00NN, stable and never reused
	Message string `json:"message"`           // what is wrong, in Japanese, for staff
	Remedy  string `json:"remedy"`            // what to do about it, in Japanese
	Subject string `json:"subject,omitempty"` // file, folder or reference concerned; may be empty

	reason string // what is wrong, in English, for logs
	cause  error  // may be nil
}

// Error returns code and reason in English. It leaves Subject out: a file name may
// hold a person's name.
func (p *Problem) Error() string {
	text := p.Code + ": " + p.reason
	if p.cause != nil {
		text += ": " + p.cause.Error()
	}
	return text
}

// Unwrap returns the cause, if there is one.
func (p *Problem) Unwrap() error { return p.cause }

// Is reports whether target is a Problem with the same code.
func (p *Problem) Is(target error) bool {
	other, ok := target.(*Problem)
	return ok && other.Code == p.Code
}

// about returns a copy that names what it is about. Names come from outside, so
// everything that a terminal could take for a command is replaced.
func (p *Problem) about(subject string) *Problem {
	c := *p
	c.Subject = printable(subject)
	return &c
}

// because returns a copy with a cause. Causes must quote no document.
func (p *Problem) because(cause error) *Problem {
	c := *p
	c.cause = cause
	return &c
}

// printable makes a hostile name fit for a screen and a log.
func printable(name string) string {
	const longest = 120
	name = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '\u3000' {
			return r
		}
		return unicode.ReplacementChar
	}, name)
	if runes := []rune(name); len(runes) > longest {
		name = string(runes[:longest]) + "…"
	}

	return name
}

// register lists every Problem; problem adds to it while variables are initialised.
var register []*Problem

// problem declares a Problem. Numbers are never reused.
func problem(number, reason, message, remedy string) *Problem {
	p := &Problem{Code: "TODOKE-SIG-" + number, Message: message, Remedy: remedy, reason: reason}
	register = append(register, p)

	return p
}

// Codes returns every Problem that this package can report, ordered by code, for the
// page that lists them.
func Codes() []Problem {
	out := make([]Problem, len(register))
	for i, p := range register {
		out[i] = *p
	}
	slices.SortFunc(out, func(a, b Problem) int { return strings.Compare(a.Code, b.Code) })

	return out
}
