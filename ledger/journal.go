package ledger

import (
	"context"
	"time"
)

// Journal takes the send pass. These are the only ways in which a customer's
// state changes while a run sends. None of them keeps the slice that it is given.
//
// Each call is one transaction, in the order of its argument, of what fits: what
// does not fit is left out and reported, and never keeps the rest from being
// written. An error means that nothing was written, or that the outcome is open.
//
// A call whose outcome is open may be made again, with the same arguments: what
// it did the first time is found, and reported as done.
type Journal interface {
	// Intend opens one attempt for each intent and sets its customer to in_doubt,
	// by the rule of [Intended]. The ids are those of the attempts and parallel to
	// the intents. 0 says that the customer is not as expected any more, or that an
	// earlier intent of this call is for the same customer: nothing was written
	// for it, and nothing may be sent. See [FindIntent] for a call made again.
	Intend(ctx context.Context, run int64, intents []Intent) (ids []int64, err error)
	// Record closes attempts and sets customers, by the rule of [Decided]. It
	// returns the changes that do not fit, as they were given and in their order:
	// those whose customer is not as expected, and those of a form that must not
	// be kept (ErrForm). The caller keeps them. Changes with Repair belong
	// together: if one of a call does not fit, all of them come back. A change that
	// its customer has already does not (see [Recorded]).
	Record(ctx context.Context, run int64, changes []Change) (refused []Change, err error)
	// Merge records answers that come late: after their attempts were closed
	// without them, or from the emergency file. The rule is [Late], for answers
	// that are credible (see [Change.IsCredible]). It returns those that do not fit.
	Merge(ctx context.Context, changes []Change) (refused []Change, err error)
}

// Emergency is the way out for answers when the ledger cannot be written any
// more, or does not accept them. A ledger that has none loses nothing by it but
// what Record refused.
type Emergency interface {
	// Emergency keeps changes outside the ledger, on disk when it returns nil. The
	// next opening merges them, each at most once and only if it fits by the rule
	// of [Late]; one that does not is set aside, and a notice says so. It may be
	// called by any number of goroutines, whatever state the ledger is in.
	Emergency(changes []Change) error
}

// Expect is the state that a customer must have for a write to apply.
type Expect struct {
	Customer int64
	Status   Status
	Intents  int
}

// Intent is the decision to send, before the first byte leaves. With Removes it
// is the decision to delete the user of a customer in link_missing, so that it
// can be created again: Generation is then the next one, which the deletion
// reserves, and the rest is left empty. See [ApplyIntent].
type Intent struct {
	Expect
	Generation int
	Key        string
	Removes    string // serviceId
	Details    Details
	Email      string // as it will be sent
	FirstName  string
	LastName   string
	At         Instant
}

// Change is the decision after an attempt, or after evidence. Field, Code,
// Message and Manual replace what stands there, also when empty; ServiceID and
// URL only when set, for a link that is known is never dropped. See [ApplyChange].
type Change struct {
	Expect
	Close     []Closing
	Status    Status // InDoubt keeps the doubt
	ServiceID string
	URL       string
	Field     string
	Code      string
	Message   string
	Manual    bool
	At        time.Time

	// Repair corrects what an answer said, because the partner's list shows that
	// it was another customer's. A created customer may become less, ServiceID and
	// URL replace what the customer has also when they are empty, and a closing may
	// make an OK attempt OK_BROKEN. Pairing is what the customer has from then on.
	Repair  bool
	Pairing Pairing
}

// Closing closes one attempt, or, with Absent, marks a closed one as absent,
// which changes nothing else of it. Its Class is then that of the attempt, or Open.
type Closing struct {
	Attempt    int64
	Class      Class
	Absent     bool
	NotAfter   Instant
	HTTPStatus int
	Code       string
	Excerpt    []byte
}
