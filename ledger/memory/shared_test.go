package memory_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/ledgertest"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
)

const (
	lease   = 15 * time.Second
	timeout = 30 * time.Second
)

// pass lets time pass, and what is due at the end of it happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// member is a process that has joined.
type member struct {
	*memory.Process
	ledger.Membership
}

func join(t *testing.T, l *memory.Ledger, host string) member {
	t.Helper()
	p := l.Connect()
	m, err := p.Join(t.Context(), ledger.Sender{Host: host, Lease: lease, Timeout: timeout})
	must(t, err)
	t.Cleanup(func() {
		if err := m.Leave(context.WithoutCancel(t.Context())); err != nil && !errors.Is(err, ledger.ErrWrite) {
			t.Error(err)
		}
	})
	return member{p, m}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// register registers a batch of n customers; their ids count from 1.
func register(t *testing.T, l *memory.Ledger, n int) int64 {
	t.Helper()
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "f"})
	must(t, err)
	for i := range n {
		text := string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)) + "@example.com"
		must(t, reg.Add(t.Context(), []ledger.Row{{Ordinal: i, Number: i, Identity: text, Email: text, Claims: true, Repeats: -1}}))
	}
	b, err := reg.Commit(t.Context())
	must(t, err)
	return b.ID
}

func (m member) intend(t *testing.T, customer int64, intents int) int64 {
	t.Helper()
	status := ledger.Pending
	if intents > 0 {
		status = ledger.InDoubt
	}
	ids, err := m.Intend(t.Context(), m.ID(), []ledger.Intent{{Expect: ledger.Expect{Customer: customer, Status: status, Intents: intents}, Generation: intents + 1, Key: "k", At: ledger.Instant{At: m.Now()}}})
	must(t, err)
	return ids[0]
}

// answer is the change of a request that created a user.
func answer(customer, attempt int64, at time.Time) ledger.Change {
	return ledger.Change{Expect: ledger.Expect{Customer: customer, Status: ledger.InDoubt, Intents: 1}, Status: ledger.Created, At: at,
		ServiceID: "acme-1", URL: "https://withpersona.com/verify?inquiry-id=1", Close: []ledger.Closing{{Attempt: attempt, Class: ledger.OK, NotAfter: ledger.Instant{At: at}, HTTPStatus: 201}}}
}

func find(t *testing.T, l *memory.Ledger, id int64) ledger.Customer {
	t.Helper()
	for c, err := range l.Customers(t.Context(), ledger.Query{IDs: []int64{id}, History: true}) {
		must(t, err)
		return c
	}
	t.Fatalf("no customer %d", id)
	return ledger.Customer{}
}

// A joined process is held to what every ledger must do.
func TestProcess(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) ledger.Ledger { return join(t, memory.New("sandbox"), "a").Process })
}

// TestSilentSender: a killed sender is declared ended after its lease, its open attempt is
// closed after its time-out, and not before.
func TestSilentSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memory.New("sandbox")
		batch := register(t, l, 600)
		a, b := join(t, l, "a"), join(t, l, "b")
		must(t, a.EnterBatch(t.Context(), batch))
		must(t, b.EnterBatch(t.Context(), batch))
		if s, err := a.ClaimSlice(t.Context(), batch); err != nil || s.From != 0 {
			t.Fatalf("%+v, %v", s, err)
		}
		attempt := a.intend(t, 1, 0)
		if b.intend(t, 1, 0) != 0 {
			t.Error("two senders have an attempt for one customer")
		}
		if !a.MaySend(attempt) || b.MaySend(attempt) {
			t.Error("only the sender that opened an attempt may send it")
		}
		isLeader, err := a.TakeRole(t.Context(), ledger.RoleResolver)
		must(t, err)
		if other, err := b.TakeRole(t.Context(), ledger.RoleResolver); err != nil || other || !isLeader {
			t.Errorf("both lead, or none: %t %t %v", isLeader, other, err)
		}
		pass(3 * lease) // beating keeps both
		if !a.MaySend(attempt) {
			t.Error("a sender that beats has lost its lease")
		}
		a.Kill()
		pass(lease)
		if a.MaySend(attempt) {
			t.Error("a sender without a beat may send after its lease")
		}
		pass(lease / 2)
		all, err := b.Senders(t.Context())
		must(t, err)
		if all[0].EndReason != "silent" || all[0].InFlight != 1 || all[0].Sent != 1 {
			t.Errorf("%+v", all[0])
		}
		if c := find(t, l, 1); c.History[0].Class != ledger.Open {
			t.Error("closed while its request may be in flight")
		}
		if isLeader, err := b.TakeRole(t.Context(), ledger.RoleResolver); err != nil || !isLeader {
			t.Errorf("the role of an ended sender is not free: %v", err)
		}
		for i, want := range []int{0, 256, 512} { // the first is free again
			if s, err := b.ClaimSlice(t.Context(), batch); err != nil || s.From != want {
				t.Errorf("slice %d: %+v, %v", i, s, err)
			}
		}
		if _, err := b.ClaimSlice(t.Context(), batch); !errors.Is(err, ledger.ErrNotFound) {
			t.Error(err)
		}
		pass(timeout + lease)
		if c := find(t, l, 1); c.Status != ledger.InDoubt || c.History[0].Class != ledger.Unknown {
			t.Errorf("%+v", c)
		}
	})
}

// TestPausedSender: a process that was declared ended may not send what it intended, joins
// again under a new number, and its late answer counts.
func TestPausedSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memory.New("sandbox")
		register(t, l, 3)
		a := join(t, l, "a")
		join(t, l, "b")
		number, sent, unsent := a.ID(), a.intend(t, 1, 0), a.intend(t, 2, 0)
		a.Suspend(true)
		pass(3*lease + timeout)
		a.Suspend(false)
		if a.MaySend(unsent) {
			t.Error("a paused sender may send after its lease")
		}
		refused, err := a.Record(t.Context(), 1, []ledger.Change{answer(1, sent, a.Now())})
		if err != nil || len(refused) != 1 {
			t.Fatalf("an answer to a swept attempt: %v, %v", refused, err)
		}
		refused, err = a.Merge(t.Context(), refused)
		if c := find(t, l, 1); err != nil || len(refused) != 0 || c.Status != ledger.Created || c.URL == "" {
			t.Errorf("%v, %v, %+v", refused, err, c)
		}
		next := a.intend(t, 3, 0)
		if next == 0 || a.ID() == number || !a.MaySend(next) || a.MaySend(unsent) {
			t.Error("it did not join again, or sends what an earlier number intended")
		}
	})
}

// TestOutageEndsNobody: a ledger that nobody reaches for longer than a lease ends no
// sender.
func TestOutageEndsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memory.New("sandbox")
		register(t, l, 1)
		a, b := join(t, l, "a"), join(t, l, "b")
		attempt := a.intend(t, 1, 0)
		a.Cut(true)
		b.Cut(true)
		pass(4 * lease)
		if a.MaySend(attempt) {
			t.Error("may send without a beat")
		}
		a.Cut(false)
		b.Cut(false)
		pass(lease)
		all, err := a.Senders(t.Context())
		must(t, err)
		for _, s := range all {
			if !s.Ended.IsZero() {
				t.Errorf("%s was declared ended", s.Host)
			}
		}
		if !a.MaySend(attempt) {
			t.Error("the attempt may not be sent any more")
		}
	})
}

// TestBatchOfSenders: Rest and Leave say which slices are done.
func TestBatchOfSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memory.New("sandbox")
		batch := register(t, l, 300)
		a, b := join(t, l, "a"), join(t, l, "b")
		claim := func(m member, want int) {
			t.Helper()
			s, err := m.ClaimSlice(t.Context(), batch)
			if want < 0 && !errors.Is(err, ledger.ErrNotFound) || want >= 0 && (err != nil || s.From != want) {
				t.Errorf("%+v, %v; want %d", s, err, want)
			}
		}
		must(t, a.EnterBatch(t.Context(), batch))
		claim(a, 0)
		must(t, a.SetResting(t.Context(), true))
		must(t, b.EnterBatch(t.Context(), batch))
		claim(b, 256)
		p, err := b.CountProgress(t.Context(), batch)
		if err != nil || p != (ledger.Progress{Rows: 300, Pending: 300, Senders: 2, Working: 1}) {
			t.Errorf("%+v, %v", p, err)
		}
		must(t, a.Leave(t.Context()))
		claim(b, -1) // it had done its slice
		must(t, b.UnclaimAll(t.Context()))
		claim(b, 256)
		must(t, b.Leave(t.Context()))
		c := join(t, l, "c") // all again: nobody sends it
		must(t, c.EnterBatch(t.Context(), batch))
		claim(c, 0)
		now := c.Now()
		must(t, c.AddClearances(t.Context(), []ledger.Clearance{{Customer: 1, Intents: 0, FreshUntil: now.Add(time.Second)}, {Customer: 2, Intents: 4, FreshUntil: now.Add(time.Second)}}))
		if list, err := c.FreshClearances(t.Context(), batch); err != nil || len(list) != 1 || list[0].Customer != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		l.MoveClock(time.Minute)
		if list, err := c.FreshClearances(t.Context(), batch); err != nil || len(list) != 0 {
			t.Errorf("not fresh: %+v, %v", list, err)
		}
	})
}
