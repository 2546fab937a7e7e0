package ledgertest

import (
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// testPairing follows what the partner's list says of users.
func testPairing(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	b := addBatch(t, l, "one", validRows(6)...)
	ok := sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	dup := sendRow(t, l, b, 1, ledger.DupUser, ledger.Duplicate, "DUP_USER")
	lost := sendRow(t, l, b, 2, ledger.Unknown, ledger.LinkMissing, "")
	refused := sendRow(t, l, b, 3, ledger.Reject, ledger.Rejected, "BAD")
	other := sendRow(t, l, b, 4, ledger.OK, ledger.Created, "")
	for _, c := range []struct {
		customer ledger.Customer
		want     ledger.Pairing
	}{{ok, ledger.Unconfirmed}, {dup, ledger.Unconfirmed}, {lost, ledger.NotPaired}, {refused, ledger.NotPaired}, {other, ledger.Unconfirmed}} {
		same(t, string(c.customer.Status), c.customer.Pairing, c.want)
	}
	due := func() (ids []int64) {
		for _, c := range listCustomers(t, l, ledger.Query{Pairing: ledger.Unconfirmed}) {
			ids = append(ids, c.ID)
		}
		return ids
	}
	same(t, "to be compared", due(), []int64{ok.ID, dup.ID, other.ID})
	must(t, l.NotePairings(ctx, []ledger.PairingNote{
		{Customer: ok.ID, ServiceID: ok.ServiceID, Pairing: ledger.Confirmed},
		{Customer: dup.ID, Pairing: ledger.Confirmed},
		{Customer: lost.ID, Pairing: ledger.Confirmed},                                // not created
		{Customer: other.ID, ServiceID: "svc-of-before", Pairing: ledger.Confirmed},   // another user by now
		{Customer: 9999, ServiceID: "svc", Pairing: ledger.Confirmed},                 // no such customer
		{Customer: other.ID, ServiceID: other.ServiceID, Pairing: "no such pairing"}}, // not one that there is
	))
	same(t, "left", due(), []int64{other.ID})
	same(t, "confirmed", readCustomer(t, l, ok.ID).Pairing, ledger.Confirmed)
	same(t, "decided", readCustomer(t, l, ok.ID).Decided, ok.Decided)
	must(t, l.NotePairings(ctx, []ledger.PairingNote{{Customer: other.ID, ServiceID: other.ServiceID, Pairing: ledger.EmailDiffers}}))
	for _, r := range readRows(t, l, ledger.Selection{Batch: b.ID}) {
		same(t, "needs a reviewer", r.NeedsReview(), r.Status != ledger.Created && r.Status != ledger.Pending || r.Customer.ID == other.ID)
		if r.Customer.ID == other.ID {
			same(t, "problems", r.Problems(), []ledger.StatusCode{{Status: ledger.Created, Field: "email", Code: "email_differs"}})
		}
	}
	tally, err := l.Tally(ctx, ledger.Selection{Batch: b.ID})
	must(t, err)
	same(t, "tally", tally.Code[ledger.StatusCode{Status: ledger.Created, Field: "email", Code: "email_differs"}], 1)
	recordAll(t, l, []ledger.Change{{Expect: expect(other), Status: ledger.Created, Code: "by_hand", Manual: true, At: at(90)}})
	same(t, "settled by hand", readCustomer(t, l, other.ID).NeedsReview(), false)
	must(t, l.NotePairings(ctx, []ledger.PairingNote{{Customer: ok.ID, ServiceID: ok.ServiceID, Pairing: ledger.Unconfirmed}}))
	same(t, "to be compared again", due(), []int64{ok.ID})
}

// testRepair pairs two customers with each other's users, and back.
func testRepair(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	b := addBatch(t, l, "one", validRows(3)...)
	one := sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	two := sendRow(t, l, b, 1, ledger.OK, ledger.Created, "")
	swap := func(of, with ledger.Customer) ledger.Change {
		return ledger.Change{Expect: expect(of), Status: ledger.Created, ServiceID: with.ServiceID, URL: with.URL, At: at(90), Repair: true, Pairing: ledger.Confirmed,
			Close: []ledger.Closing{{Attempt: of.History[0].ID, Class: ledger.OKBroken, Excerpt: []byte("kept")}}}
	}
	plain := swap(one, two)
	plain.Repair = false
	wantLeft(t, l, "a closed attempt that is closed again", plain)
	recordAll(t, l, []ledger.Change{swap(one, two), swap(two, one)})
	for _, c := range []struct{ was, is ledger.Customer }{{one, two}, {two, one}} {
		now := readCustomer(t, l, c.was.ID)
		same(t, "serviceId", now.ServiceID, c.is.ServiceID)
		same(t, "link", now.URL, c.is.URL)
		same(t, "pairing", now.Pairing, ledger.Confirmed)
		same(t, "attempt", now.History[0].Class, ledger.OKBroken)
		same(t, "excerpt", string(now.History[0].Excerpt), "kept")
		for _, q := range []ledger.Query{{ServiceIDs: []string{c.is.ServiceID}}, {URLs: []string{c.is.URL}}} {
			found := listCustomers(t, l, q)
			if len(found) != 1 || found[0].ID != c.was.ID {
				t.Errorf("%+v: found %d", q, len(found))
			}
		}
	}
	one = readCustomer(t, l, one.ID)
	missing := ledger.Change{Expect: expect(one), Status: ledger.LinkMissing, ServiceID: one.ServiceID, Code: "answer_mixed_up", At: at(95), Repair: true}
	recordAll(t, l, []ledger.Change{missing})
	one = readCustomer(t, l, one.ID)
	same(t, "status", one.Status, ledger.LinkMissing)
	same(t, "link", one.URL, "")
	same(t, "issued", one.Issued.IsZero(), true)
	doubt := ledger.Change{Expect: expect(one), Status: ledger.InDoubt, Code: "answer_mixed_up", At: at(96), Repair: true}
	recordAll(t, l, []ledger.Change{doubt})
	one = readCustomer(t, l, one.ID)
	same(t, "status", one.Status, ledger.InDoubt)
	same(t, "serviceId", one.ServiceID, "")
	same(t, "customers with the link", len(listCustomers(t, l, ledger.Query{URLs: []string{two.URL}})), 0)
	third := readPlan(t, l, b)[2]
	_, err := l.Intend(ctx, 1, []ledger.Intent{intentOf(third)})
	must(t, err)
	open := readCustomer(t, l, third.Customer.ID)
	for _, bad := range []ledger.Change{
		{Expect: expect(open), Status: ledger.LinkMissing, ServiceID: "svc", Repair: true}, // a request is in flight
		{Expect: expect(open), Status: ledger.InDoubt, Repair: true},
		{Expect: expect(one), Status: ledger.Created, ServiceID: "svc", Repair: true}, // without a link
		{Expect: expect(one), Status: ledger.Pending, Repair: true},
	} {
		wantLeft(t, l, "repair to "+string(bad.Status), bad)
	}
}

// testOtherAccount gives up a user who was created in another account, and a user
// who is gone.
func testOtherAccount(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	b := addBatch(t, l, "one", validRows(3)...)
	c := sendRow(t, l, b, 0, ledger.OK, ledger.Created, ledger.CodeOtherAccount)
	same(t, "needs a reviewer", c.NeedsReview(), true)
	again := ledger.Change{Expect: expect(c), Status: ledger.Pending, Code: "by_hand", Manual: true, At: at(90)}
	byProgram := again
	byProgram.Manual = false
	wantLeft(t, l, "a user whom a program gives up", byProgram)
	recordAll(t, l, []ledger.Change{again})
	c = readCustomer(t, l, c.ID)
	same(t, "status", c.Status, ledger.Pending)
	same(t, "serviceId and link", c.ServiceID+c.URL, "")
	ordinary := sendRow(t, l, b, 1, ledger.OK, ledger.Created, "")
	again.Expect = expect(ordinary)
	wantLeft(t, l, "a user of the account who is given up", again)
	gone := sendRow(t, l, b, 2, ledger.Unknown, ledger.LinkMissing, "")
	recordAll(t, l, []ledger.Change{{Expect: expect(gone), Status: ledger.LinkMissing, ServiceID: "svc-gone", At: at(91)}})
	must(t, l.NotePairings(ctx, []ledger.PairingNote{{Customer: gone.ID, ServiceID: "svc-gone", Pairing: ledger.UserDeleted}}))
	same(t, "gone", readCustomer(t, l, gone.ID).Pairing, ledger.UserDeleted)
}

// testNear selects customers by when they were sent.
func testNear(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(8)...)
	var sent []ledger.Customer
	for i := range 8 {
		switch i {
		case 3:
			sent = append(sent, sendRow(t, l, b, i, ledger.Reject, ledger.Rejected, "BAD"))
		case 5:
			sent = append(sent, sendRow(t, l, b, i, ledger.Unknown, ledger.LinkMissing, ""))
		default:
			sent = append(sent, sendRow(t, l, b, i, ledger.OK, ledger.Created, ""))
		}
	}
	attempt := func(i int) int64 { return sent[i].History[0].ID }
	for _, c := range []struct {
		of   ledger.Near
		want []int
	}{
		{ledger.Near{Attempt: attempt(3), N: 2}, []int{2, 1}},
		{ledger.Near{Attempt: attempt(3), N: 9}, []int{2, 1, 0}},
		{ledger.Near{Attempt: attempt(3), N: 2, After: true}, []int{4, 5}},
		{ledger.Near{Attempt: attempt(2), N: 9, After: true}, []int{4, 5, 6, 7}},
		{ledger.Near{Attempt: attempt(0), N: 9}, nil},
		{ledger.Near{Attempt: attempt(7), N: 9, After: true}, nil},
	} {
		var got []int64
		for _, f := range listCustomers(t, l, ledger.Query{Near: &c.of, History: true}) {
			got = append(got, f.ID)
			same(t, "attempts", len(f.History), 1)
		}
		var want []int64
		for _, i := range c.want {
			want = append(want, sent[i].ID)
		}
		same(t, "near", got, want)
	}
}
