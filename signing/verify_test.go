package signing

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVerifyExpectation(t *testing.T) {
	t.Parallel()

	document := signed(t)
	tests := []struct {
		name   string
		files  []File
		expect Expectation
		want   *Problem
	}{
		{"as signed", forms(t), expectation(), nil},
		{"any order", forms(t), Expectation{Files: []string{secondFormName, formName}, Signatures: 1}, nil},
		{"other files are ignored", append(forms(t), File{Name: "a.pdf"}), expectation(), nil},
		{"one file fewer", forms(t), Expectation{Files: []string{formName}}, errNotExpected},
		{"no files", forms(t), Expectation{}, errNotExpected},
		{"one file more", append(forms(t), File{Name: "a.pdf"}), Expectation{Files: []string{formName, secondFormName, "a.pdf"}}, errNotCovered},
		{"file not given", forms(t)[:1], expectation(), errFileMissing},
		{"file given twice", append(forms(t), forms(t)...), expectation(), errFileTwice},
		{"file expected twice", forms(t), Expectation{Files: []string{formName, formName}}, errFileTwice},
		{"two signatures", forms(t), Expectation{Files: expectation().Files, Signatures: 2}, errSignatureCount},
		{"form changed", []File{{formName, []byte("x")}, forms(t)[1]}, expectation(), errDigest},
		{"line ends of a form changed", []File{forms(t)[0], {secondFormName, []byte("<DataRoot>\n</DataRoot>\n")}}, expectation(), errDigest},
		{"forms swapped", []File{{formName, forms(t)[1].Data}, {secondFormName, forms(t)[0].Data}}, expectation(), errDigest},
		{"fragment as a file name", forms(t), Expectation{Files: []string{"#構成情報"}}, errFileName},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Verify([]byte(document), tt.files, tt.expect)
			if tt.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantProblem(t, err, tt.want)
		})
	}
}

// TestVerifyAcceptsOtherWriters: what differs from our own output without meaning
// anything else. Each is signed anew where SignedInfo changes.
func TestVerifyAcceptsOtherWriters(t *testing.T) {
	t.Parallel()

	document := signed(t)
	configuration := configurationOf(t, document)
	tests := []struct{ name, src string }{
		{"empty elements collapsed", strings.ReplaceAll(document, "></初回受付番号>", "/>")},
		{"quotes and spaces in tags", replace(t, document, `<構成情報 ID="構成情報">`, "<構成情報  ID = '構成情報' >")},
		{"CR LF in the file", strings.ReplaceAll(document, "\n", "\r\n")},
		{"SignedInfo with collapsed tags", strings.ReplaceAll(document, "></DigestMethod>", "/>")},
		{"white space around 署名情報", replace(t, document, "<署名情報>", "\n\t\t<署名情報>\n\t\t\t")},
		{"base64 in lines", replace(t, document, "<SignatureValue>", "<SignatureValue>\n")},
		{"no XML declaration", document[strings.Index(document, "<DataRoot>"):]},
		{"declaration in small letters", replace(t, document, "UTF-8", "utf-8")},
		{"no その他", replace(t, document, between(t, document, "<その他>", "</その他>"), "")},
		{"other parts before 構成情報 absent", "<DataRoot>" + configuration + signaturesOf(t, document) + "</DataRoot>"},
		{"SignedInfo indented", resign(t, replace(t, document, "<SignedInfo>", "<SignedInfo>\n\t"))},
		{
			"no transform on 構成情報",
			resign(t, replace(t, document, between(t, document, "<Transforms>", "</Transforms>"), "")),
		},
		{
			"file names encoded where they need not be",
			resign(t, replace(t, document, `URI="495000000000000001_01.xml"`, `URI="495000000000000001%5f01%2Exml"`)),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Verify([]byte(tt.src), forms(t), expectation())
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVerifyRefusesDocuments(t *testing.T) {
	t.Parallel()

	document := signed(t)
	tests := []struct {
		name string
		src  string
		want *Problem
	}{
		{"empty", "", errMalformed},
		{"not signed", string(unsigned(t)), ErrUnsigned},
		{"no Signature in 署名情報", replace(t, document, signaturesOf(t, document), "<署名情報></署名情報>"), ErrUnsigned},
		{"byte order mark", "\uFEFF" + document, errEncoding},
		{"UTF-16 declared", replace(t, document, "UTF-8", "UTF-16"), errEncoding},
		{"XML 1.1", replace(t, document, `version="1.0"`, `version="1.1"`), errMalformed},
		{"declaration not first", "\n" + document, errEncoding},
		{"two roots", document + "<a/>", errMalformed},
		{"text after the root", document + "x", errMalformed},
		{"not closed", strings.TrimSuffix(document, "</DataRoot>\n"), errMalformed},
		{"entity", replace(t, document, "試験都", "&e;"), errMalformed},
		{"document type", strings.Replace(document, "<DataRoot>", "<!DOCTYPE DataRoot><DataRoot>", 1), errDocumentType},
		{"CDATA", replace(t, document, "<通信欄>", "<通信欄><![CDATA[]]>"), errMarkup},
		{"instruction in 構成情報", replace(t, document, "<通信欄>", "<通信欄><?a?>"), errMarkup},
		{"instruction in その他", replace(t, document, "<その他>", "<その他><?a?>"), errMarkup},
		{"too deep", replace(t, document, "<その他>", "<その他>"+strings.Repeat("<a>", 20)+strings.Repeat("</a>", 20)), errTooLarge},
		{"too many elements", replace(t, document, "<その他>", "<その他>"+strings.Repeat("<a/>", 2*maxElements)), errTooLarge},
		{"too long", document + strings.Repeat(" ", maxConfiguration), errTooLarge},
		{"another root", strings.ReplaceAll(document, "DataRoot", "Dataroot"), errStructure},
		{"attribute on the root", strings.Replace(document, "<DataRoot>", "<DataRoot a='b'>", 1), errStructure},
		{"text in DataRoot", strings.Replace(document, "<DataRoot>", "<DataRoot>x", 1), errStructure},
		{"unknown element in DataRoot", strings.Replace(document, "<DataRoot>", "<DataRoot><a/>", 1), errStructure},
		{"tab in a value", replace(t, document, "<その他>", "<その他 a='\t'>"), errStructure},
		{"attribute twice", replace(t, document, "<その他>", "<その他 a='' a=''>"), errMalformed},
		{"namespace on the root", strings.Replace(document, "<DataRoot>", "<DataRoot xmlns='urn:1'>", 1), errNamespace},
		{"xml:lang on the root", strings.Replace(document, "<DataRoot>", "<DataRoot xml:lang='ja'>", 1), errNamespace},
		{"prefix declared in 構成情報", replace(t, document, "<管理情報>", "<管理情報 xmlns:p='urn:1'>"), errNamespace},
		{"Signature in no namespace", replace(t, document, `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"`, "<Signature"), errNamespace},
		{"Signature in another namespace", replace(t, document, `xmlns="http://www.w3.org/2000/09/xmldsig#"`, `xmlns="urn:1"`), errNamespace},
		{"declaration repeated on SignedInfo", replace(t, document, "<SignedInfo>", openInfo), errNamespace},
		{"Object", replace(t, document, "</Signature>", "<Object></Object></Signature>"), errStructure},
		{"text in Signature", replace(t, document, "</Signature>", "x</Signature>"), errStructure},
		{"parts in another order", moveBefore(t, document, "<KeyInfo>", "</KeyInfo>", "<SignatureValue>"), errStructure},
		{"no KeyInfo", replace(t, document, between(t, document, "<KeyInfo>", "</KeyInfo>"), ""), errStructure},
		{"KeyValue", replace(t, document, "<X509Data>", "<KeyValue></KeyValue><X509Data>"), errStructure},
		{"two certificates", replace(t, document, "</X509Certificate>", "</X509Certificate><X509Certificate></X509Certificate>"), errStructure},
		{"something else in 署名情報", replace(t, document, "<署名情報>", "<署名情報><a/>"), errStructure},
		{"attribute on 署名情報", replace(t, document, "<署名情報>", "<署名情報 a=''>"), errStructure},
		{"attribute on Reference", replace(t, document, `<Reference URI="#`, `<Reference Type="" URI="#`), errStructure},
		{"certificate is none", replace(t, document, between(t, document, "<X509Certificate>", "</X509Certificate>"), "<X509Certificate>AAAA</X509Certificate>"), errCertificate},
		{"value is no base64", replace(t, document, "<SignatureValue>", "<SignatureValue>*"), errBase64},
		{"value is empty", replace(t, document, between(t, document, "<SignatureValue>", "</SignatureValue>"), "<SignatureValue></SignatureValue>"), errBase64},
		{"ideographic space in base64", replace(t, document, "<SignatureValue>", "<SignatureValue>　"), errBase64},
		{"element in a value", replace(t, document, "<SignatureValue>", "<SignatureValue><a/>"), errStructure},
		{"id missing", replace(t, document, ` Id="`+signedID+`"`, ""), errStructure},
		{"15-digit Id", replace(t, document, signedID, signedID+"0"), errID},
		{"13-digit Id", replace(t, document, signedID, signedID[:13]), errID},
		{"Id is no date", replace(t, document, signedID, "20261399000000"), errID},
		{"Id in full-width digits", replace(t, document, signedID, "２０２６０７１００２３０１５"), errID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Verify([]byte(tt.src), forms(t), expectation())
			wantProblem(t, err, tt.want)
		})
	}
}

// moveBefore moves the one stretch of text to directly before another.
func moveBefore(t testing.TB, s, from, to, before string) string {
	t.Helper()
	part := between(t, s, from, to)
	return replace(t, replace(t, s, part, ""), before, part+before)
}

func TestSignatureJSON(t *testing.T) {
	t.Parallel()

	result, err := Verify([]byte(signed(t)), forms(t), expectation())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(result, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
	"signatures": [
		{
			"id": "20260710023015",
			"covered": [
				"#構成情報",
				"495000000000000001_01.xml",
				"495000000000000002_01.xml"
			],
			"subject": "CN=試験　花子,O=試験社会保険労務士事務所,C=JP",
			"issuer": "CN=試験　花子,O=試験社会保険労務士事務所,C=JP",
			"serial": "1234abcd",
			"not_before": "2026-01-01T09:00:00+09:00",
			"not_after": "2028-01-01T08:59:59+09:00"
		}
	]
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestVector: what was signed once must verify for ever. The key was thrown away.
func TestVector(t *testing.T) {
	t.Parallel()

	files := []File{
		{Name: formName, Data: read(t, "vector", formName)},
		{Name: secondFormName, Data: read(t, "vector", secondFormName)},
	}
	expect := expectation()
	expect.Signatures = 2
	_, err := Verify(read(t, "vector", "kousei.xml"), files, expect)
	if err != nil {
		t.Error(err)
	}
}
