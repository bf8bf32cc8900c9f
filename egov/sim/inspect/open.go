// Package inspect looks at what was sent: Open takes a bulk's zip apart, as
// e-Gov does before it answers, and Inspector judges each folder, as e-Gov's
// batch does afterwards.
//
// Everything in a package is hostile: entries, sizes and names are bounded,
// nothing is written to disk and no path of the archive is ever used as a path.
// Findings name files and elements and never quote a value.
package inspect

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"todoke/egov/wire"
)

// Limits of a bulk zip. Folders is the largest apply_count e-Gov can report.
const (
	MaxFolders     = 9999
	maxEntries     = 50000
	maxFolderFiles = 200
	maxFile        = 99 << 20
	maxTotal       = 256 << 20
	maxName        = 256
)

// Configuration is the name of the 構成管理XML in every folder.
const Configuration = "kousei.xml"

// Folder is one application of a bulk: its files by bare name.
type Folder struct {
	Name   string
	Files  map[string][]byte
	Nested bool // it holds a folder; e-Gov wants all files flat
}

// opening is the state of one Open.
type opening struct {
	folders map[string]*Folder
	errors  []wire.BulkError
	total   int64
}

// Open reads a bulk zip. It returns the folders by name, or what e-Gov would
// put into the error[] of its 400: everything that keeps a folder or its
// kousei.xml from being opened. What is inside the files is not judged here.
func Open(data []byte) ([]*Folder, []wire.BulkError) {
	o := &opening{folders: map[string]*Folder{}}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		o.refuse("-", "-", "ZIPファイルを開くことができません。")
		return nil, o.errors
	}
	if len(archive.File) > maxEntries {
		o.refuse("-", "-", "ZIPファイルのエントリ数が上限を超えています。")
		return nil, o.errors
	}
	for _, f := range archive.File {
		if !o.entry(f) {
			break
		}
	}
	return o.finish()
}

func (o *opening) refuse(folder, file, content string) {
	if len(o.errors) < MaxFolders {
		o.errors = append(o.errors, wire.BulkError{ErrorFolder: folder, ErrorFile: file, Content: content})
	}
}

// entry takes one entry and tells whether to go on.
func (o *opening) entry(f *zip.File) bool {
	name, ok := decodeName(f)
	if !ok {
		o.refuse("-", "-", "ファイル名の文字を読み取ることができません。")
		return true
	}
	folder, file, inFolder := strings.Cut(name, "/")
	if badPath(name) {
		o.refuse("-", "-", "フォルダ名またはファイル名に使用できない文字列が含まれています。")
		return true
	}
	if !inFolder {
		o.refuse("-", Mask(name), "ファイルがフォルダに格納されていません。")
		return true
	}
	target := o.folders[folder]
	if target == nil {
		if len(o.folders) >= MaxFolders {
			o.refuse("-", "-", "フォルダの数が上限を超えています。")
			return false
		}
		target = &Folder{Name: folder, Files: map[string][]byte{}}
		o.folders[folder] = target
	}
	switch {
	case file == "":
		return true // the entry of the folder itself
	case strings.Contains(file, "/"):
		target.Nested = true
		return true
	case len(target.Files) >= maxFolderFiles:
		o.refuse(Mask(folder), "-", "フォルダのファイル数が上限を超えています。")
		return true
	case target.Files[file] != nil:
		o.refuse(Mask(folder), Mask(file), "同じ名前のファイルが複数あります。")
		return true
	}
	return o.content(target, file, f)
}

// content reads one file within the bounds, whatever its header claims.
func (o *opening) content(target *Folder, file string, f *zip.File) bool {
	limit := min(maxFile, maxTotal-o.total)
	data, err := readEntry(f, limit)
	o.total += int64(len(data))
	switch {
	case errors.Is(err, errTooLong):
		o.refuse(Mask(target.Name), Mask(file), "展開後のファイルサイズが上限を超えています。")
		return o.total < maxTotal
	case err != nil:
		o.refuse(Mask(target.Name), Mask(file), "ファイルを開くことができません。")
		return true
	}
	target.Files[file] = data
	return true
}

var errTooLong = errors.New("entry is too long")

func readEntry(f *zip.File, limit int64) ([]byte, error) {
	if f.Flags&1 != 0 {
		return nil, errors.New("entry is encrypted")
	}
	if !f.Mode().IsRegular() {
		return nil, errors.New("entry is not a regular file")
	}
	rc, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("open entry: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(rc, limit+1))
	closeErr := rc.Close()
	if int64(len(data)) > limit {
		return data[:limit], errTooLong
	}
	if err = errors.Join(err, closeErr); err != nil {
		return data, fmt.Errorf("read entry: %w", err)
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// decodeName gives the entry's name: UTF-8 when flagged or valid, else MS932.
func decodeName(f *zip.File) (string, bool) {
	if utf8.ValidString(f.Name) {
		return f.Name, true
	}
	if !f.NonUTF8 {
		return "", false
	}
	name, err := japanese.ShiftJIS.NewDecoder().String(f.Name)
	return name, err == nil && !strings.ContainsRune(name, utf8.RuneError)
}

// badPath refuses names that are more than folder/file: traversal, absolute
// paths, drive letters, back slashes, control characters, over-long parts.
func badPath(name string) bool {
	if name == "" || strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\\:") {
		return true
	}
	for _, r := range name {
		if r < 0x20 || r == 0x7f {
			return true
		}
	}
	parts := strings.Split(strings.TrimSuffix(name, "/"), "/")
	for _, part := range parts {
		if part == "" || part == "." || part == ".." || utf8.RuneCountInString(part) > maxName {
			return true
		}
	}
	return false
}

func (o *opening) finish() ([]*Folder, []wire.BulkError) {
	folders := make([]*Folder, 0, len(o.folders))
	for _, f := range o.folders {
		folders = append(folders, f)
	}
	slices.SortFunc(folders, func(a, b *Folder) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range folders {
		failed := slices.ContainsFunc(o.errors, func(e wire.BulkError) bool { return e.ErrorFolder == Mask(f.Name) })
		if f.Files[Configuration] == nil && !failed {
			o.refuse(Mask(f.Name), Configuration, "構成管理XMLがありません。")
		}
	}
	if len(folders) == 0 && len(o.errors) == 0 {
		o.refuse("-", "-", "申請データのフォルダがありません。")
	}
	if len(o.errors) > 0 {
		return nil, o.errors
	}
	return folders, nil
}

var twelveDigits = regexp.MustCompile(`[0-9]+`)

// procedureFolder is a folder named as e-Gov wants it: by a procedure id, whose
// own digits are no number.
var procedureFolder = regexp.MustCompile(`^[0-9]{3}[0-9A-Z][0-9]{12}(\([0-9]{1,4}\))?$`)

// Mask shortens a name of the sender's choice for a report and hides any run
// of exactly twelve digits: a name is no place for a number, but nothing keeps
// a sender from putting one there.
func Mask(name string) string {
	if procedureFolder.MatchString(name) {
		return name
	}
	if r := []rune(name); len(r) > maxName {
		name = string(r[:maxName])
	}
	return twelveDigits.ReplaceAllStringFunc(name, func(run string) string {
		if len(run) == 12 {
			return strings.Repeat("●", 12)
		}
		return run
	})
}
