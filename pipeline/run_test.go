package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

func reasonOf(err error) Reason {
	var s *Stop
	if errors.As(err, &s) {
		return s.Reason
	}
	return ""
}

func TestRunCreatesEverybodyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 300)
		answers := 0
		b.cfg.OnAnswer = func(class ledger.Class, took time.Duration) {
			if answers++; class != ledger.OK || took != b.partner.latency {
				t.Errorf("%s after %s", class, took)
			}
		}
		s, err := b.run()
		if answers != 300 {
			t.Errorf("%d answers were observed", answers)
		}
		if err != nil || s.Sent != 300 || s.Remaining != 0 {
			t.Fatalf("sent %d, left %d: %v", s.Sent, s.Remaining, err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 300})
		s, err = b.run()
		if err != nil || s.Sent != 0 || s.AlreadyDone != 300 || len(b.partner.posts) != 300 {
			t.Errorf("second run: sent %d, done before %d: %v", s.Sent, s.AlreadyDone, err)
		}
	})
}

// Invariant 18, to the instant.
func TestRateIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 600)
		b.partner.latency = time.Second // 50/s need 50 requests in flight
		began := time.Now()
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		bySecond := map[int]int{}
		for _, p := range b.partner.posts {
			bySecond[int(p.at.Sub(began)/time.Second)]++
		}
		for second, n := range bySecond {
			if n > 51 {
				t.Errorf("second %d: %d requests, the ceiling is 50/s and a burst of 1", second, n)
			}
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("600 rows at 50/s took %s: the workers do not grow with the latency", took)
		}
	})
}

// Each run begins with an empty bucket, and a run that is cut short leaves no
// token to the next: however often a batch is restarted, no second sees more
// than the rate and the burst. (Run once spun here: a row whose token would come
// after ctx's deadline was given back at once, and sent again at once.)
func TestRateIsHeldAcrossRestarts(t *testing.T) {
	for _, cut := range []time.Duration{45 * time.Millisecond, 110 * time.Millisecond, 450 * time.Millisecond, 1700 * time.Millisecond} {
		t.Run(cut.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 200)
				b.partner.latency = time.Millisecond
				runs := 0
				for len(b.partner.posts) < 200 {
					if runs++; runs > 400 {
						t.Fatalf("after %d runs %d of 200 rows are sent", runs, len(b.partner.posts))
					}
					ctx, cancel := context.WithTimeout(t.Context(), cut)
					if _, err := Run(ctx, b.cfg); err != nil && reasonOf(err) != Interrupted {
						t.Fatal(err)
					}
					cancel()
				}
				for i, first := range b.partner.posts {
					n := 0
					for _, p := range b.partner.posts[i:] {
						if p.at.Sub(first.at) < time.Second {
							n++
						}
					}
					if n > 51 {
						t.Fatalf("%d requests in the second from request %d on, the ceiling is 50/s and a burst of 1", n, i)
					}
				}
				if len(b.partner.users) != 200 {
					t.Errorf("%d users of 200 after %d runs", len(b.partner.users), runs)
				}
			})
		})
	}
}

func TestLostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 100)
		b.partner.script[email(3)] = []act{lose}
		b.partner.script[email(40)] = []act{fail}
		began := time.Now()
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 99, ledger.LinkMissing: 1})
		if n := b.partner.postsFor(email(3)); n != 1 {
			t.Errorf("a created customer was sent %d times", n)
		}
		if n := b.partner.postsFor(email(40)); n != 2 {
			t.Errorf("a customer that was not created was sent %d times", n)
		}
		// The key lives 5 min, is given a margin of 100 s, and a second for the
		// Date header.
		if took := time.Since(began); took < 401*time.Second || took > 430*time.Second {
			t.Errorf("took %s: the second attempt must wait for the key's death and no longer", took)
		}
	})
}

// A run that is the first of its ledger has few users to judge the list by. A row
// waits for those whom the same run creates later, and for no others.
func TestLostAnswersWaitForMeasures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 5)
		b.partner.script[email(1)] = []act{lose}
		b.partner.script[email(2)] = []act{fail}
		b.partner.script[email(4)] = []act{fail}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 4, ledger.LinkMissing: 1})
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		create(b.partner, "another's", validate.User{Email: "stranger@example.com"})
		for i := range 3 {
			b.partner.script[email(i)] = []act{fail, fail}
		}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.InDoubt: 3})
		for c, err := range b.ledger.Customers(t.Context(), ledger.Query{}) {
			if err != nil || c.Code != decide.CodeNoAbsence {
				t.Errorf("%s is %s %s, %v", c.Email, c.Status, c.Code, err)
			}
		}
	})
}

func TestHoldNeverSendsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		b.cfg.Doubt.Hold = true
		b.partner.script[email(4)] = []act{fail}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 9, ledger.InDoubt: 1})
		if n := b.partner.postsFor(email(4)); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}

func TestEmptyWalletStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 50)
		b.partner.script[email(20)] = []act{say(partner.Answer{Class: ledger.Funds, HTTPStatus: 402})}
		s, err := b.run()
		if reasonOf(err) != LowBalance {
			t.Fatalf("%v", err)
		}
		if s.Tally.Status[ledger.InsufficientBalance] != 1 || s.Remaining == 0 {
			t.Errorf("%v", s.Tally.Status)
		}
		s, err = b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 50})
	})
}

func TestEmptyWalletIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 50)
		b.cfg.Money.Wait = true
		b.partner.balance = "3"
		empty := func(f *fakePartner, _ string, _ validate.User) partner.Answer {
			if f.balance == "3" {
				return partner.Answer{Class: ledger.Funds, HTTPStatus: 402}
			}
			return partner.Answer{Class: ledger.Funds}
		}
		b.partner.script[email(20)] = []act{empty}
		go func() {
			time.Sleep(3 * time.Minute)
			b.partner.mu.Lock()
			b.partner.balance = "500"
			b.partner.mu.Unlock()
		}()
		began := time.Now()
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 50})
		if took := time.Since(began); took < 3*time.Minute || took > 4*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

func TestRefusedCredentialsStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 200)
		b.partner.script[email(20)] = []act{say(partner.Answer{Class: ledger.Auth, HTTPStatus: 401})}
		s, err := b.run()
		if reasonOf(err) != Refused || s.Tally.Status[ledger.Pending] == 0 || s.Tally.Status[ledger.InDoubt] != 0 {
			t.Fatalf("%v: %v", err, s.Tally.Status)
		}
		if s, err = b.run(); err != nil || s.Tally.Status[ledger.Created] != 200 {
			t.Errorf("%v: %v", err, s.Tally.Status)
		}
	})
}

func TestRetryAfterPausesEveryone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 200)
		var busy time.Time
		b.partner.script[email(50)] = []act{func(*fakePartner, string, validate.User) partner.Answer {
			busy = time.Now()
			return partner.Answer{Class: ledger.Busy, HTTPStatus: 429, RetryAfter: 30 * time.Second}
		}}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 200})
		for _, p := range b.partner.posts {
			if p.at.After(busy) && p.at.Before(busy.Add(30*time.Second)) {
				t.Errorf("a request went out %s after the 429", p.at.Sub(busy))
			}
		}
	})
}

func TestRetryAfterBeyondPatienceStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 20)
		b.partner.script[email(5)] = []act{say(partner.Answer{Class: ledger.Busy, HTTPStatus: 429, RetryAfter: time.Hour})}
		if _, err := b.run(); reasonOf(err) != PartnerDown {
			t.Errorf("%v", err)
		}
	})
}

func TestBreakerLetsOneRowGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 200)
		b.cfg.Pace.Workers = 4
		began := time.Now()
		b.partner.always = func(f *fakePartner, key string, u validate.User) partner.Answer {
			if d := time.Since(began); d > time.Second && d < time.Minute {
				return partner.Answer{Class: ledger.Unknown, HTTPStatus: 503}
			}
			return create(f, key, u)
		}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 200})
		blind := 0
		for _, p := range b.partner.posts {
			if d := p.at.Sub(began); d > time.Second && d < time.Minute {
				blind++
			}
		}
		if blind > 4+3+8 {
			t.Errorf("%d requests were sent while the partner's answers proved nothing", blind)
		}
	})
}

func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 20)
		began := time.Now()
		b.partner.down = func(now time.Time) bool { return now.Sub(began) > 100*time.Millisecond }
		s, err := b.run()
		if reasonOf(err) != PartnerDown {
			t.Fatalf("%v", err)
		}
		if took := time.Since(began); took < 15*time.Minute || took > 17*time.Minute {
			t.Errorf("gave up after %s", took)
		}
		if s.Tally.Status[ledger.InDoubt] != 0 || s.Tally.Status[ledger.Pending] == 0 {
			t.Errorf("%v: what never left is not in doubt", s.Tally.Status)
		}
		b.partner.down = nil
		if s, err = b.run(); err != nil || s.Tally.Status[ledger.Created] != 20 {
			t.Errorf("%v: %v", err, s.Tally.Status)
		}
	})
}

func TestBounds(t *testing.T) {
	refuse := say(partner.Answer{Class: ledger.Reject, HTTPStatus: 422})
	for name, c := range map[string]struct {
		bounds Bounds
		always act
		want   Reason
		most   int
	}{
		"limit":        {Bounds{Limit: 7}, nil, Limit, 7},
		"max new":      {Bounds{MaxNew: Bound{Count: 99}}, nil, MaxNew, 0},
		"max new, %":   {Bounds{MaxNew: Bound{Percent: 50}}, nil, MaxNew, 0},
		"max errors":   {Bounds{MaxErrors: Bound{Count: 10}}, refuse, MaxErrors, 40},
		"max duration": {Bounds{MaxDuration: time.Second}, nil, MaxDuration, 60},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 100)
			b.cfg.Bounds, b.partner.always = c.bounds, c.always
			_, err := b.run()
			n := len(b.partner.posts)
			if reasonOf(err) != c.want || n > c.most || c.want == Limit && (n != c.most || len(b.partner.users) != n) {
				t.Errorf("%s: %d sent: %v", name, n, err)
			}
			b.cfg.Bounds, b.partner.always = Bounds{}, nil
			s, err := b.run()
			if err != nil || s.Remaining != 0 {
				t.Errorf("%s: then %d left: %v", name, s.Remaining, err)
			}
		})
	}
}

func TestInterruptAndContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 100)
		b.partner.balance = "100.00"
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		s, err := Run(ctx, b.cfg)
		b.audit()
		if !s.WalletFrom.Known() || s.WalletTo.Known() {
			t.Errorf("the wallet held %s before, and was not read afterwards: %s", s.WalletFrom, s.WalletTo)
		}
		if reasonOf(err) != Interrupted || s.Tally.Status[ledger.InDoubt] != 0 || s.Remaining == 0 {
			t.Fatalf("%v: %v", err, s.Tally.Status)
		}
		if s, err = b.run(); err != nil || s.Tally.Status[ledger.Created] != 100 {
			t.Errorf("%v: %v", err, s.Tally.Status)
		}
	})
}

func TestAbortLeavesDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 100)
		b.partner.latency = 10 * time.Second
		ctx, cancel := context.WithCancel(t.Context())
		abort := make(chan struct{})
		b.cfg.Abort = abort
		time.AfterFunc(time.Second, cancel)
		time.AfterFunc(2*time.Second, func() { close(abort) })
		began := time.Now()
		s, err := Run(ctx, b.cfg)
		if reasonOf(err) != Interrupted || s.Tally.Status[ledger.InDoubt] == 0 || time.Since(began) > 3*time.Second {
			t.Fatalf("%s: %v: %v", time.Since(began), err, s.Tally.Status)
		}
		b.cfg.Abort, b.partner.latency = nil, time.Millisecond
		if s, err = b.run(); err != nil || s.Tally.Status[ledger.Created] != 100 {
			t.Errorf("%v: %v", err, s.Tally.Status)
		}
	})
}

// Faults 17 and 24.
func TestDuplicatesAndRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		b.partner.users = append(b.partner.users, partner.Listed{ServiceID: "acme-rain-user-old000000000000", Email: email(2), CreatedAt: time.Now().Add(-time.Hour)})
		b.partner.script[email(5)] = []act{say(partner.Answer{Class: ledger.Reject, HTTPStatus: 422, Fields: []string{"phoneNumber"}})}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 8, ledger.Duplicate: 1, ledger.Rejected: 1})
		// The same details are not sent again, corrected ones are.
		if s, err = b.run(); err != nil || s.Sent != 0 {
			t.Fatalf("sent %d: %v", s.Sent, err)
		}
		rows := make([]Row, 10)
		for i := range rows {
			rows[i] = validRow(i)
		}
		rows[5].Raw.PhoneNumber = "+14155552672"
		b.cfg.Input = FromRows("people", rows...)
		if s, err = b.run(); err != nil || s.Sent != 1 {
			t.Fatalf("sent %d: %v", s.Sent, err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 9, ledger.Duplicate: 1})
	})
}

func TestUnreadableListLeavesDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		b.partner.noList = true
		b.partner.script[email(4)] = []act{lose}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 9, ledger.InDoubt: 1})
		b.partner.noList = false
		if s, err = b.run(); err != nil || s.Tally.Status[ledger.LinkMissing] != 1 {
			t.Errorf("%v: %v", err, s.Tally.Status)
		}
	})
}

func TestExistingCustomersCostNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 300)
		b.cfg.Doubt.CheckExisting = true
		for i := range 20 {
			b.partner.users = append(b.partner.users, partner.Listed{ServiceID: fmt.Sprintf("acme-rain-user-old%012d", i), Email: email(i), CreatedAt: time.Now().Add(-time.Hour)})
		}
		s, err := b.run()
		if err != nil || s.Sent != 280 {
			t.Fatalf("sent %d: %v", s.Sent, err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 280, ledger.Duplicate: 20})
		b.partner.noList = true
		b.cfg.Input = FromRows("more", validRow(1000), validRow(1001))
		if s, err := b.run(); err != nil || s.Sent != 2 {
			t.Errorf("without a list: sent %d: %v", s.Sent, err)
		}
	})
}

func TestFeeIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 40)
		b.partner.balance = "100.00"
		b.partner.always = func(f *fakePartner, key string, u validate.User) partner.Answer {
			a := create(f, key, u)
			was, _ := ParseAmount(f.balance)
			fee, _ := ParseAmount("1.50")
			f.balance = was.Minus(fee).String()
			return a
		}
		if s, err := b.run(); err != nil || s.WalletTo.String() != "40.00" {
			t.Fatalf("wallet %s: %v", s.WalletTo, err)
		}
		b.cfg.Input = FromRows("more", validRow(1000), validRow(1001))
		plan, err := Preview(t.Context(), b.cfg)
		if err != nil || !plan.FeeMeasured || plan.Cost.String() != "3.00" || plan.Covered != 26 {
			t.Errorf("%+v: %v", plan, err)
		}
		b.partner.balance = "1.49"
		if _, err := b.run(); reasonOf(err) != LowBalance || len(b.partner.posts) != 40 {
			t.Errorf("less than a fee: %v", err)
		}
	})
}

func TestOneNumberTwoPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 0)
		one, two, again := validRow(1), validRow(2), validRow(3)
		one.ID, two.ID, again.ID = "C-1", "C-1", "C-1"
		b.cfg.Input = FromRows("people", one, two)
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 1, ledger.Invalid: 1})
		b.cfg.Input = FromRows("later", again)
		if s, err = b.run(); err != nil || s.Sent != 0 {
			t.Fatalf("a number onboarded under another e-mail was sent: %v", err)
		}
		want(t, s, map[ledger.Status]int{ledger.Invalid: 1})
		b.cfg.Resend.Accept = []string{CodeIDKnown, CodeLooksOnboarded}
		if s, err = b.run(); err != nil || s.Sent != 1 {
			t.Errorf("accepted, and not sent: %v", err)
		}
	})
}

func TestLooksOnboarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		twin := validRow(0)
		twin.Raw.Email = "another@example.com"
		b.cfg.Input = FromRows("later", twin)
		s, err := b.run()
		if err != nil || s.Sent != 0 || s.Tally.Code[ledger.StatusCode{Status: ledger.Invalid, Code: CodeLooksOnboarded}] != 1 {
			t.Errorf("%v %v", s.Tally, err)
		}
	})
}

// fragile panics for one customer.
type fragile struct{ *fakePartner }

func (f fragile) Create(ctx context.Context, key string, u validate.User) partner.Answer {
	if u.Email == email(30) {
		f.mu.Lock()
		f.posts = append(f.posts, post{time.Now(), u.Email, key})
		f.mu.Unlock()
		panic("broken partner")
	}
	return f.fakePartner.Create(ctx, key, u)
}

func TestPanicLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 60)
		b.cfg.Partner = fragile{b.partner}
		s, err := b.run()
		if reasonOf(err) != Fault || s.Tally.Status[ledger.InDoubt] != 1 {
			t.Fatalf("%v %v", s.Tally.Status, err)
		}
	})
}

// Fault 22.
func TestAnotherAccountsKeyIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 30)
		b.cfg.Origin.KeyPrint = "one"
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		more := FromRows("more", validRow(100), validRow(101))
		b.cfg.Input, b.cfg.Origin.KeyPrint = more, "rotated, same account"
		if s, err := b.run(); err != nil || s.Sent != 2 {
			t.Fatalf("a rotated key: sent %d: %v", s.Sent, err)
		}
		other := newFake()
		other.users = []partner.Listed{{ServiceID: "other-user-aaaaaaaaaaaaaaa", Email: "x@example.com", CreatedAt: time.Now()}}
		b.cfg.Partner, b.cfg.Input, b.cfg.Origin.KeyPrint = other, FromRows("third", validRow(200)), "another account"
		if _, err := Run(t.Context(), b.cfg); reasonOf(err) != Refused || !errors.Is(err, ledger.ErrAccount) || len(other.posts) != 0 {
			t.Errorf("%d sent: %v", len(other.posts), err)
		}
	})
}

// Fault 50.
func TestLiveRunNeedsItsWallet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		b.cfg.Rules = &validate.Rules{Live: true}
		b.partner.down = func(time.Time) bool { return true }
		if _, err := b.run(); reasonOf(err) != PartnerDown || len(b.partner.posts) != 0 {
			t.Errorf("%v", err)
		}
	})
}

// Fault 20. TestBurntKeyAfter429 plays a partner that uses up the key of a request that
// it turns away: one more generation, after settle and a look, and one user.
func TestBurntKeyAfter429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 20)
		b.partner.script[email(7)] = []act{func(f *fakePartner, key string, _ validate.User) partner.Answer {
			f.keys[key] = time.Now().Add(f.ttl)
			return partner.Answer{Class: ledger.Busy, HTTPStatus: 429, RetryAfter: time.Second}
		}}
		began := time.Now()
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 20})
		if n, took := b.partner.postsFor(email(7)), time.Since(began); n != 3 || took < 101*time.Second || took > 130*time.Second {
			t.Errorf("%d requests in %s, want 3 after one settle", n, took)
		}
	})
}

func TestKeptBalanceIsNotSpent(t *testing.T) {
	amount := func(s string) Amount {
		a, err := ParseAmount(s)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, c := range []struct {
		name            string
		balance         string
		money           Money
		want            Reason
		covered         int
		shortfall, cost string
	}{
		{"fee known, less than it is left", "10.00", Money{Fee: amount("1.00"), Keep: amount("9.50")}, LowBalance, 0, "4.50", "5.00"},
		{"fee known, some are covered", "10.00", Money{Fee: amount("1.00"), Keep: amount("7.00")}, "", 3, "2.00", "5.00"},
		{"fee unknown, at what is kept", "10.00", Money{Keep: amount("10.00")}, LowBalance, -1, "", ""},
		{"fee unknown, above it", "10.00", Money{Keep: amount("9.99")}, "", -1, "", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 5)
			b.partner.balance, b.cfg.Money = c.balance, c.money
			plan, err := Preview(t.Context(), b.cfg)
			if reasonOf(err) != c.want || plan.Covered != c.covered || plan.Shortfall.String() != c.shortfall || plan.Cost.String() != c.cost {
				t.Errorf("%s: covered %d, short of %q, cost %q: %v", c.name, plan.Covered, plan.Shortfall, plan.Cost, err)
			}
			if _, err := b.run(); reasonOf(err) != c.want || c.want != "" && len(b.partner.posts) > 0 {
				t.Errorf("%s: %d sent: %v", c.name, len(b.partner.posts), err)
			}
		})
	}
}

// TestKeysDoNotDependOnTheInput sends the same people in another order from
// another file: the partner sees the same keys.
func TestKeysDoNotDependOnTheInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := func(order func(n int) int) map[string]string {
			b := newBench(t, 0)
			rows := make([]Row, 50)
			for i := range rows {
				rows[i] = validRow(order(i))
			}
			b.cfg.Input = FromRows("a file", rows...)
			if _, err := b.run(); err != nil {
				t.Fatal(err)
			}
			out := map[string]string{}
			for _, p := range b.partner.posts {
				out[p.email] = p.key
			}
			return out
		}
		one, other := keys(func(n int) int { return n }), keys(func(n int) int { return (n*7 + 3) % 50 })
		if len(one) != 50 || !maps.Equal(one, other) {
			t.Errorf("%d and %d keys, and they differ", len(one), len(other))
		}
	})
}

func TestOneCellOneProblem(t *testing.T) {
	row := validRow(0)
	row.Raw.PhoneNumber, row.Raw.Email = "", "not an address"
	row.Issues = []validate.Problem{{Field: "phoneNumber", Code: "cell_error", Message: "the cell shows an error of a formula"}}
	var fields []string
	for _, p := range checkRow(&validate.Rules{}, row).Problems {
		fields = append(fields, p.Field)
	}
	if !slices.Equal(fields, []string{"phoneNumber", "email"}) {
		t.Errorf("problems in %v", fields)
	}
	row.Issues = []validate.Problem{{Field: "email", Code: "date_cell", Warning: true}, {Field: "city", Code: "date_cell", Warning: true}}
	if got := checkRow(&validate.Rules{}, row).Problems; len(got) != 3 || got[0].Field != "city" {
		t.Errorf("the reader's warning is shown with the problem: %v", got)
	}
	empty := Row{Issues: []validate.Problem{{Field: "email", Code: "formula_uncached"}, {Field: "firstName", Code: "formula_uncached"}}}
	if got := checkRow(&validate.Rules{}, empty).Problems; len(got) != 2 || got[0].Field != "email" || got[1].Field != "firstName" {
		t.Errorf("a row of formulas without results: %v", got)
	}
	row.Issues = append(row.Issues, validate.Problem{Code: "header_repeated", Message: "names of columns"})
	if got := checkRow(&validate.Rules{}, row).Problems; len(got) != 1 || got[0].Code != "header_repeated" {
		t.Errorf("a row that is none has other problems: %v", got)
	}
}

// deafAtFirst does not answer the first question about the wallet.
type deafAtFirst struct {
	*fakePartner
	asked int
}

func (d *deafAtFirst) Wallet(ctx context.Context) (partner.Wallet, error) {
	if d.asked++; d.asked == 1 {
		return partner.Wallet{}, &partner.Error{Class: ledger.Unknown, Cause: partner.CauseTimeout}
	}
	return d.fakePartner.Wallet(ctx)
}

// A balance that was first read in the middle of a run is not what the wallet
// held before it.
func TestWalletOfTheMiddleIsNotThatBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 20)
		b.partner.balance = "40.00"
		b.cfg.Partner, b.cfg.Money.Wait = &deafAtFirst{fakePartner: b.partner}, true
		b.partner.script[email(3)] = []act{func(*fakePartner, string, validate.User) partner.Answer {
			return partner.Answer{Class: ledger.Funds, HTTPStatus: 402}
		}}
		s, err := b.run()
		if err != nil || s.WalletFrom.Known() || s.WalletTo.String() != "40.00" {
			t.Errorf("%s before, %s after: %v", s.WalletFrom, s.WalletTo, err)
		}
	})
}

func TestPacerRemembersForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 30)
		b.cfg.Pace.Rate = 100
		if err := b.ledger.SaveFact(t.Context(), factPace, "20.000", time.Now()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 2*time.Second {
			t.Errorf("30 rows took %s: what was learnt an instant ago, 20/s, is forgotten", took)
		}
		time.Sleep(25 * time.Hour)
		b.cfg.Input = people(60)
		began = time.Now()
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("30 rows took %s: what was learnt a day ago still holds", took)
		}
	})
}
