package night

import (
	"context"

	"todoke/queue"
	"todoke/queue/custody"
)

// finish writes the entries that are owed and signs checkpoints of every log, so
// that what this run did can be proven even if nobody looks for a year.
func (r *run) finish(ctx context.Context) error {
	err := r.logResults(ctx)
	if err != nil {
		return err
	}
	err = r.count(ctx)
	if err != nil || !r.worked {
		return err
	}
	r.step("run ending")
	_, err = custody.Checkpoint(ctx, r.Usage, r.Vault)
	r.step("checkpoints signed")
	return err
}

func (r *run) count(ctx context.Context) error {
	unknown, err := r.Store.UnknownFilings(ctx)
	if err != nil {
		return err
	}
	counts, err := r.Store.Counts(ctx)
	if err != nil {
		return err
	}
	r.summary.Unknown, r.summary.Queued, r.summary.Held = unknown, counts[queue.Queued], counts[queue.Held]
	return nil
}
