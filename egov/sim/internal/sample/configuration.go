package sample

import (
	"fmt"
	"strings"
)

// configuration writes an unsigned kousei.xml. 構成情報 is in canonical form as
// written: line feeds, no self-closing tags, only &amp; &lt; &gt; escaped.
func configuration(procID string, p procedure) string {
	var b strings.Builder
	leaf := func(name, value string) { fmt.Fprintf(&b, "<%s>%s</%s>\n", name, value, name) }
	group := func(name string, body func()) {
		fmt.Fprintf(&b, "<%s>\n", name)
		body()
		fmt.Fprintf(&b, "</%s>\n", name)
	}
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DataRoot>\n")
	leaf("様式ID", "999000000000000001")
	leaf("様式バージョン", "0001")
	leaf("STYLESHEET", "999000000000000001.xsl")
	b.WriteString("<構成情報 ID=\"構成情報\">\n")
	group("管理情報", func() {
		group("手続番号", func() {
			leaf("受付行政機関ID", "100495")
			leaf("手続ID", procID)
		})
		leaf("手続名称", p.name)
		leaf("初回受付番号", "")
		leaf("申請種別", "新規申請")
		group("申請者連絡先情報", func() {
			group("申請者情報", func() {
				person(leaf, "見本　太郎", "ミホン　タロウ", "代表取締役", "見本株式会社", "")
			})
			group("連絡先情報", func() {
				person(leaf, "代行　花子", "ダイコウ　ハナコ", "", "代行社会保険労務士事務所", "office@example.com")
			})
			group("委任登録票添付情報", func() {
				leaf("発行番号", "")
				leaf("委任登録票名称", "")
				leaf("委任登録票ファイル名称", "")
			})
		})
	})
	group("添付書類属性情報", func() {
		leaf("添付種別", "添付")
		leaf("添付書類名称", "提出代行に関する証明書")
		leaf("添付書類ファイル名称", CertificateFile)
		leaf("提出情報", "1")
	})
	numbered(&b, leaf, "手数料情報", "手数料", 6, "手数料識別子", "略科目コード", "略科目名", "振込金額")
	leaf("通信欄", "")
	numbered(&b, leaf, "府省照会情報", "府省照会", 10, "府省照会情報ラベル", "府省照会情報")
	group("提出先情報", func() {
		leaf("提出先識別子", p.destination)
		leaf("提出先名称", p.office)
	})
	group("申請書属性情報", func() {
		leaf("申請書様式ID", p.formID)
		leaf("申請書様式バージョン", p.version)
		leaf("申請書様式名称", p.formName)
		leaf("申請書ファイル名称", p.formID+"_01.xml")
	})
	b.WriteString("</構成情報>\n")
	group("その他", func() { leaf("法人番号", "5000000000005") })
	b.WriteString("</DataRoot>\n")
	return b.String()
}

func person(leaf func(string, string), name, kana, title, company, mail string) {
	leaf("氏名", name)
	leaf("氏名フリガナ", kana)
	leaf("役職", title)
	leaf("法人団体名", company)
	leaf("法人団体名フリガナ", "")
	leaf("部門名", "")
	leaf("部門名フリガナ", "")
	leaf("郵便番号", "1000014")
	leaf("住所", "東京都千代田区永田町１丁目１番１号")
	leaf("住所フリガナ", "トウキョウトチヨダクナガタチョウ")
	leaf("電話番号", "03-1234-5678")
	leaf("FAX番号", "")
	leaf("電子メールアドレス", mail)
}

// numbered writes a group of n empty sub-groups.
func numbered(b *strings.Builder, leaf func(string, string), group, item string, n int, parts ...string) {
	fmt.Fprintf(b, "<%s>\n", group)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(b, "<%s%d>\n", item, i)
		for _, part := range parts {
			leaf(part, "")
		}
		fmt.Fprintf(b, "</%s%d>\n", item, i)
	}
	fmt.Fprintf(b, "</%s>\n", group)
}
