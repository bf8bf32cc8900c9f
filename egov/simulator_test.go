package egov_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"todoke/egov"
	"todoke/egov/sim"
	"todoke/egov/wire"
)

// office is a logged-in client of a simulator.
type office struct {
	sim    *sim.Server
	client *egov.Client
	token  egov.Token
}

func newOffice(t *testing.T, now func() time.Time) office {
	t.Helper()
	const redirect = "http://127.0.0.1:8080/callback"
	s, err := sim.New(sim.Config{ClientID: "software-1", ClientSecret: "key-1", RedirectURI: redirect, AutoLogin: true, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	client, err := egov.New(egov.Config{
		APIBase: server.URL + "/shinsei/v2", AuthBase: server.URL + "/auth",
		ClientID: "software-1", ClientSecret: "key-1", RedirectURI: redirect, Clock: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	return office{sim: s, client: client, token: logIn(t, client)}
}

// logIn follows the login page as a browser would, up to the redirect.
func logIn(t *testing.T, client *egov.Client) egov.Token {
	t.Helper()
	login, err := client.BeginLogin()
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, login.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != http.StatusFound || back.Query().Get("state") != login.State {
		t.Fatalf("login: %d, %v", resp.StatusCode, err)
	}
	token, err := client.Exchange(context.Background(), back.Query().Get("code"), login.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// bulk is a zip with one folder for each name, of which the content is wrong.
func bulk(t *testing.T, folders ...string) []byte {
	t.Helper()
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	for _, folder := range folders {
		f, err := w.Create(folder + "/kousei.xml")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write([]byte("<x/>"))
	}
	err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func (o office) submit(t *testing.T, token, name string, archive []byte) egov.SubmissionResult {
	t.Helper()
	ctx := context.Background()
	s, err := o.client.OpenSubmission(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	result, _ := s.BulkApply(ctx, token, name, archive, func() error { return nil })
	return result
}

// TestWholeWayAgainstTheSimulator goes from the login to the report of a bulk.
func TestWholeWayAgainstTheSimulator(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	now := time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC)
	o := newOffice(t, func() time.Time { return now })
	const name, folder = "01JZ0000000000000000000000.zip", "4950013520714000"

	result := o.submit(t, o.token.Access, name, bulk(t, folder))
	if egov.Classify(egov.BulkApply, result) != egov.Acknowledged || result.Answer.OtherName || result.Answer.Bulk.ApplyCount != 1 {
		t.Fatalf("bulk: %v", result.Err)
	}
	var found []wire.BulkReport
	for report, err := range o.client.Reports(ctx, o.token.Access, egov.Window{From: now.AddDate(0, 0, -1), To: now.AddDate(0, 0, 1)}) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, report)
	}
	if len(found) != 1 || found[0].FileName != name || found[0].SendNumber != result.Answer.Bulk.SendNumber ||
		len(found[0].Result) != 1 || found[0].Result[0].FolderName != folder || !egov.Absent(found[0].Result[0].ArriveID) {
		t.Errorf("report = %+v", found)
	}
	for row, err := range o.client.Cases(ctx, o.token.Access, egov.SendNumber(result.Answer.Bulk.SendNumber)) {
		t.Errorf("a refused folder became a case: %+v, %v", row, err)
	}

	fresh, err := o.client.Refresh(ctx, o.token.Refresh)
	if err != nil || fresh.Access == o.token.Access {
		t.Fatalf("refresh: %v", err)
	}
	about, err := o.client.Introspect(ctx, fresh.Access)
	if err != nil || !about.Active {
		t.Errorf("introspect: %+v, %v", about, err)
	}
	err = o.client.Logout(ctx, fresh.Refresh)
	if err != nil {
		t.Errorf("logout: %v", err)
	}
	_, err = o.client.Refresh(ctx, fresh.Refresh)
	if !errors.Is(err, egov.ErrInvalidGrant) {
		t.Errorf("refresh after the logout: %v", err)
	}
	refused := o.submit(t, fresh.Access, name, bulk(t, folder))
	if egov.Classify(egov.BulkApply, refused) != egov.Unauthorized || refused.Answer.Challenge == nil {
		t.Errorf("after the logout: %v", refused.Err)
	}
}

// TestBulkRefusedByTheSimulator: no zip at all is refused as a whole.
func TestBulkRefusedByTheSimulator(t *testing.T) {
	t.Parallel()
	o := newOffice(t, time.Now)
	result := o.submit(t, o.token.Access, "a.zip", []byte(strings.Repeat("no zip ", 100)))
	if egov.Classify(egov.BulkApply, result) != egov.NothingRegistered || result.Answer.Problem.ErrorCount < 1 {
		t.Errorf("%v, %v", egov.Classify(egov.BulkApply, result), result.Err)
	}
}

// TestManyBulksAgainstTheSimulator pages through more bulks than a page holds.
func TestManyBulksAgainstTheSimulator(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC)
	o := newOffice(t, func() time.Time { return now })
	const bulks = 65
	archive := bulk(t, "4950013520714000")
	for range bulks {
		result := o.submit(t, o.token.Access, "same-name.zip", archive)
		if result.Err != nil {
			t.Fatal(result.Err)
		}
	}
	seen := map[string]bool{}
	for report, err := range o.client.Reports(context.Background(), o.token.Access, egov.Window{From: now, To: now}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[report.SendNumber] = true
	}
	if len(seen) != bulks {
		t.Errorf("%d of %d bulks", len(seen), bulks)
	}
}
