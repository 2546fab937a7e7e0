package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// customerOf is a customer of the bench with its attempts.
func (b *bench) customerOf(n int) (c ledger.Customer) {
	for found, err := range b.ledger.Customers(b.t.Context(), ledger.Query{Identities: []string{email(n)}, History: true}) {
		if err != nil {
			b.t.Fatal(err)
		}
		c = found
	}
	return c
}

// held answers a request once another one was answered, with what f makes of both.
type held struct {
	answer partner.Answer
}

// swapWith lets the next two requests get each other's answers.
func swapWith(h *held, other string) act {
	return func(f *fakePartner, key string, u validate.User) partner.Answer {
		mine := create(f, key, u)
		if h.answer.ServiceID == "" { // the first: the other one is made now, too, as if at once
			theirs := create(f, "key of the other", validate.User{Email: other})
			h.answer = mine
			return theirs
		}
		delete(f.keys, key)
		return h.answer
	}
}

// The partner gives two customers each other's user and link.
func TestSwappedAnswersArePutRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 12)
		h := &held{}
		b.partner.script[email(5)] = []act{swapWith(h, email(6))}
		b.partner.script[email(6)] = []act{swapWith(h, "")}
		s, err := b.run() // audits every serviceId and link
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 12})
		if s.New[ledger.Created] != 12 || s.Unconfirmed != 0 {
			t.Errorf("%d created, %d unconfirmed", s.New[ledger.Created], s.Unconfirmed)
		}
		for n := range 12 {
			if c := b.customerOf(n); c.Pairing != ledger.Confirmed {
				t.Errorf("row %d is %q", n, c.Pairing)
			}
		}
		if c := b.customerOf(5); c.History[0].Class != ledger.OKBroken {
			t.Errorf("the answer that was another one's still counts: %s", c.History[0].Class)
		}
	})
}

// The same in a run of few rows, over a ledger whose earlier users are confirmed:
// those are what the clocks are compared by.
func TestSwappedAnswersOfASmallRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 12)
		all := b.cfg.Input
		b.cfg.Input = people(8)
		if _, err := Run(t.Context(), b.cfg); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		b.cfg.Input = all
		h := &held{}
		b.partner.script[email(9)] = []act{swapWith(h, email(10))}
		b.partner.script[email(10)] = []act{swapWith(h, "")}
		b.partner.script[email(11)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
			create(f, key, u)
			return partner.Answer{Class: ledger.DupUser, HTTPStatus: 400, Code: "DUP_USER"}
		}}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 11, ledger.LinkMissing: 1})
	})
}

// Every row gets the answer of the one before: no user near is a measure, and
// those further away are.
func TestMixUpLongerThanTheNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 60)
		b.cfg.Pace.Workers = 1
		var last partner.Answer
		for n := 10; n < 55; n++ {
			b.partner.script[email(n)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
				said := last
				if last = create(f, key, u); said.ServiceID == "" {
					return last
				}
				return said
			}}
		}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 59, ledger.LinkMissing: 1})
	})
}

// A run whose every answer is mixed up has no measures, however many rows it has:
// those of the earlier run are used.
func TestRunThatIsMixedUpAsAWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 40)
		b.cfg.Pace.Workers = 1
		all := b.cfg.Input
		b.cfg.Input = people(8)
		if _, err := Run(t.Context(), b.cfg); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		b.cfg.Input = all
		var last partner.Answer
		for n := 8; n < 40; n++ {
			b.partner.script[email(n)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
				said := last
				if last = create(f, key, u); said.ServiceID == "" {
					return last
				}
				return said
			}}
		}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 39, ledger.LinkMissing: 1})
	})
}

// The same, found by a later run, after a report with the links was written:
// nothing is moved, and both rows go to a reviewer.
func TestSwappedLinksThatWereShownAreNotMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 12)
		h := &held{}
		b.partner.script[email(5)] = []act{swapWith(h, email(6))}
		b.partner.script[email(6)] = []act{swapWith(h, "")}
		b.cfg.Doubt.SkipConfirm = true
		if _, err := Run(t.Context(), b.cfg); err != nil {
			t.Fatal(err)
		}
		if err := b.ledger.SaveFact(t.Context(), FactLinksShown, "", time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		before := b.customerOf(5)
		b.cfg.Doubt.SkipConfirm = false
		if _, err := Run(t.Context(), b.cfg); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{5, 6} {
			if c := b.customerOf(n); c.Status != ledger.Created || c.Pairing != ledger.MixedUp || c.UsableURL() != "" || c.URL == "" || !c.NeedsReview() {
				t.Errorf("row %d: %s, %q", n, c.Status, c.Pairing)
			}
		}
		if after := b.customerOf(5); after.ServiceID != before.ServiceID {
			t.Error("a user was moved although its link had been handed out")
		}
	})
}

// A link that all rows are given belongs to no row.
func TestOneLinkForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 8)
		b.partner.always = func(f *fakePartner, key string, u validate.User) partner.Answer {
			a := create(f, key, u)
			a.VerificationURL = "https://withpersona.com/verify?inquiry-id=one-for-all"
			return a
		}
		s, err := Run(t.Context(), b.cfg)
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.LinkMissing: 8})
	})
}

// An intermediary repeats an answer: the second customer gets the first one's.
func TestRepeatedAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 8)
		var last partner.Answer
		b.partner.script[email(3)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
			last = create(f, key, u)
			return last
		}}
		b.partner.script[email(4)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
			create(f, key, u)
			return last
		}}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 7, ledger.LinkMissing: 1})
	})
}

// A list that lags is asked again, and its lag is kept.
func TestConfirmWaitsForTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		b.cfg.Partner = lagging{b.partner, 12 * time.Second}
		s, err := b.run()
		if err != nil || s.Unconfirmed != 0 {
			t.Errorf("%d unconfirmed: %v", s.Unconfirmed, err)
		}
		if text, _, err := b.ledger.Fact(t.Context(), factListLag); err != nil || !strings.HasPrefix(text, "6.") {
			t.Errorf("lag %s: %v", text, err)
		}
	})
}

// One that lags by more leaves them unconfirmed, which is no finding; the next
// run asks again, and a day later an unlisted user is one.
func TestUnlistedUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		b.cfg.Partner = lagging{b.partner, 2 * 24 * time.Hour}
		s, err := b.run()
		if err != nil || s.Unconfirmed != 3 || b.customerOf(1).NeedsReview() {
			t.Fatalf("%d unconfirmed: %v", s.Unconfirmed, err)
		}
		time.Sleep(25 * time.Hour)
		if _, err = b.run(); err != nil {
			t.Fatal(err)
		}
		if c := b.customerOf(1); c.Pairing != ledger.UserUnlisted || !c.NeedsReview() {
			t.Errorf("%q", c.Pairing)
		}
	})
}

type lagging struct {
	*fakePartner
	by time.Duration
}

func (l lagging) ListUsers(ctx context.Context, skip, limit int) (partner.Page, error) {
	l.mu.Lock()
	all := l.users
	for i, u := range all {
		if time.Since(u.CreatedAt) < l.by {
			l.users = all[:i]
			break
		}
	}
	l.mu.Unlock()
	p, err := l.fakePartner.ListUsers(ctx, skip, limit)
	l.mu.Lock()
	l.users = all
	l.mu.Unlock()
	return p, err
}

// rewriting shows users otherwise than they were sent.
type rewriting struct {
	*fakePartner
	show func(*partner.Listed)
}

func (r rewriting) ListUsers(ctx context.Context, skip, limit int) (partner.Page, error) {
	p, err := r.fakePartner.ListUsers(ctx, skip, limit)
	for i := range p.Users {
		r.show(&p.Users[i])
	}
	return p, err
}

func TestWhatTheListShows(t *testing.T) {
	for name, c := range map[string]struct {
		rows int
		show func(*partner.Listed)
		want map[int]ledger.Pairing
	}{
		"masked e-mails say nothing": {5, func(u *partner.Listed) { u.Email = "p***@example.com" },
			map[int]ledger.Pairing{0: ledger.Unconfirmed, 4: ledger.Unconfirmed}},
		"upper case is the same": {5, func(u *partner.Listed) { u.Email = strings.ToUpper(u.Email) },
			map[int]ledger.Pairing{0: ledger.Confirmed}},
		"a tag left out is the same": {5, func(u *partner.Listed) { u.Email = strings.Replace(u.Email, "@", "+x@", 1) },
			map[int]ledger.Pairing{0: ledger.Confirmed}},
		"all rewritten say nothing": {5, func(u *partner.Listed) { u.Email = "new." + u.Email + ".invalid" },
			map[int]ledger.Pairing{0: ledger.Unconfirmed}},
		"one that no customer has is reported": {30, func(u *partner.Listed) {
			if u.Email == email(2) {
				u.Email = "someone@example.org"
			}
		}, map[int]ledger.Pairing{2: ledger.EmailDiffers, 3: ledger.Confirmed}},
		"one that is deleted": {5, func(u *partner.Listed) {
			if u.Email == email(2) {
				u.Status = "deleted"
			}
		}, map[int]ledger.Pairing{2: ledger.UserDeleted, 3: ledger.Confirmed}},
		"a customer's whose own attempt cannot have made it": {30, func(u *partner.Listed) {
			if u.Email == email(2) {
				u.Email, u.CreatedAt = email(3), u.CreatedAt.Add(-time.Hour)
			}
		}, map[int]ledger.Pairing{2: ledger.MixedUp}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, c.rows)
				b.cfg.Partner = rewriting{b.partner, c.show}
				if _, err := b.run(); err != nil {
					t.Fatal(err)
				}
				for n, pairing := range c.want {
					if c := b.customerOf(n); c.Pairing != pairing || c.Status != ledger.Created {
						t.Errorf("row %d: %s %q, want %q", n, c.Status, c.Pairing, pairing)
					}
				}
			})
		})
	}
}

// An intermediary sends a request twice and gives the second answer, "this
// e-mail exists": the user is ours, by its time.
func TestDuplicateOfOurOwnRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 9)
		b.partner.users = append(b.partner.users, partner.Listed{ServiceID: "acme-rain-user-old", Email: email(7), CreatedAt: time.Now().Add(-time.Hour)})
		b.partner.script[email(4)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
			create(f, key, u)
			return partner.Answer{Class: ledger.DupUser, HTTPStatus: 400, Code: "DUP_USER"}
		}}
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 7, ledger.LinkMissing: 1, ledger.Duplicate: 1})
		if len(b.ledgerDue()) != 0 {
			t.Error("a duplicate is looked up again and again")
		}
	})
}

// An intermediary sends a request twice, gives its first answer to another
// customer and its second one, "this e-mail exists", to the right one.
func TestDuplicateWhoseAnswerWentToAnother(t *testing.T) {
	begin := func(t *testing.T) (b *bench, theirs *partner.Answer) {
		b, theirs = newBench(t, 12), &partner.Answer{}
		b.partner.script[email(5)] = []act{func(f *fakePartner, key string, u validate.User) partner.Answer {
			create(f, key, u)
			*theirs = create(f, "key of the other", validate.User{Email: email(6)})
			return *theirs
		}}
		return b, theirs
	}
	t.Run("found before the report", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b, theirs := begin(t)
			s, err := b.run()
			if err != nil {
				t.Fatal(err)
			}
			want(t, s, map[ledger.Status]int{ledger.Created: 11, ledger.LinkMissing: 1})
			if c := b.customerOf(6); c.ServiceID != theirs.ServiceID || c.URL != theirs.VerificationURL {
				t.Errorf("the customer whose answer went to another is %s, %q", c.Status, c.Code)
			}
		})
	})
	t.Run("found after the links were shown", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b, theirs := begin(t)
			b.cfg.Doubt.SkipConfirm = true
			if _, err := Run(t.Context(), b.cfg); err != nil {
				t.Fatal(err)
			}
			if err := b.ledger.SaveFact(t.Context(), FactLinksShown, "", time.Now()); err != nil {
				t.Fatal(err)
			}
			b.cfg.Doubt.SkipConfirm = false
			for range 2 { // and it stays so
				if _, err := Run(t.Context(), b.cfg); err != nil {
					t.Fatal(err)
				}
				if c := b.customerOf(5); c.Status != ledger.Created || c.Pairing != ledger.MixedUp || c.ServiceID != theirs.ServiceID {
					t.Errorf("the one who was given the user is %s, %q", c.Status, c.Pairing)
				}
				if c := b.customerOf(6); c.Status != ledger.InDoubt || c.Code != decide.CodeTaken || c.ServiceID != "" {
					t.Errorf("the one whose user it is is %s, %q", c.Status, c.Code)
				}
			}
		})
	})
}

func (b *bench) ledgerDue() (due []ledger.Customer) {
	for c, err := range b.ledger.Customers(b.t.Context(), ledger.Query{Pairing: ledger.Unconfirmed}) {
		if err != nil {
			b.t.Fatal(err)
		}
		due = append(due, c)
	}
	return due
}

// slugged answers with the serviceIds of an account of any name and form.
func slugged(of func() string) act {
	return func(f *fakePartner, key string, u validate.User) partner.Answer {
		a := create(f, key, u)
		if a.Class == ledger.OK {
			last := &f.users[len(f.users)-1]
			last.ServiceID = strings.Replace(last.ServiceID, "acme-rain-user-", of(), 1)
			a.ServiceID = last.ServiceID
		}
		return a
	}
}

// The vendor changes the form of its serviceIds: the same account, every user created.
func TestServiceIDsChangeTheirForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 5)
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		b.partner.always = slugged(func() string { return "acme-user-" })
		b.cfg.Input = people(13)
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 13})
	})
}

// A key of another account: one user is created there and recorded as what it
// is, the run stops before the second, and the same key is not tried again.
func TestAnotherAccountStopsBeforeTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 5)
		b.cfg.Origin.KeyPrint = "one"
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		b.partner.always = slugged(func() string { return "other-user-" })
		b.cfg.Input = people(13)
		for range 2 {
			_, err := Run(t.Context(), b.cfg)
			if reasonOf(err) != Refused || !errors.Is(err, ledger.ErrAccount) {
				t.Fatal(err)
			}
			if n := len(b.partner.posts); n != 6 {
				t.Fatalf("%d requests, want 6", n)
			}
		}
		c := b.customerOf(5)
		if c.Status != ledger.Created || c.Code != ledger.CodeOtherAccount || c.ServiceID == "" || c.URL == "" || !c.NeedsReview() {
			t.Errorf("%s %s", c.Status, c.Code)
		}
	})
}

// Nothing names the account: the run goes on, with one warning.
func TestNamelessAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 5)
		b.partner.always = slugged(func() string { return "usr_" })
		s, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 5})
	})
}

// A link that two users were given belongs to neither, in later runs as well.
func TestSharedLinkStaysNobodys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 8)
		b.partner.always = func(f *fakePartner, key string, u validate.User) partner.Answer {
			a := create(f, key, u)
			a.VerificationURL = "https://withpersona.com/verify?inquiry-id=one-for-all"
			return a
		}
		for n := range 3 {
			b.cfg.Input = people(8 + n)
			s, err := Run(t.Context(), b.cfg)
			if err != nil {
				t.Fatal(err)
			}
			want(t, s, map[ledger.Status]int{ledger.LinkMissing: 8 + n})
		}
	})
}
