package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"todoke/forms"
	"todoke/schemas"
)

func (a *app) formsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "forms", Short: "扱える手続と、その入力項目を調べる", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(a.formsList(), a.formsShow())
	return cmd
}

func (a *app) formsList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "list", Short: "扱える手続の一覧", Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			catalogue, err := forms.Load(schemas.FS)
			if err != nil {
				return err
			}
			if a.json {
				list := []map[string]string{}
				for _, p := range catalogue.Procedures() {
					list = append(list, map[string]string{"id": p.ID(), "title": p.Title(), "name": p.Name(), "domain": p.Domain()})
				}
				return a.writeJSON(list)
			}
			for _, p := range catalogue.Procedures() {
				fmt.Fprintf(a.out, "%s  %s  %s\n", p.ID(), p.Domain(), p.Name())
			}
			return nil
		},
	})
}

func (a *app) formsShow() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "show 手続ID", Short: "手続の様式・入力項目・コード・前提を表示する", Args: args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, given []string) error {
			catalogue, err := forms.Load(schemas.FS)
			if err != nil {
				return err
			}
			procedure, ok := catalogue.Procedure(given[0])
			if !ok {
				return errors.New("この手続はまだ扱えません。「todoke forms list」で確かめてください")
			}
			if a.json {
				return a.writeJSON(procedure.Describe())
			}
			return procedure.Describe().WriteText(a.out)
		},
	})
}
