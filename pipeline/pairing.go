package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
)

// This file compares the created users with the partner's list: during the
// sending when many wait, and right after the last answer.

const (
	maxDue = 20_000 // users that are compared by one reading of the list
	// FactLinksShown is the fact under which the ledger keeps when a report or
	// an export was last written. Links that are older may have been handed out.
	FactLinksShown = "links_shown"
)

// confirmer compares the created users with the partner's list. One goroutine
// uses it at a time: the resolver while rows are sent, the run afterwards.
type confirmer struct{ *run }

// listUnconfirmed returns the users that the list has to confirm, with their attempts:
// of any run, the oldest first.
func (r confirmer) listUnconfirmed(ctx context.Context) (due []ledger.Customer, err error) {
	if r.cfg.Doubt.SkipConfirm {
		return nil, nil
	}
	for c, err := range r.cfg.Ledger.Customers(ctx, ledger.Query{Pairing: ledger.Unconfirmed, History: true}) {
		if err != nil {
			return nil, ledgerStop("reading the users to be confirmed", err)
		}
		if due = append(due, c); len(due) == maxDue {
			break
		}
	}
	return due, nil
}

// confirmCreated compares every created user that no list has confirmed, after the last
// answer and before the report. If the list cannot be read, the run continues: the users
// stay unconfirmed, and the next run reads the list again.
func (r confirmer) confirmCreated(ctx context.Context) error {
	pauses := []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second} // for the list to show the users just created
	var asked map[int64]bool                                                                        // users that every further reading looks for again
	for try := 0; ; try++ {
		due, err := r.listUnconfirmed(ctx)
		if err != nil {
			return err
		}
		if asked != nil {
			due = slices.DeleteFunc(due, func(c ledger.Customer) bool { return !asked[c.ID] })
		}
		if len(due) == 0 {
			return nil
		}
		r.counters.showPause("comparing the new users with the partner's list", time.Time{})
		list, err := r.listFor(ctx, due, r.pace.WaitTurn)
		switch s := refusalStop(err); {
		case ctx.Err() != nil:
			return nil
		case s != nil:
			return s
		case err != nil:
			r.listError = err.Error()
			r.cfg.Log.Warn("could not read the partner's list, so the users just created are not confirmed", "error", err.Error())
			return nil
		}
		moved, err := r.pairListed(ctx, due, list)
		if err != nil {
			return err
		}
		again := r.stillUnlisted(due, list, moved)
		last := len(again) == 0 || try >= len(pauses)
		if err := r.giveUpDuplicates(ctx, due, list, again, last); err != nil {
			return err
		}
		if last {
			return nil
		}
		asked = again
		r.counters.showPause(fmt.Sprintf("%d new users are not in the partner's list yet, asking again", len(again)), pacing.WallTime().Add(pauses[try]))
		if pacing.SleepFor(ctx, pauses[try]) != nil {
			return nil
		}
	}
}

// Confirm compares the users that are not confirmed yet with the partner's list once. It
// sends nothing and may be called during a run. It does not repair mixed-up answers,
// because that needs the ledger's lock; the next run does. It uses only Partner, Ledger,
// Environment, Pace, Doubt and Log of the configuration. If the list cannot be read it
// logs a warning and returns nil.
func Confirm(ctx context.Context, cfg Config) error {
	cfg.Input = struct{ Input }{} // never read
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	r := newRun(cfg)
	r.isSendingDone, r.isConcurrent = true, true
	if err := r.recallFacts(ctx); err != nil {
		return err
	}
	return confirmer{r}.confirmCreated(ctx)
}

// confirmAfter compares the created users with the list once the sending has ended
// with err, unless it ended because of the partner, of the ledger or of a signal.
func (r *run) confirmAfter(ctx context.Context, err error) error {
	if err != nil || ctx.Err() != nil {
		return err
	}
	if stop := r.stopReason.current(); stop != nil {
		switch stop.Reason {
		case PartnerDown, Refused, LedgerFault, Interrupted, Fault, InputFault:
			return nil
		}
	}
	r.isSendingDone = true
	return r.stopOn(confirmer{r}.confirmCreated(ctx))
}

// pairWhileSending compares the users created so far while others are being sent.
func (r *resolver) pairWhileSending(ctx context.Context) error {
	r.unpaired.Store(0)
	due, err := confirmer{r.run}.listUnconfirmed(ctx)
	if err != nil || len(due) == 0 {
		return err
	}
	list, err := confirmer{r.run}.listFor(ctx, due, r.scanPace())
	if err != nil {
		return r.listFailure(ctx, err, "could not read the partner's list, so the users created so far are not confirmed yet")
	}
	r.pairAt = max(pairCrowd, int64(pairShare*list.Pages))
	moved, err := confirmer{r.run}.pairListed(ctx, due, list)
	if err != nil {
		return err
	}
	var out []resolved
	for id := range moved {
		if w := r.own[id]; w != nil {
			out = append(out, resolved{job: w.job, resolution: decide.Resolution{Kind: decide.LeaveAsIs}})
			delete(r.own, id)
		}
		delete(r.others, id)
	}
	return r.sendResolved(ctx, out)
}

// isRecent reports whether the list may merely lag behind a user.
func (r confirmer) isRecent(c ledger.Customer) bool {
	return r.clock.Now().Partner().Sub(userlist.LastAttemptEnd(c)) < r.cfg.Doubt.Settle
}

// stillUnlisted returns the users that a further reading may show, because they were
// created so recently that the list may lag behind. A duplicate is older than the part of
// the list that is read, or is shown if all of it was read.
func (r confirmer) stillUnlisted(due []ledger.Customer, list userlist.Listing, moved map[int64]bool) map[int64]bool {
	again := map[int64]bool{}
	for _, c := range due {
		_, shown := list.Known[c.ServiceID]
		if c.Status == ledger.Duplicate {
			shown = len(list.Users[c.Identity]) > 0 || !list.IsWhole
		}
		if !shown && !moved[c.ID] && r.isRecent(c) {
			again[c.ID] = true
		}
	}
	return again
}

// giveUpDuplicates marks duplicates that were looked up and are not listed as compared.
func (r confirmer) giveUpDuplicates(ctx context.Context, due []ledger.Customer, list userlist.Listing, again map[int64]bool, last bool) error {
	var notes []ledger.PairingNote
	for _, c := range due {
		if c.Status == ledger.Duplicate && len(list.Users[c.Identity]) == 0 && (last || !again[c.ID]) {
			notes = append(notes, ledger.PairingNote{Customer: c.ID, ServiceID: c.ServiceID, Pairing: ledger.Confirmed})
		}
	}
	if len(notes) == 0 {
		return nil
	}
	if err := r.cfg.Ledger.NotePairings(context.WithoutCancel(ctx), notes); err != nil {
		return ledgerStop("noting which users are confirmed", err)
	}
	return nil
}

// listFor reads as much of the list as may show the given users.
func (r confirmer) listFor(ctx context.Context, due []ledger.Customer, awaitTurn func(context.Context) error) (userlist.Listing, error) {
	ask := userlist.Search{Wanted: map[string]bool{}, Known: map[string]bool{}, Slug: r.account.boundAccount().Slug, AwaitTurn: awaitTurn}
	since, all := time.Time{}, false
	for _, c := range due {
		if c.Status == ledger.Duplicate || len(c.History) == 0 {
			continue // found by its e-mail where the others are, or not at all: an old user is not ours
		}
		a := c.History[len(c.History)-1]
		all = all || !a.NotBefore.Certain
		if at := a.NotBefore.Partner(); since.IsZero() || at.Before(since) {
			since = at
		}
	}
	if !all && !since.IsZero() {
		ask.Since = since.Add(-r.listDistance(ctx))
	}
	if err := r.addDueToSearch(ctx, &ask, due); err != nil {
		return userlist.Listing{}, err
	}
	return r.reader.ScanUsers(ctx, ask)
}

// addDueToSearch adds the users to be compared to a search.
func (r confirmer) addDueToSearch(ctx context.Context, ask *userlist.Search, due []ledger.Customer) error {
	for _, c := range due {
		ask.Wanted[c.Identity] = true
		if c.ServiceID != "" {
			ask.Known[c.ServiceID] = true
		}
	}
	near, err := r.nearDue(ctx, due)
	for _, k := range near {
		ask.Known[k.ServiceID] = true
	}
	return err
}

// nearDue returns users that were created before those to be compared, to calibrate
// createdAt by them too: a run of two rows, or one whose answers are all mixed up, has no
// measures of its own.
func (r confirmer) nearDue(ctx context.Context, due []ledger.Customer) ([]*decide.Witness, error) {
	oldest := int64(0)
	for _, c := range due {
		if n := len(c.History); n > 0 && (oldest == 0 || c.History[n-1].ID < oldest) {
			oldest = c.History[n-1].ID
		}
	}
	if oldest == 0 {
		return nil, nil
	}
	return r.readWitnesses(ctx, ledger.Query{Near: &ledger.Near{Attempt: oldest, N: decide.MaxWitnesses}})
}

// listDistance returns how much earlier than its request createdAt may show a user.
func (r confirmer) listDistance(ctx context.Context) time.Duration {
	d, at, err := r.facts.readDuration(ctx, factCreatedAtOffset)
	if err == nil && pacing.WallTime().Sub(at) < decide.MeasureLife {
		return max(0, -d) + time.Minute
	}
	return decide.ZoneDoubt
}

// pairListed writes what a list shows of the given users, and returns the customers whose
// user or link it moved.
func (r confirmer) pairListed(ctx context.Context, due []ledger.Customer, list userlist.Listing) (moved map[int64]bool, err error) {
	if len(due) == 0 {
		return nil, nil
	}
	p := userlist.Pairing{Due: due, List: list, Timing: r.timing()}
	if p.People, err = r.listedPeople(ctx, due, list); err != nil {
		return nil, err
	}
	if p.Near, err = r.nearDue(ctx, due); err != nil {
		return nil, err
	}
	found := p.CompareUsers()
	if err := r.noteLag(ctx, due, list); err != nil {
		return nil, err
	}
	r.masked = found.Masked
	if moved, err = r.repairMixUps(ctx, &found, list); err != nil {
		return nil, err
	}
	if err := r.cfg.Ledger.NotePairings(context.WithoutCancel(ctx), found.Notes); err != nil {
		return nil, ledgerStop("noting which users are confirmed", err)
	}
	for _, n := range found.Notes {
		if n.Pairing.NeedsReview() {
			r.cfg.Log.Warn("the partner's list does not show a created user as expected", "code", string(n.Pairing))
		}
	}
	if c := p.CalibrateNear()([]ledger.Attempt{{NotBefore: r.clock.Now()}}); c.IsKnown {
		if err := r.facts.save(ctx, factCreatedAtOffset, (c.Offset - c.Spread).String()); err != nil {
			return nil, err
		}
	}
	return moved, nil
}

// listedPeople returns the customers whose e-mail the list shows for a serviceId
// that another customer has.
func (r confirmer) listedPeople(ctx context.Context, due []ledger.Customer, list userlist.Listing) (map[string]ledger.Customer, error) {
	var identities []string
	for _, c := range due {
		if u := list.Known[c.ServiceID]; u.Identity != "" && u.Identity != c.Identity {
			identities = append(identities, u.Identity)
		}
	}
	if len(identities) == 0 {
		return nil, nil // a query for no identity would be one for all
	}
	people := make(map[string]ledger.Customer, len(identities))
	for c, err := range r.cfg.Ledger.Customers(ctx, ledger.Query{Identities: identities, History: true}) {
		if err != nil {
			return nil, ledgerStop("reading the customers that the list names", err)
		}
		people[c.Identity] = c
	}
	return people, nil
}

// noteLag saves the longest lag of the list that was seen.
func (r confirmer) noteLag(ctx context.Context, due []ledger.Customer, list userlist.Listing) error {
	longest := time.Duration(0)
	for _, c := range due {
		if _, shown := list.Known[c.ServiceID]; !shown && c.ServiceID != "" && r.isRecent(c) {
			longest = max(longest, list.Began.Sub(userlist.LastAttemptEnd(c)))
		}
	}
	if longest <= r.listLag {
		return nil
	}
	r.listLag = longest
	return r.facts.save(ctx, factListLag, longest.String())
}

// countUnpaired wakes the resolver when many users wait to be confirmed.
func (r *recorder) countUnpaired(changes []ledger.Change) {
	n := int64(0)
	for _, c := range changes {
		if c.Status == ledger.Created {
			n++
		}
	}
	if n > 0 && !r.cfg.Doubt.SkipConfirm && r.unpaired.Add(n) >= pairCrowd {
		r.resolver.in.wake()
	}
}
