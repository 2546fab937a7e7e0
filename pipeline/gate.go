package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// This file has what an answer means for all further requests: they wait (429,
// outage, empty wallet) or the run stops.

// controlGate opens the gate until ctx ends, and stops the run when it will not
// open within its patience.
func (r *run) controlGate(ctx context.Context) error {
	c := &pacing.GateController{Gate: r.gate, Patience: r.cfg.Pace.Patience, ShowPause: r.showShut, NameCause: r.lastFailure.bracketedCause,
		AskWallet:   func(ctx context.Context) error { _, err := r.askWallet(ctx); return err },
		WatchWallet: r.watchWallet, AskCover: r.askCover}
	err := c.KeepOpen(ctx)
	r.counters.update(func(f *figures) { f.Shut = false })
	patience := r.cfg.Pace.Patience
	switch {
	case err == nil:
	case errors.Is(err, pacing.ErrOutage):
		r.stopReason.stopWith(r.lastFailure.outageStop(patience))
	case errors.Is(err, pacing.ErrNoPorts):
		r.stopReason.stopWith(stopf(PartnerDown, "for %s this machine has had no free port or file handle for another connection. Lower --rate or --workers, or raise the limit on open files", patience))
	case errors.Is(err, pacing.ErrOnlyBusy):
		r.stopReason.stopWith(stopf(PartnerDown, "the partner API has answered nothing but 429 (too many requests) for %s", patience))
	default:
		r.stopReason.stopWith(&Stop{Reason: PartnerDown, Err: err})
	}
	return nil
}

// reactToBusy lowers the rate after a 429, and stops the run if the partner asks for
// a longer pause than its patience. The gate makes everyone wait.
func (s *submitters) reactToBusy(a answered, now time.Time) {
	s.pace.ReportBusy(a.answer.Began, now)
	if a.answer.RetryAfter > s.cfg.Pace.Patience {
		s.stopReason.stopWith(stopf(PartnerDown, "the partner asks to wait until %s, longer than --patience", now.Add(min(a.answer.RetryAfter, 100*365*24*time.Hour)).UTC().Format(time.RFC3339)))
	}
}

// pauseOnBusy lets a look-up that was answered with 429 pause everyone, as a row does.
func (r *run) pauseOnBusy(err error) {
	if e, ok := errors.AsType[*partner.Error](err); ok && e.Class.AsksToWait() {
		r.pace.ReportBusy(pacing.WallTime(), pacing.WallTime())
		r.gate.ObserveAnswer(pacing.NotAnAttempt, createClass(e.Class), e.RetryAfter, pacing.WallTime(), pacing.WallTime())
		if e.RetryAfter > r.cfg.Pace.Patience {
			r.stopReason.stopWith(&Stop{Reason: PartnerDown, Err: pacing.ErrTooLong})
		}
	}
}

// awaitPause waits while the partner has asked everyone to.
func (r *run) awaitPause(ctx context.Context) error {
	until := r.gate.CurrentView(pacing.WallTime()).AskedUntil
	if until.Sub(pacing.WallTime()) > r.cfg.Pace.Patience {
		return pacing.ErrTooLong
	}
	return pacing.SleepUntil(ctx, until)
}

// reactToRefusal stops the run where an answer leaves no other way.
func (s *submitters) reactToRefusal(a answered) {
	switch {
	case a.answer.StopCause == partner.Redirected:
		s.stopReason.stopWith(stopf(PartnerDown, "the partner API redirects to %s, which is not followed: it would carry the key and the body elsewhere. Check --base-url", hostOrUnknown(a.answer.Target)))
	case a.answer.StopCause == partner.Certificate:
		s.stopReason.stopWith(stopf(PartnerDown, "the certificate of the partner API, or of the proxy in front of it, is not valid for its name. Check the host, the clock of this machine, --proxy and --ca-file"))
	case a.answer.StopCause == partner.PathGone:
		s.stopReason.stopWith(stopf(PartnerDown, "the partner API answers HTTP %d where users are created: the path does not exist. Check --base-url", a.answer.HTTPStatus))
	case a.answer.StopCause == partner.Blocked:
		s.stopReason.stopWith(stopf(Refused, "HTTP %d from something in front of the partner API, such as a firewall. Check that this machine's address may call it", a.answer.HTTPStatus))
	case a.answer.StopCause == partner.ProxyRefused:
		s.stopReason.stopWith(proxyRefusal(a.answer.ProxyStatus))
	case a.class == ledger.Auth:
		s.stopReason.stopWith(stopf(Refused, "the partner refuses the API key or the account (HTTP %d)", a.answer.HTTPStatus))
	case a.class == ledger.Funds && !s.cfg.Money.Wait:
		s.stopReason.stopWith(stopf(LowBalance, "the wallet cannot pay for another user (HTTP 402)"))
	}
}

func hostOrUnknown(host string) string {
	if host == "" {
		return "another address"
	}
	return fmt.Sprintf("%q", host)
}

// showShut shows why the gate is shut, and until when; "" = it is open.
func (r *run) showShut(why string, until time.Time) {
	if f := r.counters.current(); f.Shut != (why != "") {
		r.counters.update(func(f *figures) { f.Shut = why != "" })
	}
	r.counters.showPause(why, until)
}
