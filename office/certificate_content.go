package office

import (
	"bytes"
	"regexp"
)

const (
	certificateLimit = 10 << 20
	kindPDF          = "pdf"
	kindJPEG         = "jpeg"

	// tailSize is how far before the end of the file a trailer may begin; some
	// programs append a few octets after it.
	tailSize = 1024
)

var (
	pdfStart   = regexp.MustCompile(`\A%PDF-[12]\.[0-9]`)
	pdfEncrypt = regexp.MustCompile(`/Encrypt\s*(?:[0-9]{1,10}\s+[0-9]{1,5}\s+R|<<)`)
)

// certificateKind tells PDF and JPEG by content and finds files that were cut
// short. It looks for fixed marks at both ends; nothing is decompressed, decoded
// or executed.
func certificateKind(data []byte) (string, *rule) {
	switch {
	case len(data) == 0 || len(data) > certificateLimit:
		return "", ruleCertificateSize
	case pdfStart.Match(data):
		return kindPDF, brokenPDF(data)
	case bytes.HasPrefix(data, []byte{0xFF, 0xD8, 0xFF}):
		if !bytes.Contains(tail(data), []byte{0xFF, 0xD9}) {
			return "", ruleCertificateBroken
		}
		return kindJPEG, nil
	}
	return "", ruleCertificateKind
}

// brokenPDF checks that the file reaches its end mark, and that it is not
// encrypted, which e-Gov could not open. Offsets inside are not followed: scanners
// write wrong ones, and every reader repairs them.
func brokenPDF(data []byte) *rule {
	if !bytes.Contains(tail(data), []byte("%%EOF")) {
		return ruleCertificateBroken
	}
	if pdfEncrypt.Match(data) {
		return ruleCertificateEncrypted
	}
	return nil
}

func tail(data []byte) []byte { return data[max(0, len(data)-tailSize):] }
