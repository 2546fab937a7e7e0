package partner

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Error is the outcome of a failed call that reads, or of a failed Delete. Class is as in
// Answer: Unknown, Busy, Throttled, Auth, NotSent, Unclear and Reject (the parameters were
// refused); the others hardly occur.
type Error struct {
	Class        ledger.Class
	HTTPStatus   int           // 0 when no status line came
	ProxyStatus  int           // as in Answer
	Code         string        // as in Answer
	Cause        string        // one of the Cause words; "" if Class says it all
	Field        string        // member of the answer that could not be read (users, total, balance), or the parameter of ListUsers that was refused (limit or skip); "" if that is not known
	StopCause    StopCause     // as in Answer
	Target       string        // as in Answer
	RetryAfter   time.Duration // as in Answer
	Date         time.Time     // as in Answer
	Began, Ended time.Time     // as in Answer
	call         string        // what was asked for
	base         error         // the context's error, if that ended the call
}

// Error says what was asked for and what came, without any text of the
// partner's but its code.
func (e *Error) Error() string {
	s := "partner: " + e.call + ": "
	switch {
	case e.HTTPStatus != 0:
		s += "answered " + strconv.Itoa(e.HTTPStatus)
	case e.Class == ledger.NotSent:
		s += "not sent"
	default:
		s += "no answer"
	}
	if e.Code != "" {
		s += ", code " + e.Code
	}
	if why := strings.Trim(e.Cause+": "+e.Field, ": "); why != "" {
		s += " (" + why + ")"
	}
	if e.ProxyStatus != 0 {
		s += ", refused by the proxy with " + strconv.Itoa(e.ProxyStatus)
	}
	if e.StopCause == Redirected && e.Target != "" {
		s += " to " + e.Target
	}
	return s
}

// Unwrap gives context.Canceled or context.DeadlineExceeded when one of these
// ended the call, else nil.
func (e *Error) Unwrap() error { return e.base }

// readAnswer makes a request and returns its whole body if the answer is 2xx, else the
// *Error. No error here is a nil *Error.
func (c *Client) readAnswer(ctx context.Context, call string, req request, limit int64) (reply, *Error) {
	r := c.exchange(ctx, req, limit)
	a, _ := c.newAnswer(r, fieldTable{})
	e := &Error{Class: a.Class, HTTPStatus: a.HTTPStatus, ProxyStatus: a.ProxyStatus, Code: a.Code, Cause: a.Cause, StopCause: a.StopCause, Target: a.Target,
		RetryAfter: a.RetryAfter, Date: a.Date, Began: a.Began, Ended: a.Ended, call: call}
	switch {
	case r.err != nil && a.Cause == CauseCanceled:
		e.base = context.Canceled
	case r.err != nil && a.Cause == CauseTimeout:
		e.base = context.DeadlineExceeded
	case !r.isSuccess():
	case r.encoded:
		e.markBroken(CauseEncoding)
	case !r.whole:
		e.markBroken(CauseBody)
	default:
		return r, nil
	}
	return r, e
}

// markBroken makes e the error of a 2xx answer that cannot be used.
func (e *Error) markBroken(cause string) { e.Class, e.Cause = ledger.Unknown, cause }

// unreadableError is the error of a 2xx answer whose member field, "" for the whole,
// could not be read.
func unreadableError(call string, r reply, field string) *Error {
	e := &Error{HTTPStatus: r.status, Date: answerDate(r.header), RetryAfter: retryAfter(r.header, r.ended),
		Began: r.began, Ended: r.ended, Field: field, call: call}
	e.markBroken(CauseBody)
	return e
}

// strayedError is the error of a look-up whose answer is probably another request's:
// an intermediary that writes an answer twice leaves one on a kept connection,
// where the next request finds it. From now on no connection is kept. The same
// look-up again, over a connection of its own, gets its own answer.
func (c *Client) strayedError(call string, r reply) *Error {
	c.stray.Store(true)
	c.kept.CloseIdleConnections()
	e := &Error{Date: answerDate(r.header), Began: r.began, Ended: r.ended, call: call}
	e.markBroken(CauseStray)
	return e
}

var _ error = (*Error)(nil)
