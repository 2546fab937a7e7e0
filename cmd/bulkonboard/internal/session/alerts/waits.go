package alerts

import (
	"context"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// longWait is how long nothing must be sent, or is known not to be, before operators
// are notified. An empty wallet is told at once: it does not fill by itself.
const longWait = 2 * time.Minute

// wait is the beginning of a long wait.
type wait struct {
	why   string
	until time.Time // zero = not known
	now   pipeline.Progress
}

// waitWatch finds the beginnings of long waits in the progress of a run, each once.
// It is used by one goroutine at a time.
type waitWatch struct {
	since   time.Time // when sending paused; zero = it goes on
	told    bool      // operators know of this wait
	decided int       // rows when they were told: the wait ends with the next one
}

// observe returns the wait that has just become a long one, and whether one has.
func (w *waitWatch) observe(now pipeline.Progress, at time.Time) (wait, bool) {
	if w.told && now.Decided == w.decided {
		return wait{}, false
	}
	w.told = false
	if !now.Shut && !now.NoFunds {
		w.since = time.Time{}
		return wait{}, false
	}
	if w.since.IsZero() {
		w.since = at
	}
	if now.Pause == "" || !now.NoFunds && at.Sub(w.since) < longWait && now.Until.Sub(at) < longWait {
		return wait{}, false
	}
	w.told, w.decided = true, now.Decided
	return wait{now.Pause, now.Until, now}, true
}

// WatchWaits returns a function that is given the progress of a run, and never blocks.
// Its calls must not overlap.
func (a *Alerts) WatchWaits() func(pipeline.Progress) {
	if a == nil {
		return func(pipeline.Progress) {}
	}
	var watch waitWatch
	return func(now pipeline.Progress) {
		w, isLong := watch.observe(now, time.Now())
		if !isLong {
			return
		}
		select {
		case a.waits <- w:
		default: // the alert of a wait before is still being sent
		}
	}
}

// KeepSending notifies operators of the long waits that are found, until ctx ends. Every
// --notify-when includes them.
func (a *Alerts) KeepSending(ctx context.Context) {
	if a == nil {
		return
	}
	for {
		select {
		case w := <-a.waits:
			a.reportWait(ctx, w)
		case <-ctx.Done():
			return
		}
	}
}

func (a *Alerts) reportWait(ctx context.Context, w wait) {
	s := a.currentSummary()
	left := w.now.ToSend - w.now.Decided
	s.Rows, s.Sent, s.Remaining = &w.now.Rows, &w.now.Sent, &left
	s.New = report.Counts{ledger.Created: w.now.Created, ledger.LinkMissing: w.now.LostLinks, ledger.Duplicate: w.now.Duplicates, ledger.Rejected: w.now.Rejected}
	s.Money.WalletAfter, s.Money.Currency = report.Amount(w.now.Wallet.String()), report.Text(w.now.Currency)
	text := fmt.Sprintf("%s: waiting, nothing is sent: %s", a.title(s), term.Printable(w.why))
	if !w.until.IsZero() {
		text += " at " + term.LocalTime(w.until)
	}
	a.send(ctx, message{Event: eventWaiting, Text: text + figuresText(s), Summary: s.Complete()})
}

// shownStatuses returns the statuses that a text names: those that a run gives.
func shownStatuses() []ledger.Status {
	return []ledger.Status{ledger.Created, ledger.LinkMissing, ledger.Duplicate, ledger.Rejected, ledger.Invalid, ledger.InsufficientBalance, ledger.InDoubt}
}
