package pipeline

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// Every stage of a deletion, and what a run makes of it. The partner creates
// the user, the answer is lost, the list shows the user: link_missing.
func TestRecreation(t *testing.T) {
	for _, test := range []struct {
		name    string
		class   ledger.Class // how the deletion ended in the ledger
		absent  bool
		happens bool // at the partner
		lags    bool // the list shows the deleted user for a while
		key     int  // generation of the second request; -1 = none is sent
		want    ledger.Status
	}{
		{"recorded", ledger.Removed, true, true, false, 1, ledger.Created},
		{"recorded, the list lags", ledger.Removed, true, true, true, 1, ledger.Created},
		{"unanswered, and done", ledger.Unknown, false, true, false, 1, ledger.Created},
		{"unanswered, and not done", ledger.Unknown, false, false, false, -1, ledger.LinkMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 6)
				b.partner.script[email(1)] = []act{lose}
				s, err := b.run()
				if err != nil {
					t.Fatal(err)
				}
				want(t, s, map[ledger.Status]int{ledger.Created: 5, ledger.LinkMissing: 1})
				lost := b.customer(email(1))
				removeUser(t, b, lost, test.class, test.absent)
				if at := slices.IndexFunc(b.partner.users, func(u partner.Listed) bool { return u.Email == email(1) }); test.happens && !test.lags {
					b.partner.users[at].Email, b.partner.users[at].Status = "", "deleted" // the next serviceId is a new one
				} else if test.lags {
					b.partner.users[at].Email = "Person1@example.com" // listed, and no longer in the way
				}
				began := time.Now()
				b.cfg.Filter = func(c ledger.Customer) bool { return c.ID == lost.ID }
				if _, err = Run(t.Context(), b.cfg); err != nil {
					t.Fatal(err)
				}
				c := b.customer(email(1))
				if c.Status != test.want {
					t.Errorf("%s, want %s (%s)", c.Status, test.want, c.Code)
				}
				sent := -1
				if last := b.partner.posts[len(b.partner.posts)-1]; len(b.partner.posts) > 6 {
					for g := range 3 {
						if last.key == ledger.Key("sandbox", c.Identity, g) {
							sent = g
						}
					}
				}
				if sent != test.key {
					t.Errorf("sent under generation %d, want %d", sent, test.key)
				}
				if test.class == ledger.Unknown && time.Since(began) < 100*time.Second {
					t.Errorf("decided after %s: the deletion could still take effect", time.Since(began))
				}
				if test.class == ledger.Removed && time.Since(began) > time.Minute {
					t.Errorf("waited %s for a deletion that was answered", time.Since(began))
				}
			})
		})
	}
}

func (b *bench) customer(mail string) ledger.Customer {
	b.t.Helper()
	for c, err := range b.ledger.Customers(b.t.Context(), ledger.Query{Identities: []string{mail}, History: true}) {
		if err != nil {
			b.t.Fatal(err)
		}
		return c
	}
	b.t.Fatal("no such customer")
	return ledger.Customer{}
}

// removeUser writes a deletion into the ledger, as links recover does.
func removeUser(t *testing.T, b *bench, c ledger.Customer, class ledger.Class, absent bool) {
	t.Helper()
	now := ledger.Instant{At: time.Now(), Certain: true}
	e := ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}
	ids, err := b.ledger.Intend(t.Context(), 9, []ledger.Intent{{Expect: e, Generation: c.Generation + 1, Removes: c.ServiceID, At: now}})
	if err != nil {
		t.Fatal(err)
	}
	ch := ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: ledger.InDoubt, Intents: c.Intents + 1}, Status: ledger.InDoubt, At: now.At,
		Close: []ledger.Closing{{Attempt: ids[0], Class: class, Absent: absent, NotAfter: now}}}
	for _, a := range c.History {
		if absent {
			ch.Close = append(ch.Close, ledger.Closing{Attempt: a.ID, Class: a.Class, Absent: true, NotAfter: a.NotAfter})
		}
	}
	if left, err := b.ledger.Record(t.Context(), 9, []ledger.Change{ch}); err != nil || len(left) > 0 {
		t.Fatal(err)
	}
}

// One customer has a new user before the next one's is deleted, also when the answer to a
// deletion was lost. When one is not created again, no further user is deleted.
func TestRecreationOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 6)
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		all := map[int64]bool{}
		for i := range 6 {
			c := b.customer(email(i))
			if all[c.ID] = true; !c.IsRenewable() {
				t.Fatalf("%s is %s, %q", c.Email, c.Status, c.Pairing)
			}
		}
		// The third deletion is not answered, and was done. The fifth user is not created again.
		b.partner.script[email(4)] = []act{say(partner.Answer{Class: ledger.Reject, HTTPStatus: 422})}
		var deleted []string
		b.cfg.Recreate = &Recreation{Customers: all, Remove: func(_ context.Context, d Deletion) (Removal, error) {
			for _, mail := range deleted {
				if c := b.customer(mail); c.Status != ledger.Created || c.Generation != 1 {
					t.Errorf("%s is %s when %s is deleted", mail, c.Status, d.Customer.Email)
				}
			}
			class := ledger.Removed
			if d.Customer.Email == email(2) {
				class = ledger.Unknown
			}
			removeUser(t, b, ledger.Customer{ID: d.Customer.ID, Status: d.Customer.Status, Intents: d.Customer.Intents, Generation: d.Customer.Generation, ServiceID: d.Customer.ServiceID}, class, class == ledger.Removed)
			at := slices.IndexFunc(b.partner.users, func(u partner.Listed) bool { return u.ServiceID == d.Customer.ServiceID })
			b.partner.users[at].Email, b.partner.users[at].Status = "", "deleted"
			deleted = append(deleted, d.Customer.Email)
			return Removal{Customer: b.customer(d.Customer.Email), IsGone: class == ledger.Removed}, nil
		}}
		b.cfg.Filter = func(ledger.Customer) bool { return false }
		b.cfg.Money.Prepaid = true
		s, err := Run(t.Context(), b.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{email(0), email(1), email(2), email(3), email(4)}; !slices.Equal(deleted, want) {
			t.Errorf("deleted: %v", deleted)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 5, ledger.Rejected: 1})
		if c := b.customer(email(5)); c.Generation != 0 || c.Status != ledger.Created {
			t.Errorf("the last one is %s of generation %d", c.Status, c.Generation)
		}
	})
}

// A deletion that was not done leaves the customer as it was, and the next one goes on.
func TestRecreationNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2)
		if _, err := b.run(); err != nil {
			t.Fatal(err)
		}
		first, calls := b.customer(email(0)), 0
		b.cfg.Recreate = &Recreation{Customers: map[int64]bool{first.ID: true, b.customer(email(1)).ID: true}, Remove: func(_ context.Context, d Deletion) (Removal, error) {
			if calls++; calls == 1 { // sent, unanswered, and not done
				removeUser(t, b, ledger.Customer{ID: d.Customer.ID, Status: d.Customer.Status, Intents: d.Customer.Intents, Generation: 0, ServiceID: d.Customer.ServiceID}, ledger.Unknown, false)
			}
			return Removal{Customer: b.customer(d.Customer.Email)}, nil // the second was not to be deleted after all
		}}
		if _, err := Run(t.Context(), b.cfg); err != nil {
			t.Fatal(err)
		}
		now := b.customer(email(0))
		if now.Status != ledger.Created || now.ServiceID != first.ServiceID || now.URL != first.URL || now.Pairing != ledger.Confirmed || !now.Issued.Equal(first.Issued) {
			t.Errorf("%+v", now)
		}
		if calls != 2 || len(b.partner.posts) != 2 {
			t.Errorf("%d calls, %d requests", calls, len(b.partner.posts))
		}
	})
}
