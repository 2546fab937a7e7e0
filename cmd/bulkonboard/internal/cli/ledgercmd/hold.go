package ledgercmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

func newHoldCommand(con *term.Console) *cobra.Command {
	because := ""
	c := &cobra.Command{
		Use:   "hold --because TEXT [flags]",
		Short: "stop all senders of a ledger in PostgreSQL until ledger release",
		Long: `No sender on any host begins another request until ledger release. Requests that are on
their way are answered and recorded. The senders stay, show the reason, and go on then.`,
		Example: `  bulkonboard ledger hold --because 'the partner asked us to stop' --env production --ledger 'postgres://onboard@db.example.com/onboarding?schema=production'`,
	}
	changeShared(con, c, func(ctx context.Context, l ledger.Shared) error {
		origin := session.NewRunRecord("hold")
		if err := l.Hold(ctx, origin.Who+"@"+origin.Host, because); err != nil {
			return err
		}
		con.Sayf("all senders are held: bulkonboard ledger release lets them go on")
		return nil
	})
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if because = strings.TrimSpace(because); because == "" {
			return exit.UsageErrorf("--because is missing: give the reason that the senders show")
		}
		return run(c, args)
	}
	c.Flags().StringVar(&because, "because", "", "the reason, shown by all senders and kept in the log (required)")
	return c
}

func newReleaseCommand(con *term.Console) *cobra.Command {
	return changeShared(con, &cobra.Command{
		Use:   "release [flags]",
		Short: "let the senders of a ledger in PostgreSQL go on after ledger hold",
	}, func(ctx context.Context, l ledger.Shared) error {
		if err := l.Release(ctx); err != nil {
			return err
		}
		con.Sayf("the senders go on")
		return nil
	})
}

func newPaceCommand(con *term.Console) *cobra.Command {
	var rate settings.Rate
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   "pace [flags]",
		Short: "show or set the rate that all senders of a ledger in PostgreSQL have together",
		Long: `The rate belongs to the partner account, and all senders share it. --rate of a run can
only lower what that run does.`,
		Example: `  bulkonboard ledger pace --rate 200/s --env production --ledger 'postgres://onboard@db.example.com/onboarding?schema=production'`,
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		if c.Flags().Changed("rate") {
			return runOnShared(con, c, &f, func(ctx context.Context, l session.Ledger) error { return setPace(ctx, con, l, rate) })
		}
		return session.ReadLedger(c, &f, func(ctx context.Context, l session.Ledger, _ ledger.Info) error { return showPace(ctx, con, l) })
	}
	f.AddLedgerFlags(c)
	c.Flags().Var(&rate, "rate", "rate of all senders together: 5/s, 300/m, 1000/h or unlimited")
	return c
}

func setPace(ctx context.Context, con *term.Console, l session.Ledger, rate settings.Rate) error {
	shared, err := sharedOf(l)
	if err != nil {
		return err
	}
	if err := shared.SetRate(ctx, rate.PerSecond); err != nil {
		return err
	}
	con.Sayf("rate of all senders: %s", session.RateText(rate.PerSecond))
	return nil
}

func showPace(ctx context.Context, con *term.Console, l session.Ledger) error {
	shared, err := sharedOf(l)
	if err != nil {
		return err
	}
	pace, err := shared.Pace(ctx)
	if err != nil {
		return err
	}
	for _, line := range describePace(pace, time.Now()) {
		fmt.Fprintln(con.Out, term.Printable(line))
	}
	return nil
}

// fileMerger is a ledger into which the emergency file of another machine can be merged.
type fileMerger interface {
	MergeFile(ctx context.Context, path string) (answers int, left []ledger.Change, err error)
}

func newMergeCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   "merge [flags] FILE",
		Short: "record the answers in the emergency file of a host that cannot start again",
		Long: `A sender that cannot reach PostgreSQL writes answers to its emergency file. The next run
on that host records them. If that host will not run again, copy its file to another
one and merge it there. The file is not changed, and merging it twice does no harm.`,
		Example: `  bulkonboard ledger merge --env production --ledger 'postgres://onboard@db.example.com/onboarding?schema=production' bulkonboard-production.emergency`,
	}
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return exit.UsageErrorf("ledger merge needs a FILE: the emergency file of a sender")
		}
		if _, err := os.Stat(args[0]); err != nil {
			return exit.UsageErrorf("%s: %w", args[0], term.PlainError(err))
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return runOnShared(con, c, &f, func(ctx context.Context, l session.Ledger) error { return runMerge(ctx, con, l, args[0]) })
	}
	f.AddLedgerFlags(c)
	return c
}

func runMerge(ctx context.Context, con *term.Console, l session.Ledger, path string) error {
	to, ok := l.(fileMerger)
	if !ok {
		return errors.New("this ledger merges its emergency file when it is opened")
	}
	answers, left, err := to.MergeFile(ctx, path)
	if err != nil {
		return err
	}
	con.Sayf("%s: %s, of which %s are in the ledger now", path, term.Count(answers, "answer"), term.Number(answers-len(left)))
	for _, ch := range left {
		con.Sayf("warning: an answer for customer %d does not fit what the ledger says, and was left in the file", ch.Customer)
	}
	if len(left) > 0 {
		return exit.NewReportedError(exit.Findings)
	}
	return nil
}
