package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/patience"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Config configures one run of one batch. Input, Partner, Ledger and Environment are
// required. The zero value of every other field is a useful default.
type Config struct {
	Input   Input
	Partner Partner
	Ledger  ledger.Ledger

	// Environment is part of every idempotency key: "sandbox", "staging",
	// "production", or a host.
	Environment string

	Rules  *validate.Rules // field rules; nil = the strict ones without defaults
	Pace   Pace
	Doubt  DoubtRules
	Bounds Bounds
	Money  Money
	Resend Resend
	Origin ledger.Run // user, host, version and key fingerprint for the ledger's log

	// Lease is how long other senders of a shared ledger wait for a sign of life from this
	// one before they continue in its place; 0 = 15 s.
	Lease time.Duration

	// OnJoin is called before the first row is sent if others are sending the batch from a
	// shared ledger, with what has become of it. nil = not called.
	OnJoin func(others []ledger.SenderState, p ledger.Progress)

	// Confirm is called once, after the check pass. Nothing has been sent yet, and the
	// registration is not committed. An error ends the run and rolls the registration
	// back. nil = continue without asking.
	Confirm func(context.Context, Plan) error

	// Approve is asked once with every row that may be sent, in input order, after the
	// check pass and the look at the wallet, and before Confirm; also when there is no
	// such row. Its error ends the run and leaves no trace. The Ledger must keep
	// plans (ledger.Plans). nil = the rows are not collected.
	Approve func(context.Context, Plan, []RowToSend) error

	// Planned is given what becomes of every row, in input order, after the check pass
	// and before Approve. nil = the rows are not collected.
	Planned func([]PlannedRow) error

	// Seen is called with the identity of each row that has one, in input order, in the
	// check pass. It needs no memory for rows. nil = not called.
	Seen func(identity string)

	// AcceptInvalid is asked when more rows are invalid than Bounds.MaxInvalid allows, and
	// reports whether the others are sent all the same. nil = they are not.
	AcceptInvalid func(context.Context, Plan) bool

	// Filter reports whether a customer of the input may be sent. All others keep their
	// status. It is called by many goroutines. nil = every customer may be sent.
	Filter func(ledger.Customer) bool

	// Recreate deletes users of the input and creates them again, one after the other. nil
	// = no user is deleted.
	Recreate *Recreation

	// OnProgress is called with the progress, by several goroutines but never by two at
	// once. It must return quickly and must not block. nil = not called.
	OnProgress func(Progress)

	// OnAnswer is called for each create-user request that was sent, once its outcome is
	// recorded, with the class of the answer and the duration of the request. One
	// goroutine calls it. It must not block. nil = not called.
	OnAnswer func(class ledger.Class, took time.Duration)

	// OnStatusChange is called with each change of status that was written to the ledger
	// for a row of this input. Plan.Tally plus these changes gives the current number of
	// rows by status. Several goroutines call it. It must not block. nil = not called.
	OnStatusChange func(from, to ledger.Status)

	// Abort, when closed after the context of Run was cancelled, cuts off requests in
	// flight. Their rows are then in doubt. nil = let the requests finish.
	Abort <-chan struct{}

	// LastResort is called once for each outcome that could be written neither to the
	// ledger nor to its emergency file. The outcome may hold a verification link, so it
	// must not be logged. nil = such outcomes are lost, and the error of Run says so.
	LastResort func(ledger.Change)

	Log *slog.Logger // nil = discard. Never sees personal data, keys or links
}

// Input is the batch to read. It may be read several times.
type Input interface {
	Files() []ledger.File // in order; Rows of each may be 0 before the first pass
	Settings() string     // canonical text of the settings by which bytes become rows
	Carried() []string    // names of the carried columns
	Rows(ctx context.Context) (Rows, error)
}

// Rows is one pass over an Input. Read fills dst from the front. After the last row it
// returns 0 and io.EOF, or an error if the input has changed since Files was read.
// Earlier rows are still in use during a Read, so it must not reuse what a Row points to.
type Rows interface {
	Read(dst []Row) (int, error)
	Close() error
}

// Row is one row of the input.
type Row struct {
	File   int // index into Input.Files
	Number int // as a spreadsheet program shows it, from 1
	Line   int // as an editor shows it, from 1; 0 if that has no meaning
	Raw    validate.Raw
	Again  bool               // the row comes from a rejects file, where it was a duplicate: it stays one as long as the ledger knows the customer
	ID     string             // the sender's own number for the customer, "" = none
	Carry  []string           // cells of the carried columns
	Issues []validate.Problem // what the reader saw in this row
}

// Partner is the partner's API, one attempt at a time. *partner.Client is one.
// Its methods are called by many goroutines at once and must return when their
// context ends. Errors of ListUsers and Wallet should be *partner.Error.
type Partner interface {
	Create(ctx context.Context, key string, u validate.User) partner.Answer
	ListUsers(ctx context.Context, skip, limit int) (partner.Page, error)
	Wallet(ctx context.Context) (partner.Wallet, error)
}

var _ Partner = (*partner.Client)(nil)

// Pace limits all requests, look-ups and retries included.
type Pace struct {
	Rate        float64       // requests a second; 0 = 5, or that of the shared ledger, which a rate here can only lower. Ignored if Unlimited is set
	Unlimited   bool          // no ceiling
	Background  bool          // send rows only at turns that no other sender of a shared ledger wants
	Burst       int           // requests; 0 = 1
	Workers     int           // requests in flight; 0 = as many as the rate needs, at most AutoWorkers; at most MaxWorkers
	MaxAttempts int           // sends of one row in one run; 0 = 5
	Patience    time.Duration // how long an outage is waited out; 0 = 15 min
}

// ceiling returns the requests a second that are allowed, +Inf without a limit.
func (p Pace) ceiling() float64 {
	if p.Unlimited || p.Rate == 0 { // 0: that of the shared ledger
		return math.Inf(1)
	}
	return p.Rate
}

// DoubtRules are the assumptions about the partner when an answer is missing.
type DoubtRules struct {
	KeyTTL        time.Duration // how long the partner remembers a key; 0 = 5 min
	Settle        time.Duration // how long an unanswered request may still take effect; 0 = 100 s
	Hold          bool          // never send a row in doubt again
	GapOurs       bool          // claim users created inside a gap of the ledger if names and times agree; see ledger.Gap
	CheckExisting bool          // read list-users first if it is short compared with the rows to send
	Timeout       time.Duration // of one request of the Partner; 0 = 30 s
	SkipConfirm   bool          // do not compare the created users with the partner's list
}

// Bounds end a run early. The zero value only bounds MaxErrors.
type Bounds struct {
	MaxNew      Bound         // new rows; more = nothing is sent
	MaxInvalid  Bound         // invalid rows that no finished run has reported; more = nothing is sent, unless Config.AcceptInvalid says yes
	Limit       int           // new rows sent; 0 = all
	MaxErrors   Bound         // refusals without a creation between; zero = 50 in a row; Count < 0 = none
	MaxDuration time.Duration // 0 = none
}

// Bound is a number of rows, or a share of them. The zero value is no bound.
type Bound struct {
	Count   int
	Percent float64
	AtLeast int // with Percent: fewer rows than this are never too many
}

// IsZero reports whether no bound is set.
func (b Bound) IsZero() bool { return b.Count == 0 && b.Percent == 0 }

// Money holds the settings for fee and wallet.
type Money struct {
	Fee  Amount // KYC fee of one user; unknown = as measured in earlier runs, if it was
	Keep Amount // the wallet counts as empty at or below this
	Wait bool   // wait for a top-up when the wallet is empty, instead of ending the run

	// Require sends nothing unless the wallet covers every row that may be sent. A fee or
	// a balance that is not known covers none.
	Require bool
	// FeeRose is asked when the users cost more than the fee that the run began with, before
	// a row meets a 402. Its error ends the run. nil = the run counts with the new fee.
	FeeRose func(was, is Amount) error
	// Prepaid says that the users were paid for before, such as when they are created
	// again: the wallet limits nothing.
	Prepaid bool
}

// Resend says which settled rows are sent once more.
type Resend struct {
	Statuses []ledger.Status // rejected, duplicate
	Codes    []string        // rejected rows with one of these codes
	Accept   []string        // held rows with one of these codes (id_known, looks_onboarded)
}

// withDefaults returns the configuration with every zero value replaced, or an
// error that names the field.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Input == nil:
		return c, fmt.Errorf("pipeline: Config.Input is not set")
	case c.Partner == nil:
		return c, fmt.Errorf("pipeline: Config.Partner is not set")
	case c.Ledger == nil:
		return c, fmt.Errorf("pipeline: Config.Ledger is not set")
	case c.Approve != nil && !hasPlans(c.Ledger):
		return c, fmt.Errorf("pipeline: Config.Approve needs a ledger that keeps plans")
	case c.Environment == "":
		return c, fmt.Errorf("pipeline: Config.Environment is not set")
	case c.Pace.Rate < 0:
		return c, fmt.Errorf("pipeline: Config.Pace.Rate is negative")
	case c.Pace.Workers < 0 || c.Pace.Workers > MaxWorkers:
		return c, fmt.Errorf("pipeline: Config.Pace.Workers must be 0 to %d", MaxWorkers)
	}
	if _, isShared := c.Ledger.(ledger.Shared); !isShared {
		setDefault(&c.Pace.Rate, 5)
	}
	setDefault(&c.Lease, 15*time.Second)
	setDefault(&c.Pace.Burst, 1)
	setDefault(&c.Pace.MaxAttempts, 5)
	setDefault(&c.Pace.Patience, 15*time.Minute)
	c.Ledger = patience.WrapLedger(patience.UnwrapLedger(c.Ledger), c.Pace.Patience)
	setDefault(&c.Doubt.KeyTTL, 5*time.Minute)
	setDefault(&c.Doubt.Settle, 100*time.Second)
	setDefault(&c.Doubt.Timeout, 30*time.Second)
	if c.Bounds.MaxErrors.IsZero() {
		c.Bounds.MaxErrors.Count = 50
	}
	if c.Rules == nil {
		c.Rules = &validate.Rules{}
	}
	if c.OnProgress == nil {
		c.OnProgress = func(Progress) {}
	}
	if c.OnAnswer == nil {
		c.OnAnswer = func(ledger.Class, time.Duration) {}
	}
	if c.OnStatusChange == nil {
		c.OnStatusChange = func(ledger.Status, ledger.Status) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// FromRows returns an Input of rows in memory, for callers that read them from a database
// or a queue. Reports show name as the file. The same rows in the same order are the
// same batch.
func FromRows(name string, rows ...Row) Input {
	h := sha256.New()
	for _, r := range rows {
		h.Write(fmt.Appendf(nil, "%q %q %q\n", r.Raw, r.ID, r.Carry))
	}
	return memoryInput{ledger.File{Name: name, SHA256: hex.EncodeToString(h.Sum(nil)), Rows: len(rows)}, rows}
}

type memoryInput struct {
	file ledger.File
	rows []Row
}

func (m memoryInput) Files() []ledger.File               { return []ledger.File{m.file} }
func (m memoryInput) Settings() string                   { return "" }
func (m memoryInput) Carried() []string                  { return nil }
func (m memoryInput) Rows(context.Context) (Rows, error) { return &memoryRows{m.rows}, nil }

type memoryRows struct{ left []Row }

func (m *memoryRows) Read(dst []Row) (int, error) {
	n := copy(dst, m.left)
	m.left = m.left[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (m *memoryRows) Close() error { return nil }

var _ Input = memoryInput{}
