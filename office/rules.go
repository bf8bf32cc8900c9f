package office

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with one field. Message and Remedy are
// Japanese, for staff; they never repeat the value.
type Problem struct {
	Code    string `json:"code"`    // TODOKE-OFFICE-00NN, stable, never reused
	Field   string `json:"field"`   // name of the field, e.g. postal_code; "" for a file as a whole
	Label   string `json:"label"`   // its Japanese name
	Message string `json:"message"` // the rule that is broken
	Remedy  string `json:"remedy"`  // what to do
}

// InvalidError carries all problems of what was to be stored; nothing was changed.
type InvalidError struct {
	Problems []Problem
}

// Error lists the problems, one a line.
func (e *InvalidError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "入力に誤りが%d件あります。何も変更していません", len(e.Problems))
	for _, p := range e.Problems {
		fmt.Fprintf(&text, "\n[%s] %s: %s。%s", p.Code, p.Label, p.Message, p.Remedy)
	}
	return text.String()
}

// rule is one business rule with its public code.
type rule struct {
	code, message, remedy string
}

var registry []*rule

// define makes a rule known to Rules.
func define(number int, message, remedy string) *rule {
	r := &rule{code: fmt.Sprintf("TODOKE-OFFICE-%04d", number), message: message, remedy: remedy}
	registry = append(registry, r)
	return r
}

// Rules lists every rule of this package by code, for the page of all codes.
func Rules() []Problem {
	list := make([]Problem, 0, len(registry))
	for _, r := range registry {
		list = append(list, r.problem("", ""))
	}
	slices.SortFunc(list, func(a, b Problem) int { return strings.Compare(a.Code, b.Code) })
	return list
}

func (r *rule) problem(field, label string) Problem {
	return Problem{Code: r.code, Field: field, Label: label, Message: r.message, Remedy: r.remedy}
}

// remedyExcel is added where a spreadsheet is known to eat leading zeros.
const remedyExcel = "Excelでは列の書式を「文字列」にしてから入力してください"

// Rules on values.
var (
	ruleRequired = define(1, "必須の項目です", "値を入力してください")
	ruleTooLong  = define(2, "長すぎます", "文字数を減らしてください")
	ruleNumber   = define(3, "12けた以上の数字の並びがあります。個人番号（マイナンバー）は台帳に登録できません",
		"個人番号は金庫に登録してください（todoke vault import）。個人番号でない場合は、この項目から数字の並びを除いてください")
	ruleControl = define(4, "改行・タブなどの制御文字、見えない文字、または壊れた文字があります", "その文字を消して、1行で入力し直してください")
	ruleGaiji   = define(5, "外字または異体字の指定があります。e-Govでは使えません", "使える字形に置き換えてください")
	ruleCode    = define(6, "コードは半角の英数字・ハイフン・アンダーバー・ピリオドで20文字まで、先頭は英数字です", "コードを付け直してください")

	ruleCorporate      = define(7, "法人番号は13けたの数字です", "法人番号を確認してください。"+remedyExcel)
	ruleCorporateCheck = define(8, "法人番号の検査用数字（先頭の1けた）が合いません", "国税庁の法人番号公表サイトで番号を確認してください")
	rulePostal         = define(9, "郵便番号は7けたの数字です", "例: 150-0002。先頭の0が消えていないか確認してください。"+remedyExcel)
	rulePhone          = define(10, "電話番号は0から始まる10けたまたは11けたで、ハイフンで3つに区切ります（各5けたまで）", "例: 03-0000-0000")
	ruleEmail          = define(11, "メールアドレスの形ではありません", "例: soumu@example.com")
	ruleKana           = define(12, "フリガナは全角カタカナで、姓と名の間は空白です（会社名・住所では全角の英数字と記号も使えます）", "カタカナで入力し直してください")

	rulePrefecture       = define(13, "都道府県コードは01から99までの2けたの数字です", "事業所整理記号の先頭の2けたです。"+remedyExcel)
	ruleDistrict         = define(14, "郡市区記号は01から98までの2けたの数字です", "事業所整理記号の郡市区の2けたです。"+remedyExcel)
	ruleSymbol           = define(15, "事業所記号は全角カタカナ・英大文字・数字で1から4文字です（0だけの並びは不可）", "例: ケイト")
	rulePensionNumber    = define(16, "事業所番号は5けたの数字です", "先頭に0を付けて5けたにしてください。"+remedyExcel)
	ruleEmploymentNumber = define(17, "雇用保険適用事業所番号は4けた-6けた-1けたの数字です", "例: 1301-000000-0")
	ruleDestinationID    = define(18, "提出先識別子は半角英数字22文字または23文字です", "e-Govの提出先一覧の識別子をそのまま入力してください。"+remedyExcel)
	ruleDestinationPair  = define(19, "提出先は識別子と名称の両方が必要です", "識別子と名称をそろえて入力するか、両方を空にしてください")

	ruleDate       = define(20, "生年月日を日付として読めません", "例: 1985-01-02、昭和60年1月2日、S60.1.2")
	ruleDateRange  = define(21, "生年月日が未来の日付か、130年以上前の日付です", "生年月日を確認してください")
	ruleSex        = define(22, "性別は male・female・男・女 のいずれかです", "性別を入力し直してください")
	ruleInsured    = define(23, "雇用保険被保険者番号は4けた-6けた-1けたの数字です", "例: 1300-000000-0")
	ruleSeiri      = define(24, "被保険者整理番号は1から6けたの数字です", "健康保険・厚生年金保険の被保険者整理番号を入力してください")
	ruleRoman      = define(25, "ローマ字氏名は半角の英大文字で、間は空白1つです", "例: TODOKE HANAKO")
	ruleNameBlank  = define(26, "姓と名の間に空白がありません", "姓と名の間に空白を1つ入れてください")
	ruleKanaBlank  = define(27, "氏名には空白がありますが、フリガナの姓と名の間に空白がありません", "フリガナの姓と名の間にも空白を1つ入れてください")
	ruleAttorneyNo = define(28, "社会保険労務士登録番号は8けたの数字です", "登録番号を確認してください")
	ruleRoles      = define(29, "役割は staff・responsible・auditor から1つ以上です", "事務取扱担当者・事務取扱責任者・監査責任者から選んでください")
)
