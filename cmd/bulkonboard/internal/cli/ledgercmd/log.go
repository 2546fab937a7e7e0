package ledgercmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

func newLogCommand(con *term.Console) *cobra.Command {
	asJSON := false
	c := withLedger(&cobra.Command{
		Use:   "log [flags] [FILE|-]",
		Short: "list who did what: every run and change, newest first",
		Args:  subcommand.OptionalArg("a FILE that does not exist yet, or -"),
	}, func(ctx context.Context, l session.Ledger, args []string) error {
		path := subcommand.StandardOutput
		if len(args) > 0 {
			path = args[0]
		}
		return runLog(ctx, con, l, path, asJSON)
	})
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object on each line")
	return c
}

func runLog(ctx context.Context, con *term.Console, l session.Ledger, path string, asJSON bool) (err error) {
	w, err := subcommand.OpenOutput(con, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	batches, err := l.Batches(ctx)
	if err != nil {
		return err
	}
	inputs := map[int64][]report.InputFile{}
	names := map[int64]string{}
	for _, b := range batches {
		inputs[b.ID] = report.Inputs([]ledger.Batch{b})
		names[b.ID] = term.Posix.QuoteLine(session.FileNames(b)...)
	}
	saved, err := l.Plans(ctx)
	if err != nil {
		return err
	}
	byID := map[string]ledger.Plan{}
	for _, p := range saved {
		byID[p.ID] = p
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for r, err := range l.Log(ctx) {
		if err != nil {
			return err
		}
		if asJSON {
			line := runLine(r)
			line.Input = inputs[r.Batch]
			if p, ok := byID[r.Plan]; ok {
				line.Made, line.Decided = report.Text(plans.MakerText(p)), report.Text(plans.DecisionText(p))
			}
			if err := out.Encode(line); err != nil {
				return err
			}
			continue
		}
		end := "under way or killed"
		if r.End != nil {
			end = fmt.Sprintf("exit %d, %d sent, %d created", r.End.ExitCode, r.End.Sent, r.End.Created)
		}
		line := fmt.Sprintf("%d  %s  %s  %s@%s  %s", r.ID, term.LocalTime(r.Started), r.Command, r.Who, r.Host, r.Version)
		if r.KeyPrint != "" {
			line += "  key " + r.KeyPrint
		}
		line += "  " + end
		if r.Batch != 0 {
			line += "  " + names[r.Batch]
		}
		if p, ok := byID[r.Plan]; ok {
			line += fmt.Sprintf("  plan %s, made by %s, %s", p.ID, plans.MakerText(p), plans.DecisionText(p))
		}
		if r.Command == "plan" || strings.HasPrefix(r.Command, "approve") {
			line += "  " + r.Settings
		}
		if _, err := fmt.Fprintln(w, term.Printable(line)); err != nil {
			return err
		}
		for _, d := range settings.DecidedIn(r.Settings) {
			if _, err := fmt.Fprintln(w, term.Printable(fmt.Sprintf("    decided: %s, by %s on %s", d.What, d.By, term.LocalTime(d.At)))); err != nil {
				return err
			}
		}
	}
	return nil
}

// loggedRun is a run as JSON has it.
type loggedRun struct {
	Type     string             `json:"type"`
	Run      int64              `json:"run"`
	Command  string             `json:"command"`
	Batch    int64              `json:"batch"` // 0 = no input
	Input    []report.InputFile `json:"input,omitempty"`
	Who      string             `json:"who"`
	Host     string             `json:"host"`
	Version  string             `json:"version"`
	Key      report.Text        `json:"keyFingerprint"`
	Settings string             `json:"settings"`
	Plan     report.Text        `json:"plan,omitempty"` // the saved plan that it carried out
	Made     report.Text        `json:"planMadeBy,omitempty"`
	Decided  report.Text        `json:"planDecided,omitempty"`
	Started  report.Moment      `json:"startedAt"`
	Finished report.Moment      `json:"finishedAt"` // null: under way or killed
	ExitCode *int               `json:"exitCode"`
	Stop     report.Text        `json:"stopReason"`
	Sent     *int               `json:"sent"`
	Created  *int               `json:"created"`
	From     report.Amount      `json:"walletBefore"`
	To       report.Amount      `json:"walletAfter"`
}

func runLine(r ledger.Run) loggedRun {
	out := loggedRun{Type: "run", Run: r.ID, Command: r.Command, Batch: r.Batch, Who: r.Who, Host: r.Host, Version: r.Version,
		Key: report.Text(r.KeyPrint), Settings: r.Settings, Plan: report.Text(r.Plan), Started: report.Moment{Time: r.Started}}
	if e := r.End; e != nil {
		out.Finished, out.ExitCode, out.Stop = report.Moment{Time: e.At}, &e.ExitCode, report.Text(e.StopReason)
		out.Sent, out.Created, out.From, out.To = &e.Sent, &e.Created, report.Amount(e.WalletFrom), report.Amount(e.WalletTo)
	}
	return out
}
