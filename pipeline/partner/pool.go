package partner

import (
	"context"
	"sync"
	"time"
)

// idleFor is how long a connection is kept without use: less than the 5 s after
// which common servers drop one.
const idleFor = 2 * time.Second

// pool gives out connections, one request each at a time, and keeps those
// between requests. It is safe for concurrent use, and has no goroutine.
type pool struct {
	dial  func(context.Context) (*conn, error)
	inUse chan struct{} // holds one for each connection given out; its capacity is the most there may be

	mu   sync.Mutex
	idle []*conn // the one used last at the end
}

// take waits for a connection that is fit for a request which must end by a
// moment. One that was used before is asked whether its other end has closed it:
// a request written to such a one would never be answered.
func (p *pool) take(ctx context.Context, until time.Time) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.inUse <- struct{}{}:
	default:
		if err := p.wait(ctx, until); err != nil {
			return nil, err
		}
	}
	k, err := p.fit(ctx, until)
	if err != nil {
		<-p.inUse
	}
	return k, err
}

// fit is a connection that was used before, or else a new one.
func (p *pool) fit(ctx context.Context, until time.Time) (*conn, error) {
	for k := p.idlest(); k != nil; k = p.idlest() {
		if k.idle(wall()) < idleFor && k.heed(ctx) && k.still(until) {
			// If ctx has ended meanwhile, its end may have come before the
			// deadline that is set now, and been undone by it.
			if err := ctx.Err(); err != nil {
				k.drop()
				return nil, err
			}
			return k, nil
		}
		k.drop()
	}
	return p.open(ctx, until)
}

// wall is now by the wall clock: the monotonic one stands still while the
// machine is suspended, and the other end goes away.
func wall() time.Time { return time.Now().Round(0) }

// wait waits for the right to a connection.
func (p *pool) wait(ctx context.Context, until time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	select {
	case p.inUse <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// open makes a new connection.
func (p *pool) open(ctx context.Context, until time.Time) (*conn, error) {
	limited, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	k, err := p.dial(limited)
	if err != nil {
		return nil, err
	}
	if err := k.SetDeadline(until); err != nil {
		k.drop()
		return nil, err
	}
	k.heed(ctx)
	return k, nil
}

// idlest takes the connection that was used last, nil if there is none.
func (p *pool) idlest() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle) - 1
	if n < 0 {
		return nil
	}
	k := p.idle[n]
	p.idle[n] = nil
	p.idle = p.idle[:n]
	return k
}

// give takes a connection back, to be used again or not.
func (p *pool) give(k *conn, again bool) {
	if !again {
		k.drop()
	} else {
		k.idleFrom = wall()
		for _, old := range p.keep(k) {
			old.drop()
		}
	}
	<-p.inUse
}

// keep adds a connection and takes those away that nobody has used for long.
func (p *pool) keep(k *conn) (old []*conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for n < len(p.idle) && p.idle[n].idle(k.idleFrom) >= idleFor {
		n++
	}
	if n > 0 {
		old = append(old, p.idle[:n]...)
		p.idle = append(p.idle[:0], p.idle[n:]...)
	}
	p.idle = append(p.idle, k)
	return old
}

// closeIdle closes the connections that no request uses.
func (p *pool) closeIdle() {
	p.mu.Lock()
	all := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, k := range all {
		k.drop()
	}
}
