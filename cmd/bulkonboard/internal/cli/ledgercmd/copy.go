package ledgercmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

func newCopyCommand(con *term.Console) *cobra.Command {
	c := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "move a ledger from a file into PostgreSQL, or back",
		Long: `Copies the whole ledger FROM, a file or an address in PostgreSQL, to TO, which must be of
the other kind and must not exist. Both are compared row by row. Then FROM is closed:
it can still be read, and every command that writes is refused and names TO. So there is
never more than one ledger from which customers are sent.

Customers in doubt must be settled first. What stays behind: the list of the processes
that have sent. If the command is cut off, run it again.`,
		Example: `  bulkonboard ledger copy prod.db 'postgres://onboard@db.example.com/onboarding?schema=production'
  bulkonboard ledger copy 'postgres://onboard@db.example.com/onboarding?schema=production' prod-2.db`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return exit.UsageErrorf("ledger copy needs FROM and TO")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return runCopy(con, c, args[0], args[1]) },
	}
	settings.AddConfigFlag(c)
	return c
}

func runCopy(con *term.Console, c *cobra.Command, from, to string) error {
	from, to, err := checkPlaces(from, to)
	if err != nil {
		return err
	}
	missing, err := session.IsMissing(c.Context(), to)
	if err != nil {
		return err
	}
	if !missing {
		return exit.NewUsageError(fmt.Errorf("%s already exists", to), "ledger copy makes a new ledger; name a file or a schema that does not exist yet")
	}
	environment, err := environmentOf(c.Context(), from)
	if err != nil {
		return err
	}
	opt := session.LedgerOptions{Path: from, Environment: environment, MovedTo: to, Command: settings.CommandName(c)}
	rows, err := copyLedger(c.Context(), con, opt, to)
	if err != nil {
		return addInDoubtHint(err)
	}
	opt = session.LedgerOptions{Path: to, Environment: environment, Command: settings.CommandName(c)}
	open := func(ctx context.Context) (session.Ledger, error) { return session.OpenLedger(ctx, opt) }
	return withLogEntry(con, c, term.Posix.QuoteLine(from, to), open, func(context.Context, session.Ledger, *logEntry) error {
		con.Sayf("copied to %s: %s, compared one by one", to, term.Count(rows, "table row"))
		con.Sayf("%s is closed for writing: use --ledger %s from now on", from, term.Posix.QuoteLine(to))
		return nil
	})
}

// checkPlaces returns the two places in the form in which they are kept.
func checkPlaces(from, to string) (string, string, error) {
	for _, place := range []*string{&from, &to} {
		if !postgres.IsAddress(*place) {
			path, err := filepath.Abs(*place)
			if err != nil {
				return "", "", exit.NewUsageError(err)
			}
			*place = path
		} else if err := postgres.CheckAddress(*place); err != nil {
			return "", "", exit.NewUsageError(err)
		}
	}
	switch isFile := !postgres.IsAddress(from); {
	case isFile == postgres.IsAddress(to):
		return from, to, nil
	case isFile:
		return "", "", exit.NewUsageError(errors.New("ledger copy moves a ledger between a file and PostgreSQL, and both of these are files"), "use ledger backup and ledger restore")
	}
	return "", "", exit.NewUsageError(errors.New("ledger copy moves a ledger between a file and PostgreSQL, and both of these are in PostgreSQL"), "use pg_dump and pg_restore, then ledger adopt")
}

// environmentOf returns the environment that a ledger belongs to.
func environmentOf(ctx context.Context, path string) (environment string, err error) {
	l, err := session.OpenLedger(ctx, session.LedgerOptions{Path: path, ReadOnly: true})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	info, err := l.Info(ctx)
	return info.Environment, err
}

// copyLedger copies a ledger and closes it. It returns how many rows its tables have.
func copyLedger(ctx context.Context, con *term.Console, opt session.LedgerOptions, to string) (rows int, err error) {
	l, err := session.OpenLedger(ctx, opt)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	session.ReportNotices(con, l)
	err = l.CopyTo(ctx, to, func(ctx context.Context, content *sqlite.Copied) (err error) {
		if postgres.IsAddress(to) {
			rows, err = postgres.CreateCopy(ctx, postgres.Options{Address: to}, content)
		} else {
			rows, err = sqlite.CreateCopy(ctx, sqlite.Options{Path: to, Command: opt.Command}, content)
		}
		return err
	})
	return rows, err
}
