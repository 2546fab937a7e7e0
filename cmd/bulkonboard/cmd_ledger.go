package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) ledgerCommand() *cobra.Command {
	c := &cobra.Command{Use: "ledger", Short: "look after the ledger: log",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("unknown command %q", "ledger "+args[0]), "bulkonboard ledger --help lists them")
			}
			return c.Help()
		},
		Args: cobra.ArbitraryArgs}
	c.AddCommand(a.ledgerLogCommand())
	return c
}

func (a *app) ledgerLogCommand() *cobra.Command {
	var f readerFlags
	c := &cobra.Command{
		Use:   "log [flags]",
		Short: "who did what: every run and change, newest first",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.runLedgerLog(c.Context(), c, &f) },
	}
	f.flags(c)
	configFlag(c)
	return c
}

func (a *app) runLedgerLog(ctx context.Context, c *cobra.Command, f *readerFlags) (err error) {
	l, _, err := f.open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	batches, err := l.Batches(ctx)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, b := range batches {
		for i, file := range b.Files {
			if i > 0 {
				names[b.ID] += " "
			}
			names[b.ID] += shellWord(file.Name)
		}
	}
	for r, err := range l.Log(ctx) {
		if err != nil {
			return err
		}
		end := "under way or killed"
		if r.End != nil {
			end = fmt.Sprintf("exit %d, %d sent, %d created", r.End.ExitCode, r.End.Sent, r.End.Created)
		}
		line := fmt.Sprintf("%d  %s  %s  %s@%s  %s  key %s  %s  %s", r.ID, localTime(r.Started), r.Command, r.Who, r.Host, r.Version, r.KeyPrint, end, names[r.Batch])
		fmt.Fprintln(a.out, printable(line))
	}
	return nil
}
