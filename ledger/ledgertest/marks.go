package ledgertest

import (
	"fmt"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// testMarks holds by what a customer is recognised under another e-mail: by its last
// row as long as it was never sent, then by the row that was sent last, and never
// by an earlier one.
func testMarks(t *testing.T, l ledger.Ledger) {
	batches := 0
	register := func(of ...int) (b ledger.Batch) { // each as the n-th version of its row
		batches++
		var rows []ledger.Row
		for i, version := range of {
			r := validRow(i, fmt.Sprintf("p%d", i))
			r.SenderID, r.NameText = fmt.Sprint(1000+10*i+version), fmt.Sprintf("name %d-%d", i, version)
			rows = append(rows, r)
		}
		return addBatch(t, l, fmt.Sprint("batch ", batches), rows...)
	}
	// recognised returns the versions by which a customer is recognised.
	recognised := func(customer int) (versions []int) {
		t.Helper()
		reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "look"})
		must(t, err)
		defer func() { must(t, reg.Rollback()) }()
		for version := range 9 {
			k, err := reg.Lookup(t.Context(), []ledger.LookupKey{{Identity: "new@example.com", SenderID: fmt.Sprintf("%d.0", 1000+10*customer+version)},
				{Identity: "new@example.com", NameText: fmt.Sprintf("name %d-%d", customer, version)}})
			must(t, err)
			byID, byName := k[0].ByID != nil, k[1].ByName != nil
			same(t, "by number as by name", byID, byName)
			if k[0].ByName != nil || k[1].ByID != nil {
				t.Errorf("recognised by what was not given: %+v", k)
			}
			if byID {
				same(t, "who", k[0].ByID.Identity+" "+k[1].ByName.Identity, fmt.Sprintf("p%d@example.com p%[1]d@example.com", customer))
				versions = append(versions, version)
			}
		}
		return versions
	}
	b := register(1, 1, 1)
	same(t, "pending", recognised(0), []int(nil))
	imported := readPlan(t, l, b)[0].Customer
	recordAll(t, l, []ledger.Change{{Expect: expect(imported), Status: ledger.Created, ServiceID: "svc", URL: "https://verify.test/1", Manual: true, At: at(5)}})
	same(t, "imported", recognised(0), []int{1})
	_, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(readPlan(t, l, b)[1]), intentOf(readPlan(t, l, b)[2])})
	must(t, err)
	same(t, "sent", recognised(1), []int{1})
	b = register(2, 2, 2)
	same(t, "imported, by a later row", recognised(0), []int{2})
	same(t, "sent, with a later row", recognised(1), []int{1})
	for i, class := range []ledger.Class{ledger.Busy, ledger.NotSent} {
		recordAll(t, l, []ledger.Change{answerChange(readCustomer(t, l, readPlan(t, l, b)[i+1].Customer.ID), class, ledger.Pending)})
		same(t, "pending again", recognised(i+1), []int(nil))
		_, err = l.Intend(t.Context(), 1, []ledger.Intent{intentOf(readPlan(t, l, b)[i+1])})
		must(t, err)
		same(t, "sent with the later row", recognised(i+1), []int{2})
	}
	b = register(3, 3, 3)
	gone := readCustomer(t, l, readPlan(t, l, b)[2].Customer.ID)
	recordAll(t, l, []ledger.Change{answerChange(gone, ledger.NotSent, ledger.InDoubt)})
	same(t, "never sent after all", recognised(2), []int{3})
	made := readCustomer(t, l, readPlan(t, l, b)[1].Customer.ID)
	recordAll(t, l, []ledger.Change{answerChange(made, ledger.Unknown, ledger.LinkMissing)})
	made = readCustomer(t, l, made.ID)
	recordAll(t, l, []ledger.Change{{Expect: expect(made), Status: ledger.LinkMissing, ServiceID: "svc-1", Manual: true, At: at(60)}})
	same(t, "by hand", recognised(1), []int{2})
	_, err = l.Intend(t.Context(), 1, []ledger.Intent{removalIntent(readCustomer(t, l, made.ID))})
	must(t, err)
	same(t, "being deleted", recognised(1), []int{2})
}
