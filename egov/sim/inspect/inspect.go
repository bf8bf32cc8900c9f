package inspect

import (
	"bytes"
	"crypto/x509"
	"regexp"
	"strings"
	"time"

	"todoke/egov/sim/structure"
	"todoke/egov/sim/xmlsig"
	"todoke/egov/sim/xmltree"
	"todoke/egov/wire"
)

// Inspector judges folders. Its zero value accepts one folder per procedure and
// any self-made certificate.
type Inspector struct {
	SameProcedure bool           // {proc_id}({n}) is accepted as a folder name too
	Trust         *x509.CertPool // issuers of signing certificates; nil accepts any
	Key           []byte         // of the fingerprints
}

// Verdict is what became of one folder. It arrives when there are no findings.
type Verdict struct {
	ProcID      string // "" when the procedure is not known
	ProcName    string // registered name, "" when the procedure is not known
	Corporation string // 法人団体名 of the applicant
	Applicant   string // 氏名 of the applicant
	Destination string // 提出先名称
	Unlisted    int    // files that kousei.xml does not mention; they are ignored
	Fingerprint string // of the forms' content without their dates of filing
	Findings    []wire.ReportRow
}

// inspection is the state of one folder.
type inspection struct {
	in      *Inspector
	folder  *Folder
	at      time.Time
	proc    *structure.Procedure
	config  *xmltree.Node
	listed  map[string]bool // files that kousei.xml names
	verdict Verdict
}

// Folder judges one folder as received at that time. All findings are
// reported, not only the first.
func (in *Inspector) Folder(f *Folder, at time.Time) Verdict {
	s := &inspection{in: in, folder: f, at: at, listed: map[string]bool{Configuration: true}}
	s.run()
	return s.verdict
}

func (s *inspection) run() {
	if s.folder.Nested {
		s.add(wire.ReportRow{Item: "フォルダ", Content: "フォルダの中にフォルダを格納することはできません。"})
	}
	s.config = s.parse(Configuration, wire.ReportRow{FileName: Configuration, Item: "構成管理XML"})
	if !s.findProcedure() {
		return
	}
	if s.config == nil {
		return
	}
	for _, row := range s.proc.CheckConfiguration(s.config) {
		row.FileName = Configuration
		s.add(row)
	}
	s.master()
	forms := s.forms()
	s.attachments()
	s.signatures()
	for name := range s.folder.Files {
		if !s.listed[name] {
			s.verdict.Unlisted++
		}
	}
	s.verdict.Fingerprint = s.fingerprint(forms)
}

// maxFindings bounds the report of one folder; an honest form cannot reach it.
const maxFindings = 500

// add reports a finding, with "-" in the columns that do not apply.
func (s *inspection) add(row wire.ReportRow) {
	if len(s.verdict.Findings) >= maxFindings {
		return
	}
	for _, column := range []*string{&row.FormName, &row.AttachedFileName, &row.FileName, &row.Item} {
		if *column == "" {
			*column = "-"
		}
	}
	s.verdict.Findings = append(s.verdict.Findings, row)
}

// parse reads one XML file of the folder; a defect is reported with the given columns.
func (s *inspection) parse(name string, row wire.ReportRow) *xmltree.Node {
	root, err := xmltree.Parse(s.folder.Files[name])
	if err != nil {
		row.Content, row.Detail = "XMLとして読み込むことができません。", err.Error()
		s.add(row)
		return nil
	}
	return root
}

var folderPattern = regexp.MustCompile(`^([0-9A-Za-z]{16})(\([1-9][0-9]{0,3}\))?$`)

// findProcedure applies the folder rule and finds the procedure, by the folder
// or, when the folder is named wrongly, by 手続ID, so that the rest can still
// be judged.
func (s *inspection) findProcedure() bool {
	declared := s.config.At("構成情報/管理情報/手続番号/手続ID").Value()
	m := folderPattern.FindStringSubmatch(s.folder.Name)
	id := declared
	if m == nil || m[2] != "" && !s.in.SameProcedure {
		s.add(wire.ReportRow{Item: "フォルダ", Content: "フォルダ名が手続IDと一致しません。"})
	} else {
		id = m[1]
	}
	proc, ok := structure.Lookup(id)
	if !ok {
		s.add(wire.ReportRow{
			FileName: Configuration, Item: "構成管理XML.手続ID", Content: "手続IDに該当する手続は登録されていません。",
		})
		return false
	}
	s.proc = proc
	s.verdict.ProcID, s.verdict.ProcName = proc.ID, proc.Name
	return true
}

// master keeps what the lists show of the case.
func (s *inspection) master() {
	applicant := s.config.At("構成情報/管理情報/申請者連絡先情報/申請者情報")
	s.verdict.Corporation = applicant.Child("法人団体名").Value()
	s.verdict.Applicant = applicant.Child("氏名").Value()
	s.verdict.Destination = s.config.At("構成情報/提出先情報/提出先名称").Value()
}

// forms checks each form file of the procedure and returns the parsed ones.
func (s *inspection) forms() []*xmltree.Node {
	var parsed []*xmltree.Node
	for _, form := range s.proc.Forms {
		s.listed[form.File] = true
		if s.folder.Files[form.File] == nil {
			s.add(wire.ReportRow{FormName: form.Name, FileName: Configuration,
				Item: "構成管理XML.申請書属性情報.申請書ファイル名称", Content: "申請書ファイルがありません。"})
			continue
		}
		root := s.parse(form.File, wire.ReportRow{FormName: form.Name, Item: "申請書XML"})
		if root == nil {
			continue
		}
		parsed = append(parsed, root)
		for _, row := range form.Check(root) {
			row.FormName = form.Name
			s.add(row)
		}
	}
	return parsed
}

// attachments checks the 添付書類属性情報 against the folder and the procedure.
func (s *inspection) attachments() {
	provided := map[string]bool{}
	for _, n := range s.config.Child("構成情報").All("添付書類属性情報") {
		name := n.Child("添付書類名称").Value()
		if s.attachment(n) {
			provided[name] = true
		}
	}
	for _, name := range s.proc.Attachments {
		if !provided[name] {
			s.add(wire.ReportRow{AttachedFileName: name, FileName: Configuration, Item: "構成管理XML.添付書類属性情報",
				Content: "添付必須のファイル(" + name + ")が添付されていません。"})
		}
	}
}

// attachment checks one entry and tells whether it is a file that is there.
func (s *inspection) attachment(n *xmltree.Node) bool {
	file := n.Child("添付書類ファイル名称").Value()
	row := wire.ReportRow{AttachedFileName: Mask(file), FileName: Configuration,
		Item: "構成管理XML.添付書類属性情報.添付書類ファイル名称"}
	refuse := func(content string) bool {
		row.Content = content
		s.add(row)
		return false
	}
	if n.Child("添付種別").Value() != "添付" {
		if file != "" {
			return refuse("別送の添付書類にファイルを指定することはできません。")
		}
		return false
	}
	data, present := s.folder.Files[file]
	switch {
	case file == "":
		return refuse("必須項目が入力されていません。")
	case file == Configuration || s.isForm(file):
		return refuse("申請書または構成管理XMLの名前は添付書類に使用できません。")
	case s.listed[file]:
		return refuse("同じ添付書類ファイル名称が複数指定されています。")
	}
	s.listed[file] = true
	if !present {
		return refuse("指定された添付書類ファイルがありません。")
	}
	if !documentMagic(file, data) {
		return refuse("添付書類のファイル形式が正しくありません。")
	}
	return true
}

func (s *inspection) isForm(file string) bool {
	for _, form := range s.proc.Forms {
		if form.File == file {
			return true
		}
	}
	return false
}

// documentMagic wants a PDF or JPEG whose content is what its extension says.
func documentMagic(file string, data []byte) bool {
	lower := strings.ToLower(file)
	switch {
	case strings.HasSuffix(lower, ".pdf"):
		return bytes.HasPrefix(data, []byte("%PDF-"))
	case strings.HasSuffix(lower, ".jpg"), strings.HasSuffix(lower, ".jpeg"):
		return bytes.HasPrefix(data, []byte{0xff, 0xd8, 0xff})
	}
	return false
}

func (s *inspection) signatures() {
	want := xmlsig.Expectation{Count: s.proc.Signatures, At: s.at, Trust: s.in.Trust}
	for _, form := range s.proc.Forms {
		want.Files = append(want.Files, xmlsig.File{Name: form.File, Data: s.folder.Files[form.File]})
	}
	for _, row := range xmlsig.Verify(s.folder.Files[Configuration], s.config, want) {
		row.FileName = Configuration
		s.add(row)
	}
}
