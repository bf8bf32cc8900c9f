package signing

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// mainConfiguration is the 構成管理情報 that every folder has.
const mainConfiguration = "kousei.xml"

// partConfiguration is the name of the 構成情報 of a single form or attachment, where
// each is signed on its own (個別ファイル署名形式).
var partConfiguration = regexp.MustCompile(`^kousei[0-9]{17}\.xml$`)

// inspection is the examination of one folder.
type inspection struct {
	Folder
	files  map[string]entry
	listed map[string]bool
	at     time.Time
}

// inspect verifies the signatures of one folder: that of kousei.xml, or those of the
// configurations that it lists where it has none itself.
func inspect(name string, files []entry, at time.Time) Folder {
	i := inspection{
		Folder: Folder{Name: printable(name), Signed: make(map[string]Result)},
		files:  make(map[string]entry, len(files)),
		listed: make(map[string]bool),
		at:     at,
	}
	for _, f := range files {
		i.files[f.name] = f
	}
	i.configurations()
	if len(i.Signed) == 0 && len(i.Problems) == 0 {
		i.fail(ErrUnsigned.about(mainConfiguration))
	}
	i.entries(files)

	return i.Folder
}

// fail notes a problem once, however many ways lead to it.
func (i *inspection) fail(err error) {
	p := asProblem(err)
	for _, known := range i.Problems {
		if known.Code == p.Code && known.Subject == p.Subject {
			return
		}
	}
	i.Problems = append(i.Problems, p)
}

// configurations verifies kousei.xml and the configurations that it lists.
func (i *inspection) configurations() {
	main, err := i.open(mainConfiguration)
	if err != nil {
		i.fail(err)
		return
	}
	i.ProcedureID = printable(main.management("手続番号", "手続ID"))
	listed := append(main.forms(), main.attachments()...)
	for _, name := range listed {
		i.listed[name] = true
		if _, there := i.files[name]; !there {
			i.fail(errListedMissing.about(name))
		}
	}
	parts := slices.DeleteFunc(listed, func(name string) bool { return !partConfiguration.MatchString(name) })
	if main.signatures != nil || len(parts) == 0 {
		i.verify(mainConfiguration, main)
	}
	for _, name := range parts {
		if _, there := i.files[name]; !there {
			continue
		}
		part, err := i.open(name)
		if err != nil {
			i.fail(err)
			continue
		}
		i.verify(name, part)
	}
	i.covered(main)
}

// covered makes sure that parts that are signed one by one leave out no form that
// kousei.xml lists as its own.
func (i *inspection) covered(main *document) {
	if main.signatures != nil || len(i.Signed) == 0 {
		return
	}
	for _, name := range main.forms() {
		if len(i.coveredBy(name)) == 0 {
			i.fail(errNotCovered.about(name))
		}
	}
}

// coveredBy returns the configurations whose signatures cover a file.
func (i *inspection) coveredBy(name string) []string {
	var out []string
	for configuration, result := range i.Signed {
		covers := func(s Signature) bool { return name == configuration || slices.Contains(s.Covered, name) }
		if slices.ContainsFunc(result.Signatures, covers) {
			out = append(out, configuration)
		}
	}
	slices.Sort(out)

	return out
}

// open reads and parses a configuration.
func (i *inspection) open(name string) (*document, error) {
	f, there := i.files[name]
	if !there {
		return nil, errNoConfiguration.about(i.Name)
	}
	data, err := f.read(maxConfiguration)
	if err != nil {
		return nil, err
	}
	d, err := parseDocument(data)
	if err != nil {
		return nil, asProblem(err).about(name)
	}

	return d, nil
}

// verify checks the signatures of one configuration against the files of the folder.
func (i *inspection) verify(name string, d *document) {
	if d.signatures == nil {
		i.fail(ErrUnsigned.about(name))
		return
	}
	expect := Expectation{Files: d.mustCover()}
	if len(expect.Files) > maxFiles {
		i.fail(errFileCount.about(name))
		return
	}
	var files []File
	for _, wanted := range expect.Files {
		f, there := i.files[wanted]
		if !there {
			continue // verify names it
		}
		data, err := f.read(maxEntry)
		if err != nil {
			i.fail(err)
			return
		}
		files = append(files, File{Name: wanted, Data: data})
	}
	result, err := d.verify(files, expect)
	if err != nil {
		p := asProblem(err)
		if p.Subject == "" {
			p = p.about(name)
		}
		i.fail(p)
		return
	}
	i.Signed[name] = result
	for _, s := range result.Signatures {
		err := CheckCertificate(s.Certificate, i.at)
		if err != nil {
			i.fail(asProblem(err).about(name))
		}
	}
}

// entries lists the files of the folder and reads those to the end that no signature
// made us read.
func (i *inspection) entries(files []entry) {
	for _, f := range files {
		e := Entry{Name: printable(f.name), Size: f.size, Listed: i.listed[f.name], CoveredBy: i.coveredBy(f.name)}
		if len(e.CoveredBy) == 0 {
			err := f.copy(io.Discard, maxEntry)
			if err != nil {
				i.fail(err)
			}
		}
		i.Entries = append(i.Entries, e)
	}
	slices.SortFunc(i.Entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
}

// asProblem gives any error a public code. Everything that this package returns has
// one already.
func asProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return errZip
}
