package night

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"todoke/egov"
	"todoke/mynumber"
)

// e-Gov is asked about presumed losses of this long on every run, and of much
// longer when one of them is to be sent again.
const (
	lookBackFor       = 30 * 24 * time.Hour
	lookBackForResend = 400 * 24 * time.Hour
)

// lookBack asks e-Gov once more about the attempts that were presumed not sent. A
// bulk that turns up takes its filings back, wherever they are; only a complete
// listing without it lets a filing that a person wants to send again be claimed.
func (r *run) lookBack(ctx context.Context) error {
	waiting, err := r.Store.LookFirst(ctx, r.Account)
	if err != nil || (r.lookedBack && !waiting) || r.Now().Before(r.nextLook) {
		return err
	}
	reach := lookBackFor
	if waiting {
		reach = lookBackForResend
	}
	asked := r.Now()
	presumed, err := r.Store.PresumedSince(ctx, r.Account, asked.Add(-reach))
	if err != nil {
		return err
	}
	if len(presumed) > 0 {
		r.tell("前に結果が分からなかった送信を、もう一度e-Govに照会しています")
		token, err := r.Tokens.AccessToken(ctx, time.Minute)
		if err != nil {
			return err
		}
		inquiry, err := r.ask(ctx, token, presumed)
		if err != nil {
			return r.lookedInVain(ctx, token, err)
		}
		r.step("looked back")
		err = r.adoptAll(ctx, inquiry)
		if err != nil {
			return err
		}
		r.worked = r.worked || len(inquiry.found) > 0
	}
	r.lookedBack = true
	return r.Store.Cleared(ctx, r.Account, asked)
}

// lookedInVain puts the next look off; what waits for it goes on waiting.
func (r *run) lookedInVain(ctx context.Context, token string, cause error) error {
	r.nextLook = r.Now().Add(r.Settings.Ask[min(r.vain, len(r.Settings.Ask)-1)])
	r.vain++
	r.log().WarnContext(ctx, "looking back failed", slog.String("error", mynumber.Mask(cause.Error())))
	var status *egov.StatusError
	if errors.As(cause, &status) && status.Status == 401 {
		return r.Tokens.Reject(ctx, token)
	}
	return nil
}
