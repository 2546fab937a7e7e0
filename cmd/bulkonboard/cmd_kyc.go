package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

func newKycCommand(con *term.Console) *cobra.Command {
	c := subcommand.Group(&cobra.Command{Use: "kyc", Short: "KYC status of the users created: sync, import, retry, listen",
		Long: `After its creation a user opens the verification link, is checked, and is
approved or denied. These commands keep that in the ledger, beside a run if need
be; status and links export show it.`})
	c.AddCommand(newKycSyncCommand(con), newKycImportCommand(con), newKycRetryCommand(con), newKycListenCommand(con))
	return c
}

// followFlags adds the flags that choose ledger, partner and pace.
func followFlags(c *cobra.Command, f *settings.RunFlags) {
	f.Rate = settings.Rate{PerSecond: 5, Text: "5/s"}
	f.AddLedgerFlags(c.Flags())
	f.AddPartnerFlags(c.Flags())
	f.LogFlags.AddFlags(c.Flags())
	c.Flags().Var(&f.Rate, "rate", "N/s, N/m, N/h or unlimited: ceiling over every request")
	settings.AddConfigFlag(c)
}

func newKycSyncCommand(con *term.Console) *cobra.Command {
	var f settings.RunFlags
	var most int
	c := &cobra.Command{
		Use:   "sync [flags]",
		Short: "ask the partner's list for the status of everybody who is not approved yet",
		Long: `Reads as many pages of the partner's list of users as it takes to see everybody
who is not approved yet, and records their status. Users whom no list has confirmed
yet are compared with it: serviceId and e-mail belong together. Broken off, the same command
goes on where it was. It ends, with exit 3, at a page that the partner gave before
and where the list has more users than it can have.`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if most < 0 {
				return exit.UsageErrorf("--max-users must not be negative")
			}
			return session.FollowUsers(con, c, &f, func(ctx context.Context, l *session.Follower) error {
				out, err := kyc.Sync(ctx, kyc.SyncConfig{Ledger: l, Partner: l.Partner, Pace: l.Pace, Most: most, Watch: func(pages, seen, wanted int) {
					if pages%100 == 0 {
						con.Sayf("%s pages read, %s of %s users seen", term.Number(pages), term.Number(seen), term.Number(wanted))
					}
				}})
				con.Sayf("%s: %s asked for, %s in the list, %s changed", term.Count(out.Pages, "page"), term.Count(out.Wanted, "user"), term.Number(out.Seen), term.Number(out.News))
				if err != nil {
					return err
				}
				switch gone := out.Wanted - out.Seen; {
				case out.Cut != nil:
					con.Sayf("warning: %s not seen, because reading ended early: %v", term.Count(gone, "user"), out.Cut)
					if errors.Is(out.Cut, kyc.ErrEndless) {
						con.Sayf("  --max-users N reads more")
					}
				case gone > 0:
					con.Sayf("warning: %s not in the partner's list: deleted there, or the list moved while it was read", term.Count(gone, "user"))
				}
				if err := l.ConfirmUsers(ctx); err != nil {
					return err
				}
				if err := session.ReportFunnel(con, ctx, l.Ledger, 0); err != nil || out.Cut == nil {
					return err
				}
				return exit.NewReportedError(exit.Findings)
			})
		},
	}
	followFlags(c, &f)
	c.Flags().IntVar(&most, "max-users", 0, "read at most `N` users of the partner's list (default about twice what it says it has)")
	settings.HideAdvanced(c.Flags(), "max-users")
	return c
}

func newKycRetryCommand(con *term.Console) *cobra.Command {
	var f settings.RunFlags
	c := &cobra.Command{
		Use:   "retry [flags]",
		Short: "begin the check of denied users again, at most three times each",
		Long: `Asks the partner to begin the check of every denied user again. Some get a new link,
which goes into the ledger: send it with ` + "`links export --unverified`" + `. For others the
partner submits the documents again: they have nothing to do, and their old link is
not shown any more. Each try is noted before it is sent.`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return session.FollowUsers(con, c, &f, func(ctx context.Context, l *session.Follower) error {
				out, err := kyc.Retry(ctx, kyc.RetryConfig{Ledger: l, Partner: l.Partner, Pace: l.Pace})
				con.Sayf("%s denied: %s with a new link; %s submitted again without one; %s had their %d tries; %s refused by the partner; %s without a clear answer",
					term.Count(out.Denied, "user"), term.Number(out.Begun), term.Number(out.Again), term.Number(out.Spent), kyc.MaxRetries, term.Number(out.Refused), term.Number(out.Unknown))
				if err == nil && out.Unknown+out.Refused > 0 {
					return exit.NewReportedError(exit.Findings)
				}
				return err
			})
		},
	}
	followFlags(c, &f)
	return c
}

func newKycImportCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	var partnerID string
	c := &cobra.Command{
		Use:   "import [flags] FILE|-",
		Short: "record webhook events that an endpoint of your own has saved, or pipes in",
		Long: `Reads webhook events, one JSON object after the other or an array of them, as your
own endpoint received and verified them. Order and repetition do not matter. No
API key is needed.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return exit.UsageErrorf("kyc import needs a FILE of webhook events, or -")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return runKYCImport(con, c, &f, partnerID, args[0]) },
	}
	f.AddLedgerFlags(c.Flags())
	partnerIDFlag(c.Flags(), &partnerID)
	settings.AddConfigFlag(c)
	return c
}

// partnerIDFlag says whose events are taken.
func partnerIDFlag(f *pflag.FlagSet, id *string) {
	f.StringVar(id, "partner-id", "", "`ID` of your partner account: events of other accounts are not recorded (default as the wallet told a run)")
	settings.HideAdvanced(f, "partner-id")
}

// partnerIDOf returns the flag's value, or what the ledger knows.
func partnerIDOf(ctx context.Context, l ledger.Ledger, flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	info, err := l.Info(ctx)
	return info.Account.Partner, err
}

func runKYCImport(con *term.Console, c *cobra.Command, f *settings.TargetFlags, partnerID, path string) (err error) {
	ctx, in := c.Context(), con.In
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return exit.UsageErrorf("%s: %w", path, term.PlainError(err))
		}
		defer file.Close()
		in = file
	}
	l, err := openBeside(con, ctx, c, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return l.WithRecord(ctx, session.NewRunRecord(settings.CommandName(c)), func(ctx context.Context) error {
		partnerID, err := partnerIDOf(ctx, l, partnerID)
		if err != nil {
			return err
		}
		skipped := skippedEvents{}
		out, err := kyc.Import(ctx, kyc.ImportConfig{Ledger: l, PartnerID: partnerID, Skipped: func(name string, why error) { skipped.add(name, why) }}, in)
		fmt.Fprintf(con.Err, "%s of identity checks, %s of them news; %s of other kinds; %s unreadable\n",
			term.Count(out.Events, "event"), term.Number(out.News), term.Number(out.Others), term.Number(out.Bad))
		skipped.tell(con.Err)
		if errors.Is(err, kyc.ErrMalformed) {
			return exit.UsageErrorf("%s: %w", term.FileLabel(path), err)
		}
		if err == nil && out.Bad > 0 {
			return exit.NewReportedError(exit.Findings)
		}
		return err
	})
}

// openBeside opens a ledger to be written to beside a run. With --ledger alone
// it may be of any environment.
func openBeside(con *term.Console, ctx context.Context, c *cobra.Command, f *settings.TargetFlags) (session.SharedLedger, error) {
	l, info, err := session.OpenToRead(ctx, c, f)
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		return session.SharedLedger{}, err
	}
	store, err := sqlite.Open(ctx, sqlite.Options{Path: info.Path, Environment: info.Environment, Concurrent: true, Command: settings.CommandName(c)})
	return session.NewSharedLedger(store, con), err
}
