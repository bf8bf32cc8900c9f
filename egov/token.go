package egov

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Token is what a login or a refresh yields. However it is formatted, logged or
// marshalled, the two token strings are masked.
type Token struct {
	Access         string
	Refresh        string
	AccessExpires  time.Time // reckoned from before the request, so never too late
	RefreshExpires time.Time // zero: the service did not say
}

func (t Token) masked() string {
	return fmt.Sprintf("egov.Token{Access: %s, Refresh: %s, AccessExpires: %s, RefreshExpires: %s}",
		mask, mask, t.AccessExpires.UTC().Format(time.RFC3339), t.RefreshExpires.UTC().Format(time.RFC3339))
}

// Format writes the token without its secrets, whatever the verb.
func (t Token) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, t.masked()) }

// LogValue is the token without its secrets.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.masked()) }

// MarshalText is the token without its secrets; it cannot be read back.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.masked()), nil }
