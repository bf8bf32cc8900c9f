package signing

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"testing"
)

// BenchmarkRSA is the measure of the others: one signature with the key alone.
func BenchmarkRSA(b *testing.B) {
	s := signer(b)
	digest := sha256.Sum256(nil)
	for b.Loop() {
		_, err := s.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	kousei, files, signers := unsigned(b), forms(b), []Signer{signer(b)}
	b.ReportAllocs()
	for b.Loop() {
		_, err := Sign(kousei, files, signers, signedAt)
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	kousei, files, expect := []byte(signed(b)), forms(b), expectation()
	b.ReportAllocs()
	for b.Loop() {
		_, err := Verify(kousei, files, expect)
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyPackage(b *testing.B) {
	data := zipOf(b, filing(b, folderName)...)
	b.ReportAllocs()
	for b.Loop() {
		r := VerifyPackage(data, signedAt)
		if !r.OK() {
			b.Fatal(r)
		}
	}
}
