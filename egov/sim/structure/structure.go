// Package structure holds the simulator's own description of the procedures it
// accepts: for each one a table PROC.txt with the elements of the form in
// order, their constants, whether they are required, their alphabet, width and
// code set, and one table kousei.txt for the configuration file. The tables
// are written by hand from the published facts about the forms. They are never
// generated from the definitions that the gateway fills forms with: two
// independent readings are what makes the simulator find mistakes.
//
// Findings never quote a value of the document: it can hold a person's number.
//
// # Table format
//
// A head of "key value" lines, an empty line, a tree indented by tabs, and
// "rule" lines. A line of the tree is
//
//	NAME [occurrence] [!] [type args…] [| message]
//
// Occurrence is ? (optional element), * (any number) or + (once for each form
// of the procedure). ! marks a value that must not be empty. The message
// replaces the usual one. Types are those of value.go; without a type a leaf
// belongs to the date or number group above it. @ID VALUE is the attribute an
// element must carry; no other attribute is accepted anywhere. "= VALUE" is a
// constant. "#" starts a comment line.
//
// Rules name elements by the end of their path:
//
//	rule one-of A B        at least one is filled
//	rule when A VALUE B    B is required when A holds VALUE
//	rule sum T A B         T = A + B
//	rule order A B         date A lies before date B
package structure

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"todoke/egov/sim/xmltree"
	"todoke/egov/wire"
)

//go:embed *.txt
var tables embed.FS

// Procedure is what the ministry registered for one procedure.
type Procedure struct {
	ID           string   // 手続ID, 16 characters
	Name         string   // exact 手続名称
	Signatures   int      // Signature elements that a new application carries
	Attachments  []string // 添付書類名称 of the documents that must be attached
	Forms        []Form   // in the order of their 申請書属性情報
	destinations []string // prefixes of the 提出先識別子 that it accepts
}

// Form is one form of a procedure.
type Form struct {
	ID      string // 様式ID, 18 characters
	Version string // 申請書様式バージョン, 4 digits
	Name    string // 申請書様式名称
	File    string // 申請書ファイル名称
	table   *table
}

type catalogue struct {
	kousei     *table
	procedures map[string]*Procedure
}

// load reads the embedded tables once; they are part of the program, so a
// defect in them is a programming error that every test of the package shows.
var load = sync.OnceValue(func() *catalogue {
	c, err := readCatalogue(tables)
	if err != nil {
		panic("structure tables: " + err.Error())
	}
	return c
})

func readCatalogue(fsys fs.FS) (*catalogue, error) {
	names, err := fs.Glob(fsys, "*.txt")
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	c := &catalogue{procedures: map[string]*Procedure{}}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read table: %w", err)
		}
		head, t, err := parseTable(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if name == "kousei.txt" {
			c.kousei = t
			continue
		}
		p, err := newProcedure(head, t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		c.procedures[p.ID] = p
	}
	if c.kousei == nil {
		return nil, fmt.Errorf("kousei.txt is missing")
	}
	return c, nil
}

func newProcedure(head map[string][]string, t *table) (*Procedure, error) {
	p := &Procedure{
		ID:          strings.Join(head["procedure"], ""),
		Name:        strings.Join(head["name"], ""),
		Attachments: head["attachment"],
	}
	for _, line := range head["destination"] {
		p.destinations = append(p.destinations, strings.Fields(line)...)
	}
	_, err := fmt.Sscan(strings.Join(head["signatures"], ""), &p.Signatures)
	if err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	for _, line := range head["form"] {
		f := strings.Fields(line)
		if len(f) != 4 {
			return nil, fmt.Errorf("form: want id, version, file and name")
		}
		p.Forms = append(p.Forms, Form{ID: f[0], Version: f[1], File: f[2], Name: f[3], table: t})
	}
	if len(p.ID) != 16 || p.Name == "" || len(p.destinations) == 0 || len(p.Forms) != 1 {
		return nil, fmt.Errorf("head is incomplete")
	}
	return p, nil
}

// Lookup finds a procedure by its 16-character id.
func Lookup(id string) (*Procedure, bool) {
	p, ok := load().procedures[id]
	return p, ok
}

// Agency is the 受付行政機関ID: 100 and the first three characters of the procedure id.
func (p *Procedure) Agency() string { return "100" + p.ID[:3] }

// CheckConfiguration compares a parsed kousei.xml with the table. The rows have
// Item, Content and perhaps Detail; the caller fills the other columns.
func (p *Procedure) CheckConfiguration(root *xmltree.Node) []wire.ReportRow {
	c := newChecker(load().kousei, p, "構成管理XML.", ".")
	c.document(root)
	c.attachmentPlace(root)
	return c.rows
}

// Check compares a parsed form with its table, and its values with each other.
func (f Form) Check(root *xmltree.Node) []wire.ReportRow {
	c := newChecker(f.table, nil, "", "／")
	c.document(root)
	c.crossChecks()
	return c.rows
}
