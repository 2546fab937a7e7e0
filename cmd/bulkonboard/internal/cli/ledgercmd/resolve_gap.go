package ledgercmd

import (
	"context"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// endGaps declares, with a reason, that no list will show who was created inside
// the ledger's gaps, so that runs no longer wait for one.
func endGaps(ctx context.Context, con *term.Console, l *sqlite.Ledger, because string) error {
	gaps, err := l.Gaps(ctx)
	if err != nil {
		return err
	}
	ended := 0
	for _, g := range gaps {
		if !g.IsOpen() {
			continue
		}
		if err := l.CloseGap(ctx, g.ID, time.Now(), because); err != nil {
			return err
		}
		ended++
		fmt.Fprintf(con.Err, "the gap from %s to %s is ended: rows are sent without the partner's list; a user created in it is still never called a duplicate\n",
			term.LocalTime(g.From.Partner()), term.LocalTime(g.To.Partner()))
	}
	if ended == 0 {
		return exit.UsageErrorf("the ledger has no gap that a list must still be read for")
	}
	return nil
}
