// Package egov is the typed client of the e-Gov 電子申請API v2: login and tokens,
// the bulk submission, and the listings by which a submission is settled.
//
// It moves archives and JSON; it knows no form, no filing and no My Number, and
// it keeps nothing: tokens are stored by sub-package account.
//
// There are two ways to e-Gov, which share no connection and no policy:
//
//   - Safe calls (every GET) may be repeated: a bounded number of times, with
//     back-off, on broken connections and on 429, 502, 503 and 504.
//   - A submission cannot be replayed. OpenSubmission dials; BulkApply writes one
//     request over that connection, once, and nothing else ever goes over it. There
//     is no second connection, no HTTP/2, no redirect, no retry, and the outcome is
//     told with how much of the request may have left this machine.
//
// What always holds: Classify, given whatever happened, answers Unknown unless the
// table of outcomes names something else; no error, log value or formatted value
// contains a client secret, a token or the text of an answer; bytes of an answer
// are bounded before they are read; a redirect is never followed; the proxy of the
// environment is never used.
//
// The package has more than twenty-five exported names because the enumerations of
// progress and class belong beside the call that they describe.
package egov
