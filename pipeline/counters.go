package pipeline

import (
	"maps"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

// Progress is how far a run is. It is a copy; the receiver may keep it.
type Progress struct {
	Phase    Phase
	Rows     int // rows read so far in the check pass, then rows of the batch
	ToSend   int // rows that this run set out to send or settle
	Decided  int // rows of those with an outcome
	Created  int
	Problems int // decided otherwise: the three below

	Duplicates, Rejected, LostLinks int

	Sent     int // create-user requests
	Since    time.Time
	Rate     float64 // requests a second that the pace allows now; +Inf = unlimited
	Wallet   Amount
	Currency string
	Pause    string    // why nothing is sent at this moment, and what happens at Until; "" = it is sent
	NoFunds  bool      // because the wallet is empty and is waited for
	Shut     bool      // because of the partner or the wallet, or because this machine has no connection left
	Until    time.Time // when that is looked at again; zero = not known
}

// Phase is the part of a run.
type Phase string

const (
	Checking Phase = "checking"
	Sending  Phase = "sending"
)

// figures are what a run has done so far.
type figures struct {
	Progress
	decided     map[ledger.Status]int // final outcomes of this run
	users       int                   // whom a request of this run has created
	firstWallet Amount                // before anything was sent
}

// counters keeps the figures of a run and shows them. It is safe for concurrent use.
type counters struct {
	mu   sync.Mutex
	now  figures
	show func(Progress)
	pace func() float64
}

func newCounters(show func(Progress), pace func() float64) *counters {
	return &counters{show: show, pace: pace, now: figures{decided: map[ledger.Status]int{}, Progress: Progress{Phase: Checking, Since: pacing.WallTime()}}}
}

// current returns a copy of the figures.
func (c *counters) current() figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.now
	out.decided = maps.Clone(out.decided)
	return out
}

// update changes the figures and shows them.
func (c *counters) update(change func(*figures)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.now)
	c.now.Rate = c.pace()
	c.show(c.now.Progress)
}

// countChange counts a change that the ledger has written.
func (c *counters) countChange(ch ledger.Change) {
	c.update(func(f *figures) { f.countStatus(ch.Status, 1) })
}

// uncount removes a status that a later change of this run replaces.
func (c *counters) uncount(s ledger.Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.decided[s] > 0 {
		c.now.countStatus(s, -1)
	}
}

func (f *figures) countStatus(s ledger.Status, n int) {
	switch s {
	case ledger.Created:
		f.Created += n
	case ledger.LinkMissing:
		f.Problems, f.LostLinks = f.Problems+n, f.LostLinks+n
	case ledger.Duplicate:
		f.Problems, f.Duplicates = f.Problems+n, f.Duplicates+n
	case ledger.Rejected:
		f.Problems, f.Rejected = f.Problems+n, f.Rejected+n
	default:
		return
	}
	f.decided[s] += n
	f.Decided += n
}

// countRequests counts requests that were sent, and users that they created.
func (c *counters) countRequests(sent, users int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Sent += sent
	c.now.users += users
}

// showPause shows why nothing is sent, and until when; "" = sending continues.
func (c *counters) showPause(why string, until time.Time) {
	if f := c.current(); f.Pause != why || !f.Until.Equal(until) {
		c.update(func(f *figures) { f.Pause, f.Until = why, until })
	}
}

func (c *counters) setWallet(a Amount, currency string) {
	c.update(func(f *figures) {
		if f.Phase == Checking { // later ones are no longer what it held before
			f.firstWallet = a
		}
		f.Wallet, f.Currency = a, currency
	})
}
