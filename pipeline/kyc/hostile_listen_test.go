package kyc

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// countedListener reports each connection that the server has accepted.
type countedListener struct {
	net.Listener
	accepted chan struct{}
}

func (l *countedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.accepted <- struct{}{}
	}
	return c, err
}

// served is an endpoint with its callers.
type served struct {
	t        *testing.T
	address  string
	accepted chan struct{}
	end      func() error // stops serving, and returns what Serve did
}

// listenTo serves l to at most so many connections.
func listenTo(t *testing.T, l Ledger, most int) *served {
	t.Helper()
	h, err := Handler(Endpoint{Ledger: l, Secrets: [][]byte{[]byte("whsec_1")}, Now: moment,
		Failed: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &served{t: t, address: listener.Addr().String(), accepted: make(chan struct{}, 10_000)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- serveLimited(ctx, newLimitListener(&countedListener{listener, e.accepted}, most), h, time.Millisecond)
	}()
	ended := false
	e.end = func() error {
		cancel()
		ended = true
		return <-done
	}
	t.Cleanup(func() {
		if !ended {
			if err := e.end(); err != nil {
				t.Error(err)
			}
		}
	})
	return e
}

// dial opens a connection on which these bytes are sent, and waits until the
// server has it.
func (e *served) dial(bytes string) net.Conn {
	e.t.Helper()
	c, err := net.Dial("tcp", e.address)
	if err == nil {
		_, err = io.WriteString(c, bytes)
	}
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { _ = c.Close() })
	<-e.accepted
	return c
}

// post sends a signed event on a connection of its own, and returns the status.
func (e *served) post(body string) (int, error) {
	r, err := http.NewRequest(http.MethodPost, "http://"+e.address, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-Webhook-Signature", hex.EncodeToString(sum("whsec_1", body)))
	r.Close = true
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// stalls are the beginnings of requests that never end.
func stalls() []string {
	signed := hex.EncodeToString(sum("whsec_1", "{}"))
	return []string{
		"", // no bytes
		"POST / HT",
		"POST / HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("a", 1000), // half a header
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",        // half a body
		"POST / HTTP/1.1\r\nHost: x\r\nX-Webhook-Signature: " + signed + "\r\nContent-Length: 1000\r\n\r\n{}",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n{", // half a chunk
		"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", // a TLS hello, and nothing after it
		"\x00",
	}
}

// Signed events get through while 200 sockets stall, some of them a byte at a time.
func TestHostileStalledSockets(t *testing.T) {
	l := created(t, ledger.Created, 1, nil)
	e := listenTo(t, l, limits.WebhookConns)
	var drips []net.Conn
	for i := range 200 {
		c := e.dial(stalls()[i%len(stalls())])
		if i%len(stalls()) < 4 {
			drips = append(drips, c)
		}
	}
	answered := make(chan struct{}, 80)
	var senders errgroup.Group
	for i := range 80 {
		senders.Go(func() error {
			defer func() { answered <- struct{}{} }()
			status, err := e.post(event("user.kyc-event", fmt.Sprintf(`{"serviceId":"acme-1","status":"pending","n":%d}`, i)))
			if err == nil && status != http.StatusNoContent {
				err = fmt.Errorf("event %d: status %d", i, status)
			}
			return err
		})
	}
	for range 80 {
		<-answered
		for _, c := range drips {
			_, _ = c.Write([]byte("a")) // it may be closed by now
		}
	}
	if err := senders.Wait(); err != nil {
		t.Error(err)
	}
	if err := e.end(); err != nil {
		t.Errorf("stalled sockets make the end a failure: %v", err)
	}
}

// More sockets than there may be push out each other, the oldest first, and not
// those who have something to say.
func TestHostileMoreSocketsThanAllowed(t *testing.T) {
	const most = 10
	e := listenTo(t, created(t, ledger.Created, 1, nil), most)
	var all []net.Conn
	for i := range 200 {
		all = append(all, e.dial(stalls()[i%5]))
		if i%10 != 0 {
			continue
		}
		if status, err := e.post(event("user.kyc-event", `{"serviceId":"acme-1","status":"pending"}`)); err != nil || status != http.StatusNoContent {
			t.Fatalf("after %d sockets: %d, %v", i, status, err)
		}
		<-e.accepted
	}
	for i, c := range all[:len(all)-most] {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Fatalf("socket %d got an answer", i)
		}
	}
}

// slowLedger lets each event wait until the test releases it.
type slowLedger struct {
	*memory.Ledger
	begun, goOn chan struct{}
}

func (l *slowLedger) ObserveKYC(ctx context.Context, e []ledger.KYCEvent) (int, error) {
	l.begun <- struct{}{}
	<-l.goOn
	return l.Ledger.ObserveKYC(ctx, e)
}

// An event that is being recorded keeps its connection, whatever else arrives; where
// all connections have one, the next waits instead of being refused.
func TestHostileSocketsWhileEventsAreRecorded(t *testing.T) {
	const most = 3
	l := &slowLedger{created(t, ledger.Created, 1, nil), make(chan struct{}, most+1), make(chan struct{})}
	e := listenTo(t, l, most)
	var senders errgroup.Group
	send := func() {
		senders.Go(func() error {
			status, err := e.post(event("user.kyc-event", `{"serviceId":"acme-1","status":"pending"}`))
			if err == nil && status != http.StatusNoContent {
				err = fmt.Errorf("status %d", status)
			}
			return err
		})
		<-e.accepted
	}
	for range most - 1 {
		send()
		<-l.begun
	}
	for i := range 50 {
		e.dial(stalls()[i%5])
	}
	send()
	<-l.begun
	send()               // waits: all three are recorded
	l.goOn <- struct{}{} // one ends, and lets it in
	<-l.begun            // the fourth
	for range most {
		l.goOn <- struct{}{}
	}
	if err := senders.Wait(); err != nil {
		t.Error(err)
	}
}

// An unsigned caller may send once on a connection, and no more than a body.
func TestHostileUnsignedEndsTheConnection(t *testing.T) {
	e := listenTo(t, created(t, ledger.Created, 1, nil), limits.WebhookConns)
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{}",
		"POST / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", limits.WebhookHeaders+8<<10) + "\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
	} {
		c := e.dial(request + request)
		text, err := io.ReadAll(c)
		if n := strings.Count(string(text), "HTTP/1.1 "); n != 1 || strings.Contains(string(text), " 204 ") != strings.HasPrefix(request, "GET") {
			var cut *net.OpError // the rest of what was sent was not read
			if !errors.As(err, &cut) || n > 1 {
				t.Errorf("%.40q: %d answers, %v\n%.300s", request, n, err, text)
			}
		}
	}
}
