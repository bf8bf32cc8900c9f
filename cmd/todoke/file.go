package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"todoke/forms"
	"todoke/officedir"
	"todoke/queue"
	"todoke/queue/desk"
)

func (a *app) fileCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "file", Short: "届出を作成・確認・承認し、送信待ちにする", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(a.fileCreate(), a.fileEdit(), a.fileCheck(), a.fileApprove(), a.fileQueue(), a.fileCancel(), a.fileResend(),
		a.fileList(), a.fileShow(), a.filePreview(), a.fileCopy())
	return cmd
}

// desked runs f with the office open and the acting member known.
func (a *app) desked(cmd *cobra.Command, f func(d *officedir.Dir, work *desk.Desk, who desk.Person) error) error {
	return a.with(cmd.Context(), func(d *officedir.Dir) error {
		who, err := a.member(cmd.Context(), d, cmd.CommandPath())
		if err != nil {
			return err
		}
		account, err := defaultAccount(cmd.Context(), d)
		if err != nil {
			return err
		}
		return f(d, d.Desk(account), who)
	})
}

func (a *app) fileCreate() *cobra.Command {
	var company, person, reason string
	var fields []string
	cmd := &cobra.Command{
		Use: "create 手続ID", Short: "届出の下書きを作成する", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			event, err := parseFields(fields)
			if err != nil {
				return err
			}
			return a.desked(cmd, func(d *officedir.Dir, work *desk.Desk, who desk.Person) error {
				c, err := d.Office.CompanyByCode(cmd.Context(), company)
				if err != nil {
					return fmt.Errorf("会社コード %s: %w", company, err)
				}
				p, err := personByCode(cmd.Context(), d, c.ID, person)
				if err != nil {
					return fmt.Errorf("人のコード %s: %w", person, err)
				}
				filing, err := work.Draft(cmd.Context(), who, desk.New{
					CompanyID: c.ID, PersonID: p.ID, ProcedureID: given[0], Event: event, OverrideReason: reason,
				})
				if err != nil {
					return err
				}
				fmt.Fprintln(a.out, filing.ID)
				return a.tellFindings(cmd, work, filing.ID)
			})
		},
	}
	cmd.Flags().StringVar(&company, "company", "", "会社コード")
	cmd.Flags().StringVar(&person, "person", "", "人のコード")
	cmd.Flags().StringArrayVar(&fields, "set", nil, "項目=値（繰り返し可。項目は「todoke forms show 手続ID」で確かめる）")
	cmd.Flags().StringVar(&reason, "double", "", "同じ事由の届出が既にあるときに、それでも作成する理由")
	return cmd
}

func (a *app) fileEdit() *cobra.Command {
	var reason string
	var fields []string
	cmd := &cobra.Command{
		Use: "edit 届出ID", Short: "届出の項目を直し、下書きに戻す（承認はやり直し）", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			changes, err := parseFields(fields)
			if err != nil {
				return err
			}
			return a.desked(cmd, func(d *officedir.Dir, work *desk.Desk, who desk.Person) error {
				f, err := d.Queue.Filing(cmd.Context(), given[0])
				if err != nil {
					return err
				}
				event := maps.Clone(map[string]string(f.Event))
				for name, value := range changes {
					if event == nil {
						event = map[string]string{}
					}
					event[name] = value
					if value == "" {
						delete(event, name)
					}
				}
				_, err = work.Edit(cmd.Context(), who, f.ID, f.Revision, event, reason)
				if err != nil {
					return err
				}
				return a.tellFindings(cmd, work, f.ID)
			})
		},
	}
	cmd.Flags().StringArrayVar(&fields, "set", nil, "項目=値（繰り返し可。項目= で空欄に戻す）")
	cmd.Flags().StringVar(&reason, "reason", "", "理由（不受理や保留の届出を直すときは必須）")
	return cmd
}

func parseFields(fields []string) (map[string]string, error) {
	event := map[string]string{}
	for _, field := range fields {
		name, value, ok := strings.Cut(field, "=")
		if !ok {
			return nil, usageError{errors.New("--set は 項目=値 の形で指定してください")}
		}
		event[name] = value
	}
	return event, nil
}

func (a *app) tellFindings(cmd *cobra.Command, work *desk.Desk, id string) error {
	checked, err := work.Check(cmd.Context(), id)
	if err != nil {
		return err
	}
	a.printFindings(checked.Findings)
	return nil
}

func (a *app) printFindings(findings []forms.Finding) {
	for _, f := range findings {
		fmt.Fprintf(a.out, "%s %s: %s %s\n", f.Code, f.Label, f.Message, f.Remedy)
	}
	if len(findings) == 0 {
		fmt.Fprintln(a.out, "誤りは見つかりませんでした。")
	}
}

func (a *app) fileCheck() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "check 届出ID", Short: "届出の誤りをすべて表示する", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.desked(cmd, func(_ *officedir.Dir, work *desk.Desk, _ desk.Person) error {
				checked, err := work.Check(cmd.Context(), given[0])
				if err != nil {
					return err
				}
				if a.json {
					err = a.writeJSON(map[string]any{"id": given[0], "findings": checked.Findings})
				} else {
					a.printFindings(checked.Findings)
				}
				if err == nil && len(checked.Findings) > 0 {
					return &desk.InvalidError{Findings: checked.Findings}
				}
				return err
			})
		},
	})
}

func (a *app) fileApprove() *cobra.Command {
	var purpose string
	var revision int
	cmd := &cobra.Command{
		Use: "approve 届出ID", Short: "利用目的を述べて届出を承認する（個人番号の利用を許可する）", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.desked(cmd, func(d *officedir.Dir, work *desk.Desk, who desk.Person) error {
				if revision == 0 {
					f, err := d.Queue.Filing(cmd.Context(), given[0])
					if err != nil {
						return err
					}
					revision = f.Revision
				}
				err := work.Approve(cmd.Context(), who, given[0], revision, purpose)
				var invalid *desk.InvalidError
				if errors.As(err, &invalid) {
					a.printFindings(invalid.Findings)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&purpose, "purpose", "", "利用目的（例: 雇用保険 資格取得届の提出）")
	cmd.Flags().IntVar(&revision, "revision", 0, "確認した版（省略時は最新）")
	return cmd
}

func (a *app) fileQueue() *cobra.Command {
	var notBefore string
	cmd := &cobra.Command{
		Use: "queue 届出ID", Short: "承認済みの届出を送信待ちにする", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			at := time.Time{}
			if notBefore != "" {
				var err error
				at, err = time.ParseInLocation(time.DateOnly, notBefore, jst)
				if err != nil {
					return usageError{errors.New("--not-before は 2026-07-01 のような日付で指定してください")}
				}
			}
			return a.desked(cmd, func(_ *officedir.Dir, work *desk.Desk, who desk.Person) error {
				return work.Enqueue(cmd.Context(), who, given[0], at)
			})
		},
	}
	cmd.Flags().StringVar(&notBefore, "not-before", "", "この日より前には送らない（YYYY-MM-DD、日本時間）")
	return cmd
}

// reasoned makes a command that changes a filing for a stated reason.
func (a *app) reasoned(use, short string, act func(cmd *cobra.Command, work *desk.Desk, who desk.Person, id, reason string) error) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: use + " 届出ID", Short: short, Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.desked(cmd, func(_ *officedir.Dir, work *desk.Desk, who desk.Person) error {
				return act(cmd, work, who, given[0], reason)
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "理由")
	return cmd
}

func (a *app) fileCancel() *cobra.Command {
	return a.reasoned("cancel", "送信前の届出を取り消す",
		func(cmd *cobra.Command, work *desk.Desk, who desk.Person, id, reason string) error {
			return work.Cancel(cmd.Context(), who, id, reason)
		})
}

func (a *app) fileResend() *cobra.Command {
	return a.reasoned("resend", "e-Govの一覧に見つからず保留になった届出を、もう一度送ると決める",
		func(cmd *cobra.Command, work *desk.Desk, who desk.Person, id, reason string) error {
			return work.ConfirmResend(cmd.Context(), who, id, reason)
		})
}

var jst = time.FixedZone("JST", 9*60*60)

func (a *app) writeJSON(v any) error {
	encoder := json.NewEncoder(a.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

var stateWords = func() string {
	words := make([]string, 0, 12)
	for _, s := range []queue.State{queue.Draft, queue.Approved, queue.Queued, queue.Submitting, queue.Arrived, queue.Refused, queue.Held, queue.Cancelled} {
		words = append(words, string(s)+"="+s.Label())
	}
	return strings.Join(words, "、")
}()
