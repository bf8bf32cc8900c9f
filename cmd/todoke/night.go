package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"todoke/officedir"
	"todoke/queue/night"
)

func (a *app) nightCommand() *cobra.Command {
	var account string
	cmd := &cobra.Command{
		Use: "night", Short: "送信待ちの届出を送り、結果が出るまで見届ける（夜間処理）", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error { return a.night(cmd, d, account) })
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "この e-Gov アカウントだけ処理する（省略時はすべて）")
	return a.jsonFlag(cmd)
}

func (a *app) night(cmd *cobra.Command, d *officedir.Dir, only string) error {
	accounts, err := d.Accounts.Accounts(cmd.Context())
	if err != nil {
		return err
	}
	var failed []error
	ran := false
	for _, account := range accounts {
		if only != "" && account.ID != only {
			continue
		}
		ran = true
		sender, err := a.sender(d, account.ID)
		if err != nil {
			return err
		}
		summary, err := sender.Run(cmd.Context())
		a.progressEnd()
		if err != nil {
			failed = append(failed, fmt.Errorf("e-Govアカウント %s: %w", account.Name, err))
		}
		err = a.tellNight(summary)
		if err != nil {
			return err
		}
	}
	if !ran {
		return errors.New("e-Govアカウントが登録されていません")
	}
	return errors.Join(failed...)
}

func (a *app) tellNight(s night.Summary) error {
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{
			"attempts": s.Attempts, "sent": s.Sent, "arrived": s.Arrived, "refused": s.Refused,
			"held": s.Held, "unknown": s.Unknown, "queued": s.Queued, "alarms": s.Alarms,
		})
	}
	fmt.Fprintf(a.out, "送信 %d回（%d件）。到達 %d件、不受理 %d件。保留 %d件、結果不明 %d件、送信待ち %d件。\n",
		s.Attempts, s.Sent, s.Arrived, s.Refused, s.Held, s.Unknown, s.Queued)
	for _, alarm := range s.Alarms {
		fmt.Fprintln(a.out, "注意:", alarm)
	}
	if s.Held > 0 {
		fmt.Fprintln(a.out, "保留の届出は「todoke file list --state held」で確かめ、担当者が判断してください。")
	}
	return nil
}

// sender wires a sender with this process's hooks and progress display.
func (a *app) sender(d *officedir.Dir, account string) (*night.Sender, error) {
	sender, err := d.Sender(account, steps())
	if err != nil {
		return nil, err
	}
	if a.showsProgress() {
		sender.Progress = func(p night.Progress) {
			fmt.Fprintf(a.err, "\r\033[K%s（送信 %d件、結果確定 %d件）", p.Doing, p.Sent, p.Settled)
		}
	}
	return sender, nil
}

// showsProgress tells whether somebody is watching.
func (a *app) showsProgress() bool {
	file, ok := a.err.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func (a *app) progressEnd() {
	if a.showsProgress() {
		fmt.Fprint(a.err, "\r\033[K")
	}
}
