package pipeline

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/validate"
)

// This file is the resolver with a shared ledger. One sender of all has the role of
// reading the partner's list, for all that is in doubt in the ledger. The others watch
// the ledger for what it finds out about their rows.

const (
	syncEvery    = time.Second // how often the resolver looks at a shared ledger
	syncShare    = 10          // reading it may use a tenth of the time
	historiesMax = 1000        // customers that are read at a time
	noClaimant   = 30 * time.Second
)

// elsewhere is a customer in doubt whose row this run does not have.
type elsewhere struct {
	ledger.Customer
	due   time.Time // by our clock, from which a list may help
	tries int       // lists that have shown it absent
}

// follow is the state of a resolver that shares its work.
type follow struct {
	isLeader bool
	lookAt   time.Time // when to look at the ledger again
}

// mayScan reports whether this run reads the list for all that is in doubt.
func (r *resolver) mayScan() bool { return r.shared == nil || r.isLeader }

// mayScanFor reports whether this run reads the list for one of its rows. Without the role
// it does so only for rows that are not in doubt, but must be looked up before they are
// sent: no other sender knows of them.
func (r *resolver) mayScanFor(w *waiting) bool {
	return (r.mayScan() || w.job.customer.Status != ledger.InDoubt) && !hasOpenAttempt(w.job.customer)
}

// syncShared takes in what the ledger shows of the rows in doubt, at most once a second.
func (r *resolver) syncShared(ctx context.Context) error {
	began := pacing.WallTime()
	if r.shared == nil || began.Before(r.lookAt) {
		return nil
	}
	var err error
	if r.isLeader, err = r.shared.TakeRole(ctx, ledger.RoleResolver); err != nil {
		return ledgerStop("asking who reads the partner's list", err)
	}
	if err := r.syncOwn(ctx); err != nil {
		return err
	}
	if r.isLeader {
		if err := r.syncOthers(ctx); err != nil {
			return err
		}
	}
	now := pacing.WallTime()
	r.lookAt = now.Add(max(syncEvery, syncShare*now.Sub(began)))
	return nil
}

// syncOwn returns those of the run's rows to the planner that are settled, or may be sent
// again.
func (r *resolver) syncOwn(ctx context.Context) error {
	if len(r.own) == 0 {
		return nil
	}
	cleared, err := r.shared.FreshClearances(ctx, r.batch.ID)
	if err != nil {
		return ledgerStop("reading who may be sent again", err)
	}
	freshUntil := make(map[int64]time.Time, len(cleared))
	for _, c := range cleared {
		freshUntil[c.Customer] = r.clock.FromShared(c.FreshUntil)
	}
	var out []resolved
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(r.own)), historiesMax) {
		for c, err := range r.cfg.Ledger.Customers(ctx, ledger.Query{IDs: ids, History: true}) {
			if err != nil {
				return ledgerStop("reading what is in doubt", err)
			}
			if w := r.own[c.ID]; w != nil {
				out = append(out, r.followUp(w, c, freshUntil[c.ID])...)
			}
		}
	}
	return r.sendResolved(ctx, out)
}

// followUp compares a row with what the ledger has of its customer now. It returns the
// row if nothing is left for the list to find out.
func (r *resolver) followUp(w *waiting, now ledger.Customer, freshUntil time.Time) []resolved {
	j := w.job
	was := j.customer
	j.customer = now
	isChanged := now.Status != was.Status || now.Intents != was.Intents
	if isChanged {
		r.cfg.OnStatusChange(was.Status, now.Status)
	}
	if isChanged || len(now.History) != len(was.History) || hasOpenAttempt(was) != hasOpenAttempt(now) {
		w.due = r.dueOf(now)
	}
	kind := decide.LeaveAsIs
	switch {
	case hasOpenAttempt(now):
		return nil // another sender waits for an answer
	case now.Status != ledger.InDoubt && !isChanged:
		return nil // the list is to be read before it is sent
	case now.Status == ledger.Pending || now.Status == ledger.InsufficientBalance:
		// An answer that came late says that nothing was created.
		if r.gaps.Load() != nil || decide.NeedsList(now.History, r.timing()) {
			return nil
		}
		j.freshUntil, kind = time.Time{}, decide.SendAgain
	case now.Status != ledger.InDoubt:
	case !freshUntil.IsZero() && !r.cfg.Doubt.Hold && j.spent < r.cfg.Pace.MaxAttempts:
		j.freshUntil, kind = freshUntil, decide.SendAgain
	case r.isLeader || now.IsUnsettled():
		return nil
	}
	delete(r.own, now.ID)
	return []resolved{{job: j, customer: now, resolution: decide.Resolution{Kind: kind}}}
}

// dueOf returns when a list may help a customer, by our clock.
func (r *resolver) dueOf(c ledger.Customer) time.Time {
	return r.clock.LocalTime(r.timing().SettledAt(c.History)).Add(decide.DateResolution)
}

// syncOthers reads who else is in doubt: rows of other senders and of other inputs.
func (r *resolver) syncOthers(ctx context.Context) error {
	found := make(map[int64]*elsewhere, len(r.others))
	for c, err := range r.cfg.Ledger.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.InDoubt}, History: true}) {
		if err != nil {
			return ledgerStop("reading what is in doubt", err)
		}
		if _, ok := validate.Identity(c.Email); !ok || r.own[c.ID] != nil || hasOpenAttempt(c) {
			continue
		}
		e := &elsewhere{Customer: c, due: r.dueOf(c)}
		if was := r.others[c.ID]; was != nil && was.Intents == c.Intents {
			e.due, e.tries = was.due, was.tries
		}
		found[c.ID] = e
	}
	r.others = found
	return nil
}

// awaitsList reports whether the list is to be read for this customer, and not only
// looked at along with others. The first list of a run is read for all.
func (r *resolver) awaitsList(e *elsewhere) bool { return r.shared != nil && e.IsUnsettled() }

// judgeElsewhere decides about a customer whose row this run does not have. With a shared
// ledger that is as good as a row: whoever has it is told.
func (r *resolver) judgeElsewhere(e *elsewhere, s decide.Evidence, near decide.Witnesses, noted bool, freshUntil time.Time) []resolved {
	if r.shared != nil && len(e.History) > 0 {
		s.Details = e.History[len(e.History)-1].Details
		s.MayResend = !r.cfg.Doubt.Hold
	}
	rule := r.gaps.Load().WeighEvidence(e.Customer, s, r.timing(), noted, "")
	now := pacing.WallTime()
	e.due = now.Add(scanEvery)
	switch rule.Kind {
	case decide.MarkCreated, decide.MarkLinkMissing, decide.MarkDuplicate, decide.MarkRejected:
		delete(r.others, e.ID)
		return []resolved{{customer: e.Customer, resolution: rule}}
	case decide.WaitLonger:
		e.due = r.clock.LocalTime(rule.Until).Add(decide.DateResolution)
	case decide.ReadAgain:
		e.due = now.Add(pacing.BackoffAfter(r.unusable, firstUnusable, r.cfg.Pace.Patience))
	case decide.SendAgain:
		e.due = freshUntil.Add(pacing.BackoffAfter(e.tries, noClaimant, scanEvery))
		e.tries++
		c := e.Customer // the recorder changes the attempts
		c.History = slices.Clone(c.History)
		return []resolved{{customer: c, resolution: rule, freshUntil: freshUntil}}
	case decide.AskOperator:
		if !r.awaitsList(e) {
			return nil
		}
		if lacksWitnesses(rule, s, near) && r.moreToCome() {
			e.due = now.Add(r.timing().Timeout)
			return nil
		}
		delete(r.others, e.ID)
		return []resolved{{customer: e.Customer, resolution: rule}}
	}
	return nil
}

// addClearances says to the other senders which of the customers they may send again.
func (r *recorder) addClearances(ctx context.Context, list []resolved) {
	var clear []ledger.Clearance
	for _, x := range list {
		if x.job == nil && x.resolution.Kind == decide.SendAgain {
			clear = append(clear, ledger.Clearance{Customer: x.customer.ID, Intents: x.customer.Intents, FreshUntil: r.clock.ToShared(x.freshUntil)})
		}
	}
	if len(clear) == 0 || r.shared == nil {
		return
	}
	if err := r.shared.AddClearances(ctx, clear); err != nil { // the next list shows them absent, too
		r.cfg.Log.Warn("could not inform the other senders which rows may be sent again", "error", err.Error())
	}
}
