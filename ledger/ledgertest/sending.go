package ledgertest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func testIntend(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(140)...)
	p := readPlan(t, l, b)
	ids, err := l.Intend(t.Context(), 5, []ledger.Intent{intentOf(p[130]), intentOf(p[3])})
	must(t, err)
	if len(ids) != 2 || ids[0] == ids[1] || ids[0] == 0 {
		t.Fatalf("ids: %v", ids)
	}
	c := readCustomer(t, l, p[130].Customer.ID)
	want := p[130].Customer
	want.Status, want.Key, want.FirstSent, want.Intents, want.Attempts = ledger.InDoubt, fmt.Sprintf("key-%d-0", c.ID), at(10), 1, 1
	want.History = []ledger.Attempt{{ID: ids[0], Run: 5, Key: want.Key, Details: p[130].Details, NotBefore: instantAt(10)}}
	same(t, "customer", c, want)
	none, err := l.Intend(t.Context(), 5, nil)
	must(t, err)
	same(t, "nothing", len(none), 0)
}

func testIntendRefuses(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(5)...)
	sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	sendRow(t, l, b, 1, ledger.Unknown, ledger.LinkMissing, "")
	sendRow(t, l, b, 2, ledger.Busy, ledger.Pending, "")
	_, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(readPlan(t, l, b)[3])})
	must(t, err)
	p := readPlan(t, l, b)
	older := intentOf(p[2])
	older.Generation = -1
	unknown := intentOf(p[4])
	unknown.Customer = 99999
	status := intentOf(p[4])
	status.Status = ledger.Rejected
	for name, in := range map[string]ledger.Intent{"created": intentOf(p[0]), "link missing": intentOf(p[1]), "open attempt": intentOf(p[3]),
		"older generation": older, "unknown customer": unknown, "no customer": {}, "other status": status} {
		wantSkipped(t, l, name, in)
	}
	same(t, "after", readPlan(t, l, b), p)
}

func testRecord(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(2)...)
	c := sendRow(t, l, b, 1, ledger.OK, ledger.Created, "")
	same(t, "customer", []any{c.Status, c.ServiceID, c.URL, c.HTTPStatus, c.Attempts, c.Intents, c.Decided, c.Manual},
		[]any{ledger.Created, fmt.Sprint("svc-", c.ID), fmt.Sprint("https://verify.test/", c.ID), 201, 1, 1, at(21), false})
	a := c.History[0]
	same(t, "attempt", []any{a.Class, a.NotBefore, a.NotAfter, a.HTTPStatus, string(a.Excerpt), a.Absent},
		[]any{ledger.OK, instantAt(10), instantAt(21), 201, "body", false})
	c = sendRow(t, l, b, 0, ledger.Reject, ledger.Rejected, "BAD")
	same(t, "rejected", []any{c.Status, c.Field, c.Code, c.Message, c.Decided}, []any{ledger.Rejected, "email", "BAD", "because of BAD", at(20)})
	// Sent again: the next generation, and the old causes are gone.
	in := intentOf(readPlan(t, l, b)[0])
	in.Generation, in.Key, in.FirstName = 1, "next", "Other"
	in.At = instantAt(40)
	ids, err := l.Intend(t.Context(), 2, []ledger.Intent{in})
	must(t, err)
	c = readCustomer(t, l, c.ID)
	same(t, "again", []any{c.Status, c.Code, c.Generation, c.Key, c.FirstName, c.Attempts, c.Intents, c.FirstSent, c.Decided, len(c.History)},
		[]any{ledger.InDoubt, "", 1, "next", "Other", 2, 2, at(10), time.Time{}, 2})
	recordAll(t, l, []ledger.Change{{Expect: expect(c), Status: ledger.InDoubt, Code: "unanswered", Message: "no answer", At: at(50),
		Close: []ledger.Closing{{Attempt: ids[0], Class: ledger.Unknown, NotAfter: instantAt(50)}}}})
	c = readCustomer(t, l, c.ID)
	same(t, "in doubt", []any{c.Status, c.Code, c.Decided, c.History[0].Class, c.History[1].Class}, []any{ledger.InDoubt, "unanswered", time.Time{}, ledger.Reject, ledger.Unknown})
	// Resolved by an operator, without an attempt; a link stays when none is given.
	recordAll(t, l, []ledger.Change{{Expect: expect(c), Status: ledger.LinkMissing, ServiceID: "svc", Manual: true, At: at(60)}})
	c = readCustomer(t, l, c.ID)
	recordAll(t, l, []ledger.Change{{Expect: expect(c), Status: ledger.Created, URL: "https://verify.test/x", At: at(61)}})
	c = readCustomer(t, l, c.ID)
	same(t, "settled", []any{c.Status, c.ServiceID, c.URL, c.Manual, c.Decided}, []any{ledger.Created, "svc", "https://verify.test/x", false, at(61)})
}

func testRecordRefuses(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(4)...)
	made := sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	refused := sendRow(t, l, b, 1, ledger.Reject, ledger.Rejected, "BAD")
	ids, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(readPlan(t, l, b)[2])})
	must(t, err)
	open := readCustomer(t, l, readPlan(t, l, b)[2].Customer.ID)
	closing := []ledger.Closing{{Attempt: ids[0], Class: ledger.Reject}}
	for name, ch := range map[string]ledger.Change{
		"created to rejected":  {Expect: expect(made), Status: ledger.Rejected},
		"created to pending":   {Expect: expect(made), Status: ledger.Pending},
		"created to doubt":     {Expect: expect(made), Status: ledger.InDoubt},
		"row status":           {Expect: expect(refused), Status: ledger.Invalid},
		"no status":            {Expect: expect(refused)},
		"open left":            {Expect: expect(open), Status: ledger.Created, ServiceID: "x"},
		"unknown attempt":      {Expect: expect(open), Status: ledger.Rejected, Close: []ledger.Closing{{Attempt: 4711, Class: ledger.Reject}}},
		"another's attempt":    {Expect: expect(refused), Status: ledger.Rejected, Close: closing},
		"closed twice":         {Expect: expect(refused), Status: ledger.Rejected, Close: []ledger.Closing{{Attempt: refused.History[0].ID, Class: ledger.OK}}},
		"closed without class": {Expect: expect(open), Status: ledger.InDoubt, Close: []ledger.Closing{{Attempt: ids[0]}}},
		"other intents":        {Expect: ledger.Expect{Customer: open.ID, Status: open.Status, Intents: 0}, Status: ledger.Rejected, Close: closing},
		"unknown":              {Expect: ledger.Expect{Customer: 4711, Status: ledger.Pending}, Status: ledger.Rejected},
	} {
		wantLeft(t, l, name, ch)
	}
	same(t, "created", readCustomer(t, l, made.ID), made)
	same(t, "open", readCustomer(t, l, open.ID), open)
}

func testRecordAbsent(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(1)...)
	c := sendRow(t, l, b, 0, ledger.Unknown, ledger.InDoubt, "")
	recordAll(t, l, []ledger.Change{{Expect: expect(c), Status: ledger.Pending, At: at(99), Close: []ledger.Closing{{Attempt: c.History[0].ID, Absent: true}}}})
	after := readCustomer(t, l, c.ID)
	want := c.History[0]
	want.Absent = true
	same(t, "attempt", after.History[0], want)
	same(t, "customer", []any{after.Status, after.Decided}, []any{ledger.Pending, time.Time{}})
}

func testNotSent(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(2)...)
	c := sendRow(t, l, b, 0, ledger.NotSent, ledger.Pending, "")
	same(t, "never sent", []any{c.Attempts, c.Intents, c.FirstSent, c.HTTPStatus}, []any{0, 1, time.Time{}, 0})
	sendRow(t, l, b, 1, ledger.Busy, ledger.Pending, "")
	c = sendRow(t, l, b, 1, ledger.NotSent, ledger.Pending, "")
	same(t, "sent once", []any{c.Attempts, c.Intents, c.FirstSent}, []any{1, 2, at(10)})
}

// testMicroseconds writes moments with nanoseconds and in another zone.
func testMicroseconds(t *testing.T, l ledger.Ledger) {
	exact := func(seconds int) time.Time { return at(seconds).Add(789).In(time.FixedZone("", 3600)) }
	b := addBatch(t, l, "one", validRows(1)...)
	in := intentOf(readPlan(t, l, b)[0])
	in.At = ledger.Instant{At: exact(1), Offset: -1500, Certain: true}
	ids, err := l.Intend(t.Context(), 1, []ledger.Intent{in})
	must(t, err)
	c := readCustomer(t, l, in.Customer)
	same(t, "sent", []any{c.FirstSent, c.History[0].NotBefore}, []any{at(1), ledger.Instant{At: at(1), Offset: -time.Microsecond, Certain: true}})
	recordAll(t, l, []ledger.Change{{Expect: expect(c), Status: ledger.Created, ServiceID: "svc", URL: "https://verify.test/1", At: exact(3),
		Close: []ledger.Closing{{Attempt: ids[0], Class: ledger.OK, NotAfter: ledger.Instant{At: exact(2), Offset: 2999}}}}})
	c = readCustomer(t, l, in.Customer)
	same(t, "answered", []any{c.Issued, c.Decided, c.History[0].NotAfter}, []any{at(3), at(3), ledger.Instant{At: at(2), Offset: 2 * time.Microsecond}})
	run, err := l.Begin(t.Context(), ledger.Run{Command: "run", Started: exact(4)})
	must(t, err)
	must(t, l.Finish(t.Context(), run, ledger.RunEnd{At: exact(5)}))
	for r, err := range l.Log(t.Context()) {
		must(t, err)
		same(t, "run", []any{r.Started, r.End.At}, []any{at(4), at(5)})
	}
	must(t, l.SaveFact(t.Context(), "pace", "7", exact(6)))
	_, learnt, err := l.Fact(t.Context(), "pace")
	must(t, err)
	same(t, "learnt", learnt, at(6))
}

func testPlan(t *testing.T, l ledger.Ledger) {
	rows := validRows(300)
	rows[1] = invalidRow(1, "bad")
	b := addBatch(t, l, "one", rows...)
	sendRow(t, l, b, 2, ledger.Throttled, ledger.Pending, "")
	sendRow(t, l, b, 3, ledger.OK, ledger.Created, "")
	all := readPlan(t, l, b)
	same(t, "invalid", all[1], ledger.Planned{Ordinal: 1, Verdict: ledger.Invalid})
	same(t, "class", all[2].Customer.History[0].Class, ledger.Throttled)
	same(t, "attempts", []int{len(all[0].Customer.History), len(all[2].Customer.History), len(all[3].Customer.History)}, []int{0, 1, 0})
	for _, c := range []struct{ from, n, want int }{{0, 1, 1}, {127, 3, 3}, {250, 100, 50}, {300, 5, 0}, {0, 0, 0}, {999, 9, 0}} {
		part, err := l.Plan(t.Context(), b.ID, c.from, c.n)
		must(t, err)
		if len(part) != c.want {
			t.Fatalf("from %d, %d: got %d, want %d", c.from, c.n, len(part), c.want)
		}
		for i := range part {
			same(t, "row", part[i], all[c.from+i])
		}
	}
}

// testConcurrentWriters plays many senders and a reader; run it with the race detector.
func testConcurrentWriters(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(64)...)
	p := readPlan(t, l, b)
	var wg sync.WaitGroup
	errs := make(chan error, 64)
	for i := range 8 {
		wg.Go(func() {
			for j := i; j < len(p); j += 8 {
				ids, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(p[j])})
				if err == nil {
					e := ledger.Expect{Customer: p[j].Customer.ID, Status: ledger.InDoubt, Intents: 1}
					var left []ledger.Change
					left, err = l.Record(t.Context(), 1, []ledger.Change{{Expect: e, Status: ledger.Rejected, At: at(1), Close: []ledger.Closing{{Attempt: ids[0], Class: ledger.Reject}}}})
					if len(left) > 0 {
						err = fmt.Errorf("left: %+v", left)
					}
				}
				if err != nil {
					errs <- err
				}
				if tally, err := l.Tally(t.Context(), ledger.Selection{}); err != nil || tally.Rows != 64 {
					errs <- fmt.Errorf("%d rows, %w", tally.Rows, err)
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	same(t, "rejected", len(listCustomers(t, l, ledger.Query{Status: []ledger.Status{ledger.Rejected}})), 64)
}
