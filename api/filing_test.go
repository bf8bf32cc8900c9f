package api_test

import (
	"net/http"
	"testing"
)

func TestFilingFromDraftToQueue(t *testing.T) {
	t.Parallel()
	w := setup(t)
	f := w.draft()
	if f.State != "draft" || f.StateLabel != "下書き" || f.Revision != 1 || f.EventDate == "" || f.ProcedureName == "" || f.CreatedBy != "届出　花子" {
		t.Errorf("created = %+v", f)
	}
	path := "/v1/filings/" + f.ID

	got := w.do(request{as: "staff", method: http.MethodPost, path: path + "/validate"})
	w.want(got, http.StatusOK, "")
	t.Log(string(got.body))
}
