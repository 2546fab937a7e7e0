package pipeline

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
	errTooLong  = errors.New("the partner asks to wait longer than --patience")
	errSilent   = errors.New("the partner gives no useful answer")
	errOnlyBusy = errors.New("the partner answers nothing but 429")
	errNoPorts  = errors.New("this machine has no port or file for another connection")
)

// gateController opens a gate: after the pause that the partner asked for,
// after a back-off, or when the wallet can pay again. It never sends a customer
// itself. It lets one row go first, and the gate looks at that row's answer.
type gateController struct {
	gate     *gate
	patience time.Duration
	pause    func(why string, until time.Time) // shows why nothing is sent; "" = it is sent
	cause    func() string                     // names the last failure in brackets, or ""

	// askWallet returns nil if the wallet call is answered.
	askWallet func(context.Context) error
	// watchWallet begins to watch a wallet that cannot pay. It returns what
	// reports whether the wallet can pay again, and what ends the watch.
	watchWallet func(context.Context) (isFunded func(context.Context) bool, end func())

	tries int // trials in a row that failed
}

// keepOpen works until ctx ends, or the gate will not open within patience;
// then the error tells why.
func (c *gateController) keepOpen(ctx context.Context) error {
	for ctx.Err() == nil {
		state, why, until, changed := c.gate.look()
		if state == gateOpen {
			c.tries = 0
			c.pause("", time.Time{})
		}
		if state != gateShut {
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
			c.reopenAt(ctx, askedPause(until.Sub(wall())), until)
		case exhausted:
			_, rest := c.gate.exhaustion()
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
func (c *gateController) lostPatience(why shutReason, until time.Time) error {
	now := wall()
	isOver := func(since time.Time) bool { return !since.IsZero() && now.Sub(since) >= c.patience }
	since, _ := c.gate.exhaustion()
	switch {
	case isOver(c.gate.silentSince(now)):
		return errSilent
	case why == exhausted && isOver(since):
		return errNoPorts
	case why == askedToWait && isOver(c.gate.busySince()):
		return errOnlyBusy
	case until.Sub(now) > c.patience:
		return errTooLong
	default:
		return nil
	}
}

// reopenAt opens the gate when a clock says so.
func (c *gateController) reopenAt(ctx context.Context, why string, at time.Time) {
	c.pause(why, at)
	if sleepUntil(ctx, at) == nil {
		c.gate.open()
	}
}

// askedPause says for how long the partner asks everyone to wait.
func askedPause(d time.Duration) string {
	if d >= 2*time.Minute {
		return fmt.Sprintf("partner asked to wait %d min, going on", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("partner asked to wait %d s, going on", int(d.Round(time.Second).Seconds()))
}

// awaitAnswer backs off, makes sure by the wallet that somebody answers when
// the answers were the trouble, and then lets one row go first.
func (c *gateController) awaitAnswer(ctx context.Context, why shutReason) {
	d := jitter(backoff(c.tries, firstBackoff, mostBackoff))
	c.tries++
	if silent := c.gate.silentSince(wall()); !silent.IsZero() { // never sleep past the end of patience
		d = min(d, max(0, silent.Add(c.patience).Sub(wall())))
	}
	text := "partner cannot be reached" + c.cause()
	if why == broken {
		text = "partner's answers are of no use"
	}
	c.pause(text+", trying again", wall().Add(d))
	if sleep(ctx, d) != nil {
		return
	}
	if why == broken && c.askWallet(ctx) != nil {
		return // round again, with a longer wait
	}
	c.tryOne(ctx)
}

// tryOne lets one row go first, once the partner asks for no more patience.
func (c *gateController) tryOne(ctx context.Context) {
	if sleepUntil(ctx, c.gate.askedUntil()) == nil {
		c.gate.try()
	}
}

// awaitFunds asks the wallet until it can pay, or ten minutes are over.
func (c *gateController) awaitFunds(ctx context.Context) {
	isFunded, end := c.watchWallet(ctx)
	defer end()
	for anyway := wall().Add(walletAnyway); ; {
		c.pause("the wallet is empty, asking it again", wall().Add(walletEvery))
		if sleep(ctx, walletEvery) != nil {
			return
		}
		if isFunded(ctx) || !wall().Before(anyway) {
			break
		}
	}
	c.tryOne(ctx)
}
