package partner

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
)

const retryCall = "retry kyc"

// Retried is the answer to RetryKYC.
type Retried struct {
	VerificationURL string    // "" if none came with it: the old one is to be used. Treat like a password
	Date            time.Time // as in Answer
	Began, Ended    time.Time // as in Answer
}

// RetryKYC begins the identity check of a denied user again (POST v2
// users/{serviceId}/retry-kyc, public docs: up to three times for one user).
// The error is an *Error; Harmless tells whether the try may have counted.
//
// The idempotency key is random: the partner itself counts the tries, and the
// caller notes each before it is sent.
func (c *Client) RetryKYC(ctx context.Context, serviceID string) (Retried, error) {
	key, err := uuid.NewRandom()
	if err != nil || !isToken(serviceID, maxServiceID) || serviceID == "." || serviceID == ".." {
		now := time.Now()
		return Retried{}, &Error{Class: NotSent, Cause: CauseRequest, Began: now, Ended: now, call: retryCall}
	}
	r, e := c.read(ctx, retryCall, request{http.MethodPost, retryPath(serviceID), key.String(), []byte("{}")}, maxBody)
	if e != nil {
		return Retried{}, e
	}
	made := readCreation(r.body, r.whole)
	if !made.valid || made.status != "success" || made.id != "" && made.id != serviceID {
		return Retried{}, unreadable(retryCall, r, "")
	}
	return Retried{VerificationURL: made.link, Date: answerDate(r.header), Began: r.began, Ended: r.ended}, nil
}

func retryPath(serviceID string) string {
	return createPath + deletePath(serviceID)[len(listPath):] + "/retry-kyc"
}

// Harmless reports whether the call that changes something has surely changed
// nothing: it was not sent, or the partner refused it in so many words.
func (e *Error) Harmless() bool {
	switch e.Class {
	case NotSent, Reject, Unclear, Busy, Auth, Funds:
		return true
	default:
		return false
	}
}

// IsLink reports whether text can be shown to a customer as a link: absolute
// https with a host, without a user name, and without characters that hide
// where it leads.
func IsLink(text string) bool { return isLink(text) }
