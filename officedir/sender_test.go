package officedir_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/account"
	"todoke/officedir"
	"todoke/queue/night"
)

// withSender is an office that can send.
func withSender(t *testing.T, settings string) (path string, dir *officedir.Dir) {
	t.Helper()
	path = made(t, officedir.New{Settings: settings})
	dir = opened(t, path)
	_, err := dir.ImportPKCS12(identityOf(t, 0).pkcs12(t, "right"), "right")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a1", "a2"} {
		err = dir.Accounts.Put(context.Background(), account.Account{
			ID: id, Name: "試験", APIBase: "https://api.example/shinsei/v2", AuthBase: "https://account.example/auth",
			ClientID: "id", ClientSecret: "secret", RedirectURI: "http://127.0.0.1:8400/egov/callback",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return path, dir
}

func senderOf(t *testing.T, dir *officedir.Dir, account string) *night.Sender {
	t.Helper()
	s, err := dir.Sender(account, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSenderFollowsTheSettings compares every limit of a night with what was set.
func TestSenderFollowsTheSettings(t *testing.T) {
	t.Parallel()
	_, dir := withSender(t, `[egov]
bulk_same_procedure = true
send_window = "11s"
max_request = "12m"
[night]
batch_limit = 13
ask = ["14s", "15m"]
quiet_period = "16m"
poll_first = "17s"
poll_max = "18s"
max_duration = "19h"
[approval]
grant_for = "20h"
four_eyes = true
`)
	s := senderOf(t, dir, "a1")
	want := night.Settings{
		SameProcedure: true, SendWindow: 11 * time.Second, MaxRequest: 12 * time.Minute, BatchLimit: 13,
		Ask: []time.Duration{14 * time.Second, 15 * time.Minute}, QuietPeriod: 16 * time.Minute, PollFirst: 17 * time.Second,
		PollMax: 18 * time.Second, MaxDuration: 19 * time.Hour,
	}
	if diff := cmp.Diff(want, s.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if s.Account != "a1" || len(s.Signers) != 1 || !s.Signers[0].Certificate.Equal(identityOf(t, 0).certificate) {
		t.Errorf("sender of %s with %d signers", s.Account, len(s.Signers))
	}
	d := dir.Desk("a2")
	if d.Account != "a2" || d.GrantFor != 20*time.Hour || !d.FourEyes {
		t.Errorf("desk: account %s, grants for %v, four eyes %v", d.Account, d.GrantFor, d.FourEyes)
	}
}

func TestSenderNeedsAccountAndCertificate(t *testing.T) {
	t.Parallel()
	_, dir := withSender(t, "")
	_, err := dir.Sender("unknown", nil)
	if !errors.Is(err, account.ErrUnknown) {
		t.Errorf("an unknown account: %v, want ErrUnknown", err)
	}
	bare := opened(t, made(t, officedir.New{}))
	err = bare.Accounts.Put(context.Background(), account.Account{
		ID: "a1", APIBase: "https://api.example", AuthBase: "https://account.example", ClientID: "id", ClientSecret: "secret",
		RedirectURI: "http://127.0.0.1/",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = bare.Sender("a1", nil)
	if !errors.Is(err, officedir.ErrNoCertificate) {
		t.Errorf("without a certificate: %v, want ErrNoCertificate", err)
	}
}

// TestSenderWaits until its time has come or it is told to stop.
func TestSenderWaits(t *testing.T) {
	t.Parallel()
	_, dir := withSender(t, "")
	s := senderOf(t, dir, "a1")
	err := s.Wait(context.Background(), time.Millisecond)
	if err != nil {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	err = s.Wait(ctx, time.Hour)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v, want that it was stopped", err)
	}
}

// TestLock: one holder at a time for an account, whoever opens the directory.
func TestLock(t *testing.T) {
	t.Parallel()
	path, dir := withSender(t, "")
	other := opened(t, path)
	first, second := senderOf(t, dir, "a1").Lock, senderOf(t, other, "a1").Lock
	err := first.Held()
	if err == nil {
		t.Error("a lock that nobody has taken is held")
	}
	release, err := first.Lock()
	if err != nil {
		t.Fatal(err)
	}
	err = first.Held()
	if err != nil {
		t.Errorf("Held = %v", err)
	}
	_, err = second.Lock()
	if !errors.Is(err, night.ErrBusy) || second.Held() == nil {
		t.Errorf("the second: %v, want ErrBusy", err)
	}
	// Another account's sender is nobody's concern.
	otherRelease, err := senderOf(t, other, "a2").Lock.Lock()
	if err != nil {
		t.Errorf("another account: %v", err)
	} else {
		err = otherRelease()
		if err != nil {
			t.Error(err)
		}
	}
	err = release()
	if err != nil {
		t.Error(err)
	}
	if first.Held() == nil {
		t.Error("held after its release")
	}
	release, err = second.Lock()
	if err != nil {
		t.Errorf("after the release: %v", err)
	}
	err = release()
	if err != nil {
		t.Error(err)
	}
}

// TestALockOnAReplacedFileIsLost: it would keep nobody out any more.
func TestALockOnAReplacedFileIsLost(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"removed": os.Remove,
		"replaced": func(path string) error {
			return errors.Join(os.WriteFile(path+".new", nil, 0o600), os.Rename(path+".new", path))
		},
		"a link": func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path+".new", nil, 0o600), os.Symlink(path+".new", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, dir := withSender(t, "")
			lock := senderOf(t, dir, "a1").Lock
			release, err := lock.Lock()
			if err != nil {
				t.Fatal(err)
			}
			defer release() //nolint:errcheck // what is left of it does not matter
			err = damage(filepath.Join(path, "sender-a1.lock"))
			if err != nil {
				t.Fatal(err)
			}
			if lock.Held() == nil {
				t.Error("it still counts as held")
			}
		})
	}
}
