package pipeline

import (
	"context"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// This file is one scan of the partner's list: what it looks for, and what the list makes
// of the rows in doubt and of the users that are not confirmed yet.

// scanRequest says what one scan looks for, and for which customers.
type scanRequest struct {
	userlist.Search
	near map[int64]decide.Witnesses // by customer in doubt
	due  []ledger.Customer          // to be paired, with their attempts
}

// scanOnce reads the list once and decides about everything that is in doubt.
func (r *resolver) scanOnce(ctx context.Context) error {
	ask, err := r.newScanRequest(ctx)
	if err != nil {
		return err
	}
	began := pacing.WallTime()
	list, err := r.reader.ScanUsers(ctx, ask.Search)
	r.last = pacing.WallTime()
	if ctx.Err() != nil {
		return nil
	}
	if s := refusalStop(err); s != nil {
		return s
	}
	if err != nil {
		return r.giveUpList(ctx, err)
	}
	r.failed = 0
	moved, err := confirmer{r.run}.pairListed(ctx, ask.due, list)
	if err != nil {
		return err
	}
	return r.judgeAll(ctx, ask, list, began, moved)
}

// newScanRequest works out what the next scan has to look for.
func (r *resolver) newScanRequest(ctx context.Context) (scanRequest, error) {
	ask := scanRequest{near: make(map[int64]decide.Witnesses, len(r.own)+len(r.others)), Search: userlist.Search{
		Wanted: map[string]bool{}, Mailboxes: map[string]bool{}, Names: map[string]bool{}, Known: map[string]bool{}, Reach: map[string]bool{},
		Slug: r.account.boundAccount().Slug, AwaitTurn: r.scanPace()}}
	since, all := time.Time{}, false
	for _, c := range r.customersInDoubt() {
		ask.Wanted[c.Identity], ask.Mailboxes[validate.Mailbox(c.Identity)] = true, true
		if n := decide.NormalizeName(c.FirstName, c.LastName); n != "" {
			ask.Names[n] = true
		}
		oldest := decide.OldestRelevant(c.History, r.timing())
		if all = all || oldest.IsZero(); !all && (since.IsZero() || oldest.Before(since)) {
			since = oldest
		}
		near, err := r.witnesses(ctx, c.History)
		if err != nil {
			return ask, err
		}
		ask.near[c.ID] = near
		for _, k := range near.AllSides() {
			ask.Known[k.ServiceID], ask.Reach[k.ServiceID] = true, true
		}
	}
	if !all {
		ask.Since = since
	}
	var err error
	if ask.due, err = (confirmer{r.run}).listUnconfirmed(ctx); err != nil {
		return ask, err
	}
	return ask, confirmer{r.run}.addDueToSearch(ctx, &ask.Search, ask.due)
}

// witnesses returns the known users created nearest to the unanswered attempts of
// a history, or to its newest one if all are answered.
func (r *run) witnesses(ctx context.Context, h []ledger.Attempt) (n decide.Witnesses, err error) {
	if len(h) == 0 {
		return n, nil
	}
	first, last := int64(0), int64(0)
	for i, a := range h {
		if decide.IsUnanswered(h, i, r.timing()) || i == len(h)-1 {
			if first == 0 {
				first = a.ID
			}
			last = a.ID
		}
	}
	n.Before, err = r.readWitnesses(ctx, ledger.Query{Near: &ledger.Near{Attempt: first, N: 2 * decide.MaxWitnesses}})
	if err == nil {
		n.After, err = r.readWitnesses(ctx, ledger.Query{Near: &ledger.Near{Attempt: last, After: true, N: 2 * decide.MaxWitnesses}})
	}
	return n, err
}

// readWitnesses returns those customers of a query who are witnesses.
func (r *run) readWitnesses(ctx context.Context, q ledger.Query) (all []*decide.Witness, err error) {
	q.History = true
	for c, err := range r.cfg.Ledger.Customers(ctx, q) {
		if err != nil {
			return nil, ledgerStop("reading the users by whom a list is judged", err)
		}
		if w := decide.NewWitness(c); w != nil {
			all = append(all, w)
		}
	}
	return all, nil
}

// judgeAll decides about every row by one list. Customers that a repair has just moved wait
// for the next one.
func (r *resolver) judgeAll(ctx context.Context, ask scanRequest, list userlist.Listing, began time.Time, moved map[int64]bool) error {
	owners, err := r.findOwners(ctx, list)
	if err != nil {
		return err
	}
	noted, err := r.allInGap(ctx)
	if err != nil {
		return err
	}
	var out []resolved
	// The wait for a token is added: at one request a minute no evidence would ever be
	// fresh otherwise.
	freshUntil := began.Add(max(freshAtMost, 2*list.Took) + durationAt(2, r.pace.CurrentRate()))
	unusable, resent := false, false
	var unproved []resolved
	for id, w := range r.own {
		if moved[id] {
			delete(r.own, id)
			out = append(out, resolved{job: w.job, resolution: decide.Resolution{Kind: decide.LeaveAsIs}})
			continue
		}
		w.unproved = false
		c := w.job.customer
		if hasOpenAttempt(c) {
			continue
		}
		s := r.evidenceOf(c, ask.near[id], list, owners)
		s.Details = w.job.details
		s.Forced = w.job.isForced
		s.MayResend = (!r.cfg.Doubt.Hold || c.Status != ledger.InDoubt) && w.job.spent < r.cfg.Pace.MaxAttempts
		rule := r.gaps.Load().WeighEvidence(c, s, r.timing(), noted[c.Identity], decide.NormalizeName(w.job.user.FirstName, w.job.user.LastName))
		switch {
		case rule.Kind == decide.WaitLonger:
			// A list counts from its Date, which may read a second less.
			w.due = r.clock.LocalTime(rule.Until).Add(decide.DateResolution)
			continue
		case rule.Kind == decide.ReadAgain && !r.isOutOfPatience():
			unusable = true
			w.due = pacing.WallTime().Add(pacing.BackoffAfter(r.unusable, firstUnusable, r.cfg.Pace.Patience))
			continue
		case rule.Kind == decide.ReadAgain:
			rule = decide.Resolution{Kind: decide.AskOperator, Code: decide.CodeNoAbsence}
		case lacksWitnesses(rule, s, ask.near[id]) && len(r.own) < maxDoubts/2:
			w.unproved = true
			unproved = append(unproved, resolved{job: w.job, resolution: rule})
			continue
		}
		resent = resent || rule.Kind == decide.SendAgain
		delete(r.own, id)
		w.job.freshUntil = freshUntil
		out = append(out, resolved{job: w.job, resolution: rule})
	}
	out = append(out, r.keepUnproved(unproved, resent)...)
	r.noteUnusable(unusable, list)
	for id, e := range r.others {
		if moved[id] {
			delete(r.others, id)
			continue
		}
		out = append(out, r.judgeElsewhere(e, r.evidenceOf(e.Customer, ask.near[id], list, owners), ask.near[id], noted[e.Identity], freshUntil)...)
	}
	return r.sendResolved(ctx, out)
}

// lacksWitnesses reports whether an operator would have to decide only because the ledger
// does not know enough users yet. Those that this run creates may suffice.
func lacksWitnesses(rule decide.Resolution, s decide.Evidence, near decide.Witnesses) bool {
	switch {
	case rule.Kind != decide.AskOperator:
		return false
	case rule.Code == decide.CodeUnproved:
		return !s.Clock.IsKnown && !slices.ContainsFunc(s.Users, func(u decide.User) bool { return u.CreatedAt.IsZero() })
	case rule.Code == decide.CodeNoAbsence:
		return len(near.Before)+len(near.After) == 0
	default:
		return false
	}
}

// keepUnproved keeps the rows for which too few users are known until nothing is left to
// be sent. Then it returns them.
func (r *resolver) keepUnproved(unproved []resolved, resent bool) []resolved {
	if resent || r.moreToCome() {
		for _, x := range unproved {
			// What was just given back counts as something to be sent only when
			// the planner has it.
			r.own[x.job.customer.ID].due = pacing.WallTime().Add(r.timing().Timeout)
		}
		return nil
	}
	for _, x := range unproved {
		delete(r.own, x.job.customer.ID)
	}
	return unproved
}

// noteUnusable counts the lists in a row that did not show the users whom they
// must show, and says so the first time.
func (r *resolver) noteUnusable(is bool, list userlist.Listing) {
	if !is {
		r.unusable, r.unusableSince = 0, time.Time{}
		return
	}
	if r.unusable++; r.unusable == 1 {
		r.unusableSince = pacing.WallTime()
		r.cfg.Log.Warn("the partner's list lacks users that this ledger created, so it cannot prove that a user is absent; asking again", "users", list.Total)
	}
}

// isOutOfPatience reports whether lists have been unusable for so long that the
// rows are left to an operator.
func (r *resolver) isOutOfPatience() bool {
	return !r.unusableSince.IsZero() && pacing.WallTime().Sub(r.unusableSince) >= r.cfg.Pace.Patience
}

// evidenceOf returns what the list shows of one customer.
func (r *resolver) evidenceOf(c ledger.Customer, near decide.Witnesses, list userlist.Listing, owners owners) decide.Evidence {
	t := r.timing()
	clock := decide.Calibrate(decide.CollectMeasures(near, list.Known))
	owned := func(serviceID string) bool { return owners.user[serviceID] != 0 }
	return decide.Evidence{
		Began: list.Began, Users: list.Users[c.Identity], Email: c.Email, Clock: clock,
		Taken: func(serviceID string) bool { id := owners.user[serviceID]; return id != 0 && id != c.ID },
		Linked: func(link string) bool {
			id := owners.link[link]
			return id != 0 && id != c.ID || r.sharedLinks.isShared(link)
		},
		Salvaged: partner.Salvage,
		Absence: decide.ProveAbsence(decide.AbsenceEvidence{Began: list.Began, Near: near, Listed: list.Known, Empty: list.IsEmpty, Unread: list.HasUnread,
			Lag: r.listLag, Settled: t.SettledAt(c.History), Similar: decide.HasSimilarUser(c, list.Mailboxes[validate.Mailbox(c.Identity)], list.Names[decide.NormalizeName(c.FirstName, c.LastName)], owned, clock, t)}, t),
	}
}

// owners says which users and links belong to customers of the ledger.
type owners struct{ user, link map[string]int64 }

func (r *resolver) findOwners(ctx context.Context, list userlist.Listing) (o owners, err error) {
	var ids, links []string
	for _, by := range []map[string][]decide.User{list.Users, list.Mailboxes, list.Names} {
		for _, users := range by {
			for _, u := range users {
				ids = append(ids, u.ServiceID)
			}
		}
	}
	for _, c := range r.customersInDoubt() {
		for _, a := range c.History {
			if a.Class == ledger.OKBroken {
				if _, link := partner.Salvage(a.Excerpt); link != "" {
					links = append(links, link)
				}
			}
		}
	}
	slices.Sort(ids)
	o.user, err = r.usersTaken(ctx, slices.Compact(ids))
	if err == nil {
		o.link, err = r.linksTaken(ctx, links)
	}
	if err != nil {
		return o, ledgerStop("looking up users by serviceId", err)
	}
	return o, nil
}
