package ledgertest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// removalIntent returns the intent to delete the user of a customer in link_missing.
func removalIntent(c ledger.Customer) ledger.Intent {
	return ledger.Intent{Expect: expect(c), Generation: c.Generation + 1, Removes: c.ServiceID, At: instantAt(70)}
}

// loseLink makes a customer whose link was lost.
func loseLink(t *testing.T, l ledger.Ledger, b ledger.Batch, ordinal int) ledger.Customer {
	t.Helper()
	c := sendRow(t, l, b, ordinal, ledger.Unknown, ledger.InDoubt, "")
	recordAll(t, l, []ledger.Change{{Expect: expect(c), Status: ledger.LinkMissing, ServiceID: "svc-" + c.Identity, At: at(60)}})
	return readCustomer(t, l, c.ID)
}

func testDeletion(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(4)...)
	c := loseLink(t, l, b, 0)
	ids, err := l.Intend(t.Context(), 2, []ledger.Intent{removalIntent(c)})
	must(t, err)
	doubt := readCustomer(t, l, c.ID)
	same(t, "in flight", []any{doubt.Status, doubt.ServiceID, doubt.Generation, doubt.Key, doubt.Attempts, doubt.Intents, doubt.Decided},
		[]any{ledger.InDoubt, c.ServiceID, 0, c.Key, 1, 2, time.Time{}})
	same(t, "its attempt", doubt.History[1], ledger.Attempt{ID: ids[0], Run: 2, Generation: 1, Removes: c.ServiceID, NotBefore: instantAt(70)})
	wantSkipped(t, l, "a creation while it is being deleted", ledger.Intent{Expect: expect(doubt), Generation: 1, Key: "k", At: instantAt(71)})
	// Done: nothing of the old user is left, and the customer stays in doubt.
	first := doubt.History[0]
	recordAll(t, l, []ledger.Change{{Expect: expect(doubt), Status: ledger.InDoubt, At: at(72), Close: []ledger.Closing{
		{Attempt: ids[0], Class: ledger.Removed, Absent: true, NotAfter: instantAt(72), HTTPStatus: 200},
		{Attempt: first.ID, Class: first.Class, Absent: true, NotAfter: first.NotAfter}}}})
	gone := readCustomer(t, l, c.ID)
	same(t, "deleted", []any{gone.Status, gone.ServiceID, gone.Attempts, gone.HTTPStatus, gone.History[0].Absent, gone.History[1].Class, gone.History[1].Absent},
		[]any{ledger.InDoubt, "", 1, c.HTTPStatus, true, ledger.Removed, true})
	// Created again, under the generation that the deletion reserved.
	in := ledger.Intent{Expect: expect(gone), Generation: 1, Key: "next", Details: c.Details, Email: c.Email, At: instantAt(80)}
	ids, err = l.Intend(t.Context(), 2, []ledger.Intent{in})
	must(t, err)
	now := readCustomer(t, l, c.ID)
	recordAll(t, l, []ledger.Change{{Expect: expect(now), Status: ledger.Created, ServiceID: "second", URL: "https://verify.test/2", At: at(81),
		Close: []ledger.Closing{{Attempt: ids[0], Class: ledger.OK, NotAfter: instantAt(81), HTTPStatus: 201}}}})
	now = readCustomer(t, l, c.ID)
	same(t, "created again", []any{now.Status, now.ServiceID, now.URL, now.Issued, now.Generation, now.Attempts, now.Intents},
		[]any{ledger.Created, "second", "https://verify.test/2", at(81), 1, 2, 3})
}

func testDeletionRefuses(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(4)...)
	c := loseLink(t, l, b, 0)
	made := sendRow(t, l, b, 1, ledger.OK, ledger.Created, "")
	same, other, pending := removalIntent(c), removalIntent(c), ledger.Intent{Expect: expect(readPlan(t, l, b)[2].Customer), Generation: 1, Removes: "svc"}
	same.Generation, other.Removes = 0, "another"
	for name, in := range map[string]ledger.Intent{"same generation": same, "another user": other, "created": removalIntent(made), "pending": pending} {
		wantSkipped(t, l, name, in)
	}
	// Refused by the partner, or never sent: the user is there, nothing has changed.
	for _, class := range []ledger.Class{ledger.NotRemoved, ledger.NotSent} {
		ids, err := l.Intend(t.Context(), 1, []ledger.Intent{removalIntent(c)})
		must(t, err)
		doubt := readCustomer(t, l, c.ID)
		recordAll(t, l, []ledger.Change{{Expect: expect(doubt), Status: ledger.LinkMissing, At: at(90),
			Close: []ledger.Closing{{Attempt: ids[0], Class: class, NotAfter: instantAt(90)}}}})
		after := readCustomer(t, l, c.ID)
		if after.Status != ledger.LinkMissing || after.ServiceID != c.ServiceID || after.Attempts != 1 || after.FirstSent != c.FirstSent || after.Generation != 0 {
			t.Errorf("%s: %+v", class, after)
		}
		c = after
	}
}

// requireVerification returns the ledger as one that follows users after their
// creation. It skips the test of one that does not.
func requireVerification(t *testing.T, l ledger.Ledger) ledger.Verification {
	t.Helper()
	v, ok := l.(ledger.Verification)
	if !ok {
		t.Skip("this ledger does not follow users after their creation")
	}
	return v
}

func testVerification(t *testing.T, l ledger.Ledger) {
	v := requireVerification(t, l)
	b := addBatch(t, l, "one", validRows(4)...)
	c := sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	same(t, "issued", c.Issued, c.Decided)
	listed := false
	news := func(id string, s ledger.KYCStatus, sec int, link string) int {
		t.Helper()
		n, err := v.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: id, Status: s, At: at(sec), URL: link, Listed: listed}})
		must(t, err)
		return n
	}
	known := func(id int64) []any {
		c := readCustomer(t, l, id)
		return []any{c.KYC.Status, c.KYC.At, c.KYC.Seen, c.URL, c.Status}
	}
	for _, step := range []struct {
		status ledger.KYCStatus
		at     int
		link   string
		news   int
		want   []any
	}{
		{ledger.KYCPending, 100, "", 1, []any{ledger.KYCPending, at(100), at(100), c.URL, ledger.Created}},
		{ledger.KYCPending, 100, "", 0, []any{ledger.KYCPending, at(100), at(100), c.URL, ledger.Created}},
		{ledger.KYCNotBegun, 90, "", 0, []any{ledger.KYCPending, at(100), at(100), c.URL, ledger.Created}},
		{ledger.KYCNotBegun, 100, "", 0, []any{ledger.KYCPending, at(100), at(100), c.URL, ledger.Created}},
		{ledger.KYCPending, 104, "", 0, []any{ledger.KYCPending, at(104), at(104), c.URL, ledger.Created}},
		{ledger.KYCDenied, 103, "", 0, []any{ledger.KYCPending, at(104), at(104), c.URL, ledger.Created}},
		{ledger.KYCMore, 120, "https://verify.test/more", 1, []any{ledger.KYCMore, at(120), at(120), "https://verify.test/more", ledger.Created}},
		{ledger.KYCApproved, 130, "", 1, []any{ledger.KYCApproved, at(130), at(130), "https://verify.test/more", ledger.Created}},
		{ledger.KYCUnknown, 140, "", 0, []any{ledger.KYCApproved, at(130), at(130), "https://verify.test/more", ledger.Created}},
	} {
		if n := news(c.ServiceID, step.status, step.at, step.link); n != step.news {
			t.Errorf("%s at %d: %d news", step.status, step.at, n)
		}
		same(t, string(step.status), known(c.ID), step.want)
	}
	listed = true // a list says how it is, not since when
	same(t, "listed", news(c.ServiceID, ledger.KYCApproved, 150, ""), 0)
	same(t, "still approved", known(c.ID), []any{ledger.KYCApproved, at(130), at(150), "https://verify.test/more", ledger.Created})
	listed = false
	for r, err := range l.Rows(t.Context(), ledger.Selection{Batch: b.ID}) {
		must(t, err)
		if r.Ordinal == 0 {
			same(t, "in a report", r.Customer.KYC.Status, ledger.KYCApproved)
		}
	}
	// A link that comes with news ends link_missing. News may come before the
	// user is known by that serviceId.
	early := "svc-p0001@example.com"
	same(t, "early", news(early, ledger.KYCPending, 50, ""), 1)
	d := loseLink(t, l, b, 1)
	same(t, "found by it", known(d.ID), []any{ledger.KYCPending, at(50), at(50), "", ledger.LinkMissing})
	same(t, "with a link", news(early, ledger.KYCMore, 51, "https://verify.test/found"), 1)
	same(t, "found", known(d.ID), []any{ledger.KYCMore, at(51), at(51), "https://verify.test/found", ledger.Created})
}

// testVerificationLinks records links out of order. A link that is no newer than the
// last one from an event is left out; one that no customer has yet is not known.
func testVerificationLinks(t *testing.T, l ledger.Ledger) {
	v := requireVerification(t, l)
	b := addBatch(t, l, "one", validRows(2)...)
	c := sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	for _, step := range []struct {
		status ledger.KYCStatus
		at     int
		link   string
		news   int
		want   string
	}{
		{ledger.KYCApproved, 200, "", 1, c.URL},
		{ledger.KYCMore, 120, "https://verify.test/b", 1, "https://verify.test/b"},
		{ledger.KYCMore, 110, "https://verify.test/z", 0, "https://verify.test/b"},
		{ledger.KYCMore, 120, "https://verify.test/a", 0, "https://verify.test/b"},
		{ledger.KYCMore, 120, "https://verify.test/c", 1, "https://verify.test/c"},
		{ledger.KYCMore, 120, "https://verify.test/c", 0, "https://verify.test/c"},
	} {
		n, err := v.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: c.ServiceID, Status: step.status, At: at(step.at), URL: step.link}})
		must(t, err)
		same(t, step.link, []any{n, readCustomer(t, l, c.ID).URL, readCustomer(t, l, c.ID).KYC.Status}, []any{step.news, step.want, ledger.KYCApproved})
	}
	early := []ledger.KYCEvent{{ServiceID: "svc-p0001@example.com", Status: ledger.KYCMore, At: at(130), URL: "https://verify.test/early"}}
	_, err := v.ObserveKYC(t.Context(), early)
	must(t, err)
	d := loseLink(t, l, b, 1)
	same(t, "a link that came too early", []any{d.URL, d.Status}, []any{"", ledger.LinkMissing})
	_, err = v.ObserveKYC(t.Context(), early)
	must(t, err)
	d = readCustomer(t, l, d.ID)
	same(t, "and once more", []any{d.URL, d.Status, d.KYC.Linked}, []any{"https://verify.test/early", ledger.Created, at(130)})
}

// testAnyOrder records the same events in several orders and groups, some of them
// twice. All end in the same state.
func testAnyOrder(t *testing.T, l ledger.Ledger) {
	v := requireVerification(t, l)
	const histories, orders = 40, 3
	random := rand.New(rand.NewPCG(1, 2))
	b := addBatch(t, l, "one", validRows(histories*orders)...)
	for h := range histories {
		events := make([]ledger.KYCEvent, 2+random.IntN(9))
		for i := range events {
			events[i] = randomEvent(random)
		}
		var want string
		for o := range orders {
			c := sendRow(t, l, b, h*orders+o, ledger.OK, ledger.Created, "")
			var mine []ledger.KYCEvent
			for range 1 + random.IntN(2) {
				for _, i := range random.Perm(len(events)) {
					e := events[i]
					e.ServiceID = c.ServiceID
					mine = append(mine, e)
				}
			}
			for len(mine) > 0 {
				n := 1 + random.IntN(len(mine))
				_, err := v.ObserveKYC(t.Context(), mine[:n])
				must(t, err)
				mine = mine[n:]
			}
			c = readCustomer(t, l, c.ID)
			if c.KYC.Linked.IsZero() {
				c.URL, c.Issued = "", time.Time{}
			}
			got := fmt.Sprintf("%+v %s %s %s", c.KYC, c.URL, c.Issued, c.Status)
			if o == 0 {
				want = got
			}
			same(t, fmt.Sprintf("%+v", events), got, want)
		}
	}
}

func randomEvent(random *rand.Rand) ledger.KYCEvent {
	statuses := append(ledger.KYCStatuses()[1:], "on_hold", "in_appeal")
	e := ledger.KYCEvent{Status: statuses[random.IntN(len(statuses))], At: at(100 + random.IntN(3))} // few moments: ties are what is hard
	switch random.IntN(4) {
	case 0, 3:
		e.URL = fmt.Sprint("https://verify.test/more/", random.IntN(3))
	case 1:
		e.Reasons = []string{fmt.Sprint("REASON_", random.IntN(3))}
	case 2:
		e.Resubmitted, e.RetryCount = true, random.IntN(3)
	}
	return e
}

// testDenials requires that the reasons of a denial are kept.
func testDenials(t *testing.T, l ledger.Ledger) {
	v := requireVerification(t, l)
	b := addBatch(t, l, "one", validRows(1)...)
	c := sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	for _, step := range []struct {
		status  ledger.KYCStatus
		at      int
		reasons []string
		want    []string
	}{
		{ledger.KYCApproved, 90, []string{"NO_DENIAL"}, nil},
		{ledger.KYCDenied, 100, []string{"SELFIE_MISMATCH", "DOCUMENT_EXPIRED", "SELFIE_MISMATCH"}, []string{"DOCUMENT_EXPIRED", "SELFIE_MISMATCH"}},
		{ledger.KYCDenied, 95, []string{"OLDER"}, []string{"DOCUMENT_EXPIRED", "SELFIE_MISMATCH"}},
		{ledger.KYCDenied, 110, nil, []string{"DOCUMENT_EXPIRED", "SELFIE_MISMATCH"}},
		{ledger.KYCApproved, 120, nil, []string{"DOCUMENT_EXPIRED", "SELFIE_MISMATCH"}},
		{ledger.KYCDenied, 115, []string{" two\nlines; \u202eend\x00"}, []string{"two lines end"}},
	} {
		_, err := v.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: c.ServiceID, Status: step.status, At: at(step.at), Reasons: step.reasons}})
		must(t, err)
		same(t, fmt.Sprint(step.at), fmt.Sprintf("%q", readCustomer(t, l, c.ID).KYC.Reasons), fmt.Sprintf("%q", step.want))
	}
	for r, err := range l.Rows(t.Context(), ledger.Selection{Batch: b.ID}) {
		must(t, err)
		same(t, "in a report", []any{r.Customer.KYC.Reasons, r.Customer.KYC.Status}, []any{[]string{"two lines end"}, ledger.KYCApproved})
	}
}

// testResubmission records a retry without a link, which hides the link that there
// was until a newer one comes.
func testResubmission(t *testing.T, l ledger.Ledger) {
	v := requireVerification(t, l)
	b := addBatch(t, l, "one", validRows(1)...)
	c := sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	must(t, v.RetryKYC(t.Context(), c.ServiceID, 0, 1))
	for _, step := range []struct {
		event ledger.KYCEvent
		link  string
		idle  bool // the user has nothing to do
	}{
		{ledger.KYCEvent{Status: ledger.KYCDenied, At: at(100)}, c.URL, false},
		{ledger.KYCEvent{Status: ledger.KYCPending, At: at(110), Resubmitted: true, RetryCount: 2}, "", true},
		{ledger.KYCEvent{Status: ledger.KYCMore, At: at(105), URL: "https://verify.test/older"}, "", true},
		{ledger.KYCEvent{Status: ledger.KYCPending, At: at(120), RetryCount: 1}, "", true},
		{ledger.KYCEvent{Status: ledger.KYCDenied, At: at(130)}, "", false},
		{ledger.KYCEvent{Status: ledger.KYCMore, At: at(140), URL: "https://verify.test/newer"}, "https://verify.test/newer", false},
	} {
		step.event.ServiceID = c.ServiceID
		_, err := v.ObserveKYC(t.Context(), []ledger.KYCEvent{step.event})
		must(t, err)
		now := readCustomer(t, l, c.ID)
		same(t, fmt.Sprint(step.event), []any{now.UsableURL(), now.KYC.IsUnderReviewAgain(), now.Status}, []any{step.link, step.idle, ledger.Created})
	}
	k := readCustomer(t, l, c.ID).KYC
	same(t, "counts", []any{k.Retries, k.RetryCount, k.RetryOpen, k.RetriesUsed(), k.Resubmitted, k.Linked}, []any{1, 2, false, 2, at(110), at(140)})
}

func testRetries(t *testing.T, l ledger.Ledger) {
	v := requireVerification(t, l)
	b := addBatch(t, l, "one", validRows(1)...)
	c := sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	_, err := v.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: c.ServiceID, Status: ledger.KYCDenied, At: at(100)}})
	must(t, err)
	must(t, v.RetryKYC(t.Context(), c.ServiceID, 0, 1))
	if err := v.RetryKYC(t.Context(), c.ServiceID, 0, 1); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	k := readCustomer(t, l, c.ID).KYC
	same(t, "open", []any{k.Status, k.Retries, k.RetryOpen}, []any{ledger.KYCDenied, 1, true})
	must(t, v.RetryKYC(t.Context(), c.ServiceID, 1, 0))
	k = readCustomer(t, l, c.ID).KYC
	same(t, "undone", []any{k.Retries, k.RetryOpen}, []any{0, false})
	must(t, v.RetryKYC(t.Context(), c.ServiceID, 0, 1))
	_, err = v.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: c.ServiceID, Status: ledger.KYCNotBegun, At: at(110), URL: "https://verify.test/again"}})
	must(t, err)
	c = readCustomer(t, l, c.ID)
	same(t, "done", []any{c.KYC.Status, c.KYC.Retries, c.KYC.RetryOpen, c.URL, c.Issued}, []any{ledger.KYCNotBegun, 1, false, "https://verify.test/again", at(110)})
}
