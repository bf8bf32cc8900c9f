package structure

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Messages of the format check. Those that e-Gov is known to use are kept in
// its wording; the others follow it.
const (
	msgRequired  = "必須項目が入力されていません。"
	msgLength    = "入力可能な文字数で入力されていません。"
	msgLetters   = "指定不可能な文字列が入力されています。"
	msgChoice    = "指定可能な文字以外が指定されています。"
	msgNumber    = "数字でない値が入力されています。"
	msgRange     = "入力可能な範囲の数値ではありません。"
	msgDate      = "正しい日付ではありません。"
	msgConstant  = "あらかじめ定められた値と一致しません。"
	msgNotWanted = "この手続では入力することができません。"
	msgCheck     = "個人番号の検査用数字が正しくありません。"
	msgAbsent    = "必要な要素がありません。"
	msgUnknown   = "定義されていない要素があります。"
	msgOrder     = "要素の順序が正しくありません。"
	msgAttribute = "属性の指定が正しくありません。"
	msgShape     = "要素の構造が正しくありません。"
	msgSum       = "合計額が内訳の合計と一致しません。"
	msgSequence  = "終了の日付は開始の日付より後でなければなりません。"
)

var (
	phonePattern  = regexp.MustCompile(`^0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}$`)
	mailPattern   = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	cardPattern   = regexp.MustCompile(`^[A-Z]{2}[0-9]{8}[A-Z]{2}$`)
	romanPattern  = regexp.MustCompile(`^[A-Za-z]+( [A-Za-z]+)*$`)
	fileForbidden = "/\\<>{}[]#^%?:*\"|¥£¢ \u3000∥～"
)

// length reports whether the number of characters lies in the element's bounds.
func (e *element) length(v string) bool {
	n := utf8.RuneCountInString(v)
	return n >= e.min && n <= e.max
}

// check judges the value of a leaf and returns a message, or "" if it is right.
// The order is e-Gov's: presence, then length, then characters.
func (e *element) check(v string, p *Procedure, form *Form) string {
	switch {
	case e.kind == "=":
		if v != expand(e.args[0], p, form) {
			return msgConstant
		}
		return ""
	case e.kind == "empty":
		if v != "" {
			return msgNotWanted
		}
		return ""
	case v == "" && e.required:
		return msgRequired
	case v == "":
		return ""
	}
	if alphabet, ok := alphabets[e.kind]; ok {
		if !e.length(v) {
			return msgLength
		}
		if !alphabet(v) {
			return msgLetters
		}
		return ""
	}
	return e.checkSpecial(v, p)
}

// alphabets are the types that are a length and a set of characters.
var alphabets = map[string]func(string) bool{
	"wide": wide,
	"text": printable,
	"kana": func(s string) bool { return only(s, katakana, wideBlank) },
	"kanatext": func(s string) bool {
		return only(s, katakana, wideBlank, wideDigit, wideLetter, addressSign)
	},
	"kanasign": func(s string) bool {
		return only(s, katakana, wideBlank, wideDigit, wideLetter, wideSign)
	},
	"name":     func(s string) bool { return only(s, nameLetter, wideBlank) && parted(s) },
	"kananame": func(s string) bool { return only(s, katakana, middleDot, wideBlank) && parted(s) },
	"symbol": func(s string) bool {
		return only(s, katakana, wideUpper, wideDigit, upper, digit)
	},
	"roman": romanPattern.MatchString,
}

func (e *element) checkSpecial(v string, p *Procedure) string {
	switch e.kind {
	case "flag":
		return choice(v, "1")
	case "code":
		return choice(v, e.args...)
	case "digits":
		return e.checkDigits(v)
	case "int":
		return e.checkInt(v)
	case "mynumber", "mynumber-or-pension":
		return checkNumber(v, e.kind == "mynumber-or-pension")
	case "residence-status":
		n, ok := plainNumber(strings.TrimPrefix(v, "0"), 2)
		return unless(len(v) == 2 && ok && n <= 85, msgChoice)
	case "residence-card":
		return unless(cardPattern.MatchString(v), msgLetters)
	case "phone":
		return unless(phonePattern.MatchString(v), msgLetters)
	case "mail":
		return unless(len(v) <= 256 && mailPattern.MatchString(v), msgLetters)
	case "filename":
		return checkFileName(v)
	case "destination":
		return p.checkDestination(v)
	case "destname":
		return checkDestinationName(v)
	}
	return ""
}

func unless(ok bool, message string) string {
	if ok {
		return ""
	}
	return message
}

func choice(v string, allowed ...string) string {
	for _, a := range allowed {
		if v == a {
			return ""
		}
	}
	return msgChoice
}

func (e *element) checkDigits(v string) string {
	switch {
	case !e.length(v):
		return msgLength
	case !digits(v):
		return msgNumber
	}
	return ""
}

func (e *element) checkInt(v string) string {
	if len(v) > len(strconv.Itoa(e.max)) {
		return msgLength
	}
	if !digits(v) {
		return msgNumber
	}
	n, err := strconv.Atoi(v)
	padded := len(v) > 1 && v[0] == '0'
	return unless(err == nil && !padded && n >= e.min && n <= e.max, msgRange)
}

func checkNumber(v string, orPension bool) string {
	switch {
	case len(v) != 12 && !(orPension && len(v) == 10):
		return msgLength
	case !digits(v):
		return msgNumber
	case len(v) == 12:
		return unless(myNumber(v), msgCheck)
	}
	return ""
}

func checkFileName(v string) string {
	if utf8.RuneCountInString(v) > 256 {
		return msgLength
	}
	ok := printable(v) && !strings.ContainsAny(v, fileForbidden) && !strings.HasPrefix(v, ".")
	return unless(ok, msgLetters)
}

// checkDestination wants 23 digits that begin with a prefix of the procedure's offices.
func (p *Procedure) checkDestination(v string) string {
	if len(v) != 23 || !digits(v) {
		return "提出先識別子の形式が正しくありません。"
	}
	for _, prefix := range p.destinations {
		if strings.HasPrefix(v, prefix) {
			return ""
		}
	}
	return "提出先識別子がこの手続の提出先として登録されていません。"
}

// checkDestinationName wants two or three full-width levels joined by half-width commas.
func checkDestinationName(v string) string {
	levels := strings.Split(v, ",")
	if len(levels) < 2 || len(levels) > 3 || utf8.RuneCountInString(v) > 256 {
		return "提出先名称の形式が正しくありません。"
	}
	for _, level := range levels {
		if level == "" || !wide(level) {
			return msgLetters
		}
	}
	return ""
}

// expand resolves the @words of kousei.txt.
func expand(word string, p *Procedure, f *Form) string {
	switch {
	case word == "@agency":
		return p.Agency()
	case word == "@procedure":
		return p.ID
	case word == "@name":
		return p.Name
	case f == nil:
		return word
	case word == "@form.id":
		return f.ID
	case word == "@form.version":
		return f.Version
	case word == "@form.name":
		return f.Name
	case word == "@form.file":
		return f.File
	}
	return word
}
