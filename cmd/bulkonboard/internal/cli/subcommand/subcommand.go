package subcommand

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// UnknownCommand says what is near a command that does not exist.
func UnknownCommand(parent *cobra.Command, typed string) error {
	hint := parent.CommandPath() + " --help lists the commands"
	if near := parent.SuggestionsFor(typed); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	name := strings.TrimPrefix(strings.TrimPrefix(parent.CommandPath(), "bulkonboard")+" "+typed, " ")
	return exit.NewUsageError(fmt.Errorf("unknown command %q", name), hint)
}

// NoArgs refuses arguments as a mistake in the call.
func NoArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return exit.NewUsageError(fmt.Errorf("unexpected argument %q", args[0]), c.CommandPath()+" --help says what it takes")
}

// Group is a command that only holds others.
func Group(c *cobra.Command) *cobra.Command {
	c.Args, c.SuggestionsMinimumDistance = cobra.ArbitraryArgs, 2
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return UnknownCommand(c, args[0])
		}
		return c.Help()
	}
	return c
}

func OneArg(command, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return exit.UsageErrorf("ledger %s needs %s", command, what)
		}
		return nil
	}
}
