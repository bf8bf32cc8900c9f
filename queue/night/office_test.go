package night_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"sync"
	"testing"
	"time"

	"todoke/mynumber"
	"todoke/office"
	"todoke/queue/desk"
	"todoke/signing"
	"todoke/vault"
)

// The procedures of the tests.
const (
	pensionGain    = "4950013521019000"
	pensionLoss    = "4950013520714000"
	employmentGain = "4950008680033000"
	employmentLoss = "4950008680034000"
)

var procedures = []string{pensionGain, pensionLoss, employmentGain, employmentLoss}

// evening is when the days of the tests end: 22:00 in Japan.
var evening = time.Date(2026, 7, 1, 13, 0, 0, 0, time.UTC)

var (
	boss  = desk.Person{Name: "責任　花子", Roles: office.Roles{office.Responsible, office.Auditor}, Screen: "試験"}
	staff = desk.Person{Name: "担当　太郎", Roles: office.Roles{office.Staff}, Screen: "試験"}
)

// people is how many there are, alternating between two companies.
const people = 6

// number is 8700000 followed by a counter and a valid check digit: synthetic.
func number(n int) string {
	text := fmt.Sprintf("8700000%04d", n)
	var first [11]byte
	for i := range first {
		first[i] = text[i] - '0'
	}
	return text + string('0'+rune(mynumber.CheckDigit(first)))
}

// template is an office with companies, people and numbers, made once: every test
// works on a copy of its files.
var template string

func TestMain(m *testing.M) {
	// A check is a dozen nights; -rapid.checks asks for more.
	err := flag.Set("rapid.checks", "30")
	if err != nil {
		panic(err)
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "todoke-night-")
		if err == nil {
			defer os.RemoveAll(dir)
			template = dir
			err = makeOffice(context.Background(), dir)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "make the office of the tests:", err)
			return 1
		}
		return m.Run()
	}())
}

func makeOffice(ctx context.Context, path string) (err error) {
	o, err := open(ctx, path, func() time.Time { return evening })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	err = o.books.PutOffice(ctx, office.Office{
		Name: "試験社会保険労務士事務所", AttorneyName: "社労　士郎", AttorneyKana: "シャロウ　シロウ", RegistrationNumber: "99999999",
		PostalCode: "1000001", Address: "東京都千代田区見本町1丁目2番3号", AddressKana: "トウキョウトチヨダクミホンチョウ",
		Phone: "03-0000-9999", Email: "office@example.com",
	}.Clean(), boss.Name)
	if err != nil {
		return err
	}
	for n := range people {
		err = putPerson(ctx, o, n)
		if err != nil {
			return err
		}
	}
	return nil
}

// companyCode of the n-th person.
func companyCode(n int) string { return fmt.Sprintf("C%d", n%2) }

func personCode(n int) string { return fmt.Sprintf("P%d", n) }

func putPerson(ctx context.Context, o *stores, n int) error {
	company, err := o.books.CompanyByCode(ctx, companyCode(n))
	if errors.Is(err, office.ErrNotFound) {
		company, err = putCompany(ctx, o, n)
	}
	if err != nil {
		return err
	}
	person, err := o.books.PutPerson(ctx, office.Person{
		CompanyID: company.ID, Code: personCode(n), Name: "試験　太郎", NameKana: "シケン　タロウ",
		BirthDate: fmt.Sprintf("19%d-04-02", 70+n), Sex: "male", PostalCode: "1000001",
		Address: fmt.Sprintf("東京都千代田区試験町%d丁目1番", n+1), AddressKana: "トウキョウトチヨダクシケンチョウ",
		EmploymentInsuredNumber: fmt.Sprintf("5000-%06d-1", n+1), PensionInsuredNumber: fmt.Sprint(n + 1),
	}.Clean(), staff.Name)
	if err != nil {
		return err
	}
	digits, err := vault.ParseNumber([]byte(number(n)))
	if err != nil {
		return err
	}
	return o.desk().PutNumber(ctx, staff, person.ID, digits)
}

func putCompany(ctx context.Context, o *stores, n int) (office.Company, error) {
	company, err := o.books.PutCompany(ctx, office.Company{
		Code: companyCode(n), Name: fmt.Sprintf("試験商事%d株式会社", n+1), NameKana: "シケンショウジ",
		PostalCode: "1000001", Address: fmt.Sprintf("東京都千代田区見本町%d丁目1番1号", n+1), AddressKana: "トウキョウトチヨダクミホンチョウ",
		Phone: fmt.Sprintf("03-0000-%04d", n), Email: fmt.Sprintf("c%d@example.com", n+1),
		RepresentativeName: "代表　者一", RepresentativeKana: "ダイヒョウ　シャイチ", RepresentativeTitle: "代表取締役",
		PensionPrefecture: "21", PensionDistrict: "01", PensionSymbol: "シケ", PensionNumber: fmt.Sprintf("%05d", n+1),
		EmploymentNumber:     fmt.Sprintf("1300-%06d-1", n+1),
		PensionDestinationID: "49511200070000000000138", PensionDestinationName: "東京,渋谷年金事務所（東京事務センター）",
		EmploymentDestinationID: "49511000010000000003829", EmploymentDestinationName: "東京都,渋谷公共職業安定所",
	}.Clean(), boss.Name)
	if err != nil {
		return company, err
	}
	return company, o.books.PutAgencyCertificate(ctx, company.ID, []byte(agencyCertificate), boss.Name)
}

// agencyCertificate stands for the scanned 提出代行に関する証明書.
const agencyCertificate = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\nxref\n0 1\n0000000000 65535 f \n" +
	"trailer\n<< /Size 1 /Root 1 0 R >>\nstartxref\n50\n%%EOF\n"

// signer is the office's key with a certificate that only a simulator takes.
var signer = sync.OnceValues(func() (signing.Signer, error) { return selfSigned(evening.AddDate(1, 0, 0)) })

func selfSigned(until time.Time) (signing.Signer, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return signing.Signer{}, err
	}
	subject := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "TODOKE TEST", Country: []string{"JP"}},
		NotBefore: evening.Add(-time.Hour), NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, subject, subject, private.Public(), private)
	if err != nil {
		return signing.Signer{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	return signing.Signer{Key: private, Certificate: certificate}, err
}

// event is a typical event of each procedure.
func event(procedure string) map[string]string {
	switch procedure {
	case pensionGain:
		return map[string]string{
			"health_insurance": "1", "pension_insurance": "1", "acquisition_date": "2026-07-01", "dependants": "無", "salary_cash": "280000",
		}
	case pensionLoss:
		return map[string]string{
			"health_insurance": "1", "pension_insurance": "1", "loss_date": "2026-07-01", "loss_cause": "4",
			"retirement_date": "2026-06-30", "cards_attached": "1",
		}
	case employmentGain:
		return map[string]string{
			"acquisition_kind": "1", "cause": "2", "wage_form": "1", "wage_amount": "280", "acquisition_date": "2026-07-01",
			"employment_form": "7", "occupation": "03", "route": "2", "weekly_hours": "40:00", "contract_period": "無",
		}
	case employmentLoss:
		return map[string]string{
			"acquisition_date": "2025-04-01", "separation_date": "2026-06-30", "loss_cause": "2", "weekly_hours": "40:00",
			"loss_reason": "自己都合による退職",
		}
	}
	return nil
}
