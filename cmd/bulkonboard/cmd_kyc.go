package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

func newKycCommand(con *term.Console) *cobra.Command {
	c := holding(&cobra.Command{Use: "kyc", Short: "KYC status of the users created: sync, import, retry, listen",
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
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if most < 0 {
				return exit.UsageErrorf("--max-users must not be negative")
			}
			return followUsers(con, c, &f, func(ctx context.Context, l *follower) error {
				out, err := kyc.Sync(ctx, kyc.SyncConfig{Ledger: l, Partner: l.client, Pace: l.pace, Most: most, Watch: func(pages, seen, wanted int) {
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
				if err := l.confirmUsers(ctx); err != nil {
					return err
				}
				if err := tellFunnel(con, ctx, l.Ledger, 0); err != nil || out.Cut == nil {
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
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return followUsers(con, c, &f, func(ctx context.Context, l *follower) error {
				out, err := kyc.Retry(ctx, kyc.RetryConfig{Ledger: l, Partner: l.client, Pace: l.pace})
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
	return l.logged(ctx, origin(settings.CommandName(c)), func(ctx context.Context) error {
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
func openBeside(con *term.Console, ctx context.Context, c *cobra.Command, f *settings.TargetFlags) (sharedLedger, error) {
	l, info, err := openToRead(ctx, c, f)
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		return sharedLedger{}, err
	}
	store, err := sqlite.Open(ctx, sqlite.Options{Path: info.Path, Environment: info.Environment, Concurrent: true, Command: settings.CommandName(c)})
	return newSharedLedger(store, con), err
}

// unverifiedAfter is after how long a link that was not opened is pointed out.
const unverifiedAfter = 7 * 24 * time.Hour

// tellFunnel says how far the users of a batch are, 0 = of the ledger.
func tellFunnel(con *term.Console, ctx context.Context, l kyc.Customers, batch int64) error {
	f, err := kyc.Count(ctx, l, batch, time.Now().Add(-unverifiedAfter))
	if err != nil {
		return err
	}
	for _, line := range funnelLines(f) {
		fmt.Fprintln(con.Err, line)
	}
	return nil
}

// funnelLines are the way of the users, as people read it.
func funnelLines(f kyc.Funnel) []string {
	if f.Users == 0 || f.Users == f.Status[ledger.KYCUnknown] && f.Unverified == 0 {
		return nil
	}
	words := map[ledger.KYCStatus]string{ledger.KYCUnknown: "not heard of", ledger.KYCNotBegun: "have not begun", ledger.KYCPending: "under review",
		ledger.KYCMore: "must verify once more", ledger.KYCDenied: "denied", ledger.KYCApproved: "approved"}
	order := ledger.KYCStatuses()
	var parts []string
	for _, s := range slices.SortedFunc(maps.Keys(f.Status), func(x, y ledger.KYCStatus) int {
		return cmp.Or(cmp.Compare(slices.Index(order, x), slices.Index(order, y)), cmp.Compare(x, y))
	}) {
		parts = append(parts, term.Number(f.Status[s])+" "+cmp.Or(words[s], term.Printable(string(s))))
	}
	lines := []string{fmt.Sprintf("KYC: %s: %s", term.Count(f.Users, "user"), strings.Join(parts, ", "))}
	if f.Unverified > 0 {
		lines = append(lines, fmt.Sprintf("  %s had the link for 7 days or longer without opening it: bulkonboard links export --unverified --older-than 7d", term.Count(f.Unverified, "user")))
	}
	if f.Again > 0 {
		lines = append(lines, fmt.Sprintf("  %s under review again: the documents were submitted again, the users have nothing to do", term.Count(f.Again, "user")))
	}
	if n := f.Status[ledger.KYCDenied]; n > 0 {
		lines = append(lines, fmt.Sprintf("  %s denied: bulkonboard kyc retry begins again, at most %d times each", term.Number(n), kyc.MaxRetries))
	}
	if f.NoLink > 0 {
		lines = append(lines, fmt.Sprintf("  %s without a link: bulkonboard links recover FILE", term.Number(f.NoLink)))
	}
	if f.RetryOpen > 0 {
		lines = append(lines, fmt.Sprintf("  %s perhaps begun again, and no answer told the new link: see the partner's dashboard", term.Count(f.RetryOpen, "user")))
	}
	return lines
}
