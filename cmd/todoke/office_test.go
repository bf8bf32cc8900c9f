package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const passphrase = "TODOKE_PASSPHRASE=correct horse"

// desktop is an office that a test sets up by the commands that people use.
type desktop struct {
	t   *testing.T
	dir string
}

func newDesktop(t *testing.T) desktop {
	t.Helper()
	d := desktop{t: t, dir: filepath.Join(t.TempDir(), "office")}
	d.ok("", "office", "init", "--responsible", "届出　花子")
	d.ok("", "office", "profile", "--name", "見本事務所", "--attorney", "社労　士郎", "--attorney-kana", "シャロウ　シロウ",
		"--registration", "99999999", "--postal-code", "1000001", "--address", "東京都千代田区1-2-3", "--address-kana", "トウキョウト",
		"--phone", "03-0000-9999", "--email", "office@example.com")
	d.ok("", "office", "import", d.file("companies.csv", `company_code,name,name_kana,postal_code,address,address_kana,phone,email,representative_name,representative_kana,pension_prefecture,pension_district,pension_symbol,pension_number,employment_number,pension_destination_id,pension_destination_name,employment_destination_id,employment_destination_name
C1,見本商事株式会社,ミホンショウジ,1000001,東京都千代田区1-1,トウキョウト,03-0000-0001,a@example.com,代表　一郎,ダイヒョウ　イチロウ,21,01,ミホン,00001,1300-000001-1,49511200070000000000138,"東京,渋谷年金事務所（東京事務センター）",49511000010000000003829,"東京都,渋谷公共職業安定所"
`))
	d.ok("", "office", "import", d.file("people.csv", `company_code,person_code,name,name_kana,birth_date,sex,postal_code,address
C1,P1,見本 太郎,ミホン タロウ,昭和60年4月1日,男,1000001,東京都千代田区1-1
C1,P2,髙橋 花子,タカハシ ハナコ,1990-01-31,女,1000001,東京都千代田区1-2
`))
	return d
}

func (d desktop) file(name, content string) string {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), name)
	write(d.t, path, []byte(content))
	return path
}

func (d desktop) run(input string, args ...string) process {
	d.t.Helper()
	cmd := command(d.t, []string{passphrase}, append(args, "--dir", d.dir)...)
	cmd.Stdin = strings.NewReader(input)
	return finish(d.t, cmd)
}

func (d desktop) ok(input string, args ...string) process {
	d.t.Helper()
	p := d.run(input, args...)
	if p.code != 0 {
		d.t.Fatalf("todoke %v: exit %d\n%s%s", args, p.code, p.out, p.err)
	}
	return p
}

// fingerprint tells whether anything in the office's directory changed.
func (d desktop) fingerprint() string {
	d.t.Helper()
	sum := sha256.New()
	err := filepath.WalkDir(d.dir, func(path string, entry fs.DirEntry, err error) error {
		// SQLite's shared-memory and log files come and go with readers.
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, "-wal") {
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(sum, "%s %d\n", path, len(data))
		sum.Write(data)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func TestWrongPassphraseChangesNothing(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	d := newDesktop(t)
	before := d.fingerprint()
	for _, args := range [][]string{{"status"}, {"night"}, {"vault", "put", "C1", "P1"}, {"office", "members"}} {
		p := finish(t, command(t, []string{"TODOKE_PASSPHRASE=wrong horse"}, append(args, "--dir", d.dir)...))
		if p.code != exitFailure || !strings.Contains(p.err, "パスフレーズ") {
			t.Errorf("%v: exit %d: %s", args, p.code, p.err)
		}
	}
	if d.fingerprint() != before {
		t.Error("something in the office changed")
	}
	p := d.run("", "office", "init", "--responsible", "別人")
	if p.code != exitFailure || d.fingerprint() != before {
		t.Errorf("init over an office: exit %d: %s", p.code, p.err)
	}
}

func TestNumbersAtTheCommandLine(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	d := newDesktop(t)
	good, wrong := testNumber(5), testNumber(5)[:11]+"x"
	for name, test := range map[string]struct {
		input string
		args  []string
		code  int
		says  string
	}{
		"wrong check digit":      {testNumber(6)[:11] + string('0'+('9'-testNumber(6)[11])), []string{"vault", "put", "C1", "P1"}, exitFailure, "検査用数字"},
		"letters":                {wrong, []string{"vault", "put", "C1", "P1"}, exitFailure, "数字以外"},
		"too short":              {"123", []string{"vault", "put", "C1", "P1"}, exitFailure, "12桁"},
		"nothing":                {"", []string{"vault", "put", "C1", "P1"}, exitFailure, "12桁"},
		"unknown person":         {good, []string{"vault", "put", "C1", "P9"}, exitFailure, "人のコード"},
		"as an argument":         {"", []string{"vault", "put", "C1", "P1", good}, exitUsage, "引数に書けません"},
		"in a field of a filing": {"", []string{"file", "create", "4950008680033000", "--company", "C1", "--person", "P1", "--set", "remark=" + good}, exitFailure, "12桁"},
	} {
		p := d.run(test.input, test.args...)
		if p.code != test.code || !strings.Contains(p.err, test.says) {
			t.Errorf("%s: exit %d, want %d: %s", name, p.code, test.code, p.err)
		}
		if strings.Contains(p.out+p.err, good) || strings.Contains(p.out+p.err, wrong[:11]) {
			t.Errorf("%s: the number is in the output", name)
		}
	}
	d.ok(good, "vault", "put", "C1", "P1")
	p := d.ok("", "office", "people", "C1")
	if !strings.Contains(p.out, "登録済み") {
		t.Errorf("people: %s", p.out)
	}
}

func TestNumberFileIsAllOrNothing(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	d := newDesktop(t)
	bad := d.file("bad.csv", "company_code,person_code,my_number\nC1,P1,"+testNumber(1)+"\nC1,P9,"+testNumber(2)+"\nC9,P1,123\n")
	p := d.run("", "vault", "import", bad)
	for _, want := range []string{"3行目 person_code", "4行目 company_code", "4行目 my_number"} {
		if !strings.Contains(p.err, want) {
			t.Errorf("%q is missing in: %s", want, p.err)
		}
	}
	if strings.Contains(d.ok("", "office", "people", "C1").out, "登録済み") {
		t.Error("a file with errors registered a number")
	}
	good := d.file("good.csv", "company_code,person_code,my_number\nC1,P1,"+testNumber(1)+"\nC1,P2,"+testNumber(2)+"\n")
	p = d.ok("", "vault", "import", good, "--delete")
	if !strings.Contains(p.err, "削除は消去ではありません") {
		t.Errorf("import: %s", p.err)
	}
	_, err := os.Stat(good)
	if !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestDraftTellsEveryMistakeInJapanese(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	d := newDesktop(t)
	p := d.ok("", "file", "create", "4950008680033000", "--company", "C1", "--person", "P2", "--set", "acquisition_kind=1",
		"--set", "acquisition_date=2026-02-30", "--set", "cause=7")
	for _, want := range []string{"髙", "高", "資格取得年月日", "被保険者となったことの原因", "賃金", "提出代行に関する証明書"} {
		if !strings.Contains(p.out, want) {
			t.Errorf("%q is not among the findings:\n%s", want, p.out)
		}
	}
	id := strings.Fields(p.out)[0]
	for name, args := range map[string][]string{
		"approve": {"file", "approve", id, "--purpose", "提出"},
		"queue":   {"file", "queue", id},
	} {
		p = d.run("", args...)
		if p.code != exitFailure {
			t.Errorf("%s of a draft with mistakes: exit %d", name, p.code)
		}
	}
	p = d.run("", "file", "create", "4950008680033000", "--company", "C1", "--person", "P2", "--set", "acquisition_date=2026-02-30")
	if p.code != exitFailure || !strings.Contains(p.err, "既にあります") {
		t.Errorf("a double: exit %d: %s", p.code, p.err)
	}
}

func TestVerifyRefusesHostilePackages(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	var bomb, dtd, deep bytes.Buffer
	zipOf(t, &bomb, bytes.Repeat([]byte{0}, 300<<20))
	zipOf(t, &dtd, []byte(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><DataRoot>&b;</DataRoot>`))
	zipOf(t, &deep, []byte(strings.Repeat("<a>", 10_000)+strings.Repeat("</a>", 10_000)))
	for name, data := range map[string][]byte{
		"empty": nil, "not a zip": []byte("これはZIPではありません"), "truncated": bomb.Bytes()[:bomb.Len()/2],
		"bomb": bomb.Bytes(), "dtd": dtd.Bytes(), "10,000 levels": deep.Bytes(),
	} {
		path := filepath.Join(t.TempDir(), "hostile.zip")
		write(t, path, data)
		p := todoke(t, "verify", path)
		if p.code != exitUnverified || !strings.Contains(p.out, "TODOKE-SIG-") {
			t.Errorf("%s: exit %d: %s%s", name, p.code, p.out, p.err)
		}
	}
}

func zipOf(t *testing.T, out *bytes.Buffer, kousei []byte) {
	t.Helper()
	w := zip.NewWriter(out)
	file, err := w.Create("4950008680033000/kousei.xml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write(kousei)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Close()
	if err != nil {
		t.Fatal(err)
	}
}
