package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"todoke/egov"
	"todoke/egov/account"
	"todoke/egov/sim"
	"todoke/egov/sim/fault"
	"todoke/officedir"
)

// egovSide is the e-Gov that the demo files with: a simulator inside this process,
// or one elsewhere.
type egovSide struct {
	account account.Account
	base    string      // scheme and host
	server  *sim.Server // nil when it is elsewhere
	stop    func()
}

func (e *egovSide) close() { e.stop() }

// defaultRedirect is registered with the embedded simulator, and assumed of one
// elsewhere that does not tell.
const defaultRedirect = "http://127.0.0.1:8400/egov/callback"

func connect(ctx context.Context, o Options) (*egovSide, error) {
	if o.EGov == "" {
		return embedded(ctx, o)
	}
	base := strings.TrimSuffix(o.EGov, "/")
	if o.ClientID == "" || o.ClientSecret == "" {
		return nil, errors.New("--egov には --client-id と --client-secret が必要です")
	}
	e := &egovSide{base: base, stop: func() {}}
	redirect := o.RedirectURI
	if redirect == "" {
		redirect = e.registered(ctx, o.ClientID, o.ClientSecret)
	}
	e.account = e.accountFor(o.ClientID, o.ClientSecret, redirect)
	return e, nil
}

func (e *egovSide) accountFor(id, secret, redirect string) account.Account {
	return account.Account{
		ID: accountID, Name: "デモ", APIBase: e.base + "/shinsei/v2", AuthBase: e.base + "/auth",
		ClientID: id, ClientSecret: secret, RedirectURI: redirect,
	}
}

// embedded starts a simulator that drops its answer once after accepting a bulk,
// and refuses one filing as a ministry would.
func embedded(ctx context.Context, o Options) (*egovSide, error) {
	if o.Record != "" {
		err := os.MkdirAll(o.Record, 0o700)
		if err != nil {
			return nil, fmt.Errorf("--record のフォルダーを作成できません: %w", err)
		}
	}
	const id, secret = "demo-software", "demo-api-key" //nolint:gosec // known to the embedded simulator only
	server, err := sim.New(sim.Config{
		ClientID: id, ClientSecret: secret, RedirectURI: defaultRedirect, AutoLogin: true, RecordDir: o.Record,
		IngestDelay: 300 * time.Millisecond, Clock: o.Now,
		Faults: []fault.Rule{
			{Effect: fault.DropAnswer, Operation: "bulk-apply", Skip: 4, Count: 1},
			{Effect: fault.Refuse, Folder: employmentLoss, Skip: 7, Count: 1, Content: "被保険者番号に該当する被保険者が見つかりません。"},
		},
	})
	if err != nil {
		return nil, err
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("模擬e-Govを起動できません: %w", err)
	}
	web := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = web.Serve(listener) }() // ends with Close; its error is then ErrServerClosed
	e := &egovSide{base: "http://" + listener.Addr().String(), server: server, stop: func() { _ = web.Close() }}
	e.account = e.accountFor(id, secret, defaultRedirect)
	return e, nil
}

// registered asks a simulator which redirect URI its credentials are registered
// with; an e-Gov that does not know the question keeps the default.
func (e *egovSide) registered(ctx context.Context, id, secret string) string {
	var answer struct {
		RedirectURIs []string `json:"redirect_uris"`
	}
	err := e.simulator(ctx, "/sim/software", id, secret, &answer)
	if err != nil || len(answer.RedirectURIs) == 0 {
		return defaultRedirect
	}
	return answer.RedirectURIs[0]
}

// ledger returns what the simulator accepted; false when it does not say.
func (e *egovSide) ledger(ctx context.Context) (sim.Ledger, bool) {
	if e.server != nil {
		return e.server.Ledger(), true
	}
	var ledger sim.Ledger
	err := e.simulator(ctx, "/sim/ledger", e.account.ClientID, e.account.ClientSecret, &ledger)
	return ledger, err == nil
}

func (e *egovSide) simulator(ctx context.Context, path, id, secret string, into any) error {
	const largest = 256 << 20
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.base+path, nil)
	if err != nil {
		return err
	}
	request.SetBasicAuth(id, secret)
	response, err := (&http.Client{Timeout: 30 * time.Second}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d", response.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(response.Body, largest)).Decode(into)
}

// login takes the place of the person in the browser: a simulator that logs in by
// itself redirects at once, with the code in the address.
func (e *egovSide) login(ctx context.Context, dir *officedir.Dir) error {
	client, err := egov.New(e.account.Config(egov.Config{}))
	if err != nil {
		return err
	}
	begun, err := client.BeginLogin()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, begun.URL, nil)
	if err != nil {
		return fmt.Errorf("e-Govへログインできません: %w", err)
	}
	browser := &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := browser.Do(request)
	if err != nil {
		// The address that the library repeats holds this login's secrets.
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return fmt.Errorf("e-Govに接続できません（%s）: %w", e.base, err)
	}
	defer response.Body.Close()
	target, err := url.Parse(response.Header.Get("Location"))
	if err != nil || response.StatusCode != http.StatusFound || target.Query().Get("code") == "" {
		return fmt.Errorf("e-Govが自動でログインさせません（HTTP %d）。デモの相手は --auto-login で起動した模擬e-Govに限ります", response.StatusCode)
	}
	if target.Query().Get("state") != begun.State {
		return errors.New("e-Govの応答が要求と一致しません（state）")
	}
	token, err := client.Exchange(ctx, target.Query().Get("code"), begun.Verifier)
	if err != nil {
		return fmt.Errorf("e-Govのトークンを取得できません: %w", err)
	}
	return dir.Accounts.SaveLogin(ctx, accountID, token)
}
