package kyc

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// deletable is a partner whose users can be deleted.
type deletable struct {
	users   []partner.Listed
	deleted []string
	lists   int
}

func (d *deletable) ListUsers(_ context.Context, skip, limit int) (partner.Page, error) {
	d.lists++
	p := partner.Page{Skip: skip, Total: len(d.users)}
	if skip < len(d.users) {
		p.Users = slices.Clone(d.users[skip:min(len(d.users), skip+limit)])
	}
	return p, nil
}

func (d *deletable) Delete(_ context.Context, serviceID string) (partner.Removal, error) {
	d.deleted = append(d.deleted, serviceID)
	d.users = slices.DeleteFunc(d.users, func(u partner.Listed) bool { return u.ServiceID == serviceID })
	return partner.Removed, nil
}

// TestDeletionNeedsPairing: only users whom the list shows with their e-mail
// just before are deleted, wherever they are by then.
func TestDeletionNeedsPairing(t *testing.T) {
	ctx := t.Context()
	l := memory.New("sandbox")
	reg, err := l.Register(ctx, ledger.Batch{Fingerprint: "one", Files: []ledger.File{{Name: "in.csv"}}})
	if err != nil {
		t.Fatal(err)
	}
	const n = 200
	var rows []ledger.Row
	for i := range n {
		e := fmt.Sprintf("p%d@example.com", i)
		rows = append(rows, ledger.Row{Ordinal: i, Number: i + 2, Identity: e, Email: e, Claims: true, Repeats: -1})
	}
	if err := reg.Add(ctx, rows); err != nil {
		t.Fatal(err)
	}
	if _, err := reg.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	d := &deletable{}
	var lost []ledger.Customer
	for c, err := range l.Customers(ctx, ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf("acme-user-%015d", c.ID)
		u := partner.Listed{ServiceID: id, Email: c.Email}
		switch c.ID {
		case 3:
			u.Email = "someone@example.org"
		case 4:
			u.Status = "deleted"
		case 7:
			u.Email = "P6@Example.com" // letter case means nothing
		}
		if c.ID != 5 { // not listed at all
			d.users = append(d.users, u)
		}
		ch := ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: c.Status}, Status: ledger.LinkMissing, ServiceID: id}
		if left, err := l.Record(ctx, 1, []ledger.Change{ch}); err != nil || len(left) > 0 {
			t.Fatal(err)
		}
	}
	for c, err := range l.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.LinkMissing}, History: true}) {
		if err != nil {
			t.Fatal(err)
		}
		lost = append(lost, c)
	}
	out, err := Remove(ctx, RemoveConfig{Ledger: l, Partner: d, Pace: NewPace(1e9), Run: 1}, lost)
	if err != nil {
		t.Fatal(err)
	}
	if out.NotListed != 3 || out.Refused != 0 || len(out.Removed) != n-3 || len(d.deleted) != n-3 {
		t.Errorf("%d deleted, %d not asked for, %d refused", len(d.deleted), out.NotListed, out.Refused)
	}
	for _, id := range []int{3, 4, 5} {
		if slices.Contains(d.deleted, fmt.Sprintf("acme-user-%015d", id)) {
			t.Errorf("user %d is deleted", id)
		}
	}
}
