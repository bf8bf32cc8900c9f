package desk_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"todoke/queue/desk"
	"todoke/vault"
)

const header = "company_code,person_code,my_number\n"

func TestImportNumbers(t *testing.T) {
	t.Parallel()
	digits := number(7)
	for name, text := range map[string]string{
		"plain":          header + "A,0003," + digits + "\nB,0001," + number(8) + "\n",
		"with a BOM":     "\ufeff" + header + "A,0003," + digits + "\r\nB,0001," + number(8) + "\r\n",
		"quoted, spaced": header + "\" A \",\" 0003 \",\"" + digits[:4] + " " + digits[4:8] + "-" + digits[8:] + "\"\nB,0001," + number(8),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			n, err := w.desk.ImportNumbers(w.ctx, staff, strings.NewReader(text))
			if n != 2 || err != nil {
				t.Fatalf("ImportNumbers = %d, %v; want 2", n, err)
			}
			for _, p := range []struct{ company, subject string }{{w.a.ID, w.three.Subject}, {w.b.ID, w.other.Subject}} {
				_, err = w.desk.Vault.RefFor(w.ctx, p.company, p.subject)
				w.must(err)
			}
			// Importing again is harmless: the same people have a number all the same.
			n, err = w.desk.ImportNumbers(w.ctx, staff, strings.NewReader(text))
			if n != 2 || err != nil {
				t.Errorf("the second time: %d, %v", n, err)
			}
		})
	}
}

// TestImportTellsEverything: all mistakes of a file at once, by row and column, and
// nothing of the file is taken.
func TestImportTellsEverything(t *testing.T) {
	t.Parallel()
	w := setup(t)
	digits := number(7)
	wrong := digits[:11] + string('0'+(digits[11]-'0'+1)%10)
	before := w.entries(w.a.ID)
	n, err := w.desk.ImportNumbers(w.ctx, staff, strings.NewReader(header+
		"A,0003,"+digits+"\n"+ // good
		"A,9999,"+number(8)+"\n"+ // nobody
		"Z,0001,"+number(9)+"\n"+ // no such company
		"A,0001,"+wrong+"\n"+ // check digit
		"A,0002,"+digits[:11]+"\n"+ // too short
		"B,0001,"+digits[:6]+"x"+digits[6:]+"\n"+ // a letter
		"A,0003,"+number(10)+"\n"+ // the first person again
		"A,0002\n"+ // a column missing
		digits+",0001,\n")) // a number in the wrong column
	var file *desk.NumberFileError
	if n != 0 || !errors.As(err, &file) {
		t.Fatalf("ImportNumbers = %d, %v; want a *NumberFileError", n, err)
	}
	for _, words := range []string{
		"3行目 person_code", "4行目 company_code", "5行目 my_number: " + vault.ErrCheckDigit.Error(), "6行目 my_number: " + vault.ErrNumberLength.Error(),
		"7行目 my_number: " + vault.ErrNumberCharacter.Error(), "8行目 person_code: 2行目と同じ人です", "9行目 列が2あります", "10行目 company_code", "10行目 my_number",
	} {
		if !strings.Contains(file.Error(), words) {
			t.Errorf("%q is not told in:\n%v", words, file)
		}
	}
	for _, secret := range []string{digits, wrong, digits[:11], number(8), number(9), number(10), digits[:6] + "x"} {
		w.silent(err, secret)
	}
	if diff := cmp.Diff(before, w.entries(w.a.ID)); diff != "" {
		t.Errorf("the log changed:\n%s", diff)
	}
	_, err = w.desk.Vault.RefFor(w.ctx, w.a.ID, w.three.Subject)
	if !errors.Is(err, vault.ErrUnknownReference) {
		t.Errorf("the good row was taken: %v", err)
	}
}

func TestImportRefusesFilesThatAreNone(t *testing.T) {
	t.Parallel()
	digits := number(7)
	many := func() io.Reader {
		return io.MultiReader(strings.NewReader(header), strings.NewReader(strings.Repeat("A,0003,"+digits+"\n", 5000)))
	}
	for name, in := range map[string]io.Reader{
		"empty":                strings.NewReader(""),
		"another header":       strings.NewReader("person_code,company_code,my_number\nA,0003," + digits + "\n"),
		"no header":            strings.NewReader("A,0003," + digits + "\n"),
		"UTF-16":               strings.NewReader("\xff\xfec\x00o\x00m\x00"),
		"a stray quote":        strings.NewReader(header + "A,0003,\"" + digits + "\n"),
		"a quote in the cell":  strings.NewReader(header + "A,0003," + digits[:5] + "\"" + digits[5:] + "\n"),
		"too many mistakes":    many(),
		"too large":            io.MultiReader(strings.NewReader(header+"A,0003,"), &endless{}),
		"a disk that fails":    io.MultiReader(strings.NewReader(header+"A,0003,"+digits+"\n"), iotest.ErrReader(errors.New("read error"))),
		"binary with a number": strings.NewReader("\x00\x01" + digits + "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			n, err := w.desk.ImportNumbers(w.ctx, staff, in)
			var file *desk.NumberFileError
			if n != 0 || !errors.As(err, &file) || len(file.Problems) == 0 {
				t.Fatalf("ImportNumbers = %d, %v; want a *NumberFileError", n, err)
			}
			w.silent(err, digits)
			_, err = w.desk.Vault.RefFor(w.ctx, w.a.ID, w.three.Subject)
			if !errors.Is(err, vault.ErrUnknownReference) {
				t.Errorf("a row was taken: %v", err)
			}
		})
	}
}

// endless is a cell without end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	const most = 32 << 20
	for i := range p {
		p[i] = '1'
	}
	e.read += len(p)
	if e.read > most {
		return 0, fmt.Errorf("read %d bytes, far beyond the limit", e.read)
	}
	return len(p), nil
}
