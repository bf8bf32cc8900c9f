package inspect_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim/inspect"
	"todoke/egov/sim/internal/sample"
	"todoke/egov/wire"
)

const (
	acquired = "4950013521019000" // 社会保険 資格取得届
	lost     = "4950013520714000" // 社会保険 資格喪失届
	hired    = "4950008680033000" // 雇用保険 資格取得届
	left     = "4950008680034000" // 雇用保険 資格喪失届
)

// defect is one thing that is wrong in an otherwise valid, validly signed
// application, and every finding it causes as "item: content".
type defect struct {
	name string
	proc string
	edit func(f *sample.Filing)
	want []string
}

func swap(old, replacement string) func(*sample.Filing) {
	return func(f *sample.Filing) { f.Edit(old, replacement) }
}

const (
	required  = "必須項目が入力されていません。"
	letters   = "指定不可能な文字列が入力されています。"
	length    = "入力可能な文字数で入力されていません。"
	choice    = "指定可能な文字以外が指定されています。"
	number    = "数字でない値が入力されています。"
	date      = "正しい日付ではありません。"
	order     = "要素の順序が正しくありません。"
	absent    = "必要な要素がありません。"
	unknown   = "定義されていない要素があります。"
	constant  = "あらかじめ定められた値と一致しません。"
	notWanted = "この手続では入力することができません。"
	noForm    = "一致する申請書様式は登録されていません。"
	place     = "提出先情報を設定しなければなりません。"
)

var configurationDefects = []defect{
	{"procedure name falsified", hired, swap("資格取得届（令和４年６月以降手続き）／", "資格取得届／"),
		[]string{"構成管理XML.手続名称: 手続名称が手続IDに登録された名称と一致しません。"}},
	{"procedure name empty", hired, swap("<手続名称>雇用保険被保険者資格取得届（令和４年６月以降手続き）／電子申請", "<手続名称>"),
		[]string{"構成管理XML.手続名称: 手続名称が手続IDに登録された名称と一致しません。"}},
	{"agency of another ministry", hired, swap("100495", "100950"),
		[]string{"構成管理XML.受付行政機関ID: 受付行政機関IDが手続IDと一致しません。"}},
	{"procedure id of another folder", hired, swap("<手続ID>"+hired, "<手続ID>"+left),
		[]string{"構成管理XML.手続ID: 手続IDがフォルダ名の手続と一致しません。"}},
	{"re-filing by bulk", hired, swap("新規申請", "再提出"),
		[]string{"構成管理XML.申請種別: 申請種別が正しくありません。"}},
	{"first arrival number on a new filing", hired, swap("<初回受付番号>", "<初回受付番号>4952026000000001"),
		[]string{"構成管理XML.初回受付番号: 新規申請では初回受付番号を指定することができません。"}},
	{"destination missing", hired, swap("49511000010000000003829", ""),
		[]string{"構成管理XML.提出先情報.提出先識別子: " + place}},
	{"destination of 22 digits", hired, swap("49511000010000000003829", "4951100001000000000382"),
		[]string{"構成管理XML.提出先情報.提出先識別子: " + place}},
	{"pension office for 雇用保険", hired, swap("49511000010000000003829", "49511200070000000000138"),
		[]string{"構成管理XML.提出先情報.提出先識別子: " + place}},
	{"sandbox destination", acquired, swap("49511200070000000000138", "950API00000000001001001"),
		[]string{"構成管理XML.提出先情報.提出先識別子: " + place}},
	{"destination without a name", hired, swap("東京都,渋谷公共職業安定所", ""),
		[]string{"構成管理XML.提出先情報.提出先名称: " + place}},
	{"configuration for individual signing", hired, swap("<様式ID>999000000000000001", "<様式ID>999000000000000009"),
		[]string{"構成管理XML.様式ID: " + constant}},
	{"form version wrong", hired, swap("<申請書様式バージョン>0001", "<申請書様式バージョン>0002"),
		[]string{"構成管理XML.申請書属性情報.申請書様式バージョン: " + noForm}},
	{"form id wrong", hired, swap("<申請書様式ID>495008680033800330", "<申請書様式ID>495008680033800331"),
		[]string{"構成管理XML.申請書属性情報.申請書様式ID: " + noForm}},
	{"form attributes missing", hired, func(f *sample.Filing) {
		start, end := strings.Index(f.Configuration, "<申請書属性情報>"), strings.Index(f.Configuration, "</構成情報>")
		f.Edit(f.Configuration[start:end], "")
	}, []string{"構成管理XML.申請書属性情報: " + absent}},
	{"applicant without a name", hired, swap("<氏名>見本　太郎", "<氏名>"),
		[]string{"構成管理XML.申請者情報.氏名: " + required}},
	{"applicant's name without a blank", hired, swap("<氏名>見本　太郎", "<氏名>見本太郎"),
		[]string{"構成管理XML.申請者情報.氏名: " + letters}},
	{"applicant's kana in hiragana", hired, swap("ミホン　タロウ", "みほん　たろう"),
		[]string{"構成管理XML.申請者情報.氏名フリガナ: " + letters}},
	{"postal code with a hyphen", hired, swap("<郵便番号>1000014", "<郵便番号>100-0014"),
		[]string{"構成管理XML.申請者情報.郵便番号: " + length}},
	{"postal code in full width", hired, swap("<郵便番号>1000014", "<郵便番号>１０００１４１"),
		[]string{"構成管理XML.申請者情報.郵便番号: " + number}},
	{"address with half-width digits", hired, swap("永田町１丁目１番１号", "永田町1-1-1"),
		[]string{"構成管理XML.申請者情報.住所: " + letters}},
	{"telephone without hyphens", hired, swap("03-1234-5678", "0312345678"),
		[]string{"構成管理XML.申請者情報.電話番号: " + letters}},
	{"contact without mail", hired, swap("office@example.com", ""),
		[]string{"構成管理XML.連絡先情報.電子メールアドレス: " + required}},
	{"mandate number filled", hired, swap("<発行番号>", "<発行番号>1"),
		[]string{"構成管理XML.委任登録票添付情報.発行番号: " + notWanted}},
	{"corporate number of twelve digits", hired, swap("<法人番号>5000000000005", "<法人番号>500000000000"),
		[]string{"構成管理XML.その他.法人番号: " + length}},
	{"optional element deleted", hired, swap("<通信欄></通信欄>\n", ""),
		[]string{"構成管理XML.通信欄: " + absent}},
	{"element unknown", hired, swap("<通信欄>", "<備考></備考>\n<通信欄>"),
		[]string{"構成管理XML.構成情報: " + unknown}},
	{"elements swapped", hired, swap("<役職>代表取締役</役職>\n<法人団体名>見本株式会社</法人団体名>", "<法人団体名>見本株式会社</法人団体名>\n<役職>代表取締役</役職>"),
		[]string{"構成管理XML.申請者情報: " + order}},
	{"payment information on a free procedure", hired, swap("<その他>", "<その他>\n<納付関連情報><納付方法>1</納付方法><振込者氏名カナ></振込者氏名カナ></納付関連情報>"),
		[]string{"構成管理XML.その他: " + unknown}},
	{"text between elements", hired, swap("<通信欄>", "x<通信欄>"), []string{"構成管理XML.構成情報: 要素の構造が正しくありません。"}},
	{"attribute", hired, swap("<通信欄>", `<通信欄 a="1">`), []string{"構成管理XML.通信欄: 属性の指定が正しくありません。"}},
	{"agency certificate missing", hired, func(f *sample.Filing) {
		start, end := strings.Index(f.Configuration, "<添付書類属性情報>"), strings.Index(f.Configuration, "<手数料情報>")
		f.Edit(f.Configuration[start:end], "")
	}, []string{"構成管理XML.添付書類属性情報: 添付必須のファイル(提出代行に関する証明書)が添付されていません。"}},
	{"agency certificate under another name", hired, swap("提出代行に関する証明書", "提出代行証明書"),
		[]string{"構成管理XML.添付書類属性情報: 添付必須のファイル(提出代行に関する証明書)が添付されていません。"}},
	{"agency certificate sent separately", hired, func(f *sample.Filing) {
		f.Edit("<添付種別>添付", "<添付種別>別送").Edit(sample.CertificateFile, "")
	}, []string{"構成管理XML.添付書類属性情報: 添付必須のファイル(提出代行に関する証明書)が添付されていません。"}},
	{"agency certificate not in the folder", hired, func(f *sample.Filing) { delete(f.Attachments, sample.CertificateFile) },
		[]string{
			"構成管理XML.添付書類属性情報.添付書類ファイル名称: 指定された添付書類ファイルがありません。",
			"構成管理XML.添付書類属性情報: 添付必須のファイル(提出代行に関する証明書)が添付されていません。",
		}},
	{"agency certificate is no PDF", hired, func(f *sample.Filing) { f.Attachments[sample.CertificateFile] = []byte("PK") },
		[]string{
			"構成管理XML.添付書類属性情報.添付書類ファイル名称: 添付書類のファイル形式が正しくありません。",
			"構成管理XML.添付書類属性情報: 添付必須のファイル(提出代行に関する証明書)が添付されていません。",
		}},
	{"submission flag 0", hired, swap("<提出情報>1", "<提出情報>0"),
		[]string{"構成管理XML.添付書類属性情報.提出情報: " + constant}},
	{"form file missing", hired, func(f *sample.Filing) { f.FormFile = "other.xml" }, []string{
		"構成管理XML.申請書属性情報.申請書ファイル名称: 申請書ファイルがありません。",
		"構成管理XML.署名情報.Signature.SignedInfo.Reference: 署名対象のURIが正しくありません。",
	}},
	{"configuration with a byte order mark", hired, func(f *sample.Filing) { f.Configuration = "\ufeff" + f.Configuration },
		[]string{"構成管理XML: XMLとして読み込むことができません。"}},
}

var formDefects = []defect{
	{"form with a DTD", hired, func(f *sample.Filing) {
		f.Form = strings.Replace(f.Form, "<DataRoot>", "<!DOCTYPE DataRoot><DataRoot>", 1)
	}, []string{"申請書XML: XMLとして読み込むことができません。"}},
	{"form constant changed", hired, swap("<帳票種別>19101", "<帳票種別>19102"), []string{"帳票種別: " + constant}},
	{"form of an older version", acquired, swap("<様式バージョン>1<", "<様式バージョン>2<"), []string{"様式バージョン: " + constant}},
	{"form elements swapped", hired, swap("<雇用形態>7</雇用形態><職種>03</職種>", "<職種>03</職種><雇用形態>7</雇用形態>"),
		[]string{"G00005-A-250045-001_1: " + order}},
	{"form element missing", hired, swap("<備考></備考>", ""), []string{"備考: " + absent}},
	{"form element twice", hired, swap("<備考></備考>", "<備考></備考><備考></備考>"), []string{"G00005-A-250045-001_1: " + unknown}},
	{"name with 髙", hired, swap("<被保険者氏名>試験　一郎", "<被保険者氏名>髙橋　一郎"), []string{"被保険者氏名: " + letters}},
	{"name with 﨑", acquired, swap("試験　一郎", "山﨑　一郎"), []string{"氏名／漢字氏名: " + letters}},
	{"company with ㈱", acquired, swap("<P1_事業所名称>見本株式会社", "<P1_事業所名称>見本㈱"), []string{"事業所名称: " + letters}},
	{"address with ①", left, swap("永田町１－１－２", "永田町①－１－２"), []string{"住所又は居所: " + letters}},
	{"kana in half width", acquired, swap("シケン　イチロウ", "ｼｹﾝ ｲﾁﾛｳ"), []string{"氏名／カナ氏名: " + letters}},
	{"required field empty", acquired, swap("<P1_事業主氏名>代表取締役　見本　太郎", "<P1_事業主氏名>"), []string{"事業主氏名: " + required}},
	{"number missing", hired, swap(sample.Number, ""), []string{"個人番号: " + required}},
	{"number with a wrong check digit", hired, swap(sample.Number, "123456789012"), []string{"個人番号: 個人番号の検査用数字が正しくありません。"}},
	{"number masked", hired, swap(sample.Number, strings.Repeat("●", 12)), []string{"個人番号: " + length}},
	{"pension number where only a My Number may stand", hired, swap(sample.Number, "1234567890"), []string{"個人番号: " + length}},
	{"eleven digits in the joint slot", lost, swap(sample.Number, "12345678901"), []string{"個人番号または基礎年金番号: " + length}},
	{"office number with a letter", acquired, swap("<P1_事業所番号>12345", "<P1_事業所番号>1234A"), []string{"事業所番号: " + number}},
	{"kanji era in a 社会保険 form", acquired, swap("<P1_元号>7", "<P1_元号>平成"), []string{"生年月日／元号: " + choice}},
	{"era code in a 雇用保険 form", hired, swap("<年号>平成", "<年号>7"), []string{"生年月日／年号: " + choice}},
	{"30 February", hired, swap("<月>3</月><日>31</日>", "<月>2</月><日>30</日>"), []string{"生年月日: " + date}},
	{"平成 after its end", hired, swap("<年号>平成</年号><年>2", "<年号>平成</年号><年>32"), []string{"生年月日: " + date}},
	{"month padded with zero", hired, swap("<月>3</月>", "<月>03</月>"), []string{"生年月日: " + date}},
	{"date in part", acquired, swap("<P1_年>8</P1_年><P1_月>6</P1_月><P1_日>30</P1_日>", "<P1_年>8</P1_年><P1_月></P1_月><P1_日>30</P1_日>"),
		[]string{"取得／該当年月日／月: " + required}},
	{"amounts do not add up", acquired, swap("<P1_報酬月額x合計額>250000", "<P1_報酬月額x合計額>260000"), []string{"報酬月額／合計額: 合計額が内訳の合計と一致しません。"}},
	{"amount with a comma", acquired, swap("<P1_報酬月額x通貨>250000", "<P1_報酬月額x通貨>250,00"), []string{"報酬月額／通貨: " + number}},
	{"neither insurance ticked", lost, swap("<P1_標題x健康保険>1</P1_標題x健康保険><P1_標題x厚生年金保険>1", "<P1_標題x健康保険></P1_標題x健康保険><P1_標題x厚生年金保険>"),
		[]string{"標題／健康保険: " + required}},
	{"retirement without its date", lost, swap("<P1_退職年月日><P1_元号>9</P1_元号><P1_年>8</P1_年><P1_月>6</P1_月><P1_日>30</P1_日>", "<P1_退職年月日><P1_元号></P1_元号><P1_年></P1_年><P1_月></P1_月><P1_日></P1_日>"),
		[]string{"退職年月日: " + required}},
	{"cause of loss unknown", lost, swap("<P1_喪失原因>4", "<P1_喪失原因>6"), []string{"喪失原因: " + choice}},
	{"occupation of one digit", hired, swap("<職種>03", "<職種>3"), []string{"職種: " + choice}},
	{"hours beyond a week", hired, swap("<時間>40", "<時間>169"), []string{"一週間の所定労働時間／時間: 入力可能な範囲の数値ではありません。"}},
	{"fixed term without its dates", hired, swap("<契約期間の定め>無", "<契約期間の定め>有"), []string{
		"契約期間の定めの有無／契約期間の定め有／契約期間開始: " + required,
		"契約期間の定めの有無／契約期間の定め有／契約期間終了: " + required,
		"契約期間の定めの有無／契約期間の定め有／契約更新条項有無: " + required,
	}},
	{"wish for a separation slip in the procedure without", left, swap("<離職票交付希望>2", "<離職票交付希望>1"), []string{"離職票交付希望: " + choice}},
	{"kanji in the 喪失届's kana name", left, swap("<被保険者氏名>シケン　イチロウ", "<被保険者氏名>試験　一郎"), []string{"被保険者氏名: " + letters}},
	{"address too long", left, swap("永田町１－１－２", strings.Repeat("町", 110)), []string{"住所又は居所: " + length}},
	{"office-use column filled", left, swap("<備考欄><備考/>", "<備考欄><備考>あ</備考>"), []string{"備考欄／備考: " + notWanted}},
	{"insured number in part", left, swap("<被保険者番号6桁>123456", "<被保険者番号6桁>"), []string{"被保険者番号／被保険者番号6桁: " + required}},
}

func TestDefectsAreRefused(t *testing.T) {
	t.Parallel()
	all := append(append([]defect{}, configurationDefects...), formDefects...)
	for _, d := range all {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			f := sample.New(d.proc)
			d.edit(f)
			v := judge(t, d.proc, f.Sign(signer()))
			if diff := cmp.Diff(d.want, summary(v.Findings)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func summary(rows []wire.ReportRow) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.Item+": "+r.Content)
	}
	return out
}

func TestColumnsOfFindings(t *testing.T) {
	t.Parallel()
	f := sample.New(hired).Edit("<職種>03", "<職種>3").Edit("提出代行に関する証明書", "証明書").Edit("office@example.com", "")
	got := judge(t, hired, f.Sign(signer())).Findings
	want := []wire.ReportRow{
		{FormName: "-", AttachedFileName: "-", FileName: "kousei.xml", Item: "構成管理XML.連絡先情報.電子メールアドレス", Content: required},
		{FormName: "雇用保険被保険者資格取得届", AttachedFileName: "-", FileName: "-", Item: "職種", Content: choice},
		{FormName: "-", AttachedFileName: "提出代行に関する証明書", FileName: "kousei.xml", Item: "構成管理XML.添付書類属性情報",
			Content: "添付必須のファイル(提出代行に関する証明書)が添付されていません。"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestReportIsBounded feeds a configuration that is wrong some thousand times.
func TestReportIsBounded(t *testing.T) {
	t.Parallel()
	f := sample.New(hired)
	f.Edit("<手数料情報>", strings.Repeat("<添付書類属性情報></添付書類属性情報>", 3000)+"<手数料情報>")
	folders, errs := inspect.Open(sample.Bulk(map[string]*sample.Filing{hired: f}))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if n := len((&inspect.Inspector{}).Folder(folders[0], received).Findings); n == 0 || n > 500 {
		t.Errorf("%d findings", n)
	}
}
