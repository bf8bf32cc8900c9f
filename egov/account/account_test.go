package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"todoke/database"
	"todoke/database/sqlite"
	"todoke/egov"
	"todoke/seal"
)

const secret = "hush-hush"

// world is one database file with one account, and an e-Gov of a few lines.
type world struct {
	path  string
	db    *database.DB
	store *Store
	now   atomic.Int64 // unix seconds
	remote
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{path: filepath.Join(t.TempDir(), "office.db")}
	w.now.Store(1_782_907_200)
	w.db, w.store = w.process(t)
	err := w.store.Put(context.Background(), Account{
		ID: "office", Name: "事務所", APIBase: "https://api.example/v2", AuthBase: "https://a.example/auth",
		ClientID: "software", ClientSecret: secret, RedirectURI: "http://localhost/cb",
	})
	if err != nil {
		t.Fatal(err)
	}
	w.refreshToken = "rt-1"
	w.lifetime = time.Hour
	w.clock = w.time
	return w
}

func (w *world) time() time.Time { return time.Unix(w.now.Load(), 0) }

func (w *world) advance(d time.Duration) { w.now.Add(int64(d / time.Second)) }

// process opens the file as another process would.
func (w *world) process(t *testing.T) (*database.DB, *Store) {
	t.Helper()
	m, err := Migrations()
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(context.Background(), w.path, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	box, err := seal.NewBox(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	store := NewStore(db, box, w.time)
	store.poll = time.Millisecond
	return db, store
}

// login stores tokens as a login would; the access token has that long to live.
func (w *world) login(t *testing.T, life time.Duration) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.access = "at-login-" + secret
	err := w.store.SaveLogin(context.Background(), "office", egov.Token{
		Access: w.access, Refresh: w.refreshToken, AccessExpires: w.time().Add(life),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// remote is e-Gov's token endpoint: it rotates, and an old refresh token is dead.
type remote struct {
	clock        func() time.Time
	mu           sync.Mutex
	access       string
	refreshToken string
	lifetime     time.Duration
	calls        int
	faults       []fault // one per call, then none
}

type fault int

const (
	none      fault = iota
	lostAsk         // the request does not arrive
	lostReply       // the tokens rotate, the answer does not arrive
	down            // 503
)

var errNetwork = &egov.TransportError{Operation: "POST /token", Progress: egov.BodyComplete, Err: errors.New("reset")}

func (r *remote) Refresh(_ context.Context, refresh string) (egov.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	f := none
	if len(r.faults) > 0 {
		f, r.faults = r.faults[0], r.faults[1:]
	}
	switch {
	case f == lostAsk:
		return egov.Token{}, errNetwork
	case f == down:
		return egov.Token{}, &egov.StatusError{Operation: "POST /token", Status: 503}
	case refresh != r.refreshToken:
		return egov.Token{}, invalidGrant()
	}
	r.access, r.refreshToken = fmt.Sprintf("at-%d-%s", r.calls, secret), fmt.Sprintf("rt-%d-%s", r.calls+1, secret)
	if f == lostReply {
		return egov.Token{}, errNetwork
	}
	return egov.Token{Access: r.access, Refresh: r.refreshToken, AccessExpires: r.clock().Add(r.lifetime)}, nil
}

func TestAccountsAreKeptSealed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	a, err := w.store.Account(ctx, "office")
	if err != nil || a.ClientSecret != secret || a.Name != "事務所" {
		t.Fatalf("Account = %v, %v", a, err)
	}
	a.Name, a.ClientSecret = "新事務所", ""
	err = w.store.Put(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	all, err := w.store.Accounts(ctx)
	if err != nil || len(all) != 1 || all[0].Name != "新事務所" || all[0].ClientSecret != secret {
		t.Errorf("Accounts = %v, %v", all, err)
	}
	cfg := all[0].Config(egov.Config{UserAgent: "x"})
	if cfg.ClientSecret != secret || cfg.APIBase != "https://api.example/v2" || cfg.UserAgent != "x" || cfg.Validate() != nil {
		t.Errorf("Config = %v", cfg)
	}
	_, err = w.store.Account(ctx, "nobody")
	if !errors.Is(err, ErrUnknown) {
		t.Errorf("unknown account: %v", err)
	}
	err = w.store.Put(ctx, Account{ID: "nobody"})
	if !errors.Is(err, ErrUnknown) {
		t.Errorf("a new account without secret: %v", err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %d %x", a, all[0], &all[0], all, all[0], all[0])
	if strings.Contains(shown, secret) || strings.Contains(shown, fmt.Sprintf("%x", secret)) {
		t.Errorf("the secret is shown: %s", shown)
	}
}

func TestNoSecretReachesTheDatabase(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	w.login(t, 0)
	_, err := w.store.Source("office", &w.remote).AccessToken(ctx, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		`SELECT hex(client_secret_sealed) FROM egov_accounts`,
		`SELECT hex(access_sealed) || hex(refresh_sealed) || needs_login_reason || refreshing_by FROM egov_tokens`,
	} {
		var text string
		err := w.db.Read.Get(&text, query)
		if err != nil || strings.Contains(text, fmt.Sprintf("%X", secret)) || strings.Contains(text, secret) {
			t.Errorf("%s: %v", query, err)
		}
	}
	// A token sealed for one account does not open for another.
	_, err = w.db.Write.Exec(`INSERT INTO egov_accounts SELECT 'other', name, api_base, auth_base, client_id, client_secret_sealed, redirect_uri, 0, 0 FROM egov_accounts`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.store.Account(ctx, "other")
	if !errors.Is(err, seal.ErrUnreadable) {
		t.Errorf("another account's secret: %v", err)
	}
}
