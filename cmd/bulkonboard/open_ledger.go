package main

import (
	"context"
	"errors"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/spf13/cobra"
)

// openToRead opens the ledger that the flags choose, to be read beside a run.
// With --ledger alone it may be of any environment.
func openToRead(ctx context.Context, c *cobra.Command, f *targetFlags) (*sqlite.Ledger, ledger.Info, error) {
	level := levels(c)
	to, err := f.resolve(level)
	if err != nil {
		return nil, ledger.Info{}, err
	}
	environment := to.environment
	if f.ledger != "" && level("env")+level("sandbox")+level("base-url") == 0 {
		environment = ""
	}
	l, err := sqlite.Open(ctx, sqlite.Options{Path: to.ledger, Environment: environment, ReadOnly: true, Command: c.Name()})
	if err != nil {
		return nil, ledger.Info{}, err
	}
	info, err := l.Info(ctx)
	if err != nil {
		return nil, info, errors.Join(err, l.Close())
	}
	info.Path = to.ledger
	return l, info, nil
}
