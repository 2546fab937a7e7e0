package ledger

import (
	"context"
	"fmt"
	"time"
)

// KYC is what is known of a user's identity check. The zero value: nothing.
type KYC struct {
	Status    KYCStatus
	At        time.Time // since when, by the partner's clock
	Seen      time.Time // the newest event that said so
	Retries   int       // how often the check was begun again through us
	RetryOpen bool      // the last of them was sent, and no link has come of it yet
}

// KYCStatus is how far a user's identity check is. Words of the partner's that
// are not listed here are kept as they are.
type KYCStatus string

const (
	KYCNotBegun  KYCStatus = "pending_kyc"        // created, and the link was not used
	KYCPending   KYCStatus = "pending"            // under review
	KYCMore      KYCStatus = "needs_verification" // the user must open a link once more
	KYCDenied    KYCStatus = "denied"
	KYCApproved  KYCStatus = "approved"
	KYCUnknown   KYCStatus = "" // nothing was heard of it
	kycWordLimit           = 64 // bytes
)

// KYCStatuses are the known ones in the order of the way that users go.
func KYCStatuses() []KYCStatus {
	return []KYCStatus{KYCUnknown, KYCNotBegun, KYCPending, KYCMore, KYCDenied, KYCApproved}
}

// Open reports whether the user has still to open a link.
func (s KYCStatus) Open() bool { return s == KYCUnknown || s == KYCNotBegun || s == KYCMore }

// rank breaks ties between events of the same moment: what lies further on the
// way counts.
func (s KYCStatus) rank() int {
	for i, known := range KYCStatuses() {
		if s == known {
			return i
		}
	}
	return 1
}

// KYCEvent is news of one user's identity check, from a webhook, a list or the
// answer to a retry.
type KYCEvent struct {
	ServiceID string
	Status    KYCStatus
	At        time.Time // by the partner's clock
	URL       string    // a link that the user is to open now; "" = none came with it
}

// Verification follows users after their creation. Its methods may be called
// by any number of goroutines, and by another process than the one that sends:
// they touch no attempt. The status is kept by serviceId, so that an event may
// come before the answer that names its user; deleting the user ends it.
type Verification interface {
	// ObserveKYC records events, all or none, and returns how many brought
	// another status or a link. An event that is older than what is known changes
	// nothing (see KYC.After). A link goes to the user's customer, if there is
	// one: a customer in link_missing becomes created by it.
	ObserveKYC(ctx context.Context, events []KYCEvent) (int, error)
	// RetryKYC notes that a check is begun again: the counter goes from was
	// to now, before the request leaves. ErrConflict if it is not was: another
	// process has begun one. To take it back call it the other way round.
	RetryKYC(ctx context.Context, serviceID string, was, now int) error
}

// After is what is known after an event, and whether that is any different. It is the
// rule that every implementation of Verification applies: an older event never
// overwrites a newer status, so that events may come late, repeated and in any
// order.
func (k KYC) After(e KYCEvent) (KYC, bool) {
	if e.ServiceID == "" || e.Status == KYCUnknown || len(e.Status) > kycWordLimit || e.At.IsZero() {
		return k, false
	}
	newer := e.At.After(k.Seen) || e.At.Equal(k.Seen) && e.Status.rank() > k.Status.rank()
	if k.Status != KYCUnknown && !newer {
		return k, false
	}
	if e.Status != k.Status {
		k.Status, k.At = e.Status, e.At
	}
	k.Seen = e.At
	k.RetryOpen = k.RetryOpen && e.URL == ""
	return k, true
}

// ErrRetried is ErrConflict of RetryKYC.
var ErrRetried = fmt.Errorf("another process began this identity check again: %w", ErrConflict)

// WithLink is the customer with the link that came with an event of its user,
// and whether there is one to be kept.
func (c Customer) WithLink(e KYCEvent) (Customer, bool) {
	if e.URL == "" || e.ServiceID != c.ServiceID || c.Status != Created && c.Status != LinkMissing {
		return c, false
	}
	c.URL, c.Issued = e.URL, e.At
	if c.Status == LinkMissing {
		c.Status, c.Field, c.Code, c.Message = Created, "", "", ""
	}
	return c, true
}
