package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

func (a *app) ledgerCommand() *cobra.Command {
	c := holding(&cobra.Command{Use: "ledger", Short: "look after the ledger: log, verify, backup, restore, adopt, export, import, resolve, forget, prune ..."})
	c.AddCommand(a.ledgerLogCommand(), a.ledgerVerifyCommand(), a.ledgerBackupCommand(),
		a.ledgerRestoreCommand(), a.ledgerAdoptCommand(),
		a.ledgerForgetCommand(), a.ledgerReadmitCommand(), a.ledgerRebindCommand(),
		a.ledgerExportCommand(), a.ledgerImportCommand(), a.ledgerPruneCommand(), a.ledgerResolveCommand())
	return c
}

// reading runs a command on a ledger that is open to be read, beside a run.
func (a *app) reading(f *readerFlags, do func(ctx context.Context, l *sqlite.Ledger, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) (err error) {
		l, _, err := f.open(c.Context(), c)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, l.Close()) }()
		return do(c.Context(), l, args)
	}
}

// changing runs a command on a ledger that it holds, and records it.
func (a *app) changing(f *readerFlags, do func(ctx context.Context, l *sqlite.Ledger, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) (err error) {
		ctx := c.Context()
		to, err := f.resolve(levels(c))
		if err != nil {
			return err
		}
		l, err := sqlite.Open(ctx, sqlite.Options{Path: to.ledger, Environment: to.environment, Command: "ledger " + c.Name()})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, l.Close()) }()
		a.tellNotices(l)
		o := origin(c.Name())
		o.Settings = settingsText(c)
		id, err := l.Begin(ctx, o)
		if err != nil {
			return err
		}
		err = do(ctx, l, args)
		end := ledger.RunEnd{At: time.Now(), ExitCode: int(exitOf(err))}
		return errors.Join(err, l.Finish(context.WithoutCancel(ctx), id, end))
	}
}

func (a *app) ledgerVerifyCommand() *cobra.Command {
	var f readerFlags
	c := &cobra.Command{
		Use:   "verify [flags]",
		Short: "check the file in full, and every customer against its attempts",
		Args:  noArgs,
		RunE: a.reading(&f, func(ctx context.Context, l *sqlite.Ledger, _ []string) error {
			problems, err := l.Verify(ctx)
			if err != nil {
				return err
			}
			for _, p := range problems {
				fmt.Fprintln(a.err, printable(p))
			}
			if len(problems) > 0 {
				return fmt.Errorf("%s problems were found: %w", number(len(problems)), ledger.ErrDamaged)
			}
			fmt.Fprintln(a.err, "the ledger is whole")
			return nil
		}),
	}
	f.flags(c)
	configFlag(c)
	return c
}

func (a *app) ledgerBackupCommand() *cobra.Command {
	var f readerFlags
	c := &cobra.Command{
		Use:   "backup [flags] FILE",
		Short: "write a whole copy, also beside a run; it holds every link",
		Args:  oneArg("backup", "a FILE that does not exist yet"),
		RunE: a.reading(&f, func(ctx context.Context, l *sqlite.Ledger, args []string) error {
			if _, err := os.Lstat(args[0]); err == nil {
				return usagef("%s exists already, and is not overwritten", args[0])
			}
			if err := l.Backup(ctx, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(a.err, "written: %s\n", printable(args[0]))
			return nil
		}),
	}
	f.flags(c)
	configFlag(c)
	return c
}

func (a *app) ledgerRebindCommand() *cobra.Command {
	var f readerFlags
	account := false
	c := &cobra.Command{
		Use:   "rebind [flags] [ENVIRONMENT]",
		Short: "move the ledger to another environment or account name, after the partner renamed it",
		Long: `Moves the ledger to another ENVIRONMENT, for a host that was renamed. With --account
the ledger forgets the names of the partner account, for an account that was
renamed: the next run learns the new ones. Nothing may be in doubt.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 0) != account {
				return usagef("ledger rebind needs the new ENVIRONMENT, or --account")
			}
			return nil
		},
		RunE: a.changing(&f, func(ctx context.Context, l *sqlite.Ledger, args []string) error {
			if account {
				if err := l.RebindAccount(ctx); err != nil {
					return inDoubtHint(err)
				}
				fmt.Fprintln(a.err, "the ledger has forgotten the names of the partner account; the next run learns them")
				return nil
			}
			if err := isEnvironment(args[0]); err != nil {
				return err
			}
			if err := l.Rebind(ctx, args[0]); err != nil {
				return inDoubtHint(err)
			}
			fmt.Fprintf(a.err, "the ledger belongs to %s now\n", printable(args[0]))
			return nil
		}),
	}
	f.flags(c)
	c.Flags().BoolVar(&account, "account", false, "forget the names of the partner account instead")
	configFlag(c)
	return c
}

// inDoubtHint makes a refusal for something in doubt one of the table.
func inDoubtHint(err error) error {
	if errors.Is(err, ledger.ErrConflict) {
		return usage(err, "run the inputs again until nothing is in doubt: bulkonboard status")
	}
	return err
}

func oneArg(command, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("ledger %s needs %s", command, what)
		}
		return nil
	}
}
