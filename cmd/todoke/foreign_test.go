package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRecordedPackagesVerifyWithForeignTools takes the packages that the simulator
// received and reproduces every DigestValue and the SignatureValue with xmllint
// and openssl; of ours there is nothing on the way but cutting text.
func TestRecordedPackagesVerifyWithForeignTools(t *testing.T) {
	needsProcesses(t)
	t.Parallel()
	for _, tool := range []string{"xmllint", "openssl"} {
		_, err := exec.LookPath(tool)
		if err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	people, _ := peopleFile(t, 2)
	record := t.TempDir()
	ok(t, "demo", "--people", people, "--record", record)
	archives, err := filepath.Glob(filepath.Join(record, "*.zip"))
	if err != nil || len(archives) != 2 {
		t.Fatalf("recorded %v, %v; want 2 bulks", archives, err)
	}
	folders := 0
	for _, archive := range archives {
		for folder, files := range unzip(t, archive) {
			folders++
			verifyForeign(t, folder, files)
		}
	}
	if folders != 8 {
		t.Errorf("verified %d folders, want 8", folders)
	}
}

// unzip returns the files of each folder.
func unzip(t *testing.T, archive string) map[string]map[string][]byte {
	t.Helper()
	reader, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	folders := map[string]map[string][]byte{}
	for _, file := range reader.File {
		folder, name := path.Split(file.Name)
		if folders[folder] == nil {
			folders[folder] = map[string][]byte{}
		}
		folders[folder][name] = readAll(t, file.Open)
	}
	return folders
}

var (
	reference      = regexp.MustCompile(`(?s)<Reference URI="([^"]*)">.*?<DigestValue>([^<]*)</DigestValue></Reference>`)
	signatureValue = regexp.MustCompile(`<SignatureValue>([^<]*)</SignatureValue>`)
	certificate    = regexp.MustCompile(`<X509Certificate>([^<]*)</X509Certificate>`)
)

func verifyForeign(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	kousei := string(files["kousei.xml"])
	references := reference.FindAllStringSubmatch(kousei, -1)
	if len(references) != 2 {
		t.Fatalf("%s has %d references, want 2", folder, len(references))
	}
	for _, r := range references {
		name, err := url.PathUnescape(r[1])
		if err != nil {
			t.Fatal(err)
		}
		octets := files[name]
		if name == "#構成情報" {
			octets = tool(t, []byte(cut(t, kousei, "<構成情報 ", "</構成情報>")), "xmllint", "--c14n", "-")
		}
		if octets == nil {
			t.Fatalf("%s: %s is not in the folder", folder, name)
		}
		digest := tool(t, octets, "openssl", "dgst", "-sha256", "-binary")
		if base64.StdEncoding.EncodeToString(digest) != r[2] {
			t.Errorf("%s: the DigestValue of %s is not what openssl computes", folder, name)
		}
	}
	// SignedInfo inherits the namespace of Signature; cut out, it has to carry it.
	info := cut(t, kousei, "<SignedInfo", "</SignedInfo>")
	info = strings.Replace(info, "<SignedInfo", `<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#"`, 1)
	info = strings.Replace(info, ` xmlns="http://www.w3.org/2000/09/xmldsig#" xmlns="http://www.w3.org/2000/09/xmldsig#"`, ` xmlns="http://www.w3.org/2000/09/xmldsig#"`, 1)
	canonical := tool(t, []byte(info), "xmllint", "--c14n", "-")

	dir := t.TempDir()
	keyFile, valueFile := filepath.Join(dir, "key.pem"), filepath.Join(dir, "value")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: unbase64(t, one(t, certificate, kousei))})
	write(t, keyFile, tool(t, cert, "openssl", "x509", "-pubkey", "-noout"))
	write(t, valueFile, unbase64(t, one(t, signatureValue, kousei)))
	answer := tool(t, canonical, "openssl", "dgst", "-sha256", "-verify", keyFile, "-signature", valueFile)
	if !bytes.Contains(answer, []byte("Verified OK")) {
		t.Errorf("%s: openssl says %q of the SignatureValue", folder, answer)
	}
}

func cut(t *testing.T, text, from, to string) string {
	t.Helper()
	start, end := strings.Index(text, from), strings.Index(text, to)
	if start < 0 || end < start {
		t.Fatalf("no %s … %s", from, to)
	}
	return text[start : end+len(to)]
}

func one(t *testing.T, pattern *regexp.Regexp, text string) string {
	t.Helper()
	matches := pattern.FindAllStringSubmatch(text, -1)
	if len(matches) != 1 {
		t.Fatalf("%v matches %d times, want once", pattern, len(matches))
	}
	return matches[0][1]
}

func unbase64(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	err := os.WriteFile(path, data, 0o600)
	if err != nil {
		t.Fatal(err)
	}
}

func tool(t *testing.T, input []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, stderr.Bytes())
	}
	return out
}
