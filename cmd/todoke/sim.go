package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"todoke/egov/sim"
)

func (a *app) simCommand() *cobra.Command {
	var addr string
	c := sim.Config{}
	cmd := &cobra.Command{
		Use: "sim", Short: "模擬e-Govを起動する（開発・検証用。申請はどこにも届きません）", Args: args(cobra.NoArgs),
		Long: "APIは /shinsei/v2、認証は /auth、受理した申請の台帳は /sim/ledger（ソフトウェアIDとAPIキーのBasic認証）にあります。\n" +
			"受け取った申請はメモリーにだけ置き、--record を付けたときだけ、受け付けた送信を送信番号の名前のZIPで残します。\n" +
			"残したZIPには個人番号がそのまま入っています。",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.RecordDir != "" {
				err := os.MkdirAll(c.RecordDir, 0o700)
				if err != nil {
					return fmt.Errorf("--record のフォルダーを作成できません: %w", err)
				}
			}
			err := sim.ListenAndServe(cmd.Context(), addr, c, a.out)
			if cmd.Context().Err() != nil {
				return nil // stopped, as asked
			}
			return err
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8089", "待ち受けるアドレス（このコンピューターの中だけ）")
	cmd.Flags().StringVar(&c.ClientID, "client-id", "", "登録されているソフトウェアID")
	cmd.Flags().StringVar(&c.ClientSecret, "client-secret", "", "登録されているAPIキー")
	cmd.Flags().StringVar(&c.RedirectURI, "redirect-uri", "", "登録されているリダイレクトURI")
	cmd.Flags().BoolVar(&c.AutoLogin, "auto-login", false, "ログイン画面を出さず、すぐに認可する")
	cmd.Flags().StringVar(&c.RecordDir, "record", "", "受け付けた送信のZIPを、このフォルダーに残す")
	cmd.Flags().DurationVar(&c.IngestDelay, "ingest-delay", time.Second, "受付から到達までの時間")
	cmd.Flags().BoolVar(&c.BulkSameProcedure, "bulk-same-procedure", false, "一つの送信に同じ手続を複数入れることを許す")
	return cmd
}
