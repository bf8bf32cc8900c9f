package office

// Rules on a CSV file as a whole, on its shape, and on its rows.
var (
	ruleFileSize = define(40, "ファイルが大きすぎます（上限16MB）", "会社ごとなどに分けて取り込んでください")
	ruleWorkbook = define(41, "Excelブックです。CSVではありません", "Excelの「名前を付けて保存」で「CSV UTF-8（コンマ区切り）」を選んでください")
	ruleShiftJIS = define(42, "文字コードがShift_JISです。UTF-8ではありません", "Excelの「名前を付けて保存」で「CSV UTF-8（コンマ区切り）」を選んでください")
	ruleUTF16    = define(43, "文字コードがUTF-16（Unicodeテキスト）です。UTF-8ではありません", "Excelの「名前を付けて保存」で「CSV UTF-8（コンマ区切り）」を選んでください")
	ruleNotText  = define(44, "UTF-8の文字として読めないデータがあります", "CSVファイルかどうかを確認し、UTF-8で保存し直してください")
	ruleQuote    = define(45, "引用符（\"）の使い方がCSVの規則に合いません", "引用符を含む値は全体を\"で囲み、中の\"は\"\"と書いてください")
	ruleRows     = define(46, "行が多すぎます（上限20,000行）。この行より後は読んでいません", "ファイルを分けて取り込んでください")
	ruleColumns  = define(47, "列が多すぎます（上限64列）", "余分な列を削除してください")
	ruleCellSize = define(48, "セルが長すぎます（上限4,000バイト）", "値を確認してください。引用符（\"）の閉じ忘れの場合もあります")
	ruleEmpty    = define(49, "データがありません", "1行目に列名、2行目以降にデータを入れてください")

	ruleHeader    = define(50, "1行目が列名として読めません", "1行目に company_code（会社コード）などの列名を入れてください")
	ruleUnknown   = define(51, "知らない列名です", "列名を直すか、列を削除してください（使える列名はIMPORT.mdにあります）")
	ruleDuplicate = define(52, "同じ項目の列が2つ以上あります", "列を1つだけ残してください")
	ruleMissing   = define(53, "必要な列がありません", "列を追加してください")
	ruleMyNumber  = define(54, "個人番号（マイナンバー）の列があります。このファイルは全体を取り込みません",
		"個人番号は台帳に入れられません。個人番号は todoke vault import で金庫に登録し、このファイルからは列を削除してください")
	ruleExtra   = define(55, "列名のない列に値があります", "1行目に列名を入れるか、値を消してください")
	ruleRepeat  = define(56, "同じコードの行がこのファイルの前の行にあります", "1つの行にまとめてください")
	ruleCompany = define(57, "この会社コードの会社は登録されていません", "先に会社を登録するか、会社コードを直してください")
	ruleMore    = define(58, "誤りが多いため、ここまでの誤りだけを表示しています", "表示された誤りを直して、もう一度取り込んでください")
)

// Rules on the agency certificate.
var (
	ruleCertificateSize      = define(70, "ファイルが空か、大きすぎます（上限10MB）", "解像度を下げて作り直してください")
	ruleCertificateKind      = define(71, "PDFでもJPEGでもありません", "提出代行に関する証明書をPDFまたはJPEGで保存してください")
	ruleCertificateBroken    = define(72, "ファイルが途中で切れているか、壊れています", "証明書を保存し直してください")
	ruleCertificateEncrypted = define(73, "パスワードまたは権限の制限が付いたPDFです", "制限を外したPDFを保存し直してください")
)
