package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

type validateFlags struct {
	inputFlags
	env      choice
	saveMap  string
	annotate string
	changes  bool
	json     bool
	quiet    bool
}

func (a *app) validateCommand() *cobra.Command {
	f := validateFlags{env: choice{of: []string{envStaging, envProduction}}}
	c := &cobra.Command{
		Use:   "validate [flags] FILE...",
		Short: "check only; nothing is sent, no key is needed",
		Long: `Checks every row as run does, and says what is wrong: each kind of finding with
its count, then the first cells one by one. It opens no connection and no
ledger. Exit code 0: all rows are good; 3: some are not; 2: the file cannot be used.

--annotate gives the sender's own list back with marks on the cells that need a
correction: corrected there, it is an input like any other. A file dropped on the
program is checked so.`,
		Example: `  bulkonboard validate customers.xlsx
  bulkonboard validate --annotate to-correct.xlsx customers.xlsx
  bulkonboard validate --save-map map.yaml --map email="E-Mail (private)" customers.csv`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("validate needs a FILE"), "bulkonboard validate customers.csv")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.runValidate(c.Context(), &f, args) },
	}
	f.inputFlags.flags(c.Flags())
	c.Flags().Var(&f.env, "env", "production also warns of addresses for examples and tests (default staging)")
	c.Flags().StringVar(&f.saveMap, "save-map", "", "write the header mapping to `FILE`, for --map-file")
	c.Flags().StringVar(&f.annotate, "annotate", "", "write the input with marks on what is wrong to `FILE`.xlsx")
	c.Flags().BoolVar(&f.changes, "changes", false, "list on standard output which cells are sent in another form than they stand")
	c.Flags().BoolVar(&f.json, "json", false, "one JSON summary on standard output")
	c.Flags().BoolVar(&f.quiet, "quiet", false, "print nothing when the exit code is 0")
	configFlag(c)
	return c
}

func (a *app) runValidate(ctx context.Context, f *validateFlags, args []string) (err error) {
	if f.quiet {
		a.err.hold()
	}
	if f.changes && f.json {
		return usagef("--changes and --json both write to standard output: give one of them")
	}
	started := time.Now()
	rules, err := f.rules(f.env.value == envProduction)
	if err != nil {
		return err
	}
	in, err := f.open(ctx, args, a.stdin)
	if err != nil {
		return a.notBegun(err, f.json, target{})
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if f.saveMap != "" {
		if err := saveMap(f.saveMap, in); err != nil {
			return err
		}
	}
	found := newFindings()
	found.follow(in, rules, f.id, 0)
	found.columnCheck.checker.Encoding = f.encoding
	if f.annotate != "" {
		if err := annotatable(f.annotate, in.Files()); err != nil {
			return err
		}
		found.keep = true
	}
	tally, err := a.check(ctx, in, rules, found)
	if err != nil {
		return a.notBegun(err, f.json, target{})
	}
	code := exitOK
	if bad := tally.Status[ledger.Invalid] + tally.Code[repeatsCause()]; bad > 0 {
		code = exitFindings
	}
	a.tellFindings(in, found, tally, code)
	if f.changes {
		if err := a.listChanges(ctx, in, rules); err != nil {
			return err
		}
	}
	if f.annotate != "" {
		note := annotation(in.Files()[0], f.headerRow.n)
		note.Rows = annotatedRows(ctx, in, found, columnsOf(in.Files()[0]))
		path, err := a.writeAnnotated(ctx, f.annotate, in, note)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.err, "written: %s\n", printable(path))
	}
	if f.json {
		rows := tally.Rows
		out := report.Summary{Input: inputFiles(in, found), Rows: &rows, Counts: report.Counts(tally.Status), Problems: causesOf(tally),
			ExitCode: int(code), Reports: []string{}, StartedAt: report.Moment{Time: started}, FinishedAt: report.Moment{Time: time.Now()}}
		if err := out.Encode(a.out); err != nil {
			return err
		}
	}
	if code == exitOK {
		return nil
	}
	return &ended{code}
}

// check reads and checks all rows over a ledger that is thrown away.
func (a *app) check(ctx context.Context, in *source.Input, rules *validate.Rules, found *findings) (ledger.Tally, error) {
	shown := newWarnings(a.err)
	defer shown.seen.rest(a.err)
	found.columnCheck.room.begin()
	defer found.columnCheck.room.end()
	found.columnCheck.begin()
	defer found.columnCheck.end()
	cfg := pipeline.Config{Input: found.columnCheck.batchOf(in), Environment: "check", Rules: rules,
		Log: slog.New(shown)}
	return pipeline.Check(ctx, cfg, found.add, found.note)
}

func (a *app) tellFindings(in *source.Input, found *findings, tally ledger.Tally, code exitCode) {
	say := func(format string, args ...any) { fmt.Fprintln(a.err, printable(fmt.Sprintf(format, args...))) }
	for _, line := range noteLines(in.Notes(), in.Files()) {
		say("%s", line)
	}
	good := tally.Rows - tally.Status[ledger.Invalid] - tally.Status[ledger.DuplicateInInput]
	say("%s: %s good, %s invalid, %s repeat another row", rowsText(tally.Rows), number(good),
		number(tally.Status[ledger.Invalid]), number(tally.Status[ledger.DuplicateInInput]))
	for _, line := range found.lines(in.Files(), 0) {
		say("  %s", line)
	}
	for _, line := range found.columnCheck.lines(in.Files(), a, a.subcommand()) {
		say("%s", line)
	}
	if len(found.cells) > 0 {
		say("the first cells:")
		for _, line := range cellLines(found.cells, in.Files()) {
			say("  %s", line)
		}
		if n := found.problems - len(found.cells); n > 0 && found.keep {
			say("  and %s more, all marked in the copy of the list", number(n))
		} else if n > 0 {
			say("  and %s more; --annotate FILE.xlsx marks all of them in a copy of the list", number(n))
		}
	}
	if len(found.shared) > 0 {
		say("invalid rows with the e-mail of other rows:")
		for _, line := range cellLines(found.shared, in.Files()) {
			say("  %s", line)
		}
		if n := found.sharing - len(found.shared); n > 0 {
			say("  and %s more", number(n))
		}
	}
	switch {
	case code == exitOK && good < tally.Rows:
		say("every row that repeats no other can be sent (exit 0)")
		return
	case code == exitOK:
		say("every row can be sent (exit 0)")
		return
	}
	say("some rows need a correction (exit %d); run sends the others and writes these to a rejects file", code)
}

// inputFiles lists the files of an input with the rows seen in each.
func inputFiles(in *source.Input, found *findings) []report.InputFile {
	var files []report.InputFile
	for i, f := range in.Files() {
		files = append(files, report.InputFile{File: f.Name, SHA256: f.SHA256, Rows: found.perFile[i]})
	}
	return files
}
