package ledgercmd

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// codeByHand is the code of customers whose status an operator has set.
const codeByHand = "by_hand"

// maxReason bounds what an operator writes, in characters.
const maxReason = 500

type resolveOptions struct {
	as        settings.Choice
	gap       bool
	because   string
	serviceID string
	link      string
	linkFile  string
	gone      bool

	file string // of the argument FILE:ROW
	row  int
}

func newResolveCommand(con *term.Console) *cobra.Command {
	f := resolveOptions{as: settings.Choice{Words: []string{string(ledger.Created), string(ledger.LinkMissing), string(ledger.Duplicate), string(ledger.Rejected), string(ledger.Pending)}}}
	c := withLockedLedger(con, &cobra.Command{
		Use:   "resolve [flags] FILE:ROW | --gap",
		Short: "decide a row that the program cannot decide",
		Long: `Sets the status of one row's customer, with a reason that every report shows. FILE is
the input as it was given to run, and ROW the row as a spreadsheet shows it. Look the
customer up at the partner first: pending sends the row again, and a user who exists
after all would be created twice, or refused.

With --gap, a restored ledger stops waiting for the partner's user list: rows are then
sent without it. Use it only if the partner cannot provide the list.`,
		Example: `  bulkonboard ledger resolve customers.csv:17 --as duplicate --because "asked the partner, ticket 4711"
  bulkonboard ledger resolve customers.csv:18 --as created --service-id acme-1 --link-file link.txt --because "..."`,
		Args: func(c *cobra.Command, args []string) error {
			if f.gap {
				return subcommand.NoArgs(c, args)
			}
			return subcommand.NeedArg("FILE:ROW, such as customers.csv:17")(c, args)
		},
		PreRunE: func(c *cobra.Command, args []string) error {
			if f.gap {
				return f.checkGap()
			}
			if err := readLink(con, c, &f); err != nil {
				return err
			}
			return f.check(args[0])
		},
	}, func(ctx context.Context, l session.Ledger, e *logEntry, _ []string) error {
		if f.gap {
			return endGaps(ctx, con, l, f.because)
		}
		return runResolve(ctx, con, l, e, &f)
	})
	c.Flags().Var(&f.as, "as", "the new status")
	c.Flags().BoolVar(&f.gone, "gone", false, "note that this row's user was deleted at the partner, and stop looking for it in the partner's list")
	c.Flags().BoolVar(&f.gap, "gap", false, "stop a restored ledger's wait for the partner's user list")
	c.Flags().StringVar(&f.because, "because", "", "reason `TEXT`, shown in reports (required)")
	c.Flags().StringVar(&f.serviceID, "service-id", "", "serviceId `ID` of the user, for created and link_missing")
	c.Flags().StringVar(&f.linkFile, "link-file", "", "read the verification link from `FILE`, or from standard input with -; for created")
	c.Flags().StringVar(&f.link, "link", "", "verification `URL`; other users of this machine can read it there, so prefer --link-file or $BULKONBOARD_LINK")
	return c
}

// readLink reads the link that --link-file names. It warns of one on the command
// line, which every user of the machine can read.
func readLink(con *term.Console, c *cobra.Command, f *resolveOptions) error {
	if f.link != "" && settings.LevelsOf(c)("link") == settings.FromFlag {
		con.Sayf("warning: other users can read the link on the command line; use --link-file FILE, or - for standard input")
	}
	if f.linkFile == "" {
		return nil
	}
	if f.link != "" {
		return exit.UsageErrorf("give --link-file or --link, not both")
	}
	var text []byte
	var err error
	if f.linkFile == "-" {
		text, err = limits.ReadAll(con.In, settings.MaxSecret)
	} else {
		text, err = settings.ReadSecret(con, "link-file", f.linkFile)
	}
	if err != nil {
		return err
	}
	if f.link = strings.TrimSpace(string(text)); f.link == "" {
		return exit.UsageErrorf("--link-file %s is empty", f.linkFile)
	}
	return nil
}

// check refuses what makes no sense, and parses FILE:ROW.
func (f *resolveOptions) check(place string) (err error) {
	at := strings.LastIndexByte(place, ':')
	if at > 0 {
		f.file = place[:at]
		f.row, err = strconv.Atoi(place[at+1:])
	}
	status := ledger.Status(f.as.Value)
	switch {
	case at <= 0 || err != nil || f.row < 1:
		return exit.UsageErrorf("write FILE:ROW, such as customers.csv:17")
	case f.gone && (status != "" || f.serviceID != "" || f.link != ""):
		return exit.UsageErrorf("--gone cannot be combined with --as, --service-id or --link-file")
	case status == "" && !f.gone:
		return exit.UsageErrorf("--as is missing: choose %s", strings.Join(f.as.Words, ", "))
	case status == ledger.Created && (f.serviceID == "") != (f.link == ""):
		return exit.NewUsageError(errors.New("--as created needs --service-id and --link-file"), "without the link, use --as link_missing")
	case status != ledger.Created && f.link != "":
		return exit.UsageErrorf("--link-file needs --as created")
	case status != ledger.Created && status != ledger.LinkMissing && f.serviceID != "":
		return exit.UsageErrorf("--service-id needs --as created or --as link_missing")
	case f.serviceID != "" && !ledger.ValidToken(f.serviceID):
		return exit.UsageErrorf("--service-id: %s", badServiceID)
	case f.link != "" && !ledger.ValidLink(f.link):
		return exit.UsageErrorf("the link %s", badLink)
	}
	return f.checkReason()
}

// checkReason tidies the reason, and refuses one that no report can show.
func (f *resolveOptions) checkReason() error {
	f.because = strings.TrimSpace(strings.ReplaceAll(f.because, ";", ","))
	switch {
	case f.because == "":
		return exit.UsageErrorf("--because is missing: give the reason that the report shows")
	case utf8.RuneCountInString(f.because) > maxReason || strings.ContainsFunc(f.because, unicode.IsControl):
		return exit.UsageErrorf("--because: write one line of at most %d characters", maxReason)
	}
	return nil
}

// checkGap refuses what makes no sense together with --gap.
func (f *resolveOptions) checkGap() error {
	if f.as.Value != "" || f.serviceID != "" || f.link != "" || f.gone {
		return exit.UsageErrorf("--gap can only be combined with --because")
	}
	return f.checkReason()
}
