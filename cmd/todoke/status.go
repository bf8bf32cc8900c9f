package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"todoke/officedir"
	"todoke/queue"
)

// statusCounts is what "status --json" prints: filings are those that were queued,
// wherever they are since; a draft, an approved or a cancelled one is not among them.
type statusCounts struct {
	Filings    int `json:"filings"`
	Queued     int `json:"queued"`
	Submitting int `json:"submitting"`
	Arrived    int `json:"arrived"`
	Refused    int `json:"refused"`
	Held       int `json:"held"`
	Unknown    int `json:"unknown"`
	Drafts     int `json:"drafts"`
	Cancelled  int `json:"cancelled"`
}

func (a *app) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "届出の件数を状態ごとに表示する", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error { return a.status(cmd, d) })
		},
	}
	return a.jsonFlag(cmd)
}

func (a *app) status(cmd *cobra.Command, d *officedir.Dir) error {
	counts, err := d.Queue.Counts(cmd.Context())
	if err != nil {
		return err
	}
	unknown, err := d.Queue.UnknownFilings(cmd.Context())
	if err != nil {
		return err
	}
	s := statusCounts{
		Queued: counts[queue.Queued], Submitting: counts[queue.Submitting], Refused: counts[queue.Refused], Held: counts[queue.Held],
		Unknown: unknown, Drafts: counts[queue.Draft] + counts[queue.Approved], Cancelled: counts[queue.Cancelled],
	}
	// What e-Gov has taken in stays arrived, however far the ministry is with it.
	for _, state := range []queue.State{queue.Arrived, queue.UnderReview, queue.AmendmentRequested, queue.ReviewDone, queue.Closed} {
		s.Arrived += counts[state]
	}
	s.Filings = s.Queued + s.Submitting + s.Arrived + s.Refused + s.Held
	if a.json {
		return json.NewEncoder(a.out).Encode(s)
	}
	fmt.Fprintf(a.out, "届出 %d件: 送信待ち %d、送信中 %d（うち結果不明 %d）、到達 %d、不受理 %d、保留 %d\n",
		s.Filings, s.Queued, s.Submitting, s.Unknown, s.Arrived, s.Refused, s.Held)
	fmt.Fprintf(a.out, "このほか、下書き・承認済み %d件、取消 %d件\n", s.Drafts, s.Cancelled)
	return nil
}
