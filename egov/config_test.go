package egov

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	good := Config{
		APIBase: "https://api.e-gov.go.jp/shinsei/v2", AuthBase: "https://account.e-gov.go.jp/auth/",
		ClientID: "id", ClientSecret: testSecret, RedirectURI: "http://localhost:8080/callback",
	}
	for _, c := range []struct {
		name   string
		change func(*Config)
		wants  []string // parts of the message; none for no error
	}{
		{"production", func(*Config) {}, nil},
		{"simulator", func(c *Config) { c.APIBase, c.AuthBase = "http://127.0.0.1:9/v2", "http://[::1]:9/auth" }, nil},
		{"proxy", func(c *Config) { c.Proxy = "http://proxy.example:3128" }, nil},
		{"nothing at all", func(c *Config) { *c = Config{} }, []string{"APIBase", "AuthBase", "RedirectURI", "ClientID", "ClientSecret"}},
		{"http", func(c *Config) { c.APIBase = "http://api.e-gov.go.jp/v2" }, []string{"APIBase must be https"}},
		{"http to a look-alike of loopback", func(c *Config) { c.APIBase = "http://127.0.0.1.example/v2" }, []string{"APIBase must be https"}},
		{"other scheme", func(c *Config) { c.AuthBase = "ftp://127.0.0.1/" }, []string{"AuthBase must be https"}},
		{"credentials", func(c *Config) { c.APIBase = "https://user:" + testSecret + "@api.example/" }, []string{"APIBase must not contain credentials"}},
		{"query", func(c *Config) { c.AuthBase = "https://a.example/?x=" + testSecret }, []string{"AuthBase must not have a query"}},
		{"fragment", func(c *Config) { c.RedirectURI = "https://a.example/#" }, []string{"RedirectURI must not have a fragment"}},
		{"no URL", func(c *Config) { c.APIBase = "api.e-gov.go.jp" }, []string{"APIBase is not an absolute URL"}},
		{"broken URL", func(c *Config) { c.APIBase = "https://a.example/%zz" + testSecret }, []string{"APIBase is not an absolute URL"}},
		{"proxy with credentials", func(c *Config) { c.Proxy = "http://a:" + testSecret + "@p.example" }, []string{"the proxy must not"}},
		{"proxy of another kind", func(c *Config) { c.Proxy = "socks5://p.example" }, []string{"the proxy is not"}},
		{"user agent", func(c *Config) { c.UserAgent = "a\r\nb" }, []string{"UserAgent"}},
		{"negative bounds", func(c *Config) { c.MaxRequest, c.MaxBody = -1, -1 }, []string{"MaxRequest is negative", "MaxBody is negative"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			c.change(&cfg)
			_, err := New(cfg)
			if (err == nil) != (c.wants == nil) {
				t.Fatalf("New = %v", err)
			}
			for _, part := range c.wants {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if err != nil && strings.Contains(err.Error(), testSecret) {
				t.Errorf("the error contains the secret: %v", err)
			}
		})
	}
}

// TestSecretsAreNeverShown formats whatever holds a secret in every way there is.
func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	client := newClient(t, "http://127.0.0.1:1")
	login, err := client.BeginLogin()
	if err != nil {
		t.Fatal(err)
	}
	token := Token{Access: testSecret + "-access", Refresh: testSecret + "-refresh", AccessExpires: time.Unix(1, 0)}
	result := SubmissionResult{Answer: &Answer{Status: 400, Body: []byte(testSecret)}}
	type holder struct {
		Token  Token
		Login  *Login
		Config Config
		Answer *Answer
		hidden *Client
	}
	config := Config{ClientSecret: testSecret}
	h := holder{token, &login, config, result.Answer, client}
	var shown bytes.Buffer
	for _, value := range []any{token, &token, login, &login, config, &config, client, *result.Answer, result.Answer, result, &h, []Token{token}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c"} {
			fmt.Fprintf(&shown, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("x", "value", value)
	}
	for _, value := range []any{token, login, config, map[string]any{"a": token}} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(text)
	}
	for _, secret := range []string{
		testSecret, login.State, login.Verifier,
		fmt.Sprintf("%x", testSecret), fmt.Sprintf("%X", testSecret), fmt.Sprint([]byte(testSecret)),
	} {
		if bytes.Contains(shown.Bytes(), []byte(secret)) {
			t.Errorf("%q is shown", secret)
		}
	}
}
