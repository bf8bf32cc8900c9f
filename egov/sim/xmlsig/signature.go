package xmlsig

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strings"

	"github.com/beevik/etree"

	"todoke/egov/sim/xmltree"
)

// signature checks one Signature: its shape, then what it covers, then the
// certificate, then the value. node and el are the same element in two parses.
func (v *verifier) signature(node *xmltree.Node, el *etree.Element) {
	if node.Name != "Signature" {
		content := "署名情報にSignature以外の要素があります。"
		if strings.HasSuffix(node.Name, ":Signature") {
			content = "署名の名前空間は接頭辞なしで指定しなければなりません。"
		}
		v.report("署名情報.Signature", content, "")
		return
	}
	ns, _ := node.Attr("xmlns")
	id, hasID := node.Attr("Id")
	if ns != namespace || !hasID || len(node.Attrs) != 2 {
		v.report("署名情報.Signature", "Signatureの名前空間または属性が正しくありません。", "")
	}
	v.checkID(id)
	if !v.shape(node, "SignedInfo", "SignatureValue", "KeyInfo") {
		return
	}
	info := node.Child("SignedInfo")
	okInfo := v.signedInfo(info)
	key := v.certificate(node.Child("KeyInfo"))
	value, okValue := v.base64(node.Child("SignatureValue"))
	if key == nil || !okInfo || !okValue {
		return
	}
	signed, err := signedInfoOctets(el)
	if err != nil {
		v.report("署名情報.Signature.SignedInfo", "SignedInfoを正規化することができません。", "")
		return
	}
	sum := sha256.Sum256(signed)
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], value) != nil {
		v.report("署名情報.Signature.SignatureValue", "署名値の検証に失敗しました。", "")
	}
}

// signedInfoOctets canonicalises SignedInfo on a detached copy that declares
// the namespace it inherits from Signature.
func signedInfoOctets(signature *etree.Element) ([]byte, error) {
	info := signature.SelectElement("SignedInfo").Copy()
	info.CreateAttr("xmlns", namespace)
	return canonical(info)
}

// shape wants exactly these children, in this order, none prefixed, and no text.
func (v *verifier) shape(node *xmltree.Node, names ...string) bool {
	ok := node.Value() == "" && len(node.Children) == len(names)
	for i := 0; ok && i < len(names); i++ {
		ok = node.Children[i].Name == names[i]
	}
	if !ok {
		v.report("署名情報."+known(node.Name), "署名の構造が正しくありません。", "")
	}
	return ok
}

// known keeps names of the sender's choice out of the report.
func known(name string) string {
	switch name {
	case "Signature", "SignedInfo", "Reference", "Transforms", "KeyInfo", "X509Data":
		return name
	}
	return "Signature"
}

// plain wants an element without attributes (a repeated default namespace is
// harmless and accepted).
func plain(node *xmltree.Node) bool {
	for _, a := range node.Attrs {
		if a.Name != "xmlns" || a.Value != namespace {
			return false
		}
	}
	return true
}

// algorithm wants one Algorithm attribute of that value and nothing inside.
func (v *verifier) algorithm(node *xmltree.Node, want string) bool {
	got, _ := node.Attr("Algorithm")
	if got != want || len(node.Attrs) != 1 || len(node.Children) > 0 || node.Value() != "" {
		v.report("署名情報.Signature.SignedInfo", "署名に使用できないアルゴリズムが指定されています。", want)
		return false
	}
	return true
}

func (v *verifier) signedInfo(info *xmltree.Node) bool {
	names := []string{"CanonicalizationMethod", "SignatureMethod"}
	for range len(v.want.Files) + 1 {
		names = append(names, "Reference")
	}
	references := info.All("Reference")
	if len(references) != len(v.want.Files)+1 {
		v.report("署名情報.Signature.SignedInfo.Reference",
			"署名対象は構成情報とすべての申請書でなければなりません。", "")
		return false
	}
	if !plain(info) || !v.shape(info, names...) {
		return false
	}
	ok := v.algorithm(info.Children[0], c14n)
	ok = v.algorithm(info.Children[1], rsaSHA256) && ok
	for i, ref := range references {
		ok = v.reference(ref, i) && ok
	}
	return ok
}

// reference checks the i-th Reference. The result only tells whether its
// structure is right: a wrong digest does not stop the check of the value.
func (v *verifier) reference(ref *xmltree.Node, i int) bool {
	const item = "署名情報.Signature.SignedInfo.Reference"
	uri, _ := ref.Attr("URI")
	wantURI, octets := signedURI, v.element
	names := []string{"Transforms", "DigestMethod", "DigestValue"}
	if i > 0 {
		file := v.want.Files[i-1]
		wantURI, octets, names = file.Name, file.Data, names[1:]
	}
	if uri != wantURI || len(ref.Attrs) != 1 {
		content := "署名対象のURIが正しくありません。"
		if uri == rawURI {
			content = "署名対象のURIはパーセントエンコードしなければなりません。"
		}
		v.report(item, content, wantURI)
		return false
	}
	if i > 0 && ref.Child("Transforms") != nil {
		v.report(item, "申請書のReferenceにTransformsを指定することはできません。", "")
		return false
	}
	if !v.shape(ref, names...) {
		return false
	}
	if i == 0 && !v.transforms(ref.Child("Transforms")) {
		return false
	}
	if !v.algorithm(ref.Child("DigestMethod"), sha256Alg) {
		return false
	}
	digest, ok := v.base64(ref.Child("DigestValue"))
	if !ok {
		return false
	}
	sum := sha256.Sum256(octets)
	if octets == nil || !bytes.Equal(digest, sum[:]) {
		v.report(item+".DigestValue", "ダイジェスト値が署名対象と一致しません。", wantURI)
	}
	return true
}

func (v *verifier) transforms(node *xmltree.Node) bool {
	return plain(node) && v.shape(node, "Transform") && v.algorithm(node.Children[0], c14n)
}

func (v *verifier) base64(node *xmltree.Node) ([]byte, bool) {
	text := strings.Join(strings.Fields(node.Text), "")
	out, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(out) == 0 || len(node.Children) > 0 || !plain(node) {
		v.report("署名情報.Signature."+node.Name, "Base64の値が正しくありません。", "")
		return nil, false
	}
	return out, true
}

// certificate reads X509Data: the signer's certificate first, then perhaps its
// issuers. It returns the key, or nil after a finding.
func (v *verifier) certificate(node *xmltree.Node) *rsa.PublicKey {
	const item = "署名情報.Signature.KeyInfo"
	if !v.shape(node, "X509Data") {
		return nil
	}
	data := node.Children[0]
	if len(data.Children) == 0 || len(data.Children) != len(data.All("X509Certificate")) || !plain(data) || !plain(node) {
		v.report(item, "X509Certificateが正しく指定されていません。", "")
		return nil
	}
	var chain []*x509.Certificate
	for _, n := range data.Children {
		der, ok := v.base64(n)
		if !ok {
			return nil
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			v.report(item, "電子証明書を読み込むことができません。", "")
			return nil
		}
		chain = append(chain, cert)
	}
	v.trust(chain)
	key, ok := chain[0].PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minimumBits || key.N.BitLen() > maximumBits {
		v.report(item, "電子証明書の鍵は2048ビット以上8192ビット以下のRSAでなければなりません。", "")
		return nil
	}
	return key
}

func (v *verifier) trust(chain []*x509.Certificate) {
	const item = "署名情報.Signature.KeyInfo"
	cert := chain[0]
	if v.want.At.Before(cert.NotBefore) || v.want.At.After(cert.NotAfter) {
		v.report(item, "電子証明書の有効期間外です。", "")
		return
	}
	if cert.KeyUsage != 0 && cert.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		v.report(item, "電子証明書の鍵用途が署名ではありません。", "")
	}
	if v.want.Trust == nil {
		return
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := cert.Verify(x509.VerifyOptions{
		Roots: v.want.Trust, Intermediates: between, CurrentTime: v.want.At,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		v.report(item, "電子証明書が信頼できる認証局から発行されていません。", "")
	}
}
