package partner

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// keeping answers every request and keeps the connection.
func keeping(_ *wire, c net.Conn, next func() *http.Request) {
	for next() != nil {
		io.WriteString(c, whole201)
	}
}

var whole201 = created201 + "Content-Length: " + strconv.Itoa(len(goodBody)) + "\r\n\r\n" + goodBody

// TestCancelAtAnyMoment: a request cut off at any moment costs
// itself, never the one after it.
func TestCancelAtAnyMoment(t *testing.T) {
	w := startWire(t, keeping)
	c := newClient(t, Config{BaseURL: w.URL})
	for range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(cancel)
		switch a := c.Create(ctx, testIdem, jane()); a.Class {
		case ledger.OK:
		case ledger.NotSent, ledger.Unknown, ledger.OKBroken:
			if a.Cause != CauseCanceled && a.Cause != CauseBody {
				t.Fatalf("cut off: %v", a)
			}
		default:
			t.Fatalf("cut off: %v", a)
		}
		wg.Wait()
		if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.OK {
			t.Fatalf("after one that was cut off: %v", a)
		}
	}
}

// TestRefusedBeforeRead: a server that answers before it has read the request,
// and closes, has answered.
func TestRefusedBeforeRead(t *testing.T) {
	w := startWire(t, func(_ *wire, c net.Conn, _ func() *http.Request) {
		io.ReadFull(c, make([]byte, 100))
		io.WriteString(c, "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
		c.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, c)
	})
	c := newClient(t, Config{BaseURL: w.URL})
	u := jane()
	u.Extra = []validate.Extra{{Name: "long", Value: strings.Repeat("x", 4<<20)}}
	for range 2 {
		if a := c.Create(t.Context(), testIdem, u); a.Class != ledger.Throttled || a.RetryAfter != 7*time.Second {
			t.Errorf("got %v", a)
		}
	}
	if n := w.conns.Load(); n != 2 {
		t.Errorf("%d connections, want 2: the first cannot be used again", n)
	}
}

// TestOneConnectionForEachChange: whatever form the answers have, no request that
// changes something uses a connection that another one has used; and the partner
// is told so.
func TestOneConnectionForEachChange(t *testing.T) {
	for name, answer := range map[string]string{
		"length":       whole201,
		"chunked":      created201 + "Transfer-Encoding: chunked\r\n\r\n" + strconv.FormatInt(int64(len(goodBody)), 16) + "\r\n" + goodBody + "\r\n0\r\n\r\n",
		"no body":      "HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n",
		"early hints":  "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + whole201,
		"says close":   created201 + "Connection: close\r\nContent-Length: " + strconv.Itoa(len(goodBody)) + "\r\n\r\n" + goodBody,
		"keeps alive":  created201 + "Connection: keep-alive\r\nKeep-Alive: timeout=60, max=100\r\nContent-Length: " + strconv.Itoa(len(goodBody)) + "\r\n\r\n" + goodBody,
		"HTTP/1.0":     "HTTP/1.0 201 Created\r\nContent-Length: " + strconv.Itoa(len(goodBody)) + "\r\n\r\n" + goodBody,
		"bytes beyond": whole201 + "x",
	} {
		t.Run(name, func(t *testing.T) {
			w := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
				for r := next(); r != nil; r = next() {
					if !r.Close {
						t.Error("the request does not say that the connection ends")
					}
					io.WriteString(c, answer)
				}
			})
			c := newClient(t, Config{BaseURL: w.URL})
			for range 3 {
				if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.OK && a.Class != ledger.Reject {
					t.Errorf("got %v", a)
				}
			}
			c.Delete(t.Context(), "acme-user-1")
			c.RetryKYC(t.Context(), "acme-user-1")
			if n := w.conns.Load(); n != 5 {
				t.Errorf("%d connections, want 5", n)
			}
		})
	}
}

// TestPortsAreFreeAtOnce: a connection whose answer was read ends by a reset, so
// that its port does not rest for a minute.
func TestPortsAreFreeAtOnce(t *testing.T) {
	ends := make(chan error, 1)
	w := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
		if next() != nil {
			io.WriteString(c, whole201)
			_, err := c.Read(make([]byte, 1))
			ends <- err
		}
	})
	mustOK(t, newClient(t, Config{BaseURL: w.URL}).Create(t.Context(), testIdem, jane()))
	if err := <-ends; err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the partner's side ends with %v", err)
	}
}

// TestLookUpsShareConnections: what only reads needs no connection of its own.
func TestLookUpsShareConnections(t *testing.T) {
	const wallet = `{"status":"success","data":{"balance":1,"currency":"USD"}}`
	w := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
		for r := next(); r != nil; r = next() {
			if r.Header.Get("Cache-Control") != "no-cache" {
				t.Error("an answer from a cache would do")
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(len(wallet))+"\r\n\r\n"+wallet)
		}
	})
	c := newClient(t, Config{BaseURL: w.URL})
	for range 3 {
		if _, err := c.Wallet(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.conns.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	c.CloseIdle()
	if _, err := c.Wallet(t.Context()); err != nil {
		t.Error(err)
	}
	if n := w.conns.Load(); n != 2 {
		t.Errorf("%d connections, want 2: the first was to be closed", n)
	}
}

// TestLookUpOutlivesDeadEnds: kept connections that the server drops when they
// are used again do not make a look-up fail. It may be sent again.
func TestLookUpOutlivesDeadEnds(t *testing.T) {
	const wallet = `{"status":"success","data":{"balance":1,"currency":"USD"}}`
	for name, drop := range map[string]func(net.Conn){"FIN": func(c net.Conn) { c.Close() }, "RST": reset} {
		t.Run(name, func(t *testing.T) {
			w := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
				if next() == nil {
					return
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(len(wallet))+"\r\n\r\n"+wallet)
				if next() != nil {
					drop(c)
				}
			})
			c := newClient(t, Config{BaseURL: w.URL})
			for range 5 {
				if _, err := c.Wallet(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestKeptConnectionLosesItsDeadline: a kept connection serves longer than the
// request that it was made for may last.
func TestKeptConnectionLosesItsDeadline(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	near.SetDeadline(time.Unix(1, 0)) // of the request before
	httptrace.ContextClientTrace(new(attempt).withTrace(t.Context(), true)).GotConn(httptrace.GotConnInfo{Conn: near, Reused: true})
	go io.WriteString(far, "x")
	if _, err := near.Read(make([]byte, 1)); err != nil {
		t.Errorf("the connection still has the deadline of another request: %v", err)
	}
}

// TestLongHeaders: headers of 70 KB, which gateways send, are read, also with a
// body that is longer; those beyond the limit are no answer.
func TestLongHeaders(t *testing.T) {
	for size, want := range map[int]ledger.Class{50 << 10: ledger.OK, 70 << 10: ledger.OK, 200 << 10: ledger.OK, 300 << 10: ledger.Unknown} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", size))
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, goodBody+strings.Repeat(" ", 200<<10))
		}))
		c := newClient(t, Config{BaseURL: s.URL})
		for range 2 {
			if a := c.Create(t.Context(), testIdem, jane()); a.Class != want {
				t.Errorf("%d bytes: %v, want %v", size, a, want)
			}
		}
		s.Close()
	}
}
