package session

import (
	"fmt"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
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
	if !charged.Known() || !sum.Plan.Fee.Known() || isExplained(sum, charged, sum.Plan.Fee) {
		return ""
	}
	return fmt.Sprintf("warning: the wallet held %s before and %s after: %s were charged, while %s at %s are %s. Something else is paid from it, the fee has changed, or it was charged for nobody",
		sum.WalletFrom, sum.WalletTo, charged, term.Count(users, "user"), sum.Plan.Fee, sum.Plan.Fee.Times(users))
}

// isExplained reports whether the users of this run can have cost as much.
func isExplained(sum pipeline.Summary, charged, fee pipeline.Amount) bool {
	users := sum.New[ledger.Created] + sum.New[ledger.LinkMissing] // a lost link cost as much
	least := fee.Times(max(0, users-sum.Plan.InDoubt))
	most := fee.Times(users + sum.New[ledger.InDoubt])
	return charged.Cmp(least) >= 0 && charged.Cmp(most) <= 0
}

// amountCharged returns what this run was charged: what the wallet lost, where its users
// explain that, for it knows who was paid for before or created anew without a
// fee; else the fee of each user.
func amountCharged(sum pipeline.Summary) pipeline.Amount {
	if !sum.Fee.Known() {
		return pipeline.Amount{}
	}
	if lost := sum.WalletFrom.Minus(sum.WalletTo); lost.Known() && isExplained(sum, lost, sum.Fee) {
		return lost
	}
	return sum.Fee.Times(sum.New[ledger.Created] + sum.New[ledger.LinkMissing])
}
