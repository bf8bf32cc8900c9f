package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"todoke/office"
	"todoke/officedir"
	"todoke/queue/desk"
	"todoke/usage"
)

func (a *app) officeCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "office", Short: "事務所・処理者・顧問先・証明書を登録する", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(a.officeInit(), a.officeProfile(), a.officeMember(), a.officeMembers(), a.officeImport(),
		a.officeCompanies(), a.officePeople(), a.officeCertificate(), a.officeKey(), a.officeAPIKey())
	return cmd
}

func (a *app) officeInit() *cobra.Command {
	var member string
	var keyFile bool
	cmd := &cobra.Command{
		Use: "init", Short: "事務所のデータを新しく作る", Args: args(cobra.NoArgs),
		Long: "事務所のデータを --dir に新しく作ります。パスフレーズは端末で入力するか、環境変数 TODOKE_PASSPHRASE で渡します。\n" +
			"--key-file を付けると、パスフレーズの代わりに鍵ファイル（unlock.key）を作ります。無人の夜間処理に便利ですが、\n" +
			"データと同じ場所に置いたままにすると、盗まれたときに守れません。別の場所へ移し、todoke.toml の secret を書き換えてください。",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if strings.TrimSpace(member) == "" {
				return usageError{errors.New("--responsible に事務取扱責任者の氏名を指定してください")}
			}
			secret, err := a.newSecret(keyFile)
			if err != nil {
				return err
			}
			err = officedir.Init(a.dir, officedir.New{Secret: secret})
			if err != nil {
				return err
			}
			return a.with(cmd.Context(), func(d *officedir.Dir) error {
				_, err := d.Office.PutMember(cmd.Context(), office.Member{
					Name: member, Roles: office.Roles{office.Responsible, office.Staff}, Active: true,
				}, member)
				if err == nil {
					fmt.Fprintf(a.out, "%s に事務所を作成しました。次は「todoke office profile」で事務所の情報を登録してください。\n", a.dir)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&member, "responsible", "", "事務取扱責任者の氏名（例: 届出　花子）")
	cmd.Flags().BoolVar(&keyFile, "key-file", false, "パスフレーズの代わりに鍵ファイルを作る")
	return cmd
}

// minPassphrase keeps the weakest passphrases out; the key derivation does the rest.
const minPassphrase = 8

func (a *app) newSecret(keyFile bool) ([]byte, error) {
	if keyFile {
		return nil, nil
	}
	secret, err := a.passphrase()
	if err != nil {
		return nil, err
	}
	if len([]rune(string(secret))) < minPassphrase {
		return nil, fmt.Errorf("パスフレーズは%d文字以上にしてください", minPassphrase)
	}
	return secret, nil
}

func (a *app) officeProfile() *cobra.Command {
	var o office.Office
	cmd := &cobra.Command{
		Use: "profile", Short: "事務所と社会保険労務士の情報を登録する", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.acting(cmd, func(d *officedir.Dir, who desk.Person) error {
				err := d.Office.PutOffice(cmd.Context(), o.Clean(), who.Name)
				if err != nil {
					return err
				}
				return a.audit(cmd.Context(), d, who, usage.ActionChange, "事務所の情報を変更")
			})
		},
	}
	for _, flag := range []struct {
		into       *string
		name, help string
	}{
		{&o.Name, "name", "事務所名"}, {&o.AttorneyName, "attorney", "社会保険労務士の氏名"}, {&o.AttorneyKana, "attorney-kana", "同フリガナ"},
		{&o.RegistrationNumber, "registration", "登録番号"}, {&o.PostalCode, "postal-code", "郵便番号"}, {&o.Address, "address", "所在地"},
		{&o.AddressKana, "address-kana", "所在地フリガナ"}, {&o.Phone, "phone", "電話番号"}, {&o.Email, "email", "電子メールアドレス"},
	} {
		cmd.Flags().StringVar(flag.into, flag.name, "", flag.help)
	}
	return cmd
}

// acting runs f with the office open and the acting member known.
func (a *app) acting(cmd *cobra.Command, f func(d *officedir.Dir, who desk.Person) error) error {
	return a.with(cmd.Context(), func(d *officedir.Dir) error {
		who, err := a.member(cmd.Context(), d, cmd.CommandPath())
		if err != nil {
			return err
		}
		return f(d, who)
	})
}

func (a *app) officeMember() *cobra.Command {
	var roles []string
	cmd := &cobra.Command{
		Use: "member 氏名", Short: "処理者を登録する", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.acting(cmd, func(d *officedir.Dir, who desk.Person) error {
				if !who.Roles.Has(office.Responsible) {
					return desk.ErrForbidden
				}
				m := office.Member{Name: given[0], Active: true}
				for _, role := range roles {
					m.Roles = append(m.Roles, office.Role(role))
				}
				_, err := d.Office.PutMember(cmd.Context(), m.Clean(), who.Name)
				if err != nil {
					return err
				}
				return a.audit(cmd.Context(), d, who, usage.ActionChange, "処理者を登録: "+given[0])
			})
		},
	}
	cmd.Flags().StringSliceVar(&roles, "role", []string{string(office.Staff)}, "staff=事務取扱担当者、responsible=事務取扱責任者、auditor=監査責任者")
	return cmd
}

func (a *app) officeMembers() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "members", Short: "処理者の一覧", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error {
				members, err := d.Office.Members(cmd.Context())
				if err != nil || a.json {
					return errors.Join(err, a.writeJSON(members))
				}
				for _, m := range members {
					names := make([]string, len(m.Roles))
					for i, role := range m.Roles {
						names[i] = role.Name()
					}
					fmt.Fprintf(a.out, "%s  %s\n", m.Name, strings.Join(names, "・"))
				}
				return nil
			})
		},
	})
}

func (a *app) officeImport() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "import FILE.csv", Short: "顧問先または人のCSV（UTF-8）を取り込む", Args: args(cobra.ExactArgs(1)),
		Long: "1行目の見出しで、顧問先のファイルか人のファイルかを判断します。列の説明は office/IMPORT.md にあります。\n" +
			"誤りが1つでもあれば、すべての誤りを行と列で示し、何も変更しません。個人番号は「todoke vault import」で取り込みます。",
		RunE: func(cmd *cobra.Command, given []string) error {
			in, err := os.Open(given[0])
			if err != nil {
				return fmt.Errorf("ファイルを開けません: %w", err)
			}
			defer in.Close()
			return a.acting(cmd, func(d *officedir.Dir, who desk.Person) error {
				summary, cells, err := d.Office.Import(cmd.Context(), in, who.Name)
				if err != nil {
					return err
				}
				if a.json {
					err = a.writeJSON(map[string]any{"summary": summary, "errors": cells})
				} else {
					for _, c := range cells {
						fmt.Fprintf(a.err, "%d行目 %s: %s %s（%s）\n", c.Row, c.Column, c.Message, c.Remedy, c.Code)
					}
				}
				if len(cells) > 0 {
					return errors.Join(err, fmt.Errorf("%d件の誤りがあるため、何も変更していません", len(cells)))
				}
				text := fmt.Sprintf("新規 %d件、更新 %d件、変更なし %d件", summary.New, summary.Updated, summary.Unchanged)
				if !a.json {
					fmt.Fprintln(a.out, text)
				}
				return errors.Join(err, a.audit(cmd.Context(), d, who, usage.ActionChange, "台帳を取込: "+text))
			})
		},
	})
}
