package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	scanCrowd   = 20               // so many rows that a list may help are reason to scan beside the sending
	scanEvery   = 30 * time.Minute // and so is the time, if there is one such row
	scanCluster = 5 * time.Second  // rows that become due this close together share one scan
	scanShare   = 4                // beside the sending, look-ups take at most a quarter of the rate
	scanTries   = 3                // scans that may fail in a row before the rows are left to a person
	freshAtMost = 30 * time.Second // or twice the scan's own duration: how old evidence for a send may be
)

// resolver settles what is in doubt by the partner's list of users: rows of
// this batch, which it may give back to be sent, and rows of other inputs,
// which it only looks up along with them. One scan serves all.
type resolver struct {
	*run
	in       *mailbox[*job]
	rulings  chan<- []ruled
	tailing  atomic.Bool   // nothing else is left to do: scan at full rate as soon as it helps
	finished chan struct{} // closed when no more rows will come

	own    map[int64]*waiting
	others map[int64]ledger.Customer
	began  time.Time
	last   time.Time // end of the last scan; zero before the first
	failed int       // scans that failed in a row
}

// waiting is a row in doubt and the moment, by our clock, from which a list may help.
type waiting struct {
	job *job
	due time.Time
}

// take gives a row in doubt to the resolver.
func (r *resolver) take(j *job) { r.in.put(j) }

// tail says whether anything but the rows in doubt is left to do.
func (r *resolver) tail(is bool) {
	if r.tailing.Swap(is) != is {
		r.in.ring()
	}
}

// work runs until no more rows will come and those of other inputs were looked
// up once, or until ctx ends. It closes rulings.
func (r *resolver) work(ctx context.Context) error {
	defer close(r.rulings)
	if err := r.loadOthers(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		var known []ruled
		for _, j := range r.in.take() {
			if j.exists {
				known = append(known, ruled{job: j, ruling: ruling{kind: ruleForeign}})
				continue
			}
			r.own[j.customer.ID] = &waiting{j, r.clock.ours(r.timing().settled(j.customer.History)).Add(second)}
		}
		if err := r.send(ctx, known); err != nil {
			return err
		}
		select {
		case <-r.finished:
			if len(r.own) == 0 {
				if len(r.others) > 0 && r.last.IsZero() {
					return r.look(ctx)
				}
				return nil
			}
		default:
		}
		at, ok := r.nextScan(wall())
		if ok && !at.After(wall()) {
			if err := r.look(ctx); err != nil {
				return err
			}
			continue
		}
		r.await(ctx, at, ok)
	}
	return nil
}

// await waits until something may have changed.
func (r *resolver) await(ctx context.Context, at time.Time, ok bool) {
	var timer <-chan time.Time
	if ok {
		if r.tailing.Load() {
			text := fmt.Sprintf("%d answers outstanding, asking the partner", len(r.own))
			if len(r.own) == 1 {
				text = "1 answer outstanding, asking the partner"
			}
			r.book.pause(text, at)
		}
		t := time.NewTimer(min(at.Sub(wall()), 5*time.Second)) // a timer stands still while the machine sleeps
		defer t.Stop()
		timer = t.C
	}
	finished := r.finished
	if len(r.own) > 0 {
		finished = nil
	}
	select {
	case <-r.in.bell:
	case <-timer:
	case <-finished:
	case <-ctx.Done():
	}
}

// nextScan is when a scan is worth its requests, if at all.
func (r *resolver) nextScan(now time.Time) (time.Time, bool) {
	var first, cluster time.Time
	due := 0
	for _, w := range r.own {
		if first.IsZero() || w.due.Before(first) {
			first = w.due
		}
		if !w.due.After(now) {
			due++
		}
	}
	if len(r.own) == 0 {
		return time.Time{}, false
	}
	if r.tailing.Load() {
		for _, w := range r.own {
			if w.due.Sub(first) <= scanCluster && w.due.After(cluster) {
				cluster = w.due
			}
		}
		return later(cluster, r.last.Add(r.pauseAfterFailure())), true
	}
	if due >= scanCrowd {
		return later(now, r.last.Add(scanCluster+r.pauseAfterFailure())), true
	}
	return later(first, later(r.began, r.last).Add(scanEvery)), true
}

func (r *resolver) pauseAfterFailure() time.Duration {
	if r.failed == 0 {
		return 0
	}
	return backoff(r.failed-1, 10*time.Second, mostBackoff)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// look scans once and rules on everything that is in doubt.
func (r *resolver) look(ctx context.Context) error {
	known, err := r.newest(ctx)
	if err != nil {
		return err
	}
	began := wall()
	wanted, since := r.wanted()
	list, err := r.scan(ctx, search{wanted: wanted, known: known, since: since, turn: r.scanPace()})
	r.last = wall()
	if ctx.Err() != nil {
		return nil
	}
	if errors.Is(err, errWrongAccount) {
		return &Stop{Reason: Refused, Err: err}
	}
	if err != nil {
		return r.unreadable(ctx, err)
	}
	r.failed = 0
	return r.judge(ctx, list, began)
}

// unreadable leaves the rows to a person once the list could not be read
// several times. Their state in the ledger is right as it is.
func (r *resolver) unreadable(ctx context.Context, cause error) error {
	r.failed++
	r.cfg.Log.Warn("the partner's list of users could not be read", "error", cause.Error(), "try", r.failed)
	if s := refusal(cause); s != nil {
		return s
	}
	if r.failed < scanTries {
		return nil
	}
	out := make([]ruled, 0, len(r.own))
	for id, w := range r.own {
		out = append(out, ruled{job: w.job, ruling: ruling{kind: ruleWait}})
		delete(r.own, id)
	}
	r.failed = 0
	return r.send(ctx, out)
}

// judge rules on every row by one list.
func (r *resolver) judge(ctx context.Context, list listing, began time.Time) error {
	owners, err := r.owners(ctx, list)
	if err != nil {
		return err
	}
	var out []ruled
	// What a request waits for its token is not counted: at one a minute
	// nothing would ever be fresh.
	freshUntil := began.Add(max(freshAtMost, 2*list.took) + lasting(2, r.pace.limit()))
	for id, w := range r.own {
		c := w.job.customer
		s := r.sighting(c, list, owners)
		s.details = w.job.details
		s.forced = w.job.forced
		s.mayResend = (!r.cfg.Doubt.Hold || c.Status != ledger.InDoubt) && w.job.spent < r.cfg.Pace.MaxAttempts
		rule := weigh(c.History, s, r.timing())
		if rule.kind == ruleWait {
			// A list counts from its Date, which may read a second less.
			w.due = r.clock.ours(rule.until).Add(second)
			continue
		}
		delete(r.own, id)
		w.job.fresh = freshUntil
		out = append(out, ruled{job: w.job, ruling: rule})
	}
	for id, c := range r.others {
		rule := weigh(c.History, r.sighting(c, list, owners), r.timing())
		switch rule.kind {
		case ruleCreated, ruleMissing, ruleForeign, ruleRefused:
			out = append(out, ruled{customer: c, ruling: rule})
			delete(r.others, id)
		}
	}
	return r.send(ctx, out)
}

func (r *resolver) send(ctx context.Context, out []ruled) error {
	if len(out) == 0 {
		return nil
	}
	select {
	case r.rulings <- out:
	case <-ctx.Done():
	}
	return nil
}

// sighting is what the list shows of one customer.
func (r *resolver) sighting(c ledger.Customer, list listing, owners map[string]int64) sighting {
	return sighting{
		began: list.began, users: list.users[c.Identity], email: c.Email,
		taken:    func(serviceID string) bool { id, ok := owners[serviceID]; return ok && id != c.ID },
		salvaged: partner.Salvage,
	}
}

// owners tells which of the listed users are customers of the ledger already.
func (r *resolver) owners(ctx context.Context, list listing) (map[string]int64, error) {
	var ids []string
	for _, users := range list.users {
		for _, u := range users {
			ids = append(ids, u.ServiceID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	owners, err := r.taken(ctx, ids)
	if err != nil {
		return nil, ledgerStop("looking up users by serviceId", err)
	}
	return owners, nil
}

// wanted are the identities to look for, and from when on users matter to all
// of them.
func (r *resolver) wanted() (identities map[string]bool, since time.Time) {
	identities = make(map[string]bool, len(r.own)+len(r.others))
	all := false
	add := func(c ledger.Customer) {
		identities[c.Identity] = true
		oldest := oldestThatMatters(c.History, r.timing())
		if all = all || oldest.IsZero(); !all && (since.IsZero() || oldest.Before(since)) {
			since = oldest
		}
	}
	for _, w := range r.own {
		add(w.job.customer)
	}
	for _, c := range r.others {
		add(c)
	}
	if all {
		since = time.Time{}
	}
	return identities, since
}

// scanPace is the pace of look-ups: the run's, and beside the sending only a
// share of it.
func (r *resolver) scanPace() func(context.Context) error {
	if r.tailing.Load() || r.cfg.Pace.Unlimited {
		return func(ctx context.Context) error { _, err := r.pace.wait(ctx); return err }
	}
	share := rate.NewLimiter(rate.Limit(r.pace.limit()/scanShare), 1)
	return func(ctx context.Context) error {
		if !r.tailing.Load() {
			if err := sleep(ctx, share.Reserve().Delay()); err != nil {
				return err
			}
		}
		_, err := r.pace.wait(ctx)
		return err
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
			r.others[c.ID] = c
		}
	}
	return nil
}
