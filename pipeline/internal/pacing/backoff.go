package pacing

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	FirstBackoff = time.Second
	MaxBackoff   = time.Minute
)

// BackoffAfter returns the n-th wait (from 0), doubling from first up to longest.
func BackoffAfter(n int, first, longest time.Duration) time.Duration {
	d := first
	for range n {
		if d >= longest {
			return longest
		}
		d *= 2
	}
	return min(d, longest)
}

// WithJitter spreads a wait over its upper half, so that several machines do not
// come back in step.
func WithJitter(d time.Duration) time.Duration {
	if d < 2 {
		return d
	}
	return d/2 + rand.N(d/2)
}

// WallTime returns the time of the wall clock without the monotonic reading, which does
// not advance while a machine is suspended.
func WallTime() time.Time { return time.Now().Round(0) }

// SleepFor waits for d or the end of ctx.
func SleepFor(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SleepUntil waits until the wall clock reads at. It looks again every few
// seconds, because a timer stops while the machine is suspended.
func SleepUntil(ctx context.Context, at time.Time) error {
	for {
		left := at.Sub(WallTime())
		if left <= 0 {
			return ctx.Err()
		}
		if err := SleepFor(ctx, min(left, 5*time.Second)); err != nil {
			return err
		}
	}
}
