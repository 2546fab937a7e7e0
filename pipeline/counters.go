package pipeline

import (
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
	Problems int // decided otherwise
	Sent     int // create-user requests
	Since    time.Time
	Rate     float64 // requests a second that the pace allows now; +Inf = unlimited
	Wallet   Amount
	Currency string
	Pause    string    // why nothing is sent at this moment, and what happens at Until; "" = it is sent
	NoFunds  bool      // because the wallet is empty and is waited for
	Until    time.Time // when that is looked at again; zero = not known
}

// Phase is the part of a run.
type Phase string

const (
	Checking Phase = "checking"
	Sending  Phase = "sending"
)

// counters keeps the figures of a run and shows them. It is safe for concurrent use.
type counters struct {
	mu       sync.Mutex
	progress Progress
	decided  map[ledger.Status]int // final outcomes of this run
	byClass  map[ledger.Class]int
	bought   int    // users whom a request of this run has created
	first    Amount // wallet before anything was sent
	show     func(Progress)
	pace     func() float64
}

func newCounters(show func(Progress), pace func() float64) *counters {
	return &counters{show: show, pace: pace, decided: map[ledger.Status]int{}, byClass: map[ledger.Class]int{},
		progress: Progress{Phase: Checking, Since: pacing.WallTime()}}
}

// updateProgress changes the figures and shows them.
func (b *counters) updateProgress(f func(p *Progress)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.progress)
	b.progress.Rate = b.pace()
	b.show(b.progress)
}

// showRead shows how many rows of the input have been read.
func (r *run) showRead(rows int) {
	r.counters.updateProgress(func(p *Progress) { p.Rows = rows })
}

// countChange counts a change that the ledger has taken.
func (b *counters) countChange(c ledger.Change) {
	b.updateProgress(func(p *Progress) {
		switch c.Status {
		case ledger.Created, ledger.LinkMissing, ledger.Duplicate, ledger.Rejected:
			b.decided[c.Status]++
			p.Decided++
			if c.Status == ledger.Created {
				p.Created++
			} else {
				p.Problems++
			}
		}
	})
}

// uncount counts a status no longer that a later change of this run replaces.
func (b *counters) uncount(s ledger.Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.decided[s] == 0 {
		return
	}
	b.decided[s]--
	b.progress.Decided--
	if s == ledger.Created {
		b.progress.Created--
	} else {
		b.progress.Problems--
	}
}

// countSent counts a request that left.
func (b *counters) countSent(class ledger.Class) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.progress.Sent++
	b.byClass[class]++
}

// countCreated counts a user whom a request of this run has created.
func (b *counters) countCreated() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bought++
}

// usersCreated returns how many users the requests of this run have created.
func (b *counters) usersCreated() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bought
}

func (b *counters) showPause(why string, until time.Time) {
	b.mu.Lock()
	same := b.progress.Pause == why && b.progress.Until.Equal(until)
	b.mu.Unlock()
	if !same {
		b.updateProgress(func(p *Progress) { p.Pause, p.Until = why, until })
	}
}

func (b *counters) setWallet(a Amount, currency string) {
	b.updateProgress(func(p *Progress) {
		if p.Phase == Checking { // later ones are no longer what it held before
			b.first = a
		}
		p.Wallet, p.Currency = a, currency
	})
}

func (b *counters) lastWallet() Amount {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.progress.Wallet
}

// requestsSent returns how many requests have left and are recorded.
func (b *counters) requestsSent() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.progress.Sent
}

// forgetWallet makes the balance unknown: the last one is not that of the end.
func (b *counters) forgetWallet() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.progress.Wallet = Amount{}
}

// summaryFigures returns what the summary needs.
func (b *counters) summaryFigures() (p Progress, decided map[ledger.Status]int, first Amount) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make(map[ledger.Status]int, len(b.decided))
	for s, n := range b.decided {
		out[s] = n
	}
	return b.progress, out, b.first
}
