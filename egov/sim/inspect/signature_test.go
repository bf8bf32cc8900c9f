package inspect_test

import (
	"crypto/x509"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim/inspect"
	"todoke/egov/sim/internal/sample"
)

const (
	sig     = "構成管理XML.署名情報.Signature"
	info    = sig + ".SignedInfo"
	mustAgr = "構成管理XML.署名情報: 手続における署名要否と送信データの署名有無が一致しません。"
	badAlg  = info + ": 署名に使用できないアルゴリズムが指定されています。"
	badURI  = info + ".Reference: 署名対象のURIが正しくありません。"
	badSum  = info + ".Reference.DigestValue: ダイジェスト値が署名対象と一致しません。"
	badVal  = sig + ".SignatureValue: 署名値の検証に失敗しました。"
	badID   = sig + ".Id: IdはyyyyMMddHHmmssの14桁の数字でなければなりません。"
	badKey  = sig + ".KeyInfo: 電子証明書の鍵は2048ビット以上8192ビット以下のRSAでなければなりません。"
)

var (
	weakSigner = sync.OnceValue(func() *sample.Signer {
		return sample.NewSigner(1024, received.AddDate(-1, 0, 0), received.AddDate(1, 0, 0))
	})
	expiredSigner = sync.OnceValue(func() *sample.Signer {
		return sample.NewSigner(2048, received.AddDate(-2, 0, 0), received.AddDate(-1, 0, 0))
	})
)

// rightID is the Id of a correct signature.
const rightID = "20260701093000"

func one(change func(*sample.Signature)) func(*sample.Filing) {
	return func(f *sample.Filing) {
		s := f.Signature(rightID)
		change(s)
		f.Insert(s.XML(signer()))
	}
}

// after signs rightly and then edits kousei.xml.
func after(old, replacement string) func(*sample.Filing) {
	return func(f *sample.Filing) {
		f.Sign(signer())
		if !strings.Contains(f.Configuration, old) {
			panic("nothing to replace: " + old)
		}
		f.Configuration = strings.Replace(f.Configuration, old, replacement, 1)
	}
}

func signedWith(s func() *sample.Signer) func(*sample.Filing) {
	return func(f *sample.Filing) { f.Insert(f.Signature(rightID).XML(s())) }
}

var signatureDefects = []defect{
	{"no signature", hired, func(*sample.Filing) {}, []string{mustAgr}},
	{"empty 署名情報", hired, func(f *sample.Filing) { f.Insert() }, []string{mustAgr}},
	{"two signatures", hired, func(f *sample.Filing) {
		f.Insert(f.Signature(rightID).XML(signer()), f.Signature("20260701093001").XML(signer()))
	}, []string{"構成管理XML.署名情報: 手続に必要な署名は1人です。"}},
	{"two signatures of one Id", hired, func(f *sample.Filing) {
		f.Insert(f.Signature(rightID).XML(signer()), f.Signature(rightID).XML(signer()))
	}, []string{"構成管理XML.署名情報: 手続に必要な署名は1人です。", sig + ".Id: Idが重複しています。"}},
	{"signature after その他", hired, func(f *sample.Filing) {
		f.Sign(signer())
		start, end := strings.Index(f.Configuration, "<署名情報>"), strings.Index(f.Configuration, "<その他>")
		block := f.Configuration[start:end]
		f.Configuration = strings.Replace(strings.Replace(f.Configuration, block, "", 1), "</その他>", "</その他>"+block, 1)
	}, []string{"構成管理XML.DataRoot: " + order}},
	{"signature inside 構成情報", hired, func(f *sample.Filing) {
		f.Sign(signer())
		start, end := strings.Index(f.Configuration, "<署名情報>"), strings.Index(f.Configuration, "<その他>")
		block := f.Configuration[start:end]
		f.Configuration = strings.Replace(strings.Replace(f.Configuration, block, "", 1), "</構成情報>", block+"</構成情報>", 1)
	}, []string{"構成管理XML.構成情報: " + unknown, mustAgr}},
	{"digest of 構成情報 wrong", hired, one(func(s *sample.Signature) { s.References[0].Octets = []byte("x") }), []string{badSum}},
	{"digest of the form wrong", hired, one(func(s *sample.Signature) { s.References[1].Octets = []byte("x") }), []string{badSum}},
	{"構成情報 edited after signing", hired, after("<通信欄></通信欄>", "<通信欄>あ</通信欄>"), []string{badSum}},
	{"white space changed after signing", hired, after("<通信欄></通信欄>\n", "<通信欄></通信欄>"), []string{badSum}},
	{"form edited after signing", hired, func(f *sample.Filing) {
		f.Sign(signer())
		f.Edit("<雇用形態>7", "<雇用形態>6")
	}, []string{badSum}},
	{"form re-encoded after signing", hired, func(f *sample.Filing) {
		f.Sign(signer())
		f.Form = strings.ReplaceAll(f.Form, "\n", "\r\n")
	}, []string{badSum}},
	{"signature value wrong", hired, after("<SignatureValue>", "<SignatureValue>"+base64.StdEncoding.EncodeToString([]byte("abc"))), []string{badVal}},
	{"SignedInfo changed after signing", hired, after("</SignatureMethod>", "</SignatureMethod>\n"), []string{badVal}},
	{"another key's certificate", hired, func(f *sample.Filing) {
		f.Sign(signer())
		f.Configuration = strings.Replace(f.Configuration, base64.StdEncoding.EncodeToString(signer().Certificate),
			base64.StdEncoding.EncodeToString(otherSigner().Certificate), 1)
	}, []string{badVal}},
	{"prefix ds", hired, func(f *sample.Filing) {
		f.Sign(signer())
		f.Configuration = strings.NewReplacer("<Signature ", "<ds:Signature ", "</Signature>", "</ds:Signature>", "xmlns=", "xmlns:ds=").Replace(f.Configuration)
	}, []string{sig + ": 署名の名前空間は接頭辞なしで指定しなければなりません。"}},
	{"no namespace", hired, after(` xmlns="http://www.w3.org/2000/09/xmldsig#"`, ""), []string{sig + ": Signatureの名前空間または属性が正しくありません。"}},
	{"Id of 15 digits", hired, one(func(s *sample.Signature) { s.ID += "1" }), []string{badID}},
	{"Id that is no date", hired, one(func(s *sample.Signature) { s.ID = "20261301093000" }), []string{badID}},
	{"raw fragment", hired, one(func(s *sample.Signature) { s.References[0].URI = "#構成情報" }),
		[]string{info + ".Reference: 署名対象のURIはパーセントエンコードしなければなりません。"}},
	{"fragment in lower-case hex", hired, one(func(s *sample.Signature) { s.References[0].URI = strings.ToLower(sample.FragmentURI) }), []string{badURI}},
	{"whole document referenced", hired, one(func(s *sample.Signature) { s.References[0].URI = "" }), []string{badURI}},
	{"form not referenced", hired, one(func(s *sample.Signature) { s.References = s.References[:1] }),
		[]string{info + ".Reference: 署名対象は構成情報とすべての申請書でなければなりません。"}},
	{"attachment referenced", hired, one(func(s *sample.Signature) {
		s.References = append(s.References, sample.Reference{URI: sample.CertificateFile, Octets: []byte("x")})
	}), []string{info + ".Reference: 署名対象は構成情報とすべての申請書でなければなりません。"}},
	{"references in the wrong order", hired, one(func(s *sample.Signature) {
		s.References[0], s.References[1] = s.References[1], s.References[0]
	}), []string{badURI, badURI}},
	{"form referenced with its folder", hired, one(func(s *sample.Signature) { s.References[1].URI = hired + "/" + s.References[1].URI }), []string{badURI}},
	{"transform on the form", hired, one(func(s *sample.Signature) { s.References[1].Transform = true }),
		[]string{info + ".Reference: 申請書のReferenceにTransformsを指定することはできません。"}},
	{"no transform on 構成情報", hired, one(func(s *sample.Signature) { s.References[0].Transform = false }),
		[]string{"構成管理XML.署名情報.Reference: 署名の構造が正しくありません。"}},
	{"SHA-1 digest", hired, algorithm("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"), []string{badAlg}},
	{"RSA-SHA1", hired, algorithm("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"), []string{badAlg}},
	{"exclusive C14N", hired, algorithm("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2001/10/xml-exc-c14n#"), []string{badAlg}},
	{"C14N with comments", hired, algorithm("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"), []string{badAlg}},
	{"Object in the signature", hired, after("</KeyInfo>", "</KeyInfo><Object></Object>"), []string{"構成管理XML.署名情報.Signature: 署名の構造が正しくありません。"}},
	{"no certificate", hired, func(f *sample.Filing) {
		f.Sign(signer())
		start, end := strings.Index(f.Configuration, "<X509Certificate>"), strings.Index(f.Configuration, "</X509Data>")
		f.Configuration = f.Configuration[:start] + f.Configuration[end:]
	}, []string{sig + ".KeyInfo: X509Certificateが正しく指定されていません。"}},
	{"certificate that does not parse", hired, func(f *sample.Filing) {
		s := *signer()
		s.Certificate = []byte("no certificate")
		f.Insert(f.Signature(rightID).XML(&s))
	}, []string{sig + ".KeyInfo: 電子証明書を読み込むことができません。"}},
	{"key of 1024 bits", hired, signedWith(weakSigner), []string{badKey}},
	{"certificate expired", hired, signedWith(expiredSigner), []string{sig + ".KeyInfo: 電子証明書の有効期間外です。"}},
	{"second element with the signed ID", hired, after("<その他>", `<その他 ID="構成情報">`), []string{
		"構成管理XML.その他: 属性の指定が正しくありません。",
		"構成管理XML.構成情報: 署名対象のIDを持つ要素は1つでなければなりません。", badSum,
	}},
}

var otherSigner = sync.OnceValue(func() *sample.Signer {
	return sample.NewSigner(2048, received.AddDate(-1, 0, 0), received.AddDate(1, 0, 0))
})

// algorithm signs a SignedInfo in which one algorithm is another.
func algorithm(old, replacement string) func(*sample.Filing) {
	return one(func(s *sample.Signature) {
		s.SignedInfo = func(body string) string {
			return strings.Replace(body, `Algorithm="`+old+`"`, `Algorithm="`+replacement+`"`, 1)
		}
	})
}

func TestSignatureDefectsAreRefused(t *testing.T) {
	t.Parallel()
	for _, d := range signatureDefects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			f := sample.New(d.proc)
			d.edit(f)
			v := judge(t, d.proc, f)
			if diff := cmp.Diff(d.want, summary(v.Findings)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	pool := func(s *sample.Signer) *x509.CertPool {
		cert, err := x509.ParseCertificate(s.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		p := x509.NewCertPool()
		p.AddCert(cert)
		return p
	}
	f := sample.New(hired).Sign(signer())
	if v := judgeWith(t, &inspect.Inspector{Trust: pool(signer())}, hired, f); len(v.Findings) > 0 {
		t.Errorf("trusted: %v", v.Findings)
	}
	v := judgeWith(t, &inspect.Inspector{Trust: pool(otherSigner())}, hired, f)
	want := []string{sig + ".KeyInfo: 電子証明書が信頼できる認証局から発行されていません。"}
	if diff := cmp.Diff(want, summary(v.Findings)); diff != "" {
		t.Error(diff)
	}
}

// TestSampleSignatureByXmlsec asks a tool of nobody here whether the sample's
// signature is right. xmlsec1 cannot resolve the percent-encoded fragment, so
// the sample is signed with the raw one for it.
func TestSampleSignatureByXmlsec(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("xmlsec1")
	if err != nil {
		t.Skip("xmlsec1 is not installed")
	}
	f := sample.New(hired)
	s := f.Signature(rightID)
	s.References[0].URI = "#構成情報"
	f.Insert(s.XML(signer()))
	dir := t.TempDir()
	for name, data := range f.Files() {
		err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), tool, "--verify", "--insecure", "--id-attr:ID", "構成情報", "kousei.xml")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("xmlsec1: %v\n%s", err, out)
	}
}

// TestCanonicalEquals edits what canonicalisation does not see: e-Gov accepts
// such files, so the digest must not be taken over the octets as they stand.
func TestCanonicalEquals(t *testing.T) {
	t.Parallel()
	edits := map[string]func(string) string{
		"self-closed element":      func(s string) string { return strings.Replace(s, "<通信欄></通信欄>", "<通信欄/>", 1) },
		"attribute in apostrophes": func(s string) string { return strings.Replace(s, `ID="構成情報"`, `ID = '構成情報'`, 1) },
		"CRLF":                     func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"comment":                  func(s string) string { return strings.Replace(s, "<通信欄>", "<!-- x --><通信欄>", 1) },
		"numeric reference":        func(s string) string { return strings.Replace(s, "<提出情報>1", "<提出情報>&#49;", 1) },
		"space around the signature": func(s string) string {
			return strings.Replace(s, "<署名情報><Signature", "<署名情報>\n\t<Signature", 1)
		},
	}
	for name, edit := range edits {
		f := sample.New(hired).Sign(signer())
		before := f.Configuration
		f.Configuration = edit(before)
		if f.Configuration == before {
			t.Fatalf("%s: nothing was edited", name)
		}
		if v := judge(t, hired, f); len(v.Findings) > 0 {
			t.Errorf("%s: %v", name, v.Findings)
		}
	}
}
