package pacing

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	walletEvery  = 15 * time.Second // how often an empty wallet is asked
	walletAnyway = 10 * time.Minute // when one row tries in spite of what the wallet says
)

// Why a gate will not open within the patience of a run.
var (
	ErrTooLong  = errors.New("the partner asks to wait longer than --patience")
	ErrSilent   = errors.New("the partner gives no usable answer")
	ErrOnlyBusy = errors.New("the partner answers nothing but 429")
	ErrNoPorts  = errors.New("this machine has no free port or file handle for another connection")
)

// GateController opens a gate: after the pause that the partner asked for,
// after a back-off, or when the wallet can pay again. It never sends a customer
// itself. It lets one row go first, and the gate looks at that row's answer.
type GateController struct {
	Gate      *Gate
	Patience  time.Duration
	ShowPause func(why string, until time.Time) // shows why nothing is sent; "" = it is sent
	NameCause func() string                     // names the last failure in brackets, or ""

	// askWallet returns nil if the wallet call is answered.
	AskWallet func(context.Context) error
	// watchWallet begins to watch a wallet that cannot pay. It returns what
	// reports whether the wallet can pay again, and what ends the watch.
	WatchWallet func(context.Context) (isFunded func(context.Context) bool, end func())

	tries int // trials in a row that failed
}

// KeepOpen works until ctx ends, or the gate will not open within patience;
// then the error says why.
func (c *GateController) KeepOpen(ctx context.Context) error {
	for ctx.Err() == nil {
		now := WallTime()
		view := c.Gate.CurrentView(now)
		if view.state == gateOpen {
			c.tries = 0
			c.ShowPause("", time.Time{})
		}
		if view.state != gateShut {
			select {
			case <-view.changed:
			case <-ctx.Done():
			}
			continue
		}
		if err := c.lostPatience(view, now); err != nil {
			return err
		}
		switch view.why {
		case askedToWait:
			c.reopenAt(ctx, PauseText(view.AskedUntil.Sub(now)), view.AskedUntil)
		case exhausted:
			c.reopenAt(ctx, "this machine has no free port or file handle for another connection, continuing", view.restingUntil)
		case empty:
			c.awaitFunds(ctx)
		default:
			c.awaitAnswer(ctx, view)
		}
	}
	return nil
}

// lostPatience returns why waiting longer is of no use, nil if it is of use.
func (c *GateController) lostPatience(view gateView, now time.Time) error {
	isOver := func(since time.Time) bool { return !since.IsZero() && now.Sub(since) >= c.Patience }
	switch {
	case isOver(view.silentSince):
		return ErrSilent
	case view.why == exhausted && isOver(view.scarceSince):
		return ErrNoPorts
	case view.why == askedToWait && isOver(view.busySince):
		return ErrOnlyBusy
	case view.AskedUntil.Sub(now) > c.Patience:
		return ErrTooLong
	default:
		return nil
	}
}

// reopenAt opens the gate when a clock says so.
func (c *GateController) reopenAt(ctx context.Context, why string, at time.Time) {
	c.ShowPause(why, at)
	if SleepUntil(ctx, at) == nil {
		c.Gate.reopen()
	}
}

// PauseText says for how long the partner asks everyone to wait.
func PauseText(d time.Duration) string {
	if d >= 2*time.Minute {
		return fmt.Sprintf("partner asked to wait %d min, continuing", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("partner asked to wait %d s, continuing", int(d.Round(time.Second).Seconds()))
}

// awaitAnswer backs off, makes sure by the wallet that the partner answers when
// the answers were the trouble, and then lets one row go first.
func (c *GateController) awaitAnswer(ctx context.Context, view gateView) {
	d := WithJitter(BackoffAfter(c.tries, FirstBackoff, MaxBackoff))
	c.tries++
	if silent := view.silentSince; !silent.IsZero() { // never sleep past the end of patience
		d = min(d, max(0, silent.Add(c.Patience).Sub(WallTime())))
	}
	text := "partner cannot be reached" + c.NameCause()
	if view.why == broken {
		text = "partner's answers cannot be used"
	}
	c.ShowPause(text+", trying again", WallTime().Add(d))
	if SleepFor(ctx, d) != nil {
		return
	}
	if view.why == broken && c.AskWallet(ctx) != nil {
		return // round again, with a longer wait
	}
	c.tryOne(ctx)
}

// tryOne lets one row go first, once the partner asks for no more patience.
func (c *GateController) tryOne(ctx context.Context) {
	if SleepUntil(ctx, c.Gate.CurrentView(WallTime()).AskedUntil) == nil {
		c.Gate.startTrial()
	}
}

// awaitFunds asks the wallet until it can pay, or ten minutes are over.
func (c *GateController) awaitFunds(ctx context.Context) {
	isFunded, end := c.WatchWallet(ctx)
	defer end()
	for anyway := WallTime().Add(walletAnyway); ; {
		c.ShowPause("the wallet is empty, checking again", WallTime().Add(walletEvery))
		if SleepFor(ctx, walletEvery) != nil {
			return
		}
		if isFunded(ctx) || !WallTime().Before(anyway) {
			break
		}
	}
	c.tryOne(ctx)
}
