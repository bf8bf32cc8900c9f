package sim

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"todoke/egov/sim/fault"
	"todoke/egov/sim/inspect"
	"todoke/egov/wire"
)

const datetime = "2006-01-02 15:04:05"

// bulkApply answers POST /bulk-apply.
func (s *Server) bulkApply(w http.ResponseWriter, c *call) {
	kind, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || c.URL.RawQuery != "" {
		s.problem(w, c, http.StatusBadRequest, "リクエストの形式が正しくありません。")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, c.Body, s.config.MaxBody))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		s.problem(w, c, http.StatusRequestEntityTooLarge, "送信データのサイズが上限を超えています。")
		return
	}
	if err != nil {
		s.problem(w, c, http.StatusBadRequest, "リクエストを最後まで受信することができません。")
		return
	}
	file, problem := decodeBulk(body)
	if problem != "" {
		s.problem(w, c, http.StatusBadRequest, problem)
		return
	}
	archive, problem := checkFile(file)
	if problem != "" {
		s.problem(w, c, http.StatusBadRequest, problem)
		return
	}
	folders, errs := inspect.Open(archive)
	if len(errs) > 0 {
		s.bulkProblem(w, c, "送信データを開くことができません。", errs)
		return
	}
	entry, err := s.accept(c, file.FileName, archive, len(folders))
	if err != nil {
		s.problem(w, c, http.StatusInternalServerError, "送信データを登録することができません。")
		return
	}
	writeJSON(w, http.StatusAccepted, wire.BulkResponse{
		Metadata: metadata(c),
		Results: wire.BulkResult{
			SendNumber: entry.sendNumber, SendDate: entry.sentAt.Format(datetime),
			FileName: entry.fileName, ApplyCount: entry.applyCount,
		},
		Links: wire.Links{
			"self":   base(c) + apiPrefix + "/bulk-apply",
			"list":   base(c) + apiPrefix + "/apply/lists?send_number=" + entry.sendNumber,
			"report": base(c) + apiPrefix + "/apply/report?send_number=" + entry.sendNumber,
		},
	})
}

// checkFile checks a send_file and decodes its zip.
func checkFile(f wire.File) ([]byte, string) {
	n := utf8.RuneCountInString(f.FileName)
	bad := strings.ContainsFunc(f.FileName, func(r rune) bool {
		return unicode.IsControl(r) || r == utf8.RuneError || r == '/' || r == '\\'
	})
	if n < len("a.zip") || n > 256 || bad || !strings.HasSuffix(strings.ToLower(f.FileName), ".zip") {
		return nil, "send_file.file_nameが正しくありません。"
	}
	if strings.ContainsAny(f.FileData, "\r\n") {
		return nil, "send_file.file_dataが正しくありません。"
	}
	archive, err := base64.StdEncoding.Strict().DecodeString(f.FileData)
	if err != nil || len(archive) == 0 {
		return nil, "send_file.file_dataが正しくありません。"
	}
	return archive, ""
}

// accept numbers a bulk, records it when that is asked for, and enters it. A
// trial gets a number and leaves nothing behind.
func (s *Server) accept(c *call, fileName string, archive []byte, folders int) (*bulk, error) {
	now := s.now()
	s.mu.Lock()
	number := s.books.nextSendNumber(now)
	s.mu.Unlock()
	entry := &bulk{
		sendNumber: number, fileName: fileName, account: c.account,
		sentAt: now, due: now.Add(max(s.config.IngestDelay, 0)), applyCount: folders, raw: archive,
	}
	if c.trial {
		return entry, nil
	}
	if s.config.RecordDir != "" {
		err := record(s.config.RecordDir, number+".zip", archive)
		if err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hide(entry)
	s.books.addBulk(entry)
	return entry, nil
}

// hide applies a Hide fault to a bulk.
func (s *Server) hide(entry *bulk) {
	rule, hit := s.script.Load().Bulk()
	if !hit || rule.Effect != fault.Hide {
		return
	}
	s.books.hidden++
	entry.hiddenQueries = rule.Queries
	if rule.Delay > 0 {
		entry.hiddenUntil = entry.sentAt.Add(rule.Delay)
	}
}

// visible tells whether a listing shows a bulk, and uses up one hidden query.
func (b *bulk) visible(now time.Time) bool {
	if b.hiddenQueries > 0 {
		b.hiddenQueries--
		return false
	}
	return !now.Before(b.hiddenUntil)
}

// record writes a zip durably: when it returns nil the file survives a crash.
func record(dir, name string, data []byte) error {
	f, err := os.CreateTemp(dir, ".sim-*")
	if err != nil {
		return fmt.Errorf("record bulk: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return fmt.Errorf("record bulk: %w", errors.Join(err, os.Remove(f.Name())))
	}
	d, err := os.Open(dir) //nolint:gosec // the directory that --record names
	if err != nil {
		return fmt.Errorf("record bulk: %w", err)
	}
	err = errors.Join(d.Sync(), d.Close())
	if err != nil {
		return fmt.Errorf("record bulk: %w", err)
	}
	return nil
}
