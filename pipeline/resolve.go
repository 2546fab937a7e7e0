package pipeline

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	pairShare     = 10               // unconfirmed users for each page of the list at which it is read again to compare them
	pairCrowd     = 500              // unconfirmed users at which they are compared during the sending
	scanCrowd     = 20               // rows that a list may settle at which it is scanned during the sending
	scanEvery     = 30 * time.Minute // time after which it is scanned for a single such row
	scanCluster   = 5 * time.Second  // rows that become due this close together share one scan
	scanShare     = 4                // during the sending, look-ups use at most a quarter of the rate
	scanTries     = 3                // scans that may fail in a row before the rows are left to an operator
	firstUnusable = 10 * time.Second // pause after a list that cannot be used; it doubles
	freshAtMost   = 30 * time.Second // or twice the scan's own duration: how old evidence for a send may be
)

// resolver settles customers in doubt by the partner's list of users: rows of this batch,
// which may then be sent again, and rows of other inputs, which it only looks up along
// with them. One scan serves all.
type resolver struct {
	*run
	in          *mailbox[*job]
	resolutions chan<- []resolved
	tailing     atomic.Bool   // nothing else is left to do: scan at full rate as soon as it helps
	finished    chan struct{} // closed when no more rows will come

	own    map[int64]*waiting
	others map[int64]*elsewhere
	follow
	began  time.Time
	last   time.Time // end of the last scan; zero before the first
	failed int       // scans that failed in a row
	pairAt int64     // how many users must wait before they are compared during the sending

	unusable      int       // lists in a row that did not show the users whom they must show
	unusableSince time.Time // when the first of them was read
}

// waiting is a row in doubt and the moment, by our clock, from which a list may help.
type waiting struct {
	job      *job
	due      time.Time
	unproved bool // the ledger knew too few users to judge the list by; judged again when nothing is left to be sent
}

// addDoubt passes a row in doubt to the resolver.
func (r *resolver) addDoubt(j *job) { r.in.putAll(j) }

// isHolding reports whether the resolver has a customer, so that no request for it is in
// flight. Only the resolver's goroutine calls it.
func (r *resolver) isHolding(customer int64) bool {
	_, other := r.others[customer]
	return r.own[customer] != nil || other
}

// setTailing sets whether only rows in doubt are left to be settled.
func (r *resolver) setTailing(is bool) {
	if r.tailing.Swap(is) != is {
		r.in.wake()
	}
}

// resolveAll runs until all rows are settled and those of other inputs were looked up
// once, or until ctx ends. It closes resolutions.
func (r *resolver) resolveAll(ctx context.Context) error {
	defer close(r.resolutions)
	if r.shared == nil {
		if err := r.loadOthers(ctx); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		var known []resolved
		for _, j := range r.in.takeAll() {
			if j.isListed {
				known = append(known, resolved{job: j, resolution: decide.Resolution{Kind: decide.MarkDuplicate}})
				continue
			}
			r.own[j.customer.ID] = &waiting{job: j, due: r.dueOf(j.customer)}
			delete(r.others, j.customer.ID)
		}
		if err := r.sendResolved(ctx, known); err != nil {
			return err
		}
		if err := r.syncShared(ctx); err != nil {
			return err
		}
		select {
		case <-r.finished:
			if len(r.own) == 0 {
				if len(r.others) > 0 && r.last.IsZero() && r.mayScan() {
					return r.scanOnce(ctx)
				}
				return nil
			}
		default:
		}
		if r.mayScan() && r.unpaired.Load() >= max(r.pairAt, pairCrowd) {
			if err := r.pairWhileSending(ctx); err != nil {
				return err
			}
			continue
		}
		at, ok := r.nextScan(pacing.WallTime())
		if ok && !at.After(pacing.WallTime()) {
			if err := r.scanOnce(ctx); err != nil {
				return err
			}
			continue
		}
		r.awaitNext(ctx, at, ok)
	}
	return nil
}

// longestWait is how long the resolver waits at most before it looks at the clock again.
const longestWait = 5 * time.Second

// awaitNext waits until something may have changed.
func (r *resolver) awaitNext(ctx context.Context, at time.Time, ok bool) {
	var timer <-chan time.Time
	if ok && r.tailing.Load() {
		text := fmt.Sprintf("%d answers outstanding, asking the partner", len(r.own))
		if len(r.own) == 1 {
			text = "1 answer outstanding, asking the partner"
		}
		r.counters.showPause(text, at)
	}
	if r.shared != nil && (!ok || r.lookAt.Before(at)) {
		at, ok = r.lookAt, true
	}
	if ok {
		t := time.NewTimer(min(at.Sub(pacing.WallTime()), longestWait)) // a timer stops while the machine sleeps
		defer t.Stop()
		timer = t.C
	}
	finished := r.finished
	if len(r.own) > 0 {
		finished = nil
	}
	select {
	case <-r.in.notify:
	case <-timer:
	case <-finished:
	case <-ctx.Done():
	}
}

// nextScan returns when a scan is worth its requests, if at all.
func (r *resolver) nextScan(now time.Time) (time.Time, bool) {
	var dues []time.Time
	more, isTailing := r.moreToCome(), r.tailing.Load()
	for _, w := range r.own {
		if (!w.unproved || !more) && r.mayScanFor(w) {
			dues = append(dues, w.due)
		}
	}
	for _, e := range r.others {
		if r.mayScan() && r.awaitsList(e) {
			dues = append(dues, e.due)
		}
	}
	if len(dues) == 0 {
		return time.Time{}, false
	}
	first := slices.MinFunc(dues, time.Time.Compare)
	cluster, due := first, 0
	for _, at := range dues {
		if at.Sub(first) <= scanCluster {
			cluster = decide.MaxTime(cluster, at)
		}
		if !at.After(now) {
			due++
		}
	}
	switch {
	case isTailing:
		return decide.MaxTime(cluster, r.last.Add(r.pauseAfterFailure())), true
	case due >= scanCrowd:
		return decide.MaxTime(now, r.last.Add(scanCluster+r.pauseAfterFailure())), true
	default:
		return decide.MaxTime(first, decide.MaxTime(r.began, r.last).Add(scanEvery)), true
	}
}

// moreToCome reports whether rows may still be sent, whose users can then serve to judge
// the list.
func (r *resolver) moreToCome() bool {
	if !r.tailing.Load() {
		return true
	}
	for _, w := range r.own {
		if !w.unproved {
			return true
		}
	}
	return false
}

func (r *resolver) pauseAfterFailure() time.Duration {
	if r.failed == 0 {
		return 0
	}
	return pacing.BackoffAfter(r.failed-1, 10*time.Second, pacing.MaxBackoff)
}

// giveUpList gives the rows up for this run when the list could not be read several times
// in a row. Their state in the ledger stays as it is.
func (r *resolver) giveUpList(ctx context.Context, cause error) error {
	r.failed++
	r.cfg.Log.Warn("could not read the partner's list of users", "error", cause.Error(), "try", r.failed)
	if r.failed < scanTries && !userlist.IsRefusedForGood(cause) {
		return nil
	}
	out := make([]resolved, 0, len(r.own))
	for id, w := range r.own {
		rule := decide.Resolution{Kind: decide.WaitLonger}
		if w.job.customer.Status != ledger.InDoubt && decide.HasUnanswered(w.job.customer.History, r.timing()) {
			rule = decide.Resolution{Kind: decide.AskOperator, Code: decide.CodeOutstanding} // a limiter's 429 that counted as an answer once
		}
		out = append(out, resolved{job: w.job, resolution: rule})
		delete(r.own, id)
	}
	for _, e := range r.others {
		e.due = pacing.WallTime().Add(scanEvery)
	}
	r.failed = 0
	return r.sendResolved(ctx, out)
}

func (r *resolver) sendResolved(ctx context.Context, out []resolved) error {
	if len(out) == 0 {
		return nil
	}
	select {
	case r.resolutions <- out:
	case <-ctx.Done():
	}
	return nil
}

// allInGap returns those of the rows in doubt whose users were created inside a gap.
func (r *resolver) allInGap(ctx context.Context) (map[string]bool, error) {
	var all []string
	for _, c := range r.customersInDoubt() {
		all = append(all, c.Identity)
	}
	return r.inGap(ctx, all)
}

// customersInDoubt returns the customers of this input and of others that are in doubt.
func (r *resolver) customersInDoubt() []ledger.Customer {
	all := make([]ledger.Customer, 0, len(r.others)+len(r.own))
	for _, e := range r.others {
		all = append(all, e.Customer)
	}
	for _, w := range r.own {
		all = append(all, w.job.customer)
	}
	return all
}

// scanPace returns the pace of look-ups: the run's, and during the sending only a
// share of it.
func (r *resolver) scanPace() func(context.Context) error {
	if r.tailing.Load() || r.cfg.Pace.Unlimited {
		return r.pace.WaitTurn
	}
	share := rate.NewLimiter(rate.Limit(r.pace.CurrentRate()/scanShare), 1)
	return func(ctx context.Context) error {
		if !r.tailing.Load() {
			if err := pacing.SleepFor(ctx, share.Reserve().Delay()); err != nil {
				return err
			}
		}
		return r.pace.WaitTurn(ctx)
	}
}

// loadOthers reads what other inputs left in doubt.
func (r *resolver) loadOthers(ctx context.Context) error {
	q := ledger.Query{Status: []ledger.Status{ledger.InDoubt}, NotBatch: r.batch.ID, History: true}
	for c, err := range r.cfg.Ledger.Customers(ctx, q) {
		if err != nil {
			return ledgerStop("reading what is in doubt", err)
		}
		if _, ok := validate.Identity(c.Email); ok {
			r.others[c.ID] = &elsewhere{Customer: c}
		}
	}
	return nil
}
