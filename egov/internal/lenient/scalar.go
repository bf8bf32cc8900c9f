package lenient

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// scalar stores a string, number, flag or null into v.
func scalar(v reflect.Value, token json.Token) error {
	text := literal(token)
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, ok := integer(text)
		if ok && !v.OverflowInt(n) {
			v.SetInt(n)
		}
	case reflect.Bool:
		flag := strings.TrimSpace(text)
		v.SetBool(strings.EqualFold(flag, "true") || flag == "1")
	default: // a list, an object
		if token != nil && !Absent(strings.TrimSpace(text)) {
			return &Error{Reason: "a plain value where a list or an object is meant"}
		}
	}
	return nil
}

func literal(token json.Token) string {
	switch t := token.(type) {
	case string:
		return t
	case json.Number:
		return t.String()
	case bool:
		return strconv.FormatBool(t)
	default:
		return ""
	}
}

// integer reads a whole number, also in the forms 12.0 and 1.2e1.
func integer(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return n, true
	}
	const exact = 1 << 53 // beyond it a float no longer tells whole numbers apart
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > exact {
		return 0, false
	}
	return int64(f), true
}
