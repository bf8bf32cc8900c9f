package egov

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"
)

// Config says where e-Gov is and who this software is to it. The zero value of
// each duration, size and optional member stands for the default in brackets.
// However it is formatted or logged, the client secret is masked.
type Config struct {
	APIBase      string // e.g. https://api.e-gov.go.jp/shinsei/v2
	AuthBase     string // e.g. https://account.e-gov.go.jp/auth
	ClientID     string // ソフトウェアID
	ClientSecret string // APIキー
	RedirectURI  string // exactly as registered with the APIキー

	UserAgent string         // [todoke]
	Proxy     string         // http://host:port for everything but loopback [none]
	RootCAs   *x509.CertPool // [those of the system]

	DialTimeout  time.Duration // TCP and TLS together [30 s]
	CallTimeout  time.Duration // one try of a safe call or token request [60 s]
	MaxRequest   time.Duration // a whole submission, answer included [10 min]
	Retries      int           // further tries of a safe call; negative for none [4]
	RetryWaitMin time.Duration // [500 ms]
	RetryWaitMax time.Duration // [30 s]
	MaxBody      int64         // bytes of an answer to a safe call [32 MiB]
	MaxAnswer    int64         // bytes of an answer to a submission [1 MiB]

	Clock func() time.Time // [time.Now]
}

func (c Config) withDefaults() Config {
	c.APIBase = strings.TrimRight(c.APIBase, "/")
	c.AuthBase = strings.TrimRight(c.AuthBase, "/")
	orElse(&c.UserAgent, "todoke")
	orElse(&c.DialTimeout, 30*time.Second)
	orElse(&c.CallTimeout, time.Minute)
	orElse(&c.MaxRequest, 10*time.Minute)
	orElse(&c.Retries, 4)
	c.Retries = max(c.Retries, 0)
	orElse(&c.RetryWaitMin, 500*time.Millisecond)
	orElse(&c.RetryWaitMax, 30*time.Second)
	orElse(&c.MaxBody, 32<<20)
	orElse(&c.MaxAnswer, 1<<20)
	if c.Clock == nil {
		c.Clock = time.Now //nolint:forbidigo // the clock itself
	}
	return c
}

func orElse[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}

// Validate reports everything that is wrong with c, joined into one error; no
// part of it repeats a value that could be a secret.
func (c Config) Validate() error {
	problems := []error{
		checkURL("APIBase", c.APIBase, true),
		checkURL("AuthBase", c.AuthBase, true),
		checkURL("RedirectURI", c.RedirectURI, false),
	}
	if c.Proxy != "" {
		problems = append(problems, checkProxy(c.Proxy))
	}
	for name, value := range map[string]string{"ClientID": c.ClientID, "ClientSecret": c.ClientSecret} {
		if value == "" {
			problems = append(problems, fmt.Errorf("%s is missing", name))
		}
	}
	if strings.ContainsFunc(c.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		problems = append(problems, errors.New("UserAgent: only printable ASCII"))
	}
	for name, value := range map[string]int64{
		"DialTimeout": int64(c.DialTimeout), "CallTimeout": int64(c.CallTimeout), "MaxRequest": int64(c.MaxRequest),
		"RetryWaitMin": int64(c.RetryWaitMin), "RetryWaitMax": int64(c.RetryWaitMax),
		"MaxBody": c.MaxBody, "MaxAnswer": c.MaxAnswer,
	} {
		if value < 0 {
			problems = append(problems, fmt.Errorf("%s is negative", name))
		}
	}
	return errors.Join(problems...)
}

// checkURL wants https, or http to this machine itself, and neither credentials
// nor a fragment; a base has no query either.
func checkURL(name, value string, base bool) error {
	if value == "" {
		return fmt.Errorf("%s is missing", name)
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return fmt.Errorf("%s is not an absolute URL", name)
	case u.User != nil:
		return fmt.Errorf("%s must not contain credentials", name)
	case u.Fragment != "" || strings.Contains(value, "#"):
		return fmt.Errorf("%s must not have a fragment", name)
	case base && (u.RawQuery != "" || u.ForceQuery):
		return fmt.Errorf("%s must not have a query", name)
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return fmt.Errorf("%s must be https (http only to a loopback address)", name)
	}
	return nil
}

func checkProxy(value string) error {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http":
		return errors.New("the proxy is not of the form http://host:port")
	case u.User != nil:
		return errors.New("the proxy must not contain credentials")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// mask stands for whatever must not be shown.
const mask = "(masked)"

func (c Config) masked() string {
	return fmt.Sprintf("egov.Config{APIBase: %q, AuthBase: %q, ClientID: %q, ClientSecret: %s, RedirectURI: %q}",
		c.APIBase, c.AuthBase, c.ClientID, mask, c.RedirectURI)
}

// Format writes the configuration without its secret, whatever the verb.
func (c Config) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, c.masked()) }

// LogValue is the configuration without its secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.masked()) }

// MarshalText is the configuration without its secret; it cannot be read back.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.masked()), nil }
