package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// This file is one look at the partner's list: what is asked for, and what the
// answer makes of the rows in doubt and of the users not yet confirmed.

// inquiry is what one scan looks for, and for whom.
type inquiry struct {
	search
	near map[int64]neighbours // by customer in doubt
	due  []ledger.Customer    // to be paired, with their attempts
}

// look scans once and rules on everything that is in doubt.
func (r *resolver) look(ctx context.Context) error {
	ask, err := r.inquire(ctx)
	if err != nil {
		return err
	}
	began := wall()
	list, err := r.list.scan(ctx, ask.search)
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
	moved, err := r.pairListed(ctx, ask.due, list)
	if err != nil {
		return err
	}
	return r.judge(ctx, ask, list, began, moved)
}

// inquire works out what the next scan has to look for.
func (r *resolver) inquire(ctx context.Context) (inquiry, error) {
	ask := inquiry{near: make(map[int64]neighbours, len(r.own)+len(r.others)), search: search{
		wanted: map[string]bool{}, mailboxes: map[string]bool{}, names: map[string]bool{}, known: map[string]bool{}, reach: map[string]bool{},
		slug: r.account.slug(), turn: r.scanPace()}}
	since, all := time.Time{}, false
	add := func(c ledger.Customer) error {
		ask.wanted[c.Identity], ask.mailboxes[validate.Mailbox(c.Identity)] = true, true
		if n := nameOf(c.FirstName, c.LastName); n != "" {
			ask.names[n] = true
		}
		oldest := oldestThatMatters(c.History, r.timing())
		if all = all || oldest.IsZero(); !all && (since.IsZero() || oldest.Before(since)) {
			since = oldest
		}
		near, err := r.neighbours(ctx, c.History)
		if err != nil {
			return err
		}
		ask.near[c.ID] = near
		for _, k := range near.all() {
			ask.known[k.serviceID], ask.reach[k.serviceID] = true, true
		}
		return nil
	}
	for _, w := range r.own {
		if err := add(w.job.customer); err != nil {
			return ask, err
		}
	}
	for _, c := range r.others {
		if err := add(c); err != nil {
			return ask, err
		}
	}
	var err error
	if ask.due, err = r.unconfirmed(ctx); err != nil {
		return ask, err
	}
	near, err := r.nearDue(ctx, ask.due)
	if err != nil {
		return ask, err
	}
	for _, k := range near {
		ask.known[k.serviceID] = true
	}
	for _, c := range ask.due {
		ask.wanted[c.Identity] = true
		if c.ServiceID != "" {
			ask.known[c.ServiceID] = true
		}
	}
	if !all {
		ask.since = since
	}
	return ask, nil
}

// neighbours are the known users created nearest to the unanswered attempts of
// a history, or to its newest one if all are answered.
func (r *run) neighbours(ctx context.Context, h []ledger.Attempt) (n neighbours, err error) {
	if len(h) == 0 {
		return n, nil
	}
	first, last := int64(0), int64(0)
	for i, a := range h {
		if unanswered(h, i, r.timing()) || i == len(h)-1 {
			if first == 0 {
				first = a.ID
			}
			last = a.ID
		}
	}
	read := func(of ledger.Near) (side []*neighbour, err error) {
		for c, err := range r.cfg.Ledger.Customers(ctx, ledger.Query{Near: &of, History: true}) {
			if err != nil {
				return nil, ledgerStop("reading the users created nearest to a row", err)
			}
			if k := newNeighbour(c); k != nil {
				side = append(side, k)
			}
		}
		return side, nil
	}
	if n.before, err = read(ledger.Near{Attempt: first, N: 2 * maxNeighbours}); err == nil {
		n.after, err = read(ledger.Near{Attempt: last, After: true, N: 2 * maxNeighbours})
	}
	return n, err
}

// judge rules on every row by one list. Customers that were just moved are left
// to the next look.
func (r *resolver) judge(ctx context.Context, ask inquiry, list listing, began time.Time, moved map[int64]bool) error {
	owners, err := r.owners(ctx, list)
	if err != nil {
		return err
	}
	noted, err := r.noted(ctx)
	if err != nil {
		return err
	}
	var out []ruled
	// What a request waits for its token is not counted: at one a minute
	// nothing would ever be fresh.
	freshUntil := began.Add(max(freshAtMost, 2*list.took) + lasting(2, r.pace.limit()))
	unusable, resent := false, false
	var unproved []ruled
	for id, w := range r.own {
		if moved[id] {
			delete(r.own, id)
			out = append(out, ruled{job: w.job, ruling: ruling{kind: ruleLeave}})
			continue
		}
		w.unproved = false
		c := w.job.customer
		s := r.sighting(c, ask.near[id], list, owners)
		s.details = w.job.details
		s.forced = w.job.forced
		s.mayResend = (!r.cfg.Doubt.Hold || c.Status != ledger.InDoubt) && w.job.spent < r.cfg.Pace.MaxAttempts
		rule := r.gaps.weigh(c, s, r.timing(), noted[c.Identity], nameOf(w.job.user.FirstName, w.job.user.LastName))
		switch {
		case rule.kind == ruleWait:
			// A list counts from its Date, which may read a second less.
			w.due = r.clock.ours(rule.until).Add(dateResolution)
			continue
		case rule.kind == ruleAgain && !r.outOfPatience():
			unusable = true
			w.due = wall().Add(backoff(r.unusable, firstUnusable, r.cfg.Pace.Patience))
			continue
		case rule.kind == ruleAgain:
			rule = ruling{kind: rulePerson, code: codeNoAbsence}
		case lacksNeighbours(rule, s, ask.near[id]) && len(r.own) < maxDoubts/2:
			w.unproved = true
			unproved = append(unproved, ruled{job: w.job, ruling: rule})
			continue
		}
		resent = resent || rule.kind == ruleResend
		delete(r.own, id)
		w.job.fresh = freshUntil
		out = append(out, ruled{job: w.job, ruling: rule})
	}
	out = append(out, r.keepUnproved(unproved, resent)...)
	r.noteUnusable(unusable, list)
	for id, c := range r.others {
		if moved[id] {
			delete(r.others, id)
			continue
		}
		rule := r.gaps.weigh(c, r.sighting(c, ask.near[id], list, owners), r.timing(), noted[c.Identity], "")
		switch rule.kind {
		case ruleCreated, ruleMissing, ruleForeign, ruleRefused:
			out = append(out, ruled{customer: c, ruling: rule})
			delete(r.others, id)
		}
	}
	return r.send(ctx, out)
}

// lacksNeighbours reports whether an operator would have to decide only because
// the ledger knows too few users yet: those whom this very run creates may do.
func lacksNeighbours(rule ruling, s sighting, near neighbours) bool {
	switch {
	case rule.kind != rulePerson:
		return false
	case rule.code == codeUnproved:
		return !s.clock.enough && !slices.ContainsFunc(s.users, func(u listedUser) bool { return u.CreatedAt.IsZero() })
	case rule.code == codeNoAbsence:
		return len(near.before)+len(near.after) == 0
	default:
		return false
	}
}

// keepUnproved keeps the rows for which too few users are known until nothing is
// left to be sent. It returns them once that is so.
func (r *resolver) keepUnproved(unproved []ruled, resent bool) []ruled {
	if resent || r.moreToCome() {
		for _, x := range unproved {
			// What was just given back counts as something to be sent only when the planner has it.
			r.own[x.job.customer.ID].due = wall().Add(r.timing().timeout)
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
func (r *resolver) noteUnusable(is bool, list listing) {
	if !is {
		r.unusable, r.unusableSince = 0, time.Time{}
		return
	}
	if r.unusable++; r.unusable == 1 {
		r.unusableSince = wall()
		r.cfg.Log.Warn("the partner's list does not show users that this ledger created, so it proves nobody absent; asking again", "users", list.total)
	}
}

// outOfPatience reports whether lists have been unusable for so long that the
// rows are left to an operator.
func (r *resolver) outOfPatience() bool {
	return !r.unusableSince.IsZero() && wall().Sub(r.unusableSince) >= r.cfg.Pace.Patience
}

// sighting is what the list shows of one customer.
func (r *resolver) sighting(c ledger.Customer, near neighbours, list listing, owners owners) sighting {
	t := r.timing()
	clock := calibrate(measuresOf(near, list.known))
	owned := func(serviceID string) bool { return owners.user[serviceID] != 0 }
	return sighting{
		began: list.began, users: list.users[c.Identity], email: c.Email, clock: clock,
		taken:    func(serviceID string) bool { id := owners.user[serviceID]; return id != 0 && id != c.ID },
		linked:   func(link string) bool { id := owners.link[link]; return id != 0 && id != c.ID || r.shared.has(link) },
		salvaged: partner.Salvage,
		absence: prove(witnesses{began: list.began, near: near, listed: list.known, empty: list.empty, unread: list.unread,
			lag: r.lag(), settled: t.settled(c.History), similar: isSimilar(c, list.mailboxes[validate.Mailbox(c.Identity)], list.names[nameOf(c.FirstName, c.LastName)], owned, clock, t)}, t),
	}
}

// owners tells whose users and links are customers of the ledger already.
type owners struct{ user, link map[string]int64 }

func (r *resolver) owners(ctx context.Context, list listing) (o owners, err error) {
	var ids, links []string
	for _, by := range []map[string][]listedUser{list.users, list.mailboxes, list.names} {
		for _, users := range by {
			for _, u := range users {
				ids = append(ids, u.ServiceID)
			}
		}
	}
	for _, w := range r.own {
		links = appendSalvaged(links, w.job.customer.History)
	}
	for _, c := range r.others {
		links = appendSalvaged(links, c.History)
	}
	slices.Sort(ids)
	o.user, err = r.taken(ctx, slices.Compact(ids))
	if err == nil {
		o.link, err = r.takenLinks(ctx, links)
	}
	if err != nil {
		return o, ledgerStop("looking up users by serviceId", err)
	}
	return o, nil
}

// appendSalvaged adds the links that broken answers of a history brought.
func appendSalvaged(links []string, h []ledger.Attempt) []string {
	for _, a := range h {
		if a.Class == ledger.OKBroken {
			if _, link := partner.Salvage(a.Excerpt); link != "" {
				links = append(links, link)
			}
		}
	}
	return links
}
