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
	ErrSilent   = errors.New("the partner gives no useful answer")
	ErrOnlyBusy = errors.New("the partner answers nothing but 429")
	ErrNoPorts  = errors.New("this machine has no port or file for another connection")
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
		state, why, until, changed := c.Gate.CurrentState()
		if state == gateOpen {
			c.tries = 0
			c.ShowPause("", time.Time{})
		}
		if state != GateShut {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		if err := c.lostPatience(why, until); err != nil {
			return err
		}
		switch why {
		case askedToWait:
			c.reopenAt(ctx, PauseText(until.Sub(WallTime())), until)
		case exhausted:
			_, rest := c.Gate.exhaustedSince()
			c.reopenAt(ctx, "this machine has no port or file for another connection, going on", rest)
		case empty:
			c.awaitFunds(ctx)
		default:
			c.awaitAnswer(ctx, why)
		}
	}
	return nil
}

// lostPatience returns why it is of no use to wait any longer, nil if it is.
func (c *GateController) lostPatience(why shutReason, until time.Time) error {
	now := WallTime()
	isOver := func(since time.Time) bool { return !since.IsZero() && now.Sub(since) >= c.Patience }
	since, _ := c.Gate.exhaustedSince()
	switch {
	case isOver(c.Gate.silentSince(now)):
		return ErrSilent
	case why == exhausted && isOver(since):
		return ErrNoPorts
	case why == askedToWait && isOver(c.Gate.busySince()):
		return ErrOnlyBusy
	case until.Sub(now) > c.Patience:
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
		return fmt.Sprintf("partner asked to wait %d min, going on", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("partner asked to wait %d s, going on", int(d.Round(time.Second).Seconds()))
}

// awaitAnswer backs off, makes sure by the wallet that the partner answers when
// the answers were the trouble, and then lets one row go first.
func (c *GateController) awaitAnswer(ctx context.Context, why shutReason) {
	d := WithJitter(BackoffAfter(c.tries, FirstBackoff, MaxBackoff))
	c.tries++
	if silent := c.Gate.silentSince(WallTime()); !silent.IsZero() { // never sleep past the end of patience
		d = min(d, max(0, silent.Add(c.Patience).Sub(WallTime())))
	}
	text := "partner cannot be reached" + c.NameCause()
	if why == broken {
		text = "partner's answers are of no use"
	}
	c.ShowPause(text+", trying again", WallTime().Add(d))
	if SleepFor(ctx, d) != nil {
		return
	}
	if why == broken && c.AskWallet(ctx) != nil {
		return // round again, with a longer wait
	}
	c.tryOne(ctx)
}

// tryOne lets one row go first, once the partner asks for no more patience.
func (c *GateController) tryOne(ctx context.Context) {
	if SleepUntil(ctx, c.Gate.AskedUntil()) == nil {
		c.Gate.StartTrial()
	}
}

// awaitFunds asks the wallet until it can pay, or ten minutes are over.
func (c *GateController) awaitFunds(ctx context.Context) {
	isFunded, end := c.WatchWallet(ctx)
	defer end()
	for anyway := WallTime().Add(walletAnyway); ; {
		c.ShowPause("the wallet is empty, asking it again", WallTime().Add(walletEvery))
		if SleepFor(ctx, walletEvery) != nil {
			return
		}
		if isFunded(ctx) || !WallTime().Before(anyway) {
			break
		}
	}
	c.tryOne(ctx)
}
