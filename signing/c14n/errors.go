package c14n

import (
	"errors"
	"fmt"
)

// What Parse refuses. They come wrapped in an *Error that says where.
var (
	ErrBytes      = errors.New("document is longer than the limit")
	ErrDepth      = errors.New("elements are nested deeper than the limit")
	ErrNodes      = errors.New("document has more nodes than the limit")
	ErrAttributes = errors.New("element has more attributes than the limit")
	ErrNamespaces = errors.New("more namespace declarations are in scope than the limit")

	ErrDocumentType = errors.New("document type declarations are not accepted")
	ErrEncoding     = errors.New("only XML 1.0 in UTF-8 is accepted")
	ErrEntity       = errors.New("reference to an entity that is not predefined")
	ErrCharacter    = errors.New("character is not allowed in XML")
	ErrDuplicate    = errors.New("attribute occurs twice")
	ErrPrefix       = errors.New("namespace prefix is not bound")
	ErrNamespace    = errors.New("namespace declaration is not allowed")
	ErrSyntax       = errors.New("not well-formed")
)

// Error says why and where a document was refused. It never quotes the document.
type Error struct {
	Offset int    // octets from the start of the source
	Err    error  // one of the Err values of this package
	Detail string // what was expected, may be empty
}

// Error implements error.
func (e *Error) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("c14n: octet %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("c14n: octet %d: %v: %s", e.Offset, e.Err, e.Detail)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }
