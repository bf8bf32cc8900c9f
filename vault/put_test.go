package vault_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"todoke/seal"
	"todoke/vault"
)

func TestPutIsRecordedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.recorder.set(func(context.Context, vault.Use) error {
		if n := w.count(t, w.db, "SELECT count(*) FROM numbers"); n != 0 {
			t.Errorf("%d numbers are stored while the registration is recorded", n)
		}
		return nil
	}, nil)
	ref := w.put(t, "c1", "person-1", digitsA)
	use := w.recorder.last()
	want := vault.Use{At: use.At, Company: "c1", Action: vault.ActionRegister, Who: clerk, Purpose: "個人番号関係事務のための登録", Subject: "person-1", Ref: ref, Result: "実行"}
	if diff := cmp.Diff(want, use); diff != "" {
		t.Errorf("use differs:\n%s", diff)
	}
	found, err := w.vault.RefFor(w.ctx, "c1", "person-1")
	if err != nil || found != ref {
		t.Errorf("RefFor = %q, %v", found, err)
	}
	for subject, want := range map[string]bool{"person-1": true, "person-2": false} {
		has, err := w.vault.Has(w.ctx, "c1", subject)
		if err != nil || has != want {
			t.Errorf("Has(%s) = %v, %v", subject, has, err)
		}
	}
	_, err = w.vault.RefFor(w.ctx, "c2", "person-1")
	if !errors.Is(err, vault.ErrUnknownReference) {
		t.Errorf("another company sees the number: %v", err)
	}
	held, err := w.vault.Held(w.ctx, "c1")
	if err != nil || !cmp.Equal(held, map[string]string{"person-1": ref}) {
		t.Errorf("Held = %v, %v", held, err)
	}
}

func TestPutWithoutRecordStoresNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.recorder.set(func(context.Context, vault.Use) error { return errors.New("disk full") }, nil)
	_, err := w.vault.Put(w.ctx, "c1", "person-1", parse(t, digitsA), clerk)
	if !errors.Is(err, vault.ErrNotRecorded) {
		t.Errorf("error = %v, want ErrNotRecorded", err)
	}
	if n := w.count(t, w.db, "SELECT count(*) FROM numbers") + w.count(t, w.keys, "SELECT count(*) FROM data_keys"); n != 0 {
		t.Errorf("%d rows were stored", n)
	}
}

func TestPutThatFailsIsToldToTheLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sql(t, "vault.db", "CREATE TRIGGER stop BEFORE INSERT ON numbers BEGIN SELECT RAISE(ABORT, 'stop'); END")
	_, err := w.vault.Put(w.ctx, "c1", "person-1", parse(t, digitsA), clerk)
	if err == nil || strings.Contains(err.Error(), digitsA) {
		t.Errorf("error = %v", err)
	}
	if use := w.recorder.last(); w.recorder.count() != 2 || use.Action != vault.ActionRegister || use.Result != "失敗" {
		t.Errorf("the log claims a registration that did not happen: %+v", use)
	}
}

func TestNothingIsStoredWithoutRandomness(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.put(t, "c1", "person-1", digitsA)
	w.config.Rand = strings.NewReader("") // a source that has run dry
	w.vault = w.reopen(t)
	_, err := w.vault.Put(w.ctx, "c1", "person-2", parse(t, digitsB), clerk)
	if !errors.Is(err, io.EOF) {
		t.Errorf("put: %v", err)
	}
	_, err = w.vault.Issue(w.ctx, grantRequest("c1", "filing-1", ref))
	if !errors.Is(err, io.EOF) {
		t.Errorf("issue: %v", err)
	}
	w.config.Rand = strings.NewReader(strings.Repeat("x", 16+16)) // enough for the references, not for the key
	w.vault = w.reopen(t)
	_, err = w.vault.Put(w.ctx, "c1", "person-2", parse(t, digitsB), clerk)
	if !errors.Is(err, io.EOF) {
		t.Errorf("put without a key: %v", err)
	}
	if n := w.count(t, w.db, "SELECT count(*) FROM numbers") + w.count(t, w.keys, "SELECT count(*) FROM data_keys"); n != 2 {
		t.Errorf("%d rows, want those of the first number", n)
	}
}

func TestPutReplacesTheEarlierNumber(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.put(t, "c1", "person-1", digitsA)
	var oldKey string
	err := w.keys.Read.Get(&oldKey, "SELECT id FROM data_keys")
	if err != nil {
		t.Fatal(err)
	}
	second := w.put(t, "c1", "person-1", digitsB)
	if first == second {
		t.Error("the reference of the earlier number is used again")
	}
	if use := w.recorder.last(); use.Action != vault.ActionUpdate || use.Ref != second {
		t.Errorf("use = %+v", use)
	}
	if n := w.count(t, w.keys, "SELECT count(*) FROM data_keys WHERE id = '"+oldKey+"'"); n != 0 {
		t.Error("the earlier number's key is still there")
	}
	stone, err := w.vault.Tombstone(w.ctx, first)
	if err != nil || stone.Action != vault.ActionUpdate || stone.Subject != "person-1" || stone.KeyGone.IsZero() {
		t.Errorf("tombstone = %+v, %v", stone, err)
	}
	w.expectReveal(t, request(w.issue(t, "c1", "filing-1", second), second), digitsB)
	// The same subject id at another company is another person.
	w.put(t, "c2", "person-1", digitsA)
	if n := w.count(t, w.db, "SELECT count(*) FROM numbers"); n != 2 {
		t.Errorf("%d numbers, want 2", n)
	}
}

func TestPutChecksItsInput(t *testing.T) {
	t.Parallel()
	w := setup(t)
	wiped := parse(t, digitsA)
	wiped.Wipe()
	for name, c := range map[string]struct {
		company, subject string
		number           *vault.Number
		by               vault.Who
		want             error
	}{
		"no company":        {"", "p", parse(t, digitsA), clerk, vault.ErrInvalid},
		"no subject":        {"c", "", parse(t, digitsA), clerk, vault.ErrInvalid},
		"no actor":          {"c", "p", parse(t, digitsA), vault.Who{}, vault.ErrInvalid},
		"wiped number":      {"c", "p", wiped, clerk, vault.ErrNumberLength},
		"no number":         {"c", "p", nil, clerk, vault.ErrNumberLength},
		"zero number":       {"c", "p", &vault.Number{}, clerk, vault.ErrNumberLength},
		"number as subject": {"c", digitsA, parse(t, digitsA), clerk, vault.ErrNumberInText},
		"number as company": {digitsA, "p", parse(t, digitsA), clerk, vault.ErrNumberInText},
		"number in actor":   {"c", "p", parse(t, digitsA), vault.Who{Actor: "番号1234-5678-9018"}, vault.ErrNumberInText},
		"not UTF-8":         {"c", "p\xff", parse(t, digitsA), clerk, vault.ErrInvalid},
	} {
		ref, err := w.vault.Put(w.ctx, c.company, c.subject, c.number, c.by)
		if ref != "" || !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v; want %v", name, ref, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "5678") {
			t.Errorf("%s: the error repeats the number", name)
		}
	}
	if w.recorder.count() != 0 {
		t.Error("something was recorded")
	}
}

// TestNoFileHoldsANumber looks for the digits in every file of the directory, in
// every form in which twelve digits could have got there.
func TestNoFileHoldsANumber(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	w.expectReveal(t, request(g, ref), digitsA)
	w.expectRefusal(t, request(g, ref), vault.ErrGrantSpent)
	w.put(t, "c1", "person-1", digitsB)
	for _, digits := range []string{digitsA, digitsB} {
		for name, form := range encodings(t, digits) {
			w.expectAbsent(t, name, form)
		}
	}
	// The search itself finds what is there.
	if !w.contains(t, []byte("person-1")) {
		t.Error("the search finds nothing at all")
	}
}

func (w *world) contains(t testing.TB, needle []byte) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("files = %v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, needle) {
			return true
		}
	}
	return false
}

func (w *world) expectAbsent(t testing.TB, name string, needle []byte) {
	t.Helper()
	if w.contains(t, needle) {
		t.Errorf("%s is in a file", name)
	}
}

func encodings(t *testing.T, digits string) map[string][]byte {
	t.Helper()
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, digits)
	var little, big, bcd, values []byte
	for _, unit := range utf16.Encode([]rune(digits)) {
		little, big = binary.LittleEndian.AppendUint16(little, unit), binary.BigEndian.AppendUint16(big, unit)
	}
	for i := range digits {
		values = append(values, digits[i]-'0')
		if i%2 == 0 {
			bcd = append(bcd, (digits[i]-'0')<<4|(digits[i+1]-'0'))
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string][]byte{
		"ASCII": []byte(digits), "full width": []byte(wide), "UTF-16LE": little, "UTF-16BE": big, "BCD": bcd, "digit values": values,
		"hex": []byte(hex.EncodeToString([]byte(digits))), "HEX": []byte(strings.ToUpper(hex.EncodeToString([]byte(digits)))),
		"integer LE": binary.LittleEndian.AppendUint64(nil, n)[:6], "integer BE": binary.BigEndian.AppendUint64(nil, n)[2:],
		"hyphens": []byte(digits[:4] + "-" + digits[4:8] + "-" + digits[8:]),
	}
	for shift := range 3 { // base64 in each alignment, without the characters that depend on the neighbours
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), digits...))
		forms["base64 at "+strconv.Itoa(shift)] = []byte(text[4 : len(text)-4])
	}
	return forms
}

func TestOpenWithAnotherMasterKey(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref, g := w.ready(t)
	other, err := seal.NewBox(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	config := w.config
	config.Master = other
	_, err = vault.Open(w.ctx, config)
	if !errors.Is(err, vault.ErrWrongMaster) {
		t.Errorf("error = %v, want ErrWrongMaster", err)
	}
	w.vault = w.reopen(t)
	w.expectReveal(t, request(g, ref), digitsA)
}

func TestOpenRefusesFilesThatDoNotBelongTogether(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ready(t)
	emptyKeys := openDB(t, w.path("new-keys.db"), vault.KeyMigrations())
	emptyVault := openDB(t, w.path("new-vault.db"), vault.Migrations())
	config := w.config
	config.Keys = emptyKeys
	_, err := vault.Open(w.ctx, config)
	if !errors.Is(err, vault.ErrKeysMissing) {
		t.Errorf("empty keys file: %v, want ErrKeysMissing", err)
	}
	if n := w.count(t, emptyKeys, "SELECT count(*) FROM keys_identity"); n != 0 {
		t.Error("the empty keys file was taken for this vault's")
	}
	config = w.config
	config.DB = emptyVault
	_, err = vault.Open(w.ctx, config)
	if !errors.Is(err, vault.ErrOtherVault) {
		t.Errorf("empty vault file: %v, want ErrOtherVault", err)
	}
	if n := w.count(t, w.keys, "SELECT count(*) FROM data_keys"); n != 1 {
		t.Errorf("%d data keys are left, want 1", n)
	}
	config.Keys = emptyKeys
	_, err = vault.Open(w.ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	config.DB = w.db
	_, err = vault.Open(w.ctx, config)
	if !errors.Is(err, vault.ErrOtherVault) {
		t.Errorf("another vault's keys: %v, want ErrOtherVault", err)
	}
	_, err = vault.Open(w.ctx, vault.Config{})
	if err == nil {
		t.Error("an empty configuration was accepted")
	}
}
