package sqlite

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
// oldest first, all of one state. Others may write meanwhile.
func (l *Ledger) Walk(ctx context.Context, to Visitor) error {
	c, end, err := l.snapshot(ctx)
	if err != nil {
		return err
	}
	defer end()
	var failed error // of the visitor: nothing of the ledger's
	visit := func(err error) error {
		failed = err
		return err
	}
	if err := l.walk(ctx, c, to, visit); err != nil {
		if failed != nil {
			return failed
		}
		return l.classify(err)
	}
	return nil
}

func (l *Ledger) walk(ctx context.Context, c *conn, to Visitor, visit func(error) error) error {
	h, err := c.header(ctx)
	if err != nil {
		return err
	}
	h.info.Path, h.info.Opened = l.path, l.info.Opened
	if err := visit(to.Info(h.info)); err != nil {
		return err
	}
	if err := c.query(ctx, "SELECT name, value, at FROM fact ORDER BY name", nil, func(r *record) error {
		return visit(to.Fact(r.text(), r.text(), r.time()))
	}); err != nil {
		return err
	}
	if err := c.query(ctx, "SELECT "+runColumns+" FROM run ORDER BY id", nil, func(r *record) error {
		return visit(to.Run(r.run()))
	}); err != nil {
		return err
	}
	batches, err := c.batches(ctx, "ORDER BY id")
	if err != nil {
		return err
	}
	for _, b := range batches {
		if err := visit(to.Batch(b)); err != nil {
			return err
		}
		if err := l.lines(ctx, c, ledger.Selection{Batch: b.ID}, wholeLine, func(n *line) error {
			return visit(to.Row(b.ID, n.Reported))
		}); err != nil {
			return err
		}
	}
	return l.customers(ctx, c, ledger.Query{History: true}, func(one ledger.Customer) error { return visit(to.Customer(one)) })
}
