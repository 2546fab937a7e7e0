package ledger

import "context"

// Pairing is what the partner's list of users says of a customer's serviceId
// and e-mail: whether the two belong together. The texts are stored, and the
// ones that need a reviewer are codes in reports.
type Pairing string

const (
	// NotPaired: there is nothing to compare. No answer of a create-user request
	// made this customer what it is.
	NotPaired Pairing = ""
	// Unconfirmed: an answer said so, and the list has not been compared yet, or
	// did not show the user. Of a duplicate: not looked up yet.
	Unconfirmed Pairing = "unconfirmed"
	// Confirmed: the list shows the serviceId under the customer's e-mail.
	Confirmed Pairing = "confirmed"
	// EmailDiffers: the list shows the serviceId under an e-mail that no
	// customer of this ledger has.
	EmailDiffers Pairing = "email_differs"
	// UserDeleted: the list shows the user as deleted.
	UserDeleted Pairing = "user_deleted"
	// UserUnlisted: a day after the creation the list still did not show the user.
	UserUnlisted Pairing = "user_unlisted"
	// MixedUp: the list shows the serviceId under another customer's e-mail, and
	// nothing was moved, because the link had been handed out or because the
	// evidence is contradictory. The link is kept and must not be used.
	MixedUp Pairing = "answer_mixed_up"
)

// NeedsReview reports whether an operator has to look at a created customer
// with this pairing.
func (p Pairing) NeedsReview() bool {
	switch p {
	case EmailDiffers, UserDeleted, UserUnlisted, MixedUp:
		return true
	}
	return false
}

// Explain says in one sentence what the pairing means for the reader of a
// report; "" if there is nothing to say. It holds no personal data.
func (p Pairing) Explain() string {
	switch p {
	case Unconfirmed:
		return "the partner's list has not confirmed this user yet. The next run asks again"
	case EmailDiffers:
		return "the partner lists this user under another e-mail, so its link is left out here. Ask the partner whose user it is"
	case UserDeleted:
		return "the partner lists this user as deleted. Ask the partner why"
	case UserUnlisted:
		return "a day after the creation, the partner does not list this user. Ask the partner whether it exists"
	case MixedUp:
		return "the partner lists this user under another customer's e-mail, so its link must not be used. Ask the partner, then: bulkonboard ledger resolve"
	}
	return ""
}

// known reports whether the pairing is one that a ledger may store.
func (p Pairing) known() bool {
	return p == NotPaired || p == Unconfirmed || p == Confirmed || p.NeedsReview()
}

// PairingNote is what the list said of one customer.
type PairingNote struct {
	Customer  int64
	ServiceID string // of the customer when the list was read; "" for a duplicate
	Pairing   Pairing
}

// Pairings keeps what was compared with the partner's list.
type Pairings interface {
	// NotePairings stores pairings, all in one transaction. A note whose customer
	// has another serviceId by now is skipped. It needs no lock and may be called during a
	// run, because it changes no status and no attempt.
	NotePairings(ctx context.Context, notes []PairingNote) error
}

// ApplyPairing is the customer after a note, and whether the note applies. It is the
// rule that every implementation of Pairings uses.
func ApplyPairing(c Customer, n PairingNote) (Customer, bool) {
	if c.ID == 0 || c.ID != n.Customer || c.ServiceID != n.ServiceID || !n.Pairing.known() {
		return c, false
	}
	switch c.Status {
	case Created:
	case Duplicate:
		if n.Pairing.NeedsReview() {
			return c, false
		}
	case LinkMissing: // an operator knows that the user is gone
		if n.Pairing != UserDeleted {
			return c, false
		}
	default:
		return c, false
	}
	c.Pairing = n.Pairing
	return c, true
}

// CodeOtherAccount is the code of a created customer whose serviceId names
// another partner account than the ledger's.
const CodeOtherAccount = "other_account"

// NeedsReview reports whether an operator has something to do about a created
// customer: its pairing or its account is not as it should be.
func (c Customer) NeedsReview() bool {
	return c.Status == Created && (c.Code == CodeOtherAccount || c.Pairing.NeedsReview())
}

// UsableURL returns the customer's verification link, or "" if the evidence says that it
// may be another user's, or if it is spent.
func (c Customer) UsableURL() string {
	if c.Status == Created && (c.Pairing == MixedUp || c.Pairing == EmailDiffers) {
		return ""
	}
	if c.Status == InDoubt { // its user may have been deleted
		return ""
	}
	if c.KYC.IsLinkSpent() {
		return ""
	}
	return c.URL
}
