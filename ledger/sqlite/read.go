package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
	driver "modernc.org/sqlite"
)

var _ ledger.Reader = (*Ledger)(nil)

// Visitor is shown everything that a ledger holds; see Ledger.Walk.
type Visitor = tables.Visitor

// read reads one state of the ledger.
func read[T any](ctx context.Context, l *Ledger, from func(*conn) (T, error)) (T, error) {
	c, end, err := l.snapshot(ctx)
	if err != nil {
		return *new(T), err
	}
	defer end()
	out, err := from(c)
	return out, l.classify(err)
}

// stream yields what is read from one state of the ledger.
func stream[T any](ctx context.Context, l *Ledger, from func(*conn, func(T) error) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		_, err := read(ctx, l, func(c *conn) (struct{}, error) {
			return struct{}{}, from(c, func(one T) error {
				if !yield(one, nil) {
					return tables.ErrStopped
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, tables.ErrStopped) {
			yield(*new(T), err)
		}
	}
}

// Info implements ledger.Reader.
func (l *Ledger) Info(ctx context.Context) (ledger.Info, error) {
	return read(ctx, l, func(c *conn) (ledger.Info, error) {
		h, err := c.ReadHeader(ctx)
		h.Info.Path, h.Info.Opened = l.path, l.info.Opened
		return h.Info, err
	})
}

// Plan implements ledger.Reader.
func (l *Ledger) Plan(ctx context.Context, batch int64, from, n int) ([]ledger.Planned, error) {
	return read(ctx, l, func(c *conn) ([]ledger.Planned, error) { return c.ReadPlan(ctx, batch, from, n) })
}

// Customers implements ledger.Reader.
func (l *Ledger) Customers(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Customer, error] {
	return stream(ctx, l, func(c *conn, use func(ledger.Customer) error) error { return c.ReadCustomers(ctx, q, use) })
}

// Rows implements ledger.Reader.
func (l *Ledger) Rows(ctx context.Context, s ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return stream(ctx, l, func(c *conn, use func(ledger.Reported) error) error { return c.useRows(ctx, s, use) })
}

func (c *conn) useRows(ctx context.Context, s ledger.Selection, use func(ledger.Reported) error) error {
	for r, err := range c.ReadRows(ctx, s) {
		if err == nil {
			err = use(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Tally implements ledger.Reader.
func (l *Ledger) Tally(ctx context.Context, s ledger.Selection) (ledger.Tally, error) {
	return read(ctx, l, func(c *conn) (ledger.Tally, error) { return c.ReadTally(ctx, s) })
}

// Batches implements ledger.Reader.
func (l *Ledger) Batches(ctx context.Context) ([]ledger.Batch, error) {
	return read(ctx, l, func(c *conn) ([]ledger.Batch, error) { return c.ReadBatches(ctx, "ORDER BY id DESC") })
}

// Verify proves the ledger, and returns what contradicts it, an empty list if nothing
// does; see tables.Reader.Verify. Others may write meanwhile.
func (l *Ledger) Verify(ctx context.Context) ([]string, error) {
	return read(ctx, l, func(c *conn) ([]string, error) { return c.Verify(ctx) })
}

// Walk shows a visitor everything, all of one state; see tables.Reader.Walk. An error
// of the visitor ends it. Others may write meanwhile.
func (l *Ledger) Walk(ctx context.Context, to Visitor) error {
	c, end, err := l.snapshot(ctx)
	if err != nil {
		return err
	}
	defer end()
	h, err := c.ReadHeader(ctx)
	if err != nil {
		return l.classify(err)
	}
	h.Info.Path, h.Info.Opened = l.path, l.info.Opened
	err = c.Walk(ctx, h.Info, to)
	var e *driver.Error
	if errors.As(err, &e) || errors.Is(err, tables.ErrMalformed) {
		return l.classify(err)
	}
	return err // the visitor's own
}

// Snapshot is the ledger at one moment.
type Snapshot = tables.Snapshot

// Snapshot begins a snapshot. Until its Close the log cannot be moved into the
// file, and grows with what is written meanwhile.
func (l *Ledger) Snapshot(ctx context.Context) (*Snapshot, error) {
	c, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return tables.NewSnapshot(c.Reader, end), nil
}

// Decided is how many customers were decided in a stretch of time, and when.
type Decided = tables.Decided

// DecidedSince counts the customers that a batch named last, for whom a request was
// sent, and that were decided at or after a moment.
func (l *Ledger) DecidedSince(ctx context.Context, batch int64, since time.Time) (Decided, error) {
	return read(ctx, l, func(c *conn) (Decided, error) { return c.DecidedSince(ctx, batch, since) })
}

// FindBatch implements ledger.Registrar.
func (l *Ledger) FindBatch(ctx context.Context, fingerprint string) (ledger.Batch, error) {
	return read(ctx, l, func(c *conn) (ledger.Batch, error) {
		all, err := c.ReadBatches(ctx, "WHERE fingerprint = ?", fingerprint)
		if err != nil || len(all) == 0 {
			return ledger.Batch{}, cmp.Or(err, fmt.Errorf("this input: %w", ledger.ErrNotFound))
		}
		return all[0], nil
	})
}

// Digest implements ledger.Registrar.
func (l *Ledger) Digest(details []ledger.Detail) ledger.Details {
	return l.keys.Details(l.detailNames.Load().Add(details).Values(details))
}
