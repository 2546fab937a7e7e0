package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
)

// helpWidth is where help is wrapped, in columns.
const helpWidth = 100

// printUsage prints how a command is called, its subcommands and its flags.
func printUsage(c *cobra.Command) error {
	w := c.OutOrStderr()
	line := c.UseLine()
	if c.HasAvailableSubCommands() {
		line = c.CommandPath() + " COMMAND [flags]"
	}
	fmt.Fprintf(w, "Usage:\n  %s\n", line)
	if c.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", c.Example)
	}
	printCommands(w, "Commands", c.Commands(), func(s *cobra.Command) bool { return s.IsAvailableCommand() || s.Name() == "help" })
	printCommands(w, "Help topics (bulkonboard help TOPIC)", c.Commands(), isHelpTopic)
	if c.HasAvailableLocalFlags() {
		fmt.Fprintf(w, "\nFlags:\n%s", flagText(c.LocalFlags()))
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\nRun %s COMMAND --help for details.\n", c.CommandPath())
	}
	return nil
}

// printCommands prints a table of the commands that isShown accepts.
func printCommands(w io.Writer, title string, commands []*cobra.Command, isShown func(*cobra.Command) bool) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range commands {
		if !isShown(c) {
			continue
		}
		if title != "" {
			fmt.Fprintf(w, "\n%s:\n", title)
			title = ""
		}
		fmt.Fprintf(table, "  %s\t%s\n", c.Name(), c.Short)
	}
	_ = table.Flush() // into a buffer
}

// flagText returns the flags that are not hidden, as a table. A flag that is on
// or off is shown by its name alone.
func flagText(flags *pflag.FlagSet) string {
	const values = "[=true|false]"
	return strings.ReplaceAll(flags.FlagUsagesWrapped(helpWidth), values, strings.Repeat(" ", len(values)))
}

// advancedText returns the flags that run --help leaves out.
func advancedText(root *cobra.Command) string {
	run, _, err := root.Find([]string{"run"})
	if err != nil {
		return err.Error()
	}
	shown := pflag.NewFlagSet("run", pflag.ContinueOnError)
	run.Flags().VisitAll(func(f *pflag.Flag) {
		if len(f.Annotations[settings.AdvancedAnnotation]) > 0 {
			copied := *f
			copied.Hidden = false
			shown.AddFlag(&copied)
		}
	})
	return "Advanced flags of run:\n\n" + flagText(shown)
}

// isHelpTopic reports whether help about a command is a page of its own: what is no
// command, and config, whose help explains the settings.
func isHelpTopic(c *cobra.Command) bool {
	return c.IsAdditionalHelpTopicCommand() || c.Name() == "config" && !c.Parent().HasParent()
}
