package partner

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync/atomic"
	"time"
)

// Paths below the base URL (vendor's create-user page for v2, public docs for
// v1).
const (
	createPath = "/v2/partner/card/users"
	listPath   = "/v1/partner/card/users"
	walletPath = "/v1/partner/wallet"
)

// request is one call to the partner.
type request struct {
	method string
	path   string // below the base URL, escaped, with its query
	key    string // idempotency key, "" for none: a token
	body   []byte // JSON; nil for none
}

// reply is what came back from one request.
type reply struct {
	began, ended time.Time
	err          error // no status line came
	unsent       bool  // with err: no byte of the request was written
	proxyStatus  int   // of a refusal by the proxy; 0 if it did not refuse
	status       int
	header       http.Header
	body         []byte
	whole        bool // the body was read to its end, decoded, and is within the limit
	encoded      bool // the body has an encoding that cannot be read, and is left out
	reused       bool // it came over a connection that had an answer before
}

// isSuccess reports whether a status line came and is 2xx.
func (r *reply) isSuccess() bool { return r.status >= 200 && r.status <= 299 }

// exchange makes one request, within the timeout. What changes something goes
// over a connection of its own: a kept one can be closed by the other end while
// it is written to, which net/http answers by sending an idempotent request
// again, and can hold an answer too many, which would be read as this one's.
// RoundTrip follows no redirect, and without GetBody it has nothing to send
// twice. What only reads may be sent twice, and uses kept connections, until one
// of them brings an answer that is not its own.
func (c *Client) exchange(ctx context.Context, in request, limit int64) reply {
	r := reply{began: time.Now()}
	a := &attempt{until: r.began.Add(c.timeout)}
	ctx, cancel := context.WithDeadline(ctx, a.until)
	defer cancel()
	reads := in.method == http.MethodGet
	if !reads {
		a.beforeFirstByte = func() error { return c.askBeforeFirstByte(ctx) }
	}
	req, err := c.newRequest(a.withTrace(ctx, reads), in)
	if err == nil {
		transport := c.once
		if reads && !c.stray.Load() {
			transport = c.kept
		}
		var resp *http.Response
		if resp, err = transport.RoundTrip(req); err == nil {
			r.read(resp, limit)
		}
	}
	if err != nil {
		if ended := ctx.Err(); ended != nil && (isTimeout(err) || causeOf(err) == CauseNetwork) {
			err = ended // it was cut off
		}
		r.err, r.unsent = a.markOrigin(err, c.proxy, c.base), a.isUnsent()
		r.proxyStatus = int(a.proxyStatus.Load())
	} else if c.isPassedOn() && isProxyRefusal(r.status, r.header) {
		r.proxyStatus = r.status
	}
	r.ended, r.reused = time.Now(), a.reused.Load()
	return r
}

// newRequest writes the idempotency key under the vendor's own lower-case
// spelling. net/http looks for the canonical one when it asks itself whether a
// request may be sent again.
func (c *Client) newRequest(ctx context.Context, in request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, in.method, c.base.String()+in.path, bytes.NewReader(in.body))
	if err != nil {
		return nil, err
	}
	req.GetBody = nil
	req.Header.Set("Authorization", "Bearer "+c.key.reveal())
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", "identity") // gateways compress all the same: see readBody
	if in.method == http.MethodGet {
		req.Header.Set("Cache-Control", "no-cache")
	}
	if in.key != "" {
		req.Header["idempotency-key"] = []string{in.key}
	}
	if in.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// read reads the answer. The body of a 101 is the bare connection, which has no
// end.
func (r *reply) read(resp *http.Response, limit int64) {
	r.status, r.header = resp.StatusCode, resp.Header
	if resp.StatusCode != http.StatusSwitchingProtocols {
		r.body, r.whole, r.encoded = readBody(resp.Body, resp.Header, limit)
	}
	_ = resp.Body.Close() // what was read is what there is
}

// attempt follows one request through net/http, whose goroutines write to it.
type attempt struct {
	until           time.Time    // when the request ends at the latest
	beforeFirstByte func() error // nil asks nobody
	isForbidden     atomic.Bool  // by beforeFirstByte: nothing of the request was written
	handshakes      atomic.Int64 // TLS handshakes begun
	noTLS           atomic.Bool  // the last of them failed
	connected       atomic.Bool  // the request was given a connection
	reused          atomic.Bool  // which had been used before
	written         atomic.Bool  // some of the request may have been written to it
	proxyStatus     atomic.Int64 // of a proxy that refused CONNECT
}

type permissionKey struct{}

// WithPermission returns a context for one request that changes something. ask is called
// right before the first byte of the request is written to its connection. If ask returns
// an error nothing is sent, and the answer is NotSent.
func WithPermission(ctx context.Context, ask func() error) context.Context {
	return context.WithValue(ctx, permissionKey{}, ask)
}

// AskPermission returns what the function given to WithPermission says; nil without one.
// A Partner that is not a Client calls it right before it sends.
func AskPermission(ctx context.Context) error {
	if ask, ok := ctx.Value(permissionKey{}).(func() error); ok {
		return ask()
	}
	return nil
}

// askBeforeFirstByte asks whether a request may still be sent: first whoever sends it, and
// so learns that it was not the partner who could not be reached.
func (c *Client) askBeforeFirstByte(ctx context.Context) error {
	if err := AskPermission(ctx); err != nil || c.beforeFirstByte == nil {
		return err
	}
	return c.beforeFirstByte()
}

type attemptKey struct{}

// attemptOf returns the attempt that a connection is made for. Each request of
// this package has one, see withTrace.
func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}

// withTrace returns a context that lets net/http report to the attempt what it does. A
// kept connection loses the deadline of the request that it was made for.
func (a *attempt) withTrace(ctx context.Context, kept bool) context.Context {
	return httptrace.WithClientTrace(context.WithValue(ctx, attemptKey{}, a), &httptrace.ClientTrace{
		TLSHandshakeStart: func() { a.handshakes.Add(1) },
		TLSHandshakeDone:  func(_ tls.ConnectionState, err error) { a.noTLS.Store(err != nil) },
		GotConn: func(info httptrace.GotConnInfo) {
			a.connected.Store(true)
			a.reused.Store(info.Reused)
			if kept {
				_ = info.Conn.SetDeadline(time.Time{}) // an error means that it is closed, as the request will find
			}
		},
		WroteHeaderField: func(string, []string) { a.written.Store(true) },
	})
}

// isUnsent reports whether surely no byte of the request was written, once
// RoundTrip has returned an error: by then net/http writes no more. The first
// header field is announced before it leaves the buffer of 4 KiB, and the
// request line before it always fits into that (see maxBase).
func (a *attempt) isUnsent() bool {
	return a.isForbidden.Load() || !a.connected.Load() || !a.written.Load()
}

// markOrigin marks an error as one on the way to or through the proxy, or as one of
// the TLS handshake with the partner.
func (a *attempt) markOrigin(err error, proxy, base *url.URL) error {
	if a.connected.Load() {
		return err
	}
	if proxy != nil {
		before := int64(0) // handshakes with the proxy itself
		if proxy.Scheme == "https" {
			before = 1
		}
		if base.Scheme != "https" || a.handshakes.Load() <= before {
			return &proxyError{err}
		}
	}
	if a.noTLS.Load() {
		return &tlsError{err}
	}
	return err
}

// isPassedOn reports whether a proxy passes requests on one by one, instead of
// opening a tunnel.
func (c *Client) isPassedOn() bool {
	return c.proxy != nil && c.base.Scheme == "http" && (c.proxy.Scheme == "http" || c.proxy.Scheme == "https")
}

// isProxyRefusal reports whether an answer comes from a proxy that refused to pass the
// request on. Only proxies answer 407; a 403 is theirs if a header says so.
func isProxyRefusal(status int, h http.Header) bool {
	if status != http.StatusForbidden {
		return status == http.StatusProxyAuthRequired
	}
	marks := []string{"Proxy-Authenticate", "Proxy-Status", "Proxy-Agent", "X-Squid-Error"}
	return slices.ContainsFunc(marks, func(name string) bool { return len(h[name]) > 0 })
}

var errTunnel = errors.New("the proxy refused to open a tunnel")

// proxyError marks an error as one on the way to or through the proxy.
type proxyError struct{ err error }

func (e *proxyError) Error() string { return "proxy: " + e.err.Error() }
func (e *proxyError) Unwrap() error { return e.err }

// tlsError marks an error as one of the handshake.
type tlsError struct{ err error }

func (e *tlsError) Error() string { return "tls handshake: " + e.err.Error() }
func (e *tlsError) Unwrap() error { return e.err }
