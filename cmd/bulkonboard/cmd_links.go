package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

func (a *app) linksCommand() *cobra.Command {
	c := holding(&cobra.Command{Use: "links", Short: "lost and perishable verification links: recover, export"})
	c.AddCommand(a.linksRecoverCommand(), a.linksExportCommand())
	return c
}

// age is a length of time that may be given in days.
type age struct{ time.Duration }

func (a *age) Type() string { return "D" }
func (a *age) String() string {
	if a.Duration == 0 {
		return ""
	}
	return shortTime(a.Duration)
}
func (a *age) Set(text string) error {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36_500 {
			return errors.New("an age is written 7d or 36h")
		}
		a.Duration = time.Duration(n) * 24 * time.Hour
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return errors.New("an age is written 7d or 36h")
	}
	a.Duration = d
	return nil
}

type exportFlags struct {
	readerFlags
	unverified  bool
	unconfirmed bool
	older       age
	format      choice
	output      string
}

func (a *app) linksExportCommand() *cobra.Command {
	f := exportFlags{format: choice{of: []string{"csv", "xlsx"}}}
	c := &cobra.Command{
		Use:   "export [flags]",
		Short: "verification links with their age and KYC status, for a mail merge",
		Long: `Writes one line for each user with a link: to standard output, or to --output.
--unverified leaves out who needs no link any more (under review, approved, denied).
A link that a retry of the check has replaced by nothing is left out: those users
have nothing to do.
Links are perishable: issuedAt says since when each is known. Keep the file as
carefully as passwords.`,
		Example: "  bulkonboard links export --unverified --older-than 7d --output reminders.xlsx",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.runLinksExport(c, &f) },
	}
	f.readerFlags.flags(c)
	c.Flags().BoolVar(&f.unverified, "unverified", false, "only users who have still to open their link")
	c.Flags().BoolVar(&f.unconfirmed, "unconfirmed", false, "also links that the partner's list has not confirmed")
	c.Flags().Var(&f.older, "older-than", "only links at least that old, such as 7d or 36h")
	c.Flags().Var(&f.format, "format", "csv or xlsx (default by --output, else csv)")
	c.Flags().StringVar(&f.output, "output", "-", "`FILE`; - is standard output")
	configFlag(c)
	return c
}

func (a *app) runLinksExport(c *cobra.Command, f *exportFlags) (err error) {
	ctx := c.Context()
	kind := report.Kind(f.format.value)
	switch named, known := report.KindOf(f.output); {
	case kind == "" && f.output == "-":
		kind = report.CSV
	case kind == "" && known == nil:
		kind = named
	case f.output != "-" && named != kind:
		return usagef("--output %s is not a file of the format %s", f.output, kind)
	}
	if kind != report.CSV && kind != report.XLSX {
		return usagef("--output %s: use .csv or .xlsx", f.output)
	}
	if f.output == "-" && kind == report.XLSX && a.out.file() != nil && isTerminal(a.out.file()) {
		return usage(errors.New("a workbook is nothing for a terminal"), "name a file with --output")
	}
	l, info, err := f.open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	a.noteLinksShown(ctx, info, "links export")
	n, held := 0, 0
	rows := linkRows(ctx, l, f, time.Now().Add(-f.older.Duration), &n, &held)
	defer func() {
		if held > 0 {
			fmt.Fprintf(a.err, "left out: %s that the partner's list has not confirmed (--unconfirmed takes them)\n", linksText(held))
		}
	}()
	if f.output == "-" {
		scratch, err := os.MkdirTemp("", "bulkonboard-")
		if err == nil {
			err = errors.Join(report.WriteTable(ctx, a.out.data(), kind, scratch, linkHeader(), rows), os.RemoveAll(scratch))
		}
		return err
	}
	if err := probe(report.Output{}, f.output); err != nil {
		return usage(err)
	}
	written, err := report.Output{}.Table(ctx, f.output, kind, linkHeader(), rows)
	if err == nil {
		fmt.Fprintf(a.err, "written: %s, %s\n", printable(written), linksText(n))
	}
	return err
}

func linksText(n int) string {
	if n == 1 {
		return "1 link"
	}
	return number(n) + " links"
}

func linkHeader() []string {
	return []string{"id", "email", "firstName", "lastName", "serviceId", "verificationUrl", "issuedAt", "kycStatus", "kycSince", "kycRetries"}
}

// linkRows are the users with a link from before a moment. It counts them, and
// those that are held back because the partner's list has not confirmed them.
func linkRows(ctx context.Context, l kyc.Customers, f *exportFlags, before time.Time, n, held *int) report.TableRows {
	return func(yield func([]string, error) bool) {
		for c, err := range l.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.Created}}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if c.UsableURL() == "" || c.Issued.After(before) || f.unverified && !kyc.IsUnverified(c, before) {
				continue
			}
			if c.Pairing == ledger.Unconfirmed && !f.unconfirmed {
				*held++
				continue
			}
			*n++
			cells := []string{c.SenderID, c.Email, c.FirstName, c.LastName, c.ServiceID, reporttext.LinkCell(c.UsableURL()), utcText(c.Issued), string(c.KYC.Status),
				utcText(c.KYC.At), strconv.Itoa(c.KYC.RetriesUsed())}
			if !yield(cells, nil) {
				return
			}
		}
	}
}

// utcText is RFC 3339 in UTC, to the second; "" for no moment.
func utcText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
