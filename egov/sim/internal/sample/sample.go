// Package sample builds valid applications for the simulator's own tests. It is
// written from the published facts and uses nothing of the gateway and nothing
// of the simulator: forms are plain XML text with synthetic values, and the
// signature is made by text, so that the simulator's reading of the tables and
// its verification meet material that neither of them produced.
//
// Every person, company and number is invented; the numbers have valid check
// digits because the simulator asks for them.
package sample

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"slices"
	"strings"
)

// Number is the synthetic My Number in every form.
const Number = "123456789018"

// CertificateFile is the agency certificate's file name.
const CertificateFile = "agency_certificate.pdf"

//go:embed *.xml
var forms embed.FS

// procedure is what the sender has to write into kousei.xml.
type procedure struct {
	name, formID, version, formName, destination, office string
}

var procedures = map[string]procedure{
	"4950013521019000": {
		"健康保険・厚生年金保険被保険者資格取得届（単記用）（２０２４年１２月以降手続き）／電子申請",
		"495013521019030837", "0001",
		"健康保険厚生年金保険被保険者資格取得届／厚生年金保険７０歳以上被用者該当届",
		"49511200070000000000138", "東京,渋谷年金事務所（東京事務センター）",
	},
	"4950013520714000": {
		"健康保険・厚生年金保険被保険者資格喪失届（単記用）（２０１９年５月以降手続き）／電子申請",
		"495013520714030511", "0002",
		"健康保険厚生年金保険被保険者資格喪失届／厚生年金保険７０歳以上被用者不該当届",
		"49511200070000000000138", "東京,渋谷年金事務所（東京事務センター）",
	},
	"4950008680033000": {
		"雇用保険被保険者資格取得届（令和４年６月以降手続き）／電子申請",
		"495008680033800330", "0001", "雇用保険被保険者資格取得届",
		"49511000010000000003829", "東京都,渋谷公共職業安定所",
	},
	"4950008680034000": {
		"雇用保険被保険者資格喪失届（離職票交付なし）（令和４年６月以降手続き）／電子申請",
		"495008680034800340", "0001", "雇用保険被保険者資格喪失届",
		"49511000010000000003829", "東京都,渋谷公共職業安定所",
	},
}

// Procedures lists the procedures that New knows, in order.
func Procedures() []string {
	var ids []string
	for id := range procedures {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Filing is one application under construction.
type Filing struct {
	ProcID        string
	Configuration string            // kousei.xml
	Form          string            // the form file
	FormFile      string            // its name
	Attachments   map[string][]byte // further files of the folder
}

// New returns a valid application that is not signed yet.
func New(procID string) *Filing {
	p, ok := procedures[procID]
	if !ok {
		panic("sample: unknown procedure " + procID)
	}
	text, err := forms.ReadFile(procID + ".xml")
	if err != nil {
		panic(err)
	}
	return &Filing{
		ProcID:        procID,
		Configuration: configuration(procID, p),
		Form:          string(text),
		FormFile:      p.formID + "_01.xml",
		Attachments:   map[string][]byte{CertificateFile: []byte("%PDF-1.4\n% synthetic\n")},
	}
}

// Edit replaces text that must occur in exactly one of kousei.xml and the form;
// the first occurrence counts.
func (f *Filing) Edit(old, replacement string) *Filing {
	inConfiguration, inForm := strings.Contains(f.Configuration, old), strings.Contains(f.Form, old)
	if inConfiguration == inForm {
		panic(fmt.Sprintf("sample: %q must occur in one file", old))
	}
	if inConfiguration {
		f.Configuration = strings.Replace(f.Configuration, old, replacement, 1)
	} else {
		f.Form = strings.Replace(f.Form, old, replacement, 1)
	}
	return f
}

// Files returns the folder's files.
func (f *Filing) Files() map[string][]byte {
	files := map[string][]byte{"kousei.xml": []byte(f.Configuration), f.FormFile: []byte(f.Form)}
	for name, data := range f.Attachments {
		files[name] = data
	}
	return files
}

// Zip packs files by their path, in order of the paths.
func Zip(files map[string][]byte) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		entry, err := w.Create(name)
		if err == nil {
			_, err = entry.Write(files[name])
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// Bulk packs applications into folders of the given names.
func Bulk(folders map[string]*Filing) []byte {
	files := map[string][]byte{}
	for folder, filing := range folders {
		for name, data := range filing.Files() {
			files[folder+"/"+name] = data
		}
	}
	return Zip(files)
}
