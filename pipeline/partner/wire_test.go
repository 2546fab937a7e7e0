package partner

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	testKey  = "sk_staging_CANARYKEY0123456789"
	testIdem = "866c8eba-eb42-517c-b5f0-479a00f6d285"
	goodBody = `{"status":"success","message":"User created successfully","data":{"serviceId":"acme-rain-user-abc123def456ghi","verificationUrl":"https://withpersona.com/verify?inquiry-id=inq_abc123"}}`
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func fieldsOfUser(u validate.User) fieldTable { return fieldsOf(&u, validate.Fields()) }

func jane() validate.User {
	return validate.User{FirstName: "Jane", LastName: "Doe", Email: "jane@example.com", PhoneNumber: "+14155555555",
		AccountPurpose: "personal use", IPAddress: "203.0.113.42", Terms: true, Program: "custodial"}
}

func newClient(t testing.TB, c Config) *Client {
	t.Helper()
	if c.Key == "" {
		c.Key = testKey
	}
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	return client
}

// wire is a server that speaks bytes, so that it can fail as servers do. It
// counts the requests that it has read whole.
type wire struct {
	URL   string
	posts atomic.Int64
	conns atomic.Int64
}

// startWire calls serve for each connection; the connection is closed after
// it. serve reads requests with next.
func startWire(t testing.TB, serve func(w *wire, c net.Conn, next func() *http.Request)) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{URL: "http://" + l.Addr().String()}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		open []net.Conn
	)
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.conns.Add(1)
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				br := bufio.NewReader(c)
				serve(w, c, func() *http.Request {
					r, err := http.ReadRequest(br)
					if err != nil {
						return nil
					}
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						return nil
					}
					w.posts.Add(1)
					return r
				})
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return w
}

// always answers every request with these bytes and closes.
func always(raw string) func(*wire, net.Conn, func() *http.Request) {
	return func(_ *wire, c net.Conn, next func() *http.Request) {
		if next() != nil {
			io.WriteString(c, raw)
		}
	}
}

const created201 = "HTTP/1.1 201 Created\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nContent-Type: application/json\r\n"

func reset(c net.Conn) {
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

// TestPostSentOnce is faults 1 and 2: the server acts and then drops the
// connection, or drops those on which a further request comes, which a warm pool
// of ten would have ready.
func TestPostSentOnce(t *testing.T) {
	for _, tt := range []struct {
		name string
		drop func(net.Conn)
	}{
		{"FIN", func(c net.Conn) { c.Close() }},
		{"RST", reset},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
				if next() != nil {
					tt.drop(c)
				}
			})
			c := newClient(t, Config{BaseURL: w.URL})
			a := c.Create(t.Context(), testIdem, jane())
			if a.Class != ledger.Unknown {
				t.Errorf("answer is %v, want UNKNOWN", a)
			}
			if a.Cause != CauseEOF && a.Cause != CauseReset && a.Cause != CauseNetwork {
				t.Errorf("cause is %q", a.Cause)
			}
			if n := w.posts.Load(); n != 1 {
				t.Errorf("server saw %d POSTs, want 1", n)
			}
		})
		t.Run(tt.name+" of a warm pool", func(t *testing.T) {
			w, warm := warmPool(t, tt.drop)
			c := newClient(t, Config{BaseURL: w.URL})
			warm(func(ctx context.Context) { mustOK(t, c.Create(ctx, testIdem, jane())) })
			before := w.posts.Load()
			mustOK(t, c.Create(t.Context(), testIdem, jane()))
			if n := w.posts.Load() - before; n != 1 {
				t.Errorf("server saw %d POSTs, want 1", n)
			}
		})
	}
}

// TestPlainClientResends shows that the server of TestPostSentOnce catches what
// this package is built against.
func TestPlainClientResends(t *testing.T) {
	w, warm := warmPool(t, func(c net.Conn) { c.Close() })
	tr := &http.Transport{MaxIdleConnsPerHost: 10}
	defer tr.CloseIdleConnections()
	post := func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, strings.NewReader("{}"))
		if err != nil {
			return err
		}
		req.Header.Set("Idempotency-Key", testIdem)
		resp, err := tr.RoundTrip(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	warm(func(ctx context.Context) {
		if err := post(ctx); err != nil {
			t.Error(err)
		}
	})
	before := w.posts.Load()
	post(t.Context()) // fails or not: what counts is what the server saw
	if n := w.posts.Load() - before; n < 2 {
		t.Errorf("net/http sent a replayable POST %d times: the warm pool does not catch it", n)
	}
}

// warmPool answers the first request of each connection once ten are there, so
// that ten idle connections result; every further request is read and dropped.
func warmPool(t *testing.T, drop func(net.Conn)) (*wire, func(func(context.Context))) {
	const size = 10
	all := make(chan struct{})
	var first atomic.Int64
	w := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
		if next() == nil {
			return
		}
		if first.Add(1) == size {
			close(all)
		}
		<-all
		io.WriteString(c, created201+"Content-Length: "+strconv.Itoa(len(goodBody))+"\r\n\r\n"+goodBody)
		if next() != nil {
			drop(c)
		}
	})
	return w, func(one func(context.Context)) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		t.Cleanup(cancel) // a connection does not outlive the context of its last request
		var wg sync.WaitGroup
		for range size {
			wg.Go(func() { one(ctx) })
		}
		wg.Wait()
		if n := w.conns.Load(); n != size {
			t.Fatalf("%d connections, want %d", n, size)
		}
	}
}

func mustOK(t testing.TB, a Answer) {
	t.Helper()
	if a.Class != ledger.OK {
		t.Errorf("answer is %v, want OK", a)
	}
}

// TestCutAnswers is faults 3, 26 and 27 as far as bytes go: each ends in
// bounded time, with what was read kept.
func TestCutAnswers(t *testing.T) {
	const wait = 300 * time.Millisecond
	hang := func(sent string) func(*wire, net.Conn, func() *http.Request) {
		return func(_ *wire, c net.Conn, next func() *http.Request) {
			if next() != nil {
				io.WriteString(c, sent)
				next() // until the client gives up
			}
		}
	}
	forever := func(head, chunk string) func(*wire, net.Conn, func() *http.Request) {
		return func(_ *wire, c net.Conn, next func() *http.Request) {
			if next() == nil {
				return
			}
			io.WriteString(c, head)
			for {
				if _, err := io.WriteString(c, chunk); err != nil {
					return
				}
			}
		}
	}
	for _, tt := range []struct {
		name   string
		serve  func(*wire, net.Conn, func() *http.Request)
		class  ledger.Class
		cause  string
		hasURL bool
	}{
		{"201 headers, then FIN", always(created201 + "Content-Length: 200\r\n\r\n"), ledger.OKBroken, CauseBody, false},
		{"201 cut in the link", always(created201 + "Content-Length: 500\r\n\r\n" + goodBody[:len(goodBody)-10]), ledger.OKBroken, CauseBody, false},
		{"201 cut after the link", always(created201 + "Content-Length: 500\r\n\r\n" + goodBody[:len(goodBody)-1]), ledger.OKBroken, CauseBody, true},
		{"201 body stalls", hang(created201 + "Content-Length: 500\r\n\r\n" + goodBody), ledger.OKBroken, CauseBody, true},
		{"201 without length, closed", always(created201 + "Connection: close\r\n\r\n" + goodBody), ledger.OK, "", true},
		{"201 chunked, cut", always(created201 + "Transfer-Encoding: chunked\r\n\r\n" + "ff\r\n" + goodBody), ledger.OKBroken, CauseBody, true},
		{"no answer", hang(""), ledger.Unknown, CauseTimeout, false},
		{"slow headers", hang("HTTP/1.1 201 Cre"), ledger.Unknown, CauseTimeout, false},
		{"FIN", always(""), ledger.Unknown, CauseEOF, false},
		{"half a status line", always("HTTP/1."), ledger.Unknown, CauseNetwork, false},
		{"not HTTP", always("SSH-2.0-OpenSSH_9\r\n\r\n"), ledger.Unknown, CauseNetwork, false},
		{"endless body", forever(created201+"\r\n", strings.Repeat("x", 64<<10)), ledger.OKBroken, CauseBody, false},
		{"fault 28, endless headers", forever("HTTP/1.1 201 Created\r\n", "X-A: "+strings.Repeat("x", 1000)+"\r\n"), ledger.Unknown, CauseNetwork, false},
		{"fault 28, endless 1xx", forever("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), ledger.Unknown, CauseNetwork, false},
		{"101", hang("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"), ledger.Unknown, CauseStatus, false},
		{"500 cut", always("HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\n"), ledger.Unknown, CauseServer, false},
		{"400 cut duplicate", always("HTTP/1.1 400 Bad\r\nContent-Length: 99\r\n\r\nDuplicate user"), ledger.Unknown, CauseBody, false},
		{"402 cut", always("HTTP/1.1 402 Pay\r\nContent-Length: 99\r\n\r\n"), ledger.Unknown, CauseBody, false},
		{"403 cut", always("HTTP/1.1 403 No\r\nContent-Length: 99\r\n\r\n{"), ledger.Unknown, CauseBody, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := startWire(t, tt.serve)
			c := newClient(t, Config{BaseURL: w.URL, Timeout: wait})
			began := time.Now()
			a := c.Create(t.Context(), testIdem, jane())
			if d := time.Since(began); d > 20*wait {
				t.Errorf("took %v", d)
			}
			if a.Class != tt.class || a.Cause != tt.cause {
				t.Errorf("got %v, want %v (%s)", a, tt.class, tt.cause)
			}
			if (a.VerificationURL != "") != tt.hasURL {
				t.Errorf("link read: %t, want %t", !tt.hasURL, tt.hasURL)
			}
			if n := w.posts.Load(); n != 1 {
				t.Errorf("%d POSTs, want 1", n)
			}
			if len(a.Excerpt) > maxExcerpt {
				t.Errorf("excerpt of %d bytes", len(a.Excerpt))
			}
		})
	}
}

// TestBodyLimit: a body up to 1 MiB is read whole; of a longer one the link is
// kept, but it is no proof.
func TestBodyLimit(t *testing.T) {
	for size, want := range map[int]ledger.Class{maxBody: ledger.OK, maxBody + 1: ledger.OKBroken} {
		c := answering(t, 201, goodBody+strings.Repeat(" ", size-len(goodBody)), nil)
		if a := c.Create(t.Context(), testIdem, jane()); a.Class != want || a.VerificationURL == "" {
			t.Errorf("%d bytes: %v, want %v with its link", size, a, want)
		}
	}
}

// TestTrickle is fault 27: a body of one byte at a time ends with the timeout.
func TestTrickle(t *testing.T) {
	w := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
		if next() == nil {
			return
		}
		io.WriteString(c, created201+"Content-Length: 1000\r\n\r\n")
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(c, "{"); err != nil {
				return
			}
		}
	})
	c := newClient(t, Config{BaseURL: w.URL, Timeout: 200 * time.Millisecond})
	began := time.Now()
	a := c.Create(t.Context(), testIdem, jane())
	if a.Class != ledger.OKBroken || time.Since(began) > 3*time.Second {
		t.Errorf("%v after %v", a, time.Since(began))
	}
}

// TestStrayBytes: what a server sends beyond its answer never serves as the
// answer to the next request.
func TestStrayBytes(t *testing.T) {
	reply := created201 + "Content-Length: " + strconv.Itoa(len(goodBody)) + "\r\n\r\n" + goodBody
	w := startWire(t, func(w *wire, c net.Conn, next func() *http.Request) {
		for next() != nil {
			if w.posts.Load() == 1 {
				io.WriteString(c, reply+reply)
			} else {
				io.WriteString(c, "HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n")
			}
		}
	})
	c := newClient(t, Config{BaseURL: w.URL})
	mustOK(t, c.Create(t.Context(), testIdem, jane()))
	if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.Reject {
		t.Errorf("second answer is %v", a)
	}
}

// TestCancel: before a byte is written NotSent, after that Unknown.
func TestCancel(t *testing.T) {
	got := make(chan struct{}, 1)
	w := startWire(t, func(_ *wire, _ net.Conn, next func() *http.Request) {
		if next() != nil {
			got <- struct{}{}
			next()
		}
	})
	c := newClient(t, Config{BaseURL: w.URL})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := c.Create(ctx, testIdem, jane()); a.Class != ledger.NotSent || a.Cause != CauseCanceled {
		t.Errorf("cancelled before: %v", a)
	}
	ctx, cancel = context.WithCancel(t.Context())
	go func() { <-got; cancel() }()
	if a := c.Create(ctx, testIdem, jane()); a.Class != ledger.Unknown || a.Cause != CauseCanceled {
		t.Errorf("cancelled after: %v", a)
	}
	if n := w.posts.Load(); n != 1 {
		t.Errorf("%d POSTs, want 1", n)
	}
}

// TestNoServer is fault 26 without TLS.
func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := newClient(t, Config{BaseURL: "http://" + l.Addr().String()})
	if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent || a.Cause != CauseRefused || a.StopCause != NoStopCause {
		t.Errorf("refused: %v", a)
	}
	c = newClient(t, Config{BaseURL: "https://no.such.host.invalid", Timeout: 3 * time.Second})
	c.once.DialContext = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "no.such.host.invalid", IsNotFound: true}}
	}
	if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent || a.Cause != CauseDNS {
		t.Errorf("no such host: %v", a)
	}
}
