// Package kyccmd has the commands below `bulkonboard kyc`.
package kyccmd

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// NewCommand returns the command kyc with its subcommands.
func NewCommand(con *term.Console) *cobra.Command {
	return subcommand.GroupCommand(&cobra.Command{Use: "kyc", Short: "keep track of identity checks: sync, import, retry, listen",
		Long: `After creation, users open their verification link, have their identity checked, and
are approved or denied. These commands record that in the ledger, also during a run;
status and links export show it.`}, newSyncCommand(con), newImportCommand(con), newRetryCommand(con), newListenCommand(con))
}

// addFollowFlags adds the flags that choose ledger, partner and pace.
func addFollowFlags(c *cobra.Command, f *settings.RunFlags) {
	f.Rate = settings.Rate{PerSecond: 5, Text: "5/s"}
	f.AddLedgerFlags(c)
	f.AddPartnerFlags(c.Flags())
	f.LogFlags.AddFlags(c.Flags())
	c.Flags().Var(&f.Rate, "rate", "maximum request rate: 5/s, 300/m, 1000/h or unlimited")
}

// addPartnerIDFlag adds --partner-id, which chooses whose events are recorded.
func addPartnerIDFlag(f *pflag.FlagSet, id *string) {
	f.StringVar(id, "partner-id", "", "record only events of the partner account `ID` (default: the account that the wallet names)")
	settings.HideAdvanced(f, "partner-id")
}

// partnerIDOf returns the flag's value, or what the ledger knows.
func partnerIDOf(ctx context.Context, l ledger.Ledger, flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	info, err := l.Info(ctx)
	return info.Account.Partner, err
}

// openShared opens a ledger to be written to while a run may hold it. With
// --ledger alone it may be of any environment.
func openShared(ctx context.Context, con *term.Console, c *cobra.Command, f *settings.TargetFlags) (*session.SharedLedger, error) {
	l, info, err := session.OpenToRead(ctx, c, f)
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		return nil, err
	}
	store, err := session.OpenLedger(ctx, session.LedgerOptions{Path: info.Path, Environment: info.Environment, Concurrent: true, Command: settings.CommandName(c)})
	return session.NewSharedLedger(store, con), err
}
