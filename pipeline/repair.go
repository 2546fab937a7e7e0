package pipeline

import (
	"context"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
)

// This file writes what a mix-up of answers comes to.

// repairMixUps moves users and links to the customers that the list shows them for,
// all of a reading in one transaction. Where a link may be in someone's hands
// already, where a request is under way, or where the list does not say who is
// who, nothing moves: the customers are noted for a reviewer, or left to the
// next reading.
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
	slices.SortFunc(all, func(a, b ledger.Customer) int { return int(a.ID - b.ID) })
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
			ch.Status, ch.ServiceID, ch.Code, ch.Message = ledger.InDoubt, "", decide.CodeTaken, personMessage(decide.CodeTaken)
		}
		changes = append(changes, ch)
	}
	if len(changes) == 0 {
		return nil, nil
	}
	left, err := r.cfg.Ledger.Record(ctx, r.id, changes)
	if err != nil {
		return nil, ledgerStop("repairing mixed-up answers", err)
	}
	moved := make(map[int64]bool, len(changes))
	for _, ch := range changes {
		if isLeft(left, ch.Customer) { // another answer came meanwhile: the next reading sees it
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

// isLeft reports whether the ledger left a change of this customer.
func isLeft(left []ledger.Change, customer int64) bool {
	return slices.ContainsFunc(left, func(ch ledger.Change) bool { return ch.Customer == customer })
}

// hasOpenIntent reports whether a customer may be sent at this moment, so that its
// state is not to be changed behind the planner's back.
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
		r.cfg.Moved(c.Status, ch.Status)
	}
}

// linksShown returns when a report or an export was last written.
func (r *run) linksShown(ctx context.Context) (time.Time, error) {
	_, at, err := r.facts.read(ctx, LearntLinksShown)
	return at, err
}
