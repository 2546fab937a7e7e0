package ledger

import (
	"context"
	"time"
)

// Journal records the send pass. A customer's state changes only through it while a run
// sends. No method keeps the slice that it is given.
//
// Each call writes, in one transaction and in order, the elements that fit. It skips
// and returns those that do not. An error means that nothing was written, or that it is
// not known whether it was.
//
// After an error the call may be repeated with the same arguments. What the first call
// wrote is recognised and reported as done.
type Journal interface {
	// Intend opens one attempt for each intent and sets its customer to in_doubt,
	// by the rule of [ApplyIntent]. The ids are those of the attempts, parallel to
	// the intents. The id 0 means that the customer is not as expected any more, or that
	// an earlier intent of this call is for the same customer: nothing was written for
	// it, and nothing may be sent. See [FindIntent] for a call made again.
	Intend(ctx context.Context, run int64, intents []Intent) (ids []int64, err error)
	// Record closes attempts and sets customers, by the rule of [ApplyChange]. It
	// returns the refused changes, unchanged and in order: those whose customer is not as
	// expected, and those whose form is not valid (ErrForm). The caller keeps them.
	// Changes with Repair belong together: if one of a call is refused, all of them are.
	// A change that was recorded already is not refused (see [IsRecorded]).
	Record(ctx context.Context, run int64, changes []Change) (refused []Change, err error)
	// Merge records answers that arrive after their attempts were closed without them, or
	// from the emergency file. The rule is [MergeLate], for answers that are credible
	// (see [Change.IsCredible]). It returns the refused ones.
	Merge(ctx context.Context, changes []Change) (refused []Change, err error)
}

// Emergency saves answers when the ledger cannot be written any more, or refuses them.
// Without it only the answers that Record refused are lost.
type Emergency interface {
	// Emergency saves changes outside the ledger. They are on disk when it returns nil.
	// The next opening merges each at most once, if it fits by the rule of [MergeLate],
	// and otherwise sets it aside with a notice. Any number of goroutines may call it,
	// whatever state the ledger is in.
	Emergency(changes []Change) error
}

// Expect is the state that a customer must have for a write to apply.
type Expect struct {
	Customer int64
	Status   Status
	Intents  int
}

// Intent is the decision to send, written before the first byte is sent. With Removes it
// is the decision to delete the user of a customer in link_missing, or of a created one
// whose link is dead, so that it can be created again. Generation is then the next one, which the deletion reserves, and the
// other fields are empty. See [ApplyIntent].
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
// Message and Manual replace the present values, also when empty. ServiceID and URL do
// so only when set, because a known link is never dropped. See [ApplyChange].
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
