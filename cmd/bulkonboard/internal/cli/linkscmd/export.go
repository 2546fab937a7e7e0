package linkscmd

import (
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

type exportOptions struct {
	settings.TargetFlags
	unverified  bool
	working     bool
	unconfirmed bool
	older       settings.Age
	format      settings.Choice
	output      string
}

func newExportCommand(con *term.Console) *cobra.Command {
	f := exportOptions{format: settings.Choice{Words: []string{"csv", "xlsx"}}}
	c := &cobra.Command{
		Use:   "export [flags] [FILE|-]",
		Short: "write verification links with their age and KYC status, for a mail merge",
		Long: `Writes one line for each user with a link, to FILE or to standard output.
--unverified leaves out users who no longer need a link (under review, approved,
denied). Users who have nothing to do after a retry of the check are left out, too.
--working also leaves out links that are probably dead: remind only users whose links
work, and renew the others (bulkonboard links renew).

Links expire: linkAge is how old each is, linkState whether it probably works, by
--link-life. Keep the file as carefully as passwords.`,
		Example: "  bulkonboard links export --working --older-than 12h reminders.xlsx",
		Args:    subcommand.OptionalArg("one FILE, or -"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 && f.output != subcommand.StandardOutput {
				return exit.UsageErrorf("--output names a file, and so does %s: use only one of them", args[0])
			}
			if len(args) > 0 {
				f.output = args[0]
			}
			return runExport(con, c, &f)
		},
	}
	f.AddLedgerFlags(c)
	c.Flags().BoolVar(&f.unverified, "unverified", false, "only users who have not used their link yet")
	c.Flags().BoolVar(&f.working, "working", false, "only users who have not used their link yet and whose link probably works: reminders")
	f.AddLinkLifeFlag(c.Flags())
	c.Flags().BoolVar(&f.unconfirmed, "unconfirmed", false, "include links that the partner's list has not confirmed")
	c.Flags().Var(&f.older, "older-than", "only links that are at least `D` old, such as 7d or 36h")
	c.Flags().Var(&f.format, "format", "format of the output (default: by the name of FILE, else csv)")
	c.Flags().StringVar(&f.output, "output", subcommand.StandardOutput, "write to `FILE`")
	settings.HideOldOutput(c.Flags(), "output")
	return c
}

func runExport(con *term.Console, c *cobra.Command, f *exportOptions) (err error) {
	ctx := c.Context()
	kind := report.Kind(f.format.Value)
	switch named, known := report.KindOf(f.output); {
	case kind == "" && f.output == subcommand.StandardOutput:
		kind = report.CSV
	case kind == "" && known == nil:
		kind = named
	case f.output != subcommand.StandardOutput && named != kind:
		return exit.UsageErrorf("%s: the name does not end in .%s", f.output, kind)
	}
	if kind != report.CSV && kind != report.XLSX {
		return exit.UsageErrorf("%s: name a .csv or .xlsx file", f.output)
	}
	if f.output == subcommand.StandardOutput && kind == report.XLSX && con.Out.IsTerminal() {
		return exit.NewUsageError(errors.New("a workbook cannot be shown on a terminal"), "name a FILE, or redirect standard output")
	}
	l, info, err := session.OpenToRead(ctx, c, &f.TargetFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	session.NoteLinksShown(ctx, con, info, "links export")
	life, err := session.ReadLinkLife(ctx, l, f.LinkLife)
	if err != nil {
		return err
	}
	links := &linkReader{ledger: l, options: f, now: time.Now(), life: life}
	rows := links.rows(ctx)
	defer links.report(con)
	if f.output == subcommand.StandardOutput {
		scratch, err := os.MkdirTemp("", "bulkonboard-")
		if err == nil {
			err = errors.Join(report.WriteTable(ctx, con.Out.DataWriter(), kind, scratch, linkHeader(), rows), os.RemoveAll(scratch))
		}
		return err
	}
	if err := outputs.ProbeFile(report.Output{}, f.output); err != nil {
		return exit.NewUsageError(err)
	}
	written, err := report.Output{}.Table(ctx, f.output, kind, linkHeader(), rows)
	if err == nil {
		con.Sayf("written: %s, %s", written, term.Count(links.written, "link"))
	}
	return err
}

func linkHeader() []string {
	return []string{"id", "email", "firstName", "lastName", "serviceId", "verificationUrl", "issuedAt", "kycStatus", "kycSince", "kycRetries", "linkAge", "linkState"}
}

// linkReader reads users with a link, and counts them.
type linkReader struct {
	ledger  kyc.Customers
	options *exportOptions
	now     time.Time
	life    session.LinkLife
	written int
	held    int // left out: the partner's list has not confirmed them
	dead    int // written, or left out: probably dead
}

// rows returns the users with a link that the options choose.
func (r *linkReader) rows(ctx context.Context) report.TableRows {
	return func(yield func([]string, error) bool) {
		for c, err := range r.ledger.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.Created}}) {
			if err != nil {
				yield(nil, err)
				return
			}
			state := c.LinkState(r.now, r.life.Duration)
			if !r.isChosen(&c, state) {
				continue
			}
			r.written++
			age := ""
			if state != ledger.LinkNone {
				age = report.FormatAge(r.now.Sub(c.Issued))
			}
			cells := []string{c.SenderID, c.Email, c.FirstName, c.LastName, c.ServiceID, reporttext.LinkCell(c.UsableURL()), utcText(c.Issued), string(c.KYC.Status),
				utcText(c.KYC.At), strconv.Itoa(c.KYC.RetriesUsed()), age, string(state)}
			if !yield(cells, nil) {
				return
			}
		}
	}
}

// isChosen reports whether the options choose a user.
func (r *linkReader) isChosen(c *ledger.Customer, state ledger.LinkState) bool {
	f := r.options
	if c.UsableURL() == "" || r.now.Sub(c.Issued) < f.older.Duration || (f.unverified || f.working) && !c.KYC.Status.Open() {
		return false
	}
	if state == ledger.LinkDead {
		r.dead++
		if f.working {
			return false
		}
	}
	if c.Pairing == ledger.Unconfirmed && !f.unconfirmed {
		r.held++
		return false
	}
	return true
}

// report says what was left out, and which links are probably dead.
func (r *linkReader) report(con *term.Console) {
	if r.held > 0 {
		con.Sayf("left out: %s that the partner's list has not confirmed (--unconfirmed includes them)", term.Count(r.held, "link"))
	}
	switch {
	case r.dead == 0:
	case r.options.working:
		con.Sayf("left out: %s probably dead, older than %s. For new ones: bulkonboard links renew FILE", term.Count(r.dead, "link"), r.life)
	default:
		con.Sayf("%s probably dead, older than %s: --working leaves them out, bulkonboard links renew FILE makes new ones", term.Count(r.dead, "link"), r.life)
	}
}

// utcText returns RFC 3339 in UTC, to the second; "" for no moment.
func utcText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
