package tables

import (
	"context"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Visitor is shown everything that a ledger holds; see Ledger.Walk. An error
// of a method ends the walk.
type Visitor interface {
	Info(ledger.Info) error
	Fact(name, value string, at time.Time) error
	Run(ledger.Run) error
	Batch(ledger.Batch) error
	Row(batch int64, r ledger.Reported) error // its Customer has no History
	Customer(ledger.Customer) error           // with History
}

// Walk shows everything but secrets, which are the keys of hashes, and the
// hashes made with them: in the order of Visitor's methods, runs and customers
// oldest first. info is what the ledger belongs to.
func (c *Reader) Walk(ctx context.Context, info ledger.Info, to Visitor) error {
	if err := to.Info(info); err != nil {
		return err
	}
	if err := c.Query(ctx, "SELECT name, value, at_us FROM fact ORDER BY name", nil, func(r *Record) error {
		name, value, at := r.Text(), r.Text(), r.Time()
		if err := r.Err(); err != nil {
			return err
		}
		return to.Fact(name, value, at)
	}); err != nil {
		return err
	}
	if err := c.ReadRuns(ctx, "ORDER BY id", to.Run); err != nil {
		return err
	}
	batches, err := c.ReadBatches(ctx, "ORDER BY id")
	if err != nil {
		return err
	}
	for _, b := range batches {
		if err := to.Batch(b); err != nil {
			return err
		}
		if err := c.ReadLines(ctx, ledger.Selection{Batch: b.ID}, WholeLine, func(n *Line) error {
			return to.Row(b.ID, n.Reported)
		}); err != nil {
			return err
		}
	}
	return c.ReadCustomers(ctx, ledger.Query{History: true}, to.Customer)
}
