package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newVersionCommand(con *term.Console) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "the version of this program",
		Args:  subcommand.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(con.Out, "bulkonboard %s %s %s/%s\n", session.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}
