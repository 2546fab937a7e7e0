package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Errors that callers decide by. Each comes wrapped with the ledger's path and
// the way out.
var (
	ErrLocked      = errors.New("ledger is held by another run")
	ErrMissing     = errors.New("ledger does not exist")
	ErrEnvironment = errors.New("ledger belongs to another environment")
	ErrAccount     = errors.New("ledger belongs to another partner account")
	ErrDamaged     = errors.New("ledger is damaged")
	ErrNewer       = errors.New("ledger was written by a newer version")
	ErrWrite       = errors.New("ledger cannot be written") // fatal for the run, whatever the cause
	ErrUnsafe      = errors.New("ledger file is not safe")  // link, other owner, open to others, network file system
	ErrConflict    = errors.New("ledger row is not in the expected state")
	ErrNotFound    = errors.New("not in the ledger")
	ErrMoved       = errors.New("ledger was copied to another place")
	// ErrUnavailable says that the ledger could not be reached, or that its answer
	// was lost: the outcome of the call is open, and the same call may be made
	// again and finds what it did. It is no ErrWrite: the ledger is fit for use
	// once it is reached. A ledger on this machine never returns it.
	ErrUnavailable = errors.New("ledger cannot be reached")
)

// ErrOutdated is ErrConflict of a check pass: the ledger has changed since the pass began,
// so that it must be done again. Another process has registered input meanwhile, say.
var ErrOutdated = fmt.Errorf("the check must be repeated: %w", ErrConflict)

// Ledger is what happened to every customer. All methods may be called by any
// number of goroutines; writes are serialised inside. Every write is one
// transaction that is on the disk when the method returns nil. Any error of a
// write but ErrConflict, ErrNotFound, ErrAccount and ErrUnavailable wraps ErrWrite
// and leaves the outcome of that transaction open: the caller stops sending. A context
// that is done before a write begins returns the context's error and writes
// nothing; a write that has begun is not interrupted by its context.
type Ledger interface {
	Registrar
	Journal
	Reader
	Runs
	Pairings
}

// Registrar records the check pass.
type Registrar interface {
	// FindBatch returns the batch whose input and reading settings have this
	// fingerprint, or ErrNotFound.
	FindBatch(ctx context.Context, fingerprint string) (Batch, error)
	// Digest is what Row.Details are kept as. It shows whether a row that is read
	// again still has the details that were registered.
	Digest(details []Detail) Details
	// Register begins a check pass. Nothing of it is seen by others before Commit,
	// which is one transaction. A ledger may make other writes wait until it ends.
	// ErrOutdated if the fingerprint is registered. Of the batch, ID and Rows
	// are given by the ledger, and Registered if it is zero.
	Register(ctx context.Context, b Batch) (Registration, error)
}

// Registration is a check pass that has not ended. One goroutine uses it. It keeps none
// of the slices that it is given. Commit or Rollback must be called; Rollback after
// Commit does nothing.
type Registration interface {
	// Lookup returns what the ledger, including this registration, knows of the customers
	// that these rows name. The result is parallel to the argument.
	Lookup(ctx context.Context, s []LookupKey) ([]Match, error)
	// Add appends rows in input order. A row with Claims set makes its
	// customer, as pending if it is new, and the customer's LastBatch and
	// LastRow point to it from then on. Ordinals are given by the caller,
	// from 0 without gaps. ErrConflict if the ordinals have a gap or an
	// identity is claimed twice; the registration can then only be rolled back.
	Add(ctx context.Context, rows []Row) error
	// AddNotes adds to rows what only later rows show. It is called at
	// most once, after the last Add, with notes in the order of their ordinals,
	// at most one a row. ErrConflict if they are out of order or of no row, or if
	// rows are added after it; the registration can then only be rolled back.
	AddNotes(ctx context.Context, notes []RowNote) error
	// Commit registers the batch. ErrOutdated if nothing was registered, and the check
	// must be done again.
	Commit(ctx context.Context) (Batch, error)
	Rollback() error
}

// ReportedCounter is a Registration that knows what earlier runs have reported.
type ReportedCounter interface {
	// CountReported returns how many of the rows added so far have a status that an
	// earlier finished run has reported already, for the same reasons.
	CountReported(ctx context.Context, s Status) (int, error)
}

// Reader reads at any moment, also while another process sends. Each iterator
// sees one consistent state and yields at most one error, last.
type Reader interface {
	// Plan yields the rows of a batch from an ordinal on, at most n, in
	// order, each with its customer and, if anything was ever intended for it
	// and it is neither created, link_missing nor forgotten, its attempts.
	Plan(ctx context.Context, batch int64, from, n int) ([]Planned, error)
	// Customers yields customers by the query in the order of their ids, with
	// their attempts if asked.
	Customers(ctx context.Context, q Query) iter.Seq2[Customer, error]
	// Rows yields the rows of a selection in input order, for reports.
	// ErrNotFound if there is no such batch or run.
	Rows(ctx context.Context, s Selection) iter.Seq2[Reported, error]
	// Tally counts the rows of a selection by status.
	Tally(ctx context.Context, s Selection) (Tally, error)
	// Batches lists the registered batches, newest first.
	Batches(ctx context.Context) ([]Batch, error)
	// Info returns what the ledger is bound to.
	Info(ctx context.Context) (Info, error)
}

// Runs records who did what, and facts about the partner that later runs need.
type Runs interface {
	// Begin writes the run and returns its id.
	Begin(ctx context.Context, r Run) (int64, error)
	// Finish closes it. A run without Finish was killed. With exit code 0 or
	// 3 it also notes the outcomes of the rows of the run's batch, so that later runs
	// know that they were reported (Reported.WasReported).
	Finish(ctx context.Context, id int64, end RunEnd) error
	// Log yields the runs, newest first.
	Log(ctx context.Context) iter.Seq2[Run, error]
	// Bind ties the ledger to a partner account: names that it does not have yet
	// are added, and ErrAccount is returned if one that it has differs.
	Bind(ctx context.Context, account Account) error
	// Fact and SaveFact keep small facts between runs (rate, clock offset, fee), by
	// name. Fact returns ErrNotFound for an unknown name.
	Fact(ctx context.Context, name string) (string, time.Time, error)
	SaveFact(ctx context.Context, name, value string, at time.Time) error
}

// Status is a row's status in reports and a customer's in the ledger. The
// texts are part of the command-line contract. doc.go has a paragraph on each.
type Status string

const (
	Created             Status = "created"
	LinkMissing         Status = "link_missing"
	Duplicate           Status = "duplicate"
	DuplicateInInput    Status = "duplicate_in_input" // of a row, never of a customer
	Invalid             Status = "invalid"            // of a row, never of a customer
	Rejected            Status = "rejected"
	InsufficientBalance Status = "insufficient_balance"
	InDoubt             Status = "in_doubt"
	Pending             Status = "pending"
	Forgotten           Status = "forgotten"
)

// Statuses is every status, in the order in which people are shown them.
func Statuses() []Status {
	return []Status{Created, LinkMissing, Duplicate, DuplicateInInput, Invalid, Rejected,
		InsufficientBalance, InDoubt, Pending, Forgotten}
}

// Class is how an attempt ended, as text. "" is an attempt that is open: its
// intent is written and nothing is known of what followed.
type Class string

const (
	Open     Class = ""
	OK       Class = "OK"        // 2xx, whole body read, valid envelope, serviceId and verificationUrl present
	OKBroken Class = "OK_BROKEN" // any other 2xx: something was probably created
	KeyUsed  Class = "KEY_USED"  // 400 that says that the idempotency key was used before
	DupUser  Class = "DUP_USER"  // 400 that says that a user with this e-mail exists
	Reject   Class = "REJECT"    // 422, or a 400 whose code, text or named fields plainly refuse the row
	Unclear  Class = "UNCLEAR"   // 400 with an envelope and an unknown code, or in another JSON form that names no field
	Busy     Class = "BUSY"      // 429 with an envelope: the partner itself says so, and did nothing
	Funds    Class = "FUNDS"     // 402 with an envelope, empty, or plainly saying so
	Auth     Class = "AUTH"      // 401 or 403 with an envelope, empty, or in a gateway's or framework's own JSON form
	NotSent  Class = "NOT_SENT"  // no connection was given, or no byte of the request was written
	Unknown  Class = "UNKNOWN"   // proves nothing: timeout, reset, 5xx, 3xx, anything else

	// Throttled is 429 without an envelope: a limiter in front of the partner,
	// which proves nothing of what is behind it.
	Throttled Class = "THROTTLED"

	// Of attempts to delete a user, as well as NOT_SENT and UNKNOWN.
	Removed    Class = "REMOVED"
	NotRemoved Class = "NOT_REMOVED"
)

// AsksToWait reports whether the attempt ended with a 429, of the partner or of a
// limiter in front of it.
func (c Class) AsksToWait() bool { return c == Busy || c == Throttled }

// Instant is a moment by our clock together with what was known of the
// partner's clock then. The zero value is no moment.
type Instant struct {
	At      time.Time
	Offset  time.Duration // partner's clock minus ours
	Certain bool          // Offset comes from an answer's Date header; else it is a guess of 0
}

// Partner is the moment by the partner's clock.
func (i Instant) Partner() time.Time { return i.At.Add(i.Offset) }

// Attempt is one create-user request, or one request to delete the user again
// (Removes): an intent, closed at most once.
type Attempt struct {
	ID         int64
	Run        int64
	Generation int
	Key        string  // idempotency key; "" with Removes
	Details    Details // of what was sent
	Removes    string  // serviceId of the user to be deleted; "" = this is a create-user request
	NotBefore  Instant // commit of the intent
	NotAfter   Instant // when it ended; after a crash, when the ledger was next opened; zero while open
	Class      Class
	Absent     bool // closed by evidence that it created nothing and never will
	HTTPStatus int
	Code       string
	Excerpt    []byte // of the body, where it may serve as evidence
}

// Customer is one customer, identified by e-mail.
type Customer struct {
	ID         int64
	Identity   string // the e-mail as validate.Identity normalises it
	Email      string // as sent, or as last registered while nothing was sent
	FirstName  string
	LastName   string
	SenderID   string // the sender's own number, "" if none
	Status     Status
	Generation int // of the newest create-user request; 0 before the first
	ServiceID  string
	URL        string    // verificationUrl
	Issued     time.Time // when URL came to be known; links are perishable. Zero without one
	Pairing    Pairing   // of ServiceID and Identity, by the partner's list
	KYC        KYC       // of ServiceID
	Field      string
	Code       string
	Message    string
	Manual     bool // an operator decided
	HTTPStatus int  // of the last create-user request
	Attempts   int  // create-user requests less those known never sent
	Intents    int  // all attempts ever; the version for conditional transitions
	Key        string
	FirstSent  time.Time
	Decided    time.Time // zero while pending or in_doubt
	Details    Details   // of what was sent last, or registered last while nothing was sent
	LastBatch  int64
	LastRow    int
	History    []Attempt // oldest first, when asked for
}

// Batch is one registered input.
type Batch struct {
	ID          int64
	Fingerprint string // of the hashes of all files and the reading settings
	Files       []File
	Settings    string
	Carried     []string // names of the carried columns
	Rows        int
	Registered  time.Time
}

// File is one input file of a batch.
type File struct {
	Name   string
	Sheet  string
	SHA256 string
	Rows   int
}

// LookupKey is what a row says about its customer.
type LookupKey struct {
	Identity string
	SenderID string   // "" = none
	NameText string   // normalised first name, last name and phone, joined; "" = not to be compared. Only its keyed hash is kept
	Details  []Detail // for Match.Differs; nil = not to be compared
}

// Position says where a row is in the input.
type Position struct {
	File   int // index into Batch.Files
	Number int
	Line   int
}

// Match is what the ledger knows of the customer that a LookupKey describes.
//
// ByID and ByName recognise a customer under another e-mail, by its SenderID (see
// [PlainNumber]) and its NameText. A customer has one of each. Until a request is sent
// for it (Attempts is 0), they are those of the last row that claimed it. A create
// intent sets them to those of the row that it sends. Nothing else changes them: no
// later row, and no change by an operator. Those of earlier rows are not kept.
type Match struct {
	Customer *Customer // by identity; nil if unknown. Without History
	Forgot   bool      // the identity was erased on request
	Claimed  int       // ordinal of the row of this registration that claims the identity; -1 if none. Rows of the same Lookup call do not see each other
	First    Position  // of the claiming row; zero if none
	Differs  []string  // names of the fields in which LookupKey.Details differ from the claiming row, in the order of Info.DetailNames
	ByID     *Customer // another customer with the same SenderID, created, link_missing or in_doubt; nil if Customer is onboarded: nothing depends on it then
	ByName   *Customer // another one with the same NameText, likewise
}

// Row is one input row as registered.
type Row struct {
	Ordinal   int
	File      int // index into Batch.Files
	Number    int
	Line      int
	Identity  string // "" if the row has none
	Email     string // as written
	FirstName string
	LastName  string
	SenderID  string
	NameText  string // see LookupKey; only its keyed hash is kept
	Carry     []string
	Details   []Detail // only keyed hashes are kept. nil for an invalid row
	Claims    bool     // first valid row of its identity: it makes the customer, or claims an existing one
	Verdict   Status   // Invalid or DuplicateInInput, which are the row's own; "" = the customer's status counts
	Recall    string   // what makes this row the same finding in another input (identity, or the raw cells); only its keyed hash with status and codes is kept
	Repeats   int      // ordinal of another row of this input that claims the customer: a DuplicateInInput row repeats it, an Invalid one only has its e-mail; -1 if none does
	Findings  []Finding
}

// RowNote is what a later row of an input adds to an earlier one.
type RowNote struct {
	Ordinal  int      // of the earlier row
	Position Position // of the earlier row, for callers of pipeline.Check; the ledger has it already
	Repeats  int      // see Row
	Finding  Finding  // added after those of the row
}

// Finding is a problem or warning of a row.
type Finding struct {
	Field, Code, Message string
	Warning              bool
}

// Planned is a row of the send pass.
type Planned struct {
	Ordinal  int
	Verdict  Status
	Claims   bool
	Details  Details  // of the row
	Customer Customer // zero if the row has none; of one that is created or forgotten only ID and Status
}

// IsPlanned reports whether a plan shows more of a customer with this status than
// its ID and the status: only then it may have to be sent, or waited for.
func (s Status) IsPlanned() bool { return s != Created && s != Forgotten }
