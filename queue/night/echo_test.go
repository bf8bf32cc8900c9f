package night_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"todoke/database/sqlite"
	"todoke/egov/wire"
	"todoke/queue"
)

// written are the forms in which somebody might write a number.
func written(digits string) map[string]string {
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, digits)
	four := func(s, separator string) string {
		r := []rune(s)
		return string(r[:4]) + separator + string(r[4:8]) + separator + string(r[8:])
	}
	return map[string]string{
		"plain": digits, "glued": "0" + digits + "9", "hyphens": four(digits, "-"), "blanks": four(digits, " "),
		"full width": wide, "full-width hyphens": four(wide, "－"), "full-width blanks": four(wide, "　"), "dots": four(digits, "."),
	}
}

// escaped writes every character of a text as JSON may write it.
func escaped(text string) string {
	var out strings.Builder
	for _, r := range text {
		fmt.Fprintf(&out, `\u%04x`, r)
	}
	return out.String()
}

// traces reports any form of the number in any file of the office and in the
// program's log.
func (w *world) traces(digits string) {
	w.t.Helper()
	for _, place := range w.search(digits) {
		w.t.Errorf("the number is in %s", place)
	}
}

func (w *world) search(digits string) []string {
	w.t.Helper()
	for _, db := range w.databases {
		w.must(sqlite.Checkpoint(w.ctx, db))
	}
	texts := map[string]string{"log": w.log.String()}
	err := filepath.WalkDir(w.path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		texts[filepath.Base(path)] = string(data)
		return err
	})
	w.must(err)
	var found []string
	for where, text := range texts {
		for how, form := range written(digits) {
			if how == "glued" {
				continue // it holds the plain one
			}
			for _, needle := range []string{form, escaped(form), strings.Trim(fmt.Sprintf("%q", form), `"`)} {
				if strings.Contains(text, needle) {
					found = append(found, where+", "+how)
				}
			}
		}
	}
	return found
}

// echo answers the first submission with a status and a body made of the text.
func (w *world) echo(status int, body func(fileName string) string) {
	done := false
	w.egov.answer(func(rw http.ResponseWriter, _ *http.Request, submission []byte) bool {
		if submission == nil || done {
			return false
		}
		done = true
		var request wire.BulkRequest
		_ = json.Unmarshal(submission, &request)
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		_, _ = fmt.Fprint(rw, body(request.SendFile.FileName))
		return true
	})
}

// TestNumbersInAnswersAreMasked lets e-Gov repeat the number that it was sent, in
// answers that are understood and in some that are not.
func TestNumbersInAnswersAreMasked(t *testing.T) {
	t.Parallel()
	const filler = 590 // characters, so that a cut would go through the number
	for name, c := range map[string]struct {
		status int
		body   func(text, fileName string) string
	}{
		"400 in every member": {400, func(text, _ string) string {
			return fmt.Sprintf(`{"title":"%[1]s","detail":"%[1]s","type":"%[1]s","instance":"%[1]s","error_count":1,
				"error":[{"errorFolder":"%[2]s","errorFile":"%[1]s","content":"個人番号 %[1]s が不正です。"}]}`, text, pensionGain)
		}},
		"400 that names nobody": {400, func(text, _ string) string {
			return fmt.Sprintf(`{"title":"Bad Request","detail":"%s%s","type":"","instance":"","error_count":1}`, strings.Repeat("あ", filler), text)
		}},
		"400 escaped": {400, func(text, _ string) string {
			return fmt.Sprintf(`{"title":"%[1]s","detail":"%[1]s","error_count":1,"error":[{"errorFolder":"%[2]s","errorFile":"-","content":"%[1]s"}]}`,
				escaped(text), pensionGain)
		}},
		"500 as e-Gov words it": {500, func(text, _ string) string {
			return fmt.Sprintf(`{"title":"%[1]s","detail":"%[1]s","type":"-","instance":"-","error_count":1}`, text)
		}},
		"500 of a gateway": {500, func(text, _ string) string { return "<html>" + text + strings.Repeat("x", filler) + text + "</html>" }},
		"413":              {413, func(text, _ string) string { return `{"title":"` + text + `"}` }},
		"202 that does not parse": {202, func(text, _ string) string {
			return `{"metadata":{"title":"` + text + `"},"results":{"send_number":"` + text + `"}}`
		}},
		"202 with it in texts": {202, func(text, fileName string) string {
			return fmt.Sprintf(`{"metadata":{"title":"%[1]s"},"results":{"send_number":"202607012200009999","send_date":"%[1]s","file_name":"%[2]s","apply_count":1}}`,
				text, fileName)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			id := w.queued(0, pensionGain)
			text := strings.Join(slices.Collect(maps.Values(written(number(0)))), "、")
			w.echo(c.status, func(fileName string) string { return c.body(text, fileName) })
			_, err := w.run()
			if err != nil && strings.Contains(err.Error(), number(0)) {
				t.Error("the error holds the number")
			}
			w.traces(number(0))
			if f := w.filing(id); c.status == 400 && (f.State != queue.Refused || len(f.Findings) == 0 || !strings.Contains(f.Findings[0].Content, "●●●●●●●●●●●●")) {
				t.Errorf("the findings %+v do not show where it was", f.Findings)
			}
		})
	}
}

// TestNumbersInReportsAreMasked: the report comes when the number is long wiped.
func TestNumbersInReportsAreMasked(t *testing.T) {
	t.Parallel()
	forms := written(number(0))
	delete(forms, "glued") // nobody can tell it from other digits any more
	text := strings.Join(slices.Collect(maps.Values(forms)), "、")
	for name, change := range map[string]func(r *wire.BulkReport, text string){
		"findings": func(r *wire.BulkReport, text string) {
			row := wire.ReportRow{FormName: text, AttachedFileName: text, FileName: text, Item: text, Content: text, Detail: "詳細 " + text}
			r.ArriveCount, r.ErrorCount = 0, 1
			r.Result = []wire.FolderReport{{ArriveID: "-", ArriveDate: "-", ProcName: text, FolderName: pensionGain, ReportList: []wire.ReportRow{row}}}
		},
		"findings that are cut": func(r *wire.BulkReport, text string) {
			row := wire.ReportRow{FormName: "-", Item: "-", FileName: "-", Content: strings.Repeat("あ", 994) + number(0)}
			r.ArriveCount, r.ErrorCount = 0, 1
			r.Result = []wire.FolderReport{{ArriveID: "-", FolderName: pensionGain, ReportList: []wire.ReportRow{row}}}
		},
		"dates": func(r *wire.BulkReport, text string) {
			r.SendDate = text
			for i := range r.Result {
				r.Result[i].ArriveDate, r.Result[i].ProcName = text, text
			}
		},
		"another bulk's name": func(r *wire.BulkReport, text string) { r.FileName = text + ".zip" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, nil)
			w.queued(0, pensionGain)
			w.egov.Script(on("bulk-apply", "drop-answer"))
			w.rewriteReport(func(r *wire.BulkReport) { change(r, text) })
			_, err := w.run()
			w.must(err)
			w.traces(number(0))
		})
	}
}

// TestTheSearchForTracesCanFail plants a number where it must be found.
func TestTheSearchForTracesCanFail(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	w.queued(0, pensionGain)
	for how, text := range written(number(0)) {
		w.exec("UPDATE filings SET findings = ?", text)
		if len(w.search(number(0))) == 0 {
			t.Errorf("a number was not found (%s)", how)
		}
	}
}
