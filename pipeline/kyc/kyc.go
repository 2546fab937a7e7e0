// Package kyc follows users after their creation: the status of their identity
// check, from the partner's list, from saved webhooks or by receiving them; the
// checks of denied users, which it starts again; and users whose link was lost, which it
// deletes so that they can be created again.
//
// Start at [Sync] for the partner's list, [Import] for saved webhooks and
// [Handler] with [Serve] for received ones; all three give a [Ledger] what they
// read. [Retry] is for denied users, [Remove] for lost links, [ChooseRenewals] and
// [Renewer] for dead ones, [Count] for the funnel. An endpoint of your own needs [Signature] and [ParseEvent] only.
//
// Nothing here creates a user. Everything but Remove and Renewer may run at the same time as a
// run on the same ledger.
package kyc

import (
	"context"
	"errors"
	"time"

	"golang.org/x/time/rate"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// Ledger is what this package needs of a ledger.
type Ledger interface {
	ledger.Verification
	Customers
}

// Pace holds all requests of one command to a rate, and waits where the partner
// asks for it or does not answer. The zero value is not usable; see NewPace.
type Pace struct {
	awaitTurn func(context.Context) error
	tries     int
	pause     time.Duration // before the second try; doubles
}

// NewPace allows so many requests a second; 0 = without limit. Each also waits for the
// turns that alsoAwait allows.
func NewPace(perSecond float64, alsoAwait ...func(context.Context) error) *Pace {
	limit := rate.Inf
	if perSecond > 0 {
		limit = rate.Limit(perSecond)
	}
	own := rate.NewLimiter(limit, 1)
	return PaceOf(func(ctx context.Context) error {
		err := own.Wait(ctx)
		for _, await := range alsoAwait {
			if err == nil {
				err = await(ctx)
			}
		}
		return err
	})
}

// PaceOf makes requests in turns that awaitTurn allows, such as those of a run.
func PaceOf(awaitTurn func(context.Context) error) *Pace {
	return &Pace{awaitTurn: awaitTurn, tries: 5, pause: time.Second}
}

const maxPause = time.Minute

// askPartner makes a request until it is answered, refused for good, or tried
// often enough. do must be safe to repeat after an error for which again is true.
// What it returns is that of the last try, or the error of ctx.
func askPartner[T any](ctx context.Context, p *Pace, again func(*partner.Error) bool, do func() (T, error)) (answer T, err error) {
	rest := p.pause
	for n := 1; ; n++ {
		if err := p.awaitTurn(ctx); err != nil {
			return answer, err
		}
		answer, err = do()
		e, ok := errors.AsType[*partner.Error](err)
		if !ok || !again(e) || n >= p.tries || e.Class == ledger.Auth || e.StopCause != partner.NoStopCause {
			return answer, err
		}
		wait := max(rest, e.RetryAfter)
		if wait > 15*maxPause {
			return answer, err // too long to wait for a list
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return answer, ctx.Err()
		}
		rest = min(2*rest, maxPause)
	}
}

// isReadable reports whether a list that was not given may be given later.
func isReadable(e *partner.Error) bool { return e.Class != ledger.Reject && e.Class != ledger.Unclear }

// isPassing reports whether a change was turned away, or never sent, for a reason
// that passes.
func isPassing(e *partner.Error) bool { return e.Class.AsksToWait() || e.Class == ledger.NotSent }
