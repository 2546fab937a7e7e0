package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// codeByHand is the code of customers whose status a person has set.
const codeByHand = "by_hand"

// maxReason bounds what a person writes, in characters.
const maxReason = 500

type resolveFlags struct {
	settings.TargetFlags
	as        settings.Choice
	gap       bool
	because   string
	serviceID string
	link      string
	linkFile  string
	gone      bool
}

func newLedgerResolveCommand(con *term.Console) *cobra.Command {
	f := resolveFlags{as: settings.Choice{Words: []string{string(ledger.Created), string(ledger.LinkMissing), string(ledger.Duplicate), string(ledger.Rejected), string(ledger.Pending)}}}
	c := &cobra.Command{
		Use:   "resolve [flags] FILE:ROW | --gap",
		Short: "enter what a person found out about a row that a program cannot decide",
		Long: `Sets the status of the customer of one row, for a reason that every report shows.
FILE is the input as it was given to run, ROW its row as a spreadsheet shows it.
Look the customer up at the partner first: pending sends the row again, and a user
who exists after all is then created twice, or refused.

With --gap it ends the wait of a ledger that was put back from a copy for a list of
the partner's users that cannot be had: rows are then sent without one.`,
		Example: `  bulkonboard ledger resolve customers.csv:17 --as duplicate --because "asked the partner, ticket 4711"
  bulkonboard ledger resolve customers.csv:18 --as created --service-id acme-1 --link-file link.txt --because "..."`,
		Args: func(c *cobra.Command, args []string) error {
			if f.gap {
				return subcommand.NoArgs(c, args)
			}
			return subcommand.OneArg("resolve", "FILE:ROW, such as customers.csv:17")(c, args)
		},
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if f.gap {
			if err := f.checkGap(); err != nil {
				return err
			}
			return withLockedLedger(con, &f.TargetFlags, func(ctx context.Context, l *recordedLedger, _ []string) error {
				return endGaps(ctx, con, l.Ledger, f.because)
			})(c, args)
		}
		if err := readLink(con, c, &f); err != nil {
			return err
		}
		file, row, err := f.check(args[0])
		if err != nil {
			return err
		}
		return withLockedLedger(con, &f.TargetFlags, func(ctx context.Context, l *recordedLedger, _ []string) error {
			return f.resolve(ctx, con, l, file, row)
		})(c, args)
	}
	f.AddLedgerFlags(c.Flags())
	c.Flags().Var(&f.as, "as", "the new status")
	c.Flags().BoolVar(&f.gone, "gone", false, "the user of this row was deleted at the partner: it is no longer looked for in the partner's list")
	c.Flags().BoolVar(&f.gap, "gap", false, "end the wait of a restored ledger for the partner's list")
	c.Flags().StringVar(&f.because, "because", "", "the reason, as `TEXT`; reports show it")
	c.Flags().StringVar(&f.serviceID, "service-id", "", "the partner's `ID` of the user, for created and link_missing")
	c.Flags().StringVar(&f.linkFile, "link-file", "", "read the verification link from `FILE`, or - for standard input; for created")
	c.Flags().StringVar(&f.link, "link", "", "the verification `URL`; other users can read it there: take --link-file or BULKONBOARD_LINK")
	settings.AddConfigFlag(c)
	return c
}

// readLink reads the link that --link-file names. It warns of one on the command
// line, which every user of the machine can read.
func readLink(con *term.Console, c *cobra.Command, f *resolveFlags) error {
	if f.link != "" && settings.LevelsOf(c)("link") == settings.FromFlag {
		fmt.Fprintln(con.Err, "warning: other users can read the link on the command line; use --link-file FILE, or - for standard input")
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
		text, err = settings.ReadSecretFile(con, "link-file", f.linkFile)
	}
	if err != nil {
		return err
	}
	if f.link = strings.TrimSpace(string(text)); f.link == "" {
		return exit.UsageErrorf("--link-file %s is empty", f.linkFile)
	}
	return nil
}

// check refuses what makes no sense, and takes FILE:ROW apart.
func (f *resolveFlags) check(place string) (file string, row int, err error) {
	at := strings.LastIndexByte(place, ':')
	if at > 0 {
		file = place[:at]
		row, err = strconv.Atoi(place[at+1:])
	}
	status := ledger.Status(f.as.Value)
	switch {
	case at <= 0 || err != nil || row < 1:
		return "", 0, exit.UsageErrorf("write FILE:ROW, such as customers.csv:17")
	case f.gone && (status != "" || f.serviceID != "" || f.link != ""):
		return "", 0, exit.UsageErrorf("--gone says one thing only: leave out --as, --service-id and --link-file")
	case status == "" && !f.gone:
		return "", 0, exit.UsageErrorf("--as says which status: %s", strings.Join(f.as.Words, ", "))
	case status == ledger.Created && (f.serviceID == "") != (f.link == ""):
		return "", 0, exit.NewUsageError(errors.New("--as created needs --service-id and --link-file"), "without the link: --as link_missing")
	case status != ledger.Created && f.link != "":
		return "", 0, exit.UsageErrorf("a link goes with --as created only")
	case status != ledger.Created && status != ledger.LinkMissing && f.serviceID != "":
		return "", 0, exit.UsageErrorf("--service-id goes with --as created and --as link_missing only")
	case f.serviceID != "" && !ledger.ValidToken(f.serviceID):
		return "", 0, exit.UsageErrorf("--service-id: %s", badServiceID)
	case f.link != "" && !ledger.ValidLink(f.link):
		return "", 0, exit.UsageErrorf("the link %s", badLink)
	}
	return file, row, f.checkReason()
}

// checkReason tidies the reason, and refuses one that no report can show.
func (f *resolveFlags) checkReason() error {
	f.because = strings.TrimSpace(strings.ReplaceAll(f.because, ";", ","))
	switch {
	case f.because == "":
		return exit.UsageErrorf("--because says why, for whoever reads the report")
	case utf8.RuneCountInString(f.because) > maxReason || strings.ContainsFunc(f.because, unicode.IsControl):
		return exit.UsageErrorf("--because is one line of at most %d characters", maxReason)
	}
	return nil
}

// checkGap refuses what makes no sense together with --gap.
func (f *resolveFlags) checkGap() error {
	if f.as.Value != "" || f.serviceID != "" || f.link != "" || f.gone {
		return exit.UsageErrorf("--gap goes with --because alone")
	}
	return f.checkReason()
}

func (f *resolveFlags) resolve(ctx context.Context, con *term.Console, l *recordedLedger, file string, row int) error {
	found, counts, err := rowOf(ctx, l.Ledger, file, row)
	if err != nil {
		return err
	}
	c := found.Customer
	switch {
	case counts != "":
		return exit.NewUsageError(fmt.Errorf("%s, row %d is %s: the customer with its e-mail is that of %s", file, row, found.Status, counts), "resolve that row; this one needs an e-mail of its own")
	case c.ID == 0:
		return exit.NewUsageError(fmt.Errorf("%s, row %d was never to be sent: it is %s", file, row, found.Status), "correct it in the rejects file, and run that")
	case found.Status == ledger.DuplicateInInput:
		return exit.NewUsageError(fmt.Errorf("%s, row %d repeats an earlier row of the input", file, row), "resolve that one")
	}
	if f.gone {
		return f.giveUp(ctx, con, l, c, file, row)
	}
	if f.serviceID != "" {
		for other, err := range l.Customers(ctx, ledger.Query{ServiceIDs: []string{f.serviceID}}) {
			if err != nil {
				return err
			}
			if other.ID != c.ID {
				return exit.UsageErrorf("another customer of the ledger has this service id")
			}
		}
	}
	if f.as.Value == string(ledger.Created) && f.serviceID == "" && !c.NeedsReview() {
		return exit.NewUsageError(errors.New("--as created needs --service-id and --link-file"), "without the link: --as link_missing")
	}
	ch := ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, Status: ledger.Status(f.as.Value),
		ServiceID: f.serviceID, URL: f.link, Code: codeByHand, Message: "decided by hand: " + f.because, Manual: true, At: time.Now()}
	left, err := l.Record(ctx, l.run, []ledger.Change{ch})
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return exit.NewUsageError(fmt.Errorf("%s, row %d is %s, and cannot become %s", file, row, c.Status, ch.Status),
			"who was onboarded stays onboarded: a link that is known is never dropped")
	}
	fmt.Fprintf(con.Err, "%s, row %d: was %s, is %s now\n", term.Printable(file), row, c.Status, ch.Status)
	return nil
}

// giveUp notes that the customer's user is gone.
func (f *resolveFlags) giveUp(ctx context.Context, con *term.Console, l *recordedLedger, c ledger.Customer, file string, row int) error {
	note := ledger.PairingNote{Customer: c.ID, ServiceID: c.ServiceID, Pairing: ledger.UserDeleted}
	if _, ok := ledger.Paired(c, note); !ok || c.ServiceID == "" {
		return exit.UsageErrorf("%s, row %d is %s: it has no user who could be gone", file, row, c.Status)
	}
	if err := l.NotePairings(ctx, []ledger.PairingNote{note}); err != nil {
		return err
	}
	fmt.Fprintf(con.Err, "%s, row %d: its user is noted as deleted\n", term.Printable(file), row)
	return nil
}

// rowOf finds a row of the newest input that has the file, and names the row of
// that input which its customer belongs to, "" if that is the row itself.
func rowOf(ctx context.Context, l *sqlite.Ledger, file string, row int) (found ledger.Reported, counts string, err error) {
	batches, err := session.Inputs(ctx, l)
	if err != nil {
		return found, "", err
	}
	is := session.MatchesFile(file)
	i := slices.IndexFunc(batches, is)
	if i < 0 {
		i = slices.IndexFunc(batches, func(b ledger.Batch) bool {
			return slices.ContainsFunc(b.Files, func(f ledger.File) bool { return f.Name == file || filepath.Base(f.Name) == file })
		})
	}
	if i < 0 {
		return found, "", exit.NewUsageError(fmt.Errorf("no run has read %s", file), "bulkonboard ledger log lists the inputs")
	}
	one := func(f ledger.File) bool {
		return is(ledger.Batch{Files: []ledger.File{f}}) || f.Name == file || filepath.Base(f.Name) == file
	}
	at, err := rowWhere(ctx, l, batches[i].ID, func(r *ledger.Reported) bool {
		return r.Number == row && r.File < len(batches[i].Files) && one(batches[i].Files[r.File])
	})
	switch {
	case err != nil:
		return found, "", err
	case at == nil:
		return found, "", exit.UsageErrorf("%s has no customer in row %d", file, row)
	case !at.OtherClaims():
		return *at, "", nil
	}
	other, err := rowWhere(ctx, l, batches[i].ID, func(r *ledger.Reported) bool { return r.Ordinal == at.Repeats })
	if err != nil || other == nil {
		return *at, "another row", err
	}
	counts = fmt.Sprintf("row %d", other.Number)
	if len(batches[i].Files) > 1 && other.File < len(batches[i].Files) {
		counts = batches[i].Files[other.File].Name + ", " + counts
	}
	return *at, counts, nil
}

// rowWhere returns the first row of a batch of which a condition holds; nil if
// there is none.
func rowWhere(ctx context.Context, l *sqlite.Ledger, batch int64, is func(*ledger.Reported) bool) (*ledger.Reported, error) {
	for r, err := range l.Rows(ctx, ledger.Selection{Batch: batch}) {
		if err != nil {
			return nil, err
		}
		if is(&r) {
			return &r, nil
		}
	}
	return nil, nil
}
