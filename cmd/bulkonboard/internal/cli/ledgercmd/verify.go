package ledgercmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

func newVerifyCommand(con *term.Console) *cobra.Command {
	return withLedger(&cobra.Command{
		Use:   "verify [flags]",
		Short: "check the whole ledger, and every customer against its attempts",
		Args:  subcommand.NoArgs,
	}, func(ctx context.Context, l session.Ledger, _ []string) error { return runVerify(ctx, con, l) })
}

func runVerify(ctx context.Context, con *term.Console, l session.Ledger) error {
	problems, err := l.Verify(ctx)
	if err != nil {
		return err
	}
	for _, p := range problems {
		con.Sayf("%s", p)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s found: %w", term.Count(len(problems), "problem"), ledger.ErrDamaged)
	}
	con.Sayf("the ledger is intact")
	return nil
}
