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
		errs = append(errs, v.Anchor(ctx, head.Log, vault.Anchor{Size: head.Size, Root: head.Root}))
	}
	return heads, errors.Join(errs...)
}
