package partner

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Client speaks to one partner account. It is made by New and may be used by
// any number of goroutines, and keeps none of its own; CloseIdle closes the
// connections that are left when no request is in flight.
type Client struct {
	base            *url.URL
	key             secret
	fields          validate.FieldTable
	userAgent       string
	timeout         time.Duration
	proxy           *url.URL        // nil: none
	once            *http.Transport // for what changes something: a connection for each request
	kept            *http.Transport // for what only reads
	beforeFirstByte func() error    // see Config
	stray           *atomic.Bool    // an answer on a kept connection was not that of its request: none is kept any more
}

// New checks the configuration and opens nothing. Its errors name the field of
// Config that is wrong, never the key.
func New(c Config) (*Client, error) {
	s, err := c.validate()
	if err != nil {
		return nil, err
	}
	return &Client{base: s.base, key: hideSecret(s.Key), fields: validate.Fields(), userAgent: s.UserAgent, timeout: s.Timeout, proxy: s.proxy, beforeFirstByte: s.BeforeFirstByte,
		once: newTransport(s, false), kept: newTransport(s, true), stray: new(atomic.Bool)}, nil
}

// Host is the base URL's host, with its port if that is not the scheme's own.
func (c *Client) Host() string {
	host, port := c.base.Host, c.base.Port()
	if c.base.Scheme == "https" && port == "443" || c.base.Scheme == "http" && port == "80" {
		return host[:len(host)-len(port)-1]
	}
	return host
}

// Proxy is the host of the proxy that requests go through, "" for none.
func (c *Client) Proxy() string {
	if c.proxy == nil {
		return ""
	}
	return c.proxy.Host
}

// CloseIdle closes the connections that look-ups have left open.
func (c *Client) CloseIdle() { c.kept.CloseIdleConnections() }

// Create sends one create-user request with this idempotency key, once, and returns
// what its answer proves. It waits for the answer only, at most Config.Timeout. If
// ctx ends before a byte was written the answer is NotSent, after that Unknown.
func (c *Client) Create(ctx context.Context, key string, u validate.User) Answer {
	now := time.Now()
	unwritable := Answer{Class: ledger.NotSent, Cause: CauseRequest, Began: now, Ended: now}
	if !isToken(key, 255) {
		return unwritable
	}
	body, err := encodeBody(&u, c.fields)
	if err != nil {
		return unwritable
	}
	fields := fieldsOf(&u, c.fields)
	r := c.exchange(ctx, request{http.MethodPost, createPath, key, body}, maxBody)
	a, m := c.newAnswer(r, fields)
	switch {
	case r.err != nil:
		return a
	case r.isSuccess():
		made := readCreation(r.body, r.whole)
		v := judgeCreation(made)
		a.Class, a.Cause = v.class, v.cause
		a.ServiceID, a.VerificationURL = made.id, made.link
		if r.encoded {
			a.Cause = CauseEncoding
		}
	case isPathGone(r.status):
		a.StopCause = PathGone
	case a.Class == ledger.Reject || a.Class == ledger.Unclear:
		a.Fields = complainedFields(m, fields)
	}
	switch a.Class {
	case ledger.OKBroken, ledger.Unknown, ledger.Unclear:
		a.Excerpt = c.keepExcerpt(r.body)
	}
	return a
}

// newAnswer judges all replies but those of success, which it leaves Unknown.
// fields are those of the request.
func (c *Client) newAnswer(r reply, fields fieldTable) (Answer, message) {
	a := Answer{Class: ledger.Unknown, HTTPStatus: r.status, ProxyStatus: r.proxyStatus, Began: r.began, Ended: r.ended}
	if r.err != nil {
		a.Cause = causeOf(r.err)
		if r.unsent {
			a.Class = ledger.NotSent
		}
		switch {
		case a.Cause == CauseCertificate:
			a.StopCause = Certificate
		case r.proxyStatus == http.StatusForbidden || r.proxyStatus == http.StatusProxyAuthRequired:
			a.StopCause = ProxyRefused
		}
		return a, message{}
	}
	a.Date = answerDate(r.header)
	a.RetryAfter = retryAfter(r.header, r.ended)
	if r.isSuccess() {
		return a, message{}
	}
	if r.status >= 300 && r.status <= 399 {
		a.Target = redirectHost(c.base, r.header.Get("Location"))
	}
	m := readMessage(r.body, r.whole)
	v := judgeStatus(r.status, m, fields)
	a.Class, a.Cause, a.StopCause, a.Code = v.class, v.cause, v.stopCause, m.firstCode()
	if r.encoded && a.Cause == CauseBody {
		a.Cause = CauseEncoding
	}
	if r.proxyStatus != 0 {
		a.StopCause = ProxyRefused
	}
	return a, m
}

// keepExcerpt returns a copy, so that a body of a megabyte can be freed, without the API
// key: some gateways show in their error pages what they were sent.
func (c *Client) keepExcerpt(body []byte) []byte {
	if len(body) == 0 {
		return nil
	}
	body = body[:min(len(body), maxExcerpt+len(c.key.reveal()))]
	for _, form := range keyForms(c.key.reveal()) {
		body = bytes.ReplaceAll(body, []byte(form), []byte("[API key]"))
	}
	return append([]byte(nil), body[:min(len(body), maxExcerpt)]...)
}

// keyForms returns the forms in which a page may show the key, also cut off.
func keyForms(key string) []string {
	forms := []string{key, url.QueryEscape(key),
		base64.StdEncoding.EncodeToString([]byte(key)), base64.URLEncoding.EncodeToString([]byte(key))}
	if len(key) >= 16 {
		forms = append(forms, key[:len(key)-8], key[len(key)-8:])
	}
	return forms
}
