package signing

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Limits on a package. e-Gov takes attachments of 99 MB in all.
const (
	maxEntries = 20_000
	maxEntry   = 128 << 20 // octets, uncompressed
	maxTotal   = 512 << 20 // octets, uncompressed, all entries
)

// entry is a file of a package, wherever it lies.
type entry struct {
	name string
	size int64
	open func() (io.ReadCloser, error)
}

// read returns the octets of an entry, at most limit of them.
func (e entry) read(limit int64) ([]byte, error) {
	if e.size > limit {
		return nil, errSize.about(e.name)
	}
	var b bytes.Buffer
	b.Grow(int(e.size) + bytes.MinRead)
	err := e.copy(&b, limit)
	if err != nil {
		return nil, err
	}

	return b.Bytes(), nil
}

// copy reads an entry to its end, checksum included, and never more than limit.
func (e entry) copy(w io.Writer, limit int64) error {
	r, err := e.open()
	if err != nil {
		return errZip.about(e.name)
	}
	defer r.Close()
	n, err := io.Copy(w, io.LimitReader(r, limit+1))
	switch {
	case n > limit:
		return errSize.about(e.name)
	case err != nil:
		return errZip.about(e.name)
	}

	return nil
}

// VerifyPackage opens a zip file as it is sent to e-Gov and reports on the signatures
// of every folder in it. at is the time for which certificates have to be valid.
//
// The zip is read only if every reader must see the same in it: bounded entries and
// sizes, folders one level deep, no name twice, no encryption, local headers that
// agree with the directory, no octets between.
func VerifyPackage(data []byte, at time.Time) Report {
	folders, err := readZip(data)
	if err != nil {
		return Report{Problems: []*Problem{asProblem(err)}}
	}
	return report(folders, at)
}

// VerifyFolder does the same for an unpacked package, or for a single folder that has
// a kousei.xml directly in it; that folder is called ".".
func VerifyFolder(fsys fs.FS, at time.Time) Report {
	folders, err := readFolder(fsys)
	if err != nil {
		return Report{Problems: []*Problem{asProblem(err)}}
	}
	return report(folders, at)
}

func report(folders map[string][]entry, at time.Time) Report {
	if len(folders) == 0 {
		return Report{Problems: []*Problem{errEmpty}}
	}
	var r Report
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		r.Folders = append(r.Folders, inspect(name, folders[name], at))
	}

	return r
}

// listing enforces the limits and the uniqueness of names while a package is listed.
type listing struct {
	folders map[string][]entry
	seen    map[string]bool
	count   int
	total   int64
}

func newListing() *listing {
	return &listing{folders: make(map[string][]entry), seen: make(map[string]bool)}
}

// addFolder notes a folder that may turn out to be empty.
func (l *listing) addFolder(folder string) error {
	if folder != "." && checkName(folder) != nil {
		return errPath.about(folder)
	}
	if _, known := l.folders[folder]; !known {
		l.folders[folder] = nil
	}
	return nil
}

func (l *listing) add(folder string, e entry) error {
	err := l.addFolder(folder)
	if err != nil {
		return err
	}
	l.count++
	l.total += e.size
	full := path.Join(folder, e.name)
	// Some file systems do not tell upper and lower case apart.
	key := strings.ToLower(full)
	switch {
	case l.count > maxEntries:
		return errEntryCount
	case checkName(e.name) != nil:
		return errPath.about(full)
	case e.size < 0 || e.size > maxEntry || l.total > maxTotal:
		return errSize.about(full)
	case l.seen[key]:
		return errEntryTwice.about(full)
	}
	l.seen[key] = true
	l.folders[folder] = append(l.folders[folder], e)

	return nil
}

// readFolder lists a directory. Links and devices are refused, not followed.
func readFolder(fsys fs.FS) (map[string][]entry, error) {
	top, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, errZip
	}
	l := newListing()
	single := slices.ContainsFunc(top, func(d fs.DirEntry) bool { return d.Name() == mainConfiguration })
	if single {
		return l.folders, l.list(fsys, ".", top)
	}
	for _, d := range top {
		if !d.IsDir() {
			return nil, errLevel.about(d.Name())
		}
		err := l.addFolder(d.Name())
		if err != nil {
			return nil, err
		}
		inside, err := fs.ReadDir(fsys, d.Name())
		if err != nil {
			return nil, errZip.about(d.Name())
		}
		err = l.list(fsys, d.Name(), inside)
		if err != nil {
			return nil, err
		}
	}

	return l.folders, nil
}

func (l *listing) list(fsys fs.FS, folder string, inside []fs.DirEntry) error {
	for _, d := range inside {
		full := path.Join(folder, d.Name())
		if d.IsDir() {
			return errLevel.about(full)
		}
		if !d.Type().IsRegular() {
			return errNotRegular.about(full)
		}
		info, err := d.Info()
		if err != nil {
			return errZip.about(full)
		}
		err = l.add(folder, entry{
			name: d.Name(),
			size: info.Size(),
			open: func() (io.ReadCloser, error) { return fsys.Open(full) },
		})
		if err != nil {
			return err
		}
	}

	return nil
}
