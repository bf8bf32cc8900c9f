package signing

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
)

// Limits on a zip file.
const (
	maxZip   = 512 << 20 // octets, compressed
	maxRatio = 200       // uncompressed to compressed, of entries above freeSize
	freeSize = 1 << 20   // octets, uncompressed
)

// readZip lists the folders of a zip file. The standard library reads it; the layout
// is checked beside that, because a reader that goes by local headers could otherwise
// see other files than one that goes by the directory.
func readZip(data []byte) (map[string][]entry, error) {
	if len(data) > maxZip {
		return nil, errSize
	}
	headers, err := checkLayout(data)
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(archive.File) != headers {
		return nil, errZip
	}
	l := newListing()
	for _, f := range archive.File {
		err := l.addZip(f)
		if err != nil {
			return nil, err
		}
	}

	return l.folders, nil
}

// addZip takes in one entry of a zip file.
func (l *listing) addZip(f *zip.File) error {
	const encrypted = 1<<0 | 1<<6 | 1<<13
	names, err := splitPath(f.Name)
	folder := strings.HasSuffix(f.Name, "/")
	ascii := !strings.ContainsFunc(f.Name, func(r rune) bool { return r >= 0x80 })
	switch {
	case err != nil:
		return err
	case f.NonUTF8 && !ascii:
		return errPath.about(f.Name)
	case f.Flags&encrypted != 0:
		return errEncrypted.about(f.Name)
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return errMethod.about(f.Name)
	case f.UncompressedSize64 > maxEntry:
		return errSize.about(f.Name)
	case f.UncompressedSize64 > freeSize && f.UncompressedSize64/maxRatio > f.CompressedSize64:
		return errRatio.about(f.Name)
	case f.Mode().Type() != 0 && !folder || f.UncompressedSize64 > 0 && folder:
		return errNotRegular.about(f.Name)
	case folder && len(names) == 1:
		return l.addFolder(names[0])
	case folder || len(names) != 2:
		return errLevel.about(f.Name)
	}

	return l.add(names[0], entry{
		name: names[1],
		size: int64(f.UncompressedSize64),
		open: func() (io.ReadCloser, error) { return f.Open() },
	})
}

// splitPath returns the names that a path of a zip file consists of. Absolute paths,
// steps upward, drive letters and backslashes are all names that no file may have.
func splitPath(path string) ([]string, error) {
	names := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for _, name := range names {
		if checkName(name) != nil {
			return nil, errPath.about(path)
		}
	}
	return names, nil
}

// Signatures and sizes of the records of a zip file.
const (
	endSignature     = "PK\x05\x06"
	centralSignature = "PK\x01\x02"
	localSignature   = "PK\x03\x04"
	endSize          = 22
	centralSize      = 46
	localSize        = 30
)

// extent is the part of a zip file that belongs to one entry of the directory.
type extent struct {
	offset, compressed int
	flags, method      uint16
	sums               []byte // CRC-32, compressed and uncompressed size
	name               []byte
}

// checkLayout reads the directory and walks the entries, and returns how many there
// are: the end record is the end of the file, the directory is directly before it,
// the entries follow one another from the first octet without gap or overlap, and
// each local header says what the directory says.
func checkLayout(data []byte) (int, error) {
	if len(data) < endSize || string(data[len(data)-endSize:][:4]) != endSignature {
		return 0, errZip
	}
	end := data[len(data)-endSize:]
	count := int(binary.LittleEndian.Uint16(end[10:]))
	size, start := int(binary.LittleEndian.Uint32(end[12:])), int(binary.LittleEndian.Uint32(end[16:]))
	oneDisk := binary.LittleEndian.Uint32(end[4:]) == 0 && binary.LittleEndian.Uint16(end[8:]) == uint16(count)
	comment := binary.LittleEndian.Uint16(end[20:])
	if !oneDisk || comment != 0 || count == 0xFFFF || start < 0 || size < 0 || start != len(data)-endSize-size {
		return 0, errLayout
	}
	if count > maxEntries {
		return 0, errEntryCount
	}
	extents, err := readDirectory(data[start:start+size], count)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(extents, func(a, b extent) int { return a.offset - b.offset })
	at := 0
	for i, e := range extents {
		limit := start
		if i+1 < len(extents) {
			limit = extents[i+1].offset
		}
		if e.offset != at || limit > start || limit < at || !e.agrees(data[at:limit]) {
			return 0, errLayout.about(string(e.name))
		}
		at = limit
	}
	if at != start {
		return 0, errLayout
	}

	return count, nil
}

// readDirectory reads the central directory, which must fill b.
func readDirectory(b []byte, count int) ([]extent, error) {
	extents := make([]extent, 0, count)
	for range count {
		if len(b) < centralSize || string(b[:4]) != centralSignature {
			return nil, errZip
		}
		name := int(binary.LittleEndian.Uint16(b[28:]))
		extra := int(binary.LittleEndian.Uint16(b[30:]))
		comment := int(binary.LittleEndian.Uint16(b[32:]))
		whole := centralSize + name + extra + comment
		if len(b) < whole {
			return nil, errZip
		}
		e := extent{
			offset:     int(binary.LittleEndian.Uint32(b[42:])),
			compressed: int(binary.LittleEndian.Uint32(b[20:])),
			flags:      binary.LittleEndian.Uint16(b[8:]),
			method:     binary.LittleEndian.Uint16(b[10:]),
			sums:       b[16:28],
			name:       b[centralSize : centralSize+name],
		}
		if e.offset < 0 || e.compressed < 0 || ambiguous(b[centralSize+name:centralSize+name+extra]) {
			return nil, errLayout.about(string(e.name))
		}
		extents = append(extents, e)
		b = b[whole:]
	}
	if len(b) != 0 {
		return nil, errLayout
	}

	return extents, nil
}

// agrees reports whether the octets of an entry are its local header, its data and,
// where announced, a data descriptor, and whether the header repeats the directory.
func (e extent) agrees(b []byte) bool {
	if len(b) < localSize || string(b[:4]) != localSignature {
		return false
	}
	flags, method := binary.LittleEndian.Uint16(b[6:]), binary.LittleEndian.Uint16(b[8:])
	name := int(binary.LittleEndian.Uint16(b[26:]))
	extra := int(binary.LittleEndian.Uint16(b[28:]))
	header := localSize + name + extra
	if len(b) < header || flags != e.flags || method != e.method ||
		!bytes.Equal(b[localSize:localSize+name], e.name) || ambiguous(b[localSize+name:header]) {
		return false
	}
	rest := len(b) - header - e.compressed
	if e.flags&(1<<3) == 0 {
		return bytes.Equal(b[14:26], e.sums) && rest == 0
	}
	// Some writers leave the signature of the descriptor out.
	length := rest == len(e.sums) || rest == 4+len(e.sums)
	early := bytes.Equal(b[14:26], e.sums) || bytes.Equal(b[14:26], make([]byte, len(e.sums)))

	return length && early && bytes.HasSuffix(b, e.sums)
}

// ambiguous reports whether extra fields hold another size or name than the header:
// Zip64 and Unicode path.
func ambiguous(extra []byte) bool {
	const (
		zip64       = 0x0001
		unicodePath = 0x7075
	)
	for len(extra) > 0 {
		if len(extra) < 4 {
			return true
		}
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if id == zip64 || id == unicodePath || size > len(extra)-4 {
			return true
		}
		extra = extra[4+size:]
	}

	return false
}
