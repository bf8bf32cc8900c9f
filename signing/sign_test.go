package signing

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"crypto"

	"github.com/google/go-cmp/cmp"
)

func TestSignAndVerify(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name    string
		signers []Signer
		ids     []string
	}{
		{"one", []Signer{signer(t)}, []string{signedID}},
		{"two", []Signer{signer(t), coSigner(t)}, []string{signedID, "20260710023016"}},
		{"the same twice", []Signer{signer(t), signer(t)}, []string{signedID, "20260710023016"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := Sign(unsigned(t), forms(t), tt.signers, signedAt)
			if err != nil {
				t.Fatal(err)
			}
			expect := expectation()
			expect.Signatures = len(tt.signers)
			result, err := Verify(out, forms(t), expect)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for i, s := range result.Signatures {
				ids = append(ids, s.ID)
				if diff := cmp.Diff([]string{"#構成情報", formName, secondFormName}, s.Covered); diff != "" {
					t.Errorf("covered (-want +got):\n%s", diff)
				}
				if !s.Certificate.Equal(tt.signers[i].Certificate) {
					t.Errorf("signature %d has another certificate", i)
				}
			}
			if diff := cmp.Diff(tt.ids, ids); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}

var secrets = regexp.MustCompile(`(<SignatureValue>|<X509Certificate>)[A-Za-z0-9+/=]+`)

// TestGolden shows the whole file as it is sent, apart from what depends on the key.
func TestGolden(t *testing.T) {
	t.Parallel()

	got := secrets.ReplaceAllString(signed(t), "$1…")
	file := filepath.Join("testdata", "golden", "kousei_signed.xml")
	if *update {
		err := os.WriteFile(file, []byte(got), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	want := string(read(t, "golden", "kousei_signed.xml"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSignLeavesTheRestAlone: outside 構成情報 nothing changes but the insertion.
func TestSignLeavesTheRestAlone(t *testing.T) {
	t.Parallel()

	source, out := string(unsigned(t)), signed(t)
	before, after := source[:strings.Index(source, "<構成情報")], source[strings.Index(source, "</構成情報>")+len("</構成情報>"):]
	want := before + configurationOf(t, out) + signaturesOf(t, out) + after
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSignCanonicalises(t *testing.T) {
	t.Parallel()

	source := "\uFEFF" + string(unsigned(t))
	source = replace(t, source, "<管理情報>", "<!-- a --><管理情報><![CDATA[\n<&>]]>")
	source = strings.ReplaceAll(source, "\n", "\r\n")
	out, err := Sign([]byte(source), forms(t), []Signer{signer(t)}, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	configuration := configurationOf(t, string(out))
	if !strings.Contains(configuration, "<管理情報>\n&lt;&amp;&gt;\n") || strings.Contains(configuration, "<!--") {
		t.Errorf("not canonical:\n%s", configuration)
	}
	_, err = Verify(out, forms(t), expectation())
	if err != nil {
		t.Error(err)
	}
}

func TestSignedFileNames(t *testing.T) {
	t.Parallel()

	files := []File{{"plain-1_2.xml", nil}, {"届書（１）.xml", []byte("x")}, {"a(1)+=.pdf", []byte("y")}}
	out, err := Sign(unsigned(t), files, []Signer{signer(t)}, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	for _, uri := range []string{
		`URI="plain-1_2.xml"`, `URI="a%281%29%2B%3D.pdf"`,
		`URI="%E5%B1%8A%E6%9B%B8%EF%BC%88%EF%BC%91%EF%BC%89.xml"`,
	} {
		if !strings.Contains(string(out), uri) {
			t.Errorf("no %s", uri)
		}
	}
	_, err = Verify(out, files, Expectation{Files: []string{"plain-1_2.xml", "届書（１）.xml", "a(1)+=.pdf"}})
	if err != nil {
		t.Error(err)
	}
}

func TestSignRefusesDocuments(t *testing.T) {
	t.Parallel()

	source := string(unsigned(t))
	tests := []struct {
		name string
		src  string
		want *Problem
	}{
		{"signed already", signed(t), errSigned},
		{"empty 署名情報", replace(t, source, "<その他>", "<署名情報/><その他>"), errSigned},
		{"signature elsewhere", replace(t, source, "<法人番号/>", "<Signature/>"), errSigned},
		{"no 構成情報", "<DataRoot/>", errConfiguration},
		{"two 構成情報", replace(t, source, "<その他>", "<構成情報/><その他>"), errConfiguration},
		{"構成情報 without ID", replace(t, source, " ID='構成情報'", ""), errConfiguration},
		{"構成情報 with Id", replace(t, source, " ID='構成情報'", " Id='構成情報'"), errConfiguration},
		{"ID on another element", replace(t, source, "<管理情報>", "<管理情報 ID='構成情報'>"), errDuplicateID},
		{"id in small letters", replace(t, source, "<その他>", "<その他 id='構成情報'>"), errDuplicateID},
		{"other ID twice", replace(t, replace(t, source, "<その他>", "<その他 ID='x'>"), "<管理情報>", "<管理情報 Id='x'>"), errDuplicateID},
		{"構成情報 too deep", "<DataRoot><a><構成情報 ID='構成情報'/></a></DataRoot>", errConfiguration},
		{"構成情報 as root", "<構成情報 ID='構成情報'/>", errConfiguration},
		{"another root", strings.ReplaceAll(source, "DataRoot", "Dataroot"), errConfiguration},
		{"document type", "<!DOCTYPE DataRoot>" + source[strings.Index(source, "<DataRoot>"):], errDocumentType},
		{"instruction inside", replace(t, source, "<管理情報>", "<管理情報><?a?>"), errMarkup},
		{"default namespace", replace(t, source, "<DataRoot>", "<DataRoot xmlns='urn:1'>"), errNamespace},
		{"undone namespace", replace(t, source, "<管理情報>", "<管理情報 xmlns=''>"), errNamespace},
		{"bound prefix", replace(t, source, "<その他>", "<その他 xmlns:p='urn:1'>"), errNamespace},
		{"unbound prefix", replace(t, source, "<通信欄></通信欄>", "<p:通信欄/>"), errNamespace},
		{"xml:lang", replace(t, source, "<DataRoot>", "<DataRoot xml:lang='ja'>"), errNamespace},
		{"xml:id", replace(t, source, "<その他>", "<その他 xml:id='x'>"), errNamespace},
		{"not closed", strings.TrimSuffix(source, "</DataRoot>\n"), errMalformed},
		{"attribute twice", replace(t, source, "<その他>", "<その他 a='' a=''>"), errMalformed},
		{"Shift_JIS", replace(t, source, "UTF-8", "Shift_JIS"), errEncoding},
		{"not UTF-8", source + "\xFF", errEncoding},
		{"too deep", replace(t, source, "<通信欄></通信欄>", strings.Repeat("<a>", 20)+strings.Repeat("</a>", 20)), errTooLarge},
		{"too long", source + strings.Repeat(" ", maxConfiguration), errTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Sign([]byte(tt.src), forms(t), []Signer{signer(t)}, signedAt)
			wantProblem(t, err, tt.want)
		})
	}
}

func TestSignRefusesFiles(t *testing.T) {
	t.Parallel()

	many := make([]File, maxFiles+1)
	for i := range many {
		many[i].Name = fmt.Sprintf("f%d.xml", i)
	}
	tests := []struct {
		name  string
		files []File
		want  *Problem
	}{
		{"none", nil, errFileCount},
		{"too many", many, errFileCount},
		{"same name", []File{{Name: "a.xml"}, {Name: "a.xml"}}, errFileTwice},
	}
	for _, name := range []string{
		"", ".", "..", ".a", "a.", "a/b", `a\b`, "/a", "c:a", "a b", "a　b", "a\n", "a\x00", "#a", "a%41", "a?b", "a*",
		"\xFF", "a\u202Eb", strings.Repeat("a", 256),
	} {
		tests = append(tests, struct {
			name  string
			files []File
			want  *Problem
		}{fmt.Sprintf("name %q", name), []File{{Name: name}}, errFileName})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Sign(unsigned(t), tt.files, []Signer{signer(t)}, signedAt)
			wantProblem(t, err, tt.want)
		})
	}
}

// brokenKey is a device that does not sign, or signs something of the wrong length.
type brokenKey struct {
	crypto.Signer
	value []byte
	err   error
}

func (k brokenKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return k.value, k.err }

func TestSignRefusesSigners(t *testing.T) {
	t.Parallel()

	good := signer(t)
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := smallSigner()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		signers []Signer
		want    *Problem
	}{
		{"none", nil, errSignerCount},
		{"too many", make([]Signer, maxSignatures+1), errSignerCount},
		{"empty", []Signer{{}}, errKeyKind},
		{"no key", []Signer{{Certificate: good.Certificate}}, ErrKeyMismatch},
		{"key of another", []Signer{{Key: coSigner(t).Key, Certificate: good.Certificate}}, ErrKeyMismatch},
		{"elliptic key", []Signer{{Key: elliptic, Certificate: good.Certificate}}, ErrKeyMismatch},
		{"1024 bits", []Signer{small}, errKeyKind},
		{"device fails", []Signer{{Key: brokenKey{Signer: good.Key, err: errors.New("card removed")}, Certificate: good.Certificate}}, errDevice},
		{"device signs short", []Signer{{Key: brokenKey{Signer: good.Key, value: []byte{1}}, Certificate: good.Certificate}}, errDevice},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Sign(unsigned(t), forms(t), tt.signers, signedAt)
			wantProblem(t, err, tt.want)
		})
	}
}

func TestSignTime(t *testing.T) {
	t.Parallel()

	_, err := Sign(unsigned(t), forms(t), []Signer{signer(t)}, time.Time{})
	wantProblem(t, err, errTime)

	// The last second of the year in Japan, told in another zone, and its co-signer.
	at := time.Date(2026, 12, 31, 14, 59, 59, 999, time.UTC)
	out, err := Sign(unsigned(t), forms(t), []Signer{signer(t), coSigner(t)}, at)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{`Id="20261231235959"`, `Id="20270101000000"`} {
		if !strings.Contains(string(out), id) {
			t.Errorf("no %s", id)
		}
	}

	// An Id that an element has already is passed over.
	taken := replace(t, string(unsigned(t)), "<その他>", "<その他 Id='"+signedID+"'>")
	out, err = Sign([]byte(taken), forms(t), []Signer{signer(t)}, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), `Id="20260710023016"`) {
		t.Error("Id is not unique")
	}
}

// TestSignedByKeyAlone: a key that is only a crypto.Signer, like one on a card.
func TestSignedByKeyAlone(t *testing.T) {
	t.Parallel()

	type opaque struct{ crypto.Signer }
	s := signer(t)
	s.Key = opaque{s.Key}
	if _, ok := s.Key.(*rsa.PrivateKey); ok {
		t.Fatal("key is not opaque")
	}
	out, err := Sign(unsigned(t), forms(t), []Signer{s}, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Verify(out, forms(t), expectation())
	if err != nil {
		t.Error(err)
	}
}
