package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"todoke/api"
)

const onceKey = "7f0c9f3e-5b1d-4b7a-9c39-123456789012" // a UUID may well end in twelve digits

func (w *world) createOnce(as, key, body string) response {
	w.t.Helper()
	return w.do(request{as: as, method: http.MethodPost, path: "/v1/filings", body: body, header: map[string]string{"Idempotency-Key": key}})
}

func (w *world) id(got response) string {
	w.t.Helper()
	var f filing
	w.decode(got, &f)
	return f.ID
}

func TestSameKeySameAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.createOnce("staff", onceKey, w.newFiling(nil))
	w.want(first, 201, "")
	w.want(w.post("staff", "/v1/filings/"+w.id(first)+"/cancel", m{"reason": "試験"}), 200, "")
	again := w.createOnce("staff", onceKey, " "+w.newFiling(nil)+"\n")
	w.want(again, 201, "")
	if !bytes.Equal(first.body, again.body) || again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("first %s\nagain %s", first.body, again.body)
	}
	for _, name := range []string{"Location", "ETag"} {
		if first.header.Get(name) == "" || first.header.Get(name) != again.header.Get(name) {
			t.Errorf("%s: %q, then %q", name, first.header.Get(name), again.header.Get(name))
		}
	}
	if n := w.count("SELECT count(*) FROM filings"); n != 1 {
		t.Errorf("%d filings", n)
	}

	other := w.newFiling(func(b map[string]any) { b["override_reason"] = "別の届出" })
	w.want(w.createOnce("staff", onceKey, other), 422, "TODOKE-API-0035")
	// The key is the API key's own: somebody else's request with it is a new one.
	w.want(w.createOnce("owner", onceKey, w.newFiling(nil)), 201, "")

	w.clock.advance(api.AnswerLife)
	w.want(w.createOnce("staff", onceKey, other), 201, "")
	if n := w.count("SELECT count(*) FROM idempotency_keys"); n != 1 {
		t.Errorf("%d answers are kept, want the newest only", n)
	}
}

func TestARefusalDoesNotUseUpTheKey(t *testing.T) {
	t.Parallel()
	w := setup(t)
	bad := w.newFiling(func(b map[string]any) { b["person_id"] = w.personB.ID })
	w.want(w.createOnce("staff", onceKey, bad), 422, "TODOKE-API-0017")
	w.want(w.createOnce("staff", onceKey, w.newFiling(func(b map[string]any) { b["procedure_id"] = "0" })), 422, "TODOKE-API-0018")
	w.want(w.createOnce("staff", onceKey, "{"), 400, "TODOKE-API-0011")
	w.want(w.createOnce("staff", onceKey, w.newFiling(nil)), 201, "")
}

func TestIdempotencyKeysAreChecked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, key := range []string{"", "short", "with blank", "日本語のキー", strings.Repeat("k", 201)} {
		w.want(w.createOnce("staff", key, w.newFiling(nil)), 400, "TODOKE-API-0034")
	}
}

func TestTwoAtOnceMakeOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const clients = 8
	answers := make([]response, clients)
	var wait sync.WaitGroup
	for i := range clients {
		wait.Go(func() {
			answers[i], _ = w.send(request{as: "staff", method: http.MethodPost, path: "/v1/filings", body: w.newFiling(nil),
				header: map[string]string{"Idempotency-Key": onceKey}})
		})
	}
	wait.Wait()
	created := ""
	for _, got := range answers {
		switch got.status {
		case http.StatusCreated:
			if created != "" && created != w.id(got) {
				t.Errorf("two filings: %s and %s", created, w.id(got))
			}
			created = w.id(got)
		case http.StatusConflict:
			w.want(got, 409, "TODOKE-API-0036")
			if got.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		default:
			t.Errorf("answer %d: %s", got.status, got.body)
		}
	}
	if n := w.count("SELECT count(*) FROM filings"); n != 1 || created == "" {
		t.Errorf("%d filings, created %q", n, created)
	}
}

// stop makes the database refuse one kind of statement, as if the process had ended
// just before it.
func (w *world) stop(name, when string) (proceed func()) {
	w.t.Helper()
	_, err := w.db.Write.ExecContext(w.ctx, "CREATE TRIGGER "+name+" BEFORE "+when+" BEGIN SELECT RAISE(ABORT, 'stopped'); END")
	w.must(err)
	return func() {
		_, err := w.db.Write.ExecContext(w.ctx, "DROP TRIGGER "+name)
		w.must(err)
	}
}

// The request is stopped after the claim, or after the filing; a later one with the
// same key ends what it began, and makes nothing twice.
func TestStoppedBetween(t *testing.T) {
	t.Parallel()
	override := func(b map[string]any) { b["override_reason"] = "二重に届け出る理由" } // no guard against doubles helps here
	for _, tt := range []struct {
		name, when string
		status     int
	}{
		{"before the filing", "INSERT ON filings", 500},
		{"before the answer is kept", "UPDATE ON idempotency_keys", 201},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.want(w.createOnce("staff", "an-earlier-request", w.newFiling(override)), 201, "")
			w.clock.advance(time.Second)
			proceed := w.stop("stopped", tt.when)
			first := w.createOnce("staff", onceKey, w.newFiling(override))
			if first.status != tt.status {
				t.Fatalf("stopped request = %d: %s", first.status, first.body)
			}
			proceed()
			w.want(w.createOnce("staff", onceKey, w.newFiling(override)), 409, "TODOKE-API-0036")
			w.clock.advance(api.LeaseLife)
			w.want(w.createOnce("staff", onceKey, w.newFiling(nil)), 422, "TODOKE-API-0035")
			second := w.createOnce("staff", onceKey, w.newFiling(override))
			w.want(second, 201, "")
			if first.status == 201 && w.id(first) != w.id(second) {
				t.Errorf("first %s, then %s", w.id(first), w.id(second))
			}
			third := w.createOnce("staff", onceKey, w.newFiling(override))
			if !bytes.Equal(second.body, third.body) {
				t.Errorf("then %s", third.body)
			}
			if n := w.count("SELECT count(*) FROM filings"); n != 2 {
				t.Errorf("%d filings, want the earlier one and this", n)
			}
		})
	}
}

// What is kept of a request tells nothing without the API key's secret.
func TestFingerprintsAreKeyed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.want(w.createOnce("staff", onceKey, w.newFiling(nil)), 201, "")
	w.want(w.createOnce("owner", onceKey, w.newFiling(func(b map[string]any) { b["override_reason"] = "理由" })), 201, "")
	w.want(w.createOnce("responsible", onceKey, w.newFiling(func(b map[string]any) { b["override_reason"] = "理由" })), 201, "")
	if n := w.count("SELECT count(DISTINCT mark) FROM idempotency_keys"); n != 3 {
		t.Errorf("%d different marks for one Idempotency-Key of three API keys", n)
	}
	if n := w.count("SELECT count(DISTINCT fingerprint) FROM idempotency_keys"); n != 3 {
		t.Errorf("%d different fingerprints for two bodies of three API keys", n)
	}
	w.absent(onceKey)
}
