package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"todoke/queue"
	"todoke/usage"
)

// outcome is what --json prints.
type outcome struct {
	Filings        int      `json:"filings"` // queued, wherever they are since
	Queued         int      `json:"queued"`
	Submitting     int      `json:"submitting"`
	Arrived        int      `json:"arrived"`
	Refused        int      `json:"refused"`
	Held           int      `json:"held"`
	Unknown        int      `json:"unknown"`
	AcceptedByEGov *int     `json:"accepted_by_egov"` // null when e-Gov does not say
	Duplicates     *int     `json:"duplicates"`
	Drafts         int      `json:"drafts"` // kept back by validation
	UsageEntries   int      `json:"usage_entries"`
	UsageVerified  bool     `json:"usage_verified"`
	Dir            string   `json:"dir,omitempty"` // where the office was kept
	Alarms         []string `json:"alarms,omitempty"`
}

func (s *story) tell(ctx context.Context, o Options) error {
	result, err := s.measure(ctx, o)
	if err != nil {
		return err
	}
	if o.JSON {
		encoder := json.NewEncoder(o.Out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(result)
	}
	return s.print(ctx, o, result)
}

// measure reads everything back from the stores.
func (s *story) measure(ctx context.Context, o Options) (outcome, error) {
	counts, err := s.dir.Queue.Counts(ctx)
	if err != nil {
		return outcome{}, err
	}
	result := outcome{
		Queued: counts[queue.Queued], Submitting: counts[queue.Submitting], Arrived: counts[queue.Arrived],
		Refused: counts[queue.Refused], Held: counts[queue.Held], Drafts: counts[queue.Draft],
		Unknown: s.summary.Unknown, Alarms: s.summary.Alarms, Dir: o.Dir,
	}
	for _, state := range live {
		result.Filings += counts[state]
	}
	ledger, known := s.far.ledger(ctx)
	if known {
		result.AcceptedByEGov, result.Duplicates = &ledger.Counts.Accepted, &ledger.Counts.Duplicates
	}
	logs, err := s.dir.Usage.Logs(ctx)
	if err != nil {
		return outcome{}, err
	}
	for _, log := range logs {
		for _, err := range s.dir.Usage.List(ctx, usage.Query{Log: log}) {
			if err != nil {
				return outcome{}, err
			}
			result.UsageEntries++
		}
	}
	report, err := s.dir.VerifyUsage(ctx)
	if err != nil {
		return outcome{}, err
	}
	result.UsageVerified = report.OK()
	return result, nil
}

func (s *story) print(ctx context.Context, o Options, r outcome) error {
	out := &printer{out: o.Out}
	out.head("用意したもの")
	out.line("顧問先 %d社。送信待ちにした届出 %d件。", len(s.world.companies), r.Filings)
	for _, d := range s.drafts {
		out.line("下書きのまま: %s（%s）", d.procedure, d.person)
		for _, finding := range d.findings {
			out.line("    %s", finding)
		}
	}
	if o.Hold {
		out.head("次にすること")
		out.line("まだ送信していません（--hold）。夜間処理の実行: todoke night --dir %s", o.Dir)
		return out.err
	}
	err := s.printFilings(ctx, out)
	if err != nil {
		return err
	}
	out.head("夜間処理の結果")
	out.line("送信 %d回（%d件）: 到達 %d件、不受理 %d件、保留 %d件、結果不明 %d件",
		s.summary.Attempts, s.summary.Sent, r.Arrived, r.Refused, r.Held, r.Unknown)
	if r.AcceptedByEGov != nil {
		out.line("模擬e-Govの台帳: 受理 %d件、二重 %d件", *r.AcceptedByEGov, *r.Duplicates)
	}
	for _, alarm := range r.Alarms {
		out.line("注意: %s", alarm)
	}
	err = s.printUsage(ctx, out)
	if err != nil {
		return err
	}
	s.printNext(out, o)
	return out.err
}

func (s *story) printFilings(ctx context.Context, out *printer) error {
	out.head("届出ごとの結果")
	people := map[string]string{}
	for after := ""; ; {
		page, err := s.dir.Queue.Filings(ctx, queue.Query{After: after})
		if err != nil {
			return err
		}
		for _, f := range page {
			after = f.ID
			if f.State == queue.Draft {
				continue
			}
			if people[f.PersonID] == "" {
				p, err := s.dir.Office.Person(ctx, f.PersonID)
				if err != nil {
					return err
				}
				people[f.PersonID] = p.Name
			}
			out.line("%s  %s  %s  %s", f.State.Label(), s.title(f.ProcedureID), people[f.PersonID], result(f))
		}
		if len(page) == 0 {
			return nil
		}
	}
}

func result(f queue.Filing) string {
	if f.ArriveID != "" {
		return "到達番号 " + f.ArriveID
	}
	var texts []string
	for _, finding := range f.Findings {
		texts = append(texts, strings.TrimPrefix(finding.Item+": "+finding.Content, ": "))
	}
	return strings.Join(texts, " / ")
}

func (s *story) printUsage(ctx context.Context, out *printer) error {
	out.head("個人番号の利用履歴（顧問先ごと）")
	report, err := s.dir.VerifyUsage(ctx)
	if err != nil {
		return err
	}
	names := map[string]string{usage.OfficeLog: "事務所"}
	for name, c := range s.world.companies {
		names[c.ID] = name
	}
	for _, l := range report.Logs {
		out.line("%s: %d件  検証結果: %s", names[l.Log], l.Size, l.Summary)
		err = s.printLast(ctx, out, l.Log)
		if err != nil {
			return err
		}
	}
	return nil
}

// printLast shows a few entries of a log, in the columns that offices report.
func (s *story) printLast(ctx context.Context, out *printer, log string) error {
	const shown = 3
	n := 0
	for record, err := range s.dir.Usage.List(ctx, usage.Query{Log: log}) {
		if err != nil {
			return err
		}
		if record.Entry.Action != usage.ActionUse && record.Entry.Action != usage.ActionResult {
			continue
		}
		e := record.Entry
		out.line("    %s  %s  %s  %s  %s", e.Time.In(jst).Format("2006-01-02 15:04:05"), e.Action, e.Actor, e.Purpose, e.Result)
		n++
		if n == shown {
			return nil
		}
	}
	return nil
}

func (s *story) printNext(out *printer, o Options) {
	out.head("続けるには")
	if o.Dir == "" {
		out.line("この事務所は一時的なもので、今から消えます。残すには: todoke demo --dir フォルダー")
		return
	}
	out.line("状況:           todoke status --dir %s", o.Dir)
	out.line("届出の一覧:     todoke file list --dir %s", o.Dir)
	out.line("利用履歴の検証: todoke usage verify --dir %s", o.Dir)
	out.line("この事務所の鍵はデータの隣（unlock.key）にあります。本番ではパスフレーズを使ってください。")
}

// printer writes lines and keeps the first error.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) head(text string) { p.line("\n■ %s", text) }

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}
