package vault

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"todoke/mynumber"
)

// Action is the kind of act that the vault has recorded. The texts are those of
// the usage log.
type Action string

// The actions of the vault.
const (
	ActionRegister Action = "register" // a number is taken into custody
	ActionUpdate   Action = "update"   // a number is replaced
	ActionApprove  Action = "approve"  // a grant is issued
	ActionUse      Action = "use"      // a number is revealed for a filing
	ActionView     Action = "view"     // a number is revealed to a person
	ActionRefuse   Action = "refuse"   // a reveal is refused
	ActionDestroy  Action = "destroy"  // a number is destroyed
	ActionAnchor   Action = "change"   // the vault's memory of a usage log is replaced
)

// Office stands for the company in records of acts that concern no client.
const Office = "office"

// Who is the person who acts, and where.
type Who struct {
	Actor  string // 処理者, by name; mandatory
	Role   string
	Screen string // 画面 or job
	Source string // source address
}

// Use is what the vault is about to do, or has refused, for the usage log. It holds
// no number.
type Use struct {
	At          time.Time
	Company     string // names the log
	Action      Action
	Who         Who
	Approver    string
	Purpose     string // 利用目的
	Subject     string
	Ref         string
	Grant       string
	Filing      string
	Revision    int
	Attempt     string
	Destination string
	Result      string // 実行, 失敗, or why it was refused
}

// Receipt proves that a Use is committed: where the log stands since.
type Receipt struct {
	Log  string // the company of the Use
	Size int64  // number of entries, the Use's own included
	Root [32]byte
}

// Recorder writes uses to the usage log. RecordUse returns only when the use is
// durable. The vault calls it before the act; a number is never decrypted on an
// error.
type Recorder interface {
	RecordUse(ctx context.Context, use Use) (Receipt, error)
}

// record has a use recorded and remembers the receipt. Whatever goes wrong here
// means that the act must not happen.
func (v *Vault) record(ctx context.Context, use Use) error {
	use.At = v.now()
	if use.Result == "" {
		use.Result = performed
	}
	before, err := v.anchorOf(ctx, v.db.Read, use.Company)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotRecorded, err)
	}
	receipt, err := v.call(ctx, use)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotRecorded, err)
	}
	if receipt.Log != use.Company {
		return fmt.Errorf("receipt is of log %q: %w", receipt.Log, ErrNotRecorded)
	}
	// The log had before.Size entries when the use was not yet among them, however
	// many others append at the same time: an honest receipt is larger.
	if receipt.Size <= before.Size {
		return fmt.Errorf("log %s has %d entries after one was added to %d: %w", use.Company, receipt.Size, before.Size, ErrRolledBack)
	}
	return v.remember(ctx, receipt)
}

// call bounds a recorder that hangs. What it still writes afterwards is a use on
// the log that did not happen, which is the harmless way round.
func (v *Vault) call(ctx context.Context, use Use) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, v.patience)
	defer cancel()
	type answer struct {
		receipt Receipt
		err     error
	}
	answers := make(chan answer, 1)
	go func() {
		receipt, err := v.recorder.RecordUse(ctx, use)
		answers <- answer{receipt, err}
	}()
	select {
	case a := <-answers:
		return a.receipt, a.err
	case <-ctx.Done():
		return Receipt{}, ctx.Err()
	}
}

// recorded runs an act after its uses have been recorded. When the act fails, or
// one of the uses cannot be recorded, the log is told, so that it does not claim
// what did not happen; if that fails too it says more than happened, never less.
func (v *Vault) recorded(ctx context.Context, uses []Use, act func() error) error {
	done := 0
	var err error
	for _, use := range uses {
		err = v.record(ctx, use)
		if err != nil {
			break
		}
		done++
	}
	if err == nil {
		err = act()
	}
	if err == nil {
		return nil
	}
	for _, use := range uses[:done] {
		use.Result = failed
		_ = v.record(context.WithoutCancel(ctx), use) // the act's own error is what counts
	}
	return err
}

// The results that the vault gives of its own: an act it is about to perform, and
// one that was recorded as performed and did not happen.
const (
	performed = "実行"
	failed    = "失敗"
)

const (
	maxText = 500
	maxID   = 128
)

// field is a text that enters the vault's tables or records.
type field struct {
	name, value string
	id          bool
	optional    bool
}

// check refuses texts that are missing or malformed or look like a number. The
// errors name the field and never its content.
func check(fields ...field) error {
	for _, f := range fields {
		limit := maxText
		if f.id {
			limit = maxID
		}
		if f.value == "" && !f.optional {
			return fmt.Errorf("%s is empty: %w", f.name, ErrInvalid)
		}
		if !utf8.ValidString(f.value) || utf8.RuneCountInString(f.value) > limit || strings.ContainsFunc(f.value, hidden) {
			return fmt.Errorf("%s is too long or not plain text: %w", f.name, ErrInvalid)
		}
		if mynumber.In(f.value) && !(f.id && isULID(f.value)) {
			return fmt.Errorf("%s: %w", f.name, ErrNumberInText)
		}
	}
	return nil
}

func (w Who) fields() []field {
	return []field{
		{name: "actor", value: w.Actor}, {name: "role", value: w.Role, optional: true},
		{name: "screen", value: w.Screen, optional: true}, {name: "source", value: w.Source, optional: true},
	}
}

func hidden(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }

// isULID exempts our own ids: a few in a million have twelve digits in a row by chance.
func isULID(id string) bool {
	_, err := ulid.ParseStrict(id)
	return err == nil && strings.ContainsFunc(id, unicode.IsLetter)
}
