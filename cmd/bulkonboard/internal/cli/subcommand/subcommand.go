// Package subcommand has the shape that the commands share: groups, the check
// of arguments, and what is near a mistyped name.
package subcommand

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// GroupCommand returns a command that only holds others.
func GroupCommand(c *cobra.Command, subcommands ...*cobra.Command) *cobra.Command {
	c.Args, c.SuggestionsMinimumDistance = cobra.ArbitraryArgs, 2
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return UnknownCommand(c, args[0])
		}
		return c.Help()
	}
	c.AddCommand(subcommands...)
	return c
}

// UnknownCommand returns the error for a command that does not exist, with
// those of similar names as a hint.
func UnknownCommand(parent *cobra.Command, typed string) error {
	name := strings.TrimPrefix(strings.TrimPrefix(parent.CommandPath(), "bulkonboard")+" "+typed, " ")
	hint := parent.CommandPath() + " --help lists the commands"
	if near := parent.SuggestionsFor(typed); len(near) > 0 {
		hint = settings.SuggestNames("", near)
	}
	return exit.NewUsageError(fmt.Errorf("unknown command %q", name), hint)
}

// StandardOutput is the name under which an output goes to standard output.
const StandardOutput = "-"

// OptionalArg accepts one argument or none. what describes it for the error.
func OptionalArg(what string, hints ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return exit.NewUsageError(fmt.Errorf("%s accepts %s, not %q as well", settings.CommandName(c), what, args[1]), hints...)
		}
		return nil
	}
}

// NoArgs refuses arguments as a mistake in the call.
func NoArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return exit.NewUsageError(fmt.Errorf("unexpected argument %q", args[0]), c.CommandPath()+" --help shows the arguments")
}

// NeedArg requires exactly one argument. what describes it for the error.
func NeedArg(what string, hints ...string) cobra.PositionalArgs { return needArgs(1, what, hints) }

// NeedArgs requires one argument or more. what describes it for the error.
func NeedArgs(what string, hints ...string) cobra.PositionalArgs { return needArgs(1<<30, what, hints) }

func needArgs(most int, what string, hints []string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 || len(args) > most {
			return exit.NewUsageError(fmt.Errorf("%s needs %s", settings.CommandName(c), what), hints...)
		}
		return nil
	}
}

// OpenOutput opens a new file, mode 0600, or standard output for -. It overwrites
// nothing. The caller closes it.
func OpenOutput(con *term.Console, path string) (io.WriteCloser, error) {
	if path == StandardOutput {
		return openStream{con.Out}, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, exit.UsageErrorf("%s: %w", path, term.PlainError(err))
	}
	return f, nil
}

// openStream is standard output, which others close.
type openStream struct{ io.Writer }

func (openStream) Close() error { return nil }
