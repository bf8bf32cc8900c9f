package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"todoke/officedir"
	"todoke/queue/desk"
	"todoke/vault"
)

func (a *app) vaultCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "vault", Short: "個人番号を保管庫に登録する（取り出すことはできません）", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(a.vaultPut(), a.vaultImport(), a.vaultDestroy())
	return cmd
}

func (a *app) vaultPut() *cobra.Command {
	return &cobra.Command{
		Use: "put 会社コード 人のコード", Short: "個人番号を1件登録する（端末か標準入力から。引数には書けません）", Args: args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.desked(cmd, func(d *officedir.Dir, work *desk.Desk, who desk.Person) error {
				company, err := d.Office.CompanyByCode(cmd.Context(), given[0])
				if err != nil {
					return fmt.Errorf("会社コード: %w", err)
				}
				person, err := personByCode(cmd.Context(), d, company.ID, given[1])
				if err != nil {
					return fmt.Errorf("人のコード: %w", err)
				}
				typed, err := a.line("個人番号（表示されません）: ")
				if err != nil {
					return err
				}
				number, err := vault.ParseNumber(typed)
				clear(typed)
				if err != nil {
					return err
				}
				defer number.Wipe()
				err = work.PutNumber(cmd.Context(), who, person.ID, number)
				if err == nil {
					fmt.Fprintf(a.out, "%s さんの個人番号を登録しました。\n", person.Name)
				}
				return err
			})
		},
	}
}

func (a *app) vaultImport() *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use: "import FILE.csv", Short: "個人番号のCSV（" + strings.Join(desk.NumberHeader, ",") + "、UTF-8）を取り込む", Args: args(cobra.ExactArgs(1)),
		Long: "検査用数字を確かめ、誤りが1つでもあれば行と列を示して何も登録しません（番号は表示しません）。\n" +
			"取り込んだ後、ファイルの削除を提案します。削除したファイルは、消去したファイルではありません。\n" +
			"ディスクやバックアップに痕跡が残り得ます。",
		RunE: func(cmd *cobra.Command, given []string) error {
			in, err := os.Open(given[0])
			if err != nil {
				return fmt.Errorf("ファイルを開けません: %w", err)
			}
			defer in.Close()
			err = a.desked(cmd, func(_ *officedir.Dir, work *desk.Desk, who desk.Person) error {
				n, err := work.ImportNumbers(cmd.Context(), who, in)
				if err != nil {
					return err
				}
				fmt.Fprintf(a.out, "個人番号を%d件登録しました。\n", n)
				return nil
			})
			if err != nil {
				return err
			}
			return a.offerRemoval(given[0], remove)
		},
	}
	cmd.Flags().BoolVar(&remove, "delete", false, "取り込んだ後、尋ねずにファイルを削除する")
	return cmd
}

// offerRemoval deletes the file of numbers if somebody says so, and says what that
// does not do.
func (a *app) offerRemoval(path string, yes bool) error {
	const warning = "削除は消去ではありません。ディスク、バックアップ、同期先に内容が残り得ます。媒体ごと適切に廃棄してください。"
	if !yes && a.showsProgress() {
		fmt.Fprintf(a.err, "%s を削除しますか？ [y/N] ", path)
		answer, err := bufio.NewReader(a.in).ReadString('\n')
		yes = err == nil && strings.EqualFold(strings.TrimSpace(answer), "y")
	}
	if !yes {
		fmt.Fprintf(a.err, "%s には個人番号が残っています。不要になったら削除してください（--delete）。%s\n", path, warning)
		return nil
	}
	err := os.Remove(path)
	if err != nil {
		return fmt.Errorf("ファイルを削除できません: %w", err)
	}
	fmt.Fprintf(a.err, "%s を削除しました。%s\n", path, warning)
	return nil
}

func (a *app) vaultDestroy() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "destroy 会社コード 人のコード", Short: "個人番号を廃棄する", Args: args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, given []string) error {
			if reason == "" {
				return usageError{errors.New("--reason に廃棄の理由を指定してください")}
			}
			return a.desked(cmd, func(d *officedir.Dir, work *desk.Desk, who desk.Person) error {
				company, err := d.Office.CompanyByCode(cmd.Context(), given[0])
				if err != nil {
					return err
				}
				person, err := personByCode(cmd.Context(), d, company.ID, given[1])
				if err != nil {
					return err
				}
				err = work.DestroyNumber(cmd.Context(), who, person.ID, reason)
				if err == nil {
					fmt.Fprintf(a.out, "%s さんの個人番号を廃棄しました。\n", person.Name)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "廃棄の理由")
	return cmd
}
