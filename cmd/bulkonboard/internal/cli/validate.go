package cli

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/report/marking"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

type validateOptions struct {
	settings.InputFlags
	settings.LogFlags
	env      settings.Choice
	saveMap  string
	annotate string
	decide   bool
	changes  bool
	json     bool
	quiet    bool
}

func newValidateCommand(con *term.Console) *cobra.Command {
	f := validateOptions{env: settings.Choice{Words: []string{settings.Staging, settings.Production}}}
	c := &cobra.Command{
		Use:   "validate [flags] FILE...",
		Short: "check the input only; nothing is sent, no key is needed",
		Long: `Checks every row as run does, and prints what is wrong on standard output: each kind
of finding with its count, then the first cells one by one. It opens no connection
and no ledger. Exit code 0: all rows are good; 3: some are not; 2: the file cannot
be used.

FILE is .csv, .tsv, .csv.gz, .xlsx, .jsonl or -, as for run. The keys of the objects of
a .jsonl file are its columns, those of an object inside another one with a dot:
--map city=address.city. Rejects of a .jsonl file are a workbook or a .csv file, as for
every other list.

A sheet and a header row that seem meant are read, and named in the notes; run asks
first, or names the flags.

What many cells have in common can be decided once: what a word means (--value), of
which country phone numbers are (--phone-region), which rows are not to be sent
(--leave-out). validate proposes such decisions, and applies none unasked. --decide
asks one by one and writes the answers to a map file, for --map-file.

--annotate returns the sender's own workbook with marks on the cells to correct; once
corrected, it is an input like any other. Dropping a file on the program does the
same.`,
		Example: `  bulkonboard validate customers.xlsx
  bulkonboard validate --annotate to-correct.xlsx customers.xlsx
  bulkonboard validate --decide customers.xlsx
  bulkonboard validate --save-map map.yaml --map email="E-Mail (private)" customers.csv`,
		Args: subcommand.NeedArgs("a FILE", "bulkonboard validate customers.csv"),
		RunE: func(c *cobra.Command, args []string) error { return runValidate(c.Context(), con, &f, args) },
	}
	f.InputFlags.AddFlags(c.Flags())
	f.LogFlags.AddFlags(c.Flags())
	c.Flags().Var(&f.env, "env", "production also warns about example and test addresses (default staging)")
	c.Flags().StringVar(&f.saveMap, "save-map", "", "write the header mapping and what is decided to `FILE`, for --map-file")
	c.Flags().BoolVar(&f.decide, "decide", false, "ask what many cells have in common, and write the answers to a map file next to the list")
	c.Flags().StringVar(&f.annotate, "annotate", "", "write a copy of the input workbook with marks on the cells to correct to `FILE`.xlsx")
	c.Flags().BoolVar(&f.changes, "changes", false, "list the cells that are sent in another form than written, as CSV; findings go to standard error")
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON summary instead")
	c.Flags().BoolVar(&f.quiet, "quiet", false, "print nothing when the exit code is 0")
	settings.AddConfigFlag(c)
	return c
}

func runValidate(ctx context.Context, con *term.Console, f *validateOptions, args []string) (err error) {
	if f.quiet {
		con.HoldBack(f.json || f.changes)
	}
	if f.changes && f.json {
		return exit.UsageErrorf("--changes and --json both write to standard output: use only one of them")
	}
	f.TakeFound = true
	if f.decide {
		if err := runDecide(ctx, con, f, args); err != nil {
			return err
		}
	}
	started := time.Now()
	log, closeLog, err := f.OpenLog(con.Err)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	rules, err := f.Rules(f.env.Value == settings.Production)
	if err != nil {
		return session.ReportNotBegun(con, err, f.json, settings.Target{})
	}
	in, err := f.OpenInput(ctx, args, con.In)
	if err != nil {
		return session.ReportNotBegun(con, err, f.json, settings.Target{})
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	con.Args = findings.AddFlags(con.Args, in.TakenFlags())
	made, err := f.Decisions()
	if err != nil {
		return err
	}
	if f.saveMap != "" && !f.decide {
		if err := saveMap(f, in, made, f.saveMap, false); err != nil {
			return err
		}
	}
	found := findings.NewCollector()
	found.CheckColumns(in, rules, f.ID, 0)
	found.Columns.Checker.Encoding = f.Encoding
	if f.annotate != "" {
		if err := outputs.CheckAnnotate(f.annotate, in.Files()); err != nil {
			return err
		}
		found.KeepMarks = true
	}
	tally, err := checkInput(ctx, log, in, rules, found)
	if err != nil {
		return session.ReportNotBegun(con, err, f.json, settings.Target{})
	}
	code := exit.OK
	if bad := tally.Status[ledger.Invalid] + tally.Code[outputs.RepeatsCause()]; bad > 0 {
		code = exit.Findings
	}
	checked := &checkedInput{files: in.Files(), notes: in.Notes(), found: found, tally: tally, code: code}
	if opt, err := f.SourceOptions(); err == nil {
		checked.chosen = opt.Map
	}
	if f.changes {
		if err := writeChanges(ctx, con, in, rules); err != nil {
			return err
		}
	}
	var failed error
	if f.annotate != "" {
		note := marking.New(in.Files()[0])
		columns := marking.ColumnIndexes(in.Files()[0])
		note.Rows, note.Marked = found.Marks.Rows(ctx, in, columns), found.Marks.OnlyMarked(columns)
		if checked.marked, err = outputs.WriteAnnotated(ctx, con, f.annotate, in, note); err != nil {
			failed = err
		}
	}
	if !f.json { // which has no room for them
		if checked.proposals, checked.withheld, err = decisions.Propose(ctx, in, rules, found.Columns.Proposer.Candidates(in.Files())); err != nil {
			return err
		}
		if checked.harmful, err = findings.FindHarmful(ctx, in, rules, made); err != nil {
			return err
		}
	}
	checked.mapName = mapFileName(in.Files())
	showFindings(con, checked, f)
	if failed != nil {
		return failed
	}
	if f.json {
		rows := tally.Rows
		out := report.Summary{Input: inputFiles(in, found), Rows: &rows, Counts: report.Counts(tally.Status), Problems: session.Causes(tally),
			ExitCode: int(code), Reports: []string{}, StartedAt: report.Moment{Time: started}, FinishedAt: report.Moment{Time: time.Now()}}
		if err := out.Encode(con.Out); err != nil {
			return err
		}
	}
	return exit.NewReportedError(code)
}

// runDecide checks the input, asks what is to be decided about it and keeps the
// answers, for the check that follows.
func runDecide(ctx context.Context, con *term.Console, f *validateOptions, args []string) (err error) {
	if f.json || f.changes || f.quiet {
		return exit.UsageErrorf("--decide asks questions: leave out --json, --changes and --quiet")
	}
	if !term.IsTerminal(con.In) {
		return exit.NewUsageError(errors.New("--decide asks questions, and there is no terminal to answer on"),
			"run bulkonboard validate without it, and give the decisions that it proposes as flags, or in a map file")
	}
	rules, err := f.Rules(f.env.Value == settings.Production)
	if err != nil {
		return err
	}
	in, err := f.OpenInput(ctx, args, con.In)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	found := findings.NewCollector()
	found.CheckColumns(in, rules, f.ID, 0)
	if _, err := checkInput(ctx, slog.New(slog.DiscardHandler), in, rules, found); err != nil {
		return err
	}
	path, err := decideAndSave(ctx, con, f, in, rules, found.Columns.Proposer.Candidates(in.Files()))
	if err != nil {
		return err
	}
	con.Args = slices.DeleteFunc(slices.Clone(con.Args), func(word string) bool { return word == "--decide" })
	if path != "" {
		f.UseMapFile(path)
		con.Args = findings.AddFlags(con.Args, []string{"--map-file", path})
	}
	return nil
}

// saveMap writes how the list was read and what is decided about it.
func saveMap(f *validateOptions, in *source.Input, made []decisions.Made, path string, replace bool) error {
	file, err := f.MapFileOf(in, made)
	if err != nil {
		return err
	}
	return file.Save(path, replace)
}

// showFindings prints the findings where they were asked for: --json and --changes
// need standard output for themselves.
func showFindings(con *term.Console, checked *checkedInput, f *validateOptions) {
	to := con.Out
	switch {
	case f.json:
		return
	case f.changes:
		to = con.Err
	}
	con.Show(to, checked.page(con, to.IsTerminal()))
}

// checkInput reads and checks all rows over a ledger that is thrown away.
func checkInput(ctx context.Context, log *slog.Logger, in *source.Input, rules *validate.Rules, found *findings.Collector) (ledger.Tally, error) {
	found.Columns.Begin()
	defer found.Columns.End()
	cfg := pipeline.Config{Input: found.Columns.WatchRows(in), Environment: "check", Rules: rules, Log: log}
	defer debug.SetGCPercent(debug.SetGCPercent(50)) // what a check remembers has few pointers: collecting often costs little
	return pipeline.Check(ctx, cfg, found.Add, found.AddNote)
}
