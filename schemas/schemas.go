// Package schemas holds the definitions of the procedures that Todoke can
// file, as data only: one folder per procedure, shared code lists, the common
// configuration file, destinations, replacement characters and the assumptions
// behind everything that is not proven.
//
// It contains no logic and imports nothing of this module. Package forms reads
// and checks the data; README.md in this folder explains the format to whoever
// wants to add a procedure. Every uncertain fact is one entry of
// assumptions.json, and every entry is referred to by what depends on it.
package schemas

import "embed"

// FS is the tree of definitions as it stands in the source: paths are relative
// to this folder, for example "4950008680033000/procedure.json".
//
//go:embed facts.json assumptions.json destinations.csv variants.csv codes kousei 4*
var FS embed.FS
