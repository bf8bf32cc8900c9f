package night

import (
	"context"
	"errors"
	"fmt"

	"todoke/forms"
	"todoke/queue"
	"todoke/signing"
)

// pack makes the zip and verifies it by the independent path.
func (r *run) pack(p *parcel, folders []forms.Folder) error {
	zip, err := forms.Pack(folders)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	clear(p.zip)
	p.zip = zip
	return r.verify(p.zip, folders)
}

// packWithout finds the filings that keep a bulk from verifying, drops them, and
// packs the others. When each verifies alone, the fault is not a filing's, and the
// attempt ends with it.
func (r *run) packWithout(ctx context.Context, attempt string, p *parcel, folders []forms.Folder, cause error) error {
	var sound []forms.Folder
	for _, folder := range folders {
		alone := &parcel{}
		err := r.pack(alone, []forms.Folder{folder})
		clear(alone.zip)
		if err == nil {
			sound = append(sound, folder)
			continue
		}
		err = r.drop(ctx, attempt, p.byName[folder.Name], &dropError{
			kind: queue.HoldBuild, reason: "送信前の検証に合格しません。添付書類と登録内容を確かめてください: " + err.Error(),
		})
		if err != nil {
			return err
		}
		delete(p.byName, folder.Name)
	}
	if len(sound) == len(folders) {
		return cause
	}
	if p.empty() {
		return nil
	}
	return r.pack(p, sound)
}

// verify reads a finished zip again, on the path that shares nothing with the one
// that made it, and insists on exactly these folders, signed by this office.
func (r *run) verify(zip []byte, folders []forms.Folder) error {
	report := signing.VerifyPackage(zip, r.Now())
	if !report.OK() || len(report.Folders) != len(folders) {
		return fmt.Errorf("verify what will leave: %s", report)
	}
	wanted := map[string]bool{}
	for _, folder := range folders {
		wanted[folder.Name] = true
	}
	for _, folder := range report.Folders {
		if !wanted[folder.Name] {
			return errors.New("verify what will leave: a folder is not the attempt's")
		}
		err := r.signedByUs(folder.Signed[configurationFile])
		if err != nil {
			return fmt.Errorf("verify what will leave: %w", err)
		}
	}
	return nil
}

// configurationFile carries the signatures in 標準形式.
const configurationFile = "kousei.xml"

// signedByUs insists that the signatures are this office's, one for each signer:
// that a package agrees with itself does not say whose it is.
func (r *run) signedByUs(found signing.Result) error {
	if len(found.Signatures) != len(r.Signers) {
		return fmt.Errorf("%d signatures instead of %d", len(found.Signatures), len(r.Signers))
	}
	for i, s := range found.Signatures {
		if !s.Certificate.Equal(r.Signers[i].Certificate) {
			return errors.New("signed with another certificate than the office's")
		}
	}
	return nil
}
