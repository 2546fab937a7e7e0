// Package cli has a file for each command. Each has one shape: newXCommand is
// the constructor with its help, xOptions its flags, runX what it does. Commands
// of one group are in a package below. [Run] is the whole program but its exit.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// Run runs the program and returns its exit code.
func Run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// What libraries log could hold a link: net/http quotes what it cannot read.
	log.SetOutput(io.Discard)
	// A reader that goes away must not end a run that sends.
	signal.Ignore(syscall.SIGPIPE)
	con := term.NewConsole(args, env, stdin, stdout, stderr)
	var done func()
	ctx, con.Stop, done = term.WatchSignals(ctx, con.Err)
	defer done()

	root := NewRootCommand(con)
	root.SetArgs(args)
	con.Err.WriteJSON(settings.WantsJSONLog(args))
	c, err := execute(ctx, root)
	code := con.Stop.ExitCode(exit.CodeOf(err))
	if code != exit.OK {
		con.Release()
	}
	if err != nil && !isReported(err) {
		printError(con, err)
		session.WriteFailedMetrics(con, c, code)
	}
	code = finishStreams(con, c, code)
	if con.AtEnd == nil && err != nil {
		session.PrepareAlerts(con, c)
	}
	if con.AtEnd != nil {
		con.AtEnd(ctx, code)
	}
	if con.FileDropped && hasOwnWindow() {
		// Without this the window is gone before anything is read.
		fmt.Fprint(con.Err, "Press Enter to close this window.")
		con.Err.EndLine()
		_, _ = bufio.NewReader(stdin).ReadString('\n') // whatever comes ends it
	}
	return int(code)
}

// execute runs the command that the arguments name, and returns it. A panic becomes
// an error, so that standard error keeps its form.
func execute(ctx context.Context, root *cobra.Command) (c *cobra.Command, err error) {
	defer func() {
		if p := recover(); p != nil {
			c = root
			err = fmt.Errorf("this is a bug, please report it: panic: %v\n%s", p, debug.Stack())
		}
	}()
	return root.ExecuteContextC(ctx)
}

// executeInside carries out a command for another one of this process, as Run does, but
// leaves signals and the process alone.
func executeInside(ctx context.Context, con *term.Console) error {
	root := NewRootCommand(con)
	root.SetArgs(con.Args)
	_, err := execute(ctx, root)
	if con.AtEnd != nil {
		con.AtEnd(ctx, exit.CodeOf(err))
	}
	return err
}

// isReported reports whether the command has said all there is to say about an error.
func isReported(err error) bool { return errors.As(err, new(*exit.ReportedError)) }

// finishStreams changes the exit code where output was lost.
func finishStreams(con *term.Console, c *cobra.Command, code exit.Code) exit.Code {
	con.Err.EndLine()
	for name, s := range map[string]*term.Stream{"standard output": con.Out, "standard error": con.Err} {
		if err := s.WriteError(); err != nil {
			if s == con.Out && errors.Is(err, syscall.EPIPE) && isForReading(c) {
				continue // a pager, or head, has seen enough
			}
			if code == exit.OK || code == exit.Findings {
				code = exit.Failure
			}
			con.Err.Release()
			con.Sayf("warning: could not write to %s: %v", name, term.PlainError(err))
		}
	}
	return code
}

// isForReading reports whether operators read what a command prints on standard
// output, so that nothing is lost when they stop. JSON and exports must arrive whole.
func isForReading(c *cobra.Command) bool {
	switch settings.CommandName(c) {
	case "validate", "plan", "status", "help", "version", "ledger log":
		isData := false
		for _, name := range []string{"json", "changes"} {
			f := c.Flags().Lookup(name)
			isData = isData || f != nil && f.Value.String() == "true"
		}
		return !isData
	}
	return false
}

// printError prints an error, then its hints on lines of their own.
func printError(con *term.Console, err error) {
	con.Sayf("bulkonboard: %s", strings.TrimSpace(err.Error()))
	for _, hint := range exit.HintsOf(err) {
		con.Sayf("  %s", hint)
	}
}
