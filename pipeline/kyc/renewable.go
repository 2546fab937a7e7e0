package kyc

import (
	"context"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Renewable are the customers of an input whose links are dead and who may get new ones,
// and how many others there are, by why they get none.
type Renewable struct {
	Customers   []ledger.Customer // in the order of the ledger, with their attempts
	Left        int               // more than asked for, for a later wave
	Working     int               // whose links still work
	Begun       int               // who have begun the check: under review, approved, denied
	Unconfirmed int               // whom the partner's list has not confirmed, or shows otherwise
	Spent       int               // who were renewed MaxRenewals times
}

// Dead returns how many customers have a dead link and never began the check.
func (r Renewable) Dead() int { return len(r.Customers) + r.Left + r.Unconfirmed + r.Spent }

// ChooseRenewals chooses customers of a batch whose links have outlived their life, at most
// so many; 0 = all.
func ChooseRenewals(ctx context.Context, l Customers, batch int64, life time.Duration, now time.Time, most int) (Renewable, error) {
	var out Renewable
	for c, err := range l.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.Created}, Batch: batch, History: true}) {
		if err != nil {
			return out, err
		}
		switch {
		case !c.KYC.HasNotBegun():
			out.Begun++
		case c.LinkState(now, life) != ledger.LinkDead:
			out.Working++
		case !c.IsRenewable():
			out.Unconfirmed++
		case c.Deletions() >= MaxRenewals:
			out.Spent++
		case most > 0 && len(out.Customers) >= most:
			out.Left++
		default:
			out.Customers = append(out.Customers, c)
		}
	}
	return out, nil
}
