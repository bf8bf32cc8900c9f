package desk_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/office"
	"todoke/queue/desk"
	"todoke/usage"
	"todoke/vault"
)

var errNotFound = office.ErrNotFound

// TestNumbersDoNotBelongInTexts: twelve digits are refused wherever no number
// belongs, nothing is stored, and the refusal does not repeat them.
func TestNumbersDoNotBelongInTexts(t *testing.T) {
	t.Parallel()
	digits := number(0)
	for how, text := range map[string]string{
		"plain": digits, "in a sentence": "番号は" + digits + "です", "hyphens": digits[:4] + "-" + digits[4:8] + "-" + digits[8:],
		"full width": strings.Map(func(r rune) rune { return r - '0' + '０' }, digits),
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			f := w.draft(w.one)
			with := func(field, value string) map[string]string {
				changed := event()
				changed[field] = value
				return changed
			}
			count := len(w.all())
			for name, act := range map[string]func() error{
				"a field of a draft": func() error {
					_, err := w.desk.Draft(w.ctx, staff, desk.New{
						CompanyID: w.a.ID, PersonID: w.two.ID, ProcedureID: pensionLoss, Event: with("loss_cause", text),
					})
					return err
				},
				"a field's name": func() error {
					_, err := w.desk.Draft(w.ctx, staff, desk.New{
						CompanyID: w.a.ID, PersonID: w.two.ID, ProcedureID: pensionLoss, Event: with(text, "1"),
					})
					return err
				},
				"the reason of a double": func() error {
					_, err := w.desk.Draft(w.ctx, staff, desk.New{
						CompanyID: w.a.ID, PersonID: w.one.ID, ProcedureID: pensionLoss, Event: event(), OverrideReason: text,
					})
					return err
				},
				"a field of an edit": func() error {
					_, err := w.desk.Edit(w.ctx, staff, f.ID, 1, with("loss_cause", text), "訂正")
					return err
				},
				"the reason of an edit":       func() error { _, err := w.desk.Edit(w.ctx, staff, f.ID, 1, event(), text); return err },
				"a purpose":                   func() error { return w.desk.Approve(w.ctx, boss, f.ID, 1, text) },
				"the reason of a withdrawal":  func() error { return w.desk.Cancel(w.ctx, staff, f.ID, text) },
				"the reason of a resend":      func() error { return w.desk.ConfirmResend(w.ctx, boss, f.ID, text) },
				"the reason of a destruction": func() error { return w.desk.DestroyNumber(w.ctx, boss, w.one.ID, text) },
			} {
				err := act()
				if !errors.Is(err, desk.ErrNumberInText) {
					t.Errorf("%s: %v, want ErrNumberInText", name, err)
				}
				w.silent(err, digits)
			}
			if diff := cmp.Diff(f, w.filing(f.ID)); diff != "" || len(w.all()) != count {
				t.Errorf("something was stored: %s", diff)
			}
			_, err := w.desk.Vault.RefFor(w.ctx, w.a.ID, w.one.Subject)
			w.must(err)
		})
	}
}

// all returns the ids of all filings.
func (w *world) all() []string {
	w.t.Helper()
	var ids []string
	w.must(w.files["office.db"].Read.SelectContext(w.ctx, &ids, "SELECT id FROM filings"))
	return ids
}

// TestPutNumber: the registration is on the log with who and where, the master data
// know the reference, and a second number takes the first one's place.
func TestPutNumber(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.must(w.desk.PutNumber(w.ctx, staff, w.three.ID, parse(t, number(3))))
	first, err := w.desk.Vault.RefFor(w.ctx, w.a.ID, w.three.Subject)
	w.must(err)
	w.must(w.desk.PutNumber(w.ctx, desk.Person{Name: "給与ソフト", Company: w.a.ID, Screen: "API"}, w.three.ID, parse(t, number(4))))
	second, err := w.desk.Vault.RefFor(w.ctx, w.a.ID, w.three.Subject)
	w.must(err)
	person, err := w.desk.Office.Person(w.ctx, w.three.ID)
	w.must(err)
	if first == second || person.NumberRef != second {
		t.Errorf("references %s, then %s; the master data have %s", first, second, person.NumberRef)
	}
	var got []string
	for record, err := range w.desk.Usage.List(w.ctx, usage.Query{Log: w.a.ID, Subject: w.three.Subject}) {
		w.must(err)
		e := record.Entry
		got = append(got, strings.Join([]string{string(e.Action), e.Actor, e.Role, e.Screen}, "/"))
	}
	want := []string{"register/担当　太郎/事務取扱担当者/届出の画面", "update/給与ソフト/顧問先/API"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestOtherCompaniesPeopleDoNotExist: the key of one company learns nothing of the
// people of another, not even that there are any.
func TestOtherCompaniesPeopleDoNotExist(t *testing.T) {
	t.Parallel()
	w := setup(t)
	key := desk.Person{Name: "給与ソフト", Company: w.b.ID}
	foreign := w.desk.PutNumber(w.ctx, key, w.one.ID, parse(t, number(5)))
	const nobody = "01JZZZZZZZZZZZZZZZZZZZZZZZ"
	absent := w.desk.PutNumber(w.ctx, key, nobody, parse(t, number(5)))
	if !errors.Is(foreign, office.ErrNotFound) || !errors.Is(absent, office.ErrNotFound) {
		t.Errorf("%v, %v; want ErrNotFound", foreign, absent)
	}
	masked := strings.ReplaceAll(foreign.Error(), w.one.ID, nobody)
	if diff := cmp.Diff(absent.Error(), masked); diff != "" {
		t.Errorf("the two can be told apart:\n%s", diff)
	}
	w.must(w.desk.PutNumber(w.ctx, key, w.other.ID, parse(t, number(5))))
}

// TestDestroyNumber: gone from vault and master data, with its reason on the log,
// and filings for the person can no longer be approved.
func TestDestroyNumber(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.draft(w.one)
	w.must(w.desk.DestroyNumber(w.ctx, boss, w.one.ID, "保存期間の満了"))
	w.destroyed(w.one)
	entries := w.entries(w.a.ID)
	if last := entries[len(entries)-1]; last != "destroy 責任　花子" {
		t.Errorf("the log ends with %q", last)
	}
	var invalid *desk.InvalidError
	err := w.desk.Approve(w.ctx, boss, f.ID, 1, "提出")
	if !errors.As(err, &invalid) || !has(invalid.Findings, "TODOKE-FILING-0002") {
		t.Errorf("Approve = %v", err)
	}
	err = w.desk.DestroyNumber(w.ctx, boss, w.one.ID, "保存期間の満了")
	if !errors.Is(err, vault.ErrUnknownReference) {
		t.Errorf("destroying it again: %v, want ErrUnknownReference", err)
	}
}

func (w *world) destroyed(p office.Person) {
	w.t.Helper()
	_, err := w.desk.Vault.RefFor(w.ctx, p.CompanyID, p.Subject)
	person, stored := w.desk.Office.Person(w.ctx, p.ID)
	w.must(stored)
	if !errors.Is(err, vault.ErrUnknownReference) || person.NumberRef != "" {
		w.t.Errorf("vault: %v, master data: %q", err, person.NumberRef)
	}
}

// TestDestructionIsFinished: a crash between the vault and the master data leaves a
// reference behind; doing it again finishes it.
func TestDestructionIsFinished(t *testing.T) {
	t.Parallel()
	w := setup(t)
	person, err := w.desk.Office.Person(w.ctx, w.one.ID)
	w.must(err)
	w.must(w.desk.Vault.Destroy(w.ctx, person.NumberRef, "保存期間の満了", vault.Who{Actor: boss.Name}))
	w.must(w.desk.DestroyNumber(w.ctx, boss, w.one.ID, "保存期間の満了"))
	w.destroyed(w.one)
	w.must(w.desk.Office.DeletePerson(w.ctx, w.one.ID, boss.Name))
}

func TestDestructionNeedsAReason(t *testing.T) {
	t.Parallel()
	w := setup(t)
	err := w.desk.DestroyNumber(w.ctx, boss, w.one.ID, "")
	if !errors.Is(err, vault.ErrInvalid) {
		t.Errorf("%v, want ErrInvalid", err)
	}
	_, err = w.desk.Vault.RefFor(w.ctx, w.a.ID, w.one.Subject)
	w.must(err)
}
