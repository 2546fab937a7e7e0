package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// group is several runs that send from one shared ledger to one partner, in fake time.
type group struct {
	t       *testing.T
	partner *fakePartner
	ledger  *memory.Ledger
	senders []*groupSender
	runs    sync.WaitGroup
}

// groupSender is one of the runs, with its own view of the ledger and its own connection
// to the partner.
type groupSender struct {
	cfg     Config
	process *memory.Process
	partner *sendersPartner
	summary Summary
	err     error
}

// sendersPartner is the partner as one sender reaches it.
type sendersPartner struct {
	*fakePartner
	process     *memory.Process
	asksNothing bool // a mutation: the client does not ask whether the request may still begin
}

// Create asks for permission as the client does, once the connection is ready. A
// suspended process is stopped right before that.
func (p *sendersPartner) Create(ctx context.Context, key string, u validate.User) partner.Answer {
	p.process.AwaitRunning()
	if err := partner.AskPermission(ctx); err != nil && !p.asksNothing {
		now := time.Now()
		return partner.Answer{Class: ledger.NotSent, Cause: "forbidden", Began: now, Ended: now}
	}
	a := p.fakePartner.Create(ctx, key, u)
	p.process.AwaitRunning()
	return a
}

const groupLease = 15 * time.Second

// newGroup returns senders of one batch of n rows. The rate is that of all together.
func newGroup(t *testing.T, n, senders int, perSecond float64) *group {
	g := &group{t: t, partner: newFake(), ledger: memory.New("sandbox")}
	for i := range senders {
		s := g.addSender(n)
		if i == 0 {
			if err := s.process.SetRate(t.Context(), perSecond); err != nil {
				t.Fatal(err)
			}
		}
	}
	return g
}

func (g *group) addSender(n int) *groupSender {
	p := g.ledger.Connect()
	s := &groupSender{process: p, partner: &sendersPartner{fakePartner: g.partner, process: p}}
	s.cfg = Config{Input: people(n), Partner: s.partner, Ledger: p, Environment: "sandbox", Lease: groupLease,
		Origin: ledger.Run{Host: fmt.Sprintf("host-%d", len(g.senders)+1)}, Doubt: DoubtRules{SkipConfirm: true}}
	g.senders = append(g.senders, s)
	return s
}

// start starts a run. Runs of one input are not registered at the same moment: they
// begin a second apart.
func (g *group) start(s *groupSender) {
	g.runs.Go(func() {
		ctx, cancel := context.WithTimeout(g.t.Context(), 3*time.Hour) // a run that never ends is an error
		defer cancel()
		s.summary, s.err = Run(ctx, s.cfg)
	})
	time.Sleep(time.Second)
}

// runAll runs all senders to their end.
func (g *group) runAll(during func()) {
	g.t.Helper()
	for _, s := range g.senders {
		g.start(s)
	}
	if during != nil {
		during()
	}
	g.runs.Wait()
}

// audit checks what must hold whatever happened: nobody has two users, and no status
// contradicts the partner.
func (g *group) audit(perSecond int) {
	g.t.Helper()
	users := map[string]partner.Listed{}
	for _, u := range g.partner.users {
		if _, twice := users[u.Email]; twice {
			g.t.Errorf("%s was created twice", u.Email)
		}
		users[u.Email] = u
	}
	for c, err := range g.ledger.Customers(g.t.Context(), ledger.Query{History: true}) {
		if err != nil {
			g.t.Fatal(err)
		}
		if hasOpenAttempt(c) {
			g.t.Errorf("%s has an open attempt", c.Email)
		}
		u, exists := users[c.Email]
		switch c.Status {
		case ledger.Created:
			if !exists || u.ServiceID != c.ServiceID || g.partner.links[c.Email] != c.URL {
				g.t.Errorf("%s: created in the ledger, and not so at the partner", c.Email)
			}
		case ledger.LinkMissing:
			if !exists || u.ServiceID != c.ServiceID {
				g.t.Errorf("%s: link_missing in the ledger, and not so at the partner", c.Email)
			}
		case ledger.InDoubt:
		default:
			if exists {
				g.t.Errorf("%s: %s in the ledger, and exists at the partner", c.Email, c.Status)
			}
		}
	}
	if worst := g.worstSecond(); worst > perSecond+2 { // a request may begin two turns late
		g.t.Errorf("%d requests in one second, at a rate of %d", worst, perSecond)
	}
}

// worstSecond returns the most create-user requests in any second.
func (g *group) worstSecond() (worst int) {
	times := make([]time.Time, len(g.partner.posts))
	for i, p := range g.partner.posts {
		times[i] = p.at
	}
	slices.SortFunc(times, time.Time.Compare)
	from := 0
	for to := range times {
		for times[to].Sub(times[from]) >= time.Second {
			from++
		}
		worst = max(worst, to-from+1)
	}
	return worst
}

// wantAll checks that every row was created, as each of the runs reports it.
func (g *group) wantAll(n int) {
	g.t.Helper()
	for i, s := range g.senders {
		if s.err != nil {
			g.t.Errorf("sender %d: %v", i+1, s.err)
		}
		if s.summary.Tally.Status[ledger.Created] != n {
			g.t.Errorf("sender %d reports %v, want %d created", i+1, s.summary.Tally.Status, n)
		}
	}
}

// wantInLedger checks that every row was created in the end, whatever those runs report
// that had ended before.
func (g *group) wantInLedger(n int) {
	g.t.Helper()
	for i, s := range g.senders {
		if s.err != nil {
			g.t.Errorf("sender %d: %v", i+1, s.err)
		}
	}
	tally, err := g.ledger.Tally(g.t.Context(), ledger.Selection{})
	if err != nil || tally.Status[ledger.Created] != n {
		g.t.Errorf("%v created in the ledger, want %d; %v", tally.Status, n, err)
	}
}

func (g *group) sentBy() (counts []int) {
	for _, s := range g.senders {
		counts = append(counts, s.summary.Sent)
	}
	return counts
}

// TestSendersShareBatch: three senders send one list once, at one rate, and all report
// the same.
func TestSendersShareBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 3000, 50
		g := newGroup(t, rows, 3, rate)
		joined := 0
		for _, s := range g.senders {
			s.cfg.OnJoin = func(others []ledger.SenderState, p ledger.Progress) { joined += len(others); _ = p }
		}
		began := time.Now()
		g.runAll(nil)
		took := time.Since(began)
		g.audit(rate)
		g.wantAll(rows)
		if n := len(g.partner.posts); n != rows {
			t.Errorf("%d requests for %d rows", n, rows)
		}
		for i, n := range g.sentBy() {
			if n < rows/10 {
				t.Errorf("sender %d sent %d of %d rows: %v", i+1, n, rows, g.sentBy())
			}
		}
		if ideal := rows / rate * time.Second; took > ideal+10*time.Second {
			t.Errorf("took %s for what %d/s does in %s", took, rate, ideal)
		}
		if joined != 1+2 {
			t.Errorf("%d senders were said to be there, want 3", joined)
		}
	})
}

// TestSendersBeginTogether: three senders check one list at the same moment. One registers
// it, and the others find it registered.
func TestSendersBeginTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 300, 50
		g := newGroup(t, rows, 3, rate)
		for _, s := range g.senders {
			g.runs.Go(func() { s.summary, s.err = Run(t.Context(), s.cfg) })
		}
		time.Sleep(2 * time.Second)
		g.partner.mu.Lock()
		g.partner.balance = "12.5" // the others spend, too
		g.partner.mu.Unlock()
		g.runs.Wait()
		g.audit(rate)
		g.wantAll(rows)
		for i, s := range g.senders {
			if s.summary.WalletTo.String() != "12.50" {
				t.Errorf("sender %d, which sent %d, says that the wallet has %s", i+1, s.summary.Sent, s.summary.WalletTo)
			}
		}
		if n := len(g.partner.posts); n != rows {
			t.Errorf("%d requests for %d rows", n, rows)
		}
	})
}

// TestGapAmongSenders: what one sender did is lost together with it while others send. Rows
// that they claim afterwards are not called duplicates of the users that it had created.
func TestGapAmongSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, lost, rate = 2000, 1990, 20 // in the last slice
		g := newGroup(t, rows, 2, rate)
		g.runAll(func() {
			time.Sleep(20 * time.Second)
			now := time.Now()
			g.partner.mu.Lock()
			g.partner.users = append(g.partner.users, partner.Listed{ServiceID: "acme-rain-user-ofthelost", Email: email(lost), FirstName: "Person", LastName: letters(lost), CreatedAt: now})
			g.partner.mu.Unlock()
			gap := ledger.Gap{Cause: ledger.GapAdopt, From: ledger.Instant{At: now.Add(-time.Minute), Certain: true}, To: ledger.Instant{At: now, Certain: true}}
			if _, err := g.ledger.OpenGap(t.Context(), gap); err != nil {
				t.Error(err)
			}
		})
		g.audit(rate)
		for c, err := range g.ledger.Customers(t.Context(), ledger.Query{Identities: []string{email(lost)}}) {
			if err != nil || c.Status != ledger.InDoubt || c.Code != decide.CodeCreatedInGap {
				t.Errorf("the customer of the lost request is %s (%s), %v", c.Status, c.Code, err)
			}
		}
		if n := g.senders[0].summary.Tally.Status[ledger.Created]; n != rows-1 {
			t.Errorf("%d are created", n)
		}
	})
}

// TestPreviewAmongSenders: a plan of a list that others are sending shows their rate, and
// draws its requests from it.
func TestPreviewAmongSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 600, 20
		g := newGroup(t, rows, 2, rate)
		looker := g.addSender(rows)
		g.senders = g.senders[:2]
		g.runAll(func() {
			time.Sleep(5 * time.Second)
			plan, err := Preview(t.Context(), looker.cfg)
			if err != nil || plan.Rate != rate || plan.Send == 0 || plan.Send >= rows {
				t.Errorf("%+v, %v", plan, err)
			}
		})
		g.audit(rate)
		g.wantAll(rows)
	})
}

// TestSendersIgnoreClaims: safety does not depend on claims.
func TestSendersIgnoreClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 1000, 50
		g := newGroup(t, rows, 3, rate)
		for _, s := range g.senders {
			s.process.IgnoresClaims = true
		}
		g.runAll(nil)
		g.audit(rate)
		g.wantAll(rows)
		if n := len(g.partner.posts); n != rows {
			t.Errorf("%d requests for %d rows", n, rows)
		}
	})
}

// TestSenderDies: the rows of a killed sender are settled by the others.
func TestSenderDies(t *testing.T) {
	for _, first := range []int{0, 1} { // the resolver, which is the first, or another one
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rows, rate = 1500, 20
				g := newGroup(t, rows, 3, rate)
				g.partner.latency = 3 * time.Second
				dead := g.senders[first]
				g.runAll(func() {
					time.Sleep(20 * time.Second)
					dead.process.Kill()
				})
				g.audit(rate)
				if dead.err == nil {
					t.Error("a killed sender ended as if nothing had happened")
				}
				for i, s := range g.senders {
					if s == dead {
						continue
					}
					if s.err != nil {
						t.Errorf("sender %d: %v", i+1, s.err)
					}
					if done := s.summary.Tally.Status[ledger.Created] + s.summary.Tally.Status[ledger.LinkMissing]; done != rows || s.summary.Tally.Status[ledger.LinkMissing] == 0 {
						t.Errorf("sender %d reports %v", i+1, s.summary.Tally.Status)
					}
				}
			})
		})
	}
}

// pauseOne suspends one of two senders for some time, in the middle of its requests.
func pauseOne(t *testing.T, pause time.Duration, asksNothing bool) *group {
	const rows, rate = 1000, 20
	g := newGroup(t, rows, 2, rate)
	g.partner.ttl = time.Minute
	g.partner.allowsTwice = true
	for _, s := range g.senders {
		s.cfg.Doubt.KeyTTL, s.cfg.Doubt.Settle, s.cfg.Doubt.Timeout = time.Minute, 30*time.Second, 20*time.Second
		s.partner.asksNothing = asksNothing
	}
	g.runAll(func() {
		time.Sleep(10 * time.Second)
		g.senders[0].process.Suspend(true)
		time.Sleep(pause)
		g.senders[0].process.Suspend(false)
	})
	return g
}

// TestSenderPauses: a sender that was suspended sends nothing that it had intended before,
// and what it still learns counts.
func TestSenderPauses(t *testing.T) {
	for _, pause := range []time.Duration{5 * time.Second, 30 * time.Second, 5 * time.Minute} {
		t.Run(pause.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := pauseOne(t, pause, false)
				g.audit(20)
				g.wantInLedger(1000)
			})
		})
	}
}

// TestPausedSenderMustAsk is the mutation: without the question at the first byte, a
// sender that was suspended for long enough creates customers twice. Should this test
// fail, TestSenderPauses shows nothing.
func TestPausedSenderMustAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := pauseOne(t, 5*time.Minute, true)
		emails := map[string]int{}
		doubles := 0
		for _, u := range g.partner.users {
			if emails[u.Email]++; emails[u.Email] == 2 {
				doubles++
			}
		}
		if doubles == 0 {
			t.Error("nobody was created twice although no sender asked before it sent")
		}
	})
}

// TestSenderCutOff: a sender that cannot reach the ledger for three leases sends nothing
// after its lease, and all that it had sent keeps its link.
func TestSenderCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 1500, 20
		g := newGroup(t, rows, 2, rate)
		g.partner.latency = 3 * time.Second
		cut := g.senders[1]
		var before, after int
		g.runAll(func() {
			time.Sleep(20 * time.Second)
			cut.process.Cut(true)
			time.Sleep(groupLease)
			before = len(cut.process.Kept())
			time.Sleep(2 * groupLease)
			after = len(cut.process.Kept())
			cut.process.Cut(false)
		})
		g.audit(rate)
		g.wantAll(rows)
		if before == 0 || after != before {
			t.Errorf("%d answers in the emergency file after a lease, %d after three", before, after)
		}
	})
}

// TestSenderStaysCutOff: a sender that cannot reach the ledger any more ends when its
// patience is over, with its answers in the emergency file, which another process merges.
func TestSenderStaysCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 1500, 20
		g := newGroup(t, rows, 2, rate)
		g.partner.latency = 3 * time.Second
		cut := g.senders[1]
		cut.cfg.Pace.Patience = 2 * time.Minute
		g.runAll(func() {
			time.Sleep(20 * time.Second)
			cut.process.Cut(true)
		})
		g.audit(rate)
		stop, ok := errors.AsType[*Stop](cut.err)
		if !ok || stop.Reason != LedgerFault {
			t.Fatalf("ended with %v", cut.err)
		}
		lost := g.senders[0].summary.Tally.Status[ledger.LinkMissing]
		if lost == 0 || len(cut.process.Kept()) < lost {
			t.Fatalf("%d links are missing, %d answers were kept", lost, len(cut.process.Kept()))
		}
		other := g.ledger.Connect()
		for range 2 { // twice gives nothing new
			if _, err := other.Merge(t.Context(), cut.process.Kept()); err != nil {
				t.Fatal(err)
			}
			tally, err := other.Tally(t.Context(), ledger.Selection{Batch: g.senders[0].summary.Batch.ID})
			if err != nil || tally.Status[ledger.Created] != rows {
				t.Errorf("%v, %v", tally.Status, err)
			}
		}
	})
}

// TestLedgerAwayForAll: the ledger is out of reach of all senders for three leases. No
// one is declared ended, and no link is lost.
func TestLedgerAwayForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 1500, 20
		g := newGroup(t, rows, 3, rate)
		g.partner.latency = time.Second
		g.runAll(func() {
			time.Sleep(20 * time.Second)
			for _, s := range g.senders {
				s.process.Cut(true)
			}
			time.Sleep(3 * groupLease)
			for _, s := range g.senders {
				s.process.Cut(false)
			}
		})
		g.audit(rate)
		g.wantAll(rows)
		all, err := g.senders[0].process.Senders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.EndReason != "finished" {
				t.Errorf("%s ended as %q", s.Host, s.EndReason)
			}
		}
	})
}

// TestSendersMoveClock: the ledger's clock differs from that of the hosts, and jumps.
func TestSendersMoveClock(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rows, rate = 1000, 20
				g := newGroup(t, rows, 2, rate)
				g.partner.latency = 2 * time.Second
				g.partner.script[email(150)] = []act{lose}
				g.partner.script[email(160)] = []act{fail}
				g.ledger.MoveClock(by)
				g.runAll(func() {
					time.Sleep(20 * time.Second)
					g.senders[1].process.Kill()
					time.Sleep(5 * time.Second)
					g.ledger.MoveClock(10 * time.Second) // a failover to a server whose clock is ahead
				})
				g.audit(rate)
				s := g.senders[0].summary
				if g.senders[0].err != nil || s.Tally.Status[ledger.Created]+s.Tally.Status[ledger.LinkMissing] != rows {
					t.Errorf("%v, %v", s.Tally.Status, g.senders[0].err)
				}
				for c, err := range g.ledger.Customers(t.Context(), ledger.Query{History: true}) {
					if err != nil {
						t.Fatal(err)
					}
					for _, a := range c.History {
						if off := time.Until(a.NotBefore.At); off < by-2*time.Hour/3 || off > by+time.Minute {
							t.Fatalf("an intent at %s by the ledger's clock, which is %s off", a.NotBefore.At, by)
						}
					}
				}
			})
		})
	}
}

// TestSendersSettleDoubts: rows of all senders are in doubt, each for another reason. The
// one that reads the list settles all, and each sender sends again what may be.
func TestSendersSettleDoubts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 1200, 20
		g := newGroup(t, rows, 3, rate)
		lost := 0
		for n := range rows {
			switch n % 60 {
			case 10: // absent, and then turned away: to be looked up once more
				g.partner.script[email(n)] = []act{fail, say(partner.Answer{Class: ledger.Busy, HTTPStatus: 429, RetryAfter: 5 * time.Second})}
			case 20:
				g.partner.script[email(n)] = []act{lose}
				lost++
			case 30: // absent twice
				g.partner.script[email(n)] = []act{fail, fail}
			case 40: // an unanswered request, and then a refusal that says nothing of it
				g.partner.script[email(n)] = []act{say(partner.Answer{Class: ledger.Throttled, HTTPStatus: 429}), fail}
			}
		}
		g.runAll(nil)
		g.audit(rate)
		for i, s := range g.senders {
			if s.err != nil {
				t.Errorf("sender %d: %v", i+1, s.err)
			}
			want(t, s.summary, map[ledger.Status]int{ledger.Created: rows - lost, ledger.LinkMissing: lost})
		}
		for i, n := range g.sentBy() {
			if n < rows/10 {
				t.Errorf("sender %d sent %d of %d rows", i+1, n, rows)
			}
		}
	})
}

// TestSenderIsToldToWait: a 429 to one sender makes all wait.
func TestSenderIsToldToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 1000, 20
		g := newGroup(t, rows, 3, rate)
		g.partner.script[email(300)] = []act{func(f *fakePartner, _ string, _ validate.User) partner.Answer {
			f.busyAt = time.Now()
			return partner.Answer{Class: ledger.Busy, HTTPStatus: 429, RetryAfter: 30 * time.Second}
		}}
		g.runAll(nil)
		g.audit(rate)
		g.wantAll(rows)
		if g.partner.busyAt.IsZero() {
			t.Fatal("there was no 429")
		}
		for _, p := range g.partner.posts {
			if since := p.at.Sub(g.partner.busyAt); since > 150*time.Millisecond && since < 30*time.Second {
				t.Errorf("a request %s after a 429 that asks to wait 30 s", since)
			}
		}
	})
}

// TestSendersEmptyWallet: after a 402 to one sender all stop, one of them tries when the
// wallet is topped up, and then all continue.
func TestSendersEmptyWallet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 1000, 20
		g := newGroup(t, rows, 3, rate)
		var emptyAt, filledAt time.Time
		g.partner.always = func(f *fakePartner, key string, u validate.User) partner.Answer {
			if len(f.users) >= 300 && filledAt.IsZero() {
				if emptyAt.IsZero() {
					emptyAt, f.balance = time.Now(), "0"
				}
				return partner.Answer{Class: ledger.Funds, HTTPStatus: 402}
			}
			return create(f, key, u)
		}
		for _, s := range g.senders {
			s.cfg.Money.Wait = true
		}
		g.runAll(func() {
			time.Sleep(3 * time.Minute)
			g.partner.mu.Lock()
			filledAt, g.partner.balance = time.Now(), "2000000"
			g.partner.mu.Unlock()
		})
		g.audit(rate)
		g.wantAll(rows)
		refused := 0
		for _, p := range g.partner.posts {
			if p.at.After(emptyAt.Add(time.Second)) && p.at.Before(filledAt) {
				refused++
			}
		}
		if emptyAt.IsZero() || refused != 0 {
			t.Errorf("%d requests while the wallet was empty", refused)
		}
	})
}

// TestSendersAreHeld: an operator stops all senders, and lets them continue.
func TestSendersAreHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 1000, 20
		g := newGroup(t, rows, 3, rate)
		operator := g.ledger.Connect()
		var held, released time.Time
		g.runAll(func() {
			time.Sleep(10 * time.Second)
			if err := operator.Hold(t.Context(), "ops", "wrong list"); err != nil {
				t.Error(err)
			}
			held = time.Now()
			time.Sleep(time.Minute)
			released = time.Now()
			if err := operator.Release(t.Context()); err != nil {
				t.Error(err)
			}
		})
		g.audit(rate)
		g.wantAll(rows)
		for _, p := range g.partner.posts {
			if p.at.After(held.Add(300*time.Millisecond)) && p.at.Before(released) {
				t.Errorf("a request %s after the hold", p.at.Sub(held))
			}
		}
	})
}

// TestSendersOfTwoLists: two lists with the same customers, sent at the same time.
func TestSendersOfTwoLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 600, 20
		g := newGroup(t, rows, 2, rate)
		g.senders[1].cfg.Input = people(rows + 100)
		g.partner.script[email(80)] = []act{lose}
		g.partner.script[email(90)] = []act{fail}
		g.runAll(nil)
		g.audit(rate)
		for i, s := range g.senders {
			if done := s.summary.Tally.Status[ledger.Created] + s.summary.Tally.Status[ledger.LinkMissing]; s.err != nil || done != rows+100*i {
				t.Errorf("sender %d: %v, %v", i+1, s.summary.Tally.Status, s.err)
			}
		}
	})
}

// TestOneSenderOfSharedLedger: alone on a shared ledger a run does what it does on any
// other, doubts included.
func TestOneSenderOfSharedLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, rate = 700, 20
		g := newGroup(t, rows, 1, rate)
		g.partner.script[email(30)] = []act{lose}
		g.partner.script[email(600)] = []act{fail}
		g.runAll(nil)
		g.audit(rate)
		want(t, g.senders[0].summary, map[ledger.Status]int{ledger.Created: rows - 1, ledger.LinkMissing: 1})
		if g.senders[0].err != nil {
			t.Error(g.senders[0].err)
		}
	})
}

// TestLeaseIsOver: a sender whose lease stays over waits for it as long as for anything, and
// then says that it was the ledger, not the partner, that it did not reach.
func TestLeaseIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sharedRun{run: &run{cfg: Config{Pace: Pace{Patience: time.Minute}}, clock: &pacing.Clock{}}, ledger: memory.New("sandbox").Connect()}
		if _, own, err := s.askPace(t.Context()); err != nil || !own.IsZero() {
			t.Errorf("while it lasts: %s, %v", own, err)
		}
		s.leaseEnd.Store(time.Now().UnixNano())
		for range 2 { // it is tried again and again
			s.leaseOut.Store(time.Now().UnixNano())
			if _, own, err := s.askPace(t.Context()); err != nil || !own.Equal(time.Now().Add(leasePause)) {
				t.Errorf("at first: %s, %v", own, err)
			}
			<-time.After(time.Minute)
		}
		_, _, err := s.askPace(t.Context())
		if stop := (*Stop)(nil); !errors.As(err, &stop) || stop.Reason != LedgerFault || !errors.Is(err, errLeaseEnded) {
			t.Errorf("after its patience: %v", err)
		}
	})
}
