package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"todoke/office"
	"todoke/officedir"
	"todoke/queue"
	"todoke/queue/desk"
)

// filingView is a filing as "file list|show --json" prints it.
type filingView struct {
	ID         string            `json:"id"`
	Procedure  string            `json:"procedure"`
	Company    string            `json:"company_id"`
	Person     string            `json:"person_id"`
	EventDate  string            `json:"event_date"`
	Revision   int               `json:"revision"`
	State      string            `json:"state"`
	StateLabel string            `json:"state_label"`
	HoldKind   string            `json:"hold_kind,omitempty"`
	ArriveID   string            `json:"arrive_id,omitempty"`
	ArriveDate string            `json:"arrive_date,omitempty"`
	SendNumber string            `json:"send_number,omitempty"`
	Findings   queue.Findings    `json:"findings,omitempty"`
	History    []historyView     `json:"history,omitempty"`
	Event      map[string]string `json:"event,omitempty"`
}

type historyView struct {
	At     string `json:"at"` // JST
	Actor  string `json:"actor"`
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason,omitempty"`
}

func view(f queue.Filing) filingView {
	return filingView{
		ID: f.ID, Procedure: f.ProcedureID, Company: f.CompanyID, Person: f.PersonID, EventDate: f.EventDate, Revision: f.Revision,
		State: string(f.State), StateLabel: f.State.Label(), HoldKind: string(f.HoldKind), ArriveID: f.ArriveID,
		ArriveDate: f.ArriveDate, SendNumber: f.SendNumber, Findings: f.Findings,
	}
}

func (a *app) fileList() *cobra.Command {
	var state, company string
	cmd := &cobra.Command{
		Use: "list", Short: "届出の一覧", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error { return a.listFilings(cmd.Context(), d, state, company) })
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "この状態だけ（"+stateWords+"）")
	cmd.Flags().StringVar(&company, "company", "", "この会社コードだけ")
	return a.jsonFlag(cmd)
}

func (a *app) listFilings(ctx context.Context, d *officedir.Dir, state, company string) error {
	query := queue.Query{State: queue.State(state)}
	if company != "" {
		c, err := d.Office.CompanyByCode(ctx, company)
		if err != nil {
			return fmt.Errorf("会社コード %s: %w", company, err)
		}
		query.CompanyID = c.ID
	}
	views := []filingView{}
	for {
		page, err := d.Queue.Filings(ctx, query)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		query.After = page[len(page)-1].ID
		for _, f := range page {
			if a.json {
				views = append(views, view(f))
				continue
			}
			fmt.Fprintf(a.out, "%s  %s  %s  %s  %s\n", f.ID, f.State.Label(), procedureTitle(d, f.ProcedureID), f.EventDate, f.ArriveID)
		}
	}
	if a.json {
		return a.writeJSON(views)
	}
	return nil
}

func procedureTitle(d *officedir.Dir, id string) string {
	p, ok := d.Forms.Procedure(id)
	if !ok {
		return id
	}
	return p.Title()
}

func (a *app) fileShow() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "show 届出ID", Short: "届出の内容と経過", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error { return a.showFiling(cmd.Context(), d, given[0]) })
		},
	})
}

func (a *app) showFiling(ctx context.Context, d *officedir.Dir, id string) error {
	f, err := d.Queue.Filing(ctx, id)
	if err != nil {
		return err
	}
	history, err := d.Queue.History(ctx, id)
	if err != nil {
		return err
	}
	v := view(f)
	v.Event = f.Event
	for _, c := range history {
		v.History = append(v.History, historyView{
			At: c.At.Time().In(jst).Format("2006-01-02 15:04:05"), Actor: c.Actor, From: string(c.From), To: string(c.To), Reason: c.Reason,
		})
	}
	if a.json {
		return a.writeJSON(v)
	}
	fmt.Fprintf(a.out, "%s\n手続 %s（%s）\n状態 %s  版 %d  事由発生日 %s\n", f.ID, procedureTitle(d, f.ProcedureID), f.ProcedureID, f.State.Label(), f.Revision, f.EventDate)
	if f.ArriveID != "" {
		fmt.Fprintf(a.out, "到達番号 %s（%s）\n", f.ArriveID, f.ArriveDate)
	}
	for _, finding := range f.Findings {
		fmt.Fprintf(a.out, "e-Govの指摘 %s %s: %s\n", finding.File, finding.Item, finding.Content)
	}
	for _, h := range v.History {
		fmt.Fprintf(a.out, "%s  %s  %s → %s  %s\n", h.At, h.Actor, queue.State(h.From).Label(), queue.State(h.To).Label(), h.Reason)
	}
	return nil
}

func (a *app) filePreview() *cobra.Command {
	return &cobra.Command{
		Use: "preview 届出ID", Short: "個人番号を伏せた届出の下見（HTML）を標準出力に書く", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.desked(cmd, func(_ *officedir.Dir, work *desk.Desk, _ desk.Person) error {
				checked, err := work.Check(cmd.Context(), given[0])
				if err != nil {
					return err
				}
				if checked.Filled == nil {
					a.printFindings(checked.Findings)
					return &desk.InvalidError{Findings: checked.Findings}
				}
				page, err := checked.Filled.MaskedHTML(a.now())
				if err != nil {
					return err
				}
				_, err = a.out.Write(page)
				return err
			})
		},
	}
}

func (a *app) fileCopy() *cobra.Command {
	return &cobra.Command{
		Use: "copy 届出ID", Short: "送信した届出の控え（個人番号を伏せたXML）を標準出力に書く", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.desked(cmd, func(_ *officedir.Dir, work *desk.Desk, who desk.Person) error {
				files, err := work.MaskedCopy(cmd.Context(), who, given[0])
				if err != nil {
					return err
				}
				for _, file := range files {
					fmt.Fprintf(a.out, "<!-- %s -->\n%s\n", file.Name, file.Data)
				}
				return nil
			})
		},
	}
}

// defaultAccount is the e-Gov account that new filings go under: the only one, or
// none yet, in which case they wait until one is registered.
func defaultAccount(ctx context.Context, d *officedir.Dir) (string, error) {
	accounts, err := d.Accounts.Accounts(ctx)
	if err != nil {
		return "", err
	}
	if len(accounts) > 1 {
		return "", errors.New("e-Govアカウントが複数あります。事業所ごとの割り当てが必要です")
	}
	if len(accounts) == 0 {
		return "egov", nil
	}
	return accounts[0].ID, nil
}

// personByCode finds a person of a company by the office's code.
func personByCode(ctx context.Context, d *officedir.Dir, company, code string) (office.Person, error) {
	all, err := people(ctx, d, company)
	if err != nil {
		return office.Person{}, err
	}
	for _, p := range all {
		if p.Code == code {
			return p, nil
		}
	}
	return office.Person{}, office.ErrNotFound
}
