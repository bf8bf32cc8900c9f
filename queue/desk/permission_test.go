package desk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/office"
	"todoke/queue"
	"todoke/queue/desk"
)

// TestPermissions goes through who may do what. An act that is not allowed changes
// nothing; one that is allowed gets past the door, whatever stops it behind.
func TestPermissions(t *testing.T) {
	t.Parallel()
	type act func(w *world, who desk.Person, id string) error
	acts := map[string]struct {
		do  act
		who []string // who may
	}{
		"draft": {func(w *world, who desk.Person, _ string) error {
			_, err := w.desk.Draft(w.ctx, who, desk.New{CompanyID: w.a.ID, PersonID: w.two.ID, ProcedureID: pensionLoss, Event: event()})
			return err
		}, []string{"staff", "responsible", "all roles"}},
		"edit": {func(w *world, who desk.Person, id string) error {
			_, err := w.desk.Edit(w.ctx, who, id, 1, event(), "訂正")
			return err
		}, []string{"staff", "responsible", "all roles"}},
		"approve": {func(w *world, who desk.Person, id string) error {
			return w.desk.Approve(w.ctx, who, id, 1, "資格喪失届の提出")
		}, []string{"responsible", "all roles"}},
		"enqueue": {func(w *world, who desk.Person, id string) error {
			return w.desk.Enqueue(w.ctx, who, id, time.Time{})
		}, []string{"staff", "responsible", "all roles"}},
		"cancel": {func(w *world, who desk.Person, id string) error {
			return w.desk.Cancel(w.ctx, who, id, "不要")
		}, []string{"staff", "responsible", "all roles"}},
		"resend": {func(w *world, who desk.Person, id string) error {
			return w.desk.ConfirmResend(w.ctx, who, id, "届いていない")
		}, []string{"responsible", "all roles"}},
		"put number": {func(w *world, who desk.Person, _ string) error {
			return w.desk.PutNumber(w.ctx, who, w.three.ID, parse(w.t, number(9)))
		}, []string{"staff", "responsible", "all roles", "key of A"}},
		"import numbers": {func(w *world, who desk.Person, _ string) error {
			_, err := w.desk.ImportNumbers(w.ctx, who, strings.NewReader("company_code,person_code,my_number\nA,0003,"+number(9)+"\n"))
			return err
		}, []string{"staff", "responsible", "all roles"}},
		"destroy number": {func(w *world, who desk.Person, _ string) error {
			return w.desk.DestroyNumber(w.ctx, who, w.one.ID, "保存期間の満了")
		}, []string{"responsible", "all roles"}},
	}
	people := func(w *world) map[string]desk.Person {
		return map[string]desk.Person{
			"staff": staff, "responsible": boss, "auditor": auditor, "nobody": nobody,
			"all roles":           {Name: "所長　一人", Roles: office.Roles{office.Staff, office.Responsible, office.Auditor}},
			"key of A":            {Name: "給与ソフト", Company: w.a.ID},
			"key of B":            {Name: "給与ソフト", Company: w.b.ID},
			"key of A with roles": {Name: "給与ソフト", Company: w.b.ID, Roles: office.Roles{office.Staff, office.Responsible}},
		}
	}
	for name, a := range acts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			id := w.draft(w.one).ID
			for name, who := range people(w) {
				before, log := w.filing(id), w.entries(w.a.ID)
				err := a.do(w, who, id)
				refused := errors.Is(err, desk.ErrForbidden) || errors.Is(err, office.ErrNotFound)
				may := slices.Contains(a.who, name)
				if may == refused {
					t.Errorf("%s: %v; may %v", name, err, may)
				}
				if may {
					continue
				}
				diff := cmp.Diff(before, w.filing(id)) + cmp.Diff(log, w.entries(w.a.ID))
				if diff != "" {
					t.Errorf("%s was refused, and yet:\n%s", name, diff)
				}
			}
		})
	}
}

func TestFourEyes(t *testing.T) {
	t.Parallel()
	alone := desk.Person{Name: "所長　一人", Roles: office.Roles{office.Staff, office.Responsible}}
	for name, c := range map[string]struct {
		four   bool
		author desk.Person
		editor desk.Person
		want   error
	}{
		"one member does both where one may":  {false, alone, alone, nil},
		"who drafted may not approve":         {true, alone, desk.Person{}, desk.ErrFourEyes},
		"who edited may not approve":          {true, staff, alone, desk.ErrFourEyes},
		"who drafted what another has edited": {true, alone, staff, desk.ErrFourEyes},
		"somebody else may":                   {true, staff, staff, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.desk.FourEyes = c.four
			f, err := w.desk.Draft(w.ctx, c.author, desk.New{CompanyID: w.a.ID, PersonID: w.one.ID, ProcedureID: pensionLoss, Event: event()})
			w.must(err)
			if c.editor.Name != "" {
				f, err = w.desk.Edit(w.ctx, c.editor, f.ID, f.Revision, event(), "訂正")
				w.must(err)
			}
			err = w.desk.Approve(w.ctx, alone, f.ID, f.Revision, "資格喪失届の提出")
			if !errors.Is(err, c.want) {
				t.Errorf("Approve = %v, want %v", err, c.want)
			}
			if approved := w.filing(f.ID).State == queue.Approved; approved != (c.want == nil) {
				t.Errorf("the filing is %s", w.filing(f.ID).State)
			}
		})
	}
}
