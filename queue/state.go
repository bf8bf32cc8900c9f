package queue

import "fmt"

// State is where a filing stands.
type State string

// The states of a filing, in the order of its life.
const (
	Draft              State = "draft"
	Approved           State = "approved"
	Queued             State = "queued"
	Submitting         State = "submitting" // in a live attempt; its outcome may be unknown
	Arrived            State = "arrived"    // 到達
	Refused            State = "refused"    // e-Gov said no, finally
	Held               State = "held"       // waits for a person
	UnderReview        State = "under_review"
	AmendmentRequested State = "amendment_requested"
	ReviewDone         State = "review_done"
	Closed             State = "closed"
	Cancelled          State = "cancelled"
)

// Label returns the word that staff read for a state.
func (s State) Label() string {
	label, ok := stateLabels[s]
	if !ok {
		return string(s)
	}
	return label
}

var stateLabels = map[State]string{
	Draft: "下書き", Approved: "承認済み", Queued: "送信待ち", Submitting: "送信中", Arrived: "到達",
	Refused: "不受理", Held: "保留", UnderReview: "審査中", AmendmentRequested: "補正待ち",
	ReviewDone: "審査終了", Closed: "手続終了", Cancelled: "取消",
}

// HoldKind says why a filing is held, as far as the program must tell the kinds apart.
type HoldKind string

// The kinds of hold.
const (
	NotHeld      HoldKind = ""
	HoldGrant    HoldKind = "grant"    // the grant expired or no longer fits: approve again
	HoldBuild    HoldKind = "build"    // the package could not be built: correct the data
	HoldPresumed HoldKind = "presumed" // e-Gov does not list it: a person decides on sending again
	HoldUnlisted HoldKind = "unlisted" // e-Gov took the bulk but reports nothing of this folder
)

// who may make a transition.
type who int

const (
	byPerson who = 1 << iota
	byNight
)

// transition is one allowed change of state.
type transition struct {
	by     who
	reason bool // a person must say why
}

// transitions is the only table of changes: store.move consults it and nothing
// else writes the column. The night may take a filing back to submitting from
// wherever people have put it since, because e-Gov's listing shows that it has it:
// that is a better witness than anybody's decision, and in submitting nobody can
// send it a second time.
var transitions = map[State]map[State]transition{
	Draft: {
		Approved:   {by: byPerson},
		Cancelled:  {by: byPerson, reason: true},
		Submitting: {by: byNight, reason: true},
	},
	Approved: {
		Queued:     {by: byPerson},
		Draft:      {by: byPerson},
		Cancelled:  {by: byPerson, reason: true},
		Submitting: {by: byNight, reason: true},
	},
	Queued: {
		Submitting: {by: byNight},
		Held:       {by: byNight},
		Draft:      {by: byPerson},
		Cancelled:  {by: byPerson, reason: true},
	},
	Submitting: {
		Arrived: {by: byNight},
		Refused: {by: byNight},
		Held:    {by: byNight},
		Queued:  {by: byNight},
	},
	Refused: {
		Draft: {by: byPerson, reason: true},
	},
	Held: {
		Queued:     {by: byPerson, reason: true},
		Draft:      {by: byPerson, reason: true},
		Arrived:    {by: byPerson, reason: true},
		Refused:    {by: byPerson, reason: true},
		Cancelled:  {by: byPerson, reason: true},
		Submitting: {by: byNight, reason: true},
	},
	Arrived: {
		UnderReview:        {by: byNight},
		AmendmentRequested: {by: byNight},
		ReviewDone:         {by: byNight},
		Closed:             {by: byNight},
	},
	UnderReview: {
		AmendmentRequested: {by: byNight},
		ReviewDone:         {by: byNight},
		Closed:             {by: byNight},
	},
	AmendmentRequested: {
		UnderReview: {by: byNight},
		ReviewDone:  {by: byNight},
		Closed:      {by: byNight},
	},
	ReviewDone: {
		UnderReview:        {by: byNight},
		AmendmentRequested: {by: byNight},
		Closed:             {by: byNight},
	},
	Closed: {},
	Cancelled: {
		Submitting: {by: byNight, reason: true},
	},
}

// Actor is who makes a change: a named member of the office, a client company's
// key, or the night.
type Actor struct {
	Name  string // as it appears in the history, e.g. "届出　花子" or "夜間処理"
	Night bool   // the worker, not a person
}

// check tells whether the table has the change, for this actor, with this reason.
func check(from, to State, actor Actor, reason string) error {
	rule, ok := transitions[from][to]
	needed := byPerson
	if actor.Night {
		needed = byNight
	}
	if !ok || rule.by&needed == 0 {
		return fmt.Errorf("%sから%sへ: %w", from.Label(), to.Label(), ErrNotAllowed)
	}
	if rule.reason && reason == "" {
		return fmt.Errorf("%sから%sへ: %w", from.Label(), to.Label(), ErrReasonMissing)
	}
	return nil
}
