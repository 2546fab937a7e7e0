package kyc

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// account is a partner's list that changes: users are deleted, and created again.
type account struct {
	users       []partner.Listed
	newestFirst bool
	cap         int // users a page at most; 0 = as asked
	refuses     int // limits above that; 0 = none
	pages       int
	deletes     int
	stays       int // pages that still show a deleted user
	gone        map[string]int
	answer      func(n int) (partner.Removal, error) // of the nth deletion; nil = deleted
	onPage      func()
}

func (a *account) ListUsers(_ context.Context, skip, limit int) (partner.Page, error) {
	a.pages++
	if a.refuses > 0 && limit > a.refuses {
		return partner.Page{}, &partner.Error{Class: ledger.Reject, HTTPStatus: 422}
	}
	if a.cap > 0 {
		limit = min(limit, a.cap)
	}
	p := partner.Page{Total: len(a.users), Date: time.Now(), Began: time.Now(), Ended: time.Now()}
	if skip < len(a.users) {
		p.Users = slices.Clone(a.users[skip:min(len(a.users), skip+limit)])
	}
	for id, left := range a.gone {
		if left--; left <= 0 {
			delete(a.gone, id)
			a.users = slices.DeleteFunc(a.users, func(u partner.Listed) bool { return u.ServiceID == id })
			continue
		}
		a.gone[id] = left
	}
	if a.onPage != nil {
		a.onPage()
	}
	return p, nil
}

func (a *account) Delete(_ context.Context, serviceID string) (partner.Removal, error) {
	a.deletes++
	if a.answer != nil {
		return a.answer(a.deletes)
	}
	if a.gone == nil {
		a.gone = map[string]int{}
	}
	if a.stays > 0 {
		a.gone[serviceID] = a.stays
	} else {
		a.users = slices.DeleteFunc(a.users, func(u partner.Listed) bool { return u.ServiceID == serviceID })
	}
	return partner.Removed, nil
}

func (a *account) create(email, id string) {
	u := partner.Listed{ServiceID: id, Email: email, Status: "pending_kyc"}
	if a.newestFirst {
		a.users = slices.Insert(a.users, 0, u)
		return
	}
	a.users = append(a.users, u)
}

// confirmed is a ledger with n created customers whom the list has confirmed, and the
// account that has them.
func confirmed(t *testing.T, n int) (*memory.Ledger, *account) {
	t.Helper()
	l, a := created(t, ledger.Created, n, nil), &account{}
	for _, c := range customers(t, l) {
		a.create(c.Email, c.ServiceID)
		if err := l.NotePairings(t.Context(), []ledger.PairingNote{{Customer: c.ID, ServiceID: c.ServiceID, Pairing: ledger.Confirmed}}); err != nil {
			t.Fatal(err)
		}
	}
	return l, a
}

// renewer returns a Renewer that has located all customers.
func renewer(t *testing.T, l *memory.Ledger, a *account) *Renewer {
	t.Helper()
	r := NewRenewer(RemoveConfig{Ledger: l, Partner: a}, l)
	if err := r.Locate(t.Context(), quick(), customers(t, l)); err != nil {
		t.Fatal(err)
	}
	return r
}

// Every user is found although the list moves with each deletion and creation, in either
// order and with pages of any size, by a few pages each.
func TestRenewFindsMovedUsers(t *testing.T) {
	for i, most := range []int{0, 7, 0, 7} {
		newest := i >= 2
		synctest.Test(t, func(t *testing.T) {
			const n = 300
			l, a := confirmed(t, n)
			a.cap, a.refuses = most, 100*(i%2)
			if a.newestFirst = newest; newest {
				slices.Reverse(a.users)
			}
			r := renewer(t, l, a)
			before := a.pages
			for _, c := range customers(t, l) {
				now, gone, err := r.Renew(t.Context(), quick(), 1, c)
				if err != nil || !gone || now.Status != ledger.InDoubt || now.ServiceID != "" || now.Code != CodeRecreating {
					t.Fatalf("%s, newest first %t: %+v, gone %t: %v", c.ServiceID, newest, now, gone, err)
				}
				a.create(c.Email, "again-"+c.ServiceID)
			}
			if pages := a.pages - before; len(r.Result().Removed) != n || pages > 4*n {
				t.Errorf("%d deleted by %d pages", len(r.Result().Removed), pages)
			}
		})
	}
}

// Nobody is deleted whom the page just before shows otherwise; what it shows is recorded.
func TestRenewLeavesAlone(t *testing.T) {
	l, a := confirmed(t, 6)
	a.users[0].Status = "pending"
	a.users[1].Status = "approved"
	a.users[2].Status = "denied"
	a.users[3].Email = "stranger@example.com"
	a.users[4].Status = "deleted"
	r := renewer(t, l, a)
	all := customers(t, l)
	for _, c := range all[:5] {
		if now, gone, err := r.Renew(t.Context(), quick(), 1, c); err != nil || gone || now.Status != ledger.Created {
			t.Errorf("%s: %+v, gone %t: %v", c.ServiceID, now, gone, err)
		}
	}
	// A webhook that comes after the page was read counts, too.
	a.onPage = func() {
		if _, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: all[5].ServiceID, Status: ledger.KYCPending, At: time.Now()}}); err != nil {
			t.Error(err)
		}
	}
	if now, gone, err := r.Renew(t.Context(), quick(), 1, all[5]); err != nil || gone || now.Status != ledger.Created {
		t.Errorf("%+v, gone %t: %v", now, gone, err)
	}
	out := r.Result()
	if a.deletes != 0 || out.Begun != 3 || out.NotListed != 2 || out.Changed != 1 {
		t.Errorf("%d deletions, %+v", a.deletes, out)
	}
	for i, want := range []ledger.KYCStatus{ledger.KYCPending, ledger.KYCApproved, ledger.KYCDenied} {
		if c := customers(t, l)[i]; c.KYC.Status != want || c.IsRenewable() {
			t.Errorf("%d is %q, want %q", i, c.KYC.Status, want)
		}
	}
}

// What the answers to a deletion leave behind.
func TestRenewAnswers(t *testing.T) {
	refused := &partner.Error{Class: ledger.Reject, HTTPStatus: 409, Code: "ACTIVE_CARDS_EXIST"}
	for _, test := range []struct {
		name   string
		answer func(int) (partner.Removal, error)
		want   ledger.Status
		class  ledger.Class
	}{
		{"refused", func(int) (partner.Removal, error) { return partner.NotRemoved, refused }, ledger.Created, ledger.NotRemoved},
		{"no answer", func(int) (partner.Removal, error) {
			return partner.RemovalUnknown, &partner.Error{Class: ledger.Unknown, HTTPStatus: 502}
		}, ledger.InDoubt, ledger.Unknown},
	} {
		synctest.Test(t, func(t *testing.T) {
			l, a := confirmed(t, 1)
			a.answer = test.answer
			c := customers(t, l)[0]
			now, gone, err := renewer(t, l, a).Renew(t.Context(), quick(), 1, c)
			if err != nil || gone || now.Status != test.want || now.URL != c.URL || now.ServiceID != c.ServiceID || now.Pairing != ledger.Confirmed {
				t.Errorf("%s: %+v, gone %t: %v", test.name, now, gone, err)
			}
			if last := now.History[len(now.History)-1]; last.Class != test.class || last.Removes != c.ServiceID {
				t.Errorf("%s: %+v", test.name, last)
			}
		})
	}
}

// A deleted user whom the list goes on showing is not created again at once.
func TestRenewWaitsForTheList(t *testing.T) {
	for stays, want := range map[int]bool{2: true, 1000: false} {
		synctest.Test(t, func(t *testing.T) {
			l, a := confirmed(t, 1)
			a.stays = stays
			began := time.Now()
			now, gone, err := renewer(t, l, a).Renew(t.Context(), quick(), 1, customers(t, l)[0])
			if err != nil || gone != want || now.Status != ledger.InDoubt {
				t.Errorf("shown %d times: %+v, gone %t: %v", stays, now, gone, err)
			}
			if took := time.Since(began); took > MaxListLag {
				t.Errorf("waited %s", took)
			}
		})
	}
}

// Who is chosen: dead links of users who have not begun, confirmed, not too often.
func TestChooseRenewals(t *testing.T) {
	l, _ := confirmed(t, 8)
	all := customers(t, l)
	if _, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: "s0", Status: ledger.KYCPending, At: moment()}, {ServiceID: "s1", Status: ledger.KYCNotBegun, At: moment(), Listed: true}}); err != nil {
		t.Fatal(err)
	}
	if err := l.NotePairings(t.Context(), []ledger.PairingNote{{Customer: all[2].ID, ServiceID: "s2", Pairing: ledger.Unconfirmed}}); err != nil {
		t.Fatal(err)
	}
	ids := func(r Renewable) (list []string) {
		for _, c := range r.Customers {
			list = append(list, c.ServiceID)
		}
		return list
	}
	dead := moment().Add(24 * time.Hour)
	got, err := ChooseRenewals(t.Context(), l, 1, 24*time.Hour, dead, 4)
	if err != nil || fmt.Sprint(ids(got)) != "[s1 s3 s4 s5]" || got.Left != 2 || got.Begun != 1 || got.Unconfirmed != 1 || got.Dead() != 7 {
		t.Errorf("%v, %+v: %v", ids(got), got, err)
	}
	got, err = ChooseRenewals(t.Context(), l, 1, 24*time.Hour, dead.Add(-time.Second), 0)
	if err != nil || len(got.Customers) != 0 || got.Working != 7 || got.Dead() != 0 {
		t.Errorf("%+v: %v", got, err)
	}
}
