package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"todoke/signing"
)

func (a *app) verifyCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "verify ZIP|DIR ...", Short: "送信データの署名を、すべての参照について検証する", Args: args(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, given []string) error {
			var failed []error
			for _, path := range given {
				failed = append(failed, a.verify(path))
			}
			return errors.Join(failed...)
		},
	})
}

// verify reports on one package: a text, or one JSON object on a line.
func (a *app) verify(path string) error {
	report, err := a.verifyPath(path)
	if err != nil {
		return err
	}
	if a.json {
		err = a.writeJSON(map[string]any{"path": path, "ok": report.OK(), "folders": report.Folders, "problems": report.Problems})
	} else {
		_, err = fmt.Fprintf(a.out, "%s\n%s\n", path, report)
	}
	if err == nil && !report.OK() {
		return fmt.Errorf("%s: %w", path, errUnverified)
	}
	return err
}

func (a *app) verifyPath(path string) (signing.Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return signing.Report{}, fmt.Errorf("開けません: %w", err)
	}
	if info.IsDir() {
		return signing.VerifyFolder(os.DirFS(path), a.now()), nil
	}
	data, err := readBounded(path)
	if err != nil {
		return signing.Report{}, err
	}
	return signing.VerifyPackage(data, a.now()), nil
}
