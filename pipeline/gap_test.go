package pipeline

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// restored is a bench whose ledger was put back from a copy: of 13 people it
// created 0 to 4, and then 5 to 9, of which it knows nothing. 10 was created
// meanwhile by another party, 11 long before all of it, and 12 does not exist.
func restored(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, 5)
	b.partner.always = func(f *fakePartner, key string, u validate.User) partner.Answer {
		n := len(f.users)
		a := create(f, key, u)
		if len(f.users) > n {
			f.users[n].FirstName, f.users[n].LastName = u.FirstName, u.LastName
		}
		return a
	}
	stranger := func(n int, name string) {
		b.partner.users = append(b.partner.users, partner.Listed{ServiceID: fmt.Sprintf("acme-rain-user-stranger%07d", n), Email: email(n),
			FirstName: name, LastName: letters(n), CreatedAt: time.Now()})
	}
	stranger(11, "Person")
	time.Sleep(72 * time.Hour)
	b.must()
	time.Sleep(time.Hour)

	lost := b.ledger
	b.ledger = memory.New("sandbox")
	b.cfg.Ledger = b.ledger
	var rows []Row
	for n := 5; n < 10; n++ {
		rows = append(rows, validRow(n))
	}
	b.cfg.Input = FromRows("people", rows...)
	b.must()
	stranger(10, "Someone")
	time.Sleep(time.Hour)

	b.ledger, b.cfg.Ledger, b.cfg.Input = lost, lost, people(13)
	b.partner.posts, b.partner.lists = nil, nil
	if _, err := b.ledger.OpenGap(t.Context(), ledger.Gap{Cause: ledger.GapCopy}); err != nil {
		t.Fatal(err)
	}
	return b
}

// must runs once; the run must not stop.
func (b *bench) must() Summary {
	b.t.Helper()
	s, err := Run(b.t.Context(), b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// customerNumber is a customer of the ledger.
func (b *bench) customerNumber(n int) ledger.Customer {
	b.t.Helper()
	for c, err := range b.ledger.Customers(b.t.Context(), ledger.Query{Identities: []string{email(n)}, History: true}) {
		if err != nil {
			b.t.Fatal(err)
		}
		return c
	}
	return ledger.Customer{}
}

// is fails unless people have this status and code.
func (b *bench) is(status ledger.Status, code string, people ...int) {
	b.t.Helper()
	for _, n := range people {
		if c := b.customerNumber(n); c.Status != status || c.Code != code {
			b.t.Errorf("customer %d is %s (%s), want %s (%s)", n, c.Status, c.Code, status, code)
		}
	}
}

func TestGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := restored(t)
		opened := time.Now()
		b.must()
		b.is(ledger.Created, "", 0, 1, 2, 3, 4, 12)
		b.is(ledger.InDoubt, decide.CodeCreatedInGap, 5, 6, 7, 8, 9, 10)
		b.is(ledger.Duplicate, "DUP_USER", 11)
		if len(b.partner.posts) != 2 { // 11 and 12
			t.Errorf("%d requests: %v", len(b.partner.posts), b.partner.posts)
		}
		quiet := b.cfg.Doubt
		for _, p := range b.partner.posts {
			if p.at.Before(opened.Add(5*time.Minute + time.Minute + quiet.Settle)) {
				t.Errorf("sent %s after the copy was opened", p.at.Sub(opened))
			}
		}
		gaps, err := b.ledger.Gaps(t.Context())
		if err != nil || len(gaps) != 1 || gaps[0].IsOpen() {
			t.Errorf("%+v, %v", gaps, err)
		}

		// Again: nothing new, and no second wait.
		again, lists := time.Now(), len(b.partner.lists)
		b.must()
		b.is(ledger.InDoubt, decide.CodeCreatedInGap, 5, 6, 7, 8, 9, 10)
		if d := time.Since(again); d > time.Minute || len(b.partner.posts) != 2 || len(b.partner.lists) == lists {
			t.Errorf("the second run took %s, %d requests, %d pages", d, len(b.partner.posts), len(b.partner.lists)-lists)
		}

		// Without their rows no names are known: nothing is decided.
		cfg := b.cfg
		cfg.Doubt.GapOurs = true
		if _, err := Settle(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		b.is(ledger.InDoubt, decide.CodeCreatedInGap, 5, 10)

		b.cfg.Doubt.GapOurs = true
		b.must()
		b.is(ledger.LinkMissing, "link_lost", 5, 6, 7, 8, 9)
		b.is(ledger.InDoubt, decide.CodeCreatedInGap, 10)
		for n := 5; n < 10; n++ {
			if u, c := b.listed(n), b.customerNumber(n); u.ServiceID != c.ServiceID {
				t.Errorf("customer %d has the service id %q, not %q", n, c.ServiceID, u.ServiceID)
			}
		}

		// An operator wants the last one sent after all: it is, and the answer
		// is no proof that the user is a stranger's.
		c := b.customerNumber(10)
		if left, err := b.ledger.Record(t.Context(), 1, []ledger.Change{{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents},
			Status: ledger.Pending, Manual: true, At: time.Now()}}); err != nil || len(left) > 0 {
			t.Fatal(err)
		}
		b.must()
		b.is(ledger.InDoubt, decide.CodeCreatedInGap, 10)
		if n := b.partner.postsFor(email(10)); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

func (b *bench) listed(n int) partner.Listed {
	for _, u := range b.partner.users {
		if u.Email == email(n) {
			return u
		}
	}
	return partner.Listed{}
}

// No user is called a duplicate, none is ours by a time that cannot be compared, and no
// row is sent, whatever the list lacks.
func TestGapWithPoorLists(t *testing.T) {
	all := []int{5, 6, 7, 8, 9, 10}
	for name, c := range map[string]struct {
		spoil func(*bench)
		check func(*bench)
	}{
		"no times": {func(b *bench) {
			for i := range b.partner.users {
				b.partner.users[i].CreatedAt = time.Time{}
			}
		}, func(b *bench) { b.is(ledger.InDoubt, decide.CodeCreatedInGap, append(all, 11)...) }},
		"a clock that scatters": {func(b *bench) {
			for i := range b.partner.users {
				b.partner.users[i].CreatedAt = b.partner.users[i].CreatedAt.Add(time.Duration(i%3) * time.Minute)
			}
		}, func(b *bench) {
			b.is(ledger.InDoubt, decide.CodeCreatedInGap, all...)
			b.is(ledger.Duplicate, "DUP_USER", 11) // three days before
		}},
		"a zone is missing": {func(b *bench) {
			for i := range b.partner.users {
				b.partner.users[i].CreatedAt = b.partner.users[i].CreatedAt.Add(-9 * time.Hour)
			}
		}, func(b *bench) {
			b.is(ledger.LinkMissing, "link_lost", 5, 6, 7, 8, 9)
			b.is(ledger.InDoubt, decide.CodeCreatedInGap, 10)
		}},
		"another name": {func(b *bench) {
			for i := range b.partner.users {
				b.partner.users[i].FirstName = "X"
			}
		}, func(b *bench) { b.is(ledger.InDoubt, decide.CodeCreatedInGap, all...) }},
		"a user deleted": {func(b *bench) {
			for i, u := range b.partner.users {
				if u.Email == email(5) {
					b.partner.users[i].Status, b.partner.users[i].Email = "deleted", "gone"
				}
			}
		}, func(b *bench) { b.is(ledger.Created, "", 5, 12) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := restored(t)
				b.cfg.Doubt.GapOurs = true
				c.spoil(b)
				b.must()
				c.check(b)
				for _, n := range all {
					if c := b.customerNumber(n); c.Status == ledger.Duplicate {
						t.Errorf("customer %d is called a duplicate", n)
					}
				}
			})
		})
	}
}

// Without a list that can be used nothing is sent, until an operator says so;
// and then no row is called a duplicate either.
func TestGapWithoutList(t *testing.T) {
	for name, spoil := range map[string]func(*bench){
		"unreadable": func(b *bench) { b.partner.noList = true },
		"masked": func(b *bench) {
			for i := range b.partner.users {
				b.partner.users[i].Email = fmt.Sprintf("p***%d@example.com", i)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := restored(t)
				whole := append([]partner.Listed{}, b.partner.users...)
				spoil(b)
				if s, err := Run(t.Context(), b.cfg); reasonOf(err) != PartnerDown || s.Sent != 0 || len(b.partner.posts) != 0 {
					t.Fatalf("sent %d: %v", s.Sent, err)
				}
				gaps, err := b.ledger.Gaps(t.Context())
				if err != nil || !gaps[0].IsOpen() {
					t.Fatalf("%+v, %v", gaps, err)
				}
				if err := b.ledger.CloseGap(t.Context(), gaps[0].ID, time.Now(), "asked the partner"); err != nil {
					t.Fatal(err)
				}
				b.partner.users, b.partner.noList = whole, false
				b.must()
				b.is(ledger.InDoubt, decide.CodeCreatedInGap, 5, 6, 7, 8, 9, 10)
				b.is(ledger.Duplicate, "DUP_USER", 11)
				b.is(ledger.Created, "", 12)
			})
		})
	}
}

// The wait for the keys of the lost time ends with the context, and nothing has
// been sent.
func TestGapIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := restored(t)
		var shown string
		var until time.Time
		b.cfg.OnProgress = func(p Progress) {
			if p.Pause != "" {
				shown, until = p.Pause, p.Until
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		s, err := Run(ctx, b.cfg)
		if reasonOf(err) != Interrupted || s.Sent != 0 || len(b.partner.posts)+len(b.partner.lists) > 0 {
			t.Errorf("sent %d: %v", s.Sent, err)
		}
		if d := time.Since(began); d > time.Minute+10*time.Second {
			t.Errorf("it took %s", d)
		}
		if shown == "" || until.Sub(began) < 6*time.Minute {
			t.Errorf("shown: %q until %s", shown, until.Sub(began))
		}
		b.cfg.Bounds.MaxDuration = time.Minute
		if _, err := Run(t.Context(), b.cfg); reasonOf(err) != MaxDuration {
			t.Errorf("with --max-duration: %v", err)
		}
	})
}
