package ledgercmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

func newSendersCommand(con *term.Console) *cobra.Command {
	var asJSON bool
	c := withLedger(&cobra.Command{
		Use:   "senders [flags]",
		Short: "list the processes that send from a ledger in PostgreSQL, and their rate",
		Args:  subcommand.NoArgs,
	}, func(ctx context.Context, l session.Ledger, _ []string) error {
		shared, err := sharedOf(l)
		if err != nil {
			return err
		}
		return printSenders(ctx, con, shared, asJSON)
	})
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document instead")
	return c
}

// sendersJSON is who sends, and what all senders keep to.
type sendersJSON struct {
	PerSecond  float64              `json:"ratePerSecond"` // of all senders together; 0 = unlimited
	HeldBy     report.Text          `json:"heldBy"`        // null: the senders are not held
	Because    report.Text          `json:"heldBecause"`
	WaitUntil  report.Moment        `json:"waitUntil"`  // as the partner asked; null: it did not, or that is over
	EmptySince report.Moment        `json:"emptySince"` // of the wallet; null: it pays
	Senders    []session.SenderJSON `json:"senders"`
}

func newSendersJSON(p ledger.Pace, senders []ledger.SenderState, now time.Time) sendersJSON {
	out := sendersJSON{PerSecond: p.PerSecond, HeldBy: report.Text(p.HeldBy), Because: report.Text(p.HeldBecause), EmptySince: report.Moment{Time: p.EmptySince},
		Senders: session.NewSendersJSON(senders)}
	if p.WaitUntil.After(now) {
		out.WaitUntil = report.Moment{Time: p.WaitUntil}
	}
	return out
}

// sharedOf returns a ledger that several processes may send from.
func sharedOf(l session.Ledger) (ledger.Shared, error) {
	if shared, ok := l.(ledger.Shared); ok {
		return shared, nil
	}
	return nil, exit.NewUsageError(errors.New("a ledger in a file has one sender: the run that holds it"),
		"bulkonboard status shows it; to stop it, press Ctrl-C there or end its process; bulkonboard ledger copy moves the ledger into PostgreSQL, for several senders")
}

// changeShared completes a command that changes what all senders keep to, also while they
// send. It is recorded in the ledger's log.
func changeShared(con *term.Console, c *cobra.Command, do func(ctx context.Context, l ledger.Shared) error) *cobra.Command {
	var f settings.TargetFlags
	f.AddLedgerFlags(c)
	c.Args = subcommand.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error {
		return runOnShared(con, c, &f, func(ctx context.Context, l session.Ledger) error {
			shared, err := sharedOf(l)
			if err != nil {
				return err
			}
			return do(ctx, shared)
		})
	}
	return c
}

// runOnShared runs do on a ledger that others may be sending from.
func runOnShared(con *term.Console, c *cobra.Command, f *settings.TargetFlags, do func(context.Context, session.Ledger) error) error {
	opt, err := ledgerOptions(c, f)
	if err != nil {
		return err
	}
	opt.Concurrent = true
	open := func(ctx context.Context) (session.Ledger, error) {
		l, err := openWith(f, opt)(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := sharedOf(l); err != nil {
			return nil, errors.Join(err, l.Close())
		}
		return l, nil
	}
	return withLogEntry(con, c, settings.DescribeSettings(c), open, func(ctx context.Context, l session.Ledger, _ *logEntry) error { return do(ctx, l) })
}

func printSenders(ctx context.Context, con *term.Console, l ledger.Shared, asJSON bool) error {
	pace, err := l.Pace(ctx)
	if err != nil {
		return err
	}
	senders, err := l.Senders(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(con.Out)
		enc.SetEscapeHTML(false)
		return enc.Encode(newSendersJSON(pace, senders, time.Now()))
	}
	for _, line := range describePace(pace, time.Now()) {
		fmt.Fprintln(con.Out, term.Printable(line))
	}
	alive := 0
	for _, s := range senders {
		if s.Ended.IsZero() {
			alive++
		}
		fmt.Fprintln(con.Out, term.Printable(describeSender(s)))
	}
	if alive == 0 {
		fmt.Fprintln(con.Out, "no process is sending")
	}
	return nil
}

// describePace returns lines on the rate of all senders and on what stops them.
func describePace(p ledger.Pace, now time.Time) (lines []string) {
	lines = append(lines, "rate of all senders: "+session.RateText(p.PerSecond))
	if p.HeldBy != "" {
		lines = append(lines, fmt.Sprintf("held by %s: %s; bulkonboard ledger release lets them go on", p.HeldBy, p.HeldBecause))
	}
	if p.WaitUntil.After(now) {
		lines = append(lines, "the partner has asked to wait until "+term.LocalTime(p.WaitUntil))
	}
	if !p.EmptySince.IsZero() {
		lines = append(lines, "the wallet is empty since "+term.LocalTime(p.EmptySince))
	}
	return lines
}

// describeSender returns a line on a sender.
func describeSender(s ledger.SenderState) string {
	state := fmt.Sprintf("last sign of life %s ago", s.SilentFor.Round(time.Second))
	switch {
	case s.EndReason == "silent":
		state = "fell silent, ended " + term.LocalTime(s.Ended)
	case !s.Ended.IsZero():
		state = "ended " + term.LocalTime(s.Ended)
	}
	line := fmt.Sprintf("%d  %s  %s  %s  since %s  %s  %s sent, %s in flight", s.ID, session.SenderName(s), s.User, s.Command, term.LocalTime(s.Began), state, term.Number(s.Sent), term.Number(s.InFlight))
	if s.Version != "" {
		line += "  " + s.Version
	}
	if len(s.Roles) > 0 {
		line += "  leads: " + strings.Join(s.Roles, ", ")
	}
	return line
}
