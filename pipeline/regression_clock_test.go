package pipeline

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// A: the partner's clock is ahead of ours, and this was not known when the first
// request was lost.
type ahead struct {
	*fakePartner
	by       time.Duration
	noWallet bool
}

func (a *ahead) Wallet(ctx context.Context) (partner.Wallet, error) {
	if a.noWallet {
		return partner.Wallet{}, &partner.Error{Class: ledger.Unknown, HTTPStatus: 500}
	}
	w, err := a.fakePartner.Wallet(ctx)
	w.Date = w.Date.Add(a.by)
	return w, err
}
func (a *ahead) Create(ctx context.Context, key string, u validate.User) partner.Answer {
	x := a.fakePartner.Create(ctx, key, u)
	if !x.Date.IsZero() {
		x.Date = x.Date.Add(a.by)
	}
	return x
}
func (a *ahead) ListUsers(ctx context.Context, skip, limit int) (partner.Page, error) {
	p, err := a.fakePartner.ListUsers(ctx, skip, limit)
	p.Date = p.Date.Add(a.by)
	for i := range p.Users {
		p.Users[i].CreatedAt = p.Users[i].CreatedAt.Add(a.by)
	}
	return p, err
}

func TestUnknownClockKeyAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.cfg.Partner = &ahead{fakePartner: b.partner, by: time.Hour, noWallet: true}
		b.partner.script[email(0)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
			return partner.Answer{Class: ledger.Unknown, Cause: "timeout"}
		}}
		s, err := b.run()
		t.Log(err, s.Tally.Status)
		if n := len(b.partner.posts); n > 1 {
			if gap := b.partner.posts[1].at.Sub(b.partner.posts[0].at); gap < 400*time.Second {
				t.Errorf("sent again %s after an unanswered request: its key was alive", gap)
			}
		}
	})
}

func TestUnknownClockTwoRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		p := &ahead{fakePartner: b.partner, by: time.Hour, noWallet: true}
		b.cfg.Partner = p
		b.partner.script[email(0)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
			time.AfterFunc(30*time.Second, func() { // late, well within settle; e-mail not unique, key registered at completion
				f.mu.Lock()
				defer f.mu.Unlock()
				id := fmt.Sprintf("acme-rain-user-%015d", len(f.users))
				f.users = append(f.users, partner.Listed{ServiceID: id, Email: u.Email, CreatedAt: time.Now()})
				f.links[u.Email] = "https://withpersona.com/verify?inquiry-id=" + id
			})
			return partner.Answer{Class: ledger.Unknown, Cause: "timeout"}
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := Run(ctx, b.cfg)
		cancel()
		t.Log(err)
		p.noWallet = false
		s, err := Run(t.Context(), b.cfg)
		t.Log(err, s.Tally.Status)
		time.Sleep(time.Hour)
		if n := len(b.partner.users); n > 1 {
			t.Errorf("created %d times; second POST %s after the first", n, b.partner.posts[1].at.Sub(b.partner.posts[0].at))
		}
	})
}

// B: ours is ahead, list long and newest first: the short cut stops before our user.
type behindNewestFirst struct{ *fakePartner }

func (n behindNewestFirst) Wallet(context.Context) (partner.Wallet, error) {
	return partner.Wallet{}, &partner.Error{Class: ledger.Unknown, HTTPStatus: 500}
}
func (n behindNewestFirst) Create(ctx context.Context, key string, u validate.User) partner.Answer {
	x := n.fakePartner.Create(ctx, key, u)
	if !x.Date.IsZero() {
		x.Date = x.Date.Add(-time.Hour)
	}
	return x
}
func (n behindNewestFirst) ListUsers(ctx context.Context, skip, limit int) (partner.Page, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := make([]partner.Listed, 0, len(n.users))
	for i := len(n.users) - 1; i >= 0; i-- {
		u := n.users[i]
		u.CreatedAt = u.CreatedAt.Add(-time.Hour)
		all = append(all, u)
	}
	p := partner.Page{Skip: skip, Limit: 50, Total: len(all), Began: time.Now(), Ended: time.Now(), Date: time.Now().Add(-time.Hour).Truncate(time.Second)}
	if skip < len(all) {
		p.Users = all[skip:min(len(all), skip+50)]
	}
	return p, nil
}

func TestUnknownClockShortCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1200)
		b.cfg.Partner = behindNewestFirst{b.partner}
		b.partner.script[email(0)] = []act{lose, func(f *fakePartner, key string, u validate.User) partner.Answer {
			// e-mail not unique
			id := fmt.Sprintf("acme-rain-user-%015d", len(f.users))
			f.users = append(f.users, partner.Listed{ServiceID: id, Email: u.Email, CreatedAt: time.Now()})
			return partner.Answer{Class: ledger.OK, HTTPStatus: 201, ServiceID: id, VerificationURL: "https://x.example/" + id}
		}}
		s, err := Run(t.Context(), b.cfg)
		t.Log(err, s.Tally.Status)
		if n := b.partner.postsFor(email(0)); n > 1 {
			t.Errorf("sent %d times although the list has the user", n)
		}
	})
}

// C: list answers 429 with a huge Retry-After
type hugeBusyList struct {
	*fakePartner
	n int
}

func (l *hugeBusyList) ListUsers(ctx context.Context, skip, limit int) (partner.Page, error) {
	if l.n++; l.n == 1 {
		return partner.Page{}, &partner.Error{Class: ledger.Busy, HTTPStatus: 429, RetryAfter: 1e9 * time.Second}
	}
	return l.fakePartner.ListUsers(ctx, skip, limit)
}

func TestHugeRetryAfterOfTheList(t *testing.T) {
	for _, existing := range []bool{false, true} {
		t.Run(fmt.Sprint(existing), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 2000)
				b.cfg.Doubt.CheckExisting = existing
				for i := range 40 {
					b.partner.script[email(i)] = []act{say(partner.Answer{Class: ledger.Unclear, HTTPStatus: 400, Code: "X"})}
				}
				b.cfg.Partner = &hugeBusyList{fakePartner: b.partner}
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				_, err := Run(ctx, b.cfg)
				t.Logf("%T %q %v %d", err, reasonOf(err), err, len(b.partner.posts))
				if ctx.Err() != nil {
					t.Error("still waiting after a day, --patience is 15 min")
				}
			})
		})
	}
}

// D: Retry-After of an answer in flight while the breaker is open
func TestRetryAfterWhileUnusable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 40)
		var until time.Time
		b.partner.latency = 500 * time.Millisecond
		for i := 4; i < 7; i++ {
			b.partner.script[email(i)] = []act{fail}
		}
		b.partner.script[email(7)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
			until = time.Now().Add(5 * time.Minute)
			return partner.Answer{Class: ledger.Busy, HTTPStatus: 429, RetryAfter: 5 * time.Minute}
		}}
		_, err := Run(t.Context(), b.cfg)
		t.Log(err)
		for _, p := range b.partner.posts {
			if !until.IsZero() && p.at.Before(until) && p.at.After(until.Add(-5*time.Minute)) {
				t.Errorf("POST %s before the Retry-After was over", until.Sub(p.at))
				break
			}
		}
	})
}

// E: wallet 429 while the breaker is open
type brokenWallet struct {
	*fakePartner
	busyAt []time.Time
	after  []time.Time
}

func (w *brokenWallet) Wallet(ctx context.Context) (partner.Wallet, error) {
	x, err := w.fakePartner.Wallet(ctx)
	if w.wallets == 2 {
		w.busyAt = append(w.busyAt, time.Now())
		return partner.Wallet{}, &partner.Error{Class: ledger.Busy, HTTPStatus: 429, RetryAfter: 5 * time.Minute}
	}
	if w.wallets == 3 {
		w.after = append(w.after, time.Now())
	}
	return x, err
}

func TestWalletRetryAfterWhileUnusable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 40)
		w := &brokenWallet{fakePartner: b.partner}
		b.cfg.Partner = w
		for i := 4; i < 7; i++ {
			b.partner.script[email(i)] = []act{fail}
		}
		_, err := Run(t.Context(), b.cfg)
		t.Log(err)
		if len(w.after) > 0 && w.after[0].Sub(w.busyAt[0]) < 5*time.Minute {
			t.Errorf("wallet asked again after %s", w.after[0].Sub(w.busyAt[0]))
		}
		for _, p := range b.partner.posts {
			if p.at.After(w.busyAt[0]) && p.at.Before(w.busyAt[0].Add(5*time.Minute)) {
				t.Errorf("POST %s after a 429 with Retry-After 5m", p.at.Sub(w.busyAt[0]))
				break
			}
		}
	})
}

// F: corrected row after absence and UNCLEAR
func TestCorrectedAfterUnclear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.partner.script[email(0)] = []act{fail, say(partner.Answer{Class: ledger.Reject, HTTPStatus: 422}),
			say(partner.Answer{Class: ledger.Unclear, HTTPStatus: 400, Code: "COUNTRY_BLOCKED"})}
		s, err := b.run()
		t.Log(err, s.Tally.Status)
		time.Sleep(time.Hour)
		fix := func(n int) {
			r := validRow(0)
			r.Raw.FirstName = "Corrected" + string(rune('a'+n))
			b.cfg.Input = FromRows("people", r)
		}
		fix(1)
		s, err = b.run()
		t.Log(err, s.Tally.Status, len(b.partner.posts))
		time.Sleep(time.Hour)
		fix(2)
		s, err = b.run()
		t.Log(err, s.Tally.Status, len(b.partner.posts))
		want(t, s, map[ledger.Status]int{ledger.Created: 1})
	})
}

// G: --again duplicate after absence
func TestAgainDuplicateAfterAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.partner.script[email(0)] = []act{fail, func(f *fakePartner, key string, u validate.User) partner.Answer {
			f.users = append(f.users, partner.Listed{ServiceID: "acme-rain-user-other0000000", Email: u.Email, CreatedAt: time.Now().Add(-48 * time.Hour)})
			return partner.Answer{Class: ledger.DupUser, HTTPStatus: 400}
		}}
		s, err := b.run()
		t.Log(err, s.Tally.Status)
		want(t, s, map[ledger.Status]int{ledger.Duplicate: 1})
		time.Sleep(time.Hour)
		b.partner.users = nil // deleted in the partner's dashboard
		b.cfg.Resend.Statuses = []ledger.Status{ledger.Duplicate}
		s, err = b.run()
		t.Log(err, s.Tally.Status)
		want(t, s, map[ledger.Status]int{ledger.Created: 1})
	})
}

// H: panic before the answers are changes
type panicsLooking struct {
	*memory.Ledger
	n int
}

func (p *panicsLooking) Customers(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Customer, error] {
	if len(q.ServiceIDs) > 0 {
		if p.n++; p.n == 3 {
			panic("boom")
		}
	}
	return p.Ledger.Customers(ctx, q)
}

// Fault 53: a panic is caught to keep the answers, and then ends the run.
func TestPanicSavesUndecidedAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 20)
		b.cfg.Ledger = &panicsLooking{Ledger: b.ledger}
		kept := map[string]bool{}
		b.cfg.LastResort = func(c ledger.Change) { kept[c.ServiceID] = true }
		_, err := Run(t.Context(), b.cfg)
		_ = err
		for c := range b.ledger.Customers(t.Context(), ledger.Query{Status: []ledger.Status{ledger.Created}}) {
			kept[c.ServiceID] = true
		}
		for _, u := range b.partner.users {
			if !kept[u.ServiceID] {
				t.Errorf("the answer with %s is in neither ledger nor last resort", u.ServiceID)
			}
		}
	})
}
