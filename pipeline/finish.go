package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

// Summary is what a run did. It is complete also when Run returns a *Stop, with two
// exceptions: Batch.ID is 0 if the batch was not registered, and IsCounted is false if what
// became of the rows could not be read from the ledger.
type Summary struct {
	Run         int64
	Batch       ledger.Batch
	Plan        Plan
	Tally       ledger.Tally          // of the batch, as it is now
	New         map[ledger.Status]int // rows decided in this run
	Sent        int                   // create-user requests, less those known never sent
	Users       int                   // users that requests of this run created, even if the answer was lost
	AlreadyDone int                   // rows that had their final status before this run
	ByOthers    int                   // rows that other senders settled during this run
	Remaining   int                   // pending, insufficient_balance and in_doubt
	OthersDoubt int                   // customers in doubt of other inputs
	Unconfirmed int                   // users of the batch that the partner's list has not confirmed yet
	ListError   string                // why it has not; "" = it was read, or need not be
	Fee         Amount                // measured in this run if it could be, else as planned
	WalletFrom  Amount
	WalletTo    Amount
	Currency    string
	NoFunds     bool // it ended while it waited for the wallet to pay for another user
	Started     time.Time
	Finished    time.Time

	Kept         int  // customers whose answer is only in the ledger's emergency file
	SharesWallet bool // other senders have spent from the wallet, too
	OthersLive   int  // other senders that were at work on this ledger at the end
	IsCounted    bool // false: Tally, AlreadyDone, ByOthers and Remaining are not known, New is what this run wrote
}

// finishRun closes the run in the ledger and adds up. The figures must agree with
// the rows read, or the run has failed whatever else it did.
func (r *run) finishRun(ctx context.Context, s Summary, before ledger.Tally, err error) (Summary, error) {
	interrupt := ctx.Err() != nil
	asked := ctx
	ctx = context.WithoutCancel(ctx)
	if stop := r.stopReason.current(); stop != nil {
		err = stop
	} else if interrupt && (err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		err = &Stop{Reason: Interrupted, Detail: "interrupted"}
	}
	if f := r.counters.current(); f.Wallet.Known() && (f.Sent > 0 || r.shared != nil) { // others may have spent from it
		s.WalletTo = r.lastBalance(asked, !interrupt && canAnswer(err))
	} else {
		s.WalletTo = f.Wallet
	}
	s.Finished = pacing.WallTime()
	f := r.counters.current()
	s.Sent, s.New, s.Users, s.NoFunds, s.Kept = f.Sent, f.decided, f.users, f.NoFunds, len(f.kept)
	s.WalletFrom, s.Currency, s.Fee = f.firstWallet, f.Currency, r.fee
	spenders, living, failed := r.shared.countOthers(ctx)
	if failed != nil {
		s.SharesWallet = true // as far as is known
		return s, addFault(err, failed)
	}
	s.SharesWallet, s.OthersLive = spenders > 0, living
	if fee := measuredFee(s); fee.Known() && !r.cfg.Money.Fee.Known() && (!r.fee.Known() || fee.Cmp(r.fee) == 0) {
		s.Fee = fee
	}
	if s.Batch.ID != 0 {
		if s.Tally, failed = r.cfg.Ledger.Tally(ctx, ledger.Selection{Batch: s.Batch.ID}); failed != nil {
			return s, addFault(err, ledgerStop("adding up", failed))
		}
		total := 0
		for _, n := range s.Tally.Status {
			total += n
		}
		if total != s.Batch.Rows || s.Tally.Rows != s.Batch.Rows {
			return s, errors.Join(err, fmt.Errorf("pipeline: %d rows were read, but the ledger accounts for %d", s.Batch.Rows, total))
		}
		r.compareTally(&s, before)
		s.IsCounted = true
	}
	if s.OthersDoubt, failed = r.countCustomers(ctx, ledger.Query{Status: []ledger.Status{ledger.InDoubt}, NotBatch: s.Batch.ID}); failed != nil {
		return s, addFault(err, failed)
	}
	if s.Unconfirmed, failed = r.countCustomers(ctx, ledger.Query{Status: []ledger.Status{ledger.Created}, Pairing: ledger.Unconfirmed, Batch: s.Batch.ID}); failed != nil {
		err = errors.Join(err, failed)
	}
	if s.ListError = r.listError; r.masked > 0 && s.ListError == "" {
		s.ListError = "it shows different e-mails than were sent"
	}
	if failed := r.saveFacts(ctx, s); failed != nil && err == nil {
		err = failed
	}
	return s, err
}

// addFault adds a fault of the ledger at the end of a run to what ended it, unless that was
// one, too: it would say the same again.
func addFault(ended, fault error) error {
	var stop *Stop
	if errors.As(ended, &stop) && stop.Reason == LedgerFault {
		return ended
	}
	return errors.Join(ended, fault)
}

// lastBalance reads the balance at the end of the run. It is unknown if it cannot be read,
// because an earlier balance is not the present one.
func (r *run) lastBalance(ctx context.Context, canAsk bool) Amount {
	if !canAsk {
		return Amount{}
	}
	soon, cancel := context.WithTimeout(ctx, lastQuestion)
	defer cancel()
	balance, err := r.askWallet(soon)
	if err != nil {
		r.cfg.Log.Warn("could not read the wallet at the end", "error", err.Error())
		return Amount{}
	}
	return balance
}

// countCustomers returns how many customers a query finds.
func (r *run) countCustomers(ctx context.Context, q ledger.Query) (n int, _ error) {
	for _, err := range r.cfg.Ledger.Customers(ctx, q) {
		if err != nil {
			return n, ledgerStop("adding up", err)
		}
		n++
	}
	return n, nil
}

// canAnswer reports whether the partner can be expected to answer the wallet call after a
// run that ended with err.
func canAnswer(err error) bool {
	var s *Stop
	if !errors.As(err, &s) {
		return true
	}
	return s.Reason != PartnerDown && s.Reason != Refused && s.Reason != LedgerFault
}

// lastQuestion limits how long the end of a run waits for the balance.
const lastQuestion = 10 * time.Second

// measuredFee returns what one user cost in this run, if the wallet went down by a
// whole cent for each. Otherwise something else was paid from it, and the fee is unknown.
func measuredFee(s Summary) Amount {
	fee := s.WalletFrom.Minus(s.WalletTo).Per(s.Users)
	if s.SharesWallet || !fee.Known() || fee.Cmp(Amount{}) <= 0 || !fee.hasWholeCents() {
		return Amount{}
	}
	return fee
}

// compareTally works out what this run has changed.
func (r *run) compareTally(s *Summary, before ledger.Tally) {
	for _, st := range []ledger.Status{ledger.Pending, ledger.InDoubt, ledger.InsufficientBalance} {
		s.Remaining += s.Tally.Status[st]
		if d := s.Tally.Status[st] - before.Status[st]; d > 0 && st != ledger.Pending {
			s.New[st] = d
		}
	}
	if !s.Plan.Again {
		for _, st := range []ledger.Status{ledger.Invalid, ledger.DuplicateInInput, ledger.Forgotten} {
			s.New[st] = s.Tally.Status[st]
		}
	}
	s.AlreadyDone = s.Batch.Rows - s.Remaining
	for _, n := range s.New {
		s.AlreadyDone -= n
	}
	for _, st := range []ledger.Status{ledger.InDoubt, ledger.InsufficientBalance} {
		s.AlreadyDone += s.New[st] // counted among the remaining
	}
	if r.shared != nil {
		for _, st := range []ledger.Status{ledger.Created, ledger.LinkMissing, ledger.Duplicate, ledger.Rejected} {
			s.ByOthers += s.Tally.Status[st] - before.Status[st] - s.New[st]
		}
		s.ByOthers = max(0, s.ByOthers)
	}
	s.AlreadyDone = max(0, s.AlreadyDone-s.ByOthers)
}

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
	kept        map[int64]bool        // customers whose answer is only in the emergency file
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
	return &counters{show: show, pace: pace, now: figures{decided: map[ledger.Status]int{}, kept: map[int64]bool{}, Progress: Progress{Phase: Checking, Since: pacing.WallTime()}}}
}

// current returns a copy of the figures.
func (c *counters) current() figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.now
	out.decided, out.kept = maps.Clone(out.decided), maps.Clone(out.kept)
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

// countKept counts customers whose answer is left to the emergency file.
func (c *counters) countKept(changes []ledger.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ch := range changes {
		if slices.ContainsFunc(ch.Close, func(cl ledger.Closing) bool { return cl.HTTPStatus != 0 }) {
			c.now.kept[ch.Customer] = true
		}
	}
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
