package sim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"todoke/egov/sim"
	"todoke/egov/sim/fault"
	"todoke/egov/wire"
)

func TestFaultsOnSending(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		rule     fault.Rule
		status   int  // 0 is a broken connection
		empty    bool // the body
		accepted int
	}{
		{"answer dropped", fault.Rule{Effect: fault.DropAnswer}, 0, true, 1},
		{"reset before", fault.Rule{Effect: fault.ResetBefore}, 0, true, 0},
		{"half body", fault.Rule{Effect: fault.HalfBody}, 0, false, 1},
		{"slow", fault.Rule{Effect: fault.Slow, Delay: time.Millisecond}, 202, false, 1},
		{"wrong JSON", fault.Rule{Effect: fault.WrongJSON}, 202, false, 1},
		{"500 before", fault.Rule{Effect: fault.StatusBefore, Status: 500}, 500, false, 0},
		{"502 before", fault.Rule{Effect: fault.StatusBefore, Status: 502}, 502, false, 0},
		{"503 before", fault.Rule{Effect: fault.StatusBefore, Status: 503}, 503, false, 0},
		{"429 before", fault.Rule{Effect: fault.StatusBefore, Status: 429}, 429, false, 0},
		{"401 before", fault.Rule{Effect: fault.StatusBefore, Status: 401}, 401, true, 0},
		{"500 after", fault.Rule{Effect: fault.StatusAfter}, 500, false, 1},
		{"504 after", fault.Rule{Effect: fault.StatusAfter, Status: 504}, 504, false, 1},
		{"307", fault.Rule{Effect: fault.Redirect}, 307, true, 0},
		{"empty 404", fault.Rule{Effect: fault.EmptyNotFound}, 404, true, 0},
		{"other operation", fault.Rule{Effect: fault.DropAnswer, Operation: "report"}, 202, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, sim.Config{})
			tt.rule.Count = 1
			if tt.rule.Operation == "" {
				tt.rule.Operation = "bulk-apply"
			}
			w.sim.Script(tt.rule)
			res := w.try(w.request(http.MethodPost, api+"/bulk-apply", bulkBody("a.zip", valid(hired))))
			switch {
			case (tt.status == 0) != (res.err != nil):
				t.Errorf("status %d, error %v", res.status, res.err)
			case tt.status != 0 && res.status != tt.status:
				t.Errorf("status %d %s", res.status, res.body)
			case tt.empty && len(res.body) > 0:
				t.Errorf("body %q", res.body)
			}
			if strings.Contains(tt.name, "wrong JSON") && json.Valid(res.body) {
				t.Error("the JSON is right")
			}
			if tt.status == 500 || tt.status == 503 {
				var p wire.BulkProblem
				if json.Unmarshal(res.body, &p) != nil || p.ErrorCount != 1 || p.Title == "" {
					t.Errorf("body %s", res.body)
				}
			}
			if got := w.sim.Ledger().Counts.Bulks; got != tt.accepted {
				t.Errorf("%d bulks accepted, want %d", got, tt.accepted)
			}
			// The second time nothing goes wrong.
			w.sim.Script()
			w.send("b.zip", valid(hired))
		})
	}
}

func TestHiddenBulkComesLate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rule fault.Rule
		wait time.Duration // before the last listing
	}{
		{"for two listings", fault.Rule{Effect: fault.Hide, Queries: 2, Count: 1}, 0},
		{"for a minute", fault.Rule{Effect: fault.Hide, Delay: time.Minute, Count: 1}, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, sim.Config{Faults: []fault.Rule{tt.rule}})
			w.send("hidden.zip", valid(hired, left))
			w.send("seen.zip", valid(hired))
			for i := range 2 {
				if n := w.report(today).ResultSet.AllCount; n != 1 {
					t.Errorf("listing %d shows %d bulks", i, n)
				}
			}
			w.clock.Advance(tt.wait)
			if n := w.report(today).ResultSet.AllCount; n != 2 {
				t.Errorf("%d bulks in the end", n)
			}
			if n := w.lists(today).ResultSet.AllCount; n != 3 {
				t.Errorf("%d cases in the end", n)
			}
		})
	}
}

func TestHiddenBulkHidesItsCases(t *testing.T) {
	t.Parallel()
	w := setup(t, sim.Config{Faults: []fault.Rule{{Effect: fault.Hide, Queries: 1}}})
	number := w.send("hidden.zip", valid(hired, left)).Results.SendNumber
	if n := w.lists(today).ResultSet.AllCount; n != 0 {
		t.Errorf("%d cases", n)
	}
	if n := w.lists("send_number=" + number).ResultSet.AllCount; n != 2 {
		t.Errorf("%d cases after one listing", n)
	}
}

func TestMinistryRefusesOneFiling(t *testing.T) {
	t.Parallel()
	const content = "被保険者番号が登録されていません。"
	w := setup(t, sim.Config{Faults: []fault.Rule{{Effect: fault.Refuse, Folder: left, Skip: 1, Count: 1, Content: content}}})
	w.send("a.zip", valid(hired, left))
	w.send("b.zip", valid(hired, left))
	info := w.report(today).Results.ErrorReportInfo
	if info[1].ErrorCount != 0 || info[0].ErrorCount != 1 {
		t.Fatalf("report = %+v", info)
	}
	if row := info[0].Result[1]; row.FolderName != left || row.ReportList[0].Content != content || row.ArriveID != "-" {
		t.Errorf("row = %+v", row)
	}
}

func TestFaultsOnLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Config{AutoLogin: true, Faults: []fault.Rule{{Effect: fault.StatusBefore, Operation: "token", Status: 503}}})
	code := w.authorize().header.Get("Location")
	if !strings.Contains(code, "code=") {
		t.Fatal("no code")
	}
	r := w.request(http.MethodPost, "/auth/token", []byte("grant_type=refresh_token"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var e wire.TokenError
	w.do(r).decode(t, 503, &e)
	if e.Error != "server_error" {
		t.Errorf("error = %+v", e)
	}
}
