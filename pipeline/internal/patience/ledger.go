// Package patience waits out the times in which a shared ledger cannot be reached. Every
// call that ends with ledger.ErrUnavailable is made again, which by the rule of that
// error finds what the first one did. Start at [WrapLedger].
package patience

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// pause is the time between two calls.
const pause = time.Second

// Ledger is a shared ledger whose calls are made again until they succeed. What a Ledger
// may offer beyond ledger.Shared is reached by UnwrapLedger.
type Ledger struct {
	ledger.Shared
	patience time.Duration
}

var _ ledger.Shared = (*Ledger)(nil)

// WrapLedger returns a ledger whose calls are made again for so long as patience. One that is
// not shared is returned as it is.
func WrapLedger(l ledger.Ledger, patience time.Duration) ledger.Ledger {
	if shared, ok := l.(ledger.Shared); ok {
		return &Ledger{shared, patience}
	}
	return l
}

// UnwrapLedger returns the ledger that was given to WrapLedger.
func UnwrapLedger(l ledger.Ledger) ledger.Ledger {
	if w, ok := l.(*Ledger); ok {
		return w.Shared
	}
	return l
}

// repeatCall calls do until its error is not that the ledger is unavailable, ctx ends, or
// patience is over.
func repeatCall[T any](ctx context.Context, patience time.Duration, do func() (T, error)) (T, error) {
	began := time.Now()
	for {
		out, err := do()
		if !errors.Is(err, ledger.ErrUnavailable) || time.Since(began) >= patience {
			return out, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return out, err
		}
	}
}

// repeatWrite is repeatCall for calls with no result.
func repeatWrite(ctx context.Context, patience time.Duration, do func() error) error {
	_, err := repeatCall(ctx, patience, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// Intend implements ledger.Journal.
func (l *Ledger) Intend(ctx context.Context, run int64, intents []ledger.Intent) ([]int64, error) {
	return repeatCall(ctx, l.patience, func() ([]int64, error) { return l.Shared.Intend(ctx, run, intents) })
}

// Record implements ledger.Journal.
func (l *Ledger) Record(ctx context.Context, run int64, changes []ledger.Change) ([]ledger.Change, error) {
	return repeatCall(ctx, l.patience, func() ([]ledger.Change, error) { return l.Shared.Record(ctx, run, changes) })
}

// Merge implements ledger.Journal.
func (l *Ledger) Merge(ctx context.Context, changes []ledger.Change) ([]ledger.Change, error) {
	return repeatCall(ctx, l.patience, func() ([]ledger.Change, error) { return l.Shared.Merge(ctx, changes) })
}

// NotePairings implements ledger.Pairings.
func (l *Ledger) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	return repeatWrite(ctx, l.patience, func() error { return l.Shared.NotePairings(ctx, notes) })
}

// Plan implements ledger.Reader.
func (l *Ledger) Plan(ctx context.Context, batch int64, from, n int) ([]ledger.Planned, error) {
	return repeatCall(ctx, l.patience, func() ([]ledger.Planned, error) { return l.Shared.Plan(ctx, batch, from, n) })
}

// Tally implements ledger.Reader.
func (l *Ledger) Tally(ctx context.Context, s ledger.Selection) (ledger.Tally, error) {
	return repeatCall(ctx, l.patience, func() (ledger.Tally, error) { return l.Shared.Tally(ctx, s) })
}

// Customers implements ledger.Reader. A reading that breaks off later than at its
// beginning is not made again.
func (l *Ledger) Customers(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Customer, error] {
	return func(yield func(ledger.Customer, error) bool) {
		isYielded, isEnded := false, false
		err := repeatWrite(ctx, l.patience, func() error {
			for c, err := range l.Shared.Customers(ctx, q) {
				if err != nil && !isYielded {
					return err
				}
				isYielded = true
				if !yield(c, err) {
					isEnded = true
					return nil
				}
			}
			return nil
		})
		if err != nil && !isYielded && !isEnded {
			yield(ledger.Customer{}, err)
		}
	}
}

// SaveFact implements ledger.Runs.
func (l *Ledger) SaveFact(ctx context.Context, name, value string, at time.Time) error {
	return repeatWrite(ctx, l.patience, func() error { return l.Shared.SaveFact(ctx, name, value, at) })
}

// Senders implements ledger.Shared.
func (l *Ledger) Senders(ctx context.Context) ([]ledger.SenderState, error) {
	return repeatCall(ctx, l.patience, func() ([]ledger.SenderState, error) { return l.Shared.Senders(ctx) })
}

// Pace implements ledger.Shared.
func (l *Ledger) Pace(ctx context.Context) (ledger.Pace, error) {
	return repeatCall(ctx, l.patience, func() (ledger.Pace, error) { return l.Shared.Pace(ctx) })
}
