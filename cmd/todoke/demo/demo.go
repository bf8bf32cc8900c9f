// Package demo shows the whole way once, on one machine: a made-up office with
// three client companies, their people and numbers, filings of four procedures,
// one night against a simulated e-Gov that misbehaves, and the proof of what
// happened.
//
// It uses the parts as an office would, and nothing else: no step is shortened,
// and what it prints was read back from the stores.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"todoke/officedir"
	"todoke/queue"
	"todoke/queue/night"
)

// Options are the flags of the demo.
type Options struct {
	Dir    string // keep the office here; empty: a temporary one, removed at the end
	Record string // keep the packages that the simulator accepted here
	People string // CSV of people instead of the built-in ones

	EGov         string // base URL of an e-Gov elsewhere; empty: the embedded simulator
	ClientID     string
	ClientSecret string
	RedirectURI  string // empty: ask the simulator
	Hold         bool   // prepare and queue, run no night

	JSON bool // print one object instead of a report

	Out   io.Writer // the report
	Err   io.Writer // progress
	Now   func() time.Time
	Night func(*officedir.Dir, string) (*night.Sender, error) // wires a sender for an account
	Ask   func() ([]byte, error)                              // the passphrase, when one is set
	Steps func(string)                                        // told what is being done
}

// Run is the demo. An error is what kept it from its end; filings that e-Gov
// refuses or that are held are part of what it shows.
func Run(ctx context.Context, o Options) (err error) {
	rows, err := people(o)
	if err != nil {
		return err
	}
	defer wipe(rows)
	path, remove, err := place(o.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	far, err := connect(ctx, o)
	if err != nil {
		return err
	}
	defer far.close()

	secret, err := o.Ask()
	if err != nil {
		return err
	}
	err = officedir.Init(path, officedir.New{Settings: settings, Secret: secret})
	if err != nil {
		return err
	}
	made := false
	defer func() {
		if err != nil && !made {
			err = errors.Join(err, officedir.Discard(path)) // half an office would only be in the way
		}
	}()
	dir, err := officedir.Open(ctx, path, o.Ask, o.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	story, err := prepare(ctx, o, dir, far, rows)
	if err != nil {
		return err
	}
	made = true
	return story.show(ctx, o)
}

// prepare makes the office and works through the day, up to the queue.
func prepare(ctx context.Context, o Options, dir *officedir.Dir, far *egovSide, rows []row) (*story, error) {
	o.Steps("事務所と顧問先を作成しています")
	w, err := build(ctx, dir, rows, far.account, o.Now)
	if err != nil {
		return nil, err
	}
	err = far.login(ctx, dir)
	if err != nil {
		return nil, err
	}
	story := &story{dir: dir, world: w, far: far}
	return story, story.day(ctx, rows, o)
}

func (s *story) show(ctx context.Context, o Options) error {
	if !o.Hold {
		o.Steps("夜間処理を実行しています")
		err := s.night(ctx, o)
		if err != nil {
			return err
		}
	}
	return s.tell(ctx, o)
}

func people(o Options) ([]row, error) {
	if o.People == "" {
		return builtin(), nil
	}
	in, err := os.Open(o.People)
	if err != nil {
		return nil, fmt.Errorf("人のCSVファイルを開けません: %w", err)
	}
	defer in.Close()
	return readPeople(in, o.Now())
}

// place returns where the office goes, and how to remove it if it is temporary.
func place(dir string) (path string, remove func() error, err error) {
	if dir != "" {
		return dir, func() error { return nil }, nil
	}
	path, err = os.MkdirTemp("", "todoke-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("一時フォルダーを作成できません: %w", err)
	}
	return path, func() error { return os.RemoveAll(path) }, nil
}

// story is what happens, and what is told of it.
type story struct {
	dir     *officedir.Dir
	world   *world
	far     *egovSide
	drafts  []draft
	summary night.Summary
}

// draft is a filing that validation did not let pass.
type draft struct {
	person, procedure string
	findings          []string
}

// day is what the staff do: enter people and numbers, draft, check, approve, queue.
func (s *story) day(ctx context.Context, rows []row, o Options) error {
	for i, r := range rows {
		o.Steps(fmt.Sprintf("届出を作成しています %d/%d人", i+1, len(rows)))
		person, err := s.world.put(ctx, r)
		if err != nil {
			return err
		}
		for _, f := range filingsFor(person, s.world.now()) {
			err = s.file(ctx, r.company, person, f)
			if err != nil {
				return err
			}
		}
	}
	if o.People != "" {
		return nil
	}
	for i, m := range mistakes(s.world.now()) {
		person, err := s.world.put(ctx, row{company: rows[0].company, person: m.person, number: syntheticNumber(900 + i)})
		if err != nil {
			return err
		}
		err = s.file(ctx, rows[0].company, person, m.filing)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *story) night(ctx context.Context, o Options) error {
	sender, err := o.Night(s.dir, accountID)
	if err != nil {
		return err
	}
	s.summary, err = sender.Run(ctx)
	return err
}

// live lists the states of filings that were queued and not withdrawn.
var live = []queue.State{queue.Queued, queue.Submitting, queue.Arrived, queue.Refused, queue.Held}
