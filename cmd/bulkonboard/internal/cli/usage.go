package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
)

// helpWidth is where help is wrapped.
const helpWidth = 100

// printUsage is how a command is called, its subcommands and its flags.
func printUsage(c *cobra.Command) error {
	w := c.OutOrStderr()
	fmt.Fprintf(w, "Usage:\n  %s\n", usageLine(c))
	if c.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", c.Example)
	}
	printCommands(w, "Commands", c.Commands(), func(s *cobra.Command) bool { return s.IsAvailableCommand() || s.Name() == "help" })
	printCommands(w, "Help topics (bulkonboard help TOPIC)", c.Commands(), func(s *cobra.Command) bool { return s.IsAdditionalHelpTopicCommand() })
	if c.HasAvailableLocalFlags() {
		fmt.Fprintf(w, "\nFlags:\n%s", flagText(c.LocalFlags()))
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n%s COMMAND --help says more.\n", c.CommandPath())
	}
	return nil
}

func usageLine(c *cobra.Command) string {
	if c.HasAvailableSubCommands() {
		return c.CommandPath() + " COMMAND [flags]"
	}
	return c.UseLine()
}

func printCommands(w io.Writer, title string, commands []*cobra.Command, shown func(*cobra.Command) bool) {
	longest := 0
	for _, c := range commands {
		if shown(c) {
			longest = max(longest, len(c.Name()))
		}
	}
	if longest == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, c := range commands {
		if shown(c) {
			fmt.Fprintf(w, "  %-*s  %s\n", longest, c.Name(), c.Short)
		}
	}
}

// completeChoices tells the shell's completion the words that a flag takes.
func completeChoices(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if words, ok := f.Value.(*settings.Choice); ok {
			// It fails for a flag that is not there, or was told of already.
			_ = c.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(words.Words, cobra.ShellCompDirectiveNoFileComp))
		}
	})
	for _, sub := range c.Commands() {
		completeChoices(sub)
	}
}

// flagText shows the flags that are not hidden.
func flagText(flags *pflag.FlagSet) string {
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	shown.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			shown.AddFlag(withoutBoolValue(f))
		}
	})
	return shown.FlagUsagesWrapped(helpWidth)
}

// withoutBoolValue is a flag for help: one that is on or off stands there by its name
// alone, without the values that hardly anybody gives it.
func withoutBoolValue(f *pflag.Flag) *pflag.Flag {
	copied := *f
	copied.Hidden = false
	if f.Value.Type() == "bool" {
		copied.Value = onOff{f.Value}
	}
	return &copied
}

// onOff hides from pflag that a value is a bool's.
type onOff struct{ pflag.Value }

// nearFlags are the flags of a command whose names are close to a mistyped one.
func nearFlags(c *cobra.Command, typed string) []string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	near := settings.NearestNames(typed, names)
	for i := range near {
		near[i] = "--" + near[i]
	}
	return near
}
