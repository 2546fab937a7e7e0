package partner

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"
)

var errBlocked = errors.New("connection is closed to this request")

// attempt follows one request through net/http and proves two things about it:
// it was written to one connection at most, and whether any byte of it was
// written at all.
//
// The first holds even if net/http decides to send the request again: its
// second connection is blocked before the first write on it.
type attempt struct {
	cancel context.CancelFunc

	mu    sync.Mutex
	conn  *meter // nil until a connection was given
	given bool   // a connection was given, even if it has no meter
	base  int64  // bytes on conn before this request
	over  bool   // judged: a connection given from now on is blocked
	twice bool   // net/http tried a second connection
}

func (a *attempt) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { a.gotConn(i.Conn) }}
}

func (a *attempt) gotConn(c net.Conn) {
	m := meterOf(c)
	a.mu.Lock()
	second := a.given || a.over
	if !second {
		a.given, a.conn = true, m
		if m != nil {
			a.base = m.count()
		}
	}
	a.twice = a.twice || second
	a.mu.Unlock()
	if second {
		a.cancel()
		if m != nil {
			m.block()
		}
	}
}

// unsent is called once net/http is done with the request. True proves that no
// byte of it was written and none will be.
func (a *attempt) unsent() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	if !a.given {
		return true
	}
	return a.conn != nil && a.conn.blockAt(a.base)
}

func (a *attempt) again() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.twice
}

// meter counts what is written to a connection, and can be shut. It stands
// above TLS, so that handshakes and alerts do not count; only on a connection
// tunnelled through a proxy it stands below, and then errs towards "written".
type meter struct {
	net.Conn

	mu      sync.Mutex
	wrote   int64
	writing int
	blocked bool
}

func meterOf(c net.Conn) *meter {
	for c != nil {
		if m, ok := c.(*meter); ok {
			return m
		}
		inner, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		c = inner.NetConn()
	}
	return nil
}

// Write implements net.Conn.
func (m *meter) Write(p []byte) (int, error) {
	m.mu.Lock()
	if m.blocked {
		m.mu.Unlock()
		return 0, errBlocked
	}
	m.writing++
	m.mu.Unlock()

	n, err := m.Conn.Write(p)

	m.mu.Lock()
	m.writing--
	m.wrote += int64(n)
	m.mu.Unlock()
	return n, err
}

func (m *meter) count() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wrote
}

// blockAt shuts the connection if nothing was written beyond base and nothing
// is being written, and tells whether it did.
func (m *meter) blockAt(base int64) bool {
	m.mu.Lock()
	idle := m.wrote == base && m.writing == 0
	m.blocked = m.blocked || idle
	m.mu.Unlock()
	if idle {
		_ = m.Close() // it may be closed already, and nobody uses it any more
	}
	return idle
}

func (m *meter) block() {
	m.mu.Lock()
	m.blocked = true
	m.mu.Unlock()
	_ = m.Close() // as above
}
