package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"todoke/egov/wire"
)

// decodeBulk reads {"send_file":{"file_name":…,"file_data":…}} and nothing
// else. encoding/json alone would accept other letter cases, repeated members
// and invalid UTF-8.
func decodeBulk(body []byte) (wire.File, string) {
	const malformed = "JSONの形式が正しくありません。"
	var file wire.File
	if !utf8.Valid(body) {
		return file, malformed
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	problem := object(dec, map[string]func() string{
		"send_file": func() string {
			return object(dec, map[string]func() string{
				"file_name": func() string { return text(dec, &file.FileName) },
				"file_data": func() string { return text(dec, &file.FileData) },
			})
		},
	})
	if problem != "" {
		return wire.File{}, problem
	}
	_, err := dec.Token()
	if err != io.EOF {
		return wire.File{}, malformed
	}
	return file, ""
}

// object reads a JSON object that has exactly these members, each once.
func object(dec *json.Decoder, members map[string]func() string) string {
	tok, err := dec.Token()
	if err != nil || tok != json.Delim('{') {
		return "JSONの形式が正しくありません。"
	}
	seen := map[string]bool{}
	for dec.More() {
		tok, err = dec.Token()
		name, _ := tok.(string)
		read, known := members[name]
		if err != nil || !known || seen[name] {
			return "JSONに定義されていない項目があるか、同じ項目が複数あります。"
		}
		seen[name] = true
		if problem := read(); problem != "" {
			return problem
		}
	}
	_, err = dec.Token() // the closing brace
	if err != nil {
		return "JSONの形式が正しくありません。"
	}
	for name := range members {
		if !seen[name] {
			return name + "が指定されていません。"
		}
	}
	return ""
}

func text(dec *json.Decoder, into *string) string {
	tok, err := dec.Token()
	s, ok := tok.(string)
	if err != nil || !ok {
		return "JSONの項目の型が正しくありません。"
	}
	*into = s
	return ""
}
