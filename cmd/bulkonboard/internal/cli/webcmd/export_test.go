package webcmd

import (
	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/web/plans"
)

// NewCommands returns what web --args gives to the page.
func NewCommands(con *term.Console, execute Executor, args ...string) (plans.Commands, error) {
	c := &cobra.Command{Use: "web"}
	f := &settings.RunFlags{}
	addRunFlags(c, f)
	if err := c.ParseFlags(args); err != nil {
		return nil, err
	}
	return newEngine(con, c, f, execute)
}
