package session

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// This file is a run as one of several senders of a ledger.

// sharedStore is a ledger that several processes send from.
type sharedStore interface {
	Ledger
	ledger.Shared
}

// mayShare reports whether other processes may send from the ledger meanwhile. Each
// process has a sandbox of its own, so that they cannot share a rehearsal.
func (s *session) mayShare() bool {
	return (s.command == "run" || s.command == "plan") && !s.to.Sandbox && postgres.IsAddress(s.to.Ledger)
}

// joinSenders prepares a run that shares its ledger. A ledger that the run has made gets
// the rate of the run.
func joinSenders(ctx context.Context, s *session, l sharedStore, isNew bool) error {
	s.known = s.found.WatchShared(l)
	rate := s.flags.Rate
	if isNew && s.command == "run" {
		return l.SetRate(ctx, rate.PerSecond)
	}
	pace, err := l.Pace(ctx)
	if err != nil {
		return err
	}
	if own := orUnlimited(rate.PerSecond); s.hasRate && own > orUnlimited(pace.PerSecond) {
		s.showNote("", fmt.Sprintf("this ledger allows all senders %s together, whatever --rate of a run says; bulkonboard ledger pace --rate %s raises it", RateText(pace.PerSecond), rate.Text))
	}
	return nil
}

// orUnlimited returns a rate whose 0 means no limit.
func orUnlimited(perSecond float64) float64 {
	if perSecond == 0 {
		return math.Inf(1)
	}
	return perSecond
}

// RateText returns a rate as --rate has it, in requests a second; 0 is unlimited.
func RateText(perSecond float64) string {
	switch {
	case perSecond == 0:
		return "unlimited"
	case perSecond < 1:
		return fmt.Sprintf("%.4g/m", perSecond*60)
	default:
		return fmt.Sprintf("%.4g/s", perSecond)
	}
}

// shareRate completes the configuration of a run that shares its ledger: the rate is that
// of the ledger, and --rate lowers it only where it was given.
func (s *session) shareRate(cfg *pipeline.Config) {
	if !s.mayShare() {
		return
	}
	if !s.hasRate {
		cfg.Pace.Rate = 0
	}
	cfg.OnJoin = func(others []ledger.SenderState, p ledger.Progress) { s.Sayf("%s", joinText(others, p, time.Now())) }
}

// joinText says who is sending a list already, and how far it is.
func joinText(others []ledger.SenderState, p ledger.Progress, now time.Time) string {
	first := slices.MinFunc(others, func(a, b ledger.SenderState) int { return a.Began.Compare(b.Began) })
	who, verb := SenderName(first), "has"
	if n := len(others) - 1; n > 0 {
		who, verb = who+" and "+term.Count(n, "other sender"), "have"
	}
	at := first.Began.Local().Format("15:04")
	if now.Sub(first.Began) > 20*time.Hour {
		at = term.LocalTime(first.Began)
	}
	return fmt.Sprintf("%s %s been sending this list since %s; %s of %s are done", who, verb, at, term.Number(p.Rows-p.Pending-p.InDoubt), term.Count(p.Rows, "row"))
}

// SenderName names a sender.
func SenderName(s ledger.SenderState) string { return fmt.Sprintf("%s (pid %d)", s.Host, s.PID) }
