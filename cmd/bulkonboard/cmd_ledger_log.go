package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

func (a *app) ledgerLogCommand() *cobra.Command {
	var f readerFlags
	c := &cobra.Command{
		Use:   "log [flags]",
		Short: "who did what: every run and change, newest first",
		Args:  cobra.NoArgs,
		RunE: a.reading(&f, func(ctx context.Context, l *sqlite.Ledger, _ []string) error {
			return a.printLog(ctx, l)
		}),
	}
	f.flags(c)
	configFlag(c)
	return c
}

func (a *app) printLog(ctx context.Context, l *sqlite.Ledger) error {
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
			names[b.ID] += posix.word(file.Name)
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
