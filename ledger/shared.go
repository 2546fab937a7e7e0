package ledger

import (
	"context"
	"time"
)

// Shared is a ledger from which several processes may send at once. A ledger that
// one process holds alone does not implement it.
type Shared interface {
	Ledger
	// Join makes this process a sender. Its membership beats until Leave.
	Join(ctx context.Context, s Sender) (Membership, error)
	// Senders returns the senders that have not ended, and those that ended last.
	Senders(ctx context.Context) ([]SenderState, error)
	// Pace returns the rate and the pauses that all senders keep.
	Pace(ctx context.Context) (Pace, error)
	// SetRate sets the rate of all senders together, in requests a second; 0 is unlimited.
	SetRate(ctx context.Context, perSecond float64) error
	// Hold stops all senders from beginning a request until Release. who and why are
	// shown to operators.
	Hold(ctx context.Context, who, why string) error
	Release(ctx context.Context) error
}

// Sender is a process that wants to send.
type Sender struct {
	Host, User, Version, Command string
	PID                          int
	Lease                        time.Duration // how long its beat may stand still before others declare it ended
	Timeout                      time.Duration // the longest that one of its requests can last
}

// SenderState is what the ledger knows of a sender.
type SenderState struct {
	Sender
	ID        int64 // never given twice
	Began     time.Time
	SilentFor time.Duration // since its last beat, by the ledger's clock
	Ended     time.Time     // zero: it has not
	EndReason string        // "finished" or "silent"; "" while it has not ended
	InFlight  int           // open attempts
	Sent      int           // attempts that it began, all in all
	Roles     []string
}

// The roles that one sender has at a time.
const (
	RoleResolver = "resolver" // scans the partner's list for all that is in doubt
	RoleWallet   = "wallet"   // asks for the balance while the wallet is empty
)

// Membership is one process's part in a shared ledger. Its methods may be called by any
// number of goroutines. Errors wrap ErrUnavailable where the ledger could not be reached:
// the same call may be made again.
type Membership interface {
	// ID is the sender's number. It changes if the process was declared ended while it
	// could not reach the ledger, and has joined again.
	ID() int64
	// MaySend reports whether a request of this attempt may begin now. It does no I/O, and
	// is asked at the first byte of each request: false once the lease may have ended, or
	// the attempt belongs to an earlier number of this process.
	MaySend(attempt int64) bool
	// Now is the ledger's clock: one clock for all senders.
	Now() time.Time
	// Slots draws at most n turns at the shared rate.
	Slots(ctx context.Context, n int) (Slots, error)
	// Pause makes all senders wait until a moment (429), and notes the rate that met it
	// (requests a second) and when the refused request began.
	Pause(ctx context.Context, until time.Time, met float64, began time.Time) error
	// Empty says that the wallet could not pay (402), or that it can again. While it is
	// empty, Slots gives one turn to one sender at a time, as a trial.
	Empty(ctx context.Context, empty bool) error
	// Claim takes the next slice of a batch, for this sender alone. ErrNotFound: none is
	// free now.
	Claim(ctx context.Context, batch int64) (Slice, error)
	// Unclaim frees a slice whose rows this sender will not send.
	Unclaim(ctx context.Context, s Slice) error
	// Lead reports whether this sender has the role, and takes it if no living sender has.
	Lead(ctx context.Context, role string) (bool, error)
	// Clear says of customers that a complete list has shown them absent, so that the
	// sender which has their row may send it again.
	Clear(ctx context.Context, c []Clearance) error
	// Cleared returns the fresh clearances of a batch's customers.
	Cleared(ctx context.Context, batch int64) ([]Clearance, error)
	// Progress counts what all senders did in a batch.
	Progress(ctx context.Context, batch int64) (Progress, error)
	// Leave ends the membership. Open attempts of it are left to the sweep of others.
	Leave(ctx context.Context) error
}

// Slots are turns to begin a request, Count of them, Gap apart from First on, by
// Membership.Now. A turn that is missed is given up, never made up for. Count 0: none
// now; ask again at First, or sooner for what Reason names.
type Slots struct {
	First   time.Time
	Gap     time.Duration
	Count   int
	Reason  SlotsReason // why there are none
	Because string      // of Held: what the operator wrote
	IsTrial bool        // one request that shows whether the wallet pays again
}

// SlotsReason says why no turn is given.
type SlotsReason string

const (
	SlotsWait  SlotsReason = "wait"  // the partner has asked all to wait
	SlotsEmpty SlotsReason = "empty" // the wallet is empty, and another sender tries
	SlotsHeld  SlotsReason = "held"  // an operator has stopped all
)

// Pace is the rate and the pauses of a shared ledger.
type Pace struct {
	PerSecond   float64   // 0: unlimited
	WaitUntil   time.Time // of a 429
	EmptySince  time.Time // of a 402; zero: the wallet pays
	HeldBy      string    // "": not held
	HeldBecause string
}

// SliceRows is how many rows of a batch one claim covers.
const SliceRows = 256

// Slice is a part of a batch that one sender has claimed: the ordinals
// From to From+SliceRows-1, as far as the batch has them.
type Slice struct {
	Batch int64
	From  int
}

// Clearance says that a list has shown a customer absent after all its attempts.
type Clearance struct {
	Customer   int64
	Intents    int       // the customer's intents then; another number makes it void
	FreshUntil time.Time // by Membership.Now
}

// Progress is what has become of a batch by all its senders.
type Progress struct {
	Rows, Open int // valid rows, and those of them that are pending or in doubt
	Senders    int // that have not ended
}
