package kyc

import (
	"context"
	"iter"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Funnel is how far the users of a ledger, or of one input, are. The zero value
// is an empty one.
type Funnel struct {
	Users      int                      // that exist, created by us
	Status     map[ledger.KYCStatus]int // "" = nothing was heard of their check
	NoLink     int                      // link_missing
	Unverified int                      // have still to open their link, and have had it for longer than asked
	RetryOpen  int                      // perhaps started again: no answer, and no news since
	Again      int                      // under review again without a link: they have nothing to do
}

// Customers is where the customers of a Funnel come from.
type Customers interface {
	Customers(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Customer, error]
}

// Count counts the users of a batch, 0 = of the ledger. Those who have had their
// link since before `before` and did not open it count as Unverified.
func Count(ctx context.Context, l Customers, batch int64, before time.Time) (Funnel, error) {
	var f Funnel
	for c, err := range l.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.Created, ledger.LinkMissing}, Batch: batch}) {
		if err != nil {
			return f, err
		}
		f.Add(c, before)
	}
	return f, nil
}

// Add counts a customer, if there is a user of ours.
func (f *Funnel) Add(c ledger.Customer, before time.Time) {
	if c.Status != ledger.Created && c.Status != ledger.LinkMissing {
		return
	}
	if f.Status == nil {
		f.Status = map[ledger.KYCStatus]int{}
	}
	f.Users++
	f.Status[c.KYC.Status]++
	if c.Status == ledger.LinkMissing && !c.KYC.IsLinkSpent() {
		f.NoLink++
	}
	if IsUnverified(c, before) {
		f.Unverified++
	}
	if s := c.KYC.Status; c.KYC.RetryOpen && (s.Open() || s == ledger.KYCDenied) {
		f.RetryOpen++
	}
	if c.KYC.IsUnderReviewAgain() {
		f.Again++
	}
}

// IsUnverified reports whether a customer has a link from before a moment, and
// has still to open it.
func IsUnverified(c ledger.Customer, before time.Time) bool {
	return c.Status == ledger.Created && c.UsableURL() != "" && c.KYC.Status.Open() && !c.Issued.After(before)
}
