package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"todoke/vault"
)

// maxNumberBody holds {"number":"…"} with generous blanks.
const maxNumberBody = 256

// numberStatus is all that can be asked about a number.
type numberStatus struct {
	Registered   bool   `json:"registered"`
	RegisteredAt string `json:"registered_at,omitempty"`
}

// putNumber takes a person's number into custody. The digits exist here in one buffer
// and one vault.Number; both are wiped whatever happens.
func (s *Server) putNumber(c *gin.Context, who caller) error {
	person, err := s.person(c, who)
	if err != nil {
		return err
	}
	// A fingerprint of this body would give the number away.
	if len(c.Request.Header.Values(headerIdempotency)) > 0 {
		return errUnexpectedKey
	}
	err = requireJSON(c.Request.Header)
	if err != nil {
		return err
	}
	buffer := make([]byte, maxNumberBody+1)
	defer clear(buffer)
	n, err := readNumber(c.Request.Body, buffer)
	if err != nil {
		return err
	}
	defer n.Wipe()
	err = s.desk.PutNumber(c.Request.Context(), who.person, person.ID, n)
	if err != nil {
		return err
	}
	c.Writer.WriteHeader(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}

// readNumber reads the whole body into the buffer and takes the number out of it
// without another copy. Errors: errBodyTooLarge, errNumberBody, vault's.
func readNumber(body io.Reader, buffer []byte) (*vault.Number, error) {
	size := 0
	for {
		n, err := body.Read(buffer[size:])
		size += n
		if size == len(buffer) {
			return nil, errBodyTooLarge
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errNumberBody // the cause stays here: it may hold bytes of the body
		}
	}
	text, err := numberText(buffer[:size])
	if err != nil {
		return nil, err
	}
	return vault.ParseNumber(text)
}

// numberText returns the part of the body between the quotes of the value. The body
// is exactly {"number":"…"} with blanks between the tokens; escapes are refused, as
// no digit needs one. It does not use encoding/json, whose decoder copies the text
// and quotes it in its errors.
func numberText(raw []byte) ([]byte, error) {
	rest := raw
	for _, token := range []string{"{", `"number"`, ":", `"`} {
		var found bool
		rest, found = bytes.CutPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(token))
		if !found {
			return nil, errNumberBody
		}
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 || bytes.ContainsFunc(rest[:end], neverInNumber) {
		return nil, errNumberBody
	}
	if string(bytes.Trim(rest[end+1:], " \t\r\n")) != "}" { // compared in place, not copied
		return nil, errNumberBody
	}
	return rest[:end], nil
}

// neverInNumber are the characters that JSON lets stand in no text, and the escape.
func neverInNumber(r rune) bool { return r < ' ' || r == '\\' }

// showNumber tells whether the vault has a number, and since when. Nothing tells more.
func (s *Server) showNumber(c *gin.Context, who caller) error {
	person, err := s.person(c, who)
	if err != nil {
		return err
	}
	_, err = s.desk.Vault.RefFor(c.Request.Context(), person.CompanyID, person.Subject)
	registered := err == nil
	if err != nil && !errors.Is(err, vault.ErrUnknownReference) {
		return err
	}
	status := numberStatus{Registered: registered}
	if registered {
		status.RegisteredAt = instant(person.NumberRegisteredAt)
	}
	s.reply(c, status)
	return nil
}
