package ledgertest

import (
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// confirmUser makes a created customer whom the partner's list has confirmed.
func confirmUser(t *testing.T, l ledger.Ledger, b ledger.Batch, ordinal int) ledger.Customer {
	t.Helper()
	c := sendRow(t, l, b, ordinal, ledger.OK, ledger.Created, "")
	must(t, l.NotePairings(t.Context(), []ledger.PairingNote{{Customer: c.ID, ServiceID: c.ServiceID, Pairing: ledger.Confirmed}}))
	return readCustomer(t, l, c.ID)
}

// A user with a dead link is deleted and created again. If the deletion turns out not to
// have happened, the customer has its user, its link and its confirmation back.
func testRenewal(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(4)...)
	c := confirmUser(t, l, b, 0)
	mayBe := 0
	for _, class := range []ledger.Class{ledger.NotRemoved, ledger.NotSent, ledger.Unknown} {
		ids, err := l.Intend(t.Context(), 2, []ledger.Intent{removalIntent(c)})
		must(t, err)
		doubt := readCustomer(t, l, c.ID)
		same(t, "in flight", []any{doubt.Status, doubt.ServiceID, doubt.URL, doubt.UsableURL()}, []any{ledger.InDoubt, c.ServiceID, c.URL, ""})
		closing := ledger.Closing{Attempt: ids[0], Class: class, NotAfter: instantAt(90)}
		if class == ledger.Unknown { // settled later, by the list
			mayBe++
			recordAll(t, l, []ledger.Change{{Expect: expect(doubt), Status: ledger.InDoubt, At: at(90), Close: []ledger.Closing{closing}}})
			recordAll(t, l, []ledger.Change{{Expect: expect(readCustomer(t, l, c.ID)), Status: ledger.Created, ServiceID: c.ServiceID, At: at(95)}})
		} else {
			recordAll(t, l, []ledger.Change{{Expect: expect(doubt), Status: ledger.Created, At: at(90), Close: []ledger.Closing{closing}}})
		}
		now := readCustomer(t, l, c.ID)
		same(t, string(class), []any{now.Status, now.ServiceID, now.URL, now.Issued, now.Pairing, now.Deletions()},
			[]any{ledger.Created, c.ServiceID, c.URL, c.Issued, ledger.Confirmed, mayBe})
		c = now
	}
	ids, err := l.Intend(t.Context(), 2, []ledger.Intent{removalIntent(c)})
	must(t, err)
	doubt := readCustomer(t, l, c.ID)
	recordAll(t, l, []ledger.Change{{Expect: expect(doubt), Status: ledger.InDoubt, At: at(100), Close: []ledger.Closing{
		{Attempt: ids[0], Class: ledger.Removed, Absent: true, NotAfter: instantAt(100), HTTPStatus: 200}}}})
	gone := readCustomer(t, l, c.ID)
	same(t, "deleted", []any{gone.Status, gone.ServiceID, gone.URL, gone.Deletions()}, []any{ledger.InDoubt, "", "", 2})
	ids, err = l.Intend(t.Context(), 2, []ledger.Intent{{Expect: expect(gone), Generation: 1, Key: "next", Details: c.Details, Email: c.Email, At: instantAt(101)}})
	must(t, err)
	recordAll(t, l, []ledger.Change{{Expect: expect(readCustomer(t, l, c.ID)), Status: ledger.Created, ServiceID: "second", URL: "https://verify.test/2", At: at(102),
		Close: []ledger.Closing{{Attempt: ids[0], Class: ledger.OK, NotAfter: instantAt(102), HTTPStatus: 201}}}})
	now := readCustomer(t, l, c.ID)
	same(t, "created again", []any{now.Status, now.ServiceID, now.URL, now.Issued, now.Pairing}, []any{ledger.Created, "second", "https://verify.test/2", at(102), ledger.Unconfirmed})
	wantSkipped(t, l, "a renewal before the list has confirmed the new user", removalIntent(now))
}

// Nobody is deleted whom the list has not confirmed, or who has begun the check.
func testRenewalRefuses(t *testing.T, l ledger.Ledger) {
	v := requireVerification(t, l)
	b := addBatch(t, l, "one", validRows(8)...)
	news := []ledger.KYCEvent{
		{Status: ledger.KYCPending}, {Status: ledger.KYCApproved}, {Status: ledger.KYCDenied}, {Status: ledger.KYCMore}, {Status: "unheard_of"},
		{Status: ledger.KYCNotBegun, URL: "https://verify.test/of-a-retry"},
	}
	for i, e := range news {
		c := confirmUser(t, l, b, i)
		e.ServiceID, e.At = c.ServiceID, at(80)
		_, err := v.ObserveKYC(t.Context(), []ledger.KYCEvent{e})
		must(t, err)
		wantSkipped(t, l, string(e.Status), removalIntent(readCustomer(t, l, c.ID)))
	}
	retried := confirmUser(t, l, b, len(news))
	must(t, v.RetryKYC(t.Context(), retried.ServiceID, 0, 1))
	wantSkipped(t, l, "a retry", removalIntent(readCustomer(t, l, retried.ID)))
	// Not begun, as the list says, is no reason against it.
	free := confirmUser(t, l, b, len(news)+1)
	_, err := v.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: free.ServiceID, Status: ledger.KYCNotBegun, At: at(80), Listed: true}})
	must(t, err)
	ids, err := l.Intend(t.Context(), 1, []ledger.Intent{removalIntent(readCustomer(t, l, free.ID))})
	must(t, err)
	if ids[0] == 0 {
		t.Error("a user who has not begun cannot be deleted")
	}
}
