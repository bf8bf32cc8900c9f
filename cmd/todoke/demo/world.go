package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"todoke/egov/account"
	"todoke/office"
	"todoke/officedir"
	"todoke/queue/desk"
)

// accountID names the demo's only e-Gov account.
const accountID = "demo"

// settings are those of an office that rehearses against a simulator on the same
// machine: everything is quick, nothing is less safe.
const settings = `# A demonstration office: short waits, against a simulator on this machine.
[egov]
send_window = "3s"
max_request = "10s"

[night]
ask = ["1s", "2s", "3s", "5s"]
quiet_period = "4s"
poll_first = "200ms"
poll_max = "2s"
max_duration = "1h"
`

// world is the demo's office while it is being set up.
type world struct {
	dir       *officedir.Dir
	desk      *desk.Desk
	boss      desk.Person // 事務取扱責任者
	staff     desk.Person // 事務取扱担当者
	companies map[string]office.Company
	now       func() time.Time
}

// build makes the office, its members, companies, people, numbers and keys.
func build(ctx context.Context, dir *officedir.Dir, rows []row, acc account.Account, now func() time.Time) (*world, error) {
	w := &world{
		dir: dir, now: now, companies: map[string]office.Company{},
		boss:  desk.Person{Name: "責任　花子", Roles: office.Roles{office.Responsible, office.Auditor}, Screen: "デモ"},
		staff: desk.Person{Name: "担当　太郎", Roles: office.Roles{office.Staff}, Screen: "デモ"},
	}
	err := dir.Accounts.Put(ctx, acc)
	if err != nil {
		return nil, err
	}
	w.desk = dir.Desk(accountID)
	err = w.putOffice(ctx)
	if err != nil {
		return nil, err
	}
	certificate, key, err := selfSigned(now())
	if err != nil {
		return nil, err
	}
	_, err = dir.ImportPEM(certificate, key)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if _, ok := w.companies[r.company]; ok {
			continue
		}
		err = w.putCompany(ctx, r.company)
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *world) putOffice(ctx context.Context) error {
	err := w.dir.Office.PutOffice(ctx, office.Office{
		Name: "届出デモ社会保険労務士事務所", AttorneyName: "社労　士郎", AttorneyKana: "シャロウ　シロウ", RegistrationNumber: "99999999",
		PostalCode: "1000001", Address: "東京都千代田区見本町1丁目2番3号", AddressKana: "トウキョウトチヨダクミホンチョウ",
		Phone: "03-0000-9999", Email: "office@example.com",
	}.Clean(), w.boss.Name)
	if err != nil {
		return err
	}
	for _, p := range []desk.Person{w.boss, w.staff} {
		_, err = w.dir.Office.PutMember(ctx, office.Member{Name: p.Name, Roles: p.Roles, Active: true}, w.boss.Name)
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) putCompany(ctx context.Context, name string) error {
	stored, err := w.dir.Office.PutCompany(ctx, company(len(w.companies), name), w.boss.Name)
	if err != nil {
		return fmt.Errorf("会社「%s」: %w", name, err)
	}
	w.companies[name] = stored
	return w.dir.Office.PutAgencyCertificate(ctx, stored.ID, agencyCertificate(), w.boss.Name)
}

// put stores a person and, if there is one, takes the number into custody.
func (w *world) put(ctx context.Context, r row) (office.Person, error) {
	p := r.person
	p.CompanyID = w.companies[r.company].ID
	if p.EmploymentInsuredNumber == "" {
		p.EmploymentInsuredNumber = fmt.Sprintf("5000-%06d-1", counter(p.Code))
	}
	if p.PensionInsuredNumber == "" {
		p.PensionInsuredNumber = fmt.Sprint(counter(p.Code)%999999 + 1)
	}
	stored, err := w.dir.Office.PutPerson(ctx, p, w.staff.Name)
	if err != nil {
		return stored, fmt.Errorf("人 %s: %w", p.Code, err)
	}
	if r.number == nil {
		return stored, nil
	}
	defer r.number.Wipe()
	return stored, w.desk.PutNumber(ctx, w.staff, stored.ID, r.number)
}

// counter makes six digits out of a person's code.
func counter(code string) int {
	n := 0
	for _, r := range code {
		n = (n*31 + int(r)) % 1_000_000
	}
	return n
}

// agencyCertificate is a one-page PDF in place of the scanned 提出代行に関する証明書.
func agencyCertificate() []byte {
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> /Contents 4 0 R >>",
		"",
	}
	const text = "BT /F1 14 Tf 60 760 Td (Agency certificate - demonstration only) Tj ET"
	objects[3] = fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text)
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, object := range objects {
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes()
}

// selfSigned makes a key and a certificate that no e-Gov but a simulator accepts.
func selfSigned(now time.Time) (certificate, key []byte, err error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, fmt.Errorf("make a demo key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "TODOKE DEMO (not for filing)", Country: []string{"JP"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, fmt.Errorf("make a demo certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the demo key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}
