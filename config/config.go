// Package config is the settings of an office: one struct, read from a TOML file
// and from the environment, with every problem reported at once.
//
// What always holds: the zero value is safe, an unknown key is an error, and no
// secret stands in the settings: a secret is named by where it is to be found.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

// EnvPrefix opens the environment variables that override the file: section and
// key are joined by two underscores, e.g. TODOKE_NIGHT__BATCH_LIMIT.
const EnvPrefix = "TODOKE_"

// Config is everything that can be set.
type Config struct {
	Secret   string   `koanf:"secret"` // where the office's secret is, see Secret…
	Approval Approval `koanf:"approval"`
	EGov     EGov     `koanf:"egov"`
	Night    Night    `koanf:"night"`
	API      API      `koanf:"api"`
}

// Approval is how filings are approved.
type Approval struct {
	FourEyes bool          `koanf:"four_eyes"` // who drafted a filing may not approve it
	GrantFor time.Duration `koanf:"grant_for"` // how long an approval opens a number
}

// EGov is what is assumed of e-Gov until its sandbox has confirmed it.
type EGov struct {
	BulkSameProcedure bool          `koanf:"bulk_same_procedure"` // one bulk may hold a procedure several times
	SendWindow        time.Duration `koanf:"send_window"`         // from the commit of "sending" to the first byte
	MaxRequest        time.Duration `koanf:"max_request"`         // a whole submission, answer included
}

// Night is how filings are sent and settled.
type Night struct {
	BatchLimit  int             `koanf:"batch_limit"`  // folders in one bulk
	Ask         []time.Duration `koanf:"ask"`          // pauses between questions about an unknown outcome
	QuietPeriod time.Duration   `koanf:"quiet_period"` // after which absence counts without a later send as witness
	PollFirst   time.Duration   `koanf:"poll_first"`   // first look at the report of an accepted bulk
	PollMax     time.Duration   `koanf:"poll_max"`     // longest pause between two looks
	MaxDuration time.Duration   `koanf:"max_duration"` // a night ends after this, whatever is open
}

// API is where the HTTP interface listens.
type API struct {
	Listen string `koanf:"listen"` // host:port
}

// Default returns the settings that hold where nothing else is said.
func Default() Config {
	return Config{
		Secret:   "passphrase",
		Approval: Approval{GrantFor: 7 * 24 * time.Hour},
		EGov:     EGov{SendWindow: 30 * time.Second, MaxRequest: 10 * time.Minute},
		Night: Night{
			BatchLimit:  50,
			Ask:         []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour},
			QuietPeriod: time.Hour, PollFirst: 5 * time.Second, PollMax: time.Minute, MaxDuration: 6 * time.Hour,
		},
		API: API{Listen: "127.0.0.1:8400"},
	}
}

// Load reads the file at path (absent: defaults) and the variables of environ
// (as os.Environ returns them) and validates the result. The error lists
// everything that is wrong.
func Load(path string, environ []string) (Config, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the path is the operator's own
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("設定ファイルを読めません: %w", err)
	}
	tree := koanf.New(".")
	err = tree.Load(rawbytes.Provider(text), toml.Parser())
	if err != nil {
		return Config{}, fmt.Errorf("設定ファイル %s をTOMLとして読めません: %w", path, err)
	}
	err = tree.Load(env.Provider(".", env.Opt{
		Prefix:        EnvPrefix,
		EnvironFunc:   func() []string { return sectioned(environ) },
		TransformFunc: func(key, value string) (string, any) { return keyOf(key), value },
	}), nil)
	if err != nil {
		return Config{}, fmt.Errorf("環境変数を読めません: %w", err)
	}
	config := Default()
	err = tree.UnmarshalWithConf("", &config, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: &config, TagName: "koanf", ErrorUnused: true, WeaklyTypedInput: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(commaList, mapstructure.StringToTimeDurationHookFunc()),
	}})
	if err != nil {
		return Config{}, fmt.Errorf("設定に誤りがあります: %w", err)
	}
	return config, config.Validate()
}

// commaList splits a text, as environment variables give it, where the setting is
// a list.
func commaList(from, to reflect.Type, value any) (any, error) {
	if from.Kind() != reflect.String || to.Kind() != reflect.Slice {
		return value, nil
	}
	return strings.Split(value.(string), ","), nil
}

// sectioned keeps the variables that name a section and a key. Others with the
// prefix, such as TODOKE_PASSPHRASE, are not settings.
func sectioned(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return !strings.Contains(name, "__")
	})
}

func keyOf(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, EnvPrefix)), "__", ".")
}

// Validate reports every setting that cannot work, joined into one error.
func (c Config) Validate() error {
	var problems []error
	add := func(key, rule string) { problems = append(problems, fmt.Errorf("設定 %s: %s", key, rule)) }
	kind, value, _ := strings.Cut(c.Secret, ":")
	if c.Secret != "passphrase" && (kind != "file" && kind != "env" || value == "") {
		add("secret", `"passphrase"、"file:ファイル名"、"env:環境変数名" のいずれかで指定してください`)
	}
	for key, d := range map[string]time.Duration{
		"approval.grant_for": c.Approval.GrantFor, "egov.send_window": c.EGov.SendWindow, "egov.max_request": c.EGov.MaxRequest,
		"night.quiet_period": c.Night.QuietPeriod, "night.poll_first": c.Night.PollFirst,
		"night.poll_max": c.Night.PollMax, "night.max_duration": c.Night.MaxDuration,
	} {
		if d <= 0 {
			add(key, `"30s" や "10m" のような正の時間で指定してください`)
		}
	}
	if c.Night.BatchLimit < 1 || c.Night.BatchLimit > 9999 {
		add("night.batch_limit", "1から9999で指定してください")
	}
	if len(c.Night.Ask) == 0 || slices.Min(c.Night.Ask) <= 0 {
		add("night.ask", `["1m", "5m"] のように正の時間を1つ以上指定してください`)
	}
	_, _, err := net.SplitHostPort(c.API.Listen)
	if err != nil {
		add("api.listen", `"127.0.0.1:8400" のようにホストとポートで指定してください`)
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

// AbsenceCounts is how long after sending an unlisted bulk can be taken for lost:
// twice the time in which a send can begin and end (see docs/decisions).
func (c Config) AbsenceCounts() time.Duration {
	return 2 * (c.EGov.SendWindow + c.EGov.MaxRequest)
}
