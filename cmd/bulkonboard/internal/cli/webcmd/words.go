package webcmd

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
)

// listFlags are the flags of run that the page decides itself, for each list.
func listFlags() []string {
	return []string{"report", "rejects", "annotate", "limit", "yes", "json", "quiet", "fresh", "no-progress", "metrics-file",
		"id", "map", "map-file", "default", "value", "join", "leave-out", "phone-region", "phone-plus", "carry", "send", "sheet", "header-row", "delimiter", "encoding", "formulas", "strict"}
}

// addRunFlags adds those flags of run that hold for everything that the page sends.
func addRunFlags(c *cobra.Command, f *settings.RunFlags) {
	run := &cobra.Command{}
	f.AddFlags(run)
	for _, name := range flagNames(run) {
		if !slices.Contains(listFlags(), name) {
			c.Flags().AddFlag(run.Flags().Lookup(name))
		}
	}
}

// ownWords returns the flags of web's own command line that another command has, too.
// What the environment and the settings file say, that command reads itself.
func (e *engine) ownWords(verb string) []string {
	other := &cobra.Command{}
	switch f := new(settings.RunFlags); verb {
	case "plan":
		f.AddPlanFlags(other)
	case "run":
		f.AddFlags(other)
	default:
		f.AddLedgerFlags(other)
	}
	return settings.GivenWords(e.command, flagNames(other))
}

func flagNames(c *cobra.Command) []string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}
