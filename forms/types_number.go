package forms

import (
	"fmt"
	"strconv"
	"strings"
)

// What people write around numbers, and what it is read as.
var (
	amountMarks = strings.NewReplacer(",", "", "円", "", "\\", "", "¥", "", "￥", "")
	hourMarks   = strings.NewReplacer("時間", ":", "分", "", " ", "")
	phoneMarks  = strings.NewReplacer("(", "-", ")", "-", " ", "")
	numberMarks = strings.NewReplacer("-", "", " ", "")
)

func convertDigits(f *field, raw string) (converted, []problem) {
	s := narrow(raw)
	if !allDigits(s) {
		return converted{}, []problem{{codeNotDigits,
			fmt.Sprintf("「%s」に数字以外の文字があります。", f.label), f.lengthRemedy()}}
	}
	if ps := f.checkDigits(s); ps != nil {
		return converted{}, ps
	}
	return plain(s), nil
}

func (f *field) checkDigits(s string) []problem {
	switch {
	case f.max > 0 && len(s) > f.max:
		return []problem{{codeTooLong, fmt.Sprintf("「%s」の桁数が多すぎます（%d桁）。", f.label, len(s)), f.lengthRemedy()}}
	case len(s) < f.min:
		return []problem{{codeTooShort, fmt.Sprintf("「%s」の桁数が足りません（%d桁）。", f.label, len(s)), f.lengthRemedy()}}
	}
	return nil
}

func (f *field) lengthRemedy() string {
	if f.min == f.max {
		return fmt.Sprintf("半角数字%d桁で入力してください。", f.max)
	}
	return fmt.Sprintf("半角数字%d～%d桁で入力してください。", f.min, f.max)
}

func convertCodeText(f *field, raw string) (converted, []problem) {
	s := strings.TrimFunc(raw, isBlank)
	ok := len(s) >= f.min && len(s) <= f.max
	for i := 0; i < len(s); i++ {
		ok = ok && (s[i] >= '0' && s[i] <= '9' || s[i] >= 'A' && s[i] <= 'Z')
	}
	if !ok {
		return converted{}, []problem{{codeCodeText,
			fmt.Sprintf("「%s」の形式が正しくありません。", f.label),
			fmt.Sprintf("半角英数字%d～%d文字で、公表されている一覧のとおりに登録してください。", f.min, f.max)}}
	}
	return plain(s), nil
}

func convertCode(f *field, raw string) (converted, []problem) {
	i, ok := f.codes.index[strings.TrimFunc(raw, isBlank)]
	if !ok {
		i, ok = f.codes.index[narrow(raw)]
	}
	if !ok {
		return converted{}, []problem{{codeUnknownCode,
			fmt.Sprintf("「%s」の値が一覧にありません。", f.label),
			"次の中から選んでください：" + f.codes.choices() + "。"}}
	}
	item := f.codes.items[i]
	show := item.Label
	if item.Code != item.Label {
		show = item.Code + "　" + item.Label
	}
	return converted{set: true, canon: item.Code, parts: [4]string{item.Code}, show: show}, nil
}

// choices names at most twelve codes for a remedy.
func (c *codeList) choices() string {
	var b strings.Builder
	for i, item := range c.items {
		if i == 12 {
			return b.String() + "、ほか"
		}
		if i > 0 {
			b.WriteString("、")
		}
		b.WriteString(item.Code)
		if item.Label != item.Code {
			b.WriteString("（" + item.Label + "）")
		}
	}
	return b.String()
}

func convertFlag(f *field, raw string) (converted, []problem) {
	switch strings.ToLower(narrow(raw)) {
	case "1", "true", "yes", "on", "有", "○":
		return converted{set: true, canon: "1", parts: [4]string{"1"}, show: "該当"}, nil
	case "", "0", "false", "no", "off", "無":
		return converted{}, nil
	}
	return converted{}, []problem{{codeFlag,
		fmt.Sprintf("「%s」の値が正しくありません。", f.label),
		"該当する場合は 1、該当しない場合は空欄にしてください。"}}
}

func convertAmount(f *field, raw string) (converted, []problem) {
	s := amountMarks.Replace(narrow(raw))
	if !allDigits(s) || len(s) > 12 {
		return converted{}, []problem{{codeAmount,
			fmt.Sprintf("「%s」が数字になっていません。", f.label),
			"小数点や単位を付けず、数字だけで入力してください。"}}
	}
	n, _ := strconv.ParseInt(s, 10, 64) // at most twelve digits: cannot fail
	if n < int64(f.min) || f.max > 0 && n > int64(f.max) {
		return converted{}, []problem{{codeAmountRange,
			fmt.Sprintf("「%s」が範囲外です。", f.label),
			fmt.Sprintf("%d から %d までの数字を入力してください。", f.min, f.max)}}
	}
	v := plain(strconv.FormatInt(n, 10))
	v.num = n
	return v, nil
}

// convertHours reads 40, 40:30 or 40時間30分.
func convertHours(f *field, raw string) (converted, []problem) {
	s := hourMarks.Replace(narrow(raw))
	hours, minutes, _ := strings.Cut(s, ":")
	if minutes == "" {
		minutes = "0"
	}
	bad := []problem{{codeHours,
		fmt.Sprintf("「%s」が時間になっていません。", f.label),
		fmt.Sprintf("%d時間以内で「時間:分」の形で入力してください（例：40:00）。", f.max)}}
	if !allDigits(hours) || !allDigits(minutes) || len(hours) > 3 || len(minutes) > 2 {
		return converted{}, bad
	}
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	if m > 59 || h < f.min || h > f.max || h == f.max && m > 0 && f.max == 168 {
		return converted{}, bad
	}
	v := converted{set: true, num: int64(h*60 + m), parts: [4]string{strconv.Itoa(h), strconv.Itoa(m)}}
	v.canon = v.parts[0] + ":" + v.parts[1]
	v.show = v.parts[0] + "時間" + v.parts[1] + "分"
	return v, nil
}

func convertPhone(f *field, raw string) (converted, []problem) {
	s := phoneMarks.Replace(narrow(raw))
	s = strings.Trim(s, "-")
	parts := strings.Split(s, "-")
	total := 0
	ok := len(parts) == 3
	for i, p := range parts {
		total += len(p)
		ok = ok && allDigits(p) && len(p) <= 5 && (i != 1 || len(p) <= 4)
	}
	if !ok || total < 10 || total > 11 || s[0] != '0' {
		return converted{}, []problem{{codePhone,
			fmt.Sprintf("「%s」が電話番号の形になっていません。", f.label),
			"市外局番から、3つの部分をハイフンで区切って入力してください（例：03-1234-5678）。"}}
	}
	v := converted{set: true, canon: s, show: s, parts: [4]string{parts[0], parts[1], parts[2]}}
	if f.typ.parts == 1 {
		v.parts = [4]string{s}
	}
	return v, nil
}

func convertPostal(f *field, raw string) (converted, []problem) {
	s, ok := digitsOnly(strings.TrimPrefix(narrow(raw), "〒"))
	if !ok || len(s) != 7 || s[:3] == "000" {
		return converted{}, []problem{{codePostal,
			fmt.Sprintf("「%s」が郵便番号の形になっていません。", f.label),
			"7桁の数字で入力してください（例：150-0041）。"}}
	}
	v := converted{set: true, canon: s, show: s[:3] + "-" + s[3:], parts: [4]string{s[:3], s[3:]}}
	if f.typ.parts == 1 {
		v.parts = [4]string{s}
	}
	return v, nil
}

// convert461 is a number of the employment insurance. Its check digit is not
// verified: the algorithm is not published.
func convert461(f *field, raw string) (converted, []problem) {
	s, ok := digitsOnly(raw)
	if !ok || len(s) != 11 {
		return converted{}, []problem{{code461,
			fmt.Sprintf("「%s」が4桁-6桁-1桁の番号になっていません。", f.label),
			"11桁の数字で入力してください。1981年以前の番号で末尾の1桁がないときは、下段の10桁に0を付けてください。"}}
	}
	show := s[:4] + "-" + s[4:10] + "-" + s[10:]
	return converted{set: true, canon: s, show: show, parts: [4]string{s[:4], s[4:10], s[10:]}}, nil
}

func convertBasicPension(f *field, raw string) (converted, []problem) {
	s, ok := digitsOnly(raw)
	if !ok || len(s) != 10 || s[:4] == "0000" || s[4:] == "000000" {
		return converted{}, []problem{{codeBasicPension,
			fmt.Sprintf("「%s」が10桁の番号になっていません。", f.label),
			"課所符号4桁と一連番号6桁を続けて入力してください（例：1234-567890）。"}}
	}
	v := plain(s)
	v.show = s[:4] + "-" + s[4:]
	return v, nil
}

func convertCorporate(f *field, raw string) (converted, []problem) {
	s, ok := digitsOnly(raw)
	if !ok || !validCorporateNumber(s) {
		return converted{}, []problem{{codeCorporate,
			fmt.Sprintf("「%s」が正しくありません（桁数または検査用数字）。", f.label),
			"国税庁法人番号公表サイトで13桁の番号を確認してください。"}}
	}
	return plain(s), nil
}

func convertResidenceCard(f *field, raw string) (converted, []problem) {
	s := strings.ToUpper(narrow(raw))
	ok := len(s) == 12
	for i := 0; ok && i < 12; i++ {
		letter := i < 2 || i >= 10
		ok = letter && s[i] >= 'A' && s[i] <= 'Z' || !letter && s[i] >= '0' && s[i] <= '9'
	}
	if !ok {
		return converted{}, []problem{{codeResidenceCard,
			fmt.Sprintf("「%s」が在留カードの番号になっていません。", f.label),
			"在留カード右上の12文字（英字2・数字8・英字2）を入力してください。"}}
	}
	return plain(s), nil
}

func convertEmail(f *field, raw string) (converted, []problem) {
	s := strings.TrimFunc(raw, isBlank)
	local, domain, found := strings.Cut(s, "@")
	ok := found && local != "" && strings.Contains(strings.Trim(domain, "."), ".") && !strings.Contains(domain, "@") && len(s) <= f.max
	for i := 0; i < len(s); i++ {
		ok = ok && s[i] > 0x20 && s[i] < 0x7F && !strings.ContainsRune(`<>()[],;:\"&`, rune(s[i]))
	}
	if !ok {
		return converted{}, []problem{{codeEmail,
			fmt.Sprintf("「%s」が電子メールアドレスの形になっていません。", f.label),
			"半角で入力してください（例：info@example.jp）。"}}
	}
	return plain(s), nil
}
