package kyc

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// MaxRetries is how often the partner allows a check to be started again (public docs).
const MaxRetries = 3

// Retrier is the partner, as far as Retry needs it. *partner.Client is one.
type Retrier interface {
	RetryKYC(ctx context.Context, serviceID string) (partner.Retried, error)
}

// RetryConfig is one round of retries.
type RetryConfig struct {
	Ledger  Ledger
	Partner Retrier
	Pace    *Pace
}

// RetriedAll is the result of a Retry.
type RetriedAll struct {
	Denied     int // customers whose check was denied
	Begun      int // of those, started again with a new link, which is in the ledger
	Again      int // of those, documents submitted again without a link: their users have nothing to do
	Spent      int // had three tries already
	Refused    int // the partner refused; the try does not count
	Unknown    int // sent with an unknown outcome; the try counts
	Concurrent int // another process started the check
}

// Retry starts the check of every denied customer again that has tries left. The try is
// recorded before the request is sent, so that a crash can lose one try but never allows a
// fourth. An error ends the round: the partner refuses the key, or the ledger fails. What
// was done until then is recorded.
func Retry(ctx context.Context, c RetryConfig) (RetriedAll, error) {
	var out RetriedAll
	var denied []ledger.Customer
	for cu, err := range c.Ledger.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.Created, ledger.LinkMissing}}) {
		if err != nil {
			return out, err
		}
		if cu.KYC.Status == ledger.KYCDenied && cu.ServiceID != "" {
			denied = append(denied, cu)
		}
	}
	out.Denied = len(denied)
	for _, cu := range denied {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if cu.KYC.RetriesUsed() >= MaxRetries {
			out.Spent++
			continue
		}
		if err := c.retryUser(ctx, cu, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (c RetryConfig) retryUser(ctx context.Context, cu ledger.Customer, out *RetriedAll) error {
	last := context.WithoutCancel(ctx) // what was sent is recorded
	was := cu.KYC.Retries
	err := c.Ledger.RetryKYC(ctx, cu.ServiceID, was, was+1)
	if errors.Is(err, ledger.ErrConflict) {
		out.Concurrent++
		return nil
	}
	if err != nil {
		return err
	}
	answer, err := askPartner(ctx, c.Pace, isPassing, func() (partner.Retried, error) { return c.Partner.RetryKYC(ctx, cu.ServiceID) })
	e, isAnswered := errors.AsType[*partner.Error](err)
	switch {
	case err == nil:
		news := c.retryEvent(cu, answer)
		taken, err := isLinkOfOther(last, c.Ledger, news)
		if err != nil {
			return err
		}
		if taken { // the link is another customer's, so the answer proves nothing
			out.Unknown++
			return nil
		}
		if answer.VerificationURL != "" {
			out.Begun++
		} else {
			out.Again++
		}
		_, err = c.Ledger.ObserveKYC(last, []ledger.KYCEvent{news})
		return err
	case isAnswered && !e.Harmless():
		out.Unknown++
		return nil
	}
	out.Refused++
	if failed := c.Ledger.RetryKYC(last, cu.ServiceID, was+1, was); failed != nil {
		return failed
	}
	if e == nil || e.Class == ledger.Auth || e.StopCause != partner.NoStopCause {
		return err
	}
	return nil
}

// retryEvent returns the event of a check started again: with a link the user has to act,
// without one the documents are under review again, unless the answer knows better.
func (c RetryConfig) retryEvent(cu ledger.Customer, answer partner.Retried) ledger.KYCEvent {
	e := ledger.KYCEvent{ServiceID: cu.ServiceID, Status: ledger.KYCNotBegun, At: answer.Date,
		URL: answer.VerificationURL, RetryCount: answer.RetryCount}
	if e.URL == "" {
		e.Resubmitted, e.Status = true, ledger.KYCPending
		if s := StatusOf(answer.ApplicationStatus); s != ledger.KYCUnknown && slices.Contains(ledger.KYCStatuses(), s) {
			e.Status = s
		}
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	for _, before := range []time.Time{cu.KYC.Seen, cu.KYC.Linked} {
		if !e.At.After(before) { // dates have whole seconds; the denial came before
			e.At = before.Add(time.Millisecond)
		}
	}
	return e
}
