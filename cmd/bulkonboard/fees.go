package main

import (
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// feeWarning tells when what the wallet lost is not what the created users can
// have cost at the fee that was given, or measured in earlier runs; "" when it is, or
// when that is not known. Whoever was in doubt
// before may have been paid for in an earlier run, or be created anew without a
// second fee; whoever is in doubt now may have been paid for in this one.
func feeWarning(sum pipeline.Summary) string {
	charged := sum.WalletFrom.Minus(sum.WalletTo)
	users := sum.New[ledger.Created] + sum.New[ledger.LinkMissing]
	if !charged.Known() || !sum.Plan.Fee.Known() {
		return ""
	}
	least := sum.Plan.Fee.Times(max(0, users-sum.Plan.InDoubt))
	most := sum.Plan.Fee.Times(users + sum.New[ledger.InDoubt])
	if charged.Cmp(least) >= 0 && charged.Cmp(most) <= 0 {
		return ""
	}
	return fmt.Sprintf("warning: the wallet held %s before and %s after: %s were charged, while %s at %s are %s. Something else is paid from it, the fee has changed, or it was charged for nobody",
		sum.WalletFrom, sum.WalletTo, charged, usersText(users), sum.Plan.Fee, sum.Plan.Fee.Times(users))
}
