package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"todoke/cmd/todoke/demo"
	"todoke/officedir"
	"todoke/queue/night"
)

func (a *app) demoCommand() *cobra.Command {
	o := demo.Options{}
	cmd := &cobra.Command{
		Use: "demo", Short: "架空の事務所で、届出の作成から到達までを一度通して見せる", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Hold && (o.EGov == "" || !cmd.Flags().Changed("dir")) {
				return usageError{errors.New("--hold は --egov と --dir と一緒に使います")}
			}
			// The demo's office is temporary unless somebody names a place for it.
			if cmd.Flags().Changed("dir") {
				o.Dir = a.dir
			}
			o.JSON, o.Out, o.Err, o.Now = a.json, a.out, a.err, a.now
			o.Ask = demoSecret
			o.Steps = a.tellStep
			o.Night = func(d *officedir.Dir, account string) (*night.Sender, error) { return a.sender(d, account) }
			err := demo.Run(cmd.Context(), o)
			a.progressEnd()
			return err
		},
	}
	cmd.Flags().StringVar(&o.Record, "record", "", "模擬e-Govが受け付けた送信データを、このフォルダーに残す")
	cmd.Flags().StringVar(&o.People, "people", "", "内蔵の架空の人の代わりに、このCSVの人を使う")
	cmd.Flags().StringVar(&o.EGov, "egov", "", "内蔵の模擬e-Govの代わりに使う模擬e-GovのURL（例 http://127.0.0.1:8089）")
	cmd.Flags().StringVar(&o.ClientID, "client-id", "", "--egov のソフトウェアID")
	cmd.Flags().StringVar(&o.ClientSecret, "client-secret", "", "--egov のAPIキー")
	cmd.Flags().StringVar(&o.RedirectURI, "redirect-uri", "", "--egov に登録したリダイレクトURI（省略時は模擬e-Govに尋ねる）")
	cmd.Flags().BoolVar(&o.Hold, "hold", false, "送信待ちにするところまで行い、夜間処理は行わない")
	return a.jsonFlag(cmd)
}

// demoSecret is the passphrase of a demo office, if one is set; without it the
// office gets a key file beside its data.
func demoSecret() ([]byte, error) { return []byte(os.Getenv("TODOKE_PASSPHRASE")), nil }

func (a *app) tellStep(doing string) {
	if a.showsProgress() {
		fmt.Fprintf(a.err, "\r\033[K%s", doing)
	}
}
