package ledger

import "time"

// A user whose link has expired gets a new link only by being deleted and created again.
// This file says whose user may be deleted although the customer has a link.

// IsRenewable reports whether the customer's user may be deleted in order to be created
// again with a new link: the partner's list has confirmed the user, and nothing was
// heard of an identity check. A ledger applies it in the transaction that writes the
// intent to delete, so that an event that arrives before counts.
func (c Customer) IsRenewable() bool {
	return c.Status == Created && c.ServiceID != "" && c.URL != "" && c.Pairing == Confirmed && c.Code != CodeOtherAccount && c.KYC.HasNotBegun()
}

// HasNotBegun reports whether nothing says that the user has ever begun the identity
// check.
func (k KYC) HasNotBegun() bool {
	return (k.Status == KYCUnknown || k.Status == KYCNotBegun) && k.RetriesUsed() == 0 && !k.RetryOpen &&
		k.Denied.IsZero() && k.Linked.IsZero() && k.Resubmitted.IsZero()
}

// Deletions returns how often the customer's user was deleted to be created again, or may
// have been. The customer must have its attempts.
func (c Customer) Deletions() (n int) {
	for _, a := range c.History {
		if a.Removes != "" && a.Class != NotRemoved && a.Class != NotSent {
			n++
		}
	}
	return n
}

// keepsUser reports whether a change gives a customer in doubt back the user and the link
// that it had before a deletion that did not happen.
func (ch Change) keepsUser(c Customer) bool {
	return c.Status == InDoubt && ch.Status == Created && !ch.Manual && c.ServiceID != "" && c.URL != "" &&
		(ch.ServiceID == "" || ch.ServiceID == c.ServiceID) && (ch.URL == "" || ch.URL == c.URL)
}

// LinkState says whether a verification link can still be used. It is an estimate: only
// the owner of the identity check knows.
type LinkState string

const (
	LinkNone  LinkState = ""              // there is no link to show, or its age is not known
	LinkWorks LinkState = "works"         // younger than its life
	LinkDead  LinkState = "probably_dead" // older than its life, and the user has still to open it
	LinkUsed  LinkState = "used"          // the user has gone on with it: nothing to be opened
)

// DefaultLinkLife is how long a link lives that nobody has opened, unless the partner's
// account has another setting.
const DefaultLinkLife = 24 * time.Hour

// LinkState returns what is probably the state of the customer's link at a moment, if
// links live so long.
func (c Customer) LinkState(now time.Time, life time.Duration) LinkState {
	switch {
	case c.Status != Created || c.UsableURL() == "" || c.Issued.IsZero():
		return LinkNone
	case !c.KYC.Status.Open():
		return LinkUsed
	case now.Sub(c.Issued) >= life:
		return LinkDead
	}
	return LinkWorks
}
