package linkscmd

import (
	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func NewCommand(con *term.Console) *cobra.Command {
	c := subcommand.Group(&cobra.Command{Use: "links", Short: "lost and perishable verification links: recover, export"})
	c.AddCommand(newRecoverCommand(con), newExportCommand(con))
	return c
}
