package partner

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/idna"
	socks "golang.org/x/net/proxy"
)

const (
	maxDial    = 10 * time.Second // of one connection, without what follows
	maxTLS     = 10 * time.Second // of each handshake, a proxy's included
	keepAlives = 15 * time.Second
)

// connector makes connections to one host, through a proxy or not. It speaks
// HTTP/1.1 only: over HTTP/2, requests of many share a connection, and what
// became of one is not known when it ends. It is safe for concurrent use.
type connector struct {
	dialer  net.Dialer
	tls     *tls.Config // without a server's name
	limit   time.Duration
	partner *url.URL // its scheme and host count
	proxy   *url.URL // nil = none
}

func newConnector(s settings) *connector {
	return &connector{
		dialer:  net.Dialer{Timeout: min(maxDial, s.Timeout), KeepAlive: keepAlives},
		tls:     &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		limit:   min(maxTLS, s.Timeout),
		partner: s.base,
		proxy:   s.proxy,
	}
}

// dial makes a connection that a request can be written to.
func (d *connector) dial(ctx context.Context) (k *conn, err error) {
	first := cmp.Or(d.proxy, d.partner)
	raw, err := d.dialer.DialContext(ctx, "tcp", address(first))
	if err != nil {
		return nil, d.throughProxy(err)
	}
	l := line{raw, stillness(raw)}
	defer func() {
		if err != nil {
			_ = raw.Close() // the error before is the one that counts
		}
	}()
	if d.proxy != nil {
		if l, err = d.tunnel(ctx, l); err != nil {
			return nil, d.throughProxy(err)
		}
	}
	if d.partner.Scheme == "https" {
		if l, err = d.secure(ctx, l, d.partner); err != nil {
			return nil, err
		}
	}
	return newConn(l), nil
}

// passes reports whether a proxy passes requests on one by one, instead of opening a tunnel.
func (d *connector) passes() bool {
	return d.proxy != nil && d.partner.Scheme == "http" && (d.proxy.Scheme == "http" || d.proxy.Scheme == "https")
}

// throughProxy marks an error as one on the way to or through the proxy.
func (d *connector) throughProxy(err error) error {
	if d.proxy == nil {
		return err
	}
	return &proxyError{err}
}

// secure puts TLS above a line.
func (d *connector) secure(ctx context.Context, below line, to *url.URL) (line, error) {
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	conf := d.tls.Clone()
	conf.ServerName = ascii(to.Hostname())
	in := &records{Conn: below.Conn}
	c := tls.Client(in, conf)
	if err := c.HandshakeContext(ctx); err != nil {
		return line{}, &tlsError{err}
	}
	return above(c, in, below), nil
}

// tunnel has the proxy at the other end of a line connect us with the partner, if
// it does not pass requests on.
func (d *connector) tunnel(ctx context.Context, c line) (_ line, err error) {
	if d.proxy.Scheme == "https" {
		if c, err = d.secure(ctx, c, d.proxy); err != nil {
			return line{}, err
		}
	}
	if d.passes() {
		return c, nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // an error means that it is closed
	if d.proxy.Scheme == "http" || d.proxy.Scheme == "https" {
		err = connect(c, address(d.partner), d.proxy.User)
	} else {
		err = d.socks(ctx, c)
	}
	if !stop() && err == nil {
		err = ctx.Err() // its deadline may have been set by now
	}
	return c, err
}

// connect asks an HTTP proxy for a tunnel (RFC 9110, 9.3.6).
func connect(c net.Conn, to string, user *url.Userinfo) error {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: to}, Host: to, Header: http.Header{}}
	if auth := proxyAuth(user); auth != "" {
		req.Header.Set("Proxy-Authorization", auth)
	}
	if err := req.Write(c); err != nil {
		return err
	}
	// The proxy says nothing beyond its answer before we speak: what is read
	// here belongs to the answer, whose headers have an end.
	in := bufio.NewReader(io.LimitReader(c, maxHeader))
	res, err := http.ReadResponse(in, req) //nolint:bodyclose // what follows the answer is the tunnel
	switch {
	case err != nil:
		return err
	case res.StatusCode < 200 || res.StatusCode > 299:
		return fmt.Errorf("it answered %d to CONNECT", res.StatusCode)
	case in.Buffered() > 0:
		return errors.New("it sent more than an answer to CONNECT")
	}
	return nil
}

// socks asks a SOCKS5 proxy for a tunnel (RFC 1928), which looks the host up itself.
func (d *connector) socks(ctx context.Context, c net.Conn) error {
	var auth *socks.Auth
	if u := d.proxy.User; u != nil {
		password, _ := u.Password()
		auth = &socks.Auth{User: u.Username(), Password: password}
	}
	over, err := socks.SOCKS5("tcp", address(d.proxy), auth, given{c})
	if err != nil {
		return err
	}
	_, err = over.(socks.ContextDialer).DialContext(ctx, "tcp", address(d.partner)) // c itself, from then on
	return err
}

// given dials nobody: it hands out the connection that there is.
type given struct{ net.Conn }

// Dial implements socks.Dialer.
func (g given) Dial(string, string) (net.Conn, error) { return g.Conn, nil }

// DialContext implements socks.ContextDialer.
func (g given) DialContext(context.Context, string, string) (net.Conn, error) { return g.Conn, nil }

var _ socks.ContextDialer = given{}

// proxyAuth says who we are to an HTTP proxy, "" if nobody (RFC 7617).
func proxyAuth(user *url.Userinfo) string {
	if user == nil {
		return ""
	}
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}

// address is the host and port that a URL names.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(ascii(u.Hostname()), port)
}

// ascii is a host's name as DNS and TLS take it. A name that has no such form is
// left as it is, and found by neither.
func ascii(host string) string {
	if a, err := idna.Lookup.ToASCII(host); err == nil {
		return a
	}
	return host
}

// proxyError marks an error as one on the way to or through the proxy.
type proxyError struct{ err error }

func (e *proxyError) Error() string { return "proxy: " + e.err.Error() }
func (e *proxyError) Unwrap() error { return e.err }

// tlsError marks an error as one of the handshake.
type tlsError struct{ err error }

func (e *tlsError) Error() string { return "tls handshake: " + e.err.Error() }
func (e *tlsError) Unwrap() error { return e.err }
