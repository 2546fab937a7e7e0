package partner

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// keeping answers every request and keeps the connection.
func keeping(_ *wire, c net.Conn, next func() *http.Request) {
	for next() != nil {
		io.WriteString(c, whole201)
	}
}

var whole201 = created201 + "Content-Length: " + strconv.Itoa(len(goodBody)) + "\r\n\r\n" + goodBody

// TestClosedConnectionIsNotWrittenTo: a server that closes after each answer,
// without saying so, costs connections but no answers.
func TestClosedConnectionIsNotWrittenTo(t *testing.T) {
	t.Run("plain", func(t *testing.T) {
		w := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
			if next() != nil {
				io.WriteString(c, whole201)
			}
		})
		c := newClient(t, Config{BaseURL: w.URL})
		for range 50 {
			mustOK(t, c.Create(t.Context(), testIdem, jane()))
			if !notices(c.pool.idle[0].still) {
				t.Fatal("the end was not noticed")
			}
		}
		if p, n := w.posts.Load(), w.conns.Load(); p != 50 || n != 50 {
			t.Errorf("%d POSTs over %d connections, want 50 over 50", p, n)
		}
	})
	t.Run("TLS", func(t *testing.T) {
		var posts atomic.Int64
		s, ca := secured(t, "127.0.0.1", time.Now().Add(time.Hour), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			posts.Add(1)
			good(w, r)
		}))
		c := newClient(t, Config{BaseURL: s.URL, CAFile: ca})
		for range 20 {
			mustOK(t, c.Create(t.Context(), testIdem, jane()))
			s.CloseClientConnections()
			if !notices(c.pool.idle[0].still) {
				t.Fatal("the end was not noticed")
			}
		}
		if n := posts.Load(); n != 20 {
			t.Errorf("%d POSTs, want 20", n)
		}
	})
}

// notices waits until what the far end did has arrived.
func notices(still func(time.Time) bool) bool {
	for began := time.Now(); time.Since(began) < 10*time.Second; runtime.Gosched() {
		if !still(time.Now().Add(time.Hour)) {
			return true
		}
	}
	return false
}

// TestStill holds both ways of asking a connection to the same answers.
func TestStill(t *testing.T) {
	for name, of := range map[string]func(net.Conn) func(time.Time) bool{"at once": stillness, "by waiting": stillByWaiting} {
		t.Run(name, func(t *testing.T) {
			pair := func() (near, far net.Conn) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				if near, err = net.Dial("tcp", l.Addr().String()); err == nil {
					far, err = l.Accept()
				}
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { near.Close(); far.Close() })
				return near, far
			}
			near, far := pair()
			still := of(near)
			until := time.Now().Add(time.Hour)
			near.SetDeadline(time.Unix(1, 0)) // of the request before
			if !still(until) || !still(until) {
				t.Error("a quiet connection is taken for a dead one")
			}
			go far.Write([]byte("x"))
			if n, err := near.Read(make([]byte, 1)); n != 1 || err != nil {
				t.Errorf("the deadline of the next request is not set: %v", err)
			}
			far.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
			if !notices(still) {
				t.Error("an answer to nothing was not noticed")
			}
			near, far = pair()
			still = of(near)
			far.Close()
			if !notices(still) {
				t.Error("the end was not noticed")
			}
			near.Close()
			if still(until) {
				t.Error("a connection that we closed is taken for a good one")
			}
		})
	}
}

// TestCancelledConnectionIsNotUsedAgain: a request cut off at any moment costs
// itself, never the one after it.
func TestCancelledConnectionIsNotUsedAgain(t *testing.T) {
	w := startWire(t, keeping)
	c := newClient(t, Config{BaseURL: w.URL})
	for range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(cancel)
		switch a := c.Create(ctx, testIdem, jane()); a.Class {
		case OK:
		case NotSent, Unknown, OKBroken:
			if a.Cause != CauseCanceled && a.Cause != CauseBody {
				t.Fatalf("cut off: %v", a)
			}
		default:
			t.Fatalf("cut off: %v", a)
		}
		wg.Wait()
		if a := c.Create(t.Context(), testIdem, jane()); a.Class != OK {
			t.Fatalf("after one that was cut off: %v", a)
		}
	}
}

// TestConnectionOfAnEndedContext: a connection whose last request came under a
// context that has ended since is not used again, for its end may still reach it;
// one of another context that lives is.
func TestConnectionOfAnEndedContext(t *testing.T) {
	w := startWire(t, keeping)
	c := newClient(t, Config{BaseURL: w.URL})
	first, end := context.WithCancel(t.Context())
	mustOK(t, c.Create(first, testIdem, jane()))
	mustOK(t, c.Create(context.Background(), testIdem, jane()))
	mustOK(t, c.Create(context.Background(), testIdem, jane()))
	mustOK(t, c.Create(first, testIdem, jane()))
	if n := w.conns.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	end()
	mustOK(t, c.Create(t.Context(), testIdem, jane()))
	if n := w.conns.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
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
	u.Extra = []Extra{{"long", strings.Repeat("x", 4<<20)}}
	for range 2 {
		if a := c.Create(t.Context(), testIdem, u); a.Class != Throttled || a.RetryAfter != 7*time.Second {
			t.Errorf("got %v", a)
		}
	}
	if n := w.conns.Load(); n != 2 {
		t.Errorf("%d connections, want 2: the first cannot be used again", n)
	}
}

// TestConnectionUsedAgain: requests one after the other share a connection,
// whatever form the answers have; those that cannot be followed do not.
func TestConnectionUsedAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		conns  int64 // of three requests
	}{
		"length":       {whole201, 1},
		"chunked":      {created201 + "Transfer-Encoding: chunked\r\n\r\n" + strconv.FormatInt(int64(len(goodBody)), 16) + "\r\n" + goodBody + "\r\n0\r\n\r\n", 1},
		"no body":      {"HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n", 1},
		"early hints":  {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + whole201, 1},
		"says close":   {created201 + "Connection: close\r\nContent-Length: " + strconv.Itoa(len(goodBody)) + "\r\n\r\n" + goodBody, 3},
		"HTTP/1.0":     {"HTTP/1.0 201 Created\r\nContent-Length: " + strconv.Itoa(len(goodBody)) + "\r\n\r\n" + goodBody, 3},
		"bytes beyond": {whole201 + "x", 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
				for next() != nil {
					io.WriteString(c, tt.answer)
				}
			})
			c := newClient(t, Config{BaseURL: w.URL})
			for range 3 {
				if a := c.Create(t.Context(), testIdem, jane()); a.Class != OK && a.Class != Reject {
					t.Errorf("got %v", a)
				}
			}
			if n := w.conns.Load(); n != tt.conns {
				t.Errorf("%d connections, want %d", n, tt.conns)
			}
		})
	}
}

// TestDeadlineIsEachRequestsOwn: the deadline of a request does not reach the next.
func TestDeadlineIsEachRequestsOwn(t *testing.T) {
	w := startWire(t, keeping)
	c := newClient(t, Config{BaseURL: w.URL})
	mustOK(t, c.Create(t.Context(), testIdem, jane()))
	k := c.pool.idlest()
	k.cutOff()
	c.pool.idle = append(c.pool.idle, k)
	mustOK(t, c.Create(t.Context(), testIdem, jane()))
	if n := w.conns.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// TestPoolLetsGo: what was not used for long is not used again, and does not
// stay open beside those that are.
func TestPoolLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open []net.Conn
		p := &pool{inUse: make(chan struct{}, 3), dial: func(context.Context) (*conn, error) {
			near, far := net.Pipe()
			open = append(open, far)
			return newConn(line{near, func(time.Time) bool { return true }}), nil
		}}
		take := func(n int) (all []*conn) {
			for range n {
				k, err := p.take(t.Context(), time.Now().Add(time.Hour))
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, k)
			}
			return all
		}
		give := func(all []*conn) {
			for _, k := range all {
				p.give(k, true)
			}
		}
		give(take(3))
		time.Sleep(idleFor / 2)
		give(take(1))
		if len(open) != 3 || len(p.idle) != 3 {
			t.Errorf("%d opened and %d kept, want 3 and 3", len(open), len(p.idle))
		}
		time.Sleep(idleFor/2 + 1) // two of them are too old now
		give(take(1))
		if len(open) != 3 || len(p.idle) != 1 {
			t.Errorf("%d opened and %d kept, want 3 and 1", len(open), len(p.idle))
		}
		time.Sleep(idleFor)
		give(take(1))
		if len(open) != 4 || len(p.idle) != 1 {
			t.Errorf("%d opened and %d kept, want 4 and 1", len(open), len(p.idle))
		}
		p.closeIdle()
		for i, far := range open {
			if _, err := far.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("connection %d was not closed", i)
			}
		}
	})
}

// TestEndWhileAConnectionIsTaken: a context that ends just before the deadline of
// the request is set is not overlooked.
func TestEndWhileAConnectionIsTaken(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	var meanwhile func()
	p := &pool{inUse: make(chan struct{}, 1), dial: func(context.Context) (*conn, error) {
		return newConn(line{near, func(until time.Time) bool { meanwhile(); return near.SetDeadline(until) == nil }}), nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	k, err := p.take(ctx, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	p.give(k, true)
	meanwhile = func() {
		cancel()
		near.Read(make([]byte, 1)) // until it is cut off
	}
	if k, err := p.take(ctx, time.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", k, err)
	}
	if len(p.inUse) != 0 || len(p.idle) != 0 {
		t.Error("the connection is kept")
	}
}

// TestLongHeaders: headers within the limit are read, also with a body that is longer.
func TestLongHeaders(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 50<<10))
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, goodBody+strings.Repeat(" ", 200<<10))
	}))
	defer s.Close()
	c := newClient(t, Config{BaseURL: s.URL})
	for range 2 {
		mustOK(t, c.Create(t.Context(), testIdem, jane()))
	}
}
