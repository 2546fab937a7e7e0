package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// charging makes a partner take a fee for each user that it creates, and answer 402
// when the wallet cannot pay. It returns the number of those answers.
func charging(p *fakePartner, fee string, do act) *int {
	refused := new(int)
	cost, _ := ParseAmount(fee)
	p.always = func(f *fakePartner, key string, u validate.User) partner.Answer {
		balance, _ := ParseAmount(f.balance)
		if balance.Cmp(cost) < 0 {
			*refused++
			return partner.Answer{Class: ledger.Funds, HTTPStatus: 402}
		}
		before := len(f.users)
		a := do(f, key, u)
		if len(f.users) > before {
			f.balance = balance.Minus(cost).String()
		}
		return a
	}
	return refused
}

func amountOf(t *testing.T, s string) Amount {
	t.Helper()
	a, err := ParseAmount(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// topUp sets the balance after a while.
func (f *fakePartner) topUp(after time.Duration, balance string) {
	time.AfterFunc(after, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.balance = balance
	})
}

// TestKnownFeeStopsBeforeThe402: with rows in flight, slow answers and any rate, as many
// users are created as the wallet pays for, and no row meets a 402.
func TestKnownFeeStopsBeforeThe402(t *testing.T) {
	for _, pace := range []Pace{{}, {Unlimited: true}, {Rate: 100, Workers: 32}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 60)
			b.cfg.Pace = pace
			b.partner.latency = 2 * time.Second
			b.partner.balance = "10.40"
			b.cfg.Money.Fee = amountOf(t, "0.50")
			refused := charging(b.partner, "0.50", create)
			s, err := b.run()
			if reasonOf(err) != LowBalance || *refused != 0 {
				t.Fatalf("%d rows met a 402: %v", *refused, err)
			}
			want(t, s, map[ledger.Status]int{ledger.Created: 20, ledger.Pending: 40})
			if s.Sent != 20 || s.Remaining != 40 {
				t.Errorf("%d sent, %d left", s.Sent, s.Remaining)
			}
			b.partner.balance = "20.00"
			if s, err = b.run(); err != nil || *refused != 0 {
				t.Fatalf("after the top-up %d rows met a 402: %v", *refused, err)
			}
			want(t, s, map[ledger.Status]int{ledger.Created: 60})
		})
	}
}

// TestFreeAnswersCostNothing: duplicates and refusals are not paid for, so the money is
// there for the rows after them.
func TestFreeAnswersCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 30)
		b.partner.balance = "5.00"
		b.cfg.Money.Fee = amountOf(t, "0.50")
		refused := charging(b.partner, "0.50", create)
		for i := range 20 {
			b.partner.script[email(i)] = []act{say(partner.Answer{Class: ledger.Reject, HTTPStatus: 422})}
		}
		s, err := b.run()
		if err != nil || *refused != 0 {
			t.Fatalf("%d rows met a 402: %v", *refused, err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 10, ledger.Rejected: 20})
		if b.partner.wallets > 8 {
			t.Errorf("the wallet was asked %d times", b.partner.wallets)
		}
	})
}

// TestLimitComesBeforeTheWallet: a canary that the wallet covers exactly ends at its
// limit.
func TestLimitComesBeforeTheWallet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 30)
		b.partner.balance = "2.50"
		b.cfg.Money.Fee, b.cfg.Bounds.Limit = amountOf(t, "0.50"), 5
		charging(b.partner, "0.50", create)
		s, err := b.run()
		if reasonOf(err) != Limit {
			t.Error(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 5, ledger.Pending: 25})
	})
}

// TestTopUpIsWaitedForBeforeThe402: with Money.Wait the wallet is looked at again until
// it pays for the next row, however long that is; no row tries meanwhile.
func TestTopUpIsWaitedForBeforeThe402(t *testing.T) {
	for _, balance := range []string{"5.25", "0.25"} { // runs dry, and is empty from the start
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 40)
			b.partner.balance = balance
			b.cfg.Money = Money{Fee: amountOf(t, "0.50"), Wait: true}
			refused := charging(b.partner, "0.50", create)
			b.partner.topUp(3*time.Hour, "100.00")
			noFunds := false
			b.cfg.OnProgress = func(p Progress) { noFunds = noFunds || p.NoFunds }
			began := time.Now()
			s, err := b.run()
			if err != nil || *refused != 0 {
				t.Fatalf("%d rows met a 402: %v", *refused, err)
			}
			want(t, s, map[ledger.Status]int{ledger.Created: 40})
			if took := time.Since(began); took < 3*time.Hour || took > 3*time.Hour+time.Minute || !noFunds {
				t.Errorf("took %s; waited for money: %t", took, noFunds)
			}
		})
	}
}

// TestWalletThatFallsSilentEndsTheWait: a wallet that no longer answers is waited for as
// long as patience says.
func TestWalletThatFallsSilentEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 40)
		b.partner.balance = "5.00"
		b.cfg.Money = Money{Fee: amountOf(t, "0.50"), Wait: true}
		refused := charging(b.partner, "0.50", create)
		b.cfg.Partner = silentAfter{b.partner, 1}
		s, err := b.run()
		if reasonOf(err) != PartnerDown || *refused != 0 {
			t.Fatalf("%d rows met a 402: %v", *refused, err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 10, ledger.Pending: 30})
	})
}

// silentAfter answers so many questions about the wallet and no more.
type silentAfter struct {
	*fakePartner
	n int
}

func (s silentAfter) Wallet(ctx context.Context) (partner.Wallet, error) {
	if s.wallets >= s.n {
		return partner.Wallet{}, &partner.Error{Class: ledger.Unknown, HTTPStatus: 502}
	}
	return s.fakePartner.Wallet(ctx)
}

// TestRowsInDoubtKeepTheirMoney: a request without an answer may still be charged. What
// it may cost is kept until the list has decided about it.
func TestRowsInDoubtKeepTheirMoney(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 12)
		b.partner.balance = "5.00"
		b.cfg.Money.Fee = amountOf(t, "0.50")
		refused := charging(b.partner, "0.50", create)
		// The answer is lost, and the user is created and charged a minute later.
		b.partner.script[email(3)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
			time.AfterFunc(time.Minute, func() {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.always(f, key, u)
			})
			return partner.Answer{Class: ledger.Unknown, Cause: "timeout"}
		}}
		s, err := b.run()
		if reasonOf(err) != LowBalance || *refused != 0 {
			t.Fatalf("%d requests met a 402: %v", *refused, err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 9, ledger.InDoubt: 1, ledger.Pending: 2})
	})
}

// TestA402InSpiteOfTheFee: the fee is far higher than was said, or another process spends. It is dealt with as
// without a fee.
func TestA402InSpiteOfTheFee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 20)
		b.partner.balance = "5.00"
		b.cfg.Money = Money{Fee: amountOf(t, "0.10"), Wait: true} // far too low: the wallet seems to pay for all
		refused := charging(b.partner, "0.50", create)
		b.partner.topUp(time.Hour, "10.00")
		s, err := b.run()
		if err != nil || *refused == 0 {
			t.Fatalf("%d rows met a 402: %v", *refused, err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 20})
	})
}

func TestRequireFunds(t *testing.T) {
	for _, c := range []struct {
		name    string
		balance string
		money   Money
		limit   int
		want    Reason
		says    string
	}{
		{"covered", "5.00", Money{Fee: amountOf(t, "0.50")}, 0, "", ""},
		{"one short", "4.99", Money{Fee: amountOf(t, "0.50")}, 0, LowBalance, "covers 9 of 10"},
		{"one short, and would wait", "4.99", Money{Fee: amountOf(t, "0.50"), Wait: true}, 0, LowBalance, "covers 9 of 10"},
		{"kept", "5.00", Money{Fee: amountOf(t, "0.50"), Keep: amountOf(t, "1.00")}, 0, LowBalance, "covers 8 of 10"},
		{"a canary is covered", "2.00", Money{Fee: amountOf(t, "0.50")}, 4, Limit, ""},
		{"a canary is not", "2.00", Money{Fee: amountOf(t, "0.50")}, 5, LowBalance, "covers 4 of 5"},
		{"fee not known", "500.00", Money{}, 0, LowBalance, "Add --fee"},
		{"balance not known", "much", Money{Fee: amountOf(t, "0.50")}, 0, LowBalance, "does not say"},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 10)
			b.partner.balance, b.cfg.Money, b.cfg.Bounds.Limit = c.balance, c.money, c.limit
			b.cfg.Money.Require = true
			_, err := b.run()
			if reasonOf(err) != c.want || c.says != "" && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", c.name, err)
			}
			if c.want == LowBalance && len(b.partner.posts) > 0 {
				t.Errorf("%s: %d sent", c.name, len(b.partner.posts))
			}
		})
	}
}

// TestFeeOfOneUserIsNotBelieved: the first user's cost and that of a run of one user are
// one measurement.
func TestFeeOfOneUserIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		b.partner.balance, b.cfg.Bounds.Limit = "100.00", 1
		charging(b.partner, "1.50", create)
		learnt := func() string {
			t.Helper()
			if _, err := b.run(); reasonOf(err) != Limit && err != nil {
				t.Fatal(err)
			}
			text, _, _ := b.ledger.Fact(t.Context(), FactFee)
			return text
		}
		if fee := learnt(); fee != "" {
			t.Errorf("believed after one user: %s", fee)
		}
		if fee := learnt(); fee != "1.50" {
			t.Errorf("not believed after two runs that agree: %q", fee)
		}
	})
}

// badRows returns a list of which the first n rows are invalid.
func badRows(n, of int) []Row {
	rows := make([]Row, of)
	for i := range rows {
		if rows[i] = validRow(i); i < n {
			rows[i].Raw.PhoneNumber = "none"
		}
	}
	return rows
}

func TestMaxInvalid(t *testing.T) {
	for _, c := range []struct {
		bound  Bound
		n, of  int
		accept bool
		want   Reason
	}{
		{Bound{}, 90, 100, false, ""},
		{Bound{Count: 5}, 5, 100, false, ""},
		{Bound{Count: 5}, 6, 100, false, MaxInvalid},
		{Bound{Count: 5}, 6, 100, true, ""},
		{Bound{Percent: 20, AtLeast: 20}, 19, 20, false, ""},
		{Bound{Percent: 20, AtLeast: 20}, 20, 100, false, ""},
		{Bound{Percent: 20, AtLeast: 20}, 21, 100, false, MaxInvalid},
		{Bound{Count: 5}, 100, 100, false, ""}, // nothing to send, nothing to guard
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 0)
			b.cfg.Input, b.cfg.Bounds.MaxInvalid = FromRows("list", badRows(c.n, c.of)...), c.bound
			asked := false
			if c.accept {
				b.cfg.AcceptInvalid = func(_ context.Context, p Plan) bool { asked = p.NewInvalid == c.n; return true }
			}
			s, err := b.run()
			if reasonOf(err) != c.want || asked != c.accept {
				t.Errorf("%+v: asked %t: %v", c, asked, err)
			}
			if c.want != "" && (len(b.partner.posts) > 0 || s.Batch.ID != 0) {
				t.Errorf("%+v: %d sent, batch %d", c, len(b.partner.posts), s.Batch.ID)
			}
		})
	}
}

// TestMaxInvalidKnowsWhatWasReported: rows that a finished run has reported do not stop
// the next run, in the same input or in another one.
func TestMaxInvalidKnowsWhatWasReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 0)
		run := func(rows ...Row) (Summary, error) {
			b.cfg.Input = FromRows("list", rows...)
			return b.run()
		}
		first, err := run(badRows(30, 100)...)
		if err != nil {
			t.Fatal(err)
		}
		b.cfg.Bounds.MaxInvalid = Bound{Count: 10}
		if _, err := run(append(badRows(30, 100), validRow(200))...); reasonOf(err) != MaxInvalid {
			t.Errorf("the run before has reported nothing: %v", err)
		}
		if err := b.ledger.Finish(t.Context(), first.Run, ledger.RunEnd{At: time.Now(), ExitCode: 3}); err != nil {
			t.Fatal(err)
		}
		s, err := run(append(badRows(30, 100), validRow(200), validRow(201))...)
		if err != nil || s.Plan.NewInvalid != 0 {
			t.Errorf("%d of them are new: %v", s.Plan.NewInvalid, err)
		}
		more := append(badRows(30, 100), validRow(202))
		for i := range 11 {
			more = append(more, validRow(300+i))
			more[len(more)-1].Raw.PhoneNumber = "none"
		}
		if _, err := run(more...); reasonOf(err) != MaxInvalid || !strings.HasPrefix(err.Error(), "11 of 112 rows") {
			t.Errorf("eleven more: %v", err)
		}
	})
}

// TestMaxInvalidOfAStoppedInput: what an unfinished run has accepted is not reported yet.
func TestMaxInvalidOfAStoppedInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 0)
		b.cfg.Input = FromRows("list", badRows(30, 100)...)
		b.cfg.Bounds.Limit = 10
		first, err := b.run()
		if reasonOf(err) != Limit {
			t.Fatal(err)
		}
		b.cfg.Bounds.MaxInvalid = Bound{Count: 10}
		if _, err := b.run(); reasonOf(err) != MaxInvalid {
			t.Error(err)
		}
		if err := b.ledger.Finish(t.Context(), first.Run, ledger.RunEnd{At: time.Now(), ExitCode: 3}); err != nil {
			t.Fatal(err)
		}
		if s, err := b.run(); reasonOf(err) != Limit || s.Sent != 10 {
			t.Error(err)
		}
	})
}

// raiseFee makes the fee of a charging partner another one after so many users.
func raiseFee(p *fakePartner, after int, fee string) {
	was := p.always
	raised := new(fakePartner)
	charging(raised, fee, create)
	p.always = func(f *fakePartner, key string, u validate.User) partner.Answer {
		if len(f.users) >= after {
			return raised.always(f, key, u)
		}
		return was(f, key, u)
	}
}

// TestRisingFeeStopsBeforeThe402: a fee that rises in the middle of a run, to at most the
// double, is noticed by the wallet, and no row meets a 402.
func TestRisingFeeStopsBeforeThe402(t *testing.T) {
	for _, test := range []struct {
		after   int
		fee     string
		created int // of 40 rows, for 10.00
	}{{0, "1.00", 10}, {5, "0.75", 15}, {12, "1.00", 16}, {40, "1.00", 20}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 40)
			b.cfg.Pace = Pace{Unlimited: true}
			b.partner.latency = time.Second
			b.partner.balance = "10.00"
			b.cfg.Money.Fee = amountOf(t, "0.50")
			charging(b.partner, "0.50", create)
			raiseFee(b.partner, test.after, test.fee)
			s, err := b.run()
			if reasonOf(err) != LowBalance || s.Tally.Status[ledger.InsufficientBalance] != 0 {
				t.Errorf("%+v: %v, %v", test, s.Tally.Status, err)
			}
			if n := s.Tally.Status[ledger.Created]; n != test.created {
				t.Errorf("%+v: %d created", test, n)
			}
		})
	}
}

// TestRisingFeeEndsAnApprovedRun: whoever agreed on an amount is asked again.
func TestRisingFeeEndsAnApprovedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 40)
		b.partner.balance = "10000.00"
		b.cfg.Money.Fee = amountOf(t, "0.50")
		no := errors.New("not what was approved")
		var rose []string
		b.cfg.Money.FeeRose = func(was, is Amount) error {
			rose = append(rose, was.String(), is.String())
			return no
		}
		charging(b.partner, "0.50", create)
		raiseFee(b.partner, 10, "0.60")
		if _, err := b.run(); err != nil {
			t.Fatal(err) // 40 users are fewer than are created unchecked
		}
		b = newBench(t, 2*maxUnchecked)
		b.partner.balance = "10000.00"
		b.cfg.Money.Fee, b.cfg.Pace = amountOf(t, "0.50"), Pace{Unlimited: true}
		b.cfg.Money.FeeRose = func(was, is Amount) error {
			rose = append(rose, was.String(), is.String())
			return no
		}
		charging(b.partner, "0.60", create)
		s, err := b.run()
		if !errors.Is(err, no) || len(rose) != 2 || rose[0] != "0.50" || rose[1] != "0.60" {
			t.Errorf("%v: %v", rose, err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: maxUnchecked, ledger.Pending: maxUnchecked})
	})
}
