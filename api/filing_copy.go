package api

import (
	"encoding/base64"
	"errors"
	"net/http"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"todoke/queue"
	"todoke/queue/desk"
)

// copyView is the masked copy of a filing: its files as they were packed, without
// signature, numbers masked.
type copyView struct {
	FilingID string     `json:"filing_id"`
	Files    []copyFile `json:"files"`
}

// copyFile is one file. Encoding is utf-8 for text as it is, base64 for anything else.
type copyFile struct {
	Name     string `json:"name"`
	Encoding string `json:"encoding"`
	Content  string `json:"content"`
}

// maskedCopy answers with the 控え of what was sent last, numbers masked.
func (s *Server) maskedCopy(c *gin.Context, who caller) error {
	f, err := s.filing(c, who)
	if err != nil {
		return err
	}
	files, err := s.desk.MaskedCopy(c.Request.Context(), who.person, f.ID)
	if errors.Is(err, queue.ErrNotFound) {
		return errNoCopy
	}
	if err != nil {
		return err
	}
	view := copyView{FilingID: f.ID, Files: make([]copyFile, len(files))}
	for i, file := range files {
		view.Files[i] = copyFile{Name: file.Name, Encoding: "utf-8", Content: string(file.Data)}
		if !utf8.Valid(file.Data) {
			view.Files[i].Encoding, view.Files[i].Content = "base64", base64.StdEncoding.EncodeToString(file.Data)
		}
	}
	s.reply(c, view)
	return nil
}

// previewFiling answers with the filing as it would look, as a page to read: numbers
// masked. A filing with errors has no preview, only its errors.
func (s *Server) previewFiling(c *gin.Context, who caller) error {
	before, err := s.filing(c, who)
	if err != nil {
		return err
	}
	checked, err := s.desk.Check(c.Request.Context(), before.ID)
	if err != nil {
		return err
	}
	if checked.Filled == nil {
		return &desk.InvalidError{Findings: checked.Findings}
	}
	page, err := checked.Filled.MaskedHTML(s.now())
	if err != nil {
		return err
	}
	// The page has its own style and nothing else.
	c.Writer.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	write(c, http.StatusOK, "text/html; charset=utf-8", page)
	return nil
}
