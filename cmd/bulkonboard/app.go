package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/kyccmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/ledgercmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/linkscmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// run is the whole program but its exit.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// What libraries log could hold a link: net/http quotes what it cannot read.
	log.SetOutput(io.Discard)
	// A reader that goes away must not end a run that sends.
	signal.Ignore(syscall.SIGPIPE)
	con := term.NewConsole(args, env, stdin, stdout, stderr)
	var done func()
	ctx, con.Stop, done = term.WatchSignals(ctx, con.Err)
	defer done()

	root := newRootCommand(con)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := con.Stop.ExitCode(exit.CodeOf(err))
	if err != nil {
		if code != exit.OK {
			con.Err.Release()
		}
		printError(con, err)
	}
	code = finishStreams(con, code)
	if con.FileDropped && ownWindow() {
		// Without this the window is gone before anything is read.
		fmt.Fprint(con.Err, "Press Enter to close this window.")
		_, _ = bufio.NewReader(stdin).ReadString('\n') // whatever comes ends it
	}
	return int(code)
}

// finishStreams prints what --quiet held back, and lets the exit code tell when
// somebody did not get what was written for them.
func finishStreams(con *term.Console, code exit.Code) exit.Code {
	if code != exit.OK {
		con.Err.Release()
	}
	for name, s := range map[string]*term.Stream{"standard output": con.Out, "standard error": con.Err} {
		if err := s.WriteError(); err != nil {
			if code == exit.OK || code == exit.Findings {
				code = exit.Failure
			}
			con.Err.Release()
			fmt.Fprintf(con.Err, "warning: %s could not be written: %v\n", name, term.PlainError(err))
		}
	}
	return code
}

// printError prints an error for people: what happened, then hints on lines of
// their own.
func printError(con *term.Console, err error) {
	var done *exit.ReportedError
	if errors.As(err, &done) {
		return // the session has said it all
	}
	text := strings.TrimSpace(err.Error())
	fmt.Fprintf(con.Err, "bulkonboard: %s\n", term.Printable(text))
	for _, hint := range exit.HintsOf(err) {
		fmt.Fprintf(con.Err, "  %s\n", hint)
	}
}

func newRootCommand(con *term.Console) *cobra.Command {
	root := &cobra.Command{
		Use:   "bulkonboard",
		Short: "onboard customers in bulk through a partner's create-user API",
		Long: `Bulkonboard reads a CSV or XLSX of customers, checks every row, submits the good
ones under a rate limit, records every outcome in a ledger file, and writes a
report of verification links and of everything that needs a person.

The same command again continues where the last one ended.`,
		Example: `  bulkonboard run --sandbox customers.csv        a rehearsal: nothing leaves this machine
  bulkonboard validate customers.xlsx            check only
  bulkonboard run --api-key-file key customers.csv`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.SetOut(con.Out)
	root.SetErr(con.Err)
	root.SetIn(con.In)
	root.SetUsageFunc(printUsage)
	root.SetFlagErrorFunc(flagError)
	root.RunE = func(c *cobra.Command, args []string) error { return runDropped(con, c, root, args) }
	root.AddCommand(newRunCommand(con), newValidateCommand(con), newPlanCommand(con), newStatusCommand(con), newReportCommand(con),
		newTemplateCommand(con), newSandboxCommand(con), linkscmd.NewCommand(con), kyccmd.NewCommand(con), ledgercmd.NewCommand(con), newConfigCommand(con), newVersionCommand(con))
	root.AddCommand(helpTopics(root)...)
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			subcommand.Group(c)
		}
	}
	strictHelp(root)
	completeChoices(root)
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return settings.FillFlags(con, c, root) }
	return root
}

// flagError says what is near a flag that does not exist.
func flagError(c *cobra.Command, err error) error {
	hints := []string{c.CommandPath() + " --help lists the flags"}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		if near := nearFlags(c, unknown.GetSpecifiedName()); len(near) > 0 {
			hints = append([]string{"did you mean " + strings.Join(near, " or ") + "?"}, hints...)
		}
	}
	return exit.NewUsageError(err, hints...)
}

// runDropped is the program without a subcommand: a file dropped on it is checked.
func runDropped(con *term.Console, c, root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	if _, err := os.Lstat(args[0]); err != nil && !strings.ContainsAny(args[0], "./\\") {
		return subcommand.UnknownCommand(root, args[0])
	}
	con.FileDropped = true
	check, _, err := root.Find([]string{"validate"})
	if err != nil {
		return err
	}
	check.SetContext(c.Context())
	if len(args) != 1 {
		return check.RunE(check, args)
	}
	beside := besideDropped(args[0])
	unmarked := outputs.ProbeFile(outputs.OutputNotOver(args[0]), beside)
	if unmarked == nil {
		if err := check.Flags().Set("annotate", beside); err != nil {
			return err
		}
	}
	err = check.RunE(check, args)
	if unmarked != nil {
		fmt.Fprintf(con.Err, "without a marked workbook: %s\n  to have one, copy the file to a directory of your own and drop that one\n", term.Printable(unmarked.Error()))
	}
	return err
}

// besideDropped is the name of the marked workbook beside a dropped file. A
// marked one that comes back does not pile up endings.
func besideDropped(input string) string {
	base := regexp.MustCompile(`\.annotated(-\d+)?$`).ReplaceAllString(outputs.WithoutExtension(input), "")
	path := base + ".annotated.xlsx"
	for n := 2; outputs.SamePath(path, input); n++ {
		path = fmt.Sprintf("%s.annotated-%d.xlsx", base, n)
	}
	return path
}
