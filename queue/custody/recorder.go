// Package custody joins the vault to the usage log: every act of the vault is an
// entry in the log of the client company before it happens. The vault and the log
// do not know each other; this is the seam.
package custody

import (
	"context"

	"todoke/usage"
	"todoke/vault"
)

// Recorder is the vault's Recorder over a usage log.
type Recorder struct {
	Log *usage.Store
	// Hook is called before and after each entry is committed, where a process may
	// be killed in tests. It may be nil.
	Hook func(step string)
}

// RecordUse appends the use and returns, once it is durable, where the log stands.
func (r *Recorder) RecordUse(ctx context.Context, use vault.Use) (vault.Receipt, error) {
	r.step("about to log " + string(use.Action))
	position, err := r.Log.Append(ctx, usage.Entry{
		Time: use.At, Company: use.Company, Actor: use.Who.Actor, Role: use.Who.Role, Screen: use.Who.Screen,
		Action: usage.Action(use.Action), Purpose: use.Purpose, Subject: use.Subject, Filing: use.Filing,
		Attempt: use.Attempt, Destination: use.Destination, Result: use.Result, Source: use.Who.Source,
	})
	if err != nil {
		return vault.Receipt{}, err
	}
	r.step("logged " + string(use.Action))
	return vault.Receipt{Log: position.Log, Size: position.Size, Root: position.Root}, nil
}

func (r *Recorder) step(name string) {
	if r.Hook != nil {
		r.Hook(name)
	}
}
