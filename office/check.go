package office

import (
	"regexp"
	"strings"
	"unicode"
)

// The checks see cleaned values that are not empty. Lengths and alphabets follow
// what the ministries' forms and the pension CSV layouts take.

const (
	sexMale   = "male"
	sexFemale = "female"
)

// pattern returns a check that a value matches the whole of expr.
func pattern(expr string, broken *rule) func(string) *rule {
	re := regexp.MustCompile(`\A(?:` + expr + `)\z`)
	return func(value string) *rule {
		if !re.MatchString(value) {
			return broken
		}
		return nil
	}
}

// fullSigns are the signs seen in registered names and addresses in kana.
const fullSigns = `－‐＋＃￥＆．，：＊（）・’／、。「」`

var (
	checkCode           = pattern(`[A-Za-z0-9][A-Za-z0-9._-]{0,19}`, ruleCode)
	checkPostal         = pattern(`[0-9]{7}`, rulePostal)
	checkEmail          = pattern(`[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+`, ruleEmail)
	checkPersonKana     = pattern(`[ァ-ヺー]+(?:　[ァ-ヺー]+)*`, ruleKana)
	checkTextKana       = pattern(`[ァ-ヺー　０-９Ａ-Ｚａ-ｚ`+fullSigns+`]+`, ruleKana)
	checkPrefecture     = pattern(`0[1-9]|[1-9][0-9]`, rulePrefecture)
	checkDistrict       = pattern(`0[1-9]|[1-8][0-9]|9[0-8]`, ruleDistrict)
	checkPensionNumber  = pattern(`[0-9]{5}`, rulePensionNumber)
	checkEmployment     = pattern(`[0-9]{4}-[0-9]{6}-[0-9]`, ruleEmploymentNumber)
	checkInsured        = pattern(`[0-9]{4}-[0-9]{6}-[0-9]`, ruleInsured)
	checkSeiri          = pattern(`[0-9]{1,6}`, ruleSeiri)
	checkDestinationID  = pattern(`[0-9A-Za-z]{22,23}`, ruleDestinationID)
	checkRoman          = pattern(`[A-Z]+(?: [A-Z]+)*`, ruleRoman)
	checkSex            = pattern(sexMale+`|`+sexFemale, ruleSex)
	checkAttorneyNumber = pattern(`[0-9]{8}`, ruleAttorneyNo)

	symbolShape = pattern(`[ァ-ヺーA-Z0-9]{1,4}`, ruleSymbol)
	phoneShape  = pattern(`0[0-9]{1,4}-[0-9]{1,5}-[0-9]{1,5}`, rulePhone)
)

func checkSymbol(value string) *rule {
	if strings.Trim(value, "0") == "" {
		return ruleSymbol
	}
	return symbolShape(value)
}

func checkPhone(value string) *rule {
	digits := len(value) - strings.Count(value, "-")
	if digits != 10 && digits != 11 {
		return rulePhone
	}
	return phoneShape(value)
}

// checkPersonName wants 姓 and 名 apart. A name without kanji and hiragana is taken
// as it is: some people from abroad have a single name.
func checkPersonName(value string) *rule {
	if strings.Contains(value, "　") {
		return nil
	}
	for _, r := range value {
		if unicode.In(r, unicode.Han, unicode.Hiragana) {
			return ruleNameBlank
		}
	}
	return nil
}

// checkCorporate checks the form and the check digit of a 法人番号.
func checkCorporate(value string) *rule {
	if len(value) != 13 || !onlyDigits(value) {
		return ruleCorporate
	}
	if value[0] != corporateCheckDigit(value[1:]) {
		return ruleCorporateCheck
	}
	return nil
}

// corporateCheckDigit computes the first digit of a 法人番号 from the other twelve
// (法人番号の指定等に関する省令（平成26年財務省令第70号）第2条): 9 − (Σ Pn·Qn mod 9),
// where Pn is the n-th digit from the right and Qn is 1 for odd n, 2 for even n.
func corporateCheckDigit(base string) byte {
	sum := 0
	for n := 1; n <= len(base); n++ {
		q := 2 - n%2
		sum += int(base[len(base)-n]-'0') * q
	}
	return byte('0' + 9 - sum%9)
}

// pairProblems finds a destination of which only one half is given. prefix is what
// the names of both fields begin with.
func pairProblems(id, name, prefix, label string) []Problem {
	switch {
	case (id == "") == (name == ""):
		return nil
	case id == "":
		return []Problem{ruleDestinationPair.problem(prefix+"_id", label+"識別子")}
	}
	return []Problem{ruleDestinationPair.problem(prefix+"_name", label+"名称")}
}

// kanaBlankProblem finds a name in parts whose kana, correct in itself, is in one
// piece.
func kanaBlankProblem(name, kana, field, label string) []Problem {
	if !strings.Contains(name, "　") || strings.Contains(kana, "　") || checkPersonKana(kana) != nil {
		return nil
	}
	return []Problem{ruleKanaBlank.problem(field, label)}
}
