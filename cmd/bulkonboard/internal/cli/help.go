package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// statusText returns the tables of statuses and codes.
func statusText() string {
	var b strings.Builder
	words := messages.English()
	explain := func(code string) {
		b.WriteString(term.WrapIndented(fmt.Sprintf("%-24s", code), words.Codes[code].Meaning, 90))
	}
	b.WriteString("Every row ends with exactly one status. In brackets: what the next run does with it.\n\n")
	for _, s := range ledger.Statuses() {
		meaning, next := session.StatusMeaning(s)
		b.WriteString(term.WrapIndented(fmt.Sprintf("%-24s", s), meaning+" ["+next+"]", 90))
	}
	list := func(warning bool) {
		for _, c := range findings.InputCodes() {
			if c.Warning == warning {
				explain(c.Code)
			}
		}
	}
	b.WriteString("\nCodes of invalid rows:\n")
	list(false)
	b.WriteString("\nWarnings, which change no status (warn:... in reports):\n")
	list(true)
	b.WriteString("\nCodes of rows that are held, repeat another row, or wait for evidence:\n")
	for _, c := range pipeline.Codes() {
		explain(c)
	}
	b.WriteString("\nCodes of the partner, which has others too:\n")
	for _, c := range partner.Codes() {
		explain(c)
	}
	return b.String()
}

// exitText returns the table of exit codes.
func exitText() string {
	var b strings.Builder
	for _, e := range exit.Table() {
		codes := make([]string, len(e.Codes))
		for i, c := range e.Codes {
			codes[i] = fmt.Sprint(int(c))
		}
		b.WriteString(term.WrapIndented(fmt.Sprintf("%-10s", strings.Join(codes, ", ")), e.Meaning, 80))
	}
	return b.String()
}

// newHelpTopics returns the pages of `help` that are not commands.
func newHelpTopics(root *cobra.Command) []*cobra.Command {
	page := func(name, short string, text func() string) *cobra.Command {
		c := &cobra.Command{Use: name, Short: short}
		c.SetHelpFunc(func(c *cobra.Command, _ []string) { fmt.Fprint(c.OutOrStdout(), text()) })
		return c
	}
	return []*cobra.Command{
		page("exit-codes", "exit codes and their meaning", func() string {
			return "If several apply, the one listed first is used; 0 and 3 mean the run finished.\n\n" + exitText()
		}),
		page("statuses", "row statuses and codes", statusText),
		page("run-advanced", "advanced flags of run", func() string { return advancedText(root) }),
	}
}

// refuseUnknownTopics makes help of an unknown topic a mistake in the call:
// cobra's own ends with 0.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil || help == root {
		return
	}
	help.RunE = func(c *cobra.Command, args []string) error {
		topic, rest, err := root.Find(args)
		if err == nil && len(rest) == 0 {
			topic.InitDefaultHelpFlag()
			return topic.Help()
		}
		hint := "bulkonboard help lists the commands and topics"
		if len(rest) > 0 {
			var names []string
			for _, sub := range topic.Commands() {
				names = append(names, sub.Name())
			}
			hint = settings.SuggestName(rest[0], names, hint)
		}
		return exit.NewUsageError(fmt.Errorf("unknown help topic %q", strings.Join(args, " ")), hint)
	}
}

// describeCobraCommands gives the commands that cobra adds our own words, and
// completion the check of its arguments.
func describeCobraCommands(root *cobra.Command) {
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			c.Short = "write the completion script for a shell"
			subcommand.GroupCommand(c)
			for _, shell := range c.Commands() {
				shell.Short = "write the completion script for " + shell.Name()
			}
		case "help":
			c.Short = "explain a command or a topic"
		}
	}
}
