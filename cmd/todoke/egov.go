package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"todoke/egov"
	"todoke/egov/account"
	"todoke/office"
	"todoke/officedir"
	"todoke/queue/desk"
	"todoke/usage"
)

func (a *app) egovCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "egov", Short: "e-Govの接続先を登録し、ログインする", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(a.egovSet(), a.egovLogin())
	return cmd
}

func (a *app) egovSet() *cobra.Command {
	acc := account.Account{ID: "egov", Name: "e-Gov"}
	cmd := &cobra.Command{
		Use: "set", Short: "接続先とソフトウェアIDを登録する（APIキーは標準入力か端末から）", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := a.line("APIキー: ")
			if err != nil {
				return err
			}
			acc.ClientSecret = string(secret)
			return a.acting(cmd, func(d *officedir.Dir, who desk.Person) error {
				if !who.Roles.Has(office.Responsible) {
					return desk.ErrForbidden
				}
				err := d.Accounts.Put(cmd.Context(), acc)
				if err != nil {
					return err
				}
				return a.audit(cmd.Context(), d, who, usage.ActionChange, "e-Govアカウントの設定を変更")
			})
		},
	}
	cmd.Flags().StringVar(&acc.APIBase, "api", "https://api2.sbx.e-gov.go.jp/shinsei/v2", "APIのURL（既定は検証環境）")
	cmd.Flags().StringVar(&acc.AuthBase, "auth", "https://account2.sbx.e-gov.go.jp/auth", "認証のURL（既定は検証環境）")
	cmd.Flags().StringVar(&acc.ClientID, "client-id", "", "ソフトウェアID")
	cmd.Flags().StringVar(&acc.RedirectURI, "redirect-uri", "", "登録したリダイレクトURI")
	return cmd
}

func (a *app) egovLogin() *cobra.Command {
	return &cobra.Command{
		Use: "login", Short: "ブラウザーでe-Govにログインし、トークンを封印して保存する", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.acting(cmd, func(d *officedir.Dir, who desk.Person) error {
				err := a.login(cmd.Context(), d)
				if err != nil {
					return err
				}
				fmt.Fprintln(a.out, "e-Govにログインしました。")
				return a.audit(cmd.Context(), d, who, usage.ActionLogin, "e-Govにログイン")
			})
		},
	}
}

// loginPatience is how long a person may take in the browser.
const loginPatience = 10 * time.Minute

func (a *app) login(ctx context.Context, d *officedir.Dir) error {
	id, err := defaultAccount(ctx, d)
	if err != nil {
		return err
	}
	acc, err := d.Accounts.Account(ctx, id)
	if err != nil {
		return err
	}
	client, err := egov.New(acc.Config(egov.Config{Clock: a.now}))
	if err != nil {
		return err
	}
	begun, err := client.BeginLogin()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, loginPatience)
	defer cancel()
	code, err := a.callback(ctx, acc.RedirectURI, begun)
	if err != nil {
		return err
	}
	token, err := client.Exchange(ctx, code, begun.Verifier)
	if err != nil {
		return fmt.Errorf("e-Govのトークンを取得できません: %w", err)
	}
	return d.Accounts.SaveLogin(ctx, id, token)
}

// callback listens where e-Gov sends the browser back to, and returns the code
// that comes with the state of this login. Anything else that calls is answered
// and ignored.
func (a *app) callback(ctx context.Context, redirect string, begun egov.Login) (string, error) {
	target, err := url.Parse(redirect)
	if err != nil || net.ParseIP(target.Hostname()) == nil || !net.ParseIP(target.Hostname()).IsLoopback() {
		return "", errors.New("リダイレクトURIは http://127.0.0.1:ポート/パス の形で登録してください")
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", target.Host)
	if err != nil {
		return "", fmt.Errorf("リダイレクトURI %s で待ち受けできません: %w", redirect, err)
	}
	codes := make(chan string, 1)
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		ours := subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(begun.State)) == 1
		if r.URL.Path != target.Path || !ours || query.Get("code") == "" {
			http.Error(w, "このアドレスでは受け付けていません。", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintln(w, "ログインしました。この画面は閉じてかまいません。")
		select {
		case codes <- query.Get("code"):
		default: // a second call with the same state: the first counts
		}
	})}
	go func() { _ = server.Serve(listener) }() // ends with Close
	defer server.Close()                       //nolint:errcheck // nothing is left to lose
	fmt.Fprintf(a.out, "ブラウザーで次のアドレスを開き、e-Govにログインしてください。\n%s\n", begun.URL)
	select {
	case code := <-codes:
		return code, nil
	case <-ctx.Done():
		return "", fmt.Errorf("ログインを待ちましたが、ブラウザーから戻ってきませんでした: %w", ctx.Err())
	}
}
