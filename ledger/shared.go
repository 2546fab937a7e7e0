package ledger

import (
	"context"
	"time"
)

// Shared is a ledger from which several processes may send at once. A ledger that
// one process holds alone does not implement it.
type Shared interface {
	Ledger
	// Join makes this process a sender. Its membership beats until Leave, also when ctx
	// has ended. A Ledger has one membership at a time.
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
	Batch     int64         // that it has entered; 0 = none
	IsResting bool          // it has nothing left to do in it
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
//
// While a Ledger has a membership, Intend and Record of that Ledger write for it. A
// process that was declared ended joins again in its next beat or write, without being
// asked: it has a new number then, no claims and no roles, and MaySend is false for all
// earlier attempts. Their answers are recorded as long as the attempts are open, and
// merged (Merge) once they were closed.
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
	// DrawSlots draws turns at the shared rate.
	DrawSlots(ctx context.Context, d Draw) (Slots, error)
	// PauseAll makes all senders wait until a moment (429), and notes the rate that met it
	// (requests a second) and when the refused request began, both by Now. A request that
	// began before the rate was last lowered does not lower it once more.
	PauseAll(ctx context.Context, until time.Time, met float64, began time.Time) error
	// SetWalletEmpty says that the wallet could not pay (402), or that it can again. While it is
	// empty, turns are only given for look-ups, and as a trial to one sender at a time.
	SetWalletEmpty(ctx context.Context, empty bool) error
	// EnterBatch says which batch this sender sends from now on. If no other living sender has
	// entered it, all its slices are free.
	EnterBatch(ctx context.Context, batch int64) error
	// ClaimSlice takes the free slice of the batch with the lowest ordinals, for this sender
	// alone. ErrNotFound: none is free now. Slices of a sender that is declared ended are
	// free again, and those of one that leaves without resting.
	ClaimSlice(ctx context.Context, batch int64) (Slice, error)
	// UnclaimAll frees all slices of this sender, because others can send their rows and it
	// cannot.
	UnclaimAll(ctx context.Context) error
	// SetResting says that this sender has nothing left to do in the batch that it entered, or
	// that it has again.
	SetResting(ctx context.Context, isResting bool) error
	// TakeRole reports whether this sender has the role, and takes it if no living sender has.
	TakeRole(ctx context.Context, role string) (bool, error)
	// AddClearances says of customers that a complete list has shown them absent, so that the
	// sender which has their row may send it again. It replaces earlier ones of the same
	// customers.
	AddClearances(ctx context.Context, c []Clearance) error
	// FreshClearances returns the clearances of a batch's customers that hold now (see
	// Clearance.Holds).
	FreshClearances(ctx context.Context, batch int64) ([]Clearance, error)
	// CountProgress counts what all senders did in a batch.
	CountProgress(ctx context.Context, batch int64) (Progress, error)
	// Leave ends the membership. Open attempts of it are left to the sweep of others.
	Leave(ctx context.Context) error
}

// Draw is a wish for turns to begin requests.
type Draw struct {
	Turns        int  // at most so many
	IsLookUp     bool // for requests that cost nothing: the list, the wallet
	IsTrial      bool // for one row that shows whether an empty wallet pays again
	IsBackground bool // only if no other sender waits for a turn
}

// Slots are turns to begin a request, Count of them, Gap apart from First on, by
// Membership.Now. A turn that is missed is given up, never made up for. Count 0: none
// now; ask again at First, or sooner for what Reason names.
type Slots struct {
	First   time.Time
	Gap     time.Duration
	Count   int
	Reason  SlotsReason // why there are none
	Because string      // of SlotsHeld: who holds all, and why
	IsTrial bool        // the wallet is empty: one request that shows whether it pays again
}

// SlotsReason says why no turn is given.
type SlotsReason string

const (
	SlotsWait   SlotsReason = "wait"   // the partner has asked all to wait
	SlotsOthers SlotsReason = "others" // other senders are first (Draw.IsBackground)
	SlotsEmpty  SlotsReason = "empty"  // the wallet is empty
	SlotsHeld   SlotsReason = "held"   // an operator has stopped all
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

// Holds reports whether the customer may still be sent on the strength of the clearance.
func (c Clearance) Holds(of Customer, now time.Time) bool {
	return of.ID == c.Customer && of.Intents == c.Intents && of.Status.IsPlanned() && now.Before(c.FreshUntil)
}

// Progress is what has become of a batch by all its senders.
type Progress struct {
	Rows    int // valid rows that have a customer of their own
	Pending int // of those: not sent yet, and no request in flight
	InDoubt int // of those: in flight, or in doubt and not left to an operator (IsUnsettled)
	Senders int // living senders that have entered the batch
	Working int // those of them that do not rest
}

// CodeOutstanding is the code of a customer in doubt whose last request was not answered.
const CodeOutstanding = "outcome_unknown"

// IsUnsettled reports whether a customer is in doubt and evidence may still settle that.
// Any other code than CodeOutstanding says that an operator must decide.
func (c Customer) IsUnsettled() bool {
	return c.Status == InDoubt && (c.Code == "" || c.Code == CodeOutstanding)
}

// RateAfterBusy returns the rate, in requests a second, that is allowed some time after a
// 429: half of the rate that met it at once, 95 % of it after ten seconds, and then 1 %
// more every ten seconds.
func RateAfterBusy(met float64, since time.Duration) float64 {
	since = max(0, since)
	r := met * (0.5 + 0.45*min(1, float64(since)/float64(busyRecovery)))
	if steps := int(since/busyRecovery) - 1; steps > 0 {
		r += met * 0.01 * float64(steps)
	}
	return r
}

const busyRecovery = 10 * time.Second
