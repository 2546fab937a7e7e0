// Package sandboxcmd has the command `bulkonboard sandbox`.
package sandboxcmd

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// NewCommand returns the command sandbox.
func NewCommand(con *term.Console) *cobra.Command {
	var (
		checks webhookOptions
		f      settings.SandboxFlags
		addr   string
		state  string
		ttl    = settings.Span{Duration: 5 * time.Minute, Positive: true}
	)
	c := &cobra.Command{
		Use:   "sandbox [flags]",
		Short: "run the simulated partner API on loopback",
		Long: `Serves a simulated partner API until you interrupt it. The first line of standard
output is its base URL; standard error shows the command that sends to it, with the
key of this process. The only other key that it accepts is the one in
BULKONBOARD_API_KEY when it starts, unless that is a live key.

A fault can have a selector that says what it hits: a share (0.02 or 2%), the n-th
request (#3, #3-7, #3-), an e-mail (@jane@example.com), a domain (@@example.com), or
the n-th POST of each e-mail (try1). Faults of users (serviceIds, createdAt, listed
e-mails) hit a share of the users, or the n-th user of the account.

` + faultText(),
		Example: `  bulkonboard sandbox --addr 127.0.0.1:8080 --balance 100 --latency 200ms
  bulkonboard sandbox --fault drop-after=0.02 --preexist known.csv
  bulkonboard sandbox --kyc-after 2m --link-life 24h --visits finish=60%,fail=10%,return=10%
  bulkonboard sandbox --fault created-offset=7s --fault list-lag=2s --fault id-form=user,#5-`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := f.SandboxConfig()
			if err != nil {
				return err
			}
			cfg.KeyTTL, cfg.StateFile = ttl.Duration, state
			if err := checks.applyTo(con, &cfg); err != nil {
				return err
			}
			printed := settings.NewSandboxKey()
			cfg.Keys = []string{printed}
			if own := strings.TrimSpace(con.Env[settings.KeyVariable]); own != "" {
				cfg.Keys = append(cfg.Keys, own)
			}
			return runSandbox(c.Context(), con, cfg, addr, printed)
		},
	}
	f.AddFlags(c.Flags(), "")
	checks.flags(c.Flags())
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:0", "loopback `ADDRESS` to listen on; port 0 picks a free port")
	c.Flags().StringVar(&state, "state", "", "keep users in `FILE` (default: in memory)")
	c.Flags().Var(&ttl, "key-ttl", "how long to remember an idempotency key")
	settings.AddConfigFlag(c)
	return c
}

func faultText() string {
	var b strings.Builder
	b.WriteString("Faults:\n")
	for _, n := range sandbox.FaultNames() {
		b.WriteString(term.WrapIndented(fmt.Sprintf("%-26s ", n.Usage), n.Help, 100))
	}
	return strings.TrimRight(b.String(), "\n")
}

func runSandbox(ctx context.Context, con *term.Console, cfg sandbox.Config, addr, key string) (err error) {
	server, err := sandbox.New(cfg)
	if err != nil {
		return exit.NewUsageError(err)
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	url, err := server.Listen(addr)
	if err != nil {
		return exit.NewUsageError(err)
	}
	fmt.Fprintln(con.Out, url)
	con.Sayf("the simulated partner API is running; press Ctrl-C to stop it. In another window:")
	con.Sayf("  %s bulkonboard run --base-url %s customers.csv", keyInEnvironment(key), url)
	<-ctx.Done()
	n := server.Counters()
	con.Sayf("create-user requests: %s; %s, %s charged", term.Number(n.Posts), term.Count(n.Users, "user"), server.Charged())
	return nil
}

// keyInEnvironment sets a key for the simulated partner, in front of a command.
func keyInEnvironment(key string) string {
	if runtime.GOOS == "windows" {
		return "set " + settings.KeyVariable + "=" + key + "&&"
	}
	return settings.KeyVariable + "=" + key
}
