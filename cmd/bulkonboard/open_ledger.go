package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// openToRead opens the ledger that the flags choose, to be read beside a run.
// With --ledger alone it may be of any environment.
func openToRead(ctx context.Context, c *cobra.Command, f *settings.TargetFlags) (*sqlite.Ledger, ledger.Info, error) {
	level := settings.LevelsOf(c)
	to, err := f.Resolve(level)
	if err != nil {
		return nil, ledger.Info{}, err
	}
	environment := to.Environment
	if f.Ledger != "" && level("env")+level("sandbox")+level("base-url") == 0 {
		environment = ""
	}
	l, err := sqlite.Open(ctx, sqlite.Options{Path: to.Ledger, Environment: environment, ReadOnly: true, Command: c.Name()})
	if err != nil {
		return nil, ledger.Info{}, err
	}
	info, err := l.Info(ctx)
	if err != nil {
		return nil, info, errors.Join(err, l.Close())
	}
	info.Path = to.Ledger
	return l, info, nil
}
