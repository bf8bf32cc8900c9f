package account

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"todoke/egov"
	"todoke/egov/wire"
)

func invalidGrant() error {
	return &egov.StatusError{Operation: "POST /token", Status: 400, TokenError: tokenError("invalid_grant")}
}

// TestAccessToken runs one request for a token under each circumstance.
func TestAccessToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		life    time.Duration // of the access token in hand
		minLife time.Duration
		faults  []fault
		dead    bool // the refresh token is dead at e-Gov's
		calls   int
		want    error
		needs   bool // a login is needed afterwards
	}{
		{name: "in hand", life: time.Hour, minLife: 10 * time.Minute},
		{name: "in hand to the second", life: 10 * time.Minute, minLife: 10 * time.Minute},
		{name: "in hand, though it cannot be refreshed", life: time.Hour, minLife: time.Minute, dead: true},
		{name: "ends too early", life: 9 * time.Minute, minLife: 10 * time.Minute, calls: 1},
		{name: "ended", life: -time.Hour, minLife: 0, calls: 1},
		{name: "request lost", life: 0, minLife: time.Minute, faults: []fault{lostAsk}, calls: 2},
		{name: "answer lost", life: 0, minLife: time.Minute, faults: []fault{lostReply}, calls: 2, want: ErrNeedsLogin, needs: true},
		{name: "network down", life: 0, minLife: time.Minute, faults: []fault{lostAsk, lostAsk}, calls: 2, want: errNetwork},
		{name: "maintenance", life: 0, minLife: time.Minute, faults: []fault{down}, calls: 1, want: errAny},
		{name: "refresh token dead", life: 0, minLife: time.Minute, dead: true, calls: 1, want: ErrNeedsLogin, needs: true},
		{name: "longer than any token lives", life: 0, minLife: 2 * time.Hour, calls: 1, want: ErrShortLived},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			w := setup(t)
			w.login(t, c.life)
			if c.dead {
				w.refreshToken = "another"
			}
			w.faults = c.faults
			token, err := w.store.Source("office", &w.remote).AccessToken(ctx, c.minLife)
			switch {
			case c.want == nil && (err != nil || token != w.access):
				t.Errorf("AccessToken = %v, %v", token == w.access, err)
			case c.want != nil && (err == nil || token != ""):
				t.Errorf("AccessToken = %q, %v", token, err)
			case c.want != nil && !errors.Is(c.want, errAny) && !errors.Is(err, c.want):
				t.Errorf("error = %v, want %v", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error contains a secret: %v", err)
			}
			login, err := w.store.Login(ctx, "office")
			if err != nil || login.NeedsLogin != c.needs || !login.Refreshing.IsZero() || w.calls != c.calls {
				t.Errorf("login = %+v after %d calls, want %d; %v", login, w.calls, c.calls, err)
			}
		})
	}
}

var errAny = errors.New("any")

func tokenError(name string) *wire.TokenError { return &wire.TokenError{Error: name} }

func TestNeverLoggedIn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	s := w.store.Source("office", &w.remote)
	_, err := s.AccessToken(ctx, 0)
	login, loginErr := w.store.Login(ctx, "office")
	if !errors.Is(err, ErrNeedsLogin) || login != (Login{}) || loginErr != nil {
		t.Errorf("%v, %+v, %v", err, login, loginErr)
	}
	if s.Reject(ctx, "x") != nil || s.NeedsLogin(ctx, "x") != nil {
		t.Error("an account without tokens is an error")
	}
	err = w.store.SaveLogin(ctx, "nobody", egov.Token{Access: "a"})
	if err == nil {
		t.Error("tokens without an account were stored")
	}
}

func TestTemporaryFailureIsForgotten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	w.login(t, 0)
	w.faults = []fault{down, lostAsk, lostAsk, down}
	s := w.store.Source("office", &w.remote)
	for range 3 {
		_, err := s.AccessToken(ctx, time.Minute)
		if err == nil || errors.Is(err, ErrNeedsLogin) {
			t.Fatalf("error = %v", err)
		}
	}
	token, err := s.AccessToken(ctx, time.Minute)
	if err != nil || token != w.access {
		t.Errorf("after the failure: %v", err)
	}
}

func TestNewLoginEndsTheNeed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	w.login(t, time.Hour)
	s := w.store.Source("office", &w.remote)
	err := s.NeedsLogin(ctx, "e-Govが新しいトークンも受け付けません")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.AccessToken(ctx, 0)
	login, _ := w.store.Login(ctx, "office")
	if !errors.Is(err, ErrNeedsLogin) || w.calls != 0 || !login.NeedsLogin || login.Reason == "" {
		t.Errorf("%v after %d calls, %+v", err, w.calls, login)
	}
	w.login(t, time.Hour)
	token, err := s.AccessToken(ctx, time.Minute)
	if err != nil || token != w.access {
		t.Errorf("after the login: %v", err)
	}
	err = w.store.Forget(ctx, "office")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.AccessToken(ctx, 0)
	if !errors.Is(err, ErrNeedsLogin) {
		t.Errorf("after the logout: %v", err)
	}
}

func TestReject(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	w.login(t, time.Hour)
	s := w.store.Source("office", &w.remote)
	first, err := s.AccessToken(ctx, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is another token's turn already
		err = s.Reject(ctx, first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.AccessToken(ctx, time.Minute)
		if err != nil || second == first || w.calls != 1 {
			t.Errorf("after 401: same %v, %d calls, %v", second == first, w.calls, err)
		}
	}
}

// TestManyAskersOneRefresh: goroutines of two processes ask at once.
func TestManyAskersOneRefresh(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	w.login(t, 0)
	_, other := w.process(t)
	sources := []*Source{w.store.Source("office", &w.remote), other.Source("office", &w.remote)}
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			token, err := sources[i%2].AccessToken(ctx, time.Minute)
			if err != nil || !strings.HasPrefix(token, "at-1-") {
				t.Errorf("AccessToken = %v", err)
			}
		})
	}
	group.Wait()
	if w.calls != 1 {
		t.Errorf("%d refreshes", w.calls)
	}
}

// gate holds a refresh between its request and its answer.
type gate struct {
	*remote
	reached chan struct{}
	open    chan struct{}
}

func (g gate) Refresh(ctx context.Context, token string) (egov.Token, error) {
	answer, err := g.remote.Refresh(ctx, token)
	close(g.reached)
	<-g.open
	return answer, err
}

func TestLeaseKeepsOthersWaiting(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.login(t, 0)
	g := gate{&w.remote, make(chan struct{}), make(chan struct{})}
	first := make(chan error, 1)
	go func() {
		_, err := w.store.Source("office", g).AccessToken(context.Background(), time.Minute)
		first <- err
	}()
	<-g.reached
	_, other := w.process(t)
	login, err := other.Login(context.Background(), "office")
	if err != nil || !login.Refreshing.Equal(w.time()) {
		t.Errorf("the intention is not committed: %+v, %v", login, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = other.Source("office", &w.remote).AccessToken(ctx, time.Minute)
	if !errors.Is(err, context.DeadlineExceeded) || w.calls != 1 {
		t.Errorf("the second process: %v, %d calls", err, w.calls)
	}
	close(g.open)
	err = <-first
	if err != nil {
		t.Error(err)
	}
	token, err := other.Source("office", &w.remote).AccessToken(context.Background(), time.Minute)
	if err != nil || token != w.access || w.calls != 1 {
		t.Errorf("afterwards: %v, %d calls", err, w.calls)
	}
}

// TestDeadHolder: the process that held the lease died, before or after its request
// reached e-Gov.
func TestDeadHolder(t *testing.T) {
	t.Parallel()
	for name, arrived := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			w := setup(t)
			w.login(t, 0)
			taken, err := w.store.lease(ctx, "office", 1, "dead")
			if err != nil || !taken {
				t.Fatalf("lease = %v, %v", taken, err)
			}
			if arrived {
				_, _ = w.remote.Refresh(ctx, "rt-1")
			}
			_, other := w.process(t)
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			_, err = other.Source("office", &w.remote).AccessToken(short, time.Minute)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("within the lease: %v", err)
			}
			w.advance(leaseTime)
			_, err = other.Source("office", &w.remote).AccessToken(ctx, time.Minute)
			if arrived != errors.Is(err, ErrNeedsLogin) || !arrived && err != nil {
				t.Errorf("after the lease: %v", err)
			}
		})
	}
}

// TestClockSetBack: a lease from the future does not block for ever.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	w.login(t, -48*time.Hour)
	taken, err := w.store.lease(ctx, "office", 1, "dead")
	if err != nil || !taken {
		t.Fatalf("lease = %v, %v", taken, err)
	}
	w.advance(-24 * time.Hour)
	token, err := w.store.Source("office", &w.remote).AccessToken(ctx, time.Minute)
	if err != nil || token != w.access || w.calls != 1 {
		t.Errorf("%v, %d calls", err, w.calls)
	}
}

// TestLateHolder: a process wakes up after its lease and finds other tokens.
func TestLateHolder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := setup(t)
	w.login(t, 0)
	g := gate{&w.remote, make(chan struct{}), make(chan struct{})}
	first := make(chan string, 1)
	go func() {
		token, err := w.store.Source("office", g).AccessToken(ctx, time.Minute)
		if err != nil {
			t.Error(err)
		}
		first <- token
	}()
	<-g.reached
	w.login(t, time.Hour) // a person logs in meanwhile
	close(g.open)
	token := <-first
	if token != "at-login-"+secret {
		t.Errorf("the late answer replaced the login: %q", token)
	}
	login, err := w.store.Login(ctx, "office")
	if err != nil || login.NeedsLogin || !login.Refreshing.IsZero() {
		t.Errorf("login = %+v, %v", login, err)
	}
}

// TestCancelledAskerStillStores: the answer to a request that was made is kept.
func TestCancelledAskerStillStores(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.login(t, 0)
	g := gate{&w.remote, make(chan struct{}), make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		_, _ = w.store.Source("office", g).AccessToken(ctx, time.Minute)
		close(done)
	}()
	<-g.reached
	cancel()
	close(g.open)
	<-done
	token, err := w.store.Source("office", &w.remote).AccessToken(context.Background(), time.Minute)
	if err != nil || token != w.access || w.calls != 1 {
		t.Errorf("afterwards: %v, %d calls", err, w.calls)
	}
}
