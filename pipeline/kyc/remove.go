package kyc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// CodeRecreating is the code of a customer in doubt whose user was, or may have
// been, deleted to be created again.
const CodeRecreating = "being_recreated"

// Remover is the partner, as far as Remove needs it. *partner.Client is one.
type Remover interface {
	Lister
	Delete(ctx context.Context, serviceID string) (partner.Removal, error)
}

// RemoveConfig configures one round of deletions. The caller must hold the ledger's lock.
type RemoveConfig struct {
	Ledger  ledger.Ledger
	Partner Remover
	Pace    *Pace
	Run     int64              // id of the run that deletes
	Watch   func(done, of int) // nil = progress is not reported
}

// Removals is the result of a Remove. Removed and Unknown are customer ids.
type Removals struct {
	Removed   []int64 // deleted; a run of their input creates them again
	Unknown   []int64 // perhaps deleted: a run of their input finds out, after a silence
	Refused   int     // the partner refuses to delete them, for example because they have cards
	Code      string  // of the newest refusal
	NotListed int     // not deleted, because the list did not show them under their e-mail
	Changed   int     // not deleted, because they had changed in the ledger
}

// unknownInRow is the number of unanswered deletions in a row after which Remove stops.
const unknownInRow = 3

// Remove deletes the users of customers in link_missing. Each deletion has its
// intent in the ledger before it is sent, and a look at the page of the list that
// shows the user's serviceId and e-mail together just before that. It makes its
// customer in_doubt, which ends when the user turns out to exist or is created
// again. So a crash leaves customers without a user only where the next run creates
// one.
//
// An error stops the round. What was sent is recorded all the same.
func Remove(ctx context.Context, c RemoveConfig, customers []ledger.Customer) (Removals, error) {
	var out Removals
	if c.Watch == nil {
		c.Watch = func(int, int) {}
	}
	clock, err := c.partnerClock(ctx)
	if err != nil {
		return out, err
	}
	find := &locator{partner: c.Partner, pace: c.Pace}
	if err := find.locateUsers(ctx, customers); err != nil {
		return out, err
	}
	row := 0
	for i, cu := range customers {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		u, found, err := find.findAgain(ctx, cu.ServiceID, len(out.Removed)+len(out.Unknown), 0)
		if err != nil {
			return out, err
		}
		if !found || !isPaired(u, cu) {
			out.NotListed++
			c.Watch(i+1, len(customers))
			continue
		}
		known := len(out.Unknown)
		if err := c.removeUser(ctx, cu, clock, &out); err != nil {
			return out, err
		}
		if row++; len(out.Unknown) == known {
			row = 0
		}
		if row >= unknownInRow {
			return out, fmt.Errorf("kyc: %d deletions in a row got no answer: the partner API is not answering as it should", row)
		}
		c.Watch(i+1, len(customers))
	}
	return out, nil
}

// partnerClock relates our clock to the partner's by one look at its list.
func (c RemoveConfig) partnerClock(ctx context.Context) (func() ledger.Instant, error) {
	p, err := askPartner(ctx, c.Pace, isReadable, func() (partner.Page, error) { return c.Partner.ListUsers(ctx, 0, 1) })
	if err != nil {
		return nil, err
	}
	return clockOf(p), nil
}

// clockOf relates our clock to the partner's by a page of its list.
func clockOf(p partner.Page) func() ledger.Instant {
	var offset time.Duration
	if !p.Date.IsZero() {
		offset = p.Date.Add(time.Second / 2).Sub(p.Began.Add(p.Ended.Sub(p.Began) / 2))
	}
	return func() ledger.Instant {
		return ledger.Instant{At: time.Now().Round(0), Offset: offset, Certain: !p.Date.IsZero()}
	}
}

func (c RemoveConfig) removeUser(ctx context.Context, cu ledger.Customer, clock func() ledger.Instant, out *Removals) error {
	if err := c.Pace.awaitTurn(ctx); err != nil {
		return err
	}
	intent := ledger.Intent{Expect: ledger.Expect{Customer: cu.ID, Status: cu.Status, Intents: cu.Intents},
		Generation: cu.Generation + 1, Removes: cu.ServiceID, At: clock()}
	ids, err := c.Ledger.Intend(ctx, c.Run, []ledger.Intent{intent})
	if err != nil {
		return err
	}
	if ids[0] == 0 { // the customer has changed, for example by a new link: do not delete
		out.Changed++
		return nil
	}
	// Only what surely did nothing is repeated under the one intent.
	removal, err := askPartner(ctx, c.Pace, isPassing, func() (partner.Removal, error) {
		return c.Partner.Delete(context.WithoutCancel(ctx), cu.ServiceID) // a request in flight is let finish
	})
	e, isAnswered := errors.AsType[*partner.Error](err)
	if !isAnswered && err != nil {
		removal = partner.NotRemoved // the wait for a turn ended
	}
	change := c.changeAfter(cu, ids[0], removal, e, clock())
	refused, failed := c.Ledger.Record(context.WithoutCancel(ctx), c.Run, []ledger.Change{change})
	if failed == nil && len(refused) > 0 {
		failed = fmt.Errorf("kyc: the result of a deletion does not match the ledger's record of customer %d: %w", cu.ID, ledger.ErrConflict)
	}
	if failed != nil {
		return c.saveEmergency(change, failed)
	}
	switch {
	case change.Status == cu.Status:
		out.Refused++
		if e != nil {
			out.Code = e.Code
		}
	case removal == partner.Removed:
		out.Removed = append(out.Removed, cu.ID)
	default:
		out.Unknown = append(out.Unknown, cu.ID)
	}
	if e == nil || e.Class == ledger.Auth || e.StopCause != partner.NoStopCause {
		return err
	}
	return nil
}

// changeAfter returns the change of the customer that an answer brings.
func (c RemoveConfig) changeAfter(cu ledger.Customer, attempt int64, removal partner.Removal, e *partner.Error, end ledger.Instant) ledger.Change {
	why := "the link was lost"
	if cu.Status == ledger.Created {
		why = "the link had expired"
	}
	change := ledger.Change{Expect: ledger.Expect{Customer: cu.ID, Status: ledger.InDoubt, Intents: cu.Intents + 1}, Status: ledger.InDoubt, At: end.At,
		Code: CodeRecreating, Message: "deleted because " + why + ", and not created again yet. Run the same input again"}
	closing := ledger.Closing{Attempt: attempt, Class: ledger.Unknown, NotAfter: end}
	if e != nil {
		closing.HTTPStatus, closing.Code = e.HTTPStatus, e.Code
	}
	switch removal {
	case partner.Removed:
		closing.Class, closing.Absent = ledger.Removed, true
		for _, a := range cu.History {
			switch a.Class {
			case ledger.Unknown, ledger.OKBroken, ledger.KeyUsed, ledger.Unclear:
				if !a.Absent { // what it created is gone
					change.Close = append(change.Close, ledger.Closing{Attempt: a.ID, Class: a.Class, Absent: true, NotAfter: a.NotAfter})
				}
			}
		}
	case partner.NotRemoved:
		closing.Class = ledger.NotRemoved
		if e == nil || e.Class == ledger.NotSent {
			closing.Class = ledger.NotSent
		}
		change.Status, change.Field, change.Code, change.Message = cu.Status, cu.Field, cu.Code, cu.Message
	default: // unanswered, or there is no such user: the list decides
		change.Message = "perhaps deleted because " + why + ". Run the same input again to find out, and to create the user again if so"
	}
	change.Close = append(change.Close, closing)
	return change
}

// saveEmergency saves an outcome that the ledger did not accept.
func (c RemoveConfig) saveEmergency(change ledger.Change, cause error) error {
	if e, ok := c.Ledger.(ledger.Emergency); ok {
		return errors.Join(cause, e.Emergency([]ledger.Change{change}))
	}
	return cause
}
