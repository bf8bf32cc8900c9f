package signing

import (
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report says what the signatures of a package are worth. It holds names, codes and
// certificates, and neither digests nor contents.
type Report struct {
	Folders  []Folder   `json:"folders"`
	Problems []*Problem `json:"problems,omitempty"` // of the package as a whole; then there are no folders
}

// Folder is what was found in the folder of one filing.
type Folder struct {
	Name        string            `json:"name"`
	ProcedureID string            `json:"procedure_id"`
	Signed      map[string]Result `json:"signed"` // by configuration: kousei.xml, or one per signed part
	Entries     []Entry           `json:"entries"`
	Problems    []*Problem        `json:"problems,omitempty"`
}

// Entry is a file of a folder.
type Entry struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // octets
	// Listed says that kousei.xml names the file, as form (申請書ファイル名称) or as
	// attachment (添付書類ファイル名称). e-Gov ignores files that it does not name.
	Listed bool `json:"listed"`
	// CoveredBy are the configurations whose signatures cover the file. It is empty
	// for most attachments: e-Gov signs them only through the list in 構成情報.
	CoveredBy []string `json:"covered_by,omitempty"`
}

// OK reports whether every folder is signed as it must be and nothing is wrong.
func (r Report) OK() bool {
	return r.problems() == 0
}

func (r Report) problems() int {
	n := len(r.Problems)
	for _, f := range r.Folders {
		n += len(f.Problems)
	}
	return n
}

// String returns the report for people, in Japanese.
func (r Report) String() string {
	var b strings.Builder
	if n := r.problems(); n == 0 {
		b.WriteString("署名の検証結果：問題はありません。\n")
	} else {
		fmt.Fprintf(&b, "署名の検証結果：問題が %d 件あります。\n", n)
	}
	writeProblems(&b, r.Problems)
	for _, f := range r.Folders {
		f.write(&b)
	}

	return b.String()
}

func (f Folder) write(b *strings.Builder) {
	fmt.Fprintf(b, "\nフォルダ %s", f.Name)
	if f.ProcedureID != "" {
		fmt.Fprintf(b, "（手続ID %s）", f.ProcedureID)
	}
	b.WriteByte('\n')
	for _, name := range slices.Sorted(maps.Keys(f.Signed)) {
		for _, s := range f.Signed[name].Signatures {
			writeSignature(b, name, s)
		}
	}
	if len(f.Signed) > 0 {
		f.writeOutside(b)
	}
	writeProblems(b, f.Problems)
}

// writeOutside lists the files that no signature covers.
func (f Folder) writeOutside(b *strings.Builder) {
	heading := "  署名の対象に含まれないファイル\n"
	for _, e := range f.Entries {
		if len(e.CoveredBy) > 0 {
			continue
		}
		remark := "構成管理情報に記載なし"
		switch {
		case e.Name == mainConfiguration:
			remark = "構成管理情報"
		case e.Listed:
			remark = "構成管理情報に記載あり"
		}
		fmt.Fprintf(b, "%s    %s（%s）\n", heading, e.Name, remark)
		heading = ""
	}
}

func writeSignature(b *strings.Builder, configuration string, s Signature) {
	fmt.Fprintf(b, "  署名 %s（%s）\n", s.ID, configuration)
	writeCertificate(b, s.Certificate)
	for _, name := range s.Covered {
		if name == configurationURI {
			name = configurationName
		}
		fmt.Fprintf(b, "    対象 %s：一致\n", printable(name))
	}
}

func writeCertificate(b *strings.Builder, c *x509.Certificate) {
	const layout = "2006年01月02日 15:04:05"
	day := func(t time.Time) string { return t.In(jst).Format(layout) }
	fmt.Fprintf(b, "    署名者 %s\n", printable(c.Subject.String()))
	fmt.Fprintf(b, "    発行者 %s\n", printable(c.Issuer.String()))
	fmt.Fprintf(b, "    シリアル番号 %s\n", c.SerialNumber.Text(16))
	fmt.Fprintf(b, "    有効期間 %s から %s まで\n", day(c.NotBefore), day(c.NotAfter))
}

func writeProblems(b *strings.Builder, problems []*Problem) {
	for _, p := range problems {
		subject := ""
		if p.Subject != "" {
			subject = p.Subject + "："
		}
		fmt.Fprintf(b, "  問題 [%s] %s%s\n    %s\n", p.Code, subject, p.Message, p.Remedy)
	}
}
