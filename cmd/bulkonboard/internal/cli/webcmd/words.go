package webcmd

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// listFlags are the flags of run that the page decides itself, for each list.
func listFlags() []string {
	return []string{"id", "map", "map-file", "value", "join", "leave-out", "phone-region", "phone-plus", "carry", "send", "sheet", "header-row", "delimiter", "encoding", "formulas", "fresh"}
}

// commandFlags are the flags of run that are for one command only.
func commandFlags() []string {
	return []string{"report", "rejects", "annotate", "limit", "yes", "json", "quiet", "no-progress", "metrics-file", "lock-timeout"}
}

// checkFlags are the flags of run that the check of a list needs as well. The words of
// each list have them.
func checkFlags() []string { return []string{"default", "strict"} }

// addRunFlags adds those flags of run that hold for everything that the page sends.
func addRunFlags(c *cobra.Command, f *settings.RunFlags) {
	run := &cobra.Command{}
	f.AddFlags(run)
	for _, name := range flagNames(run) {
		if !slices.Contains(listFlags(), name) && !slices.Contains(commandFlags(), name) {
			c.Flags().AddFlag(run.Flags().Lookup(name))
		}
	}
}

// refuseListSettings refuses an environment or a settings file that decides how lists
// are read: the page would show a list otherwise than it is sent.
func refuseListSettings(con *term.Console, c *cobra.Command) error {
	file, err := settings.ReadConfig(con, c, c.Root())
	if err != nil {
		return err
	}
	for _, name := range listFlags() {
		set, isSet := settings.ReadEnvironment(con, name)
		if !isSet {
			set, isSet = file[name]
		}
		if isSet {
			return exit.NewUsageError(set.Places[0].Locate(name, errors.New("the page decides this for each list, so it cannot be set for all")), "remove it for bulkonboard web, or use another settings file with --config")
		}
	}
	return nil
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
	names := slices.DeleteFunc(flagNames(other), func(name string) bool { return slices.Contains(checkFlags(), name) })
	return settings.GivenWords(e.command, names)
}

func flagNames(c *cobra.Command) []string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}
