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
		Short: "print the version of this program",
		Args:  subcommand.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(con.Out, versionLine())
			return nil
		},
	}
}

// versionLine returns what version and --version print.
func versionLine() string {
	return fmt.Sprintf("bulkonboard %s %s %s/%s", session.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
