package usage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"todoke/mynumber"
)

// Action is the kind of act that an entry records.
type Action string

// The actions. Their text is part of the hashed record and never changes.
const (
	ActionLogin      Action = "login"      // a person signed in
	ActionRegister   Action = "register"   // a number was taken into custody
	ActionView       Action = "view"       // a number was shown to a person
	ActionUse        Action = "use"        // a number was put into a filing
	ActionUpdate     Action = "update"     // a number was replaced by another
	ActionExport     Action = "export"     // something was carried out: report, backup, file
	ActionDestroy    Action = "destroy"    // a number was destroyed
	ActionRefuse     Action = "refuse"     // a use was refused
	ActionApprove    Action = "approve"    // a use was approved
	ActionRevoke     Action = "revoke"     // an approval was withdrawn
	ActionResult     Action = "result"     // how a use ended: arrived, refused, not sent
	ActionCheckpoint Action = "checkpoint" // the logs were signed
	ActionChange     Action = "change"     // settings, staff or rights were changed
	ActionVerify     Action = "verify"     // the log was verified
)

var actions = []Action{
	ActionLogin, ActionRegister, ActionView, ActionUse, ActionUpdate, ActionExport, ActionDestroy,
	ActionRefuse, ActionApprove, ActionRevoke, ActionResult, ActionCheckpoint, ActionChange, ActionVerify,
}

// Entry is one act. Time, Company, Actor and Action are mandatory. Texts are
// UTF-8 without control characters, 500 characters at most; ids 128.
type Entry struct {
	Time        time.Time // zero: the store's clock at Append; kept in microseconds
	Company     string    // client company id, or OfficeLog; names the log; letters, digits, "-", "_", "."
	Actor       string    // 処理者: a person by name; the night acts as "<approver> + 夜間処理"
	Role        string    // 役割
	Screen      string    // 画面 or job
	Action      Action
	Purpose     string // 利用目的
	Subject     string // opaque reference of the person concerned
	Filing      string // filing id
	Attempt     string // attempt id
	Destination string // 提出先
	Result      string // 結果
	Source      string // source address, or where the job ran
}

// version is the version of the canonical form; see canonical.
const version = 1

const (
	maxText = 500
	maxID   = 128
)

// form is the canonical form of an entry, version 1: a JSON object in UTF-8
// without blanks, all members present, in the order below; time in UTC as
// 2006-01-02T15:04:05.000000Z; in strings only the quotation mark and the
// backslash are escaped, each by a backslash. No other escape can occur since
// control characters, separators and format characters are refused.
//
// The order, names and rules are what clients recompute hashes from: a change is
// a new version beside this one.
type form struct {
	Version     int    `json:"v"`
	Time        string `json:"time"`
	Company     string `json:"company"`
	Actor       string `json:"actor"`
	Role        string `json:"role"`
	Screen      string `json:"screen"`
	Action      Action `json:"action"`
	Purpose     string `json:"purpose"`
	Subject     string `json:"subject"`
	Filing      string `json:"filing"`
	Attempt     string `json:"attempt"`
	Destination string `json:"destination"`
	Result      string `json:"result"`
	Source      string `json:"source"`
}

const timeForm = "2006-01-02T15:04:05.000000Z"

// canonical returns the bytes that are stored and hashed.
func (e Entry) canonical() ([]byte, error) {
	err := e.check()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(form{
		Version: version, Time: e.Time.UTC().Format(timeForm), Company: e.Company, Actor: e.Actor, Role: e.Role,
		Screen: e.Screen, Action: e.Action, Purpose: e.Purpose, Subject: e.Subject, Filing: e.Filing,
		Attempt: e.Attempt, Destination: e.Destination, Result: e.Result, Source: e.Source,
	})
	if err != nil {
		return nil, fmt.Errorf("encode usage entry: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// maxRecord bounds a record that comes from outside: 11 texts and ids of at most
// 500 characters of four bytes, each of which might be escaped, and the members.
const maxRecord = 32 << 10

// parse reads canonical bytes, and only those: anything that the entry would not
// be written as again is refused, so that one entry has one form and one hash.
func parse(record []byte) (Entry, error) {
	if len(record) > maxRecord {
		return Entry{}, fmt.Errorf("read usage entry: too long: %w", ErrEntry)
	}
	var f form
	err := json.Unmarshal(record, &f)
	if err != nil {
		return Entry{}, fmt.Errorf("read usage entry: not JSON: %w", ErrEntry)
	}
	at, err := time.Parse(timeForm, f.Time)
	if err != nil || f.Version != version {
		return Entry{}, fmt.Errorf("read usage entry: unknown version or time: %w", ErrEntry)
	}
	e := Entry{
		Time: at.UTC(), Company: f.Company, Actor: f.Actor, Role: f.Role, Screen: f.Screen, Action: f.Action,
		Purpose: f.Purpose, Subject: f.Subject, Filing: f.Filing, Attempt: f.Attempt, Destination: f.Destination,
		Result: f.Result, Source: f.Source,
	}
	again, err := e.canonical()
	if err != nil {
		return Entry{}, fmt.Errorf("read usage entry: %w", err)
	}
	if !bytes.Equal(again, record) {
		return Entry{}, fmt.Errorf("read usage entry: not in canonical form: %w", ErrEntry)
	}
	return e, nil
}

// check refuses what must not be logged. Messages name the field, never its content.
func (e Entry) check() error {
	if !isID(e.Company) {
		return fmt.Errorf("usage entry: company: %w", ErrEntry)
	}
	if !slices.Contains(actions, e.Action) {
		return fmt.Errorf("usage entry: action: %w", ErrEntry)
	}
	if e.Actor == "" {
		return fmt.Errorf("usage entry: actor is empty: %w", ErrEntry)
	}
	if e.Time.UnixMicro() <= 0 || e.Time.UTC().Year() > 9999 {
		return fmt.Errorf("usage entry: time: %w", ErrEntry)
	}
	for _, id := range []struct{ name, value string }{
		{"company", e.Company}, {"subject", e.Subject}, {"filing", e.Filing}, {"attempt", e.Attempt},
	} {
		err := checkText(id.name, id.value, maxID)
		if err != nil {
			return err
		}
		if mynumber.In(id.value) && !isULID(id.value) {
			return fmt.Errorf("usage entry: %s: %w", id.name, ErrNumber)
		}
	}
	for _, text := range []struct{ name, value string }{
		{"actor", e.Actor}, {"role", e.Role}, {"screen", e.Screen}, {"purpose", e.Purpose},
		{"destination", e.Destination}, {"result", e.Result}, {"source", e.Source},
	} {
		err := checkText(text.name, text.value, maxText)
		if err != nil {
			return err
		}
		if mynumber.In(text.value) {
			return fmt.Errorf("usage entry: %s: %w", text.name, ErrNumber)
		}
	}
	return nil
}

func checkText(name, text string, limit int) error {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > limit {
		return fmt.Errorf("usage entry: %s is too long or not UTF-8: %w", name, ErrEntry)
	}
	// Line and paragraph separators, control and invisible format characters could
	// make a printed record read as something else.
	bad := strings.IndexFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
	})
	if bad >= 0 {
		return fmt.Errorf("usage entry: %s holds a control character: %w", name, ErrEntry)
	}
	return nil
}

// isULID exempts our own ids: a few in a million have twelve digits in a row by
// chance, and a filing with such an id could otherwise never be filed.
func isULID(id string) bool {
	_, err := ulid.ParseStrict(id)
	return err == nil && strings.ContainsFunc(id, unicode.IsLetter)
}

// isID reports whether s can name a log or an office: it appears in checkpoints,
// whose lines are separated by blanks.
func isID(s string) bool {
	if s == "" || len(s) > maxID {
		return false
	}
	for _, r := range s {
		if r != '-' && r != '_' && r != '.' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)) {
			return false
		}
	}
	return true
}
