package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	walletEvery  = 15 * time.Second // how often an empty wallet is asked
	walletAnyway = 10 * time.Minute // when one row tries in spite of what the wallet says
	firstBackoff = time.Second
	mostBackoff  = time.Minute
)

// errTooLong says that the partner asks to wait for longer than patience allows.
var errTooLong = errors.New("the partner asks to wait longer than --patience")

// keeper opens the gate: after the pause that the partner asked for, after a
// back-off, or when the wallet can pay again. It never sends a customer itself;
// it lets one row go first and the gate looks at that row's answer.
type keeper struct {
	*run
	tries int // trials in a row that failed
}

// work runs until ctx ends.
func (k *keeper) work(ctx context.Context) error {
	for ctx.Err() == nil {
		state, why, until, changed := k.gate.look()
		if state == gateOpen {
			k.tries = 0
			k.book.pause("", time.Time{})
		}
		if state != gateShut {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		silent := k.gate.silentSince(wall())
		if patience := k.cfg.Pace.Patience; !silent.IsZero() && wall().Sub(silent) >= patience {
			k.halt.stop(k.last.silence(patience))
			return nil
		}
		since, rest := k.gate.exhaustion()
		if why == exhausted && !since.IsZero() && wall().Sub(since) >= k.cfg.Pace.Patience {
			k.halt.stop(stopf(PartnerDown, "for %s this machine has had no free port or file for another connection. Lower --rate or --workers, or raise its limit of open files", k.cfg.Pace.Patience))
			return nil
		}
		if busy := k.gate.busySince(); why == askedToWait && !busy.IsZero() && wall().Sub(busy) >= k.cfg.Pace.Patience {
			k.halt.stop(stopf(PartnerDown, "the partner API has answered nothing but 429 (too many requests) for %s", k.cfg.Pace.Patience))
			return nil
		}
		if until.Sub(wall()) > k.cfg.Pace.Patience {
			k.halt.stop(&Stop{Reason: PartnerDown, Err: errTooLong})
			return nil
		}
		switch why {
		case askedToWait:
			k.book.pause(askedPause(until.Sub(wall())), until)
			if sleepUntil(ctx, until) == nil {
				k.gate.open()
			}
		case exhausted:
			k.book.pause("this machine has no port or file for another connection, going on", rest)
			if sleepUntil(ctx, rest) == nil {
				k.gate.open()
			}
		case empty:
			k.awaitFunds(ctx)
		default:
			k.awaitAnswer(ctx, why, silent)
		}
	}
	return nil
}

// askedPause says how long the partner wants to be left alone.
func askedPause(d time.Duration) string {
	if d >= 2*time.Minute {
		return fmt.Sprintf("partner asked to wait %d min, going on", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("partner asked to wait %d s, going on", int(d.Round(time.Second).Seconds()))
}

// awaitAnswer backs off, makes sure by the wallet that somebody answers when
// the answers were the trouble, and then lets one row go first.
func (k *keeper) awaitAnswer(ctx context.Context, why shutReason, silent time.Time) {
	d := jitter(backoff(k.tries, firstBackoff, mostBackoff))
	k.tries++
	if !silent.IsZero() { // never sleep past the end of patience
		d = min(d, max(0, silent.Add(k.cfg.Pace.Patience).Sub(wall())))
	}
	text := "partner cannot be reached" + k.last.inBrackets()
	if why == broken {
		text = "partner's answers are of no use"
	}
	k.book.pause(text+", trying again", wall().Add(d))
	if sleep(ctx, d) != nil {
		return
	}
	if why == broken {
		if _, err := k.askWallet(ctx); err != nil {
			return // round again, with a longer wait
		}
	}
	k.tryOne(ctx)
}

// tryOne lets one row go first, once the partner asks for no more patience.
func (k *keeper) tryOne(ctx context.Context) {
	if sleepUntil(ctx, k.gate.askedUntil()) == nil {
		k.gate.try()
	}
}

// awaitFunds asks the wallet until it can pay, or ten minutes are over.
func (k *keeper) awaitFunds(ctx context.Context) {
	k.book.update(func(p *Progress) { p.NoFunds = true })
	defer k.book.update(func(p *Progress) { p.NoFunds = false })
	before, err := k.askWallet(ctx) // what there is after the 402
	if err != nil {
		before = k.book.wallet()
	}
	anyway := wall().Add(walletAnyway)
	for {
		k.book.pause("the wallet is empty, asking it again", wall().Add(walletEvery))
		if sleep(ctx, walletEvery) != nil {
			return
		}
		balance, err := k.askWallet(ctx)
		if err == nil && k.funded(balance, before) || !wall().Before(anyway) {
			break
		}
	}
	k.tryOne(ctx)
}

// funded reports whether a balance pays for one more user: at least the fee
// beside what is to be kept, or, the fee unknown, more than there was at the 402.
func (k *keeper) funded(balance, before Amount) bool {
	if k.fee.Known() {
		return balance.Cmp(k.fee.Plus(k.cfg.Money.Keep)) >= 0
	}
	return balance.Cmp(before) > 0 && balance.Cmp(k.cfg.Money.Keep) > 0
}

// askWallet asks for the balance, at the run's pace.
func (r *run) askWallet(ctx context.Context) (Amount, error) {
	if err := r.awaitPause(ctx); err != nil {
		return Amount{}, err
	}
	if _, err := r.pace.wait(ctx); err != nil {
		return Amount{}, err
	}
	w, err := r.cfg.Partner.Wallet(ctx)
	if err != nil {
		r.heed(err)
		return Amount{}, err
	}
	r.clock.observe(w.Began, w.Ended, w.Date)
	balance, err := ParseAmount(w.Balance)
	if err != nil {
		return Amount{}, err
	}
	r.book.setWallet(balance, w.Currency)
	return balance, nil
}

// heed lets a look-up that was answered with 429 pause everyone, as a row does.
func (r *run) heed(err error) {
	if e, ok := readError(err); ok && e.Class.AsksToWait() {
		r.pace.busy(wall(), wall())
		r.gate.observe(notAnAttempt, createClass(e.Class), e.RetryAfter, wall(), wall())
		if e.RetryAfter > r.cfg.Pace.Patience {
			r.halt.stop(&Stop{Reason: PartnerDown, Err: errTooLong})
		}
	}
}

// awaitPause waits while the partner has asked everyone to.
func (r *run) awaitPause(ctx context.Context) error {
	until := r.gate.askedUntil()
	if until.Sub(wall()) > r.cfg.Pace.Patience {
		return errTooLong
	}
	return sleepUntil(ctx, until)
}

// jitter spreads a wait over its upper half, so that several machines do not
// come back in step.
func jitter(d time.Duration) time.Duration {
	if d < 2 {
		return d
	}
	return d/2 + rand.N(d/2)
}
