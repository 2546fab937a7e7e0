package ledger

import (
	"fmt"
	"slices"
	"time"
)

// ApplyIntent returns the customer after an intent: in doubt, with the generation, key
// and details of the intent. It is the rule that every implementation of Journal
// applies. c has its attempts; the caller adds the one that the intent opens.
//
// ErrConflict if the customer is not as expected, is created, link_missing or forgotten,
// the intent has no time, or an attempt is open: there are never two requests in flight
// for one customer. The user of a customer in link_missing may be deleted, and that of a
// created one by [Customer.IsRenewable]; for that, c has its KYC.
func ApplyIntent(c Customer, i Intent) (Customer, error) {
	if err := i.check(c); err != nil {
		return c, err
	}
	if i.At.At.IsZero() {
		return c, fmt.Errorf("customer %d: an intent without a time: %w", c.ID, ErrConflict)
	}
	open := c.hasOpen()
	if i.Removes != "" {
		return applyDeletion(c, i, open)
	}
	switch c.Status {
	case Created, LinkMissing, Forgotten:
		return c, fmt.Errorf("customer %d is %s and is never sent again: %w", c.ID, c.Status, ErrConflict)
	}
	if open {
		return c, fmt.Errorf("customer %d has an open attempt: %w", c.ID, ErrConflict)
	}
	if i.Generation < c.Generation {
		return c, fmt.Errorf("customer %d: generation %d after %d: %w", c.ID, i.Generation, c.Generation, ErrConflict)
	}
	c.Status = InDoubt
	c.Generation, c.Key, c.Details = i.Generation, i.Key, i.Details
	c.Email, c.FirstName, c.LastName = i.Email, i.FirstName, i.LastName
	c.Field, c.Code, c.Message, c.Manual = "", "", "", false
	c.HTTPStatus = 0
	c.Intents++
	c.Attempts++
	if c.FirstSent.IsZero() {
		c.FirstSent = i.At.At
	}
	c.Decided = time.Time{}
	return c, nil
}

// applyDeletion is ApplyIntent for a deletion. The customer is in doubt until its user is created again, or
// turns out not to be deleted. Generation and key remain those of the newest create-user
// request; the attempt has the generation of the next one.
func applyDeletion(c Customer, i Intent, open bool) (Customer, error) {
	switch {
	case !ValidToken(i.Removes):
		return c, fmt.Errorf("customer %d: %w", c.ID, ErrForm) // it becomes part of an address
	case c.Status != LinkMissing && !c.IsRenewable() || c.ServiceID == "" || c.ServiceID != i.Removes:
		return c, fmt.Errorf("customer %d is %s and its user is not to be deleted: %w", c.ID, c.Status, ErrConflict)
	case open:
		return c, fmt.Errorf("customer %d has an open attempt: %w", c.ID, ErrConflict)
	case i.Generation <= c.Generation:
		return c, fmt.Errorf("customer %d: a deletion must raise generation %d: %w", c.ID, c.Generation, ErrConflict)
	}
	c.Status = InDoubt
	c.Field, c.Code, c.Message, c.Manual = "", "", "", false
	c.Intents++
	c.Decided = time.Time{}
	return c, nil
}

// ApplyChange is the customer after a change. It is given with its attempts, at
// least those that the change closes and those that are open, and comes back
// with them as they are then; what was given is not changed. It is the rule that
// every implementation of Journal applies.
//
// ErrForm if the service id or the link breaks the rules.
// ErrConflict if the customer is not as expected, the new status is not one of
// a customer, an attempt is unknown or closed otherwise already, an onboarded
// customer would become anything less, or an attempt would stay open on a
// customer that is not in doubt.
func ApplyChange(c Customer, ch Change) (Customer, error) {
	if err := ch.check(c); err != nil {
		return c, err
	}
	if err := checkForm(c, ch.ServiceID, ch.URL); err != nil {
		return c, err
	}
	released := ch.isRelease(c)
	if ch.Repair && (!ch.isValidRepair(c) || !ch.Pairing.known()) || !ch.Repair && !released && !ch.Status.canFollow(c.Status) {
		return c, fmt.Errorf("customer %d cannot become %q from %q: %w", c.ID, ch.Status, c.Status, ErrConflict)
	}
	if len(ch.Close) > 0 {
		c.History = slices.Clone(c.History)
	}
	answered := false // by a class that the partner's list is to confirm
	for _, cl := range ch.Close {
		at := slices.IndexFunc(c.History, func(a Attempt) bool { return a.ID == cl.Attempt })
		if at < 0 {
			return c, fmt.Errorf("customer %d has no attempt %d: %w", c.ID, cl.Attempt, ErrConflict)
		}
		a := &c.History[at]
		wasOpen, wasOK := a.Class == Open, a.Class == OK
		if ch.Repair && wasOK && cl.Class == OKBroken {
			a.Class, a.Excerpt = OKBroken, cl.Excerpt
			continue
		}
		if err := a.close(cl); err != nil {
			return c, err
		}
		answered = wasOpen && (a.Class == OK || a.Class == DupUser)
		switch {
		case a.Removes != "":
			if a.Absent && c.ServiceID == a.Removes { // it is gone, and its link with it
				c.ServiceID, c.URL, c.Issued, c.KYC = "", "", time.Time{}, KYC{}
			}
		case wasOpen && a.Class == NotSent:
			c.Attempts--
			if c.Attempts == 0 {
				c.FirstSent = time.Time{}
			}
		case wasOpen:
			c.HTTPStatus = a.HTTPStatus
		}
	}
	if (ch.Status != InDoubt || ch.Repair) && c.hasOpen() {
		return c, fmt.Errorf("customer %d has an open attempt and cannot become %s: %w", c.ID, ch.Status, ErrConflict)
	}
	switch {
	case released:
		c.Pairing, c.ServiceID, c.URL, c.Issued, c.KYC = NotPaired, "", "", time.Time{}, KYC{}
	case ch.Repair:
		c.Pairing = ch.Pairing
		c.ServiceID, c.URL, c.Issued, c.KYC = ch.ServiceID, ch.URL, ch.issuedAt(c), KYC{}
	case answered && (ch.Status == Created || ch.Status == Duplicate):
		c.Pairing = Unconfirmed
	case ch.keepsUser(c): // and what the list said of it
	case ch.Manual || ch.Status != c.Status || ch.ServiceID != "" && ch.ServiceID != c.ServiceID:
		c.Pairing = NotPaired
	}
	c.Status = ch.Status
	if ch.ServiceID != "" {
		c.ServiceID = ch.ServiceID
	}
	if ch.URL != "" && !ch.Repair {
		c.URL, c.Issued = ch.URL, ch.At
	}
	c.Field, c.Code, c.Message, c.Manual = ch.Field, ch.Code, ch.Message, ch.Manual
	c.Decided = ch.At
	if c.Status == InDoubt || c.Status == Pending {
		c.Decided = time.Time{}
	}
	return c, nil
}

// isValidRepair reports whether a change with Repair may bring the customer to its status.
func (ch Change) isValidRepair(c Customer) bool {
	switch ch.Status {
	case Created:
		return c.Status != Forgotten && ch.ServiceID != "" && ch.URL != ""
	case LinkMissing:
		return c.Status != Forgotten && ch.ServiceID != ""
	case InDoubt:
		return c.Status == Created || c.Status == LinkMissing
	}
	return false
}

// isRelease reports whether an operator gives up a user who was created in
// another account, so that the customer is sent once more.
func (ch Change) isRelease(c Customer) bool {
	return ch.Manual && ch.Status == Pending && c.Status == Created && c.Code == CodeOtherAccount
}

// issuedAt returns when the link of a repaired customer became known.
func (ch Change) issuedAt(c Customer) time.Time {
	switch ch.URL {
	case "":
		return time.Time{}
	case c.URL:
		return c.Issued
	default:
		return ch.At
	}
}

func (c *Customer) hasOpen() bool {
	return slices.ContainsFunc(c.History, func(a Attempt) bool { return a.Class == Open })
}

// close applies a closing to an attempt.
func (a *Attempt) close(cl Closing) error {
	switch {
	case a.Class == Open && !cl.Class.isClosing():
		return fmt.Errorf("attempt %d: closing without a class: %w", a.ID, ErrConflict)
	case a.Class == Open:
		a.Class, a.Absent, a.NotAfter = cl.Class, cl.Absent, cl.NotAfter
		a.HTTPStatus, a.Code, a.Excerpt = cl.HTTPStatus, cl.Code, cl.Excerpt
	case cl.Absent && (cl.Class == Open || cl.Class == a.Class):
		a.Absent = true
	default:
		return fmt.Errorf("attempt %d is closed already, as %s: %w", a.ID, a.Class, ErrConflict)
	}
	return nil
}

// isClosing reports whether an attempt may be closed with this class.
func (c Class) isClosing() bool {
	switch c {
	case OK, OKBroken, KeyUsed, DupUser, Reject, Unclear, Busy, Throttled, Funds, Auth, NotSent, Unknown, Removed, NotRemoved:
		return true
	default:
		return false
	}
}

// check compares a customer with what is expected of it.
func (e Expect) check(c Customer) error {
	if c.ID == 0 || c.ID != e.Customer {
		return fmt.Errorf("customer %d is not in the ledger: %w", e.Customer, ErrConflict)
	}
	if c.Status != e.Status || c.Intents != e.Intents {
		return fmt.Errorf("customer %d is %s after %d intents, expected %s after %d: %w",
			c.ID, c.Status, c.Intents, e.Status, e.Intents, ErrConflict)
	}
	return nil
}

// canFollow reports whether a change may bring a customer from one status to this one.
func (s Status) canFollow(from Status) bool {
	switch s {
	case Created, LinkMissing, Duplicate, Rejected, InsufficientBalance, InDoubt, Pending:
	default:
		return false
	}
	switch from {
	case Forgotten:
		return false
	case Created:
		return s == Created
	case LinkMissing:
		return s == Created || s == LinkMissing
	}
	return true
}
