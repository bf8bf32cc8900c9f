package night_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"todoke/queue"
	"todoke/queue/night"
	"todoke/signing"
)

// japanese reports whether a text is written for staff.
func japanese(text string) bool {
	letters := 0
	for _, r := range text {
		if unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) {
			letters++
		}
	}
	return letters*3 > len([]rune(text))
}

// withoutFact takes a fact away from a filing as approved.
func (w *world) withoutFact(id, key string) {
	w.t.Helper()
	facts := w.filing(id).Facts
	delete(facts, key)
	text, err := json.Marshal(facts)
	w.must(err)
	w.exec("UPDATE filings SET facts = ? WHERE id = ?", string(text), id)
}

// TestWhatCannotBeBuiltIsHeld: the filing concerned waits for a person, with a
// reason, and its number is not opened in vain; the others go.
func TestWhatCannotBeBuiltIsHeld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after  func(w *world, id string)
		reason string
	}{
		"agency certificate removed": {
			func(w *world, id string) {
				w.must(w.books.DeleteAgencyCertificate(w.ctx, w.filing(id).CompanyID, boss.Name))
			}, "提出代行に関する証明書",
		},
		"agency certificate damaged": {
			func(w *world, id string) {
				w.exec("UPDATE office_agency_certificate SET sealed = x'00' WHERE company_id = ?", w.filing(id).CompanyID)
			}, "提出代行に関する証明書",
		},
		"data that no longer fill": {
			func(w *world, id string) { w.withoutFact(id, "person.birth_date") }, "生年月日",
		},
		"procedure without a definition": {
			func(w *world, id string) {
				w.exec("UPDATE filings SET procedure_id = '4950000000000000' WHERE id = ?", id)
			}, "定義",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			id, other := w.queued(0, pensionGain), w.queued(1, employmentGain)
			c.after(w, id)
			w.night()
			f := w.filing(id)
			if f.State != queue.Held || f.HoldKind != queue.HoldBuild {
				t.Errorf("the filing is %s (%s), want held (build)", f.State, f.HoldKind)
			}
			history := w.history(id)
			reason := history[len(history)-1].Reason
			if !strings.Contains(reason, c.reason) || !japanese(reason) {
				t.Errorf("the reason %q does not tell staff of %s", reason, c.reason)
			}
			if w.uses(id) != 0 {
				t.Error("the number was opened although there was nothing to put it in")
			}
			if diff := cmp.Diff([]queue.State{queue.Arrived}, w.states(other)); diff != "" {
				t.Error(diff)
			}
			w.total()
		})
	}
}

// TestACorrectedFilingGoesTheNextNight is the way back from such a hold.
func TestACorrectedFilingGoesTheNextNight(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	w.withoutFact(id, "person.birth_date")
	w.night()
	w.approveAgain(id)
	w.nextEvening()
	w.night()
	w.total()
	if s := w.filing(id).State; s != queue.Arrived {
		t.Errorf("the filing is %s", s)
	}
}

// TestApprovedDataAreSent: a change of the master data after the approval does not
// reach e-Gov, because nobody approved it.
func TestApprovedDataAreSent(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	id := w.queued(0, pensionGain)
	person := w.person(0)
	before := person.Address
	person.Address = "東京都千代田区変更町9丁目9番"
	_, err := w.books.PutPerson(w.ctx, person, staff.Name)
	w.must(err)
	w.night()
	w.total()
	files, err := w.desk.MaskedCopy(w.ctx, staff, id)
	w.must(err)
	var all strings.Builder
	for _, file := range files {
		all.Write(file.Data)
	}
	if strings.Contains(all.String(), "変更町") || !strings.Contains(all.String(), "●●●●●●●●●●●●") {
		t.Errorf("the masked copy is not of what was approved (%s)", before)
	}
	if strings.Contains(all.String(), number(0)) || strings.Contains(all.String(), "SignatureValue") {
		t.Error("the masked copy holds a number or a signature")
	}
}

// TestNothingLeavesUnverified: a package that does not pass the independent check is
// not sent, its filings stay queued, and the run says so.
func TestNothingLeavesUnverified(t *testing.T) {
	t.Parallel()
	ended, err := selfSigned(evening.Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*night.Sender){
		"certificate ended": func(s *night.Sender) { s.Signers = []signing.Signer{ended} },
		"key and certificate do not fit": func(s *night.Sender) {
			s.Signers = []signing.Signer{{Key: ended.Key, Certificate: s.Signers[0].Certificate}}
		},
		"no signer": func(s *night.Sender) { s.Signers = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			ids := []string{w.queued(0, employmentLoss), w.queued(2, employmentLoss)}
			w.change = change
			_, err := w.run()
			if err == nil {
				t.Error("the night ends well")
			}
			if posts := w.egov.sent(); len(posts) != 0 {
				t.Errorf("POSTs %v", posts)
			}
			if diff := cmp.Diff([]queue.State{queue.Queued, queue.Queued}, w.states(ids...)); diff != "" {
				t.Error(diff)
			}
			w.judge()
			w.change = nil
			w.nextEvening()
			w.night()
			w.total()
		})
	}
}
