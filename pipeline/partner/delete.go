package partner

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const deleteCall = "delete user"

// Removal is what is known of a user after Delete.
type Removal uint8

const (
	// RemovalUnknown: the user may be deleted or not; the list shows. The zero
	// value, because it is the safe one.
	RemovalUnknown Removal = iota
	// Removed: the partner says that the user is deleted.
	Removed
	// NoSuchUser: the partner says, in an envelope, that it has no such user.
	NoSuchUser
	// NotRemoved: nothing was sent, or the partner refused in an envelope; the
	// error's class says why.
	NotRemoved
)

// Delete deletes a user who has no cards (DELETE v1 users/{serviceId}, public
// docs). The error is an *Error, and nil only with Removed.
//
// Every call that changes something carries an idempotency key. Here it is
// random: a serviceId is never given twice, so that a second deletion can do
// no harm, and a key that stays the same would only keep a second try from
// being answered.
func (c *Client) Delete(ctx context.Context, serviceID string) (Removal, error) {
	key, err := uuid.NewRandom()
	if err != nil || !ledger.ValidToken(serviceID) {
		now := time.Now()
		return NotRemoved, &Error{Class: ledger.NotSent, Cause: CauseRequest, Began: now, Ended: now, call: deleteCall}
	}
	r, e := c.readAnswer(ctx, deleteCall, request{method: http.MethodDelete, path: deletePath(serviceID), key: key.String()}, maxBody)
	if e == nil {
		return readRemoval(r)
	}
	return classifyRemoval(e, r), e
}

func deletePath(serviceID string) string { return listPath + "/" + url.PathEscape(serviceID) }

// readRemoval accepts an empty 2xx as a success, as 204 must be, and an envelope
// that says so. Anything else could be a page of a gateway.
func readRemoval(r reply) (Removal, error) {
	m := readMessage(r.body, r.whole)
	if m.form == empty || m.root["status"] == "success" {
		return Removed, nil
	}
	return RemovalUnknown, unreadableError(deleteCall, r, "")
}

func classifyRemoval(e *Error, r reply) Removal {
	if e.Class == ledger.NotSent || e.Class == ledger.Auth {
		return NotRemoved
	}
	if e.Class == ledger.KeyUsed || readMessage(r.body, r.whole).form != enveloped {
		return RemovalUnknown
	}
	switch r.status {
	case http.StatusNotFound:
		return NoSuchUser
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict,
		http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		return NotRemoved
	default:
		return RemovalUnknown
	}
}
