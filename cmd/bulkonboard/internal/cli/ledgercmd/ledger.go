// Package ledgercmd has the commands below `bulkonboard ledger`. Start at
// with_ledger.go: how they open the ledger and are recorded in its log.
package ledgercmd

import (
	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// NewCommand returns the command ledger with its subcommands.
func NewCommand(con *term.Console) *cobra.Command {
	return subcommand.GroupCommand(&cobra.Command{Use: "ledger", Short: "maintain the ledger: log, verify, backup, restore, export, import, resolve, forget, prune, copy ..."},
		newCreateCommand(con), newLogCommand(con), newVerifyCommand(con), newBackupCommand(con), newRestoreCommand(con), newAdoptCommand(con), newForgetCommand(con), newReadmitCommand(con),
		newRebindCommand(con), newExportCommand(con), newImportCommand(con), newPruneCommand(con), newResolveCommand(con), newCopyCommand(con), newGrantsCommand(con), newSendersCommand(con), newHoldCommand(con),
		newReleaseCommand(con), newPaceCommand(con), newMergeCommand(con))
}
