package custody

import (
	"context"
	"errors"

	"todoke/usage"
	"todoke/vault"
)

// Checkpoint signs a checkpoint of every usage log and shows each to the vault,
// which keeps the last as an anchor outside the log. A log that cannot be signed
// or anchored does not keep the others from it; its error is part of the one
// returned.
func Checkpoint(ctx context.Context, log *usage.Store, v *vault.Vault) ([]usage.SignedHead, error) {
	heads, err := log.CheckpointAll(ctx)
	errs := []error{err}
	for _, head := range heads {
		errs = append(errs, anchor(ctx, log, v, head))
	}
	return heads, errors.Join(errs...)
}

// anchor shows the vault a checkpoint. Somebody may have added to the log since, by
// way of the vault, which then knows more than the checkpoint says; that is no
// roll-back if a newer checkpoint, which is signed only over a log that extends its
// last, agrees with the vault.
func anchor(ctx context.Context, log *usage.Store, v *vault.Vault, head usage.SignedHead) error {
	const tries = 5
	var err error
	for range tries {
		err = v.Anchor(ctx, head.Log, vault.Anchor{Size: head.Size, Root: head.Root})
		if !errors.Is(err, vault.ErrRolledBack) {
			return err
		}
		head, err = log.Checkpoint(ctx, head.Log)
		if err != nil {
			return err
		}
	}
	return v.Anchor(ctx, head.Log, vault.Anchor{Size: head.Size, Root: head.Root})
}
