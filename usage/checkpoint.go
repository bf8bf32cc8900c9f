package usage

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// SignedHead is a checkpoint: a signed statement of what a log was at a time.
type SignedHead struct {
	Office string
	Log    string
	Size   int64
	Root   tlog.Hash
	Time   time.Time
	// Listed holds the heads of all client logs, by log; only the nightly
	// checkpoint of the office log has any. It is for the office's own eyes: a
	// client is never shown another client's head.
	Listed map[string]Anchor
	Note   []byte // the signed note, to be stored, printed and handed out as it is
}

// Anchor is a size and root of a log that somebody else has kept.
type Anchor struct {
	Size int64
	Root tlog.Hash
}

// GenerateKey makes an Ed25519 key pair for signing checkpoints. The name appears
// in each signature; it may hold neither blanks nor "+". The signer is a secret
// that the caller seals; the verifier is for everybody who is to check.
func GenerateKey(name string) (signer, verifier string, err error) {
	if !isID(name) {
		return "", "", fmt.Errorf("generate checkpoint key: the name %q is not valid", name)
	}
	return note.GenerateKey(rand.Reader, name)
}

func verifierList(keys []string) (note.Verifiers, error) {
	verifiers := make([]note.Verifier, len(keys))
	for i, key := range keys {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, fmt.Errorf("read verifier key %d: %w", i+1, err)
		}
		verifiers[i] = v
	}
	return note.VerifierList(verifiers...), nil
}

const (
	originPrefix = "todoke usage log "
	timePrefix   = "time "
	listPrefix   = "log "
	maxNote      = 16 << 20 // a nightly checkpoint of a hundred thousand clients
)

// text is what is signed, in the form of c2sp.org/tlog-checkpoint: origin, size,
// root, then extension lines: the time, and one line for each listed log.
func (c SignedHead) text(listing string) string {
	return fmt.Sprintf("%s%s/%s\n%d\n%s\n%s%s\n%s", originPrefix, c.Office, c.Log, c.Size, c.Root,
		timePrefix, c.Time.UTC().Format(time.RFC3339), listing)
}

// OpenCheckpoint verifies a signed note with the keys and reads it. It returns
// ErrSignature when it is malformed or none of the keys signed it.
func OpenCheckpoint(signed []byte, verifierKeys ...string) (SignedHead, error) {
	verifiers, err := verifierList(verifierKeys)
	if err != nil {
		return SignedHead{}, err
	}
	return openNote(signed, verifiers)
}

func openNote(signed []byte, verifiers note.Verifiers) (SignedHead, error) {
	if len(signed) > maxNote {
		return SignedHead{}, fmt.Errorf("open checkpoint: too long: %w", ErrSignature)
	}
	opened, err := note.Open(signed, verifiers)
	if err != nil {
		return SignedHead{}, fmt.Errorf("open checkpoint: %w: %w", ErrSignature, err)
	}
	head, err := parseHead(opened.Text)
	head.Note = signed
	return head, err
}

// parseHead reads what text writes, and nothing else.
func parseHead(text string) (SignedHead, error) {
	malformed := fmt.Errorf("read checkpoint: malformed: %w", ErrSignature)
	lines := strings.SplitN(text, "\n", 5)
	if len(lines) != 5 {
		return SignedHead{}, malformed
	}
	origin, ours := strings.CutPrefix(lines[0], originPrefix)
	office, log, split := strings.Cut(origin, "/")
	at, timed := strings.CutPrefix(lines[3], timePrefix)
	if !ours || !split || !timed {
		return SignedHead{}, malformed
	}
	anchor, ok := parseAnchor(lines[1], lines[2])
	when, err := time.Parse(time.RFC3339, at)
	if !ok || err != nil || !isID(office) || !isID(log) {
		return SignedHead{}, malformed
	}
	head := SignedHead{Office: office, Log: log, Size: anchor.Size, Root: anchor.Root, Time: when.UTC()}
	for line := range strings.Lines(lines[4]) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(fields) != 4 || fields[0]+" " != listPrefix || !isID(fields[1]) {
			return SignedHead{}, malformed
		}
		listed, ok := parseAnchor(fields[2], fields[3])
		if !ok {
			return SignedHead{}, malformed
		}
		if head.Listed == nil {
			head.Listed = make(map[string]Anchor)
		}
		head.Listed[fields[1]] = listed
	}
	if head.text(lines[4]) != text {
		return SignedHead{}, malformed
	}
	return head, nil
}

func parseAnchor(size, root string) (Anchor, bool) {
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || n < 0 {
		return Anchor{}, false
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(root)
	if err != nil || len(hash) != tlog.HashSize {
		return Anchor{}, false
	}
	return Anchor{Size: n, Root: tlog.Hash(hash)}, true
}

// Checkpoint signs where a log stands and keeps the signed note.
// Errors: ErrUnknownLog, ErrNoSigner, ErrInconsistent.
func (s *Store) Checkpoint(ctx context.Context, log string) (SignedHead, error) {
	var signed SignedHead
	err := s.db.InTx(ctx, func(tx *sqlx.Tx) error {
		var err error
		signed, err = s.sign(ctx, tx, log, "")
		return err
	})
	if err != nil {
		return SignedHead{}, fmt.Errorf("sign checkpoint of log %s: %w", log, err)
	}
	return signed, nil
}

// sign is the one place that signs. The log must agree with its own hashes and
// must extend the checkpoint before: c2sp.org/tlog-checkpoint forbids signing two
// that do not extend one another, and the office's key must not vouch for a
// history that was altered behind its back.
func (s *Store) sign(ctx context.Context, tx *sqlx.Tx, log, listing string) (SignedHead, error) {
	if s.signer == nil {
		return SignedHead{}, ErrNoSigner
	}
	h, err := readHead(ctx, tx, log)
	if err != nil {
		return SignedHead{}, err
	}
	reader := &hashes{ctx: ctx, q: tx, log: log}
	root, err := checkHead(h, reader)
	if err != nil {
		return SignedHead{}, err
	}
	err = s.extendsLast(ctx, tx, h, reader)
	if err != nil {
		return SignedHead{}, err
	}
	signed := SignedHead{Office: s.office, Log: log, Size: h.Size, Root: root, Time: s.now().UTC().Truncate(time.Second)}
	signed.Note, err = note.Sign(&note.Note{Text: signed.text(listing)}, s.signer)
	if err != nil {
		return SignedHead{}, err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO usage_checkpoints (log, note) VALUES (?, ?)", log, signed.Note)
	if err != nil {
		return SignedHead{}, fmt.Errorf("store checkpoint: %w", err)
	}
	return signed, nil
}

func (s *Store) extendsLast(ctx context.Context, tx *sqlx.Tx, h head, reader tlog.HashReader) error {
	var notes [][]byte
	err := tx.SelectContext(ctx, &notes, "SELECT note FROM usage_checkpoints WHERE log = ? ORDER BY id DESC LIMIT 1", h.Log)
	if err != nil {
		return fmt.Errorf("read last checkpoint: %w", err)
	}
	if len(notes) == 0 {
		return nil
	}
	// The signature is left to Verify: the last one may be by a retired key.
	text, _, _ := strings.Cut(string(notes[0]), "\n\n")
	last, err := parseHead(text + "\n")
	if err != nil || last.Log != h.Log || last.Size > h.Size {
		return fmt.Errorf("log %s does not extend its last checkpoint: %w", h.Log, ErrInconsistent)
	}
	root, err := tlog.TreeHash(last.Size, reader)
	if err != nil {
		return err
	}
	if root != last.Root {
		return fmt.Errorf("log %s does not extend its last checkpoint: %w", h.Log, ErrInconsistent)
	}
	return nil
}
