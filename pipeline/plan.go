package pipeline

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	// maxGroup is how many rows are intended in one transaction at most.
	maxGroup = 100
	// groupTime limits a group to the requests of this time. When the process is killed,
	// each row that is intended but not sent must wait for a silence.
	groupTime = 100 * time.Millisecond
	// maxDoubts is how many rows in doubt keep their bodies in memory. When
	// there are more, no new row is sent until the resolver has settled some.
	maxDoubts = 20_000
)

// retryAt says where a job goes next. The recorder gives it to the planner after the
// commit.
type retryAt struct {
	job  *job
	next decide.Next
}

// planner decides which rows are sent next, and writes their intents. It holds the rows
// that wait: new ones from the feed, and those that came back to be sent again. It
// always receives from the recorder, so that the recorder never blocks.
type planner struct {
	*run
	fresh       <-chan *chunk // from the feed; closed when all rows were read
	retries     *mailbox[retryAt]
	out         chan *job     // jobs with an intent, to the submitters; has room for a whole group
	drained     chan struct{} // receives a value when the submitters have received a job
	queue       []*job        // jobs that wait for their intent
	openIntents int           // jobs with an intent or in doubt, until they are settled for this run
	inDoubt     int           // those that the resolver has
	newSent     int           // new rows sent, for Bounds.Limit
	readAll     bool          // nothing more is received from fresh
	limited     bool          // because Bounds.Limit is reached
	measured    bool          // whether the fee of the first user was measured, or cannot be
	renewals    []*job        // users to be deleted and created again, one after the other
	noRenewals  bool          // no further user is deleted: one is without a user

	// With a shared ledger:
	chunks int            // received from fresh
	inHand map[int64]bool // customers of the jobs that the run has
}

// planRows runs until every row is settled for this run, or ctx ends.
func (p *planner) planRows(ctx context.Context) error {
	defer close(p.resolver.finished)
	defer close(p.out)
	for {
		// Asked before the release, so that no change of the gate is missed.
		room, changed := p.gate.IntentRoom()
		if err := p.releaseGroup(ctx, room); err != nil {
			return err
		}
		if p.isIdle() && len(p.renewals) > 0 {
			if err := p.renewNext(ctx); err != nil {
				return err
			}
			continue
		}
		if p.readAll && p.isIdle() {
			if p.limited {
				p.stopReason.stopWith(stopf(Limit, "reached --limit %d", p.cfg.Bounds.Limit))
			}
			return nil
		}
		wantsRows := !p.readAll && len(p.queue) < maxGroup && len(p.renewals) < maxGroup && p.inDoubt < maxDoubts
		if p.shared != nil {
			p.shared.work.setJobs(p.chunks, len(p.queue)+len(p.renewals)+p.openIntents, !wantsRows)
		}
		p.resolver.setTailing(p.openIntents == p.inDoubt && p.waitsForDoubts())
		var fresh <-chan *chunk
		if wantsRows {
			fresh = p.fresh
		}
		select {
		case c, ok := <-fresh:
			if !ok {
				p.readAll = true
				continue
			}
			p.chunks++
			if err := p.enqueueRows(ctx, c.rows); err != nil {
				return err
			}
		case <-p.retries.notify:
			for _, c := range p.retries.takeAll() {
				p.acceptRetry(c)
			}
		case <-p.drained:
		case <-changed:
		case <-ctx.Done():
			return nil // the submitters close the intents that are not sent
		}
	}
}

// waitsForDoubts reports whether no row can be sent before a row in doubt is settled, or
// the wallet is topped up.
func (p *planner) waitsForDoubts() bool {
	if len(p.queue) > 0 {
		return p.budget.UsersLeft() == 0
	}
	return p.readAll || len(p.renewals) > 0 || p.shared != nil && p.shared.isIdle.Load()
}

// acceptRetry processes a job that the recorder returned.
func (p *planner) acceptRetry(c retryAt) {
	p.openIntents--
	p.settleCost(c)
	if c.job.isInDoubt {
		p.inDoubt--
		c.job.isInDoubt = false
	}
	if c.job.isRenewed && c.next == decide.NextDone && c.job.customer.Status != ledger.Created {
		p.stopRenewals()
	}
	switch c.next {
	case decide.NextAgain:
		p.queue = append([]*job{c.job}, p.queue...)
	case decide.NextDoubt:
		p.sendToResolver(c.job)
	default:
		delete(p.inHand, c.job.customer.ID)
	}
}

// enqueueRows makes jobs of rows from the feed. Rows in doubt from earlier runs go
// to the resolver, because their rows have been read now.
func (p *planner) enqueueRows(ctx context.Context, rows []checked) error {
	jobs := make([]*job, 0, len(rows))
	var histories []int64
	fields := validate.Fields()
	if err := p.loadRenewed(ctx, rows); err != nil {
		return err
	}
	for i := range rows {
		c := &rows[i]
		if !c.result.Valid() {
			// It was registered as valid under the same settings, so the input or the
			// rules have changed.
			return stopf(InputFault, "row %d passed the check but no longer does: the input changed during the run. Run again", c.row.Number)
		}
		if c.result.Identity != c.planned.Customer.Identity || !bytes.Equal(p.cfg.Ledger.Digest(detailsOf(&c.result.User, fields)), c.planned.Details) {
			// The end of the pass would show that the input has changed, but by then one
			// customer's details might have been sent under another's key.
			return stopf(InputFault, "row %d is not the row that was checked: the input changed during the run. Run again", c.row.Number)
		}
		if p.inHand[c.planned.Customer.ID] {
			continue
		}
		j := &job{customer: c.planned.Customer, details: c.planned.Details, user: c.result.User, isNew: c.planned.Customer.Intents == 0}
		if j.customer.Intents > len(j.customer.History) {
			histories = append(histories, j.customer.ID)
		}
		jobs = append(jobs, j)
	}
	if err := p.loadHistories(ctx, jobs, histories); err != nil {
		return err
	}
	return p.admitJobs(ctx, jobs)
}

// admitJobs queues the rows that are to be sent, and gives those to the resolver that
// must be looked up first.
func (p *planner) admitJobs(ctx context.Context, jobs []*job) error {
	identities := make([]string, len(jobs))
	for i, j := range jobs {
		identities[i] = j.customer.Identity
	}
	noted, err := p.inGap(ctx, identities)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if p.inHand != nil {
			p.inHand[j.customer.ID] = true
		}
		switch {
		case p.cfg.Recreate.has(j.customer.ID) && (j.customer.Status == ledger.Created || j.customer.Status == ledger.LinkMissing):
			if !p.noRenewals {
				p.renewals = append(p.renewals, j)
			}
		case j.customer.Status == ledger.InDoubt, (decide.NeedsList(j.customer.History, p.timing()) || p.gaps.Load().MustLookUp(j.customer, noted)) && p.isWanted(j):
			p.sendToResolver(j)
		case j.isNew && p.existing[j.customer.Identity]:
			j.isListed = true
			p.sendToResolver(j)
		case p.isWanted(j):
			p.queue = append(p.queue, j)
		default:
			delete(p.inHand, j.customer.ID)
		}
	}
	return nil
}

// sendToResolver passes on a row that only the partner's list can settle.
func (p *planner) sendToResolver(j *job) {
	p.openIntents++
	p.inDoubt++
	j.isInDoubt = true
	p.resolver.addDoubt(j)
}

// releaseGroup writes the intents of as many rows as the rate and the gate allow, and
// passes the rows on.
func (p *planner) releaseGroup(ctx context.Context, room int) error {
	size := p.groupSize()
	waiting := len(p.out)
	if len(p.queue) == 0 || waiting > size/2 || ctx.Err() != nil {
		return nil
	}
	p.measureFirst(ctx)
	if p.isBeyondLimit(p.queue[0]) {
		p.dropUnstarted() // before the wallet is asked about rows that are not sent
	}
	if p.sendsOneByOne() {
		room = min(room, 1) // until the partner's time is known, an operator would have to settle a lost answer
	}
	n := min(len(p.queue), size-waiting, room)
	if n <= 0 || room == 1 && p.inFlight() > 0 {
		return nil
	}
	if n = min(n, p.budget.UsersLeft()); n == 0 {
		if p.inFlight() == 0 {
			p.gate.HoldForFunds()
		}
		return nil
	}
	group := make([]*job, 0, n)
	for len(group) < n && len(p.queue) > 0 {
		j := p.queue[0]
		if p.isBeyondLimit(j) {
			p.dropUnstarted()
			continue
		}
		p.queue = p.queue[1:]
		if j.isStale(pacing.WallTime()) || j.customer.Status != ledger.InDoubt && decide.HasUnanswered(j.customer.History, p.timing()) {
			p.sendToResolver(j)
			continue
		}
		if j.isNew && !j.sentNew {
			j.sentNew = true
			p.newSent++
		}
		group = append(group, j)
	}
	if len(group) == 0 {
		return nil
	}
	skipped, err := p.writeIntents(ctx, group)
	if err != nil {
		return err
	}
	for _, j := range group {
		if j.attempt.ID == 0 {
			continue
		}
		p.openIntents++
		p.budget.SpendOne()
		p.out <- j // never blocks: the group fits, and only we send
	}
	return p.reconsiderSkipped(ctx, skipped)
}

// sendsOneByOne reports whether rows go out one at a time: until the
// partner's time is known, or an operator would have to settle a lost answer, and
// until the first user shows whose account the key opens.
func (p *planner) sendsOneByOne() bool {
	_, known := p.clock.Skew()
	return !known && p.counters.current().Sent == 0 || !p.account.isProved.Load()
}

// isBeyondLimit reports whether Bounds.Limit is reached before this row.
func (p *planner) isBeyondLimit(j *job) bool {
	return j.isNew && !j.sentNew && p.cfg.Bounds.Limit > 0 && p.newSent >= p.cfg.Bounds.Limit
}

// dropUnstarted drops all rows that were never sent. The others are settled before the run
// stops at its limit.
func (p *planner) dropUnstarted() {
	p.limited, p.readAll = true, true
	p.queue = slices.DeleteFunc(p.queue, func(j *job) bool { return j.isNew && !j.sentNew })
}

// inFlight returns how many jobs the submitters or the recorder have.
func (p *planner) inFlight() int { return p.openIntents - p.inDoubt }

// groupSize returns how many rows may be intended and unsent.
func (p *planner) groupSize() int {
	limit := p.pace.CurrentRate()
	if math.IsInf(limit, 1) {
		return maxGroup
	}
	return int(max(1, min(maxGroup, limit*groupTime.Seconds())))
}

// writeIntents writes the intents of a group in one transaction. It returns the jobs
// whose customers another writer has changed: they have no attempt.
func (p *planner) writeIntents(ctx context.Context, group []*job) (skipped []*job, err error) {
	began, now := time.Now(), p.clock.Now()
	intents := make([]ledger.Intent, len(group))
	for i, j := range group {
		g := j.nextGeneration()
		j.intended = began
		j.attempt = ledger.Attempt{
			Run: p.id, Generation: g, Key: ledger.Key(p.cfg.Environment, j.customer.Identity, g),
			Details: j.details, NotBefore: now,
		}
		intents[i] = ledger.Intent{
			Expect:     ledger.Expect{Customer: j.customer.ID, Status: j.customer.Status, Intents: j.customer.Intents},
			Generation: g, Key: j.attempt.Key, Details: j.details,
			Email: j.user.Email, FirstName: j.user.FirstName, LastName: j.user.LastName, At: now,
		}
	}
	ids, err := p.cfg.Ledger.Intend(context.WithoutCancel(ctx), p.id, intents)
	if err != nil {
		return nil, ledgerStop("recording what is about to be sent", err)
	}
	if len(ids) != len(group) {
		return nil, ledgerStop("recording what is about to be sent", errors.New("the ledger answered for a different number of rows"))
	}
	for i, j := range group {
		if ids[i] == 0 {
			j.attempt = ledger.Attempt{}
			skipped = append(skipped, j)
			continue
		}
		p.cfg.OnStatusChange(j.customer.Status, ledger.InDoubt)
		j.attempt.ID, j.isForced = ids[i], false
		j.customer.Status, j.customer.Email = ledger.InDoubt, j.user.Email
		j.customer.Intents++
		j.customer.Generation = j.attempt.Generation
	}
	return skipped, nil
}
