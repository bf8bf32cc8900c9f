package officedir

import (
	"context"
	"time"

	"todoke/egov"
	"todoke/queue/desk"
	"todoke/queue/night"
	"todoke/signing"
)

// Desk returns the day's side of the office; new filings go under the account.
func (d *Dir) Desk(account string) *desk.Desk {
	return &desk.Desk{
		Store: d.Queue, Office: d.Office, Forms: d.Forms, Vault: d.Vault, Usage: d.Usage, Copies: d.Box,
		Account: account, FourEyes: d.Config.Approval.FourEyes, GrantFor: d.Config.Approval.GrantFor, Now: d.now,
	}
}

// Sender returns the night's side for an e-Gov account. hook is called at each
// numbered step and may be nil.
func (d *Dir) Sender(accountID string, hook func(string)) (*night.Sender, error) {
	ctx := context.Background()
	acc, err := d.Accounts.Account(ctx, accountID)
	if err != nil {
		return nil, err
	}
	client, err := egov.New(acc.Config(egov.Config{MaxRequest: d.Config.EGov.MaxRequest, Clock: d.now}))
	if err != nil {
		return nil, err
	}
	signer, err := d.Signer()
	if err != nil {
		return nil, err
	}
	d.recorder.Hook = hook
	c := d.Config
	return &night.Sender{
		Account: accountID, Store: d.Queue, Forms: d.Forms, Vault: d.Vault, Usage: d.Usage, EGov: client,
		Tokens: d.Accounts.Source(accountID, client), Document: d.Office, Signers: []signing.Signer{signer},
		Copies: d.Box, Lock: d.lockFor(accountID), Hook: hook, Now: d.now, Wait: wait,
		Settings: night.Settings{
			BatchLimit: c.Night.BatchLimit, SameProcedure: c.EGov.BulkSameProcedure, SendWindow: c.EGov.SendWindow,
			MaxRequest: c.EGov.MaxRequest, Ask: c.Night.Ask, QuietPeriod: c.Night.QuietPeriod,
			PollFirst: c.Night.PollFirst, PollMax: c.Night.PollMax, MaxDuration: c.Night.MaxDuration,
		},
	}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
