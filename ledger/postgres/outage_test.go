package postgres

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// TestServerCrash: the server is killed and comes back; calls wait for it.
func TestServerCrash(t *testing.T) {
	t.Parallel()
	cluster := shared.Start(t)
	o := optionsFor(cluster.URL())
	o.Create = true
	l := openWith(t, o)
	b := registerRows(t, l, "one", 200, func(i int) ledger.Row { return rowOf(i, "a") })
	run := beginRun(t, l, b.ID)
	for at := 0; at < 200; at += 50 {
		intents := intentsFor(t, l, b.ID, at, 50)
		ids, err := l.Intend(t.Context(), run, intents)
		if err != nil {
			t.Fatal(err)
		}
		cluster.Stop(t, syscall.SIGQUIT)
		var restarted sync.WaitGroup
		restarted.Go(func() { cluster.Run(t) })
		left, err := l.Record(t.Context(), run, answersTo(intents, ids))
		restarted.Wait()
		if err != nil || len(left) > 0 {
			t.Fatal(left, err)
		}
	}
	if n := countWith(t, l, ledger.Created); n != 200 {
		t.Errorf("%d are created", n)
	}
	checkSound(t, l)
}

// TestServerAway: a server that stays away is an outage, and no damage.
func TestServerAway(t *testing.T) {
	t.Parallel()
	cluster := shared.Start(t)
	o := optionsFor(cluster.URL())
	o.Create, o.Patience = true, 100*time.Millisecond
	l := openWith(t, o)
	b := registerRows(t, l, "one", 1, func(i int) ledger.Row { return rowOf(i, "a") })
	run, intents := beginRun(t, l, b.ID), intentsFor(t, l, b.ID, 0, 1)
	cluster.Stop(t, syscall.SIGQUIT)
	if _, err := l.Intend(t.Context(), run, intents); !errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrWrite) {
		t.Errorf("intend: %v", err)
	}
	if _, err := l.Plan(t.Context(), b.ID, 0, 1); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("plan: %v", err)
	}
	if _, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrUnavailable) || strings.Contains(err.Error(), "\n") {
		t.Errorf("open: %v", err)
	}
	cluster.Run(t)
	if ids, err := l.Intend(t.Context(), run, intents); err != nil || ids[0] == 0 {
		t.Errorf("intend, once it is back: %v %v", ids, err)
	}
}

// TestFailureAndCloseAmongWrites: a write that fails, and Close, race with other writes
// (go test -race).
func TestFailureAndCloseAmongWrites(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	o := optionsFor(cluster.URL())
	o.Create = true
	l := openWith(t, o)
	nothing := func(context.Context, *tx) error { return nil }
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				_ = l.write(t.Context(), holdSender, nothing) // refused, at some time
			}
		})
	}
	all.Go(func() {
		_ = l.write(t.Context(), holdSender, func(context.Context, *tx) error { return errors.Join(tables.ErrMalformed, errors.New("disk")) })
	})
	all.Go(func() { _ = l.Close() })
	all.Wait()
	if err := l.write(t.Context(), holdSender, nothing); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("a write after the failure: %v", err)
	}
}

// TestLostAnswers: the connection is cut while a commit is under way, before or after the
// server has it. Every call finds what it did.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	for name, after := range map[string]bool{"before the server has it": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			address := cluster.URL()
			p := startProxy(t, address)
			p.cutAfter = after
			o := optionsFor(p.address)
			o.Create = true
			l := openWith(t, o)
			p.armed.Store(true)
			b := registerRows(t, l, "one", 120, func(i int) ledger.Row { return rowOf(i, "a") })
			p.armed.Store(true)
			run := beginRun(t, l, b.ID)
			for at := 0; at < 120; at += 40 {
				intents := intentsFor(t, l, b.ID, at, 40)
				p.armed.Store(true)
				ids, err := l.Intend(t.Context(), run, intents)
				if err != nil {
					t.Fatal(err)
				}
				p.armed.Store(true)
				if left, err := l.Record(t.Context(), run, answersTo(intents, ids)); err != nil || len(left) > 0 {
					t.Fatal(left, err)
				}
			}
			if p.cuts.Load() < 8 {
				t.Errorf("only %d commits were cut", p.cuts.Load())
			}
			if runs, attempts := count(t, l, "run"), count(t, l, "attempt"); runs != 1 || attempts != 120 || countWith(t, l, ledger.Created) != 120 {
				t.Errorf("%d runs, %d attempts, %d created", runs, attempts, countWith(t, l, ledger.Created))
			}
			checkSound(t, l)
		})
	}
}

// proxy stands between a ledger and its server, and cuts a connection at its next commit
// when it is armed.
type proxy struct {
	address  string
	cutAfter bool
	armed    atomic.Bool
	every    atomic.Int64 // also cut every so many commits; 0 = none
	commits  atomic.Int64
	cuts     atomic.Int64
	flow     sync.RWMutex // locked: nothing passes, and nobody is told
}

func startProxy(t *testing.T, address string) *proxy {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := startProxyTo(t, u.Host)
	u.Host = p.address
	p.address = u.String()
	return p
}

// startProxyTo is startProxy for what is no URL: its address is host:port.
func startProxyTo(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: listener.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(near, server) })
		}
	})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
	})
	return p
}

// serve passes on what a client and the server say to each other, until it cuts them off.
func (p *proxy) serve(near net.Conn, server string) {
	far, err := net.Dial("tcp", server)
	if err != nil {
		_ = near.Close()
		return
	}
	pass := func(from, to net.Conn, isCommit func([]byte) bool) {
		b := make([]byte, 1<<20)
		for {
			n, err := from.Read(b)
			if isCommit(b[:n]) && (p.armed.CompareAndSwap(true, false) || p.every.Load() > 0 && p.commits.Add(1)%p.every.Load() == 0) {
				p.cuts.Add(1)
				break
			}
			if n > 0 {
				p.flow.RLock()
				_, failed := to.Write(b[:n])
				p.flow.RUnlock()
				err = cmp.Or(err, failed)
			}
			if err != nil {
				break
			}
		}
		_, _ = near.Close(), far.Close() // the other direction ends with it
	}
	var back sync.WaitGroup
	back.Go(func() {
		pass(far, near, func(said []byte) bool { return p.cutAfter && bytes.Contains(said, []byte("COMMIT\x00")) })
	})
	// A group of the send pass names its commit only the first time. It is long.
	pass(near, far, func(said []byte) bool {
		return !p.cutAfter && (bytes.Contains(said, []byte("COMMIT")) || len(said) > 3000)
	})
	back.Wait()
}

// TestLostAnswersOfMembership: the answers to joining and leaving are lost. There is one
// sender nevertheless, and it has left.
func TestLostAnswersOfMembership(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	for name, after := range map[string]bool{"before the server has it": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			o := sharedOptions(cluster.URL())
			reader := openWith(t, o)
			if err := reader.Close(); err != nil {
				t.Fatal(err)
			}
			p := startProxy(t, o.Address)
			p.cutAfter = after
			if after {
				p.every.Store(2) // the first one is of looking after the schema
			} else {
				p.armed.Store(true)
			}
			o.Address = p.address
			x := newParty(t, o, newPartner())
			p.every.Store(0)
			p.armed.Store(true)
			if err := x.Leave(t.Context()); err != nil {
				t.Error(err)
			}
			if senders, ended := count(t, x.Ledger, "sender"), count(t, x.Ledger, "sender WHERE end_reason = 'finished'"); senders != 2 || ended != 2 || p.cuts.Load() < 2 {
				t.Errorf("%d senders, %d of them have left, %d cuts", senders, ended, p.cuts.Load())
			}
		})
	}
}

// TestReadingOfSilentServer: the server falls silent in the middle of a reading, which ends
// with its context. The answers that the caller holds would wait for ever otherwise.
func TestReadingOfSilentServer(t *testing.T) {
	cluster := shared.Cluster(t)
	o := optionsFor(cluster.URL())
	p := startProxy(t, o.Address)
	o.Address, o.Create = p.address, true
	l := openWith(t, o)
	registerRows(t, l, "one", 10, func(i int) ledger.Row { return rowOf(i, "a") })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() {
		_, err := read(ctx, &l.core, func(c *conn) (int, error) {
			p.flow.Lock()
			cancel()
			return 0, c.ReadCustomers(ctx, ledger.Query{}, func(ledger.Customer) error { return nil })
		})
		ended <- err
	}()
	select {
	case err := <-ended:
		p.flow.Unlock()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the reading ended with %v", err)
		}
	case <-time.After(time.Minute):
		p.flow.Unlock()
		t.Errorf("the reading did not end; now %v", <-ended)
	}
	if n := countWith(t, l, ledger.Pending); n != 10 {
		t.Errorf("%d customers are read afterwards", n)
	}
}
