// Package api is the door for machines: HTTP and JSON under /v1, API keys, RFC 9457
// problems, and an OpenAPI document that tests hold against the routes.
//
// It decides who may knock at which route and what a request must look like. What
// is then done with a filing, and whether it may be, is decided by queue/desk; the
// package sends nothing to e-Gov, opens no number, and shows none.
//
// What always holds:
//   - an API key belongs to one named member, whose roles are read anew at each
//     request, or to one client company; the secret is shown once and never stored;
//   - a company's key reads its own company's filings and hands over its own
//     people's numbers, and does nothing else; what belongs to another company
//     answers exactly like what does not exist;
//   - a My Number enters by PUT /v1/people/{id}/number alone. Its body is read by
//     hand into one buffer that is wiped; no log line, error, stored row or
//     fingerprint holds any part of it. Twelve digits anywhere else, in a body, a
//     path or a query, are refused before anything is stored or computed from them;
//   - a refused request changes nothing;
//   - an error's public side is made in one table (problems.go); what the table does
//     not know is a 500 that tells an opaque id and no cause.
//
// The host's TCP stack and net/http's read buffer see a number as it arrives; this
// package adds no further copy than the buffer it wipes.
package api

import (
	"embed"
	"io/fs"

	"todoke/database"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// Migrations returns the schema of this package.
func Migrations() database.Migrations {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return database.Migrations{Table: "api_schema", Files: files}
}
