package inspect_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"todoke/egov/sim/inspect"
	"todoke/egov/sim/internal/sample"
)

// received is when the packages of these tests arrive.
var received = time.Date(2026, 7, 1, 9, 30, 0, 0, time.FixedZone("JST", 9*60*60))

var signer = sync.OnceValue(func() *sample.Signer {
	return sample.NewSigner(2048, received.AddDate(-1, 0, 0), received.AddDate(1, 0, 0))
})

func judge(t *testing.T, folder string, f *sample.Filing) inspect.Verdict {
	t.Helper()
	return judgeWith(t, &inspect.Inspector{}, folder, f)
}

func judgeWith(t *testing.T, in *inspect.Inspector, folder string, f *sample.Filing) inspect.Verdict {
	t.Helper()
	folders, errs := inspect.Open(sample.Bulk(map[string]*sample.Filing{folder: f}))
	if len(errs) > 0 {
		t.Fatalf("the package does not open: %v", errs)
	}
	v := in.Folder(folders[0], received)
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), sample.Number) {
		t.Error("the verdict shows the number")
	}
	return v
}

func TestValidApplicationsArrive(t *testing.T) {
	t.Parallel()
	for _, id := range sample.Procedures() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			v := judge(t, id, sample.New(id).Sign(signer()))
			for _, f := range v.Findings {
				t.Errorf("%+v", f)
			}
			if v.ProcID != id || v.Applicant != "見本　太郎" || v.Corporation != "見本株式会社" ||
				!strings.Contains(v.Destination, ",渋谷") || v.Unlisted != 0 || len(v.Fingerprint) != 64 {
				t.Errorf("verdict = %+v", v)
			}
		})
	}
}

// TestAcceptedVariants are the liberties that the facts leave to the sender.
func TestAcceptedVariants(t *testing.T) {
	t.Parallel()
	const acquired, lost, hired, left = "4950013521019000", "4950013520714000", "4950008680033000", "4950008680034000"
	tests := []struct {
		name string
		proc string
		edit func(*sample.Filing)
	}{
		{"empty elements self-closed outside the signed part", hired, func(f *sample.Filing) {
			f.Edit("<備考></備考>", "<備考/>").Edit("<法人番号>5000000000005</法人番号>", "<法人番号/>")
		}},
		{"line ends and tabs in an empty element", hired, func(f *sample.Filing) {
			f.Edit("<法人番号>5000000000005</法人番号>", "<法人番号>\n\t\t</法人番号>")
		}},
		{"form with CRLF", acquired, func(f *sample.Filing) { f.Form = strings.ReplaceAll(f.Form, "\n", "\r\n") }},
		{"attachment entries after 提出先情報", left, func(f *sample.Filing) {
			start := strings.Index(f.Configuration, "<添付書類属性情報>")
			end := strings.Index(f.Configuration, "<手数料情報>")
			entry := f.Configuration[start:end]
			f.Edit(entry, "").Edit("</提出先情報>\n", "</提出先情報>\n"+entry)
		}},
		{"basic pension number in place of the number", lost, func(f *sample.Filing) { f.Edit(sample.Number, "1234567890") }},
		{"number left out of the 雇用保険 喪失届", left, func(f *sample.Filing) { f.Edit(sample.Number, "") }},
		{"JPEG certificate", hired, func(f *sample.Filing) {
			delete(f.Attachments, sample.CertificateFile)
			f.Attachments["paper.jpg"] = []byte("\xff\xd8\xff\xe0 synthetic")
			f.Edit(sample.CertificateFile, "paper.jpg")
		}},
		{"fixed-term contract", hired, func(f *sample.Filing) {
			f.Edit("<契約期間の定め>無", "<契約期間の定め>有").
				Edit("<契約期間開始><年号></年号><年></年><月></月><日></日>", "<契約期間開始><年号>令和</年号><年>8</年><月>6</月><日>30</日>").
				Edit("<契約期間終了><年号></年号><年></年><月></月><日></日>", "<契約期間終了><年号>令和</年号><年>9</年><月>6</月><日>29</日>").
				Edit("<契約更新条項有無>", "<契約更新条項有無>無")
		}},
		{"last day of 昭和", lost, func(f *sample.Filing) {
			f.Edit("<P1_年>60</P1_年><P1_月>12</P1_月><P1_日>1</P1_日>", "<P1_年>64</P1_年><P1_月>1</P1_月><P1_日>7</P1_日>")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := sample.New(tt.proc)
			tt.edit(f)
			v := judge(t, tt.proc, f.Sign(signer()))
			for _, finding := range v.Findings {
				t.Errorf("%+v", finding)
			}
		})
	}
}

func TestUnlistedFilesAreNotedOnly(t *testing.T) {
	t.Parallel()
	f := sample.New("4950008680033000")
	f.Attachments["495008680033800330.xsl"] = []byte("<x/>")
	f.Attachments["memo.txt"] = []byte("x")
	v := judge(t, f.ProcID, f.Sign(signer()))
	if len(v.Findings) > 0 || v.Unlisted != 2 {
		t.Errorf("findings %v, unlisted %d", v.Findings, v.Unlisted)
	}
}

func TestSameProcedureFolders(t *testing.T) {
	t.Parallel()
	const id = "4950008680033000"
	f := sample.New(id).Sign(signer())
	tests := []struct {
		folder string
		same   bool
		want   bool
	}{
		{id, false, true},
		{id + "(1)", false, false},
		{id + "(1)", true, true},
		{id + "(12)", true, true},
		{id, true, true},
		{id + "(01)", true, false},
		{id + "(0)", true, false},
		{id + "（1）", true, false},
		{id + "-1", true, false},
		{"4950008680034000", false, false}, // another procedure's folder
		{"9990000000000001", false, false},
	}
	for _, tt := range tests {
		v := judgeWith(t, &inspect.Inspector{SameProcedure: tt.same}, tt.folder, f)
		if arrived := len(v.Findings) == 0; arrived != tt.want {
			t.Errorf("folder %s, same procedure %v: arrived %v, findings %v", tt.folder, tt.same, arrived, v.Findings)
		}
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	const id = "4950008680033000"
	in := &inspect.Inspector{Key: []byte("key of this test")}
	base := judgeWith(t, in, id, sample.New(id)).Fingerprint
	nextDay := sample.New(id).
		Edit("<届出年月日><年号>令和</年号><年>8</年><月>7</月><日>1</日>", "<届出年月日><年号>令和</年号><年>8</年><月>7</月><日>2</日>").
		Edit("<作成年月日><年号>令和</年号><年>8</年><月>7</月><日>1</日>", "<作成年月日><年号>令和</年号><年>8</年><月>7</月><日>2</日>")
	if got := judgeWith(t, in, id, nextDay).Fingerprint; got != base {
		t.Error("the date of filing changes the identity")
	}
	if got := judgeWith(t, in, id, sample.New(id).Edit("<日>30</日>", "<日>29</日>")).Fingerprint; got == base {
		t.Error("another date of hire is the same identity")
	}
	if got := judgeWith(t, &inspect.Inspector{Key: []byte("other")}, id, sample.New(id)).Fingerprint; got == base {
		t.Error("the fingerprint does not depend on the key")
	}
}
