package partner

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const retryCall = "retry kyc"

// Retried is the answer to RetryKYC, on one of two paths: with a new link, which
// the user is to open, or without one, when the partner has submitted the documents
// again and the user has nothing to do.
type Retried struct {
	VerificationURL   string    // absolute https; "" on the path without a link. Treat like a password
	ApplicationStatus string    // the partner's word, "" if it says none
	RetryCount        int       // by the partner's own count, 0 if it does not say
	Date              time.Time // as in Answer
	Began, Ended      time.Time // as in Answer
}

// RetryKYC begins the identity check of a denied user again (POST v2
// users/{serviceId}/retry-kyc, public docs: up to three times for one user).
// The error is an *Error; Harmless reports whether the try may have counted. An
// answer of success that has neither a usable link nor anything that shows the
// path without one is an error that is not harmless.
//
// The idempotency key is random: the partner itself counts the tries, and the
// caller notes each before it is sent.
func (c *Client) RetryKYC(ctx context.Context, serviceID string) (Retried, error) {
	key, err := uuid.NewRandom()
	if err != nil || !ledger.ValidToken(serviceID) {
		now := time.Now()
		return Retried{}, &Error{Class: ledger.NotSent, Cause: CauseRequest, Began: now, Ended: now, call: retryCall}
	}
	r, e := c.readAnswer(ctx, retryCall, request{http.MethodPost, retryPath(serviceID), key.String(), []byte("{}")}, maxBody)
	if e != nil {
		return Retried{}, e
	}
	out, ok := readRetry(r.body, serviceID)
	if !ok || !r.whole {
		return Retried{}, unreadableError(retryCall, r, "")
	}
	out.Date, out.Began, out.Ended = answerDate(r.header), r.began, r.ended
	return out, nil
}

// wireRetry is what an answer to retry-kyc may hold. The public docs show the
// members without an envelope; other calls have them in data.
type wireRetry struct {
	Status            json.RawMessage `json:"status"`
	Data              json.RawMessage `json:"data"`
	ServiceID         json.RawMessage `json:"serviceId"`
	VerificationURL   json.RawMessage `json:"verificationUrl"`
	VerificationLink  json.RawMessage `json:"verificationLink"` // as webhooks call it
	ApplicationStatus json.RawMessage `json:"applicationStatus"`
	RetryCount        json.RawMessage `json:"retryCount"`
}

// readRetry reports false unless the answer is about this user and shows one of
// the two paths. A link that cannot be used is no path without a link.
func readRetry(body []byte, serviceID string) (Retried, bool) {
	var w wireRetry
	if decodeWhole(body, &w) != nil {
		return Retried{}, false
	}
	if status, given := memberText(w.Status); given && status != "success" {
		return Retried{}, false
	}
	enveloped := len(w.Data) > 0
	if enveloped {
		data := wireRetry{}
		if json.Unmarshal(w.Data, &data) != nil {
			return Retried{}, false
		}
		w = data
	}
	// Without an envelope only the serviceId shows that this is an answer of the partner's.
	if id, given := memberText(w.ServiceID); given && id != serviceID || !given && !enveloped {
		return Retried{}, false
	}
	out := Retried{}
	if n, ok := countIn(w.RetryCount); ok && n <= maxRetryCount {
		out.RetryCount = n
	}
	out.ApplicationStatus, _ = memberText(w.ApplicationStatus)
	none := false
	for _, raw := range []json.RawMessage{w.VerificationURL, w.VerificationLink} {
		link, given := memberText(raw)
		switch {
		case ledger.ValidLink(link):
			if out.VerificationURL != "" && out.VerificationURL != link {
				return Retried{}, false
			}
			out.VerificationURL = link
		case given:
			return Retried{}, false
		case len(raw) > 0:
			none = true
		}
	}
	return out, out.VerificationURL != "" || none || out.ApplicationStatus != "" || out.RetryCount > 0
}

// memberText returns the text of a member, and whether it holds anything: a member
// that is missing, null or empty does not.
func memberText(raw json.RawMessage) (text string, given bool) {
	if json.Unmarshal(raw, &text) != nil {
		return "", len(raw) > 0
	}
	text = strings.TrimSpace(text)
	return text, text != ""
}

const maxRetryCount = 1000 // beyond that it is no count

func retryPath(serviceID string) string {
	return createPath + deletePath(serviceID)[len(listPath):] + "/retry-kyc"
}

// Harmless reports whether the call that changes something has surely changed
// nothing: it was not sent, or the partner refused it in so many words.
func (e *Error) Harmless() bool {
	return slices.Contains([]ledger.Class{ledger.NotSent, ledger.Reject, ledger.Unclear, ledger.Busy, ledger.Auth, ledger.Funds}, e.Class)
}
