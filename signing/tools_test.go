package signing

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tools looks for outside programs and skips the test without them.
func tools(t *testing.T, names ...string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("%s is not installed", name)
		}
		found[name] = path
	}
	return found
}

// run runs a program in dir and returns what it prints.
func run(t *testing.T, dir string, input []byte, program string, arguments ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = dir
	command.Stdin = bytes.NewReader(input)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", filepath.Base(program), err, out, problems.String())
	}
	return out
}

func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	err := os.WriteFile(path, data, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// inside returns what stands between the tags of the first element of that name.
func inside(t *testing.T, s, name string) string {
	t.Helper()
	part := between(t, s, "<"+name+">", "</"+name+">")
	return strings.TrimSuffix(strings.TrimPrefix(part, "<"+name+">"), "</"+name+">")
}

// TestWithXmllintAndOpenSSL verifies a produced package without any Go code for
// canonical form, digests or signatures: the text of each part is taken by offset,
// canonicalised by xmllint, digested and verified by openssl.
func TestWithXmllintAndOpenSSL(t *testing.T) {
	t.Parallel()

	tool := tools(t, "xmllint", "openssl")
	dir := t.TempDir()
	document := string(mustSign(t, signer(t), coSigner(t)))
	canonical := func(text string) []byte {
		return run(t, dir, nil, tool["xmllint"], "--c14n", write(t, dir, "part.xml", []byte(text)))
	}
	digest := func(octets []byte) string {
		return base64.StdEncoding.EncodeToString(run(t, dir, octets, tool["openssl"], "dgst", "-sha256", "-binary"))
	}

	configuration := configurationOf(t, document)
	if got := canonical(configuration); string(got) != configuration {
		t.Errorf("構成情報 is not written in canonical form:\n%s", got)
	}
	octets := map[string][]byte{"#%E6%A7%8B%E6%88%90%E6%83%85%E5%A0%B1": canonical(configuration)}
	for _, f := range forms(t) {
		octets[f.Name] = f.Data
	}

	signatures := regexp.MustCompile(`(?s)<Signature .*?</Signature>`).FindAllString(document, -1)
	if len(signatures) != 2 {
		t.Fatalf("%d signatures", len(signatures))
	}
	reference := regexp.MustCompile(`(?s)<Reference URI="([^"]*)">.*?<DigestValue>([^<]*)</DigestValue></Reference>`)
	for i, signature := range signatures {
		references := reference.FindAllStringSubmatch(signature, -1)
		if len(references) != len(octets) {
			t.Errorf("signature %d: %d references", i, len(references))
		}
		for _, r := range references {
			if want := digest(octets[r[1]]); r[2] != want {
				t.Errorf("signature %d: DigestValue of %s does not fit", i, r[1])
			}
		}
		// SignedInfo stands in the default namespace that Signature declares.
		info := strings.Replace(between(t, signature, "<SignedInfo>", "</SignedInfo>"), "<SignedInfo>",
			`<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#">`, 1)
		certificate, err := base64.StdEncoding.DecodeString(inside(t, signature, "X509Certificate"))
		if err != nil {
			t.Fatal(err)
		}
		value, err := base64.StdEncoding.DecodeString(inside(t, signature, "SignatureValue"))
		if err != nil {
			t.Fatal(err)
		}
		public := run(t, dir, certificate, tool["openssl"], "x509", "-inform", "DER", "-pubkey", "-noout")
		out := run(t, dir, canonical(info), tool["openssl"], "dgst", "-sha256",
			"-verify", write(t, dir, "public.pem", public), "-signature", write(t, dir, "value", value))
		if !strings.Contains(string(out), "Verified OK") {
			t.Errorf("signature %d: %s", i, out)
		}
	}
}

// TestWithXmlsec1 lets xmlsec1 verify a signature of the same shape. It does not
// decode the fragment of a URI, so this one is signed with the raw fragment, which
// e-Gov would refuse.
func TestWithXmlsec1(t *testing.T) {
	t.Parallel()

	tool := tools(t, "xmlsec1")
	dir := t.TempDir()
	document := signed(t)
	configuration := configurationOf(t, document)
	info := signedInfo("#構成情報", []byte(configuration), forms(t))
	signature, err := appendSignature(nil, info, signer(t), signedID)
	if err != nil {
		t.Fatal(err)
	}
	raw := replace(t, document, signaturesOf(t, document), "<署名情報>"+string(signature)+"</署名情報>")
	for _, f := range forms(t) {
		write(t, dir, f.Name, f.Data)
	}
	certificate := write(t, dir, "certificate.pem", pemOf("CERTIFICATE", signer(t).Certificate.Raw))
	run(t, dir, nil, tool["xmlsec1"], "--verify", "--id-attr:ID", "構成情報",
		"--pubkey-cert-pem", certificate, write(t, dir, "kousei.xml", []byte(raw)))

	// The tool must be able to say no.
	changed := replace(t, raw, "試験　太郎", "試験　次郎")
	command := exec.CommandContext(t.Context(), tool["xmlsec1"], "--verify", "--id-attr:ID", "構成情報",
		"--pubkey-cert-pem", certificate, write(t, dir, "changed.xml", []byte(changed)))
	command.Dir = dir
	if out, err := command.CombinedOutput(); err == nil {
		t.Errorf("xmlsec1 verifies a changed document:\n%s", out)
	}
}

// TestDocumentationOfShape keeps the text of a signature free of what e-Gov refused
// in practice.
func TestDocumentationOfShape(t *testing.T) {
	t.Parallel()

	signatures := signaturesOf(t, signed(t))
	for _, never := range []string{":Signature", "Object", "Timestamp", "IssuerSerial", "\n", "\t", "&#", "構成情報\"", "/>"} {
		if strings.Contains(signatures, never) {
			t.Errorf("署名情報 has %q", never)
		}
	}
	for part, count := range map[string]int{"<X509Certificate>": 1, "<Transform ": 1, "<Reference ": 3, " xmlns": 1, fmt.Sprintf(` Id="%s"`, signedID): 1} {
		if got := strings.Count(signatures, part); got != count {
			t.Errorf("%q occurs %d times, want %d", part, got, count)
		}
	}
}
