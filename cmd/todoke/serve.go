package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"todoke/api"
	"todoke/database"
	"todoke/officedir"
	"todoke/queue/desk"
)

func (a *app) serveCommand() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use: "serve", Short: "APIを提供する", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(d *officedir.Dir) error {
				if listen == "" {
					listen = d.Config.API.Listen
				}
				return a.serve(cmd.Context(), d, listen)
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "待ち受けるアドレス（既定は設定 api.listen）")
	return cmd
}

// keys opens the store of API keys beside the office's data.
func (a *app) keys(ctx context.Context, d *officedir.Dir) (*api.KeyStore, error) {
	err := database.Migrate(ctx, d.Database.Write, "sqlite3", api.Migrations())
	if err != nil {
		return nil, err
	}
	return api.NewKeyStore(d.Database, d.Office, a.now, officedir.NewID), nil
}

func (a *app) serve(ctx context.Context, d *officedir.Dir, listen string) error {
	keys, err := a.keys(ctx, d)
	if err != nil {
		return err
	}
	account, err := defaultAccount(ctx, d)
	if err != nil {
		return err
	}
	handler, err := api.New(api.Config{Desk: d.Desk(account), Keys: keys, DB: d.Database})
	if err != nil {
		return err
	}
	server := api.HTTPServer(handler, listen)
	done := make(chan error, 1)
	go func() { done <- server.ListenAndServe() }()
	fmt.Fprintf(a.out, "http://%s で待ち受けています\n", listen)
	select {
	case err = <-done:
		return fmt.Errorf("待ち受けできません: %w", err)
	case <-ctx.Done():
	}
	// Requests that are under way may finish; a filing is never half created.
	const grace = 20 * time.Second
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err = server.Shutdown(stopping)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// newAPIKey makes a key for a member, by name, or a client company, by code.
func (a *app) newAPIKey(cmd *cobra.Command, d *officedir.Dir, who desk.Person, n api.NewKey, member, company string) (string, error) {
	keys, err := a.keys(cmd.Context(), d)
	if err != nil {
		return "", err
	}
	if company != "" {
		c, err := d.Office.CompanyByCode(cmd.Context(), company)
		if err != nil {
			return "", err
		}
		n.CompanyID = c.ID
	} else {
		members, err := d.Office.Members(cmd.Context())
		if err != nil {
			return "", err
		}
		for _, m := range members {
			if m.Name == member {
				n.MemberID = m.ID
			}
		}
	}
	_, text, err := keys.Create(cmd.Context(), n, who.Name)
	return text, err
}
