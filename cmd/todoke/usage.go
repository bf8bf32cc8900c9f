package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"todoke/officedir"
	"todoke/usage"
)

func (a *app) usageCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "usage", Short: "個人番号の利用履歴を見る・検証する", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(a.usageList(), a.usageVerify(), a.usageCheckpoint())
	return cmd
}

// entryView is an entry as "usage list --json" prints it, in the log's own words.
type entryView struct {
	Log         string `json:"log"`
	Index       int64  `json:"index"`
	Time        string `json:"time"` // JST
	Actor       string `json:"actor"`
	Role        string `json:"role,omitempty"`
	Screen      string `json:"screen,omitempty"`
	Action      string `json:"action"`
	Purpose     string `json:"purpose,omitempty"`
	Subject     string `json:"subject,omitempty"`
	Filing      string `json:"filing,omitempty"`
	Attempt     string `json:"attempt,omitempty"`
	Destination string `json:"destination,omitempty"`
	Result      string `json:"result,omitempty"`
	Source      string `json:"source,omitempty"`
}

func (a *app) usageList() *cobra.Command {
	var company string
	cmd := &cobra.Command{
		Use: "list", Short: "利用履歴の一覧（顧問先ごと。省略時はすべて）", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error { return a.listUsage(cmd, d, company) })
		},
	}
	cmd.Flags().StringVar(&company, "company", "", "この会社コードだけ（office は事務所自身の記録）")
	return a.jsonFlag(cmd)
}

func (a *app) listUsage(cmd *cobra.Command, d *officedir.Dir, company string) error {
	logs, err := a.logs(cmd, d, company)
	if err != nil {
		return err
	}
	views := []entryView{}
	for _, log := range logs {
		for r, err := range d.Usage.List(cmd.Context(), usage.Query{Log: log}) {
			if err != nil {
				return err
			}
			e := r.Entry
			v := entryView{
				Log: r.Log, Index: r.Index, Time: e.Time.In(jst).Format("2006-01-02 15:04:05"), Actor: e.Actor, Role: e.Role,
				Screen: e.Screen, Action: string(e.Action), Purpose: e.Purpose, Subject: e.Subject, Filing: e.Filing,
				Attempt: e.Attempt, Destination: e.Destination, Result: e.Result, Source: e.Source,
			}
			if a.json {
				views = append(views, v)
				continue
			}
			fmt.Fprintf(a.out, "%s  %s  %s  %s  %s  %s  %s\n", v.Log, v.Time, v.Actor, v.Action, v.Purpose, v.Filing, v.Result)
		}
	}
	if a.json {
		return a.writeJSON(views)
	}
	return nil
}

func (a *app) logs(cmd *cobra.Command, d *officedir.Dir, company string) ([]string, error) {
	switch company {
	case "":
		return d.Usage.Logs(cmd.Context())
	case usage.OfficeLog:
		return []string{usage.OfficeLog}, nil
	}
	c, err := d.Office.CompanyByCode(cmd.Context(), company)
	if err != nil {
		return nil, err
	}
	return []string{c.ID}, nil
}

func (a *app) usageVerify() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "verify", Short: "利用履歴が改ざんされていないことを確かめる", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error {
				report, err := d.VerifyUsage(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					err = a.writeJSON(map[string]any{"verified": report.OK(), "logs": report.Logs})
				}
				for _, l := range report.Logs {
					if a.json {
						break
					}
					fmt.Fprintf(a.out, "%s  %d件  %s\n", l.Log, l.Size, l.Summary)
					for _, f := range l.Findings {
						fmt.Fprintf(a.out, "    %s %s\n", f.Code, f.Message)
					}
				}
				if err == nil && !report.OK() {
					return fmt.Errorf("利用履歴: %w", errUnverified)
				}
				return err
			})
		},
	})
}

func (a *app) usageCheckpoint() *cobra.Command {
	return &cobra.Command{
		Use: "checkpoint", Short: "利用履歴の検証点に署名し、標準出力に書く", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error {
				heads, err := d.Checkpoint(cmd.Context())
				for _, head := range heads {
					fmt.Fprintf(a.out, "%s\n", head.Note)
				}
				return err
			})
		},
	}
}
