package pipeline

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Codes returns the codes that this package gives rows, in addition to those of package
// validate and the partner's own. Their words are in package messages.
func Codes() []string {
	return []string{
		CodeRepeats,
		CodeRepeatsOther,
		CodeSharesEmail,
		CodeSharesNumber,
		CodeSharesPerson,
		"known_from",
		CodeIDKnown,
		CodeIDRepeated,
		CodeLooksOnboarded,
		"details_changed",
		ledger.CodeResubmitted,
		"by_hand",
		"imported",
		decide.CodeOutstanding,
		userlist.CodeLinkLost,
		"being_recreated",
		userlist.CodeMixedUp,
		ledger.CodeOtherAccount,
		string(ledger.EmailDiffers),
		string(ledger.UserDeleted),
		string(ledger.UserUnlisted),
		string(ledger.Unconfirmed),
		decide.CodeTwoUsers,
		decide.CodeTaken,
		decide.CodeNoTime,
		decide.CodeUnproved,
		decide.CodeNoAbsence,
		decide.CodeSimilar,
		decide.CodeLate,
		decide.CodeLookBack,
		decide.CodeUnlisted,
		decide.CodeBudget,
		decide.CodeUnanswered,
		decide.CodeCreatedInGap,
		decide.CodeNotAtHand,
	}
}

// reviewMessage says why a program cannot decide, and what an operator can do.
func reviewMessage(code string) string {
	about, found := messages.English().Codes[code]
	if !found {
		return "the evidence does not decide this row"
	}
	return about.Meaning + " " + strings.TrimSuffix(about.Operator, ".")
}

// explainStatus gives field, code and message for the report. Nothing that the
// partner wrote but its code and field names is repeated.
func explainStatus(s ledger.Status, a *answered) (field, code, message string) {
	switch s {
	case ledger.Duplicate:
		return "email", cmp.Or(a.answer.Code, "DUP_USER"), "the partner already has a user with this e-mail, which this ledger did not send"
	case ledger.Rejected:
		return strings.Join(a.answer.Fields, " "), cmp.Or(a.answer.Code, "refused"), "the partner refused this row. Correct it and run again"
	case ledger.InsufficientBalance:
		return "", cmp.Or(a.answer.Code, "INSUFFICIENT_WALLET_BALANCE"), "the wallet could not pay the fee. Top it up and run again"
	case ledger.InDoubt:
		return "", decide.CodeOutstanding, "sent, but no answer shows the outcome (" + doubtCause(a) + "). Run again to settle it"
	default:
		return "", "", ""
	}
}

func doubtCause(a *answered) string {
	switch {
	case a.class == ledger.KeyUsed:
		return "its idempotency key was used before"
	case a.class == ledger.DupUser:
		return "its e-mail is known, perhaps from an earlier attempt"
	case a.answer.Cause != "":
		return a.answer.Cause
	case a.answer.HTTPStatus != 0:
		return "HTTP " + strconv.Itoa(a.answer.HTTPStatus)
	default:
		return string(a.class)
	}
}

// changeForAnswer turns an answer into the change that is written to the ledger.
func (r *recorder) changeForAnswer(a *answered) (ledger.Change, retryAt) {
	j := a.job
	before := j.customer.History
	s := r.gaps.Load().HoldDuplicate(decide.AfterAnswer(before, a.class, r.timing()))
	if decide.CountsAsSend(before, a.class) {
		j.spent++
	} else if a.class == ledger.KeyUsed && !r.warned {
		r.warned = true
		r.cfg.Log.Warn("the partner uses up the idempotency key of a request that it refuses (429, 402); such rows are looked up before they are sent again")
	}
	j.attempt.Class, j.attempt.NotAfter = a.class, a.ended
	j.attempt.HTTPStatus, j.attempt.Code, j.attempt.Excerpt = a.answer.HTTPStatus, a.answer.Code, a.answer.Excerpt
	change := ledger.Change{
		Expect: ledger.Expect{Customer: j.customer.ID, Status: ledger.InDoubt, Intents: j.customer.Intents},
		Close: []ledger.Closing{{
			Attempt: j.attempt.ID, Class: a.class, NotAfter: a.ended,
			HTTPStatus: a.answer.HTTPStatus, Code: a.answer.Code, Excerpt: a.answer.Excerpt,
		}},
		Status: s.Status, At: a.ended.At,
	}
	change.Field, change.Code, change.Message = explainStatus(s.Status, a)
	if s.Status == ledger.Created {
		r.counters.countRequests(0, 1)
		change.ServiceID, change.URL = a.answer.ServiceID, a.answer.VerificationURL
		if a.otherAccount {
			change.Code, change.Message = ledger.CodeOtherAccount, otherAccountMessage
		}
	}
	j.customer.History = append(before, j.attempt)
	j.customer.Status = s.Status
	if a.class != ledger.NotSent {
		r.counters.countRequests(1, 0)
		if a.class == ledger.Unclear {
			r.refusals.CountStatus(ledger.Rejected) // in words we do not know, until the list says otherwise
		} else {
			r.refusals.CountStatus(s.Status)
		}
		if r.refusals.IsOver(r.cfg.Bounds.MaxErrors.Count, r.cfg.Bounds.MaxErrors.Percent) {
			r.stopReason.stopWith(stopf(MaxErrors, "the partner refused too many rows in a row (--max-errors). The report shows why"))
		}
	}
	next := s.Next
	if next == decide.NextAgain && j.spent >= r.cfg.Pace.MaxAttempts {
		next = decide.NextDone
	}
	return change, retryAt{j, next}
}

// changeForEvidence turns a resolution into the change that is written to the ledger; ok is
// false if there is nothing to write.
func (r *recorder) changeForEvidence(x *resolved) (change ledger.Change, retry retryAt, ok bool) {
	c := &x.customer
	if x.job != nil {
		c = &x.job.customer
	}
	change = ledger.Change{
		Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents},
		Status: ledger.InDoubt, At: pacing.WallTime(),
	}
	for _, i := range x.resolution.Absent {
		a := &c.History[i]
		a.Absent = true
		change.Close = append(change.Close, ledger.Closing{
			Attempt: a.ID, Class: a.Class, Absent: true, NotAfter: a.NotAfter,
			HTTPStatus: a.HTTPStatus, Code: a.Code, Excerpt: a.Excerpt,
		})
	}
	retry = retryAt{x.job, decide.NextDone}
	switch x.resolution.Kind {
	case decide.WaitLonger, decide.LeaveAsIs, decide.ReadAgain:
		return change, retry, false
	case decide.AskOperator:
		change.Code, change.Message = x.resolution.Code, reviewMessage(x.resolution.Code)
	case decide.MarkCreated:
		change.Status, change.ServiceID, change.URL = ledger.Created, x.resolution.ServiceID, x.resolution.Link
	case decide.MarkLinkMissing:
		if c.URL != "" && c.ServiceID == x.resolution.ServiceID { // it was to be deleted, and was not
			change.Status, change.ServiceID = ledger.Created, c.ServiceID
			break
		}
		change.Status, change.ServiceID = ledger.LinkMissing, x.resolution.ServiceID
		change.Code, change.Message = userlist.CodeLinkLost, linkLostMessage
	case decide.MarkDuplicate:
		change.Status, change.Field, change.Code = ledger.Duplicate, "email", "DUP_USER"
		change.Message = "the partner already has a user with this e-mail, created before this ledger sent it"
	case decide.MarkRejected:
		change.Status, change.Code = ledger.Rejected, cmp.Or(x.resolution.Code, "refused")
		change.Message = "the partner refused this row. Correct it and run again"
	case decide.SendAgain:
		// The row stays what it is until its next intent: after a crash it must
		// be looked for again before it is sent.
		change.Status, retry.next = c.Status, decide.NextAgain
		change.Code, change.Message = decide.CodeOutstanding, "not created by any attempt so far. Run again to send it"
		return change, retry, len(change.Close) > 0
	}
	if (change.Status == ledger.Created || change.Status == ledger.LinkMissing) && x.job != nil && x.job.attempt.ID != 0 {
		r.counters.countRequests(0, 1)
	}
	c.Status = change.Status
	return change, retry, true
}

const (
	linkLostMessage     = "the user was created, but the answer with the link was lost. See: bulkonboard links recover"
	otherAccountMessage = "the user was created in another partner account than this ledger's. See: bulkonboard ledger resolve"
)

// job is one row that is being sent or resolved. One goroutine owns it at a time: it may
// change the job until it passes it on.
type job struct {
	customer   ledger.Customer // as last committed, with the attempts of this run
	details    ledger.Details  // of the row
	user       validate.User   // body of the request; never stored
	attempt    ledger.Attempt  // the current one
	intended   time.Time       // when its intent was made, with the monotonic reading
	spent      int             // sends in this run that count against MaxAttempts
	next       int             // generation of the next intent, if isForced
	isForced   bool            // an operator ordered it to be sent again
	freshUntil time.Time       // the next send must begin before then; zero = no limit
	isListed   bool            // the partner's list showed this customer before the run
	isNew      bool            // never sent before
	sentNew    bool            // counted against Bounds.Limit
	isInDoubt  bool            // counted in planner.inDoubt
	mayCost    bool            // in doubt, and its request may still be charged
	isRenewed  bool            // its user was deleted in this run, to be created again
	turnEnds   time.Time       // when its turn is missed
	isTrial    bool            // the request shows whether an empty wallet pays again
}

// nextGeneration returns the generation of the next intent.
func (j *job) nextGeneration() int {
	if j.isForced {
		return j.next
	}
	return decide.NextGeneration(j.customer.History)
}

// endedAt returns the end of the attempt by our wall clock, or by the monotonic clock if
// that is later. So a wall clock that is set back does not make the attempt look older
// than it is, and the time that a machine was suspended counts.
func (j *job) endedAt(ended, now time.Time) time.Time {
	return decide.MaxTime(ended.Round(0), j.intended.Round(0).Add(now.Sub(j.intended)))
}

// isStale reports whether the evidence that allows this send is too old.
func (j *job) isStale(now time.Time) bool { return !j.freshUntil.IsZero() && now.After(j.freshUntil) }

// answered is a job with the answer to its attempt.
type answered struct {
	job    *job
	answer partner.Answer
	class  ledger.Class
	ended  ledger.Instant

	otherAccount bool // the user was created in an account other than the ledger's
}

// createClass returns the class that a Partner gave to an answer, or Unknown if no answer
// to a create-user request can have that class.
func createClass(c ledger.Class) ledger.Class {
	switch c {
	case ledger.OK, ledger.OKBroken, ledger.KeyUsed, ledger.DupUser, ledger.Reject, ledger.Unclear,
		ledger.Busy, ledger.Throttled, ledger.Funds, ledger.Auth, ledger.NotSent:
		return c
	default:
		return ledger.Unknown
	}
}

// mailbox passes values from many goroutines to one. Senders never block, so that no
// cycle of full channels can arise. Its size is bounded only by the number of jobs of
// the planner. The zero value is not usable; see newMailbox.
type mailbox[T any] struct {
	mu     sync.Mutex
	items  []T
	notify chan struct{} // receives a value when there may be items
}

func newMailbox[T any]() *mailbox[T] { return &mailbox[T]{notify: make(chan struct{}, 1)} }

func (m *mailbox[T]) putAll(items ...T) {
	if len(items) == 0 {
		return
	}
	m.mu.Lock()
	m.items = append(m.items, items...)
	m.mu.Unlock()
	m.wake()
}

// wake wakes the receiver even if there are no new items.
func (m *mailbox[T]) wake() {
	select {
	case m.notify <- struct{}{}:
	default:
	}
}

// takeAll returns and removes all items.
func (m *mailbox[T]) takeAll() []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.items
	m.items = nil
	return items
}

func (p *planner) loadHistories(ctx context.Context, jobs []*job, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	byID := make(map[int64]ledger.Customer, len(ids))
	for c, err := range p.cfg.Ledger.Customers(ctx, ledger.Query{IDs: ids, History: true}) {
		if err != nil {
			return ledgerStop("reading attempts", err)
		}
		byID[c.ID] = c
	}
	for _, j := range jobs {
		if c, ok := byID[j.customer.ID]; ok {
			j.customer = c
		}
	}
	return nil
}

// isWanted reports whether a settled row is sent once more, and sets its generation.
func (p *planner) isWanted(j *job) bool {
	c := j.customer
	switch c.Status {
	case ledger.Pending, ledger.InsufficientBalance:
		return true
	case ledger.Rejected:
		if !decide.WasRefused(c.History, j.details) {
			return true
		}
	case ledger.Duplicate:
	default:
		return false
	}
	r := p.cfg.Resend
	hasCode := c.Status == ledger.Rejected && slices.Contains(r.Codes, c.Code)
	if !hasCode && !slices.Contains(r.Statuses, c.Status) {
		return false
	}
	j.isForced, j.next = true, decide.ForcedGeneration(c.History)
	return true
}
