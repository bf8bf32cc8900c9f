package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"todoke/egov/account"
	"todoke/mynumber"
	"todoke/office"
	"todoke/officedir"
	"todoke/queue/desk"
	"todoke/queue/night"
	"todoke/usage"
)

// The exit codes; docs/operations.md explains them.
const (
	exitOK         = 0
	exitFailure    = 1
	exitUsage      = 2 // the command was called wrongly
	exitBusy       = 3 // another sender is at work
	exitPerson     = 4 // a person has to act: log in, look at a halt
	exitUnverified = 5 // something did not verify
)

// errUnverified marks a verification that ran and found something wrong.
var errUnverified = errors.New("検証に失敗しました")

// usageError marks a command line that cannot be carried out.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// app is what every command shares.
type app struct {
	streams
	dir  string // --dir
	as   string // --as
	json bool   // --json
	now  func() time.Time
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	a := &app{streams: s, now: time.Now}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(s.err, "中断しました。続きは次に実行したときに行います。")
		return exitFailure
	}
	fmt.Fprintln(s.err, "エラー:", err)
	var wrong usageError
	switch {
	case errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, night.ErrBusy):
		return exitBusy
	case errors.Is(err, account.ErrNeedsLogin), errors.Is(err, night.ErrHalted):
		return exitPerson
	case errors.Is(err, errUnverified):
		return exitUnverified
	default:
		return exitFailure
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "todoke", Short: "届（とどけ）: e-Gov 電子申請の届出を、夜間に一度だけ送ります",
		SilenceErrors: true, SilenceUsage: true, Args: args(cobra.NoArgs),
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpCommand(&cobra.Command{Use: "help", Hidden: true, RunE: func(*cobra.Command, []string) error { return root.Help() }})
	root.PersistentFlags().BoolP("help", "h", false, "使い方を表示する")
	root.PersistentFlags().StringVar(&a.dir, "dir", defaultDir(), "事務所のデータを置くフォルダー（環境変数 TODOKE_DIR）")
	root.PersistentFlags().StringVar(&a.as, "as", os.Getenv("TODOKE_MEMBER"), "処理者の氏名（環境変数 TODOKE_MEMBER）")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(a.demoCommand(), a.nightCommand(), a.statusCommand(), a.fileCommand(), a.officeCommand(), a.vaultCommand(),
		a.usageCommand(), a.formsCommand(), a.egovCommand(), a.verifyCommand(), a.simCommand(), a.serveCommand())
	return root
}

// usageTemplate is cobra's, in the words of those who read it.
const usageTemplate = `使い方:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} コマンド{{end}}{{if .HasAvailableSubCommands}}

コマンド:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

オプション:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

共通のオプション:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

各コマンドの説明は「{{.CommandPath}} コマンド --help」で表示します。{{end}}
`

func defaultDir() string {
	dir := os.Getenv("TODOKE_DIR")
	if dir == "" {
		return "todoke-office"
	}
	return dir
}

// args turns cobra's complaints about arguments into usage errors for staff. They
// do not repeat the arguments: somebody may have typed a number there.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if check(cmd, given) == nil {
			return nil
		}
		err := fmt.Errorf("引数が正しくありません。使い方: %s", cmd.UseLine())
		for _, arg := range given {
			if mynumber.In(arg) {
				err = errors.Join(err, errors.New("個人番号は引数に書けません（履歴に残ります）。端末か標準入力から入力し、コマンドの履歴を消してください"))
			}
		}
		return usageError{err}
	}
}

// jsonFlag gives a command --json.
func (a *app) jsonFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&a.json, "json", false, "JSONで出力する")
	return cmd
}

// open opens the office directory; the caller closes it.
func (a *app) open(ctx context.Context) (*officedir.Dir, error) {
	return officedir.Open(ctx, a.dir, a.passphrase, a.now)
}

// with opens the office directory for the length of f.
func (a *app) with(ctx context.Context, f func(d *officedir.Dir) error) error {
	d, err := a.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(d), d.Close())
}

// passphrase comes from TODOKE_PASSPHRASE or is typed at the terminal.
func (a *app) passphrase() ([]byte, error) {
	set, ok := os.LookupEnv("TODOKE_PASSPHRASE")
	if ok {
		return []byte(set), nil
	}
	typed, err := a.secret("パスフレーズ: ")
	if err != nil {
		return nil, fmt.Errorf("パスフレーズを入力できません。端末で実行するか、環境変数 TODOKE_PASSPHRASE で渡してください: %w", err)
	}
	return typed, nil
}

var errNoTerminal = errors.New("端末ではありません")

// secret asks for a text that is not echoed.
func (a *app) secret(prompt string) ([]byte, error) {
	file, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil, errNoTerminal
	}
	fmt.Fprint(a.err, prompt)
	text, err := term.ReadPassword(int(file.Fd()))
	fmt.Fprintln(a.err)
	return text, err
}

// line reads one line of standard input, or of the terminal without echo.
func (a *app) line(prompt string) ([]byte, error) {
	text, err := a.secret(prompt)
	if !errors.Is(err, errNoTerminal) {
		return text, err
	}
	const longest = 4096
	text, err = bufio.NewReaderSize(io.LimitReader(a.in, longest), longest).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("標準入力を読めません: %w", err)
	}
	return []byte(strings.TrimRight(string(text), "\r\n")), nil
}

// member is the named person who acts: --as, or the only active member there is.
func (a *app) member(ctx context.Context, d *officedir.Dir, screen string) (desk.Person, error) {
	members, err := d.Office.Members(ctx)
	if err != nil {
		return desk.Person{}, err
	}
	var active []office.Member
	for _, m := range members {
		if m.Active && (a.as == "" || m.Name == a.as) {
			active = append(active, m)
		}
	}
	if len(active) != 1 {
		return desk.Person{}, usageError{errors.New("--as に処理者の氏名を指定してください。「todoke office members」で確かめられます")}
	}
	return desk.Person{Name: active[0].Name, Roles: active[0].Roles, Screen: screen, Source: "端末"}, nil
}

// audit writes an act of the office itself on the usage log.
func (a *app) audit(ctx context.Context, d *officedir.Dir, who desk.Person, action usage.Action, result string) error {
	_, err := d.Usage.Append(ctx, usage.Entry{
		Company: usage.OfficeLog, Actor: who.Name, Screen: who.Screen, Action: action, Result: result, Source: who.Source,
	})
	return err
}
