package sqlite

import (
	"context"
	"errors"

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

// readState implements tables.ReadState.
func (l *Ledger) readState(ctx context.Context, from func(*tables.Reader) (canRepeat bool, err error)) error {
	_, err := read(ctx, l, func(c *conn) (struct{}, error) {
		_, err := from(c.Reader)
		return struct{}{}, err
	})
	return err
}

// Info implements ledger.Reader.
func (l *Ledger) Info(ctx context.Context) (ledger.Info, error) {
	return read(ctx, l, func(c *conn) (ledger.Info, error) {
		h, err := c.ReadHeader(ctx)
		h.Info.Path, h.Info.Opened = l.path, l.info.Opened
		return h.Info, err
	})
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

// Digest implements ledger.Registrar.
func (l *Ledger) Digest(details []ledger.Detail) ledger.Details {
	return l.keys.Details(l.detailNames.Load().Add(details).Values(details))
}
