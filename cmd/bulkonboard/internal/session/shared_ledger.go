package session

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// SharedLedger is a ledger that another command may be writing to. Its writes
// wait as long as that takes, or until their context ends.
type SharedLedger struct {
	Ledger
	con *term.Console
}

// NewSharedLedger returns l as a shared ledger. That it waits is said on con.
func NewSharedLedger(l Ledger, con *term.Console) *SharedLedger { return &SharedLedger{l, con} }

var (
	_ kyc.SyncLedger      = (*SharedLedger)(nil)
	_ ledger.Verification = (*SharedLedger)(nil)
)

func (l *SharedLedger) retryWhileBusy(ctx context.Context, do func() error) error {
	for said := false; ; said = true {
		err := do()
		if !errors.Is(err, sqlite.ErrBusy) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !said { // each try has waited some seconds already
			l.con.Sayf("waiting: a run is checking its input and has locked the ledger")
		}
	}
}

// ObserveKYC waits for its turn.
func (l *SharedLedger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (n int, err error) {
	err = l.retryWhileBusy(ctx, func() error {
		var err error
		n, err = l.Ledger.ObserveKYC(ctx, events)
		return err
	})
	return n, err
}

// RetryKYC waits for its turn.
func (l *SharedLedger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	return l.retryWhileBusy(ctx, func() error { return l.Ledger.RetryKYC(ctx, serviceID, was, now) })
}

// SaveFact waits for its turn.
func (l *SharedLedger) SaveFact(ctx context.Context, name, value string, at time.Time) error {
	return l.retryWhileBusy(ctx, func() error { return l.Ledger.SaveFact(ctx, name, value, at) })
}

// NotePairings waits for its turn.
func (l *SharedLedger) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	return l.retryWhileBusy(ctx, func() error { return l.Ledger.NotePairings(ctx, notes) })
}

// WithRecord runs a command between its two entries in the ledger's log.
func (l *SharedLedger) WithRecord(ctx context.Context, origin ledger.Run, do func(context.Context) error) error {
	var id int64
	err := l.retryWhileBusy(ctx, func() error {
		var err error
		id, err = l.Begin(ctx, origin)
		return err
	})
	if err != nil {
		return err
	}
	err = do(ctx)
	code := l.con.Stop.ExitCode(exit.CodeOf(err))
	last := context.WithoutCancel(ctx)
	closed := l.retryWhileBusy(last, func() error {
		return l.Finish(last, id, ledger.RunEnd{At: time.Now(), ExitCode: int(code)})
	})
	if err != nil {
		return err
	}
	return closed
}

// What follows is a run as one of several senders of a ledger.

// sharedStore is a ledger that several processes send from.
type sharedStore interface {
	Ledger
	ledger.Shared
}

// mayShare reports whether other processes may send from the ledger meanwhile. Each
// process has a sandbox of its own, so that they cannot share a rehearsal.
func mayShare(s *session) bool {
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
func shareRate(s *session, cfg *pipeline.Config) {
	if !mayShare(s) {
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

// SenderJSON is a sender as commands print it.
type SenderJSON struct {
	ID        int64         `json:"id"`
	Host      report.Text   `json:"host"`
	PID       int           `json:"pid"`
	User      report.Text   `json:"user"`
	Command   report.Text   `json:"command"`
	Version   report.Text   `json:"version"`
	Began     report.Moment `json:"beganAt"`
	Ended     report.Moment `json:"endedAt"`   // null: it is sending
	EndReason report.Text   `json:"endReason"` // finished or silent; null: it is sending
	SilentFor float64       `json:"silentForSeconds"`
	Sent      int           `json:"sent"`
	InFlight  int           `json:"inFlight"`
	Roles     []string      `json:"roles"`
}

// NewSendersJSON returns senders, living and ended, as commands print them.
func NewSendersJSON(senders []ledger.SenderState) []SenderJSON {
	list := []SenderJSON{}
	for _, one := range senders {
		list = append(list, SenderJSON{ID: one.ID, Host: report.Text(one.Host), PID: one.PID, User: report.Text(one.User), Command: report.Text(one.Command),
			Version: report.Text(one.Version), Began: report.Moment{Time: one.Began}, Ended: report.Moment{Time: one.Ended}, EndReason: report.Text(one.EndReason),
			SilentFor: one.SilentFor.Seconds(), Sent: one.Sent, InFlight: one.InFlight, Roles: append([]string{}, one.Roles...)})
	}
	return list
}
