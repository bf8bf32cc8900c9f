package office

import (
	"bytes"
	"regexp"
	"strconv"
)

const (
	certificateLimit = 10 << 20
	kindPDF          = "pdf"
	kindJPEG         = "jpeg"

	// tailSize is how far before the end of the file a trailer may begin; some
	// programs append a few octets after it.
	tailSize = 1024
	// objectHead is enough for the head of a cross-reference object.
	objectHead = 32
)

var (
	pdfStart   = regexp.MustCompile(`\A%PDF-[12]\.[0-9]`)
	pdfTrailer = regexp.MustCompile(`startxref\s+([0-9]{1,10})\s+%%EOF`)
	pdfXref    = regexp.MustCompile(`\A\s*(?:xref\s|[0-9]{1,10}\s+[0-9]{1,5}\s+obj)`)
	pdfEncrypt = regexp.MustCompile(`/Encrypt\s*(?:[0-9]{1,10}\s+[0-9]{1,5}\s+R|<<)`)
)

// certificateKind tells PDF and JPEG by content and finds files that were cut
// short. It looks for fixed marks at both ends and follows one offset; nothing is
// decompressed, decoded or executed.
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

// brokenPDF checks that the last trailer points at a cross-reference inside the
// file, and that the file is not encrypted, which e-Gov could not open.
func brokenPDF(data []byte) *rule {
	trailers := pdfTrailer.FindAllSubmatch(tail(data), -1)
	if len(trailers) == 0 {
		return ruleCertificateBroken
	}
	offset, err := strconv.Atoi(string(trailers[len(trailers)-1][1]))
	if err != nil || offset <= 0 || offset >= len(data) {
		return ruleCertificateBroken
	}
	if !pdfXref.Match(data[offset:min(offset+objectHead, len(data))]) {
		return ruleCertificateBroken
	}
	if pdfEncrypt.Match(data) {
		return ruleCertificateEncrypted
	}
	return nil
}

func tail(data []byte) []byte { return data[max(0, len(data)-tailSize):] }
