package partner

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"
)

const (
	maxBody    = 1 << 20  // of an answer to one create-user, wallet or delete call, in bytes
	maxPage    = 8 << 20  // of one page of list-users: some ten thousand users
	maxHeader  = 64 << 10 // of all headers of an answer, 1xx answers included
	maxDial    = 10 * time.Second
	maxTLS     = 10 * time.Second
	idleFor    = 2 * time.Second // below the 5 s after which common servers drop an idle connection
	keepAlives = 15 * time.Second
)

// newTransport makes a transport that speaks HTTP/1.1 only: over HTTP/2, a
// server's GOAWAY or REFUSED_STREAM makes net/http send a request again.
// Nothing follows redirects, because only RoundTrip is ever called: they would
// carry body and key to another host.
func newTransport(s settings) *http.Transport {
	d := &net.Dialer{Timeout: min(maxDial, s.Timeout), KeepAlive: keepAlives}
	conf := &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Transport{
		Proxy: s.proxy,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := d.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &meter{Conn: c}, nil
		},
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dialTLS(ctx, d, conf, network, addr, min(maxTLS, s.Timeout))
		},
		TLSClientConfig:        conf,
		TLSHandshakeTimeout:    min(maxTLS, s.Timeout), // of proxied connections; dialTLS keeps its own
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
		Protocols:              &http1,
		DisableCompression:     true,
		MaxIdleConns:           s.MaxConns,
		MaxIdleConnsPerHost:    s.MaxConns,
		MaxConnsPerHost:        s.MaxConns,
		IdleConnTimeout:        idleFor,
		MaxResponseHeaderBytes: maxHeader,
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
			if r.StatusCode != http.StatusOK {
				return &proxyError{r.StatusCode}
			}
			return nil
		},
	}
}

// dialTLS puts the meter above TLS.
func dialTLS(ctx context.Context, d *net.Dialer, conf *tls.Config, network, addr string, limit time.Duration) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	raw, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	conf = conf.Clone()
	conf.ServerName = host
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := tls.Client(raw, conf)
	if err := c.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake's error is the one that counts
		return nil, &tlsError{err}
	}
	return &meter{Conn: c}, nil
}

// proxyError is a proxy's refusal to open a tunnel.
type proxyError struct{ status int }

func (e *proxyError) Error() string { return fmt.Sprintf("proxy answered %d to CONNECT", e.status) }

// tlsError marks an error as one of the handshake.
type tlsError struct{ err error }

func (e *tlsError) Error() string { return "tls handshake: " + e.err.Error() }
func (e *tlsError) Unwrap() error { return e.err }

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

// exchange makes one request, at most once on the wire, within the timeout.
func (c *Client) exchange(ctx context.Context, req *http.Request, limit int64) reply {
	r := reply{began: time.Now()}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	a := &attempt{cancel: cancel}
	resp, err := c.transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, a.trace())))
	if err != nil {
		r.unsent = a.unsent()
		switch {
		case a.again():
			r.err = io.ErrUnexpectedEOF // what the first connection died of, net/http kept to itself
		case ctx.Err() != nil && cause(err) == CauseNetwork:
			r.err = ctx.Err()
		default:
			r.err = err
		}
		r.ended = time.Now()
		return r
	}
	r.status, r.header = resp.StatusCode, resp.Header
	if resp.StatusCode != http.StatusSwitchingProtocols { // its body is the bare connection, which has no end
		r.body, r.whole = readBody(resp.Body, limit)
	}
	// What Close could report is of no use: the body was read, or is given up.
	_ = resp.Body.Close()
	r.ended = time.Now()
	return r
}

// readBody reads at most limit bytes, and keeps what it has when the rest does
// not come.
func readBody(body io.Reader, limit int64) ([]byte, bool) {
	b, err := io.ReadAll(io.LimitReader(body, limit+1))
	if int64(len(b)) > limit {
		return b[:limit], false
	}
	return b, err == nil
}
