package ledgercmd

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/validate"
)

func newForgetCommand(con *term.Console) *cobra.Command {
	c := newEmailsCommand(con, "forget", "erase customers on request; they are never sent again",
		func(ctx context.Context, l session.Ledger, identities []string) error {
			n, err := l.Forget(ctx, identities)
			if err != nil {
				return addInDoubtHint(err)
			}
			con.Sayf("%s requested, %s found and erased from the ledger", term.Number(len(identities)), term.Number(n))
			files, err := findLeftovers(ctx, l)
			if err != nil {
				return fmt.Errorf("the customers are erased, but the files that may still contain them could not be listed: %w", err)
			}
			printLeftovers(con, files)
			if _, isFile := l.(*sqlite.Ledger); !isFile {
				con.Sayf("PostgreSQL's log, replicas and backups still contain them until those are removed.")
			}
			return nil
		})
	c.Long += " The ledger is\nrewritten to remove every trace. This needs free space of about twice its size."
	return c
}

func newReadmitCommand(con *term.Console) *cobra.Command {
	return newEmailsCommand(con, "readmit", "undo the bar of forget: a later input may create these customers",
		func(ctx context.Context, l session.Ledger, identities []string) error {
			n, err := l.Readmit(ctx, identities)
			if err != nil {
				return err
			}
			con.Sayf("%s requested, %s were barred and may be created again", term.Number(len(identities)), term.Number(n))
			return nil
		})
}

// newEmailsCommand returns a command that does something to the customers whose
// e-mails a file names.
func newEmailsCommand(con *term.Console, name, short string, do func(context.Context, session.Ledger, []string) error) *cobra.Command {
	return withLockedLedger(con, &cobra.Command{
		Use:   name + " [flags] FILE|-",
		Short: short,
		Long:  short + ".\n\nFILE has one e-mail on each line; - is standard input.",
		Args:  subcommand.NeedArg("a FILE of e-mails, or -"),
	}, func(ctx context.Context, l session.Ledger, _ *logEntry, args []string) error {
		identities, err := readEmails(con, args[0])
		if err != nil {
			return err
		}
		return do(ctx, l, identities)
	})
}

// readEmails reads e-mails, one on each line, as identities. An error names the
// line, never its text.
func readEmails(con *term.Console, path string) (identities []string, err error) {
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
			return nil, exit.NewUsageError(fmt.Errorf("%s, line %d is not one plain e-mail address", path, n), "write one e-mail on each line; nothing was changed")
		}
		identities = append(identities, id)
	}
	if len(identities) == 0 {
		return nil, exit.UsageErrorf("%s has no e-mail in it", path)
	}
	return identities, nil
}
