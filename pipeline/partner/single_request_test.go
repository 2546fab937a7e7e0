package partner

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestPermission: a request that is forbidden once its connection is ready sends
// nothing, and is known to be unsent. Requests that only read are not asked about.
func TestPermission(t *testing.T) {
	var heard atomic.Int64
	w := startWire(t, func(_ *wire, c net.Conn, _ func() *http.Request) {
		n, _ := io.Copy(io.Discard, c)
		heard.Add(n)
	})
	asked := 0
	refuseFirst := func() error {
		if asked++; asked > 1 {
			return nil
		}
		return errors.New("not now")
	}
	c := newClient(t, Config{BaseURL: w.URL, Timeout: 2 * time.Second})
	ctx := WithPermission(t.Context(), refuseFirst)
	if err := AskPermission(t.Context()); err != nil {
		t.Errorf("without a permission to ask for: %v", err)
	}
	if a := c.Create(ctx, testIdem, jane()); a.Class != ledger.NotSent || heard.Load() != 0 {
		t.Errorf("forbidden: %v, %d bytes arrived", a, heard.Load())
	}
	if a := c.Create(ctx, testIdem, jane()); a.Class != ledger.Unknown {
		t.Errorf("allowed: %v", a)
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	asked = 0
	c = newClient(t, Config{BaseURL: w.URL, Timeout: 2 * time.Second, BeforeFirstByte: refuseFirst})
	if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent || asked != 1 {
		t.Errorf("forbidden by the configuration: %v, asked %d times", a, asked)
	}
	wasTold := false
	asked = 0
	both := WithPermission(t.Context(), func() error { wasTold = true; return errors.New("not now") })
	if a := c.Create(both, testIdem, jane()); a.Class != ledger.NotSent || !wasTold || asked != 0 {
		t.Errorf("forbidden by both: %v, the sender was told: %t, asked %d times", a, wasTold, asked)
	}
}

// TestPermissionEndsLate: a permission that ends when the request has its connection
// already, as that of a process which is stopped there, is missed: nothing is sent.
func TestPermissionEndsLate(t *testing.T) {
	var received atomic.Int64
	count := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		received.Add(1)
		good(w, r)
	})
	plain := httptest.NewServer(count)
	t.Cleanup(plain.Close)
	overTLS, ca := secured(t, "127.0.0.1", time.Now().Add(time.Hour), count)
	for _, config := range []Config{{BaseURL: plain.URL}, {BaseURL: overTLS.URL, CAFile: ca}} {
		c := newClient(t, config)
		var hasEnded atomic.Bool
		ask := func() error {
			if hasEnded.Load() {
				return errors.New("not any more")
			}
			return nil
		}
		ctx := WithPermission(t.Context(), ask)
		late := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaderField: func(string, []string) { hasEnded.Store(true) }})
		if a := c.Create(late, testIdem, jane()); a.Class != ledger.NotSent || received.Load() != 0 {
			t.Errorf("%s: %v, %d requests arrived", config.BaseURL, a, received.Load())
		}
		hasEnded.Store(false)
		if a := c.Create(ctx, testIdem, jane()); a.Class != ledger.OK {
			t.Errorf("%s: allowed: %v", config.BaseURL, a)
		}
		received.Store(0)
	}
}

// TestDoubledAnswers: an intermediary between the partner and us repeats each
// answer after a while on whatever connection is open. No user gets another one's
// answer.
func TestDoubledAnswers(t *testing.T) {
	for name, wait := range map[string]time.Duration{"at once": 0, "250 ms later": 250 * time.Millisecond, "20 ms later": 20 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWire(t, func(_ *wire, c net.Conn, _ func() *http.Request) {
				in := bufio.NewReader(c)
				var repeats sync.WaitGroup
				defer repeats.Wait()
				for {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					var u struct{ Email string }
					if json.NewDecoder(r.Body).Decode(&u) != nil {
						return
					}
					answer := answerFor(u.Email)
					io.WriteString(c, answer)
					repeats.Go(func() {
						late := time.NewTimer(wait)
						defer late.Stop()
						<-late.C
						io.WriteString(c, answer) // fails where the connection is gone
					})
				}
			})
			c := newClient(t, Config{BaseURL: w.URL})
			var wg sync.WaitGroup
			for worker := range 4 {
				wg.Go(func() {
					for n := range 10 {
						u := jane()
						u.Email = fmt.Sprintf("u%d-%d@example.com", worker, n)
						if a := c.Create(t.Context(), testIdem, u); a.Class != ledger.OK || a.ServiceID != "acme-"+u.Email || !strings.HasSuffix(a.VerificationURL, u.Email) {
							t.Errorf("%s was answered %v %s", u.Email, a, a.ServiceID)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

func answerFor(email string) string {
	body := `{"status":"success","data":{"serviceId":"acme-` + email + `","verificationUrl":"https://withpersona.com/verify?inquiry-id=` + email + `"}}`
	return created201 + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// TestRequestsEqualAttempts: whatever a server does, it never sees more requests
// than were made, and none that was called unsent.
func TestRequestsEqualAttempts(t *testing.T) {
	answering := func(answer string) func(*wire, net.Conn, func() *http.Request) {
		return func(_ *wire, c net.Conn, next func() *http.Request) {
			for next() != nil {
				io.WriteString(c, answer)
			}
		}
	}
	after := func(end func(net.Conn)) func(*wire, net.Conn, func() *http.Request) {
		return func(_ *wire, c net.Conn, next func() *http.Request) {
			if next() != nil {
				end(c)
			}
		}
	}
	for name, serve := range map[string]func(*wire, net.Conn, func() *http.Request){
		"closes at once":                 func(*wire, net.Conn, func() *http.Request) {},
		"resets at once":                 func(_ *wire, c net.Conn, _ func() *http.Request) { reset(c) },
		"closes after reading":           after(func(c net.Conn) { c.Close() }),
		"resets after reading":           after(reset),
		"closes within the status line":  always("HTTP/1.1 20"),
		"resets within the headers":      after(func(c net.Conn) { io.WriteString(c, created201); reset(c) }),
		"resets within the body":         after(func(c net.Conn) { io.WriteString(c, whole201[:len(whole201)-20]); reset(c) }),
		"answers":                        answering(whole201),
		"answers twice":                  answering(whole201 + whole201),
		"speaks first":                   func(_ *wire, c net.Conn, next func() *http.Request) { io.WriteString(c, whole201); next() },
		"100 first":                      answering("HTTP/1.1 100 Continue\r\n\r\n" + whole201),
		"Keep-Alive: timeout, and drops": always(created201 + "Connection: keep-alive\r\nKeep-Alive: timeout=1\r\nContent-Length: " + strconv.Itoa(len(goodBody)) + "\r\n\r\n" + goodBody),
		"GOAWAY as HTTP/2 has it":        always("\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		"408, as for an idle connection": always("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
		"421 Misdirected Request":        answering("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n"),
		"425 Too Early":                  answering("HTTP/1.1 425 Too Early\r\nContent-Length: 0\r\n\r\n"),
		"503 with Retry-After: 0":        answering("HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"),
		"307 to itself":                  answering("HTTP/1.1 307 Again\r\nLocation: /api\r\nContent-Length: 0\r\n\r\n"),
		"401 with a challenge":           answering("HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWire(t, serve)
			c := newClient(t, Config{BaseURL: w.URL, Timeout: 5 * time.Second})
			const made = 20
			unsent := 0
			for range made {
				a := c.Create(t.Context(), testIdem, jane())
				if a.Class == ledger.NotSent {
					unsent++
				}
				if a.Began.IsZero() || a.Ended.Before(a.Began) {
					t.Errorf("%v from %v to %v", a, a.Began, a.Ended)
				}
			}
			if n := w.posts.Load(); n > int64(made-unsent) {
				t.Errorf("the server read %d requests of %d, and %d are called unsent", n, made, unsent)
			}
			if n := w.conns.Load(); n != made {
				t.Errorf("%d connections for %d requests", n, made)
			}
		})
	}
}

// TestUnsentIsProved cuts requests off at any moment: one that is called unsent
// never reaches the server.
func TestUnsentIsProved(t *testing.T) {
	w := startWire(t, func(_ *wire, _ net.Conn, next func() *http.Request) { next(); next() })
	c := newClient(t, Config{BaseURL: w.URL})
	unsent := int64(0)
	const made = 500
	for n := range made {
		ctx, cancel := context.WithCancel(t.Context())
		if n%5 == 0 {
			cancel()
		}
		cut := time.AfterFunc(time.Duration(n)*time.Microsecond, cancel)
		if c.Create(ctx, testIdem, jane()).Class == ledger.NotSent {
			unsent++
		}
		cut.Stop()
		cancel()
	}
	if unsent < made/5 {
		t.Errorf("%d unsent, want at least those whose time was over before", unsent)
	}
	c.CloseIdle()
	if n := w.posts.Load(); n > made-unsent {
		t.Errorf("the server read %d requests of %d, and %d are called unsent", n, made, unsent)
	}
}

// TestLocalLimit: no port or file left is this machine's matter, also on the way
// to a proxy and to the resolver.
func TestLocalLimit(t *testing.T) {
	for _, proxy := range []string{"", "http://127.0.0.1:1"} {
		for _, errno := range []syscall.Errno{syscall.EADDRNOTAVAIL, syscall.EMFILE, syscall.ENFILE} {
			c := newClient(t, Config{BaseURL: "https://partner.example", Proxy: proxy})
			c.once.DialContext = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "socket", UnwrapErr: errno}}
			}
			if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent || a.Cause != CauseLocal || a.StopCause != NoStopCause {
				t.Errorf("%v: %v", errno, a)
			}
		}
	}
}

// TestHostInPunycode: DNS, TLS and the Host header get the form that they know.
func TestHostInPunycode(t *testing.T) {
	s, ca := secured(t, "xn--bcher-kva.example", time.Now().Add(time.Hour), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, _ := strings.Cut(r.Host, ":"); host != "xn--bcher-kva.example" || r.TLS.ServerName != host {
			t.Errorf("asked for %s, in TLS %s", r.Host, r.TLS.ServerName)
		}
		good(w, r)
	}))
	c := newClient(t, Config{BaseURL: "https://b\u00fccher.example:8443/api", CAFile: ca})
	c.once.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "xn--bcher-kva.example:8443" {
			t.Errorf("dialled %s", address)
		}
		return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
	}
	mustOK(t, c.Create(t.Context(), testIdem, jane()))
}

// TestKeySpelling: the idempotency key goes out under the vendor's own name for
// it, and once.
func TestKeySpelling(t *testing.T) {
	got := make(chan string, 1)
	w := startWire(t, func(_ *wire, c net.Conn, _ func() *http.Request) {
		b := make([]byte, 4<<10)
		n, _ := c.Read(b)
		got <- string(b[:n])
		io.WriteString(c, whole201)
	})
	c := newClient(t, Config{BaseURL: w.URL})
	mustOK(t, c.Create(t.Context(), testIdem, jane()))
	if text := <-got; strings.Count(text, "\r\nidempotency-key: "+testIdem+"\r\n") != 1 || strings.Count(strings.ToLower(text), "idempotency-key") != 1 {
		t.Errorf("sent\n%s", text)
	}
}

// TestStrayAnswerOfALookUp: an answer too many on a kept connection is not taken
// for that of the next look-up, and from then on no connection is kept.
func TestStrayAnswerOfALookUp(t *testing.T) {
	page := func(skip int) string {
		return fmt.Sprintf(`{"status":"success","message":"","data":{"users":[],"pagination":{"skip":%d,"limit":50,"total":0}}}`, skip)
	}
	wallet := `{"status":"success","message":"","data":{"balance":"10.00","currency":"USD","active":true}}`
	answer := func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	var connections atomic.Int64
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		served.Wait()
	}()
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			served.Go(func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				before := "" // each answer comes once more, just before the next one
				for {
					req, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					body := wallet
					if strings.HasSuffix(req.URL.Path, "/users") {
						skip, err := strconv.Atoi(req.URL.Query().Get("skip"))
						if err != nil {
							return
						}
						body = page(skip)
					}
					if _, err := io.WriteString(conn, before+answer(body)); err != nil {
						return
					}
					before = answer(body)
				}
			})
		}
	})
	c := newClient(t, Config{BaseURL: "http://" + l.Addr().String() + "/api"})
	if _, err := c.Wallet(t.Context()); err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err := c.ListUsers(t.Context(), 0, 50); !errors.As(err, &e) || e.Cause != CauseStray {
		t.Fatalf("the wallet's answer, as a page: %v", err)
	}
	for skip := range 5 {
		p, err := c.ListUsers(t.Context(), skip, 50)
		if err != nil || p.Skip != skip {
			t.Errorf("page %d: %d, %v", skip, p.Skip, err)
		}
	}
	if _, err := c.Wallet(t.Context()); err != nil {
		t.Error(err)
	}
	if n := connections.Load(); n != 7 {
		t.Errorf("%d connections, want one that was kept and six of their own", n)
	}
}
