package kyc

import (
	"context"
	"errors"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// MaxRenewals is how often a customer's user may be deleted to be created again. Users
// who were deleted because the link was lost count, too.
const MaxRenewals = 3

// MaxListLag is by how much the partner's list may lag behind for a status in it to
// count as read just before a deletion.
const MaxListLag = 30 * time.Second

// Renewals is the result of a Renewer.
type Renewals struct {
	Removals
	Begun int // not deleted, because the list shows that they have begun the check
}

// Renewer deletes users whose links are dead, one at a time, so that each can be created
// again before the next is deleted. Each deletion has its intent in the ledger before it is
// sent, and a look at the page of the list just before, which must show serviceId and
// e-mail together with the status pending_kyc. The caller must hold the ledger's lock. It
// is used by one goroutine.
type Renewer struct {
	config RemoveConfig
	news   Ledger
	find   *locator
	out    Renewals
}

// NewRenewer returns a Renewer. What the list shows of users who have begun the check is
// recorded in news. Pace, Run and Watch of the configuration are not used.
func NewRenewer(c RemoveConfig, news Ledger) *Renewer {
	return &Renewer{config: c, news: news}
}

// Result returns what was done so far.
func (r *Renewer) Result() Renewals { return r.out }

// Locate finds all users who may be deleted in the partner's list. It must be called before
// the first Renew.
func (r *Renewer) Locate(ctx context.Context, pace *Pace, customers []ledger.Customer) error {
	r.find = &locator{partner: r.config.Partner, pace: pace}
	return r.find.locateUsers(ctx, customers)
}

// Renew deletes the user of one customer by a run. It returns the customer as it is now,
// and whether the user is gone: then it must be created again. If the customer is in doubt
// and the user is not gone, the list will show later whether it was deleted. If the
// customer is created as before, it was not deleted.
func (r *Renewer) Renew(ctx context.Context, pace *Pace, run int64, cu ledger.Customer) (now ledger.Customer, gone bool, err error) {
	c := r.config
	c.Pace, c.Run, r.find.pace = pace, run, pace
	// Each user that was deleted has moved the later ones up, and each that was created
	// again some of them down.
	moved := len(r.out.Removed) + len(r.out.Unknown)
	u, found, err := r.find.findAgain(ctx, cu.ServiceID, moved, moved)
	switch {
	case err != nil:
		return cu, false, err
	case !found || !isPaired(u, cu):
		r.out.NotListed++
		return cu, false, nil
	case StatusOf(u.Status) != ledger.KYCNotBegun:
		r.out.Begun++
		return cu, false, r.recordStatus(ctx, u)
	}
	known := len(r.out.Removed)
	if err := c.removeUser(ctx, cu, clockOf(r.find.newest), &r.out.Removals); err != nil {
		return cu, false, err
	}
	if len(r.out.Removed) > known {
		if gone, err = r.awaitGone(ctx, cu.ServiceID); err != nil {
			return cu, false, err
		}
	}
	now, err = readCustomer(ctx, c.Ledger, cu.ID)
	return now, gone, err
}

// readCustomer returns a customer as the ledger has it now, with its attempts.
func readCustomer(ctx context.Context, l Customers, id int64) (found ledger.Customer, err error) {
	err = ledger.ErrNotFound
	for found, err = range l.Customers(ctx, ledger.Query{IDs: []int64{id}, History: true}) {
		if err != nil {
			break
		}
	}
	return found, err
}

// recordStatus records what the list shows of a user who has begun the check.
func (r *Renewer) recordStatus(ctx context.Context, u partner.Listed) error {
	s := StatusOf(u.Status)
	if s == ledger.KYCUnknown {
		return nil
	}
	_, err := r.news.ObserveKYC(ctx, []ledger.KYCEvent{{ServiceID: u.ServiceID, Status: s, At: pageTime(r.find.newest).Add(-maxPageAge), Listed: true}})
	return err
}

// awaitGone reports whether the list stops showing a deleted user in time. The partner's
// answer was that it is deleted, so that a list that cannot be read is no error.
func (r *Renewer) awaitGone(ctx context.Context, serviceID string) (bool, error) {
	ends := time.Now().Add(MaxListLag)
	for pause := time.Second / 4; ; pause *= 2 {
		gone, err := r.find.isGone(ctx, serviceID)
		if _, isAnswered := errors.AsType[*partner.Error](err); isAnswered {
			return false, nil
		}
		if err != nil || gone || time.Now().Add(pause).After(ends) {
			return gone && err == nil, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false, ctx.Err()
		}
	}
}
