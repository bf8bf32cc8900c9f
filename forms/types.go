package forms

// fieldTypes is every type that a definition may use. A type owns its
// conversion, its element parts and the wording of what is wrong.
var fieldTypes = typeTable(
	fieldType{name: "text", parts: 1, options: "alphabet max", hint: "全角", convert: convertText},
	fieldType{name: "address", parts: 1, options: "alphabet max", hint: "全角（数字・ハイフンも全角に変換されます）", convert: convertText},
	fieldType{name: "name", parts: 1, options: "alphabet max", hint: "姓と名の間に空白", convert: convertName},
	fieldType{name: "digits", parts: 1, options: "min max", hint: "半角数字", convert: convertDigits},
	fieldType{name: "symbol", parts: 1, options: "max", hint: "全角カタカナ、英大文字、数字", convert: convertSymbol},
	fieldType{name: "code_text", parts: 1, options: "min max", hint: "半角英数字", convert: convertCodeText},
	fieldType{name: "hierarchy", parts: 1, options: "max", hint: "半角コンマ区切り（例：東京都,渋谷公共職業安定所）", convert: convertHierarchy},
	fieldType{name: "code", parts: 1, options: "codes", hint: "一覧から選択", convert: convertCode},
	fieldType{name: "flag", parts: 1, hint: "該当する場合は 1", convert: convertFlag},
	fieldType{name: "amount", parts: 1, options: "min max", hint: "数字（円・桁区切り可）", convert: convertAmount},
	fieldType{name: "hours", parts: 2, options: "min max", hint: "時間:分（例：40:00）", convert: convertHours},
	fieldType{name: "era_date", parts: 4, options: "style eras", hint: "年月日（例：2026-04-01、令和8年4月1日）", format: "date", convert: convertEraDate},
	fieldType{name: "reiwa_date", parts: 3, hint: "令和の年月日", format: "date", convert: convertReiwaDate},
	fieldType{name: "western_date", parts: 3, hint: "西暦の年月日（例：2026-04-01）", format: "date", convert: convertWesternDate},
	fieldType{name: "phone", parts: 3, hint: "ハイフン区切り（例：03-1234-5678）", convert: convertPhone},
	fieldType{name: "phone_joined", parts: 1, hint: "ハイフン区切り（例：03-1234-5678）", convert: convertPhone},
	fieldType{name: "postal", parts: 2, hint: "7桁の数字", convert: convertPostal},
	fieldType{name: "postal_joined", parts: 1, hint: "7桁の数字", convert: convertPostal},
	fieldType{name: "number461", parts: 3, hint: "4桁-6桁-1桁", convert: convert461},
	fieldType{name: "basic_pension", parts: 1, hint: "10桁の数字", convert: convertBasicPension},
	fieldType{name: "corporate_number", parts: 1, hint: "13桁の数字", convert: convertCorporate},
	fieldType{name: "residence_card", parts: 1, hint: "英2字＋数字8桁＋英2字", convert: convertResidenceCard},
	fieldType{name: "email", parts: 1, options: "max", hint: "半角", format: "email", convert: convertEmail},
	fieldType{name: "number", parts: 1, options: "slot kind alternative", hint: "個人番号（金庫から出すため入力しません）"},
)

func typeTable(types ...fieldType) map[string]*fieldType {
	table := make(map[string]*fieldType, len(types))
	for i := range types {
		table[types[i].name] = &types[i]
	}
	return table
}
