package partner

import (
	"bufio"
	"context"
	"errors"
	"math"
	"net/http"
	"time"
)

// maxHeader is how long all headers of an answer may be, 1xx answers included, in bytes.
const maxHeader = 64 << 10

// conn is a connection to the partner. A request has it to itself, and the
// goroutine that makes the request writes and reads: so it is known whether
// anything was written, and what is read is the answer to it.
type conn struct {
	line // above TLS

	ended  <-chan struct{} // of the context that cuts it off; nil before the first
	unhook func() bool

	in       *bufio.Reader
	out      []byte // the request
	headers  int    // bytes of headers that may still come
	last     bool   // no further request can follow
	idleFrom time.Time
}

var (
	errHeader = errors.New("the headers of the answer have no end")
	errStatus = errors.New("the answer has a status that there is not")
)

func newConn(l line) *conn {
	k := &conn{line: l}
	k.in = bufio.NewReaderSize(answers{k}, 2<<10) // an answer is a quarter of it
	return k
}

// answers is what comes over a connection.
type answers struct{ *conn }

// Read implements io.Reader.
func (a answers) Read(p []byte) (int, error) {
	if a.headers <= 0 {
		return 0, errHeader
	}
	n, err := a.Conn.Read(p)
	a.headers -= n
	return n, err
}

// ask writes k.out in one piece and reads the answer. The error is nil if a
// status line came.
func (k *conn) ask(limit int64, r *reply) error {
	n, failed := k.Write(k.out)
	if r.unsent = n == 0; r.unsent {
		return failed
	}
	// What could not be written whole may have been answered all the same: some
	// servers refuse before they have read everything, and close.
	res, err := k.answer()
	if err != nil {
		return errors.Join(failed, err)
	}
	k.last = failed != nil || res.Close || res.StatusCode == http.StatusSwitchingProtocols
	r.status, r.header = res.StatusCode, res.Header
	if res.StatusCode != http.StatusSwitchingProtocols { // its body is the bare connection, which has no end
		// It is not closed: that would read the rest of a body that has none.
		r.body, r.whole = readBody(res.Body, res.ContentLength, limit)
	}
	k.last = k.last || !r.whole
	return nil
}

// answer reads up to the body of the answer. Those before it (1xx) only say that
// there will be one.
func (k *conn) answer() (*http.Response, error) {
	for k.headers = maxHeader; ; {
		res, err := http.ReadResponse(k.in, nil) //nolint:bodyclose // see ask
		if err != nil {
			return nil, err
		}
		if res.StatusCode < 100 {
			return nil, errStatus
		}
		if res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			k.headers = math.MaxInt // a body has limits of its own
			return res, nil
		}
	}
}

// done reports whether another request can follow: what came beyond the answer
// would be taken for the next one.
func (k *conn) done() bool { return !k.last && k.in.Buffered() == 0 }

// idle is how long no request has used the connection.
func (k *conn) idle(now time.Time) time.Duration { return now.Sub(k.idleFrom).Abs() }

// heed has the connection cut off when ctx ends, until it heeds another: one
// request after the other comes under the same context. It is false if the one
// before has ended meanwhile: its end may still reach the connection.
func (k *conn) heed(ctx context.Context) bool {
	if k.ended != nil {
		if k.ended == ctx.Done() {
			return true
		}
		if !k.unhook() {
			return false
		}
	}
	k.ended, k.unhook = ctx.Done(), context.AfterFunc(ctx, k.cutOff)
	return true
}

// cutOff ends what goes on on the connection. It may be called by any goroutine.
func (k *conn) cutOff() { _ = k.SetDeadline(time.Unix(1, 0)) } // an error means that it is closed

// drop closes a connection that is of no use any more.
func (k *conn) drop() {
	if k.unhook != nil {
		k.unhook()
	}
	_ = k.Close() // what it reports has no consequence
}
