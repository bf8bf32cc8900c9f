package forms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// DefinitionError lists everything that is wrong with a set of definitions,
// each problem with the file it is in.
type DefinitionError struct{ Problems []string }

// Error joins the problems, one a line.
func (e *DefinitionError) Error() string {
	return fmt.Sprintf("forms: %d problems in the definitions:\n%s", len(e.Problems), strings.Join(e.Problems, "\n"))
}

// The types below are the definition files as written. schemas/README.md
// describes each key for whoever writes one.

type procedureFile struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Title     string `json:"title"`
	Domain    string `json:"domain"`
	Signature struct {
		Style string `json:"style"`
		Count int    `json:"count"`
	} `json:"signature"`
	Destination struct {
		Required bool   `json:"required"`
		ID       string `json:"id"`
		Name     string `json:"name"`
	} `json:"destination"`
	ValidFrom      string `json:"valid_from"`
	ValidTo        string `json:"valid_to"`
	RetentionYears int    `json:"retention_years"`
	EventDate      struct {
		Fields        []string `json:"fields"`
		NotBeforeDays int      `json:"not_before_days"`
	} `json:"event_date"`
	Attachments []attachmentFile `json:"attachments"`
	Extensions  []string         `json:"attachment_extensions"`
	Forms       []string         `json:"forms"`
	Inputs      []fieldFile      `json:"inputs"`
	Rules       []ruleFile       `json:"rules"`
	Assumptions []string         `json:"assumptions"`
}

type attachmentFile struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	File     string `json:"file"`
	Required bool   `json:"required"`
}

type formFile struct {
	FormID        string              `json:"form_id"`
	KouseiVersion string              `json:"kousei_version"`
	FormVersion   string              `json:"form_version"`
	Name          string              `json:"name"`
	File          string              `json:"file"`
	Stylesheet    bool                `json:"stylesheet_instruction"`
	Parts         map[string][]string `json:"parts"`
	Sections      []sectionFile       `json:"sections"`
	Assumptions   []string            `json:"assumptions"`
}

type sectionFile struct {
	Title  string      `json:"title"`
	Base   string      `json:"base"`
	Fields []fieldFile `json:"fields"`
}

type fieldFile struct {
	Name        string          `json:"name"`
	Path        string          `json:"path"`
	Parts       []string        `json:"parts"`
	Label       string          `json:"label"`
	Type        string          `json:"type"`
	Alphabet    string          `json:"alphabet"`
	Min         *int            `json:"min"`
	Max         *int            `json:"max"`
	Style       string          `json:"style"`
	Eras        []string        `json:"eras"`
	Codes       string          `json:"codes"`
	Required    bool            `json:"required"`
	RequiredIf  []conditionFile `json:"required_if"`
	OnlyIf      []conditionFile `json:"only_if"`
	Source      string          `json:"source"`
	Default     string          `json:"default"`
	Compute     *computeFile    `json:"compute"`
	Event       bool            `json:"event"`
	Stamp       bool            `json:"stamp"`
	Slot        string          `json:"slot"`
	Kind        string          `json:"kind"`
	Alternative string          `json:"alternative"`
	Assumption  string          `json:"assumption"`
}

type conditionFile struct {
	Field  string   `json:"field"`
	Is     []string `json:"is"`
	IsNot  []string `json:"is_not"`
	Filled *bool    `json:"filled"`
}

type computeFile struct {
	Function string   `json:"function"`
	Of       []string `json:"of"`
}

type ruleFile struct {
	Rule   string          `json:"rule"`
	Fields []string        `json:"fields"`
	Min    int             `json:"min"`
	Max    int             `json:"max"`
	Values []string        `json:"values"`
	When   []conditionFile `json:"when"`
}

type codeFile struct {
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	Assumption string     `json:"assumption"`
	Items      []CodeItem `json:"items"`
}

// CodeItem is one value of a code list: the code as the form wants it, its
// meaning in Japanese, and other spellings that master data may use.
type CodeItem struct {
	Code    string   `json:"code"`
	Label   string   `json:"label"`
	Aliases []string `json:"aliases,omitempty"`
}

type factFile struct {
	Key   string `json:"key"`
	Label string `json:"label"`
}

// Assumption is one fact that a definition relies on without proof: what is
// assumed, on what basis, and where it can be confirmed.
type Assumption struct {
	ID        string `json:"id"`
	Statement string `json:"statement"`
	Basis     string `json:"basis"`
	Confirm   string `json:"confirm"`
}

// maxDefinition bounds a single definition file.
const maxDefinition = 1 << 20

// readJSON reads one definition file strictly: unknown keys, trailing data and
// oversize are errors.
func readJSON(fsys fs.FS, name string, into any) error {
	raw, err := readBounded(fsys, name)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(into)
	if err != nil {
		return err
	}
	if _, err = decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("data after the JSON value")
	}
	return nil
}

func readBounded(fsys fs.FS, name string) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(io.LimitReader(file, maxDefinition+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxDefinition {
		return nil, errors.New("larger than 1 MiB")
	}
	return raw, nil
}
