package office

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"todoke/database/sqlite"
	"todoke/seal"
)

// pdf makes a small file with the marks of a PDF around content.
func pdf(content string) []byte {
	body := "%PDF-1.7\n1 0 obj\n<</Note(" + content + ")>>\nendobj\n"
	return []byte(body + "xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1>>\nstartxref\n" + fmt.Sprint(len(body)) + "\n%%EOF\n")
}

func jpeg(content string) []byte {
	return []byte("\xFF\xD8\xFF\xE0" + content + "\xFF\xD9")
}

func TestCertificateKind(t *testing.T) {
	t.Parallel()
	whole := pdf("x")
	stream := bytes.ReplaceAll(whole, []byte("xref\n0 1\n"), []byte("7 0 obj\n"))
	tests := []struct {
		name string
		data []byte
		kind string
		want *rule
	}{
		{"pdf", whole, "pdf", nil},
		{"pdf with cross-reference stream", bytes.ReplaceAll(stream, []byte("start7 0 obj\n"), []byte("startxref\n")), "pdf", nil},
		{"jpeg", jpeg("x"), "jpeg", nil},
		{"nothing", nil, "", ruleCertificateSize},
		{"too large", append(whole, make([]byte, certificateLimit)...), "", ruleCertificateSize},
		{"text", []byte("提出代行に関する証明書"), "", ruleCertificateKind},
		{"png", []byte("\x89PNG\r\n\x1a\n"), "", ruleCertificateKind},
		{"html before pdf", append([]byte("<script>"), whole...), "", ruleCertificateKind},
		{"cut pdf", whole[:len(whole)-8], "", ruleCertificateBroken},
		{"cut in the middle", whole[:30], "", ruleCertificateBroken},
		{"offset outside", bytes.Replace(whole, []byte("startxref\n"), []byte("startxref\n9"), 1), "pdf", nil},
		{"huge offset", []byte("%PDF-1.7 startxref 99999999999999999999 %%EOF"), "pdf", nil},
		{"encrypted", bytes.Replace(whole, []byte("/Size 1"), []byte("/Size 1/Encrypt 9 0 R"), 1), "", ruleCertificateEncrypted},
		{"cut jpeg", jpeg("x")[:5], "", ruleCertificateBroken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			kind, broken := certificateKind(test.data)
			if broken != test.want || test.want == nil && kind != test.kind {
				t.Errorf("certificateKind = %q, %v", kind, broken)
			}
		})
	}
}

func TestAgencyCertificate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.company(t)
	_, _, err := w.store.AgencyCertificate(w.ctx, c.ID)
	if !errors.Is(err, ErrNotFound) {
		t.Fatalf("before it is stored: %v", err)
	}
	var wrong *InvalidError
	err = w.store.PutAgencyCertificate(w.ctx, c.ID, []byte("text"), by)
	if !errors.As(err, &wrong) || wrong.Problems[0].Code != ruleCertificateKind.code {
		t.Errorf("text as certificate: %v", err)
	}
	err = w.store.PutAgencyCertificate(w.ctx, "nowhere", pdf("x"), by)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown company: %v", err)
	}
	for _, data := range [][]byte{pdf("old"), jpeg("new")} {
		err = w.store.PutAgencyCertificate(w.ctx, c.ID, data, by)
		if err != nil {
			t.Fatal(err)
		}
		got, kind, err := w.store.AgencyCertificate(w.ctx, c.ID)
		if err != nil || !bytes.Equal(got, data) || (kind == "pdf") != bytes.HasPrefix(data, []byte("%PDF")) {
			t.Fatalf("AgencyCertificate = %q, %s, %v", got, kind, err)
		}
	}
	c = status(t, w, c.ID, "stored")
	if c.CertificateKind != "jpeg" || c.CertificateAt == 0 {
		t.Errorf("status: %+v", c)
	}
	err = w.store.PutOffice(w.ctx, exampleOffice(), by) // the attorney's name was not on the paper
	if err != nil {
		t.Fatal(err)
	}
	status(t, w, c.ID, "review")
	list, _, err := w.store.Companies(w.ctx, Page{})
	if err != nil || list[0].CertificateStatus != "review" {
		t.Errorf("Companies = %+v, %v", list, err)
	}
	err = w.store.PutAgencyCertificate(w.ctx, c.ID, pdf("newest"), by)
	if err != nil {
		t.Fatal(err)
	}
	c = status(t, w, c.ID, "stored")
	c.Phone = "0120-000-000" // not on the paper
	c, err = w.store.PutCompany(w.ctx, c, by)
	if err != nil || c.CertificateStatus != "stored" {
		t.Errorf("after a new telephone: %+v, %v", c, err)
	}
	c.Address = "東京都港区"
	c, err = w.store.PutCompany(w.ctx, c, by)
	if err != nil || c.CertificateStatus != "review" {
		t.Errorf("after a new address: %+v, %v", c, err)
	}
	for i, want := range []error{nil, ErrNotFound} {
		err = w.store.DeleteAgencyCertificate(w.ctx, c.ID, by)
		if !errors.Is(err, want) {
			t.Errorf("delete %d: %v", i, err)
		}
	}
	status(t, w, c.ID, "")
}

func status(t *testing.T, w *world, id, want string) Company {
	t.Helper()
	c, err := w.store.Company(w.ctx, id)
	if err != nil || c.CertificateStatus != want {
		t.Fatalf("status = %q, %v, want %q", c.CertificateStatus, err, want)
	}
	return c
}

func TestCertificateOpensForItsCompanyOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a := w.company(t)
	b := exampleCompany()
	b.Code = "B"
	b, err := w.store.PutCompany(w.ctx, b, by)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Company{a, b} {
		err = w.store.PutAgencyCertificate(w.ctx, c.ID, pdf(c.Code), by)
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = w.db.Write.Exec(`UPDATE office_agency_certificate SET sealed =
		(SELECT sealed FROM office_agency_certificate WHERE company_id = ?) WHERE company_id = ?`, a.ID, b.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.store.AgencyCertificate(w.ctx, b.ID)
	if !errors.Is(err, seal.ErrUnreadable) {
		t.Errorf("the certificate of another company opens: %v", err)
	}
}

func TestNoCertificateInClearOnDisk(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.company(t)
	secret := strings.Repeat("提出代行を委託します", 500)
	for range 2 {
		err := w.store.PutAgencyCertificate(w.ctx, c.ID, pdf(secret), by)
		if err != nil {
			t.Fatal(err)
		}
		scan(t, w.path, secret)
		err = sqlite.Checkpoint(w.ctx, w.db)
		if err != nil {
			t.Fatal(err)
		}
		scan(t, w.path, secret)
	}
}

// scan looks for pieces of secret in the database and its write-ahead log.
func scan(t *testing.T, path, secret string) {
	t.Helper()
	seen := 0
	for _, suffix := range []string{"", "-wal", "-shm"} {
		content, err := os.ReadFile(path + suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		seen += len(content)
		for _, piece := range []string{secret[:30], "%PDF-1.7", "startxref"} {
			if bytes.Contains(content, []byte(piece)) {
				t.Errorf("%q is in office.db%s", piece, suffix)
			}
		}
	}
	if seen < len(secret) {
		t.Errorf("only %d octets were scanned", seen)
	}
}
