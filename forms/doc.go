// Package forms turns master data and an event into a validated application
// for e-Gov: the form files, the configuration file kousei.xml and the zip.
//
// What a form looks like is data (package schemas); this package is the engine
// that reads it. Load checks every definition and compiles it. Fill converts
// and validates, and reports every finding at once. Build writes the octets,
// stamped with the moment of building. MaskedCopy and MaskedHTML write what may
// be kept and shown.
//
// It does not sign, send, store or decide who may file. It knows no single
// form: what a form needs beyond data is a named type, a named rule or a named
// function that a definition refers to.
//
// What always holds:
//   - A Filled comes only from a Fill without findings, and holds no My Number.
//     The digits are given to Build, copied straight into the buffer of the
//     form file, and zeroed by Application.Wipe.
//   - No error, finding or preview repeats a My Number, and no finding repeats
//     a value beyond the single characters that cannot be used.
//   - Full-width text is JIS X 0208 (rows 1 to 8 and 16 to 84) and nothing
//     else; a character outside is refused with a suggestion, never replaced
//     silently.
//   - kousei.xml is written so that 構成情報 equals its own canonical form.
//   - Equal input gives equal octets.
//
// Beside the engine's own types the package exports the plain descriptions that
// the CLI and the API print, which is why it has some more names than most.
//
// Dates of e-Gov are Japanese days, a fixed +09:00. A Catalogue, its
// procedures and a Filled are safe for concurrent use.
package forms
