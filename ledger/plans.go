package ledger

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// ErrPlan is ErrConflict for a plan that is not in the state, or no longer of the
// age, that a decision or a run needs. Nothing is written.
var ErrPlan = fmt.Errorf("plan cannot be used: %w", ErrConflict)

// planError is ErrPlan with a sentence that says it all.
type planError struct{ text string }

func (e *planError) Error() string { return e.text }
func (e *planError) Unwrap() error { return ErrPlan }

// PlanErrorf returns an ErrPlan with a sentence for operators.
func PlanErrorf(format string, args ...any) error { return &planError{fmt.Sprintf(format, args...)} }

// PlanState is how far a saved plan has come:
//
//	made      saved; waits for a second person
//	approved  may be carried out
//	declined  refused by the second person; final
//	running   a run has begun with it; the same command continues it
//	used      its run has ended; final
//	void      not used when the ledger was put back from a copy; final
//
// A plan that is made, approved or running can do nothing more after Plan.Expires.
type PlanState string

const (
	PlanMade     PlanState = "made"
	PlanApproved PlanState = "approved"
	PlanDeclined PlanState = "declined"
	PlanRunning  PlanState = "running"
	PlanUsed     PlanState = "used"
	PlanVoid     PlanState = "void"
)

// IsOpen reports whether anything can still become of a plan in this state.
func (s PlanState) IsOpen() bool { return s == PlanMade || s == PlanApproved || s == PlanRunning }

// Plan is a saved plan. Its terms are text that package approval writes and reads.
type Plan struct {
	ID       string
	State    PlanState
	Terms    string // everything that the plan binds; no personal data
	Rows     int    // rows that it allows to be sent
	Who      string // who made it: OS user
	Host     string // and machine
	Made     time.Time
	Expires  time.Time
	Decision *PlanDecision // nil before it
}

// PlanDecision is the second person's answer.
type PlanDecision struct {
	Approves  bool
	Who       string // OS user
	Host      string
	Signer    string // name of the key that signed the plan; "" = decided on the ledger itself
	Signature string // in base64; "" without a signer
	Because   string // why it was declined, or a comment
	At        time.Time
}

// PlanRow is a row that a plan allows to be sent, as keyed digests.
type PlanRow struct {
	Customer   PlanDigest
	Details    PlanDigest
	Generation int32 // of the customer's newest create-user request
}

// PlanDigest is 96 bits of a keyed hash.
type PlanDigest [12]byte

// Plans keeps saved plans. Its methods may be called by any number of goroutines.
//
// Two more transitions belong to runs. Begin of a Run with a Plan moves the plan
// from approved to running, or leaves it running, in the transaction that writes
// the run; ErrPlan if it is in no such state or has expired. Finish makes it used,
// unless the run's exit code is one after which the same command continues
// ([LeavesPlan]). OpenGap of a ledger that has Gaps makes all open plans void.
type Plans interface {
	// DigestPlanRow returns a row as a plan keeps it.
	DigestPlanRow(identity string, details []Detail, generation int) PlanRow
	// SavePlan writes a plan as made, with its rows. ErrConflict if there is one
	// with this ID, or two rows of one customer.
	SavePlan(ctx context.Context, p Plan, rows []PlanRow) error
	// Plans lists the plans, newest first.
	Plans(ctx context.Context) ([]Plan, error)
	// DecidePlan approves or declines a plan. ErrNotFound; ErrPlan unless it is made
	// and has not expired at the moment of the decision.
	DecidePlan(ctx context.Context, id string, d PlanDecision) error
	// Unplanned returns the indexes of those rows that a plan does not allow: it
	// lacks the customer, has other details, or a higher generation.
	Unplanned(ctx context.Context, id string, rows []PlanRow) ([]int, error)
}

// FindPlan returns the plan with an ID, or ErrNotFound.
func FindPlan(ctx context.Context, l Plans, id string) (Plan, error) {
	all, err := l.Plans(ctx)
	if err != nil {
		return Plan{}, err
	}
	at := slices.IndexFunc(all, func(p Plan) bool { return p.ID == id })
	if at < 0 {
		return Plan{}, fmt.Errorf("plan %s: %w", id, ErrNotFound)
	}
	return all[at], nil
}

// CheckBegin returns ErrPlan with the reason if no run may begin with the plan at a
// moment.
func (p Plan) CheckBegin(now time.Time) error {
	switch {
	case p.State == PlanMade:
		return PlanErrorf("plan %s is not approved", p.ID)
	case p.State == PlanVoid:
		return PlanErrorf("plan %s is void: since it was made, the ledger was restored from a copy, or has lost commits", p.ID)
	case !p.State.IsOpen():
		return PlanErrorf("plan %s is %s", p.ID, p.State)
	}
	return p.checkAge(now)
}

// CheckDecision returns ErrPlan with the reason if the plan cannot be decided on at
// a moment.
func (p Plan) CheckDecision(now time.Time) error {
	if p.State != PlanMade {
		return PlanErrorf("plan %s is %s already", p.ID, p.State)
	}
	return p.checkAge(now)
}

func (p Plan) checkAge(now time.Time) error {
	if now.Before(p.Expires) {
		return nil
	}
	return PlanErrorf("plan %s expired at %s", p.ID, p.Expires.UTC().Format(time.RFC3339))
}

// LeavesPlan reports whether a run that ends with this exit code leaves its plan
// running: the wallet was empty, the partner silent, a limit of the operator's was
// reached, or a signal came. A run that was killed has no exit code.
func LeavesPlan(exitCode int) bool {
	switch exitCode {
	case 4, 6, 8, 130, 143:
		return true
	}
	return false
}

// Allows reports whether a row of a plan allows a row to be sent.
func (r PlanRow) Allows(now PlanRow) bool {
	return r.Customer == now.Customer && r.Details == now.Details && r.Generation <= now.Generation
}

// NewPlanRow returns a row as a plan keeps it, under the secret of a ledger.
func NewPlanRow(keys *keyed.Secret, identity string, details []Detail, generation int) PlanRow {
	var text strings.Builder
	for _, d := range details {
		fmt.Fprintf(&text, "%s=%q\n", d.Name, d.Value)
	}
	return PlanRow{Customer: PlanDigest(keys.PlannedCustomer(identity)), Details: PlanDigest(keys.PlannedDetails(text.String())), Generation: int32(min(generation, math.MaxInt32))}
}
