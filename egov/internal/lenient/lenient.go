// Package lenient reads e-Gov's JSON into Go structs without stumbling over what
// the service is known to do: members nobody documented, optional members that
// are missing, null, "", "-" or "NULL", numbers written as strings, and a single
// object where a list is meant, or the other way round.
//
// It does not decide which members an answer must have; each operation checks
// that itself on the decoded value.
//
// What always holds: a text member is kept to the letter, whatever it says; a
// number or flag that cannot be read becomes zero; a list or object that is
// something else is an error, because an empty list would read as "there is
// nothing"; the number of list elements is bounded; no error quotes a value.
package lenient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// maxElements bounds all list elements of one document together. The largest
// honest answer is a page of 30 bulks with at most 9999 folders between them and
// a few findings each.
const maxElements = 250_000

// Error says where a document could not be read, and why; it quotes no value.
type Error struct {
	Path   string // e.g. "results.apply_list[3].no"; empty for the document
	Reason string
}

func (e *Error) Error() string {
	if e.Path == "" {
		return e.Reason
	}
	return e.Path + ": " + e.Reason
}

// Absent reports whether a text is one of e-Gov's ways to say that a member does
// not apply: "", "-" or "NULL".
func Absent(s string) bool {
	return s == "" || s == "-" || s == "NULL"
}

// Decode reads the one JSON document in data into the struct dst points to,
// matching members by their json tag, exactly. Fields of kind struct, slice of
// structs or of strings, pointer to struct, map of strings, string, int, int64
// and bool are understood. Errors are *Error.
func Decode(data []byte, dst any) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("decode into %T: want a pointer to a struct", dst)
	}
	if !json.Valid(data) {
		return &Error{Reason: "not one complete JSON document"}
	}
	d := decoder{json: json.NewDecoder(bytes.NewReader(data))}
	d.json.UseNumber()
	token, err := d.json.Token()
	if err != nil {
		return &Error{Reason: "not JSON"}
	}
	if token != json.Delim('{') {
		return &Error{Reason: "not a JSON object"}
	}
	err = d.object(v.Elem())
	if err != nil {
		return err
	}
	_, err = d.json.Token()
	if !errors.Is(err, io.EOF) {
		return &Error{Reason: "data after the JSON document"}
	}
	return nil
}

type decoder struct {
	json     *json.Decoder
	elements int
}

func (d *decoder) next() (json.Token, error) {
	token, err := d.json.Token()
	if err != nil {
		return nil, &Error{Reason: "not JSON"}
	}
	return token, nil
}

// object reads members up to the closing brace; the opening one is consumed.
func (d *decoder) object(v reflect.Value) error {
	for d.json.More() {
		token, err := d.next()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		field, known := member(v, name)
		if !known {
			err = d.skip()
		} else {
			err = at(name, d.value(field))
		}
		if err != nil {
			return err
		}
	}
	_, err := d.next()
	return err
}

// member finds the field of struct v, embedded structs included, whose json tag
// is name.
func member(v reflect.Value, name string) (reflect.Value, bool) {
	known, cached := shapes.Load(v.Type())
	if !cached {
		fields := map[string][]int{}
		collect(v.Type(), nil, fields)
		known, _ = shapes.LoadOrStore(v.Type(), fields)
	}
	index, ok := known.(map[string][]int)[name]
	if !ok {
		return reflect.Value{}, false
	}
	return v.FieldByIndex(index), true
}

// shapes holds, per struct type, where the field of each json tag is. Its size is
// the number of types that are decoded into.
var shapes sync.Map

func collect(t reflect.Type, at []int, fields map[string][]int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(at), i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			collect(f.Type, index, fields)
			continue
		}
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && tag != "" && tag != "-" {
			fields[tag] = index
		}
	}
}

func (d *decoder) value(v reflect.Value) error {
	token, err := d.next()
	if err != nil {
		return err
	}
	v.SetZero() // of a member given twice, the last counts
	switch token {
	case json.Delim('{'):
		return d.braced(v)
	case json.Delim('['):
		return d.bracketed(v)
	}
	return scalar(v, token)
}

// braced reads an object, its brace consumed, into whatever v is.
func (d *decoder) braced(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Struct:
		return d.object(v)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.braced(v.Elem())
	case reflect.Map:
		return d.texts(v)
	case reflect.Slice: // a single object where a list is meant
		element := reflect.New(v.Type().Elem()).Elem()
		err := d.braced(element)
		if err != nil {
			return err
		}
		v.Set(reflect.Append(v, element))
		return nil
	default:
		if d.json.More() {
			return &Error{Reason: "an object where a plain value is meant"}
		}
		_, err := d.next()
		return err
	}
}

// texts reads an object into a map of strings.
func (d *decoder) texts(v reflect.Value) error {
	v.Set(reflect.MakeMap(v.Type()))
	for d.json.More() {
		token, err := d.next()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		err = d.count()
		if err != nil {
			return err
		}
		text := reflect.New(v.Type().Elem()).Elem()
		err = d.value(text)
		if err != nil {
			return at("*", err)
		}
		v.SetMapIndex(reflect.ValueOf(name), text)
	}
	_, err := d.next()
	return err
}

// bracketed reads a list, its bracket consumed, into whatever v is.
func (d *decoder) bracketed(v reflect.Value) error {
	if v.Kind() == reflect.Slice {
		return d.list(v)
	}
	if d.json.More() { // one element may stand for itself
		err := d.value(v)
		if err != nil {
			return err
		}
	}
	if d.json.More() {
		return &Error{Reason: "a list where one value is meant"}
	}
	_, err := d.next()
	return err
}

func (d *decoder) list(v reflect.Value) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for i := 0; d.json.More(); i++ {
		err := d.count()
		if err != nil {
			return err
		}
		v.Grow(1)
		v.SetLen(i + 1)
		err = d.value(v.Index(i))
		if err != nil {
			return at("["+strconv.Itoa(i)+"]", err)
		}
	}
	_, err := d.next()
	return err
}

func (d *decoder) count() error {
	d.elements++
	if d.elements > maxElements {
		return &Error{Reason: "too many elements"}
	}
	return nil
}

// skip reads over one value of any depth.
func (d *decoder) skip() error {
	depth := 0
	for {
		token, err := d.next()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// at prepends a step to the path of an error on its way up.
func at(step string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	switch {
	case e.Path == "":
		e.Path = step
	case e.Path[0] == '[':
		e.Path = step + e.Path
	default:
		e.Path = step + "." + e.Path
	}
	return e
}
