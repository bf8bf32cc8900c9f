package forms

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zip"
)

// Folder is one application in a zip: its name and its files, all flat.
type Folder struct {
	Name  string
	Files []FormFile
}

// Folder arranges the application for packing under the given folder name,
// kousei.xml first. configuration is the signed kousei.xml; nil takes the
// unsigned one.
func (a *Application) Folder(name string, configuration []byte) Folder {
	if configuration == nil {
		configuration = a.Configuration
	}
	f := Folder{Name: name, Files: []FormFile{{Name: "kousei.xml", Data: configuration}}}
	f.Files = append(f.Files, a.Forms...)
	for _, x := range a.Attachments {
		if !x.Separate {
			f.Files = append(f.Files, FormFile{Name: x.FileName, Data: x.Data})
		}
	}
	return f
}

// ErrPack marks every error of Pack: a name that e-Gov refuses, a repeated
// name, or nothing to pack.
var ErrPack = errors.New("forms: cannot pack")

// packedAt is the time of every entry: the packing must not depend on the clock.
var packedAt = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Pack writes the folders as one zip: deflate, UTF-8 names, no directory
// entries, order as given. Equal folders give equal octets. The zip holds My
// Numbers in clear and is the caller's to wipe.
func Pack(folders []Folder) ([]byte, error) {
	if len(folders) == 0 {
		return nil, fmt.Errorf("%w: no folder", ErrPack)
	}
	if err := checkFolders(folders); err != nil {
		return nil, err
	}
	// The buffer never grows, so no copy of the zip is left behind.
	out := bytes.NewBuffer(make([]byte, 0, PackedSize(folders)))
	w := zip.NewWriter(out)
	// One compressor for all entries, and none kept for the next zip: its window
	// holds what it has compressed.
	compressor, err := flate.NewWriter(io.Discard, flate.DefaultCompression)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPack, err)
	}
	w.RegisterCompressor(zip.Deflate, func(dst io.Writer) (io.WriteCloser, error) {
		compressor.Reset(dst)
		return compressor, nil
	})
	for _, folder := range folders {
		for _, file := range folder.Files {
			entry, err := w.CreateHeader(&zip.FileHeader{Name: folder.Name + "/" + file.Name, Method: zip.Deflate, Modified: packedAt})
			if err != nil {
				return nil, fmt.Errorf("%w: %s: %w", ErrPack, file.Name, err)
			}
			if _, err = entry.Write(file.Data); err != nil {
				return nil, fmt.Errorf("%w: %s: %w", ErrPack, file.Name, err)
			}
		}
	}
	if err = w.Close(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPack, err)
	}
	return out.Bytes(), nil
}

// PackedSize bounds the octets that Pack writes for the folders, for checking
// against a limit before packing.
func PackedSize(folders []Folder) int {
	size := 22 // end of the central directory
	for _, folder := range folders {
		for _, file := range folder.Files {
			names := 2 * (len(folder.Name) + 1 + len(file.Name))
			size += 30 + 46 + 24 + 36 + names + len(file.Data) + len(file.Data)/1000 + 64
		}
	}
	return size
}

func checkFolders(folders []Folder) error {
	seen := make(map[string]bool)
	for _, folder := range folders {
		if !validFolderName(folder.Name) || seen[folder.Name] {
			return fmt.Errorf("%w: a folder name is malformed or occurs twice", ErrPack)
		}
		seen[folder.Name] = true
		if len(folder.Files) == 0 {
			return fmt.Errorf("%w: folder %s is empty", ErrPack, folder.Name)
		}
		files := make(map[string]bool)
		for _, file := range folder.Files {
			if err := checkFileName(file.Name); err != nil {
				return fmt.Errorf("%w: folder %s: %w", ErrPack, folder.Name, err)
			}
			lower := strings.ToLower(file.Name)
			if files[lower] {
				return fmt.Errorf("%w: folder %s holds %s twice", ErrPack, folder.Name, file.Name)
			}
			files[lower] = true
		}
	}
	return nil
}

// validFolderName allows a procedure id with or without a counter in
// parentheses, as bulk filings name their rows.
func validFolderName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("()_-", rune(c))) {
			return false
		}
	}
	return true
}

// checkFileName refuses what e-Gov is known to refuse and whatever could leave
// the folder. ASCII letters, digits, underscore, hyphen and dot are safe; of
// JIS X 0208 only letters, digits, kana and kanji pass.
func checkFileName(s string) error {
	if s == "" || len(s) > 200 || s[0] == '.' || s[0] == '-' || !strings.Contains(s, ".") || strings.HasSuffix(s, ".") {
		return errors.New("the file name is empty, too long or has no extension")
	}
	for _, r := range s {
		row := jisRow(r)
		wide := row >= 3 && row <= 5 || row >= 16 || r == 'ー' || r == '（' || r == '）'
		if !wide && !asciiNameRune(r) {
			return fmt.Errorf("the file name holds U+%04X, which e-Gov refuses", r)
		}
	}
	return nil
}

func asciiNameRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_' || r == '-' || r == '.'
}

func allASCIIName(s string) bool {
	for _, r := range s {
		if !asciiNameRune(r) && r != ' ' {
			return false
		}
	}
	return true
}
