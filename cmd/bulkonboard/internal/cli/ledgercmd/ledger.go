package ledgercmd

import (
	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func NewCommand(con *term.Console) *cobra.Command {
	c := subcommand.Group(&cobra.Command{Use: "ledger", Short: "look after the ledger: log, verify, backup, restore, adopt, export, import, resolve, forget, prune ..."})
	c.AddCommand(newLogCommand(con), newVerifyCommand(con), newBackupCommand(con),
		newRestoreCommand(con), newAdoptCommand(con),
		newForgetCommand(con), newReadmitCommand(con), newRebindCommand(con),
		newExportCommand(con), newImportCommand(con), newPruneCommand(con), newResolveCommand(con))
	return c
}
