package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// This file deals with answers that name another customer's user or link. They are
// judged before they are recorded, and repaired once the partner's list shows whose
// each user is.

// doubtSharedAnswers judges the OK answers of a group before they are recorded.
// One that names a user or a link of another customer proves nothing: its ids are kept
// as an excerpt, and the other customer is compared with the list again. An error is a
// fault of the ledger, and leaves every answer as it is.
func (r *recorder) doubtSharedAnswers(ctx context.Context, batch []answered) error {
	var ids, links []string
	firstID, firstLink := make(map[string]int, len(batch)), make(map[string]int, len(batch))
	doubted := make(map[int]bool)
	for i := range batch {
		a := &batch[i]
		if a.class != ledger.OK {
			continue
		}
		if err := r.judgeAccount(ctx, a); err != nil {
			return err
		}
		if _, twice := firstID[a.answer.ServiceID]; twice {
			doubted[i] = true
			continue
		}
		if j, twice := firstLink[a.answer.VerificationURL]; twice {
			doubted[i], doubted[j] = true, true
			if err := r.sharedLinks.addLink(ctx, a.answer.VerificationURL); err != nil {
				return err
			}
			batch[i].answer.VerificationURL, batch[j].answer.VerificationURL = "", ""
			continue
		}
		if r.sharedLinks.isShared(a.answer.VerificationURL) {
			doubted[i], a.answer.VerificationURL = true, ""
			continue
		}
		firstID[a.answer.ServiceID], firstLink[a.answer.VerificationURL] = i, i
		ids, links = append(ids, a.answer.ServiceID), append(links, a.answer.VerificationURL)
	}
	users, err := r.usersTaken(ctx, ids)
	if err != nil {
		return err
	}
	linked, err := r.linksTaken(ctx, links)
	if err != nil {
		return err
	}
	var again []int64          // customers whose own answer is in question now
	shared := map[int64]bool{} // those of them whose link another user was given, too
	for id, i := range firstID {
		a := &batch[i]
		self, user, link := a.job.customer.ID, users[id], linked[a.answer.VerificationURL]
		if user != 0 && user != self {
			doubted[i] = true
			again = append(again, user)
		}
		if link != 0 && link != self && link != user {
			doubted[i], shared[link] = true, true
			again = append(again, link)
			if err := r.sharedLinks.addLink(ctx, a.answer.VerificationURL); err != nil {
				return err
			}
			a.answer.VerificationURL = ""
		}
	}
	for i := range doubted {
		a := &batch[i]
		a.class = ledger.OKBroken
		a.answer.Excerpt = partner.Keep(a.answer.ServiceID, a.answer.VerificationURL)
	}
	return r.questionOwners(ctx, again, shared)
}

// questionOwners marks customers to be compared with the list once more, because an answer
// to another customer's request named their user or their link. If two users were given
// the same link, the customer who has it loses it, unless it was handed out already.
func (r *recorder) questionOwners(ctx context.Context, customers []int64, shared map[int64]bool) error {
	if len(customers) == 0 {
		return nil
	}
	shown, err := r.linksShown(ctx)
	if err != nil {
		return err
	}
	var notes []ledger.PairingNote
	var changes []ledger.Change
	var before []ledger.Customer // of the changes
	for c, err := range r.cfg.Ledger.Customers(ctx, ledger.Query{IDs: customers, History: true}) {
		switch {
		case err != nil:
			return err
		case c.Status != ledger.Created:
		case shared[c.ID] && c.Issued.After(shown):
			changes = append(changes, ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, Repair: true, At: pacing.WallTime(),
				Status: ledger.LinkMissing, ServiceID: c.ServiceID, Code: userlist.CodeMixedUp, Message: userlist.MixedUpMessage})
			before = append(before, c)
		case shared[c.ID]:
			notes = append(notes, ledger.PairingNote{Customer: c.ID, ServiceID: c.ServiceID, Pairing: ledger.MixedUp})
		default:
			notes = append(notes, ledger.PairingNote{Customer: c.ID, ServiceID: c.ServiceID, Pairing: ledger.Unconfirmed})
		}
	}
	if len(changes) > 0 {
		refused, err := r.cfg.Ledger.Record(ctx, r.id, changes)
		if err != nil {
			return err
		}
		for i, ch := range changes {
			if !isRefused(refused, ch.Customer) { // else another answer came meanwhile, and the list is compared once more
				r.countRepair(before[i], ch)
			}
		}
	}
	return r.cfg.Ledger.NotePairings(ctx, notes)
}

// usersTaken returns whose the given serviceIds are, by customer id.
func (r *run) usersTaken(ctx context.Context, serviceIDs []string) (map[string]int64, error) {
	return r.customersBy(ctx, ledger.Query{ServiceIDs: serviceIDs}, len(serviceIDs), func(c ledger.Customer) string { return c.ServiceID })
}

// linksTaken returns whose the given links are, by customer id.
func (r *run) linksTaken(ctx context.Context, links []string) (map[string]int64, error) {
	return r.customersBy(ctx, ledger.Query{URLs: links}, len(links), func(c ledger.Customer) string { return c.URL })
}

// customersBy returns the ids of the customers of a query, which asks for n
// values, by what a function returns of each.
func (r *run) customersBy(ctx context.Context, q ledger.Query, n int, by func(ledger.Customer) string) (map[string]int64, error) {
	out := make(map[string]int64, n)
	if n == 0 {
		return out, nil // a query for no value would be one for all
	}
	for c, err := range r.cfg.Ledger.Customers(ctx, q) {
		if err != nil {
			return nil, err
		}
		out[by(c)] = c.ID
	}
	return out, nil
}

// maxSharedLinks bounds how many are remembered. A partner that gives the same link to all
// users has one. One that mixes up more stops the run by its other faults.
const maxSharedLinks = 1000

// sharedLinks are verification links that answers gave to more than one user.
// It is not known whose such a link is, so no customer ever gets it. They are
// kept in the ledger, as digests. It is safe for concurrent use.
type sharedLinks struct {
	facts facts

	mu  sync.Mutex
	all map[string]bool // by digest
}

func linkDigest(link string) string {
	sum := sha256.Sum256([]byte(link))
	return hex.EncodeToString(sum[:8])
}

// recallDigests reads those of earlier runs.
func (s *sharedLinks) recallDigests(ctx context.Context) error {
	text, _, err := s.facts.read(ctx, factSharedLinks)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = make(map[string]bool)
	for _, d := range strings.Fields(text) {
		s.all[d] = true
	}
	return nil
}

func (s *sharedLinks) isShared(link string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[linkDigest(link)]
}

// addLink remembers a link.
func (s *sharedLinks) addLink(ctx context.Context, link string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := linkDigest(link)
	if s.all[d] || len(s.all) >= maxSharedLinks {
		return nil
	}
	s.all[d] = true
	return s.facts.save(ctx, factSharedLinks, strings.Join(slices.Collect(maps.Keys(s.all)), " "))
}

// repairMixUps moves users and links to the customers for whom the list shows them, all in
// one transaction. It moves nothing if a link may have been handed out already, if a
// request is in flight, or if the list is ambiguous: it then notes the customers for a
// reviewer, or leaves them to the next reading.
func (r confirmer) repairMixUps(ctx context.Context, found *userlist.PairingResult, list userlist.Listing) (map[int64]bool, error) {
	ctx = context.WithoutCancel(ctx)
	shown, err := r.linksShown(ctx)
	if err != nil {
		return nil, err
	}
	group := map[int64]ledger.Customer{}
	handedOut := false
	for _, c := range found.Mixed {
		if r.hasOpenIntent(c) {
			return nil, nil
		}
		group[c.ID] = c
		handedOut = handedOut || c.URL != "" && !c.Issued.After(shown)
	}
	if r.isConcurrent {
		return nil, nil
	}
	var all []ledger.Customer
	for _, c := range group {
		all = append(all, c)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	var changes []ledger.Change
	if !handedOut {
		changes = userlist.PlanRepairs(all, list, r.sharedLinks.isShared, pacing.WallTime())
	}
	if len(all) > 0 && changes == nil {
		for _, c := range all {
			if c.Status == ledger.Created && list.Known[c.ServiceID].Identity != c.Identity {
				found.Notes = append(found.Notes, ledger.PairingNote{Customer: c.ID, ServiceID: c.ServiceID, Pairing: ledger.MixedUp})
			}
		}
	}
	isRepaired := changes != nil
	for _, own := range found.Ours {
		c := own.Customer
		_, isMixed := group[c.ID]
		if isMixed && isRepaired || r.hasOpenIntent(c) {
			continue // repaired already, from the same list
		}
		group[c.ID] = c
		ch := ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, At: pacing.WallTime(),
			Status: ledger.LinkMissing, ServiceID: own.ServiceID, Code: userlist.CodeLinkLost, Message: linkLostMessage}
		if isMixed { // the one who was given the user keeps it until an operator decides
			ch.Status, ch.ServiceID, ch.Code, ch.Message = ledger.InDoubt, "", decide.CodeTaken, reviewMessage(decide.CodeTaken)
		}
		changes = append(changes, ch)
	}
	if len(changes) == 0 {
		return nil, nil
	}
	refused, err := r.cfg.Ledger.Record(ctx, r.id, changes)
	if err != nil {
		return nil, ledgerStop("repairing mixed-up answers", err)
	}
	moved := make(map[int64]bool, len(changes))
	for _, ch := range changes {
		if isRefused(refused, ch.Customer) { // another answer came meanwhile: the next reading sees it
			continue
		}
		moved[ch.Customer] = true
		r.countRepair(group[ch.Customer], ch)
	}
	if len(moved) == 0 {
		return nil, nil
	}
	r.cfg.Log.Warn("the partner mixed up answers; users and links were moved to the customers that the partner's list shows", "customers", len(moved))
	return moved, nil
}

// isRefused reports whether the ledger refused a change of this customer.
func isRefused(refused []ledger.Change, customer int64) bool {
	return slices.ContainsFunc(refused, func(ch ledger.Change) bool { return ch.Customer == customer })
}

// hasOpenIntent reports whether the planner may be sending a customer, so that its state
// must not be changed now.
func (r confirmer) hasOpenIntent(c ledger.Customer) bool {
	if slices.ContainsFunc(c.History, func(a ledger.Attempt) bool { return a.Class == ledger.Open }) {
		return true
	}
	if c.Status == ledger.Created || c.Status == ledger.LinkMissing || r.isSendingDone {
		return false
	}
	return !r.resolver.isHolding(c.ID)
}

// countRepair corrects the figures of the run.
func (r *run) countRepair(c ledger.Customer, ch ledger.Change) {
	inThisRun := len(c.History) > 0 && c.History[len(c.History)-1].Run == r.id
	if inThisRun && c.Status != ledger.InDoubt {
		r.counters.uncount(c.Status)
	}
	r.counters.countChange(ch)
	if c.LastBatch == r.batch.ID {
		r.cfg.OnStatusChange(c.Status, ch.Status)
	}
}

// linksShown returns when a report or an export was last written.
func (r *run) linksShown(ctx context.Context) (time.Time, error) {
	_, at, err := r.facts.read(ctx, FactLinksShown)
	return at, err
}
