package pacing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const (
	walletEvery  = 15 * time.Second // how often the balance of an empty wallet is read
	walletAnyway = 10 * time.Minute // after which a probe is sent whatever the balance

	askAgain = 100 * time.Millisecond // how often a shared ledger is asked whether all may send again
)

// Why a gate will not open within the patience of a run.
var (
	ErrTooLong  = errors.New("the partner asks to wait longer than --patience")
	ErrOutage   = errors.New("the partner gives no usable answer")
	ErrOnlyBusy = errors.New("the partner answers nothing but 429")
	ErrNoPorts  = errors.New("this machine has no free port or file handle for another connection")
)

// GateController opens a gate: after the pause that the partner asked for, after a
// back-off, or when the wallet can pay again. It sends no customer itself. Except after
// a pause, it first lets one row through as a probe, whose answer decides.
type GateController struct {
	Gate      *Gate
	Patience  time.Duration
	ShowPause func(why string, until time.Time) // shows why nothing is sent; "" = sending continues
	NameCause func() string                     // returns the last failure in brackets, or ""

	// AskWallet returns nil if the wallet call is answered.
	AskWallet func(context.Context) error
	// WatchWallet starts to watch a wallet that cannot pay. isFunded reports whether it
	// can pay again. end stops watching.
	WatchWallet func(context.Context) (isFunded func(context.Context) bool, end func())
	// AskShared returns the pauses that all senders of a shared ledger keep, with times by
	// the wall clock. nil = this process sends alone.
	AskShared func(context.Context) (ledger.Pace, error)
	// AskDuty returns what this sender does about a wallet that is empty for all.
	AskDuty func(context.Context) (WalletDuty, error)
	// LeaveRows lets other senders have the rows that this one cannot send, once an outage
	// has lasted for LeaveAfter.
	LeaveRows  func(context.Context) error
	LeaveAfter time.Duration

	// AskCover asks whether the wallet pays for the next row. It returns why it does
	// not, "" if it does, or that the wallet did not answer.
	AskCover func(context.Context) (why string, err error)

	tries   int  // failed probes in a row
	hasLeft bool // LeaveRows was called in this outage
}

// KeepOpen opens the gate whenever it can, until ctx ends. It returns an error if the
// gate cannot open within Patience.
func (c *GateController) KeepOpen(ctx context.Context) error {
	for ctx.Err() == nil {
		now := WallTime()
		view := c.Gate.CurrentView(now)
		if view.state == gateOpen {
			c.tries, c.hasLeft = 0, false
			c.ShowPause("", time.Time{})
		}
		if view.state != gateShut {
			select {
			case <-view.changed:
			case <-ctx.Done():
			}
			continue
		}
		if err := c.patienceError(view, now); err != nil {
			return err
		}
		switch view.why {
		case pausedBusy:
			c.reopenAt(ctx, PauseText(view.AskedUntil.Sub(now)), view.AskedUntil)
		case noPorts:
			c.reopenAt(ctx, "this machine has no free port or file handle for another connection, continuing", view.portPauseUntil)
		case allWait, allHeld:
			if err := c.awaitShared(ctx); err != nil {
				return err
			}
		case noFunds:
			if err := c.awaitEmpty(ctx); err != nil {
				return err
			}
		case uncovered:
			if err := c.awaitCover(ctx); err != nil {
				return err
			}
		default:
			if err := c.leaveRows(ctx, view, now); err != nil {
				return err
			}
			c.awaitAnswer(ctx, view)
		}
	}
	return nil
}

// awaitShared waits until the shared ledger lets all senders send again.
func (c *GateController) awaitShared(ctx context.Context) error {
	for ctx.Err() == nil {
		pace, err := c.AskShared(ctx)
		switch {
		case err != nil:
			return errorUnlessDone(ctx, err)
		case pace.HeldBy != "":
			c.ShowPause("held by "+pace.HeldBy+heldWhy(pace.HeldBecause), time.Time{})
		case pace.WaitUntil.Sub(WallTime()) > c.Patience:
			return ErrTooLong
		case pace.WaitUntil.After(WallTime()):
			c.ShowPause("the partner asked all senders to wait, continuing", pace.WaitUntil)
		default:
			c.Gate.reopen()
			return nil
		}
		if SleepFor(ctx, askAgain) != nil {
			return nil
		}
	}
	return nil
}

func heldWhy(because string) string {
	if because == "" {
		return ""
	}
	return " (" + because + ")"
}

// WalletDuty is what a sender does about a wallet that is empty for all.
type WalletDuty uint8

const (
	AwaitOthers WalletDuty = iota // another sender asks for the balance
	WatchWallet                   // this one asks for it, and then tries
	TryWallet                     // this one tries at once
)

// awaitEmpty waits until an empty wallet may pay again. It lets one row try, or opens
// the gate when another sender has found out.
func (c *GateController) awaitEmpty(ctx context.Context) error {
	for c.AskShared != nil && ctx.Err() == nil {
		pace, err := c.AskShared(ctx)
		if err != nil || ctx.Err() != nil {
			return errorUnlessDone(ctx, err)
		}
		if pace.EmptySince.IsZero() {
			c.Gate.reopen()
			return nil
		}
		switch duty, err := c.AskDuty(ctx); {
		case err != nil:
			return errorUnlessDone(ctx, err)
		case duty == TryWallet:
			c.probeOnce(ctx)
			return nil
		case duty == WatchWallet:
			c.awaitFunds(ctx)
			return nil
		}
		c.ShowPause("the wallet is empty, and another sender checks it", time.Time{})
		if SleepFor(ctx, askAgain) != nil {
			return nil
		}
	}
	if ctx.Err() == nil {
		c.awaitFunds(ctx)
	}
	return nil
}

func errorUnlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// leaveRows lets other senders have the rows in an outage, which may be one of this
// machine's network only.
func (c *GateController) leaveRows(ctx context.Context, view gateView, now time.Time) error {
	if c.LeaveRows == nil || c.hasLeft || now.Sub(view.outageSince) < c.LeaveAfter {
		return nil
	}
	c.hasLeft = true
	return c.LeaveRows(ctx)
}

// patienceError returns why waiting longer is pointless, or nil.
func (c *GateController) patienceError(view gateView, now time.Time) error {
	isOver := func(since time.Time) bool { return !since.IsZero() && now.Sub(since) >= c.Patience }
	switch {
	case isOver(view.outageSince):
		return ErrOutage
	case view.why == noPorts && isOver(view.noPortsSince):
		return ErrNoPorts
	case view.why == pausedBusy && isOver(view.busySince):
		return ErrOnlyBusy
	case view.AskedUntil.Sub(now) > c.Patience:
		return ErrTooLong
	default:
		return nil
	}
}

// reopenAt opens the gate at the given time.
func (c *GateController) reopenAt(ctx context.Context, why string, at time.Time) {
	c.ShowPause(why, at)
	if SleepUntil(ctx, at) == nil {
		c.Gate.reopen()
	}
}

// PauseText returns a text for the pause that the partner asked for.
func PauseText(d time.Duration) string {
	if d >= 2*time.Minute {
		return fmt.Sprintf("partner asked to wait %d min, continuing", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("partner asked to wait %d s, continuing", int(d.Round(time.Second).Seconds()))
}

// awaitAnswer backs off and then sends a probe. If the gate was shut because answers
// were unusable, the wallet call must be answered first.
func (c *GateController) awaitAnswer(ctx context.Context, view gateView) {
	d := WithJitter(BackoffAfter(c.tries, FirstBackoff, MaxBackoff))
	c.tries++
	if silent := view.outageSince; !silent.IsZero() { // do not sleep longer than Patience lasts
		d = min(d, max(0, silent.Add(c.Patience).Sub(WallTime())))
	}
	text := "partner cannot be reached" + c.NameCause()
	if view.why == unusable {
		text = "partner's answers cannot be used"
	}
	c.ShowPause(text+", trying again", WallTime().Add(d))
	if SleepFor(ctx, d) != nil {
		return
	}
	if view.why == unusable && c.AskWallet(ctx) != nil {
		return // KeepOpen tries again, with a longer back-off
	}
	c.probeOnce(ctx)
}

// probeOnce lets one row through, after any pause that the partner asked for.
func (c *GateController) probeOnce(ctx context.Context) {
	if SleepUntil(ctx, c.Gate.CurrentView(WallTime()).AskedUntil) == nil {
		c.Gate.startProbe()
	}
}

// awaitFunds reads the balance until the wallet can pay, or for ten minutes. Then it
// sends a probe.
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
	c.probeOnce(ctx)
}

// awaitCover asks the wallet until it pays for the next row. No row tries regardless:
// what the row costs is known. A wallet that does not answer within patience is
// ErrOutage.
func (c *GateController) awaitCover(ctx context.Context) error {
	var silentSince time.Time
	for {
		why, err := c.AskCover(ctx)
		now := WallTime()
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil && why == "":
			c.probeOnce(ctx)
			return nil
		case err == nil:
			silentSince = time.Time{}
		case silentSince.IsZero():
			why, silentSince = "the wallet does not answer", now
		case now.Sub(silentSince) >= c.Patience:
			return ErrOutage
		default:
			why = "the wallet does not answer"
		}
		c.ShowPause(why+", checking again", now.Add(walletEvery))
		if SleepFor(ctx, walletEvery) != nil {
			return nil
		}
	}
}
