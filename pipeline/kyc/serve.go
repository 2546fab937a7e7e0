package kyc

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Serve serves a Handler on the listener until ctx ends, and closes the listener. Requests
// in flight then have grace to finish. Slow callers cannot keep out signed events: headers,
// bodies and the number of connections are limited, and the oldest connection without a
// signed event is closed to make room for a new one. Serve returns nil if ctx was
// canceled, otherwise the cause of its end, or why serving failed.
func Serve(ctx context.Context, listener net.Listener, h http.Handler, grace time.Duration) error {
	return serveLimited(ctx, newLimitListener(listener, limits.WebhookConns), h, grace)
}

func serveLimited(ctx context.Context, listener *limitListener, h http.Handler, grace time.Duration) error {
	server := newServer(h)
	served := make(chan struct{})
	var both errgroup.Group
	both.Go(func() error {
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	both.Go(func() error {
		select {
		case <-ctx.Done():
		case <-served:
			return nil
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		err := server.Shutdown(last)
		if errors.Is(err, context.DeadlineExceeded) {
			return server.Close() // a caller stalls, which is no failure
		}
		return err
	})
	err := both.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// newServer returns an HTTP server for a Handler that strangers can reach: short
// time limits, small headers, and nothing of theirs in a log. The time limit of
// a body is set by the Handler.
func newServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ConnContext: withConnection, ReadHeaderTimeout: limits.WebhookHead, ReadTimeout: limits.WebhookHead + limits.WebhookRead,
		WriteTimeout: limits.WebhookWrite, IdleTimeout: limits.WebhookIdle, MaxHeaderBytes: limits.WebhookHeaders, ErrorLog: log.New(io.Discard, "", 0)}
}

// limitListener is a listener that holds at most so many connections. When a
// further one comes in, the oldest on which no signed event is being recorded is
// closed: of those who stall, the oldest has had the most time, and a sender who
// is only slow repeats the event. Where an event is being recorded on all of them
// the new one waits. It is safe for concurrent use.
type limitListener struct {
	net.Listener
	max int

	mu        sync.Mutex
	room      *sync.Cond // signalled when a connection ends or may be dropped, and at Close
	open      int
	droppable []*connection // the oldest first
	closed    bool
}

func newLimitListener(l net.Listener, most int) *limitListener {
	limited := &limitListener{Listener: l, max: most}
	limited.room = sync.NewCond(&limited.mu)
	return limited
}

// Accept implements net.Listener.
func (l *limitListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		l.mu.Lock()
		l.dropOldest() // net/http calls Accept again soon
		l.mu.Unlock()
	}
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, listener: l}
	if !l.admitConn(c) {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	return c, nil
}

// admitConn makes room for a connection. It reports false when the listener was closed.
func (l *limitListener) admitConn(c *connection) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.open >= l.max && !l.closed {
		if !l.dropOldest() {
			l.room.Wait()
		}
	}
	if l.closed {
		return false
	}
	l.open++
	l.droppable = append(l.droppable, c)
	return true
}

// dropOldest closes the oldest connection that may be closed, and reports
// whether there was one. The caller holds the lock.
func (l *limitListener) dropOldest() bool {
	if len(l.droppable) == 0 {
		return false
	}
	oldest := l.droppable[0]
	l.removeConn(oldest)
	_ = oldest.Conn.Close() // the caller gets no answer either way
	return true
}

// protectConn keeps a connection from being dropped. The caller holds the lock.
func (l *limitListener) protectConn(c *connection) {
	l.droppable = slices.DeleteFunc(l.droppable, func(other *connection) bool { return other == c })
}

// removeConn ends the counting of a connection. Further calls have no effect. The
// caller holds the lock.
func (l *limitListener) removeConn(c *connection) {
	if c.ended {
		return
	}
	c.ended = true
	l.open--
	l.protectConn(c)
	l.room.Signal()
}

// Close implements net.Listener. Connections stay open.
func (l *limitListener) Close() error {
	l.mu.Lock()
	l.closed = true
	l.room.Broadcast()
	l.mu.Unlock()
	return l.Listener.Close()
}

// connection is one of a limitListener. Its fields are guarded by the lock of
// that.
type connection struct {
	net.Conn
	listener *limitListener
	ended    bool
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.listener.mu.Lock()
	c.listener.removeConn(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// keepOpen protects the connection while a signed event is recorded. release ends
// that, and counts the connection as new.
func (c *connection) keepOpen() (release func()) {
	l := c.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	l.protectConn(c)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !c.ended {
			l.droppable = append(l.droppable, c)
			l.room.Signal()
		}
	}
}

// connectionKey is under which the context of a request has its connection.
type connectionKey struct{}

func withConnection(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, conn)
}

// keepConnection protects the connection of a request, see connection.keep. It
// does nothing where there is no limit.
func keepConnection(ctx context.Context) (release func()) {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		return c.keepOpen()
	}
	return func() {}
}
