// Package partner is the client for the partner's API. Each call makes one request and
// returns one typed answer. It never retries, waits or decides what an answer means for a
// customer; package pipeline does.
//
// Start at [Client.Create] and at the constants of [ledger.Class]. The facts come
// from the vendor's create-user page (v2) and its public docs. What those leave open is
// configuration, or is in the one table of classify.go and meaning.go.
//
// exchange.go sends a request, once and over a connection of its own, and says what is
// known if that fails. transport.go configures net/http.
package partner

import (
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// StopCause says why sending must stop, whatever happens to the row.
type StopCause uint8

const (
	NoStopCause  StopCause = iota
	Redirected             // 3xx; Answer.Target names the host
	Certificate            // TLS certificate expired, untrusted or for another name
	Blocked                // 401 or 403 of something in front of the partner, such as a firewall's page
	PathGone               // 404, 405, 410 or 415 of create-user: the path is not there; Answer.HTTPStatus is the status
	ProxyRefused           // the proxy answered 403 or 407 itself; Answer.ProxyStatus is the status
)

// Answer is the outcome of one request. It is a value and never an error: a failed request
// is a fact about the row.
type Answer struct {
	Class       ledger.Class
	HTTPStatus  int      // 0 when no status line came
	ProxyStatus int      // status with which the proxy refused to pass the request on; 0 if it did not
	Code        string   // the partner's error code, printable ASCII, at most 64 bytes; "" if none
	Cause       string   // why Unknown, OKBroken or NotSent: one of the Cause words; "" otherwise
	Fields      []string // names of fields of this request that a Reject or Unclear complains of, in body order
	StopCause   StopCause
	Target      string // host of a redirect, printable ASCII; "" if the answer names none

	ServiceID       string // set with OK, and with OKBroken when it could be read
	VerificationURL string // likewise; in either case absolute https. Treat like a password

	RetryAfter time.Duration // from the Retry-After header against Date; 0 if none or unreadable
	Date       time.Time     // the partner's clock, whole seconds; zero if none
	Began      time.Time     // our clock with its monotonic reading, just before the request
	Ended      time.Time     // likewise, when the last byte or the failure was seen
	Excerpt    []byte        // at most 2 KiB of the body when Class is OKBroken, Unknown or Unclear; may hold personal data: ledger only
}

// Page is one page of list-users.
type Page struct {
	Users []Listed // in the list's order, those that can be read only in part included
	Skip  int      // as the partner says, or as asked
	Limit int      // as the partner granted; 0 if it does not say
	Total int      // -1 if it does not say
	// NotFound: the partner answered 404 in an envelope. The page counts as
	// empty, and proves no absence.
	NotFound     bool
	Date         time.Time
	Began, Ended time.Time
}

// Wallet is the partner account's wallet. Balance is an exact decimal text.
type Wallet struct {
	Balance      string // digits with an optional sign and decimal point
	Currency     string // printable ASCII; "" if not said
	Active       bool   // true also when the answer does not say
	Account      string // partnerId, the one sure name of the account; "" if the answer has none
	Date         time.Time
	Began, Ended time.Time
}
