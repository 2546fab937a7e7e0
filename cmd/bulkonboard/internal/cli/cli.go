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
	"strings"
	"syscall"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
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
	err := root.ExecuteContext(ctx)
	code := con.Stop.ExitCode(exit.CodeOf(err))
	if err != nil {
		if code != exit.OK {
			con.Err.Release()
		}
		printError(con, err)
	}
	code = finishStreams(con, code)
	if con.FileDropped && hasOwnWindow() {
		// Without this the window is gone before anything is read.
		fmt.Fprint(con.Err, "Press Enter to close this window.")
		_, _ = bufio.NewReader(stdin).ReadString('\n') // whatever comes ends it
	}
	return int(code)
}

// finishStreams prints what --quiet held back, and changes the exit code where
// output was lost.
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
			con.Sayf("warning: %s could not be written: %v", name, term.PlainError(err))
		}
	}
	return code
}

// printError prints an error, then its hints on lines of their own.
func printError(con *term.Console, err error) {
	var done *exit.ReportedError
	if errors.As(err, &done) {
		return // the session has said it all
	}
	text := strings.TrimSpace(err.Error())
	con.Sayf("bulkonboard: %s", text)
	for _, hint := range exit.HintsOf(err) {
		con.Sayf("  %s", hint)
	}
}
