// Package linkscmd has the commands below `bulkonboard links`.
package linkscmd

import (
	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// NewCommand returns the command links with its subcommands.
func NewCommand(con *term.Console) *cobra.Command {
	return subcommand.GroupCommand(&cobra.Command{Use: "links", Short: "recover, renew and export verification links"},
		newRecoverCommand(con), newRenewCommand(con), newExportCommand(con))
}
