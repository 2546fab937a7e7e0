package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// This file keeps the sequences that once broke the pipeline.

// panicking is a ledger that fails in the worst way, once.
type panicking struct {
	*memory.Ledger
	n int
}

func (p *panicking) Record(ctx context.Context, run int64, c []ledger.Change) ([]ledger.Change, error) {
	if p.n++; p.n == 3 {
		panic("boom")
	}
	return p.Ledger.Record(ctx, run, c)
}

// endsByPanic runs and expects an end within a day. The ledger in memory has no
// emergency file, so that what the panic kept from it is lost, and that is said.
func endsByPanic(t *testing.T, cfg Config) {
	t.Helper()
	done := make(chan error, 1)
	go func() { _, err := Run(t.Context(), cfg); done <- err }()
	select {
	case err := <-done:
		if reasonOf(err) != LedgerFault || !strings.Contains(err.Error(), "boom") {
			t.Errorf("a panic ends in %v", err)
		}
	case <-time.After(24 * time.Hour):
		t.Fatal("Run hangs for a day after a panic")
	}
}

func TestRecorderPanicDoesNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 20)
		b.cfg.Ledger = &panicking{Ledger: b.ledger}
		endsByPanic(t, b.cfg)
	})
}

func TestWatchPanicDoesNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 20)
		b.cfg.OnProgress = func(p Progress) {
			if p.Created == 3 {
				panic("boom")
			}
		}
		endsByPanic(t, b.cfg)
	})
}

func TestRowIsSentAgainAtALowRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.cfg.Pace.Rate = 1.0 / 60
		b.partner.script[email(0)] = []act{fail}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		s, err := Run(ctx, b.cfg)
		t.Log(err, time.Since(began), s.Tally.Status, "lists", len(b.partner.lists))
		n := 0
		for c := range b.ledger.Customers(t.Context(), ledger.Query{History: true}) {
			n = len(c.History)
		}
		t.Log("intents", n)
		if s.Tally.Status[ledger.Created] != 1 {
			t.Fatal("a day at 1/m, and the one row is not created")
		}
	})
}

func TestOtherInputsRowsAreNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.partner.script[email(0)] = []act{lose}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := Run(ctx, b.cfg)
		cancel()
		t.Log(err)
		time.Sleep(10 * time.Minute)
		b.cfg.Input = FromRows("other", validRow(7), validRow(8))
		var last Progress
		b.cfg.OnProgress = func(p Progress) { last = p }
		s, err := b.run()
		t.Logf("%v new=%v tally=%v done=%d decided=%d of %d", err, s.New, s.Tally.Status, s.AlreadyDone, last.Decided, last.ToSend)
		if s.New[ledger.LinkMissing] != 0 || last.Decided > last.ToSend {
			t.Errorf("a row of another input is counted in this run's figures")
		}
	})
}

func TestMeasuredFee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		fee := 200 // cents
		pay := func(a act) act {
			return func(f *fakePartner, k string, u validate.User) partner.Answer {
				n := len(f.users)
				ans := a(f, k, u)
				if len(f.users) > n {
					f.balance = fmt.Sprintf("%d.00", 1000-fee/100*len(f.users))
				}
				return ans
			}
		}
		b.partner.always = pay(create)
		b.partner.script[email(0)] = []act{pay(lose)}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		Run(ctx, b.cfg)
		cancel()
		time.Sleep(10 * time.Minute)
		b.cfg.Input = people(2) // the same customer and one more
		s, err := b.run()
		t.Log(err, s.Tally.Status, s.New, s.WalletFrom, s.WalletTo)
		text, _, _ := b.ledger.Fact(t.Context(), FactFee)
		if text != "" && text != "2.00" {
			t.Errorf("the fee is 2.00, learnt is %s", text)
		}
	})
}

type slowWallet struct{ *fakePartner }

func (s slowWallet) Wallet(ctx context.Context) (partner.Wallet, error) {
	began := time.Now()
	time.Sleep(20 * time.Second) // the request is slow on its way, the answer is quick
	w, err := s.fakePartner.Wallet(ctx)
	w.Began = began
	return w, err
}

func TestSlowWalletLeavesOurUserOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 5)
		b.cfg.Partner = slowWallet{b.partner}
		b.partner.script[email(0)] = []act{lose}
		s, err := b.run()
		t.Log(err, s.Tally.Status)
		want(t, s, map[ledger.Status]int{ledger.LinkMissing: 1, ledger.Created: 4})
	})
}

// Fault 37: our clock is set back while a request is in flight.
func TestClockStepsBackDuringARequest(t *testing.T) {
	h := []ledger.Attempt{}
	_ = h
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.partner.script[email(0)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
			return partner.Answer{Class: ledger.Unknown, Cause: "timeout"}
		}}
		b.cfg.Partner = stepsBack{b.partner}
		began := time.Now()
		s, err := b.run()
		t.Log(err, s.Tally.Status)
		if len(b.partner.posts) > 1 {
			if gap := b.partner.posts[1].at.Sub(b.partner.posts[0].at); gap < 400*time.Second {
				t.Errorf("sent again %s after an unanswered request: its key was alive", gap)
			}
		}
		_ = began
	})
}

type stepsBack struct{ *fakePartner }

func (s stepsBack) Create(ctx context.Context, key string, u validate.User) partner.Answer {
	a := s.fakePartner.Create(ctx, key, u)
	if a.Class == ledger.Unknown {
		a.Ended = a.Ended.Round(0).Add(-time.Hour) // what the wall clock reads
	}
	return a
}

func TestAgainRejectedAfterAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.partner.script[email(0)] = []act{fail, say(partner.Answer{Class: ledger.Reject, HTTPStatus: 422})}
		s, err := b.run()
		want(t, s, map[ledger.Status]int{ledger.Rejected: 1})
		t.Log(err)
		time.Sleep(time.Hour)
		b.cfg.Resend.Statuses = []ledger.Status{ledger.Rejected}
		s, err = b.run()
		t.Log(err, s.Tally.Status, s.Sent)
		want(t, s, map[ledger.Status]int{ledger.Created: 1})
	})
}

func TestMaxErrorsCountsUnclear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 300)
		b.partner.always = say(partner.Answer{Class: ledger.Unclear, HTTPStatus: 400, Code: "COUNTRY_BLOCKED"})
		b.cfg.Bounds.MaxErrors = Bound{Count: 5}
		s, err := b.run()
		t.Log(err, s.Tally.Status, s.Sent)
		if reasonOf(err) != MaxErrors {
			t.Errorf("all 300 rows were refused, and --max-errors 5 did not end the run")
		}
	})
}

type busyList struct {
	*fakePartner
	until *time.Time
	n     int
}

func (l *busyList) ListUsers(ctx context.Context, skip, limit int) (partner.Page, error) {
	if l.n++; l.n == 1 {
		*l.until = time.Now().Add(60 * time.Second)
		return partner.Page{}, &partner.Error{Class: ledger.Busy, HTTPStatus: 429, RetryAfter: 60 * time.Second}
	}
	return l.fakePartner.ListUsers(ctx, skip, limit)
}

type busyWallet struct {
	*fakePartner
	until *time.Time
	n     int
}

func (l *busyWallet) Wallet(ctx context.Context) (partner.Wallet, error) {
	if l.n++; l.n == 1 {
		*l.until = time.Now().Add(60 * time.Second)
		return partner.Wallet{}, &partner.Error{Class: ledger.Busy, HTTPStatus: 429, RetryAfter: 60 * time.Second}
	}
	return l.fakePartner.Wallet(ctx)
}

func TestRetryAfterOfTheListPausesPosts(t *testing.T) {
	for _, kind := range []string{"list", "wallet"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 2000)
				var until time.Time
				if kind == "list" {
					for i := range 40 {
						b.partner.script[email(i)] = []act{say(partner.Answer{Class: ledger.Unclear, HTTPStatus: 400, Code: "X"})}
					}
					b.cfg.Partner = &busyList{fakePartner: b.partner, until: &until}
				} else {
					b.cfg.Input = people(100)
					b.cfg.Partner = &busyWallet{fakePartner: b.partner, until: &until}
				}
				_, err := Run(t.Context(), b.cfg)
				t.Log(err)
				n := 0
				for _, p := range b.partner.posts {
					if !until.IsZero() && p.at.Before(until) && p.at.After(until.Add(-60*time.Second)) {
						n++
					}
				}
				if n > 0 {
					t.Errorf("%d POSTs before the Retry-After of a 429 was over", n)
				}
			})
		})
	}
}

func TestPatienceCountsNoQuietTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.cfg.Doubt.KeyTTL = 30 * time.Minute
		b.partner.ttl = 30 * time.Minute
		b.partner.script[email(0)] = []act{fail, say(partner.Answer{Class: ledger.NotSent, Cause: "refused"})}
		s, err := b.run1()
		t.Log(err, s.Tally.Status)
		if reasonOf(err) == PartnerDown {
			t.Errorf("one refused connection, after half an hour in which the list and the wallet answered, is mistaken for an outage as long as --patience")
		}
	})
}

func (b *bench) run1() (Summary, error) { return Run(b.t.Context(), b.cfg) }

func TestWalletWaitComparesWithThe402(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		b.partner.balance = "10.00"
		b.cfg.Money.Wait = true
		var at time.Time
		b.partner.script[email(1)] = []act{func(f *fakePartner, _ string, _ validate.User) partner.Answer {
			f.balance = "0.00"
			at = time.Now()
			time.AfterFunc(40*time.Second, func() { f.mu.Lock(); f.balance = "5.00"; f.mu.Unlock() })
			return partner.Answer{Class: ledger.Funds, HTTPStatus: 402}
		}}
		s, err := b.run()
		t.Log(err, s.Tally.Status)
		took := time.Since(at)
		if took > 2*time.Minute {
			t.Errorf("topped up after 40 s, goes on after %s", took)
		}
	})
}

type swapping struct {
	Input
	passes int
	rows   []Row
}

func (s *swapping) Rows(context.Context) (Rows, error) {
	s.passes++
	r := append([]Row(nil), s.rows...)
	if s.passes == 1 {
		return &memoryRows{r}, nil
	}
	r[0].Raw, r[1].Raw = r[1].Raw, r[0].Raw // the file is sorted meanwhile
	return &late{memoryRows{r}}, nil
}

// late reports the change at the end, as the CSV reader does.
type late struct{ memoryRows }

func (l *late) Read(dst []Row) (int, error) {
	n, err := l.memoryRows.Read(dst)
	if errors.Is(err, io.EOF) {
		return 0, errors.New("the input changed")
	}
	return n, err
}

// Fault 52: the input is another one when it is read again to send.
func TestChangedInputCrossesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2)
		var rows []Row
		for i := range 8000 {
			rows = append(rows, validRow(i))
		}
		b.cfg.Input = &swapping{Input: FromRows("people", rows...), rows: rows}
		_, err := Run(t.Context(), b.cfg)
		t.Log(err)
		for _, p := range b.partner.posts {
			if p.key != ledger.Key("sandbox", p.email, 0) {
				t.Errorf("%s was sent under the key of another customer", p.email)
			}
		}
	})
}

func TestInterruptWhileAskingForTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 300)
		b.cfg.Doubt.CheckExisting = true
		ctx, cancel := context.WithCancel(t.Context())
		b.cfg.Partner = cancelling{b.partner, cancel}
		_, err := Run(ctx, b.cfg)
		t.Logf("%v %q", err, reasonOf(err))
		if reasonOf(err) != Interrupted {
			t.Errorf("an interrupted run is no *Stop{Interrupted}: %v", err)
		}
	})
}

type cancelling struct {
	*fakePartner
	cancel func()
}

func (c cancelling) ListUsers(ctx context.Context, skip, limit int) (partner.Page, error) {
	c.cancel()
	return partner.Page{}, ctx.Err()
}

type beginCancelled struct {
	*memory.Ledger
	cancel func()
}

func (b beginCancelled) Begin(ctx context.Context, r ledger.Run) (int64, error) {
	b.cancel()
	return 0, ctx.Err() // what database/sql answers
}

func TestInterruptAtBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		ctx, cancel := context.WithCancel(t.Context())
		b.cfg.Ledger = beginCancelled{b.ledger, cancel}
		_, err := Run(ctx, b.cfg)
		if reasonOf(err) != Interrupted {
			t.Errorf("%v %q", err, reasonOf(err))
		}
	})
}

type noTotal struct{ *fakePartner }

func (n noTotal) ListUsers(ctx context.Context, skip, limit int) (partner.Page, error) {
	p, err := n.fakePartner.ListUsers(ctx, 0, limit) // ignores skip
	p.Total = -1
	return p, err
}

func TestListWithoutTotalThatIgnoresSkip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.cfg.Partner = noTotal{b.partner}
		for i := range 200 {
			b.partner.users = append(b.partner.users, partner.Listed{ServiceID: fmt.Sprintf("acme-rain-user-old%012d", i), Email: fmt.Sprintf("old%d@example.com", i), CreatedAt: time.Now().Add(-time.Hour)})
		}
		b.partner.script[email(0)] = []act{lose}
		s, err := b.run1()
		t.Log(err, s.Tally.Status, "posts", len(b.partner.posts))
		if len(b.partner.posts) > 1 {
			t.Errorf("sent again although the list showed one page of five")
		}
	})
}

func TestTheEndIsNotHeldUpByTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 5)
		b.cfg.Pace.Rate = 1.0 / 3600
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(6*time.Hour+30*time.Minute, cancel) // after the last of five rows
		s, err := Run(ctx, b.cfg)
		last := b.partner.posts[len(b.partner.posts)-1].at
		t.Log(err, s.Tally.Status, time.Since(last))
		if d := time.Since(last); d > 31*time.Minute {
			t.Errorf("the run ends %s after its last request", d)
		}
	})
}

func TestHoldLeavesAPendingRowPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.partner.script[email(0)] = []act{fail, say(partner.Answer{Class: ledger.Auth, HTTPStatus: 401})}
		s, err := b.run1()
		t.Log(err, s.Tally.Status)
		want(t, s, map[ledger.Status]int{ledger.Pending: 1})
		time.Sleep(time.Hour)
		b.cfg.Doubt.Hold = true
		s, err = b.run1()
		t.Log(err, s.Tally.Status)
		want(t, s, map[ledger.Status]int{ledger.Created: 1})
	})
}

func TestEndless429IsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.partner.always = say(partner.Answer{Class: ledger.Busy, HTTPStatus: 429})
		ctx, cancel := context.WithTimeout(t.Context(), 7*24*time.Hour)
		defer cancel()
		_, err := Run(ctx, b.cfg)
		t.Log(reasonOf(err), len(b.partner.posts))
		if reasonOf(err) == Interrupted {
			t.Errorf("a partner that answers 429 for a week is asked %d times and never given up", len(b.partner.posts))
		}
	})
}

// a list sorted newest first; one user on the way has no createdAt
type newestFirstList struct{ *fakePartner }

func (n newestFirstList) ListUsers(ctx context.Context, skip, limit int) (partner.Page, error) {
	n.mu.Lock()
	all := make([]partner.Listed, 0, len(n.users))
	for i := len(n.users) - 1; i >= 0; i-- {
		all = append(all, n.users[i])
	}
	n.mu.Unlock()
	p := partner.Page{Skip: skip, Limit: 50, Total: len(all), Began: time.Now(), Ended: time.Now(), Date: time.Now().Truncate(time.Second)}
	if skip < len(all) {
		p.Users = all[skip:min(len(all), skip+50)]
	}
	if skip == 49 {
		p.Users[len(p.Users)-1].CreatedAt = time.Time{}
	}
	return p, nil
}

func TestNewestFirstWithAHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 5)
		b.cfg.Partner = newestFirstList{b.partner}
		for i := range 2000 {
			b.partner.users = append(b.partner.users, partner.Listed{ServiceID: fmt.Sprintf("acme-rain-user-old%012d", i), Email: fmt.Sprintf("old%d@example.com", i), CreatedAt: time.Now().Add(time.Duration(i-3000) * time.Hour)})
		}
		b.partner.script[email(0)] = []act{func(f *fakePartner, k string, u validate.User) partner.Answer {
			a := lose(f, k, u)
			for i := range 150 { // others come after ours
				f.users = append(f.users, partner.Listed{ServiceID: fmt.Sprintf("acme-rain-user-new%012d", i), Email: fmt.Sprintf("new%d@example.com", i), CreatedAt: time.Now().Add(time.Duration(i+1) * time.Second)})
			}
			return a
		}}
		s, err := b.run1()
		t.Log(err, s.Tally.Status, "posts", len(b.partner.posts))
		want(t, s, map[ledger.Status]int{ledger.LinkMissing: 1, ledger.Created: 4})
		if len(b.partner.posts) > 5 {
			t.Error("sent again")
		}
	})
}

// stragglers is a partner that is down from a moment on, while slow requests
// from before go on to be answered.
type stragglers struct {
	*fakePartner
	since atomic.Pointer[time.Time] // when it went down; nil = it has not
	slow  string                    // e-mail of the row that is answered long after
}

func (s *stragglers) isDown() bool {
	at := s.since.Load()
	return at != nil && time.Now().After(*at)
}

func (s *stragglers) Create(ctx context.Context, key string, u validate.User) partner.Answer {
	if u.Email == s.slow {
		began := time.Now()
		time.Sleep(100 * time.Second)
		a := s.fakePartner.Create(ctx, key, u)
		a.Began = began
		return a
	}
	if s.isDown() {
		now := time.Now()
		return partner.Answer{Class: ledger.Unknown, Cause: "HTTP 502", HTTPStatus: 502, Began: now, Ended: now}
	}
	return s.fakePartner.Create(ctx, key, u)
}

func (s *stragglers) Wallet(ctx context.Context) (partner.Wallet, error) {
	if s.isDown() {
		return partner.Wallet{}, &partner.Error{Class: ledger.Unknown, HTTPStatus: 502}
	}
	return s.fakePartner.Wallet(ctx)
}

// An outage begins while an older, slower request still succeeds: patience ends.
func TestPatienceEndsAfterAStraggler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2000)
		s := &stragglers{fakePartner: b.partner, slow: email(40)}
		b.cfg.Partner = s
		b.cfg.Doubt.SkipConfirm = true
		time.AfterFunc(3*time.Second, func() { now := time.Now(); s.since.Store(&now) })
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		began := time.Now()
		_, err := Run(ctx, b.cfg)
		if reasonOf(err) != PartnerDown || time.Since(began) > time.Hour {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}
