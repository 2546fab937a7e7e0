package ledgertest

import (
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file has what Intend, Record and Merge do with a list of which not all fits.

// testIntendSkips has one in the middle that is not as expected, and one customer twice.
func testIntendSkips(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(3)...)
	p := readPlan(t, l, b)
	wrong := intentOf(p[1])
	wrong.Intents = 4
	ids, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(p[0]), wrong, intentOf(p[2]), intentOf(p[0])})
	must(t, err)
	if len(ids) != 4 || ids[0] == 0 || ids[1] != 0 || ids[2] == 0 || ids[2] == ids[0] || ids[3] != 0 {
		t.Fatalf("ids: %v", ids)
	}
	same(t, "skipped", readPlan(t, l, b)[1], p[1])
	for i, n := range map[int]int{0: 0, 2: 2} {
		c := readCustomer(t, l, p[i].Customer.ID)
		same(t, "written", []any{c.Status, c.Intents, len(c.History), c.History[0].ID}, []any{ledger.InDoubt, 1, 1, ids[n]})
	}
	ids, err = l.Intend(t.Context(), 1, []ledger.Intent{intentOf(p[1])})
	must(t, err) // what was skipped can be intended still
	if ids[0] == 0 {
		t.Error("skipped for good")
	}
}

// testIntendAgain makes a call again, as after a lost answer.
func testIntendAgain(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(2)...)
	p := readPlan(t, l, b)
	group := []ledger.Intent{intentOf(p[0]), intentOf(p[1])}
	group[0].At.At = group[0].At.At.Add(321) // ledgers keep microseconds
	ids, err := l.Intend(t.Context(), 7, group)
	must(t, err)
	all := listCustomers(t, l, ledger.Query{History: true})
	again, err := l.Intend(t.Context(), 7, group)
	must(t, err)
	same(t, "ids", again, ids)
	same(t, "customers", listCustomers(t, l, ledger.Query{History: true}), all)
	for name, change := range map[string]func(in *ledger.Intent) (run int64){
		"another run":        func(*ledger.Intent) int64 { return 8 },
		"another key":        func(in *ledger.Intent) int64 { in.Key += "x"; return 7 },
		"another time":       func(in *ledger.Intent) int64 { in.At = instantAt(11); return 7 },
		"another generation": func(in *ledger.Intent) int64 { in.Generation++; return 7 },
		"a deletion":         func(in *ledger.Intent) int64 { in.Removes = "svc"; return 7 },
	} {
		in := group[1]
		run := change(&in)
		ids, err := l.Intend(t.Context(), run, []ledger.Intent{in})
		must(t, err)
		same(t, name, ids, []int64{0})
	}
	c := readCustomer(t, l, p[0].Customer.ID)
	recordAll(t, l, []ledger.Change{answerChange(c, ledger.Busy, ledger.Pending)})
	ids, err = l.Intend(t.Context(), 7, group[:1])
	must(t, err)
	same(t, "answered meanwhile", ids, []int64{0})
}

// answerChange closes the newest attempt of a customer.
func answerChange(c ledger.Customer, class ledger.Class, status ledger.Status) ledger.Change {
	last := c.History[len(c.History)-1]
	ch := ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: ledger.InDoubt, Intents: c.Intents}, Status: status, At: at(30),
		Close: []ledger.Closing{{Attempt: last.ID, Class: class, NotAfter: instantAt(30)}}}
	if status == ledger.Created {
		ch.ServiceID, ch.URL, ch.Close[0].HTTPStatus = "svc-"+c.Identity, "https://verify.test/"+c.Identity, 201
	}
	return ch
}

// sendAll intends for all rows of a batch and returns the customers.
func sendAll(t *testing.T, l ledger.Ledger, b ledger.Batch) (out []ledger.Customer) {
	t.Helper()
	var group []ledger.Intent
	for _, p := range readPlan(t, l, b) {
		group = append(group, intentOf(p))
	}
	_, err := l.Intend(t.Context(), 1, group)
	must(t, err)
	for _, p := range readPlan(t, l, b) {
		out = append(out, readCustomer(t, l, p.Customer.ID))
	}
	return out
}

// testRecordLeaves has some in the middle that do not fit, one for its form.
func testRecordLeaves(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(4)...)
	sent := sendAll(t, l, b)
	changes := []ledger.Change{answerChange(sent[0], ledger.OK, ledger.Created), answerChange(sent[1], ledger.Reject, ledger.Forgotten),
		answerChange(sent[2], ledger.OK, ledger.Created), answerChange(sent[3], ledger.Reject, ledger.Rejected)}
	changes[2].URL = "javascript:alert(1)"
	left, err := l.Record(t.Context(), 1, changes)
	must(t, err)
	same(t, "left", left, []ledger.Change{changes[1], changes[2]})
	for i, want := range []ledger.Status{ledger.Created, ledger.InDoubt, ledger.InDoubt, ledger.Rejected} {
		c := readCustomer(t, l, sent[i].ID)
		same(t, "status", c.Status, want)
		if want == ledger.InDoubt {
			same(t, "nothing is written for it", c, sent[i])
		}
	}
	recordAll(t, l, []ledger.Change{answerChange(sent[1], ledger.Reject, ledger.Rejected)}) // it fits still
}

// testRecordAgain makes calls again, as after a lost answer.
func testRecordAgain(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(3)...)
	sent := sendAll(t, l, b)
	changes := []ledger.Change{answerChange(sent[0], ledger.OK, ledger.Created), answerChange(sent[1], ledger.Busy, ledger.Pending), answerChange(sent[2], ledger.Unknown, ledger.InDoubt)}
	changes[0].Close[0].NotAfter.At = changes[0].Close[0].NotAfter.At.Add(321) // ledgers keep microseconds
	recordAll(t, l, changes)
	all := listCustomers(t, l, ledger.Query{History: true})
	recordAll(t, l, changes)
	same(t, "customers", listCustomers(t, l, ledger.Query{History: true}), all)
	other := answerChange(sent[1], ledger.Busy, ledger.Pending)
	other.Close[0].NotAfter = instantAt(31)
	wantLeft(t, l, "another answer", other)
	// The customer has moved on; its attempt has the answer all the same.
	ids, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(readPlan(t, l, b)[1])})
	must(t, err)
	if ids[0] == 0 {
		t.Fatal("not intended again")
	}
	recordAll(t, l, changes[1:2])
	same(t, "sent again", readCustomer(t, l, sent[1].ID).Status, ledger.InDoubt)
	byHand := ledger.Change{Expect: expect(readCustomer(t, l, sent[2].ID)), Status: ledger.Rejected, Code: "by_hand", Message: "asked", Manual: true, At: at(40)}
	recordAll(t, l, []ledger.Change{byHand})
	recordAll(t, l, []ledger.Change{byHand})
	byHand.Message = "for another reason"
	wantLeft(t, l, "another decision", byHand)
}

// testRepairsTogether records a swap of which one half does not fit, and another answer.
func testRepairsTogether(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(3)...)
	one := sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	two := sendRow(t, l, b, 1, ledger.OK, ledger.Created, "")
	_, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(readPlan(t, l, b)[2])})
	must(t, err)
	other := answerChange(readCustomer(t, l, readPlan(t, l, b)[2].Customer.ID), ledger.OK, ledger.Created)
	swap := []ledger.Change{{Expect: expect(one), Status: ledger.Created, ServiceID: two.ServiceID, URL: two.URL, At: at(90), Repair: true},
		other, {Expect: expect(two), Status: ledger.Created, ServiceID: one.ServiceID, URL: one.URL, At: at(90), Repair: true}}
	swap[2].Intents = 9
	left, err := l.Record(t.Context(), 1, swap)
	must(t, err)
	same(t, "left", left, []ledger.Change{swap[0], swap[2]})
	same(t, "one", readCustomer(t, l, one.ID), one)
	same(t, "two", readCustomer(t, l, two.ID), two)
	same(t, "the other", readCustomer(t, l, other.Customer).Status, ledger.Created)
	swap[2].Intents = two.Intents
	recordAll(t, l, swap)
	recordAll(t, l, swap)
	same(t, "swapped", readCustomer(t, l, one.ID).ServiceID+readCustomer(t, l, two.ID).ServiceID, two.ServiceID+one.ServiceID)
}

// closeUnanswered closes an attempt as an opening after a crash does.
func closeUnanswered(t *testing.T, l ledger.Ledger, c ledger.Customer) ledger.Customer {
	t.Helper()
	ch := answerChange(c, ledger.Unknown, ledger.InDoubt)
	ch.Close[0].NotAfter = instantAt(60)
	recordAll(t, l, []ledger.Change{ch})
	return readCustomer(t, l, c.ID)
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

func testMerge(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(5)...)
	sent := sendAll(t, l, b)
	var answers []ledger.Change
	for i, c := range sent {
		class, status := ledger.OK, ledger.Created
		if i == 2 {
			class, status = ledger.NotSent, ledger.Pending
		}
		answers = append(answers, answerChange(c, class, status))
	}
	closeUnanswered(t, l, sent[1])
	closeUnanswered(t, l, sent[2])
	found := closeUnanswered(t, l, sent[3])
	recordAll(t, l, []ledger.Change{{Expect: expect(found), Status: ledger.LinkMissing, ServiceID: answers[3].ServiceID, Code: "link_lost", At: at(70)}})
	recordAll(t, l, answers[4:])
	before := readCustomer(t, l, sent[4].ID)
	for range 2 { // the second time finds what the first did
		mergeAll(t, l, answers...)
		for i, ch := range answers {
			c := readCustomer(t, l, sent[i].ID)
			same(t, "customer", []any{c.Status, c.ServiceID, c.URL, c.History[0].Class, c.History[0].NotAfter, c.Code}, []any{ch.Status, ch.ServiceID, ch.URL, ch.Close[0].Class, instantAt(30), ""})
		}
		c := readCustomer(t, l, sent[2].ID)
		same(t, "never sent", []any{c.Attempts, c.Intents, c.FirstSent.IsZero()}, []any{0, 1, true})
		same(t, "recorded before", readCustomer(t, l, sent[4].ID), before)
	}
}

func testMergeLeaves(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(8)...)
	sent := sendAll(t, l, b)
	var answers []ledger.Change
	for _, c := range sent {
		answers = append(answers, answerChange(c, ledger.OK, ledger.Created))
	}
	// Sent again since.
	recordAll(t, l, []ledger.Change{{Expect: expect(closeUnanswered(t, l, sent[0])), Status: ledger.Pending, At: at(70), Close: []ledger.Closing{{Attempt: sent[0].History[0].ID, Absent: true}}}})
	_, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(readPlan(t, l, b)[0])})
	must(t, err)
	// Another user was found.
	recordAll(t, l, []ledger.Change{{Expect: expect(closeUnanswered(t, l, sent[1])), Status: ledger.LinkMissing, ServiceID: "another", At: at(70)}})
	// Settled otherwise.
	recordAll(t, l, []ledger.Change{{Expect: expect(closeUnanswered(t, l, sent[2])), Status: ledger.Duplicate, At: at(70)}})
	// Answered otherwise.
	recordAll(t, l, []ledger.Change{answerChange(sent[3], ledger.Reject, ledger.Rejected)})
	// The serviceId is another customer's by now.
	answers[4].ServiceID = "another"
	answers[5].URL = "http://verify.test/5"
	answers[6].Customer = 4711
	all := listCustomers(t, l, ledger.Query{History: true})
	left, err := l.Merge(t.Context(), answers)
	must(t, err)
	same(t, "left", left, answers[:7])
	for i, c := range listCustomers(t, l, ledger.Query{History: true}) {
		if c.ID == sent[7].ID {
			same(t, "the one that fits", c.Status, ledger.Created)
			continue
		}
		same(t, "customer", c, all[i])
	}
}
