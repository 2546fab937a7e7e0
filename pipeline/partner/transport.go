package partner

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

const (
	maxDial      = limits.Dial      // of one TCP connection
	maxHandshake = limits.Handshake // of each TLS handshake, a proxy's included
	keepAlives   = 15 * time.Second
	idleFor      = limits.IdlePartner // less than the 5 s after which common servers drop an idle connection
	maxIdle      = limits.IdleConns   // kept connections: look-ups go one after the other, and few at once

	// maxHeader limits the headers of an answer, its 1xx answers included, in
	// bytes. Gateways have been seen to send 70 KB (cookies, policies, traces);
	// the answer behind them holds a link that exists nowhere else. Beyond
	// 256 KiB nothing sane is left, and 512 workers who all read that much
	// still fit into memory.
	maxHeader = limits.AnswerHeaders
)

// newTransport returns a transport to the partner that speaks HTTP/1.1 only:
// over HTTP/2 requests share a connection, what became of one is not known when
// it ends, and net/http sends some again. Without kept, each request has a
// connection of its own.
func newTransport(s settings, kept bool) *http.Transport {
	var http1 http.Protocols
	http1.SetHTTP1(true)
	d := dialer{net.Dialer{Timeout: min(maxDial, s.Timeout), KeepAlive: keepAlives}}
	return &http.Transport{
		Proxy:                  http.ProxyURL(s.proxy),
		OnProxyConnectResponse: checkTunnel,
		DialContext:            d.dialUntil,
		TLSClientConfig:        &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		TLSHandshakeTimeout:    min(maxHandshake, s.Timeout),
		Protocols:              &http1,
		DisableKeepAlives:      !kept,
		DisableCompression:     true, // readBody decodes, and limits what comes out
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        idleFor,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// dialer opens TCP connections for requests that bring an attempt in their
// context.
type dialer struct{ net.Dialer }

// dialUntil gives the connection the deadline of its request. net/http detaches the
// making of a connection from the request that asked for it, and a proxy that
// never answers would hold a connection and a goroutine each time.
//
// Closing sends a reset instead of leaving the port to rest for a minute: with
// 28,000 ports and a connection for each request, a machine would be out of
// them after a minute at 500/s. Nothing is lost: whatever closes the connection
// has read the answer, or given up on it.
func (d dialer) dialUntil(ctx context.Context, network, address string) (net.Conn, error) {
	a := attemptOf(ctx)
	ctx, cancel := context.WithDeadline(ctx, a.until)
	defer cancel()
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(a.until); err != nil {
		_ = c.Close() // the error before is the one that counts
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // where it cannot be set the port rests, which is no fault
	}
	if a.beforeFirstByte != nil {
		return &guardedConn{Conn: c, of: a}, nil
	}
	return c, nil
}

// guardedConn is the connection of one request that may be forbidden. It is below TLS, so
// that nothing but the system's call comes between the permission and the first byte.
type guardedConn struct {
	net.Conn
	of        *attempt
	isAllowed atomic.Bool
}

var errForbidden = errors.New("the request may not be sent any more")

// Write asks for permission once the request is in net/http's buffer: what was written
// before it was a handshake.
func (c *guardedConn) Write(b []byte) (int, error) {
	if c.of.isForbidden.Load() {
		return 0, errForbidden
	}
	if c.of.written.Load() && !c.isAllowed.Load() {
		if c.of.beforeFirstByte() != nil {
			c.of.isForbidden.Store(true)
			return 0, errForbidden
		}
		c.isAllowed.Store(true)
	}
	return c.Conn.Write(b)
}

// checkTunnel accepts every 2xx to CONNECT as a tunnel (RFC 9110, 9.3.6), where
// net/http accepts 200 only. It is called before net/http looks at the
// status.
func checkTunnel(ctx context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode >= 200 && answer.StatusCode <= 299 {
		answer.StatusCode = http.StatusOK
		return nil
	}
	attemptOf(ctx).proxyStatus.Store(int64(answer.StatusCode))
	return errTunnel
}
