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
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Config is one run of one batch. Input, Partner, Ledger and Environment are
// required; the zero value of everything else is a good default.
type Config struct {
	Input   Input
	Partner Partner
	Ledger  ledger.Ledger

	// Environment is part of every idempotency key: "sandbox", "staging",
	// "production", or a host.
	Environment string

	Rules  *validate.Rules // field rules; nil = the strict ones without defaults
	Pace   Pace
	Doubt  Doubt
	Bounds Bounds
	Money  Money
	Resend Resend
	Origin ledger.Run // who, host, version, key fingerprint: copied to the ledger's log

	// Confirm is asked once, after the check pass and before anything is sent
	// or registered for good. Its error ends the run and leaves no trace. nil = go on.
	Confirm func(context.Context, Plan) error

	// Approve is asked once with every row that may be sent, in input order, after the
	// check pass and the look at the wallet, and before Confirm; also when there is no
	// such row. Its error ends the run and leaves no trace. The Ledger must keep
	// plans (ledger.Plans). nil = the rows are not collected.
	Approve func(context.Context, Plan, []RowToSend) error

	// Planned is given what becomes of every row, in input order, after the check pass
	// and before Approve. nil = the rows are not collected.
	Planned func([]PlannedRow) error

	// Only restricts the sending to some of the input's customers: the others
	// stay as they are, as if a bound had been met. Called by many goroutines.
	// nil = everybody.
	Only func(ledger.Customer) bool

	// Watch is called with the progress, from several goroutines but one at a time;
	// it must be quick and must not block. nil = not called.
	Watch func(Progress)

	// Answered is called with how each create-user request that left has ended and
	// how long it took, once it is recorded. It is called by one goroutine and must
	// not block. nil = not called.
	Answered func(class ledger.Class, took time.Duration)

	// Moved is called with each change of status that the ledger has written for a row
	// of this input, so that counting from Plan.Tally on gives the rows by status
	// as they are now. It is called by several goroutines and must not block. nil
	// = not called.
	Moved func(from, to ledger.Status)

	// Abort, when closed, cuts off requests in flight after the context of Run
	// was cancelled; their rows become in doubt. nil = let them finish.
	Abort <-chan struct{}

	// LastResort is given each outcome that neither the ledger nor its
	// emergency file would take, once. It may hold a verification link: what it
	// does with it must not be a log. nil = such an outcome is lost, which the
	// error of Run says.
	LastResort func(ledger.Change)

	Log *slog.Logger // nil = discard. Never sees personal data, keys or links
}

// Input is the batch to read, several times if need be.
type Input interface {
	Files() []ledger.File // in order; Rows of each may be 0 before the first pass
	Settings() string     // canonical text of how bytes become rows
	Carried() []string    // names of the carried columns
	Rows(ctx context.Context) (Rows, error)
}

// Rows is one pass over an Input. Read fills dst from the front; after the
// last row it returns io.EOF with 0 rows, or an error if the input is not what
// it was when Files was read. Rows are read on while those before are checked,
// so what a Row points to must outlive the next Read.
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
	Again  bool               // given back from a list of problems as one that repeats another row: so it does as long as the ledger knows the customer
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

// Pace is how fast requests go out, look-ups and retries included.
type Pace struct {
	Rate        float64       // requests a second; 0 = 5. Unlimited beats it
	Unlimited   bool          // no ceiling
	Burst       int           // requests; 0 = 1
	Workers     int           // requests in flight; 0 = as many as the rate needs, at most AutoWorkers; at most MaxWorkers
	MaxAttempts int           // sends of one row in one run; 0 = 5
	Patience    time.Duration // how long an outage is waited out; 0 = 15 min
}

// ceiling returns the requests a second that are allowed, +Inf without a limit.
func (p Pace) ceiling() float64 {
	if p.Unlimited {
		return math.Inf(1)
	}
	return p.Rate
}

// Doubt is what is assumed of the partner when an answer is missing.
type Doubt struct {
	KeyTTL        time.Duration // how long the partner remembers a key; 0 = 5 min
	Settle        time.Duration // how long an unanswered request may still take effect; 0 = 100 s
	Hold          bool          // never send a row in doubt again
	GapOurs       bool          // users created inside a gap of the ledger are ours where names and times agree; see ledger.Gap
	CheckExisting bool          // ask list-users first when the list is short against the rows to send
	Timeout       time.Duration // of one request of the Partner; 0 = 30 s
	SkipConfirm   bool          // do not compare the created users with the partner's list
}

// Bounds end a run early. The zero value is no bound but MaxErrors.
type Bounds struct {
	MaxNew      Bound         // new rows; more = nothing is sent
	Limit       int           // new rows sent; 0 = all
	MaxErrors   Bound         // refusals without a creation between; zero = 50 in a row; Count < 0 = none
	MaxDuration time.Duration // 0 = none
}

// Bound is a number of rows, or a share of them. The zero value is no bound.
type Bound struct {
	Count   int
	Percent float64
}

// IsZero reports whether no bound is set.
func (b Bound) IsZero() bool { return b.Count == 0 && b.Percent == 0 }

// Money is what is known of the wallet.
type Money struct {
	Fee  Amount // KYC fee of one user; unknown = measured from earlier runs, if at all
	Keep Amount // the wallet counts as empty at or below this
	Wait bool   // an empty wallet is waited out instead of ending the run
}

// Resend says which settled rows go out once more.
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
	setDefault(&c.Pace.Rate, 5)
	setDefault(&c.Pace.Burst, 1)
	setDefault(&c.Pace.MaxAttempts, 5)
	setDefault(&c.Pace.Patience, 15*time.Minute)
	setDefault(&c.Doubt.KeyTTL, 5*time.Minute)
	setDefault(&c.Doubt.Settle, 100*time.Second)
	setDefault(&c.Doubt.Timeout, 30*time.Second)
	if c.Bounds.MaxErrors.IsZero() {
		c.Bounds.MaxErrors.Count = 50
	}
	if c.Rules == nil {
		c.Rules = &validate.Rules{}
	}
	if c.Watch == nil {
		c.Watch = func(Progress) {}
	}
	if c.Answered == nil {
		c.Answered = func(ledger.Class, time.Duration) {}
	}
	if c.Moved == nil {
		c.Moved = func(ledger.Status, ledger.Status) {}
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

// FromRows returns an Input of rows in memory, for callers who have them from a
// database or a queue. Name stands for the file in reports. The same rows in
// the same order are the same batch.
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
