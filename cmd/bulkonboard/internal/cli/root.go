package cli

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/approvecmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/cardscmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/kyccmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/ledgercmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/linkscmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/sandboxcmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/webcmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// NewRootCommand returns the program's command with all others below it.
func NewRootCommand(con *term.Console) *cobra.Command {
	root := &cobra.Command{
		Use:   "bulkonboard",
		Short: "onboard customers in bulk through a partner's create-user API",
		Long: `Bulkonboard reads a CSV or XLSX file of customers, checks every row, submits the
valid ones under a rate limit, records every outcome in a ledger, and writes a report
with verification links and everything that needs a review.

To continue after an interruption, run the same command again.`,
		Example: `  bulkonboard validate customers.xlsx
  bulkonboard run --sandbox customers.csv
  bulkonboard run --api-key-file key.txt customers.csv`,
		Version:       versionLine(),
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
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.RunE = func(c *cobra.Command, args []string) error { return runDropped(c.Context(), con, c, root, args) }
	root.AddCommand(newRunCommand(con), newValidateCommand(con), newPlanCommand(con), approvecmd.NewCommand(con), newStatusCommand(con), newReportCommand(con),
		newTemplateCommand(con), sandboxcmd.NewCommand(con), linkscmd.NewCommand(con), kyccmd.NewCommand(con), ledgercmd.NewCommand(con), cardscmd.NewCommand(con), newConfigCommand(con), webcmd.NewCommand(con, executeInside), newVersionCommand(con))
	root.AddCommand(newHelpTopics(root)...)
	root.InitDefaultCompletionCmd()
	refuseUnknownTopics(root)
	describeCobraCommands(root)
	addCompletions(root)
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		defer settings.ApplyLogFormat(con, c)
		return settings.FillFlags(con, c, root)
	}
	return root
}

// flagError adds what is near a flag that does not exist.
func flagError(c *cobra.Command, err error) error {
	list := c.CommandPath() + " --help lists the flags"
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := settings.NearestNames(unknown.GetSpecifiedName(), names); len(near) > 0 {
			return exit.NewUsageError(err, settings.SuggestNames("--", near), list)
		}
	}
	return exit.NewUsageError(err, list)
}
