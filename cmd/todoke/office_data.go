package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"todoke/api"
	"todoke/office"
	"todoke/officedir"
	"todoke/queue/desk"
	"todoke/signing"
	"todoke/usage"
)

func (a *app) officeCompanies() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "companies", Short: "顧問先の一覧", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error {
				all, err := allPages(func(page office.Page) ([]office.Company, string, error) {
					return d.Office.Companies(cmd.Context(), page)
				})
				if err != nil {
					return err
				}
				if a.json {
					return a.writeJSON(all)
				}
				for _, c := range all {
					certificate := "提出代行に関する証明書なし"
					if c.CertificateKind != "" {
						certificate = "提出代行に関する証明書あり"
					}
					fmt.Fprintf(a.out, "%s  %s  %s\n", c.Code, c.Name, certificate)
				}
				return nil
			})
		},
	})
}

func (a *app) officePeople() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "people 会社コード", Short: "顧問先の人の一覧", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error {
				company, err := d.Office.CompanyByCode(cmd.Context(), given[0])
				if err != nil {
					return err
				}
				all, err := people(cmd.Context(), d, company.ID)
				if err != nil {
					return err
				}
				if a.json {
					return a.writeJSON(all)
				}
				for _, p := range all {
					number := "個人番号 未登録"
					if p.NumberRef != "" {
						number = "個人番号 登録済み"
					}
					fmt.Fprintf(a.out, "%s  %s  %s  %s\n", p.Code, p.Name, p.BirthDate, number)
				}
				return nil
			})
		},
	})
}

// allPages reads a list of the office to its end.
func allPages[T any](read func(office.Page) ([]T, string, error)) ([]T, error) {
	all := []T{}
	for page := (office.Page{Limit: 500}); ; {
		rows, next, err := read(page)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if next == "" {
			return all, nil
		}
		page.After = next
	}
}

func people(ctx context.Context, d *officedir.Dir, company string) ([]office.Person, error) {
	return allPages(func(page office.Page) ([]office.Person, string, error) { return d.Office.People(ctx, company, page) })
}

func (a *app) officeCertificate() *cobra.Command {
	return &cobra.Command{
		Use: "certificate 会社コード FILE.pdf", Short: "提出代行に関する証明書（PDFかJPEG）を登録する", Args: args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, given []string) error {
			data, err := readBounded(given[1])
			if err != nil {
				return err
			}
			return a.acting(cmd, func(d *officedir.Dir, who desk.Person) error {
				company, err := d.Office.CompanyByCode(cmd.Context(), given[0])
				if err != nil {
					return err
				}
				err = d.Office.PutAgencyCertificate(cmd.Context(), company.ID, data, who.Name)
				if err != nil {
					return err
				}
				return a.audit(cmd.Context(), d, who, usage.ActionChange, "提出代行に関する証明書を登録: "+company.Code)
			})
		},
	}
}

// readBounded reads a file that somebody named, up to a generous size.
func readBounded(path string) ([]byte, error) {
	const largest = 64 << 20
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("ファイルを開けません: %w", err)
	}
	if info.Size() > largest || !info.Mode().IsRegular() {
		return nil, errors.New("ファイルが大きすぎるか、通常のファイルではありません")
	}
	data, err := os.ReadFile(path) //nolint:gosec // named by the person at the terminal
	if err != nil {
		return nil, fmt.Errorf("ファイルを読めません: %w", err)
	}
	return data, nil
}

func (a *app) officeKey() *cobra.Command {
	var pemKey string
	cmd := &cobra.Command{
		Use: "key FILE", Short: "署名に使う電子証明書（PKCS#12、または証明書PEM と --pem-key）を登録する", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			data, err := readBounded(given[0])
			if err != nil {
				return err
			}
			return a.acting(cmd, func(d *officedir.Dir, who desk.Person) error {
				if !who.Roles.Has(office.Responsible) {
					return desk.ErrForbidden
				}
				signer, err := a.importKey(d, data, pemKey)
				if err != nil {
					return err
				}
				err = signing.CheckCertificate(signer.Certificate, a.now())
				if err != nil {
					return err
				}
				fmt.Fprintf(a.out, "証明書を登録しました: %s（有効期限 %s）\n", signer.Certificate.Subject.CommonName, signer.Certificate.NotAfter.In(jst).Format(time.DateOnly))
				return a.audit(cmd.Context(), d, who, usage.ActionChange, "署名用の証明書を登録")
			})
		},
	}
	cmd.Flags().StringVar(&pemKey, "pem-key", "", "PEM形式の秘密鍵（FILEがPEMの証明書のとき）")
	return cmd
}

func (a *app) importKey(d *officedir.Dir, data []byte, pemKey string) (signing.Signer, error) {
	if pemKey != "" {
		key, err := readBounded(pemKey)
		if err != nil {
			return signing.Signer{}, err
		}
		defer clear(key)
		return d.ImportPEM(data, key)
	}
	passphrase, err := a.line("証明書のパスフレーズ: ")
	if err != nil {
		return signing.Signer{}, err
	}
	return d.ImportPKCS12(data, string(passphrase))
}

func (a *app) officeAPIKey() *cobra.Command {
	var member, company string
	var days int
	cmd := &cobra.Command{
		Use: "api-key 名称", Short: "APIキーを発行する（一度だけ表示する）", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			if (member == "") == (company == "") {
				return usageError{errors.New("--for-member か --for-company のどちらか一方を指定してください")}
			}
			return a.acting(cmd, func(d *officedir.Dir, who desk.Person) error {
				if !who.Roles.Has(office.Responsible) {
					return desk.ErrForbidden
				}
				key, err := a.newAPIKey(cmd, d, who, api.NewKey{Name: given[0], ExpiresAt: a.now().AddDate(0, 0, days)}, member, company)
				if err != nil {
					return err
				}
				fmt.Fprintln(a.out, key)
				fmt.Fprintln(a.err, "このキーは二度と表示しません。控えてください。")
				return a.audit(cmd.Context(), d, who, usage.ActionChange, "APIキーを発行: "+given[0])
			})
		},
	}
	cmd.Flags().StringVar(&member, "for-member", "", "この処理者のキー")
	cmd.Flags().StringVar(&company, "for-company", "", "この会社コードの顧問先のキー")
	cmd.Flags().IntVar(&days, "days", 365, "有効日数")
	return cmd
}
