package officedir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"todoke/database/sqlite"
	"todoke/queue/custody"
	"todoke/seal"
	"todoke/usage"
	"todoke/vault"
)

// officeID names this office in checkpoints. One directory is one office.
const officeID = "todoke"

const (
	checkpointKey = "checkpoint-key"     // in sealed/
	verifierFile  = "usage-verifier.txt" // public; for whoever checks a checkpoint
)

func (d *Dir) openUsage(ctx context.Context) error {
	db, err := d.open(ctx, "usage.db", usage.Migrations())
	if err != nil {
		return err
	}
	signer, verifier, err := d.checkpointKeys()
	if err != nil {
		return err
	}
	d.Usage, err = usage.NewStore(usage.Config{
		DB: db, Office: officeID, Clock: d.now, Signer: signer, Verifiers: []string{verifier},
	})
	return err
}

// checkpointKeys reads the key pair, or makes it when the office is new.
func (d *Dir) checkpointKeys() (signer, verifier string, err error) {
	plain, err := d.readSealed(checkpointKey)
	if errors.Is(err, os.ErrNotExist) {
		return d.makeCheckpointKeys()
	}
	if err != nil {
		return "", "", err
	}
	public, err := os.ReadFile(filepath.Join(d.Path, verifierFile))
	if err != nil {
		return "", "", fmt.Errorf("read the verifier of the usage log: %w", err)
	}
	return string(plain), strings.TrimSpace(string(public)), nil
}

// makeCheckpointKeys writes the public half first: with the private one, the pair
// is complete.
func (d *Dir) makeCheckpointKeys() (signer, verifier string, err error) {
	signer, verifier, err = usage.GenerateKey(officeID)
	if err != nil {
		return "", "", err
	}
	err = seal.Replace(filepath.Join(d.Path, verifierFile), []byte(verifier+"\n"))
	if err != nil {
		return "", "", err
	}
	return signer, verifier, d.writeSealed(checkpointKey, []byte(signer))
}

func (d *Dir) openVault(ctx context.Context, master *seal.Box) error {
	db, err := d.open(ctx, "vault.db", vault.Migrations())
	if err != nil {
		return err
	}
	keys, err := d.open(ctx, "keys.db", vault.KeyMigrations())
	if err != nil {
		return err
	}
	d.recorder = &custody.Recorder{Log: d.Usage}
	d.Vault, err = vault.Open(ctx, vault.Config{
		DB: db, Keys: keys, Master: master, Recorder: d.recorder, Purge: sqlite.Checkpoint,
		Clock: d.now, GrantLife: d.Config.Approval.GrantFor,
	})
	return err
}

// VerifyUsage verifies every usage log against its checkpoints and against what
// the vault remembers of it.
func (d *Dir) VerifyUsage(ctx context.Context) (usage.Report, error) {
	known, err := d.Vault.Anchors(ctx)
	if err != nil {
		return usage.Report{}, err
	}
	anchors := make(map[string]usage.Anchor, len(known))
	for log, a := range known {
		anchors[log] = usage.Anchor{Size: a.Size, Root: a.Root}
	}
	return d.Usage.Verify(ctx, anchors)
}

// Checkpoint signs a checkpoint of every log and shows each to the vault, which
// keeps the last as an anchor outside the log.
func (d *Dir) Checkpoint(ctx context.Context) ([]usage.SignedHead, error) {
	return custody.Checkpoint(ctx, d.Usage, d.Vault)
}
