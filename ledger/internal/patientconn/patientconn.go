// Package patientconn waits for the answers of a PostgreSQL server for as long as the server
// answers at all. Start at [Dialer].
package patientconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// Dialer makes connections that wait patiently. It may be used by any number of goroutines.
type Dialer struct{ net.Dialer }

// DialContext makes a connection. A read of it fails with ErrMute once the server answers
// nobody any more.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := d.Dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &patientConn{Conn: c, patience: timeToAnswer, probe: func() error { return probeServer(network, addr, timeToAnswer/2) }}, nil
}

// timeToAnswer is how long an answer of the server may take before it is asked whether it
// still answers anybody, for which it has half as long.
const timeToAnswer = 10 * time.Second

// ErrMute says that a server whose machine takes everything answers nothing.
var ErrMute = errors.New("the server takes connections and does not answer")

// patientConn is a connection that waits for an answer for as long as the server answers
// others: a statement may take minutes. A server that is frozen, or whose machine is,
// acknowledges every byte, and would else be waited for without end.
type patientConn struct {
	net.Conn
	patience time.Duration
	probe    func() error // nil if the server answers

	mu       sync.Mutex
	deadline time.Time // of the reader, as it was set; zero = none
}

// NetConn returns the connection below, as that of a tls.Conn does.
func (c *patientConn) NetConn() net.Conn { return c.Conn }

// SetDeadline implements net.Conn.
func (c *patientConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (c *patientConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return c.Conn.SetReadDeadline(t)
}

// Read implements net.Conn.
func (c *patientConn) Read(b []byte) (int, error) {
	for {
		if err := c.limitWait(); err != nil {
			return 0, err
		}
		n, err := c.Conn.Read(b)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || c.isOver() {
			return n, err
		}
		if err := c.probe(); err != nil {
			return 0, fmt.Errorf("%w: %w", ErrMute, err)
		}
	}
}

// limitWait lets the next read wait until the server is to be asked.
func (c *patientConn) limitWait() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	until := time.Now().Add(c.patience)
	if !c.deadline.IsZero() && c.deadline.Before(until) {
		until = c.deadline
	}
	return c.Conn.SetReadDeadline(until)
}

// isOver reports whether the reader's own deadline has passed.
func (c *patientConn) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.deadline.IsZero() && !time.Now().Before(c.deadline)
}

// probeServer asks whether a server would speak TLS, which each one answers with a letter,
// before it asks who is there.
func probeServer(network, addr string, timeout time.Duration) (err error) {
	c, err := net.DialTimeout(network, addr, timeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if _, err := c.Write([]byte{0, 0, 0, 8, 4, 210, 22, 47}); err != nil { // SSLRequest
		return err
	}
	_, err = c.Read(make([]byte, 1))
	return err
}
