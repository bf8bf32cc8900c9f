package egov

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
)

// payload is the JSON body {"send_file":{"file_name":…,"file_data":…}} as a stream.
// base64 is produced while it is read, so the archive is held once, by the caller;
// after detach nothing reads it any more, and the caller may wipe it.
type payload struct {
	mu     sync.Mutex
	head   []byte
	data   []byte // what of the archive is not encoded yet
	tail   []byte
	quad   [4]byte // an encoded group that did not fit
	left   []byte  // what of quad is not read yet
	closed bool
}

// newPayload returns the body and its length in bytes.
func newPayload(fileName string, archive []byte) (*payload, int64, error) {
	name, err := json.Marshal(fileName)
	if err != nil {
		return nil, 0, fmt.Errorf("encode file name: %w", err)
	}
	p := &payload{
		head: []byte(`{"send_file":{"file_name":` + string(name) + `,"file_data":"`),
		data: archive,
		tail: []byte(`"}}`),
	}
	length := len(p.head) + base64.StdEncoding.EncodedLen(len(archive)) + len(p.tail)
	return p, int64(length), nil
}

// Read encodes straight into b.
func (p *payload) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, os.ErrClosed
	}
	n := drain(&p.head, b)
	n += drain(&p.left, b[n:])
	for len(p.data) > 0 && n < len(b) {
		n += p.encode(b[n:])
	}
	if len(p.data) == 0 && len(p.left) == 0 {
		n += drain(&p.tail, b[n:])
	}
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// encode writes as many whole groups of three octets as fit, or part of one.
func (p *payload) encode(b []byte) int {
	groups := min(len(b)/4, len(p.data)/3)
	if groups > 0 {
		base64.StdEncoding.Encode(b, p.data[:3*groups])
		p.data = p.data[3*groups:]
		return 4 * groups
	}
	group := min(3, len(p.data))
	base64.StdEncoding.Encode(p.quad[:], p.data[:group])
	p.data = p.data[group:]
	p.left = p.quad[:]
	return drain(&p.left, b)
}

func drain(from *[]byte, to []byte) int {
	n := copy(to, *from)
	*from = (*from)[n:]
	return n
}

// Close ends the stream and lets go of the archive.
func (p *payload) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.data, p.left = nil, nil
	clear(p.quad[:])
	return nil
}
