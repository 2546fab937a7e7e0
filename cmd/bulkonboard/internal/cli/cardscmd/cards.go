// Package cardscmd has the commands below `bulkonboard cards`.
package cardscmd

import (
	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// NewCommand returns the command cards with its subcommands.
func NewCommand(con *term.Console) *cobra.Command {
	return subcommand.GroupCommand(&cobra.Command{Use: "cards", Short: "plan the cards of approved users"}, newPlanCommand(con))
}
