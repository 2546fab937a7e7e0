package plans

import (
	"context"
	"errors"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
)

// The policies of a ledger: who has to agree before something is sent.
const (
	PolicyNone       = "none"
	PolicyTwoPersons = "two-persons"
)

// factPolicy is the small fact of the ledger that holds its policy. ledger verify knows
// it by this name.
const factPolicy = "approval"

// Policy returns the policy of a ledger, and since when it holds.
func Policy(ctx context.Context, l ledger.Runs) (policy string, since time.Time, err error) {
	policy, since, err = l.Fact(ctx, factPolicy)
	if errors.Is(err, ledger.ErrNotFound) {
		return PolicyNone, time.Time{}, nil
	}
	return policy, since, err
}

// SetPolicy changes the policy of a ledger. The same policy again changes nothing, so
// that it keeps its beginning.
func SetPolicy(ctx context.Context, l ledger.Runs, policy string, now time.Time) error {
	is, _, err := Policy(ctx, l)
	if err != nil || is == policy {
		return err
	}
	return l.SaveFact(ctx, factPolicy, policy, now)
}

// CheckDecider refuses an approval by whoever had a hand in the plan or its list, where
// two persons have to approve. Where they do not, a run needs no plan at all.
func CheckDecider(ctx context.Context, l ledger.Runs, terms *approval.Terms, by approval.Person) error {
	err := terms.CheckDecider(by)
	if err == nil {
		return nil
	}
	policy, _, failed := Policy(ctx, l)
	if failed != nil {
		return failed
	}
	if policy != PolicyTwoPersons {
		return nil
	}
	return refusePlan(err.Error())
}

// CheckPolicy refuses to send without a plan where two persons have to approve.
func CheckPolicy(ctx context.Context, l Store) error {
	policy, _, err := Policy(ctx, l)
	if err != nil || policy != PolicyTwoPersons {
		return err
	}
	return refusePlan("this ledger asks for two persons, and no approved plan was named", "make a plan: bulkonboard plan --save", "have it approved: bulkonboard approve PLAN", "carry it out: bulkonboard run --plan PLAN")
}
