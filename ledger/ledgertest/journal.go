package ledgertest

import (
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file has what Intend, Record and Merge do with a list of which not all fits.

// intendSkips has one in the middle that is not as expected, and one customer twice.
func intendSkips(t *testing.T, l ledger.Ledger) {
	b := add(t, l, "one", people(3)...)
	p := planned(t, l, b)
	wrong := intentOf(p[1])
	wrong.Intents = 4
	ids, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(p[0]), wrong, intentOf(p[2]), intentOf(p[0])})
	must(t, err)
	if len(ids) != 4 || ids[0] == 0 || ids[1] != 0 || ids[2] == 0 || ids[2] == ids[0] || ids[3] != 0 {
		t.Fatalf("ids: %v", ids)
	}
	same(t, "skipped", planned(t, l, b)[1], p[1])
	for i, n := range map[int]int{0: 0, 2: 2} {
		c := customer(t, l, p[i].Customer.ID)
		same(t, "written", []any{c.Status, c.Intents, len(c.History), c.History[0].ID}, []any{ledger.InDoubt, 1, 1, ids[n]})
	}
	ids, err = l.Intend(t.Context(), 1, []ledger.Intent{intentOf(p[1])})
	must(t, err) // what was skipped can be intended still
	if ids[0] == 0 {
		t.Error("skipped for good")
	}
}

// intendAgain makes a call again, as after a lost answer.
func intendAgain(t *testing.T, l ledger.Ledger) {
	b := add(t, l, "one", people(2)...)
	p := planned(t, l, b)
	group := []ledger.Intent{intentOf(p[0]), intentOf(p[1])}
	group[0].At.At = group[0].At.At.Add(321) // ledgers keep microseconds
	ids, err := l.Intend(t.Context(), 7, group)
	must(t, err)
	all := list(t, l, ledger.Query{History: true})
	again, err := l.Intend(t.Context(), 7, group)
	must(t, err)
	same(t, "ids", again, ids)
	same(t, "customers", list(t, l, ledger.Query{History: true}), all)
	for name, change := range map[string]func(in *ledger.Intent) (run int64){
		"another run":        func(*ledger.Intent) int64 { return 8 },
		"another key":        func(in *ledger.Intent) int64 { in.Key += "x"; return 7 },
		"another time":       func(in *ledger.Intent) int64 { in.At = instant(11); return 7 },
		"another generation": func(in *ledger.Intent) int64 { in.Generation++; return 7 },
		"a deletion":         func(in *ledger.Intent) int64 { in.Removes = "svc"; return 7 },
	} {
		in := group[1]
		run := change(&in)
		ids, err := l.Intend(t.Context(), run, []ledger.Intent{in})
		must(t, err)
		same(t, name, ids, []int64{0})
	}
	c := customer(t, l, p[0].Customer.ID)
	recordAll(t, l, []ledger.Change{answer(c, ledger.Busy, ledger.Pending)})
	ids, err = l.Intend(t.Context(), 7, group[:1])
	must(t, err)
	same(t, "answered meanwhile", ids, []int64{0})
}

// answer closes the newest attempt of a customer.
func answer(c ledger.Customer, class ledger.Class, status ledger.Status) ledger.Change {
	last := c.History[len(c.History)-1]
	ch := ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: ledger.InDoubt, Intents: c.Intents}, Status: status, At: at(30),
		Close: []ledger.Closing{{Attempt: last.ID, Class: class, NotAfter: instant(30)}}}
	if status == ledger.Created {
		ch.ServiceID, ch.URL, ch.Close[0].HTTPStatus = "svc-"+c.Identity, "https://verify.test/"+c.Identity, 201
	}
	return ch
}

// sentAll intends for all rows of a batch and returns the customers.
func sentAll(t *testing.T, l ledger.Ledger, b ledger.Batch) (out []ledger.Customer) {
	t.Helper()
	var group []ledger.Intent
	for _, p := range planned(t, l, b) {
		group = append(group, intentOf(p))
	}
	_, err := l.Intend(t.Context(), 1, group)
	must(t, err)
	for _, p := range planned(t, l, b) {
		out = append(out, customer(t, l, p.Customer.ID))
	}
	return out
}

// recordLeaves has some in the middle that do not fit, one for its form.
func recordLeaves(t *testing.T, l ledger.Ledger) {
	b := add(t, l, "one", people(4)...)
	sent := sentAll(t, l, b)
	changes := []ledger.Change{answer(sent[0], ledger.OK, ledger.Created), answer(sent[1], ledger.Reject, ledger.Forgotten),
		answer(sent[2], ledger.OK, ledger.Created), answer(sent[3], ledger.Reject, ledger.Rejected)}
	changes[2].URL = "javascript:alert(1)"
	left, err := l.Record(t.Context(), 1, changes)
	must(t, err)
	same(t, "left", left, []ledger.Change{changes[1], changes[2]})
	for i, want := range []ledger.Status{ledger.Created, ledger.InDoubt, ledger.InDoubt, ledger.Rejected} {
		c := customer(t, l, sent[i].ID)
		same(t, "status", c.Status, want)
		if want == ledger.InDoubt {
			same(t, "nothing is written for it", c, sent[i])
		}
	}
	recordAll(t, l, []ledger.Change{answer(sent[1], ledger.Reject, ledger.Rejected)}) // it fits still
}

// recordAgain makes calls again, as after a lost answer.
func recordAgain(t *testing.T, l ledger.Ledger) {
	b := add(t, l, "one", people(3)...)
	sent := sentAll(t, l, b)
	changes := []ledger.Change{answer(sent[0], ledger.OK, ledger.Created), answer(sent[1], ledger.Busy, ledger.Pending), answer(sent[2], ledger.Unknown, ledger.InDoubt)}
	changes[0].Close[0].NotAfter.At = changes[0].Close[0].NotAfter.At.Add(321) // ledgers keep microseconds
	recordAll(t, l, changes)
	all := list(t, l, ledger.Query{History: true})
	recordAll(t, l, changes)
	same(t, "customers", list(t, l, ledger.Query{History: true}), all)
	other := answer(sent[1], ledger.Busy, ledger.Pending)
	other.Close[0].NotAfter = instant(31)
	leaves(t, l, "another answer", other)
	// The customer has moved on; its attempt has the answer all the same.
	ids, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(planned(t, l, b)[1])})
	must(t, err)
	if ids[0] == 0 {
		t.Fatal("not intended again")
	}
	recordAll(t, l, changes[1:2])
	same(t, "sent again", customer(t, l, sent[1].ID).Status, ledger.InDoubt)
	byHand := ledger.Change{Expect: expect(customer(t, l, sent[2].ID)), Status: ledger.Rejected, Code: "by_hand", Message: "asked", Manual: true, At: at(40)}
	recordAll(t, l, []ledger.Change{byHand})
	recordAll(t, l, []ledger.Change{byHand})
	byHand.Message = "for another reason"
	leaves(t, l, "another decision", byHand)
}

// repairsTogether has a swap of which one half does not fit, and an answer beside it.
func repairsTogether(t *testing.T, l ledger.Ledger) {
	b := add(t, l, "one", people(3)...)
	one := send(t, l, b, 0, ledger.OK, ledger.Created, "")
	two := send(t, l, b, 1, ledger.OK, ledger.Created, "")
	_, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(planned(t, l, b)[2])})
	must(t, err)
	other := answer(customer(t, l, planned(t, l, b)[2].Customer.ID), ledger.OK, ledger.Created)
	swap := []ledger.Change{{Expect: expect(one), Status: ledger.Created, ServiceID: two.ServiceID, URL: two.URL, At: at(90), Repair: true},
		other, {Expect: expect(two), Status: ledger.Created, ServiceID: one.ServiceID, URL: one.URL, At: at(90), Repair: true}}
	swap[2].Intents = 9
	left, err := l.Record(t.Context(), 1, swap)
	must(t, err)
	same(t, "left", left, []ledger.Change{swap[0], swap[2]})
	same(t, "one", customer(t, l, one.ID), one)
	same(t, "two", customer(t, l, two.ID), two)
	same(t, "the other", customer(t, l, other.Customer).Status, ledger.Created)
	swap[2].Intents = two.Intents
	recordAll(t, l, swap)
	recordAll(t, l, swap)
	same(t, "swapped", customer(t, l, one.ID).ServiceID+customer(t, l, two.ID).ServiceID, two.ServiceID+one.ServiceID)
}

// closeUnanswered closes an attempt as an opening after a crash does.
func closeUnanswered(t *testing.T, l ledger.Ledger, c ledger.Customer) ledger.Customer {
	t.Helper()
	ch := answer(c, ledger.Unknown, ledger.InDoubt)
	ch.Close[0].NotAfter = instant(60)
	recordAll(t, l, []ledger.Change{ch})
	return customer(t, l, c.ID)
}

// mergeAll merges changes that all fit.
func mergeAll(t *testing.T, l ledger.Ledger, changes ...ledger.Change) {
	t.Helper()
	left, err := l.Merge(t.Context(), changes)
	must(t, err)
	if len(left) > 0 {
		t.Fatalf("left: %+v", left)
	}
}

func merge(t *testing.T, l ledger.Ledger) {
	b := add(t, l, "one", people(5)...)
	sent := sentAll(t, l, b)
	var answers []ledger.Change
	for i, c := range sent {
		class, status := ledger.OK, ledger.Created
		if i == 2 {
			class, status = ledger.NotSent, ledger.Pending
		}
		answers = append(answers, answer(c, class, status))
	}
	closeUnanswered(t, l, sent[1])
	closeUnanswered(t, l, sent[2])
	found := closeUnanswered(t, l, sent[3])
	recordAll(t, l, []ledger.Change{{Expect: expect(found), Status: ledger.LinkMissing, ServiceID: answers[3].ServiceID, Code: "link_lost", At: at(70)}})
	recordAll(t, l, answers[4:])
	before := customer(t, l, sent[4].ID)
	for range 2 { // the second time finds what the first did
		mergeAll(t, l, answers...)
		for i, ch := range answers {
			c := customer(t, l, sent[i].ID)
			same(t, "customer", []any{c.Status, c.ServiceID, c.URL, c.History[0].Class, c.History[0].NotAfter, c.Code}, []any{ch.Status, ch.ServiceID, ch.URL, ch.Close[0].Class, instant(30), ""})
		}
		c := customer(t, l, sent[2].ID)
		same(t, "never sent", []any{c.Attempts, c.Intents, c.FirstSent.IsZero()}, []any{0, 1, true})
		same(t, "recorded before", customer(t, l, sent[4].ID), before)
	}
}

func mergeLeaves(t *testing.T, l ledger.Ledger) {
	b := add(t, l, "one", people(8)...)
	sent := sentAll(t, l, b)
	var answers []ledger.Change
	for _, c := range sent {
		answers = append(answers, answer(c, ledger.OK, ledger.Created))
	}
	// Sent again since.
	recordAll(t, l, []ledger.Change{{Expect: expect(closeUnanswered(t, l, sent[0])), Status: ledger.Pending, At: at(70), Close: []ledger.Closing{{Attempt: sent[0].History[0].ID, Absent: true}}}})
	_, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(planned(t, l, b)[0])})
	must(t, err)
	// Another user was found.
	recordAll(t, l, []ledger.Change{{Expect: expect(closeUnanswered(t, l, sent[1])), Status: ledger.LinkMissing, ServiceID: "another", At: at(70)}})
	// Settled otherwise.
	recordAll(t, l, []ledger.Change{{Expect: expect(closeUnanswered(t, l, sent[2])), Status: ledger.Duplicate, At: at(70)}})
	// Answered otherwise.
	recordAll(t, l, []ledger.Change{answer(sent[3], ledger.Reject, ledger.Rejected)})
	// The serviceId is another customer's by now.
	answers[4].ServiceID = "another"
	answers[5].URL = "http://verify.test/5"
	answers[6].Customer = 4711
	all := list(t, l, ledger.Query{History: true})
	left, err := l.Merge(t.Context(), answers)
	must(t, err)
	same(t, "left", left, answers[:7])
	for i, c := range list(t, l, ledger.Query{History: true}) {
		if c.ID == sent[7].ID {
			same(t, "the one that fits", c.Status, ledger.Created)
			continue
		}
		same(t, "customer", c, all[i])
	}
}
