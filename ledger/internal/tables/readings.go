package tables

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// ReadState calls read with a connection that sees one state of a ledger. Where the
// connection is lost it may do so once more, if read said that it can be repeated. Its
// errors say which ledger it is.
type ReadState func(ctx context.Context, read func(*Reader) (canRepeat bool, err error)) error

// Readings are the methods of a ledger that only read, for its type to embed. They may be
// called by any number of goroutines.
type Readings struct{ readState ReadState }

// NewReadings returns the methods that read by readState.
func NewReadings(readState ReadState) Readings { return Readings{readState} }

// readValue reads one value.
func readValue[T any](ctx context.Context, s Readings, from func(*Reader) (T, error)) (out T, err error) {
	err = s.readState(ctx, func(r *Reader) (bool, error) {
		var err error
		out, err = from(r)
		return true, err
	})
	return out, err
}

// stream yields what is read from one state of the ledger. Once it has yielded anything,
// an outage ends it.
func stream[T any](ctx context.Context, s Readings, from func(*Reader, func(T) error) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		isBegun := false
		err := s.readState(ctx, func(r *Reader) (bool, error) {
			err := from(r, func(one T) error {
				if isBegun = true; !yield(one, nil) {
					return ErrStopped
				}
				return nil
			})
			return !isBegun, err
		})
		if err != nil && !errors.Is(err, ErrStopped) {
			yield(*new(T), err)
		}
	}
}

// Plan implements ledger.Reader.
func (s Readings) Plan(ctx context.Context, batch int64, from, n int) ([]ledger.Planned, error) {
	return readValue(ctx, s, func(r *Reader) ([]ledger.Planned, error) { return r.ReadPlan(ctx, batch, from, n) })
}

// Customers implements ledger.Reader.
func (s Readings) Customers(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Customer, error] {
	return stream(ctx, s, func(r *Reader, use func(ledger.Customer) error) error { return r.ReadCustomers(ctx, q, use) })
}

// Rows implements ledger.Reader.
func (s Readings) Rows(ctx context.Context, chosen ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return stream(ctx, s, func(r *Reader, use func(ledger.Reported) error) error {
		for row, err := range r.ReadRows(ctx, chosen) {
			if err == nil {
				err = use(row)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Tally implements ledger.Reader.
func (s Readings) Tally(ctx context.Context, chosen ledger.Selection) (ledger.Tally, error) {
	return readValue(ctx, s, func(r *Reader) (ledger.Tally, error) { return r.ReadTally(ctx, chosen) })
}

// Batches implements ledger.Reader.
func (s Readings) Batches(ctx context.Context) ([]ledger.Batch, error) {
	return readValue(ctx, s, func(r *Reader) ([]ledger.Batch, error) { return r.ReadBatches(ctx, "ORDER BY id DESC") })
}

// FindBatch implements ledger.Registrar.
func (s Readings) FindBatch(ctx context.Context, fingerprint string) (ledger.Batch, error) {
	return readValue(ctx, s, func(r *Reader) (ledger.Batch, error) {
		all, err := r.ReadBatches(ctx, "WHERE fingerprint = ?", fingerprint)
		if err != nil || len(all) == 0 {
			return ledger.Batch{}, cmp.Or(err, fmt.Errorf("this input: %w", ledger.ErrNotFound))
		}
		return all[0], nil
	})
}

// DecidedSince counts the customers that a batch named last, for whom a request was
// sent, and that were decided at or after a moment.
func (s Readings) DecidedSince(ctx context.Context, batch int64, since time.Time) (Decided, error) {
	return readValue(ctx, s, func(r *Reader) (Decided, error) { return r.DecidedSince(ctx, batch, since) })
}

// Log implements ledger.Runs.
func (s Readings) Log(ctx context.Context) iter.Seq2[ledger.Run, error] {
	return stream(ctx, s, func(r *Reader, use func(ledger.Run) error) error { return r.ReadRuns(ctx, "ORDER BY id DESC", use) })
}

// Fact implements ledger.Runs.
func (s Readings) Fact(ctx context.Context, name string) (value string, at time.Time, err error) {
	isKnown, err := readValue(ctx, s, func(r *Reader) (isKnown bool, err error) {
		value, at, isKnown, err = r.ReadFact(ctx, name)
		return isKnown, err
	})
	if err == nil && !isKnown {
		err = fmt.Errorf("%s: %w", name, ledger.ErrNotFound)
	}
	return value, at, err
}

// FactNames lists the names of small facts that begin with prefix, sorted.
func (s Readings) FactNames(ctx context.Context, prefix string) ([]string, error) {
	return readValue(ctx, s, func(r *Reader) ([]string, error) { return r.FactNames(ctx, prefix) })
}

// HasKYC reports whether any identity check of a user of a batch is known, 0 = of any
// user at all.
func (s Readings) HasKYC(ctx context.Context, batch int64) (bool, error) {
	return readValue(ctx, s, func(r *Reader) (bool, error) { return r.HasKYC(ctx, batch) })
}

// Plans implements ledger.Plans.
func (s Readings) Plans(ctx context.Context) ([]ledger.Plan, error) {
	return readValue(ctx, s, func(r *Reader) ([]ledger.Plan, error) { return r.ReadPlans(ctx, "ORDER BY made_us DESC, id") })
}

// Unplanned implements ledger.Plans.
func (s Readings) Unplanned(ctx context.Context, id string, rows []ledger.PlanRow) ([]int, error) {
	return readValue(ctx, s, func(r *Reader) ([]int, error) { return r.Unplanned(ctx, id, rows) })
}

// Gaps implements ledger.Gaps.
func (s Readings) Gaps(ctx context.Context) ([]ledger.Gap, error) {
	return readValue(ctx, s, func(r *Reader) ([]ledger.Gap, error) { return r.ReadGaps(ctx) })
}

// InGap implements ledger.Gaps.
func (s Readings) InGap(ctx context.Context, identities []string) (map[string]bool, error) {
	return readValue(ctx, s, func(r *Reader) (map[string]bool, error) { return r.InGap(ctx, identities) })
}
