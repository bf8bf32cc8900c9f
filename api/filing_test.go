package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/forms"
	"todoke/queue"
)

func (w *world) get(as, path string) response {
	w.t.Helper()
	return w.do(request{as: as, method: http.MethodGet, path: path})
}

func (w *world) post(as, path string, body any) response {
	w.t.Helper()
	text := ""
	if body != nil {
		text = encode(body)
	}
	return w.do(request{as: as, method: http.MethodPost, path: path, body: text})
}

func (w *world) put(as, path string, body any) response {
	w.t.Helper()
	return w.do(request{as: as, method: http.MethodPut, path: path, body: encode(body)})
}

func (w *world) filingOf(got response) filing {
	w.t.Helper()
	w.want(got, http.StatusOK, "")
	var f filing
	w.decode(got, &f)
	return f
}

type m map[string]any

func (w *world) register(p string) {
	w.t.Helper()
	w.want(w.put("staff", "/v1/people/"+p+"/number", m{"number": digitsA}), http.StatusNoContent, "")
}

// queued takes a fresh draft to queued.
func (w *world) queued() filing {
	w.t.Helper()
	w.register(w.personA.ID)
	f := w.draft()
	w.filingOf(w.post("responsible", "/v1/filings/"+f.ID+"/approve", m{"revision": 1, "purpose": "資格喪失届の提出"}))
	return w.filingOf(w.post("staff", "/v1/filings/"+f.ID+"/queue", nil))
}

func TestFilingFromDraftToQueue(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.draft()
	if f.State != "draft" || f.StateLabel != "下書き" || f.Revision != 1 || f.EventDate == "" || f.ProcedureName == "" || f.CreatedBy != "届出　花子" {
		t.Errorf("created = %+v", f)
	}
	path := "/v1/filings/" + f.ID

	var v struct {
		Valid   bool
		Errors  []struct{ Code string }
		Numbers []struct{ Slot string }
	}
	w.decode(w.post("staff", path+"/validate", nil), &v)
	if v.Valid || len(v.Errors) != 1 || v.Errors[0].Code != "TODOKE-FILING-0002" || len(v.Numbers) != 1 {
		t.Errorf("validate without a number = %+v", v)
	}
	got := w.post("responsible", path+"/approve", m{"revision": 1, "purpose": "資格喪失届の提出"})
	w.want(got, http.StatusUnprocessableEntity, "TODOKE-API-0031")
	if p := w.problem(got); len(p.Errors) != 1 || p.Errors[0].Remedy == "" {
		t.Errorf("findings = %+v", p.Errors)
	}

	w.register(w.personA.ID)
	w.decode(w.post("staff", path+"/validate", m{}), &v)
	if !v.Valid {
		t.Errorf("validate with a number = %+v", v)
	}
	approved := w.filingOf(w.post("responsible", path+"/approve", m{"revision": 1, "purpose": "資格喪失届の提出"}))
	if approved.State != "approved" || approved.Approver != "責任　太郎" || approved.Purpose != "資格喪失届の提出" {
		t.Errorf("approved = %+v", approved)
	}
	queued := w.filingOf(w.post("staff", path+"/queue", m{"not_before": "2026-04-12T00:00:00+09:00"}))
	if queued.State != "queued" || queued.NotBefore != "2026-04-11T15:00:00Z" {
		t.Errorf("queued = %+v", queued)
	}

	event := goodEvent()
	event["retirement_date"] = "2026-04-01"
	edited := w.filingOf(w.put("staff", path, m{"revision": 1, "event": event, "reason": "退職日の訂正"}))
	if edited.State != "draft" || edited.Revision != 2 || edited.Approver != "" || edited.Event["retirement_date"] != "2026-04-01" {
		t.Errorf("edited = %+v", edited)
	}
	cancelled := w.filingOf(w.post("staff", path+"/cancel", m{"reason": "退職の撤回"}))
	last := cancelled.History[len(cancelled.History)-1]
	if cancelled.State != "cancelled" || last.Actor != "届出　花子" || last.Reason != "退職の撤回" || last.From != "draft" || last.To != "cancelled" {
		t.Errorf("cancelled = %+v", cancelled)
	}
}

func TestRevisionIsGuarded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.draft()
	path := "/v1/filings/" + f.ID
	if tag := w.get("staff", path).header.Get("ETag"); tag != `"1"` {
		t.Errorf("ETag = %s", tag)
	}
	edit := func(body m, ifMatch string) response {
		body["event"] = goodEvent()
		r := request{as: "staff", method: http.MethodPut, path: path, body: encode(body)}
		if ifMatch != "" {
			r.header = map[string]string{"If-Match": ifMatch}
		}
		return w.do(r)
	}
	for _, tt := range []struct {
		name    string
		body    m
		ifMatch string
		status  int
		code    string
	}{
		{"none given", m{}, "", 428, "TODOKE-API-0023"},
		{"body stale", m{"revision": 7}, "", 409, "TODOKE-API-0026"},
		{"header stale", m{}, `"7"`, 412, "TODOKE-API-0024"},
		{"header weak", m{}, `W/"1"`, 412, "TODOKE-API-0024"},
		{"header without quotes", m{}, "1", 412, "TODOKE-API-0024"},
		{"header any", m{}, "*", 412, "TODOKE-API-0024"},
		{"both differ", m{"revision": 1}, `"2"`, 400, "TODOKE-API-0025"},
		{"zero", m{"revision": 0}, "", 422, "TODOKE-API-0014"},
		{"fraction", m{"revision": 1.5}, "", 422, "TODOKE-API-0014"},
		{"text", m{"revision": "1"}, "", 422, "TODOKE-API-0014"},
		{"header", m{}, `"1"`, 200, ""},
		{"both agree", m{"revision": 2}, `"2"`, 200, ""},
		{"body", m{"revision": 3}, "", 200, ""},
	} {
		got := edit(tt.body, tt.ifMatch)
		if got.status != tt.status {
			t.Errorf("%s: status = %d, want %d: %s", tt.name, got.status, tt.status, got.body)
		}
		w.want(got, tt.status, tt.code)
	}
	w.want(w.post("responsible", path+"/approve", m{"revision": 1, "purpose": "提出"}), 409, "TODOKE-API-0026")
}

func TestRefusalsOfActs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.queued()
	path := "/v1/filings/" + f.ID
	w.want(w.post("staff", path+"/queue", nil), 409, "TODOKE-API-0027")
	w.want(w.post("responsible", path+"/approve", m{"revision": 1, "purpose": "提出"}), 409, "TODOKE-API-0027")
	w.want(w.post("responsible", path+"/resend", m{"reason": "未着"}), 409, "TODOKE-API-0027")
	w.want(w.post("responsible", path+"/approve", m{"revision": 1, "purpose": "　"}), 422, "TODOKE-API-0029")
	w.want(w.post("staff", path+"/cancel", m{"reason": ""}), 422, "TODOKE-API-0014")
	w.want(w.post("staff", path+"/cancel", nil), 415, "TODOKE-API-0009")
	w.want(w.post("staff", path+"/queue", m{"not_before": "あした"}), 422, "TODOKE-API-0014")
	w.want(w.post("staff", "/v1/filings", json.RawMessage(w.newFiling(nil))), 409, "TODOKE-API-0030")
	if p := w.problem(w.post("staff", "/v1/filings", json.RawMessage(w.newFiling(nil)))); p.FilingID != f.ID {
		t.Errorf("double names %q, want %q", p.FilingID, f.ID)
	}
	w.desk.FourEyes = true
	w.must(w.desk.Store.Cancel(w.ctx, queue.Actor{Name: "試験"}, f.ID, "試験"))
	got := w.post("owner", "/v1/filings", json.RawMessage(w.newFiling(nil)))
	w.want(got, 201, "")
	var own filing
	w.decode(got, &own)
	w.want(w.post("owner", "/v1/filings/"+own.ID+"/approve", m{"revision": 1, "purpose": "提出"}), 403, "TODOKE-API-0004")
}

func TestResendIsConfirmedByThePersonResponsible(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.queued()
	w.must(w.desk.Store.HoldQueued(w.ctx, queue.Actor{Name: "夜間処理", Night: true}, f.ID, queue.HoldPresumed, "一覧にない"))
	path := "/v1/filings/" + f.ID
	w.want(w.put("staff", path, m{"revision": 1, "event": goodEvent(), "reason": "訂正"}), 409, "TODOKE-API-0027")
	w.want(w.post("staff", path+"/resend", m{"reason": "一覧で未着を確認"}), 403, "TODOKE-API-0002")
	got := w.filingOf(w.post("responsible", path+"/resend", m{"reason": "一覧で未着を確認"}))
	if got.State != "queued" {
		t.Errorf("resent = %+v", got)
	}
}

func TestMaskedCopy(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.queued()
	path := "/v1/filings/" + f.ID + "/masked-copy"
	w.want(w.get("staff", path), 404, "TODOKE-API-0020")
	attempt, ok, err := w.desk.Store.Prepare(w.ctx, queue.Actor{Name: "夜間処理", Night: true}, queue.Claim{AccountID: "account-1", Limit: 1})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	files := []forms.FormFile{{Name: "kousei.xml", Data: []byte("<個人番号>●●●●●●●●●●●●</個人番号>")}, {Name: "x.csv", Data: []byte{0x93, 0xCD, 0xFF}}}
	sealed, err := w.boxes.Seal([]byte(encode(files)), queue.CopyContext(attempt.ID, f.ID))
	w.must(err)
	w.must(w.desk.Store.KeepMaskedCopy(w.ctx, attempt.ID, f.ID, sealed))
	w.want(w.get("staff", path), 404, "TODOKE-API-0020") // nothing has left yet
	w.must(w.desk.Store.StartSending(w.ctx, attempt.ID))
	want := `{"filing_id":"` + f.ID + `","files":[{"name":"kousei.xml","encoding":"utf-8","content":"<個人番号>●●●●●●●●●●●●</個人番号>"},` +
		`{"name":"x.csv","encoding":"base64","content":"k83/"}]}`
	for _, who := range []string{"staff", "auditor", "a"} {
		got := w.get(who, path)
		w.want(got, 200, "")
		var have, expected any
		w.decode(got, &have)
		w.must(json.Unmarshal([]byte(want), &expected))
		if diff := cmp.Diff(expected, have); diff != "" {
			t.Errorf("%s (-want +got):\n%s", who, diff)
		}
	}
	w.want(w.get("b", path), 404, "TODOKE-API-0021")
}

func TestPreviewIsMasked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.register(w.personA.ID)
	f := w.draft()
	got := w.get("staff", "/v1/filings/"+f.ID+"/preview")
	w.want(got, 200, "")
	page := string(got.body)
	if !strings.Contains(page, "●●●●●●●●●●●●") || !strings.Contains(page, "見本　花子") || strings.Contains(page, digitsA) {
		t.Errorf("preview = %s", page)
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("Content-Security-Policy = %q", policy)
	}
	bad := w.filingOf(w.put("staff", "/v1/filings/"+f.ID, m{"revision": 1, "event": m{"retirement_date": "さくじつ"}}))
	got = w.get("staff", "/v1/filings/"+bad.ID+"/preview")
	w.want(got, 422, "TODOKE-API-0031")
	if len(w.problem(got).Errors) < 2 {
		t.Errorf("not all findings at once: %s", got.body)
	}
}

func TestWhatEGovFoundIsShown(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.queued()
	_, err := w.db.Write.ExecContext(w.ctx, `UPDATE filings SET findings = ?, arrive_id = '202604100000000001', state = 'refused' WHERE id = ?`,
		`[{"form":"届書","content":"記号が違います"}]`, f.ID)
	w.must(err)
	for _, who := range []string{"staff", "a"} {
		got := w.filingOf(w.get(who, "/v1/filings/"+f.ID))
		if diff := cmp.Diff([]queue.Finding{{Form: "届書", Content: "記号が違います"}}, got.Findings); diff != "" || got.ArriveID != "202604100000000001" {
			t.Errorf("%s sees %+v", who, got)
		}
	}
	w.want(w.put("staff", "/v1/filings/"+f.ID, m{"revision": 1, "event": goodEvent()}), 422, "TODOKE-API-0028")
}
