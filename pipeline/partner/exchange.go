package partner

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	maxBody = 1 << 20 // of an answer to one create-user, wallet or delete call, in bytes
	maxPage = 8 << 20 // of one page of list-users: some ten thousand users
)

// reply is what came back from one request.
type reply struct {
	began, ended time.Time
	err          error // no status line came
	unsent       bool  // with err: no byte of the request was written
	status       int
	header       http.Header
	body         []byte
	whole        bool // the body was read to its end and is within the limit
}

// exchange makes one request over one connection, within the timeout, and
// nothing makes it again. The client of net/http does not serve for that: it
// repeats what it takes for harmless, a POST with an idempotency key included,
// and tells of the last answer only.
func (c *Client) exchange(ctx context.Context, req request, limit int64) reply {
	r := reply{began: time.Now(), unsent: true}
	k, err := c.pool.take(ctx, r.began.Add(c.timeout))
	if err == nil {
		k.out = c.head.write(k.out[:0], req)
		err = k.ask(limit, &r)
		c.pool.give(k, err == nil && k.done())
	}
	if r.status == 0 {
		r.err = err
		if ended := ctx.Err(); ended != nil && (errors.Is(err, os.ErrDeadlineExceeded) || cause(err) == CauseNetwork) {
			r.err = ended // it was cut off
		}
	}
	r.ended = time.Now()
	return r
}

// readBody reads at most limit bytes of a body that says to have expect bytes
// (-1 if it does not say), and keeps what it has when the rest does not come.
func readBody(body io.Reader, expect, limit int64) (_ []byte, whole bool) {
	if expect >= 0 && expect <= min(limit, 4<<10) { // more is not believed before it is there
		b := make([]byte, expect)
		n, err := io.ReadFull(body, b)
		return b[:n], err == nil
	}
	b, err := io.ReadAll(io.LimitReader(body, limit+1))
	if int64(len(b)) > limit {
		return b[:limit], false
	}
	return b, err == nil
}
