package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

const (
	// maxGroup is how many rows are intended in one transaction at most.
	maxGroup = 100
	// groupTime is how much of the rate a group may be: what is intended but
	// unsent when the process is killed costs a silence each.
	groupTime = 100 * time.Millisecond
	// maxDoubts is how many rows in doubt keep their bodies in memory. When
	// there are more, no new row is begun until the resolver has settled some.
	maxDoubts = 20_000
)

// comeback is what the recorder tells the planner about a job, after the commit.
type comeback struct {
	job  *job
	next decide.Next
}

// planner decides which rows go out next. It alone writes intents. It holds the
// rows that wait: new ones from the feed, and those that came back to be sent
// again. It always listens to the recorder.
type planner struct {
	*run
	fresh    <-chan *chunk // from the feed; closed when all rows were read
	back     *mailbox[comeback]
	out      chan *job     // intended, to the release; room for a whole group
	drained  chan struct{} // rings when the release took one
	queue    []*job        // ready to be intended
	under    int           // jobs that are intended or in doubt: not back for good yet
	doubts   int           // those of them that are with the resolver
	begun    int           // new rows sent, for Bounds.Limit
	readAll  bool          // nothing more is taken from fresh
	limited  bool          // because Bounds.Limit is reached
	measured bool          // the fee of the first user, or it cannot be
}

// work runs until every row is settled for this run, or ctx ends. Then nothing
// more is sent or given to the resolver.
func (p *planner) work(ctx context.Context) error {
	defer close(p.resolver.finished)
	defer close(p.out)
	for {
		// Asked before the release, so that no change of the gate is missed.
		room, changed := p.gate.IntentRoom()
		if err := p.release(ctx, room); err != nil {
			return err
		}
		if p.readAll && len(p.queue) == 0 && p.under == 0 {
			if p.limited {
				p.halt.stop(stopf(Limit, "as many rows were sent as --limit %d allows", p.cfg.Bounds.Limit))
			}
			return nil
		}
		p.resolver.tail(p.readAll && len(p.queue) == 0 && p.under == p.doubts)
		var fresh <-chan *chunk
		if !p.readAll && len(p.queue) < maxGroup && p.doubts < maxDoubts {
			fresh = p.fresh
		}
		select {
		case c, ok := <-fresh:
			if !ok {
				p.readAll = true
				continue
			}
			if err := p.enqueue(ctx, c.rows); err != nil {
				return err
			}
		case <-p.back.bell:
			for _, c := range p.back.take() {
				p.take(c)
			}
		case <-p.drained:
		case <-changed:
		case <-ctx.Done():
			return nil // what is intended is closed by the release
		}
	}
}

// take accounts for a job that the recorder or the resolver gave back.
func (p *planner) take(c comeback) {
	switch c.next {
	case decide.NextAgain:
		p.under--
		if c.job.wasDoubt {
			p.doubts--
			c.job.wasDoubt = false
		}
		p.queue = append([]*job{c.job}, p.queue...)
	case decide.NextDoubt:
		p.doubts++
		c.job.wasDoubt = true
		p.resolver.take(c.job)
	default:
		p.under--
		if c.job.wasDoubt {
			p.doubts--
		}
	}
}

// enqueue makes jobs of rows from the feed. Rows in doubt from earlier runs go
// to the resolver, now that their bodies are at hand.
func (p *planner) enqueue(ctx context.Context, rows []checked) error {
	jobs := make([]*job, 0, len(rows))
	var histories []int64
	for i := range rows {
		c := &rows[i]
		if !c.result.Valid() {
			// Registered as good under the same settings: only a changed input
			// or changed rules can make it bad now.
			return stopf(InputFault, "row %d passed the check and does not any more: the input changed during the run. Run again", c.row.Number)
		}
		if c.result.Identity != c.planned.Customer.Identity || !bytes.Equal(p.cfg.Ledger.Digest(c.result.User.DetailValues()), c.planned.Details) {
			// By its end the input would be found to have changed; by then one
			// person's details would have gone out under another's key.
			return stopf(InputFault, "row %d is not the row that was checked: the input changed during the run. Run again", c.row.Number)
		}
		j := &job{customer: c.planned.Customer, details: c.planned.Details, user: body(c), isNew: c.planned.Customer.Intents == 0}
		if j.customer.Intents > len(j.customer.History) {
			histories = append(histories, j.customer.ID)
		}
		jobs = append(jobs, j)
	}
	if err := p.loadHistories(ctx, jobs, histories); err != nil {
		return err
	}
	return p.admit(ctx, jobs)
}

// admit queues the rows that are to be sent, and gives those to the resolver that
// must be looked up first.
func (p *planner) admit(ctx context.Context, jobs []*job) error {
	identities := make([]string, len(jobs))
	for i, j := range jobs {
		identities[i] = j.customer.Identity
	}
	noted, err := p.inGap(ctx, identities)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		switch {
		case j.customer.Status == ledger.InDoubt, (decide.NeedsList(j.customer.History, p.timing()) || p.gaps.MustLookUp(j.customer, noted)) && p.wanted(j):
			p.toResolver(j)
		case j.isNew && p.existing.Contains(j.customer.Identity):
			j.exists = true
			p.toResolver(j)
		case p.wanted(j):
			p.queue = append(p.queue, j)
		}
	}
	return nil
}

// toResolver gives a row away that only the partner's list can decide about.
func (p *planner) toResolver(j *job) {
	p.under++
	p.doubts++
	j.wasDoubt = true
	p.resolver.take(j)
}

func (p *planner) loadHistories(ctx context.Context, jobs []*job, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	byID := make(map[int64]ledger.Customer, len(ids))
	for c, err := range p.cfg.Ledger.Customers(ctx, ledger.Query{IDs: ids, History: true}) {
		if err != nil {
			return ledgerStop("reading attempts", err)
		}
		byID[c.ID] = c
	}
	for _, j := range jobs {
		if c, ok := byID[j.customer.ID]; ok {
			j.customer = c
		}
	}
	return nil
}

// wanted decides whether a settled row goes out once more, and under which key.
func (p *planner) wanted(j *job) bool {
	c := j.customer
	switch c.Status {
	case ledger.Pending, ledger.InsufficientBalance:
		return true
	case ledger.Rejected:
		if !decide.WasRefused(c.History, j.details) {
			return true
		}
	case ledger.Duplicate:
	default:
		return false
	}
	r := p.cfg.Resend
	if !slices.Contains(r.Statuses, c.Status) && !(c.Status == ledger.Rejected && slices.Contains(r.Codes, c.Code)) {
		return false
	}
	j.forced, j.next = true, decide.ForcedGeneration(c.History)
	return true
}

// release intends as many rows as the rate and the gate allow and passes them on.
func (p *planner) release(ctx context.Context, room int) error {
	size := p.groupSize()
	waiting := len(p.out)
	if len(p.queue) == 0 || waiting > size/2 || ctx.Err() != nil {
		return nil
	}
	p.measureFirst(ctx)
	if p.first() {
		room = min(room, 1) // until the partner has told the time, a lost answer would be for a person to settle
	}
	n := min(len(p.queue), size-waiting, room)
	if n <= 0 || room == 1 && p.inFlight() > 0 {
		return nil
	}
	group := make([]*job, 0, n)
	for len(group) < n && len(p.queue) > 0 {
		j := p.queue[0]
		if j.isNew && !j.sentNew && p.cfg.Bounds.Limit > 0 && p.begun >= p.cfg.Bounds.Limit {
			p.closeIntake()
			continue
		}
		p.queue = p.queue[1:]
		if j.stale(pacing.WallTime()) || j.customer.Status != ledger.InDoubt && decide.HasUnanswered(j.customer.History, p.timing()) {
			p.toResolver(j)
			continue
		}
		if j.isNew && !j.sentNew {
			j.sentNew = true
			p.begun++
		}
		group = append(group, j)
	}
	if len(group) == 0 {
		return nil
	}
	skipped, err := p.intend(ctx, group)
	if err != nil {
		return err
	}
	for _, j := range group {
		if j.attempt.ID == 0 {
			continue
		}
		p.under++
		p.out <- j // never blocks: the group fits, and only we send
	}
	return p.reconsider(ctx, skipped)
}

// first reports whether rows go out one at a time: until the partner has told
// the time, or a lost answer would be for an operator to settle, and until the
// first user shows whose account the key opens.
func (p *planner) first() bool {
	_, known := p.clock.Skew()
	return !known && p.book.requests() == 0 || !p.account.isProved()
}

// measureFirst asks the wallet once the first user of the run is there and nobody
// else is on the way, if nothing else tells what one user costs.
func (p *planner) measureFirst(ctx context.Context) {
	if p.measured || !p.account.isProved() || p.inFlight() > 0 {
		return
	}
	p.measured = true
	before := p.book.wallet()
	if p.fee.Known() || !before.Known() || p.book.users() != 1 || p.book.requests() != 1 {
		return
	}
	soon, cancel := context.WithTimeout(ctx, lastQuestion)
	defer cancel()
	after, err := p.askWallet(soon)
	if err != nil {
		p.cfg.Log.Info("the wallet could not be asked after the first user", "error", err.Error())
		return
	}
	if fee := before.Minus(after); fee.Known() && fee.Cmp(Amount{}) > 0 {
		p.firstFee = fee
	}
}

// closeIntake gives up every row that has not been begun. Those that have are
// brought to their end before the run says that its limit is reached.
func (p *planner) closeIntake() {
	p.limited, p.readAll = true, true
	p.queue = slices.DeleteFunc(p.queue, func(j *job) bool { return j.isNew && !j.sentNew })
}

// inFlight is how many jobs are with the release, the submitters or the recorder.
func (p *planner) inFlight() int { return p.under - p.doubts }

// groupSize is how many rows may be intended and unsent.
func (p *planner) groupSize() int {
	limit := p.pace.CurrentRate()
	if math.IsInf(limit, 1) {
		return maxGroup
	}
	return int(max(1, min(maxGroup, limit*groupTime.Seconds())))
}

// intend writes the intents of a group in one transaction. It returns the jobs
// whose customers another writer has changed: they have no attempt.
func (p *planner) intend(ctx context.Context, group []*job) (skipped []*job, err error) {
	began, now := time.Now(), p.clock.Now()
	intents := make([]ledger.Intent, len(group))
	for i, j := range group {
		g := j.generation()
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
		return nil, ledgerStop("writing what is about to be sent", err)
	}
	if len(ids) != len(group) {
		return nil, ledgerStop("writing what is about to be sent", errors.New("the ledger answered for another number of rows"))
	}
	for i, j := range group {
		if ids[i] == 0 {
			j.attempt = ledger.Attempt{}
			skipped = append(skipped, j)
			continue
		}
		p.cfg.Moved(j.customer.Status, ledger.InDoubt)
		j.attempt.ID = ids[i]
		j.customer.Status = ledger.InDoubt
		j.customer.Intents++
		j.customer.Generation = j.attempt.Generation
		j.customer.Email = j.user.Email
		j.forced = false
	}
	return skipped, nil
}

// reconsider decides again about rows whose customers another writer has changed
// since they were read, by what the ledger has of them now. One that is settled
// counts as it is there.
func (p *planner) reconsider(ctx context.Context, skipped []*job) error {
	if len(skipped) == 0 {
		return nil
	}
	select { // there may be nothing else that makes the planner look at its queue again
	case p.drained <- struct{}{}:
	default:
	}
	ids := make([]int64, len(skipped))
	before := make([]ledger.Customer, len(skipped))
	for i, j := range skipped {
		ids[i], before[i] = j.customer.ID, j.customer
		j.forced, j.fresh = false, time.Time{} // the evidence was about another state
		if j.sentNew {
			j.sentNew = false
			p.begun--
		}
	}
	if err := p.loadHistories(ctx, skipped, ids); err != nil {
		return err
	}
	for i, j := range skipped {
		is, was := j.customer, before[i]
		if is.Status == was.Status && is.Intents == was.Intents {
			return ledgerStop("writing what is about to be sent", fmt.Errorf("customer %d is as expected and was refused: %w", is.ID, ledger.ErrConflict))
		}
		p.cfg.Moved(was.Status, is.Status)
		j.isNew = is.Intents == 0
	}
	return p.admit(ctx, slices.DeleteFunc(skipped, func(j *job) bool {
		return slices.ContainsFunc(j.customer.History, func(a ledger.Attempt) bool { return a.Class == ledger.Open }) // another process sends it
	}))
}
