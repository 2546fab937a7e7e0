package ledgercmd

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/validate"
)

func newForgetCommand(con *term.Console) *cobra.Command {
	c := newPeopleCommand(con, "forget", "erase people on request; they are not sent again",
		func(ctx context.Context, l *recordedLedger, who []string) error {
			n, err := l.Forget(ctx, who)
			if err != nil {
				return inDoubtHint(err)
			}
			fmt.Fprintf(con.Err, "%s asked for, %s known and erased from the ledger\n", term.Number(len(who)), term.Number(n))
			files, err := findLeftovers(ctx, l.Ledger)
			if err != nil {
				return fmt.Errorf("they are erased, but the files that may still hold them could not be listed: %w", err)
			}
			printLeftovers(con, files)
			return nil
		})
	c.Long += " The ledger is written anew, so that no byte of\ntheirs is left in the file; for as long, that takes room for two more of it."
	return c
}

func newReadmitCommand(con *term.Console) *cobra.Command {
	return newPeopleCommand(con, "readmit", "lift what forget barred: a later input may create them",
		func(ctx context.Context, l *recordedLedger, who []string) error {
			n, err := l.Readmit(ctx, who)
			if err != nil {
				return err
			}
			fmt.Fprintf(con.Err, "%s asked for, %s were barred and are not any more\n", term.Number(len(who)), term.Number(n))
			return nil
		})
}

func newPeopleCommand(con *term.Console, name, short string, do func(context.Context, *recordedLedger, []string) error) *cobra.Command {
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   name + " [flags] FILE|-",
		Short: short,
		Long:  short + ".\n\nFILE has one e-mail on each line; - is standard input.",
		Args:  subcommand.OneArg(name, "a FILE of e-mails, or -"),
	}
	c.RunE = withLockedLedger(con, &f, func(ctx context.Context, l *recordedLedger, args []string) error {
		who, err := readEmails(con, args[0])
		if err != nil {
			return err
		}
		return do(ctx, l, who)
	})
	f.AddLedgerFlags(c.Flags())
	settings.AddConfigFlag(c)
	return c
}

// readEmails reads e-mails, one on each line, as identities. An error names the
// line, never what stands there.
func readEmails(con *term.Console, path string) (who []string, err error) {
	in := con.In
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, exit.UsageErrorf("%s: %w", path, term.PlainError(err))
		}
		defer f.Close()
		in = f
	}
	text, err := limits.ReadAll(in, limits.Names)
	if err != nil {
		return nil, exit.UsageErrorf("%s: %w", path, term.PlainError(err))
	}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		n++
		email := strings.TrimSpace(line)
		if email == "" {
			continue
		}
		id, ok := validate.Identity(email)
		if !ok {
			return nil, exit.NewUsageError(fmt.Errorf("%s, line %d is not one plain e-mail address", path, n), "write one e-mail on each line; nobody was touched")
		}
		who = append(who, id)
	}
	if len(who) == 0 {
		return nil, exit.UsageErrorf("nobody is named")
	}
	return who, nil
}
