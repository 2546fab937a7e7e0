package kyc

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// created is a ledger with n customers in a status, p0@... first. Their
// serviceIds are those of users, or s0, s1, ... without any.
func created(t *testing.T, status ledger.Status, n int, users []sandbox.User) *memory.Ledger {
	t.Helper()
	l := memory.New("sandbox")
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "one", Files: []ledger.File{{Name: "in.csv"}}})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]ledger.Row, n)
	for i := range rows {
		email := fmt.Sprintf("p%d@example.com", i)
		rows[i] = ledger.Row{Ordinal: i, Number: i + 2, Identity: email, Email: email, Claims: true, Repeats: -1}
	}
	if err = reg.Add(t.Context(), rows); err == nil {
		_, err = reg.Commit(t.Context())
	}
	for i := 0; i < n && err == nil; i++ {
		var ids []int64
		e := ledger.Expect{Customer: int64(i + 1), Status: ledger.Pending}
		ids, err = l.Intend(t.Context(), 1, []ledger.Intent{{Expect: e, Key: "k", At: ledger.Instant{At: moment()}}})
		if err != nil {
			break
		}
		e.Status, e.Intents = ledger.InDoubt, 1
		ch := ledger.Change{Expect: e, Status: status, ServiceID: fmt.Sprint("s", i), At: moment(),
			Close: []ledger.Closing{{Attempt: ids[0], Class: ledger.Unknown, NotAfter: ledger.Instant{At: moment()}}}}
		if users != nil {
			ch.ServiceID = users[i].ServiceID
		}
		if status == ledger.Created {
			ch.URL, ch.Close[0].Class = fmt.Sprintf("https://withpersona.com/verify?id=%d", i), ledger.OK
		}
		_, err = l.Record(t.Context(), 1, []ledger.Change{ch})
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func customers(t *testing.T, l Ledger) (all []ledger.Customer) {
	t.Helper()
	for c, err := range l.Customers(t.Context(), ledger.Query{History: true}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func quick() *Pace { p := NewPace(0); p.pause = time.Millisecond; return p }

// pages is a list of n users, of whom each is known by its place.
type pages struct {
	n, cap  int
	newest  bool // first
	asked   []int
	status  string
	failAt  int // the request that fails, from 1; 0 = none
	refuses int // limits above that; 0 = none
}

func (p *pages) ListUsers(_ context.Context, skip, limit int) (partner.Page, error) {
	p.asked = append(p.asked, skip)
	if len(p.asked) == p.failAt {
		return partner.Page{}, &partner.Error{Class: ledger.Auth, HTTPStatus: 401}
	}
	if p.refuses > 0 && limit > p.refuses {
		return partner.Page{}, &partner.Error{Class: ledger.Reject, HTTPStatus: 422}
	}
	out := partner.Page{Skip: skip, Total: p.n, Date: moment().Add(time.Hour)}
	for i := skip; i < min(p.n, skip+min(limit, p.cap)); i++ {
		at := i
		if p.newest {
			at = p.n - 1 - i
		}
		out.Users = append(out.Users, partner.Listed{ServiceID: fmt.Sprint("s", at), Status: p.status, CreatedAt: moment().Add(time.Duration(at) * time.Millisecond)})
	}
	return out, nil
}

func TestSyncReadsNoMoreThanItMust(t *testing.T) {
	for _, test := range []struct {
		name   string
		list   *pages
		wanted []int // who is not approved yet
		most   int   // requests
	}{
		{"no user wanted", &pages{n: 1000, cap: 100, status: "approved"}, nil, 0},
		{"newest at the end", &pages{n: 1000, cap: 100, status: "approved"}, []int{995, 999}, 2},
		{"newest at the end, many", &pages{n: 1000, cap: 100, status: "approved"}, []int{700, 999}, 5},
		{"newest first", &pages{n: 1000, cap: 100, newest: true, status: "approved"}, []int{995, 999}, 1},
		{"the oldest", &pages{n: 1000, cap: 100, status: "approved"}, []int{3}, 1},
		{"a large page is refused", &pages{n: 200, cap: 100, refuses: 100, status: "approved"}, []int{150}, 5},
		{"one page", &pages{n: 40, cap: 100, status: "approved"}, []int{3, 39}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := created(t, ledger.Created, test.list.n, nil)
			var events []ledger.KYCEvent
			for i := range test.list.n {
				if !slices.Contains(test.wanted, i) {
					events = append(events, ledger.KYCEvent{ServiceID: fmt.Sprint("s", i), Status: ledger.KYCApproved, At: moment()})
				}
			}
			if _, err := l.ObserveKYC(t.Context(), events); err != nil {
				t.Fatal(err)
			}
			out, err := Sync(t.Context(), SyncConfig{Ledger: l, Partner: test.list, Pace: quick()})
			if err != nil || out.Seen != len(test.wanted) || out.Wanted != len(test.wanted) || out.News != len(test.wanted) || len(test.list.asked) > test.most {
				t.Errorf("%+v, asked for %v: %v", out, test.list.asked, err)
			}
			for _, c := range customers(t, l) {
				if c.KYC.Status != ledger.KYCApproved {
					t.Errorf("%s is %q", c.Email, c.KYC.Status)
				}
			}
		})
	}
}

// A walk that was broken off goes on where it was.
func TestSyncGoesOn(t *testing.T) {
	const n = 1000
	l := created(t, ledger.Created, n, nil)
	list := &pages{n: n, cap: 100, status: "pending", failAt: 6}
	if _, err := Sync(t.Context(), SyncConfig{Ledger: l, Partner: list, Pace: quick()}); err == nil {
		t.Fatal("the key was refused")
	}
	first := len(list.asked)
	list.failAt = 0
	out, err := Sync(t.Context(), SyncConfig{Ledger: l, Partner: list, Pace: quick()})
	if err != nil || !out.Resumed || out.Seen != out.Wanted || out.Wanted >= n-400 || len(list.asked)-first > 8 {
		t.Errorf("%+v after %d requests: %v", out, len(list.asked)-first, err)
	}
	for _, c := range customers(t, l) {
		if c.KYC.Status != ledger.KYCPending {
			t.Fatalf("%s is %q", c.Email, c.KYC.Status)
		}
	}
	out, err = Sync(t.Context(), SyncConfig{Ledger: l, Partner: list, Pace: quick()})
	if err != nil || out.Resumed || out.Wanted != n || out.News != 0 {
		t.Errorf("one more: %+v %v", out, err)
	}
}

// A list is older than it looks: what a webhook just said stays.
func TestSyncAndWebhooks(t *testing.T) {
	l := created(t, ledger.Created, 2, nil)
	listed := moment().Add(time.Hour)
	for i, ago := range []time.Duration{10 * time.Second, 10 * time.Minute} {
		e := ledger.KYCEvent{ServiceID: fmt.Sprint("s", i), Status: ledger.KYCDenied, At: listed.Add(-ago)}
		if _, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{e}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Sync(t.Context(), SyncConfig{Ledger: l, Partner: &pages{n: 2, cap: 10, status: "pending"}, Pace: quick()}); err != nil {
		t.Fatal(err)
	}
	all := customers(t, l)
	if all[0].KYC.Status != ledger.KYCDenied || all[1].KYC.Status != ledger.KYCPending {
		t.Errorf("%+v, %+v", all[0].KYC, all[1].KYC)
	}
}

// scripted answers retries and deletions, the n-th call by the n-th entry; after
// the last one everything succeeds.
type scripted struct {
	pages
	errs    []*partner.Error
	removal []partner.Removal
	calls   int
}

func (s *scripted) next() (*partner.Error, partner.Removal) {
	s.calls++
	if s.calls > len(s.errs) {
		return nil, partner.Removed
	}
	return s.errs[s.calls-1], s.removal[s.calls-1]
}

func (s *scripted) RetryKYC(context.Context, string) (partner.Retried, error) {
	if e, _ := s.next(); e != nil {
		return partner.Retried{}, e
	}
	return partner.Retried{VerificationURL: fmt.Sprintf("https://withpersona.com/verify?again=%d", s.calls), Date: moment().Add(time.Hour)}, nil
}

func (s *scripted) Delete(context.Context, string) (partner.Removal, error) {
	e, r := s.next()
	if e != nil {
		return r, e
	}
	return r, nil
}

func failing(class ledger.Class) *partner.Error { return &partner.Error{Class: class} }

func TestRetry(t *testing.T) {
	for _, test := range []struct {
		name string
		errs []*partner.Error
		want RetriedAll
		kyc  ledger.KYC // without times
		fail bool
	}{
		{"begun", nil, RetriedAll{Denied: 1, Begun: 1}, ledger.KYC{Status: ledger.KYCNotBegun, Retries: 1}, false},
		{"busy first", []*partner.Error{failing(ledger.Busy)}, RetriedAll{Denied: 1, Begun: 1}, ledger.KYC{Status: ledger.KYCNotBegun, Retries: 1}, false},
		{"no answer", []*partner.Error{failing(ledger.Unknown)}, RetriedAll{Denied: 1, Unknown: 1}, ledger.KYC{Status: ledger.KYCDenied, Retries: 1, RetryOpen: true}, false},
		{"refused", []*partner.Error{failing(ledger.Unclear)}, RetriedAll{Denied: 1, Refused: 1}, ledger.KYC{Status: ledger.KYCDenied}, false},
		{"key refused", []*partner.Error{failing(ledger.Auth)}, RetriedAll{Denied: 1, Refused: 1}, ledger.KYC{Status: ledger.KYCDenied}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := created(t, ledger.Created, 2, nil)
			_, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: "s0", Status: ledger.KYCApproved, At: moment()}, {ServiceID: "s1", Status: ledger.KYCDenied, At: moment().Add(time.Hour)}})
			if err != nil {
				t.Fatal(err)
			}
			s := &scripted{errs: test.errs, removal: make([]partner.Removal, len(test.errs))}
			out, err := Retry(t.Context(), RetryConfig{Ledger: l, Partner: s, Pace: quick()})
			c := customers(t, l)[1]
			c.KYC.At, c.KYC.Seen, c.KYC.Linked = time.Time{}, time.Time{}, time.Time{}
			if out != test.want || !reflect.DeepEqual(c.KYC, test.kyc) || (err != nil) != test.fail {
				t.Errorf("%+v, %+v, %v", out, c.KYC, err)
			}
			if again := c.URL != "https://withpersona.com/verify?id=1"; again != (test.want.Begun == 1) {
				t.Errorf("a new link: %v", again)
			}
		})
	}
}

// retrying answers every retry with the same.
type retrying struct {
	answer partner.Retried
	calls  int
}

func (r *retrying) RetryKYC(context.Context, string) (partner.Retried, error) {
	r.calls++
	return r.answer, nil
}

// Without a link the documents are under review again: no user is asked to act, and
// the old link is not shown any more.
func TestRetryWithoutALink(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer partner.Retried
		kyc    ledger.KYC // without times
		idle   bool
	}{
		{"documented", partner.Retried{ApplicationStatus: "pending", RetryCount: 1, Date: moment().Add(2 * time.Hour)}, ledger.KYC{Status: ledger.KYCPending, Retries: 1, RetryCount: 1}, true},
		{"no word, no date", partner.Retried{RetryCount: 2}, ledger.KYC{Status: ledger.KYCPending, Retries: 1, RetryCount: 2}, true},
		{"an unknown word", partner.Retried{ApplicationStatus: "queued"}, ledger.KYC{Status: ledger.KYCPending, Retries: 1}, true},
		{"approved at once", partner.Retried{ApplicationStatus: "approved", RetryCount: 1}, ledger.KYC{Status: ledger.KYCApproved, Retries: 1, RetryCount: 1}, false},
		{"a date before the denial", partner.Retried{ApplicationStatus: "pending", Date: moment()}, ledger.KYC{Status: ledger.KYCPending, Retries: 1}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := created(t, ledger.Created, 1, nil)
			denied := []ledger.KYCEvent{{ServiceID: "s0", Status: ledger.KYCDenied, At: moment().Add(time.Hour), Reasons: []string{"DOCUMENT_EXPIRED"}}}
			if _, err := l.ObserveKYC(t.Context(), denied); err != nil {
				t.Fatal(err)
			}
			out, err := Retry(t.Context(), RetryConfig{Ledger: l, Partner: &retrying{answer: test.answer}, Pace: quick()})
			c := customers(t, l)[0]
			if err != nil || out != (RetriedAll{Denied: 1, Again: 1}) || c.UsableURL() != "" || c.URL == "" || c.KYC.IsUnderReviewAgain() != test.idle {
				t.Errorf("%+v, %v, link %q: %v", out, c.KYC, c.UsableURL(), err)
			}
			if !slices.Equal(c.KYC.Reasons, denied[0].Reasons) {
				t.Errorf("the reasons are gone: %q", c.KYC.Reasons)
			}
			if c.LinkState(moment().Add(time.Hour), time.Hour) != ledger.LinkNone {
				t.Error("the user is asked to act")
			}
			// The denial comes once more, and so does the link that was there.
			more := ledger.KYCEvent{ServiceID: "s0", Status: ledger.KYCMore, At: moment().Add(time.Minute), URL: "https://withpersona.com/verify?id=old"}
			if _, err := l.ObserveKYC(t.Context(), append(denied, more)); err != nil {
				t.Fatal(err)
			}
			again := customers(t, l)[0]
			if again.KYC.Status != c.KYC.Status || again.UsableURL() != "" {
				t.Errorf("after a repeated denial: %+v, link %q", again.KYC, again.UsableURL())
			}
			c.KYC.At, c.KYC.Seen, c.KYC.Denied, c.KYC.Resubmitted, c.KYC.Reasons = time.Time{}, time.Time{}, time.Time{}, time.Time{}, nil
			if !reflect.DeepEqual(c.KYC, test.kyc) {
				t.Errorf("%+v", c.KYC)
			}
		})
	}
}

// A link that one customer has is given to no other, whatever brings it.
func TestLinksOfOthers(t *testing.T) {
	const linkOfOther = "https://withpersona.com/verify?id=1" // of s1
	l := created(t, ledger.Created, 2, nil)
	if _, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: "s0", Status: ledger.KYCDenied, At: moment()}}); err != nil {
		t.Fatal(err)
	}
	out, err := Retry(t.Context(), RetryConfig{Ledger: l, Partner: &retrying{answer: partner.Retried{VerificationURL: linkOfOther}}, Pace: quick()})
	if c := customers(t, l)[0]; err != nil || out != (RetriedAll{Denied: 1, Unknown: 1}) || c.KYC.Status != ledger.KYCDenied || !c.KYC.RetryOpen || c.URL == linkOfOther {
		t.Errorf("retry: %+v, %+v, %v", out, c, err)
	}
	var skipped []string
	h, err := Handler(Endpoint{Ledger: l, Secrets: [][]byte{[]byte("whsec_1")}, Now: moment, Skipped: func(name string, why error) { skipped = append(skipped, why.Error()) }})
	if err != nil {
		t.Fatal(err)
	}
	late := func(id string) string {
		return strings.Replace(event("user.kyc-event", `{"serviceId":"`+id+`","status":"needsVerification","verificationLink":"`+linkOfOther+`"}`), at, `"2025-03-04T05:06:08Z"`, 1)
	}
	for _, id := range []string{"s0", "s1"} {
		if code := deliver(h, late(id)); code != 204 {
			t.Errorf("%s: %d", id, code)
		}
	}
	if _, err := Import(t.Context(), ImportConfig{Ledger: l, Skipped: func(name string, why error) { skipped = append(skipped, why.Error()) }}, strings.NewReader(late("s0"))); err != nil {
		t.Fatal(err)
	}
	all := customers(t, l)
	if all[0].KYC.Status != ledger.KYCMore || all[0].URL == linkOfOther || all[1].URL != linkOfOther || !slices.Equal(skipped, []string{ErrOtherLink.Error(), ErrOtherLink.Error()}) {
		t.Errorf("%+v\n%+v\n%q", all[0], all[1], skipped)
	}
}

// Retries that were begun elsewhere count, too: the partner says how many there were.
func TestRetryCountsThoseOfOthers(t *testing.T) {
	l := created(t, ledger.Created, 1, nil)
	p := &retrying{answer: partner.Retried{ApplicationStatus: "pending", RetryCount: 3}}
	for i, want := range []RetriedAll{{Denied: 1, Again: 1}, {Denied: 1, Spent: 1}} {
		_, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: "s0", Status: ledger.KYCDenied, At: time.Now().Add(time.Duration(i+1) * time.Hour)}})
		if err != nil {
			t.Fatal(err)
		}
		if out, err := Retry(t.Context(), RetryConfig{Ledger: l, Partner: p, Pace: quick()}); err != nil || out != want || p.calls != 1 {
			t.Errorf("%+v, %d calls: %v", out, p.calls, err)
		}
	}
}

func TestRetryThreeTimes(t *testing.T) {
	l := created(t, ledger.Created, 1, nil)
	s := &scripted{}
	var out RetriedAll
	for i := range 5 {
		_, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: "s0", Status: ledger.KYCDenied, At: moment().Add(time.Duration(i+2) * time.Hour)}})
		if err == nil {
			out, err = Retry(t.Context(), RetryConfig{Ledger: l, Partner: s, Pace: quick()})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if s.calls != MaxRetries || out.Spent != 1 {
		t.Errorf("%d calls, at last %+v", s.calls, out)
	}
}

func TestRemove(t *testing.T) {
	for _, test := range []struct {
		name    string
		err     *partner.Error
		removal partner.Removal
		status  ledger.Status
		class   ledger.Class
		code    string
		id      string
	}{
		{"done", nil, partner.Removed, ledger.InDoubt, ledger.Removed, CodeRecreating, ""},
		{"no answer", failing(ledger.Unknown), partner.RemovalUnknown, ledger.InDoubt, ledger.Unknown, CodeRecreating, "s0"},
		{"no such user", failing(ledger.Unknown), partner.NoSuchUser, ledger.InDoubt, ledger.Unknown, CodeRecreating, "s0"},
		{"refused", failing(ledger.Reject), partner.NotRemoved, ledger.LinkMissing, ledger.NotRemoved, "", "s0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := created(t, ledger.LinkMissing, 2, nil)
			s := &scripted{pages: pages{n: 2, cap: 10}, errs: []*partner.Error{test.err}, removal: []partner.Removal{test.removal}}
			all := customers(t, l)
			out, err := Remove(t.Context(), RemoveConfig{Ledger: l, Partner: s, Pace: quick(), Run: 7}, all[:1])
			if err != nil {
				t.Fatal(err)
			}
			c := customers(t, l)
			a := c[0].History[1]
			if c[0].Status != test.status || a.Class != test.class || a.Removes != "s0" || a.Generation != 1 || c[0].Code != test.code || c[0].ServiceID != test.id || a.Run != 7 {
				t.Errorf("%+v", c[0])
			}
			if c[0].History[0].Absent != (test.class == ledger.Removed) {
				t.Errorf("the first attempt: %+v", c[0].History[0])
			}
			if n := len(out.Removed) + len(out.Unknown) + out.Refused; n != 1 || c[1].Status != ledger.LinkMissing {
				t.Errorf("%+v", out)
			}
		})
	}
}

// changing is a ledger that another writer changes before a deletion is intended,
// or before its outcome is recorded.
type changing struct {
	*memory.Ledger
	intend, record func()
	kept           []ledger.Change
}

func (c *changing) Intend(ctx context.Context, run int64, in []ledger.Intent) ([]int64, error) {
	if c.intend != nil {
		c.intend()
	}
	return c.Ledger.Intend(ctx, run, in)
}

func (c *changing) Record(ctx context.Context, run int64, changes []ledger.Change) ([]ledger.Change, error) {
	if c.record != nil {
		c.record()
	}
	return c.Ledger.Record(ctx, run, changes)
}

func (c *changing) Emergency(changes []ledger.Change) error {
	c.kept = append(c.kept, changes...)
	return nil
}

// A customer who gets a link just before the deletion keeps the user.
func TestRemoveSkipsWhatChanged(t *testing.T) {
	l := &changing{Ledger: created(t, ledger.LinkMissing, 2, nil)}
	l.intend = func() {
		l.intend = nil
		if n, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: "s0", Status: ledger.KYCMore, At: moment(), URL: "https://verify.test/again"}}); n != 1 || err != nil {
			t.Errorf("%d %v", n, err)
		}
	}
	s := &scripted{pages: pages{n: 2, cap: 10}, errs: []*partner.Error{nil}, removal: []partner.Removal{partner.Removed}}
	all := customers(t, l)
	out, err := Remove(t.Context(), RemoveConfig{Ledger: l, Partner: s, Pace: quick(), Run: 7}, all)
	if err != nil || out.Changed != 1 || !slices.Equal(out.Removed, []int64{all[1].ID}) || s.calls != 1 {
		t.Errorf("%+v after %d deletions: %v", out, s.calls, err)
	}
	if c := customers(t, l)[0]; c.Status != ledger.Created || c.URL != "https://verify.test/again" || len(c.History) != 1 {
		t.Errorf("%+v", c)
	}
}

// What became of a deletion is kept where the ledger does not accept it.
func TestRemoveSavesRefusedOutcome(t *testing.T) {
	l := &changing{Ledger: created(t, ledger.LinkMissing, 2, nil)}
	all := customers(t, l)
	l.record = func() {
		c := customers(t, l)[0]
		left, err := l.Ledger.Record(t.Context(), 9, []ledger.Change{{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, Status: ledger.InDoubt, At: moment(),
			Close: []ledger.Closing{{Attempt: c.History[1].ID, Class: ledger.NotRemoved}}}})
		if err != nil || len(left) > 0 {
			t.Errorf("%v, left: %v", err, left)
		}
	}
	s := &scripted{pages: pages{n: 2, cap: 10}, errs: []*partner.Error{nil}, removal: []partner.Removal{partner.Removed}}
	_, err := Remove(t.Context(), RemoveConfig{Ledger: l, Partner: s, Pace: quick(), Run: 7}, all)
	if !errors.Is(err, ledger.ErrConflict) || s.calls != 1 || len(l.kept) != 1 || l.kept[0].Customer != all[0].ID {
		t.Errorf("%d deletions, kept %+v: %v", s.calls, l.kept, err)
	}
}

// What gets no answer is not gone on with for long.
func TestRemoveStops(t *testing.T) {
	l := created(t, ledger.LinkMissing, 9, nil)
	s := &scripted{pages: pages{n: 9, cap: 10}, removal: make([]partner.Removal, 9)}
	for range 9 {
		s.errs = append(s.errs, failing(ledger.Unknown))
	}
	out, err := Remove(t.Context(), RemoveConfig{Ledger: l, Partner: s, Pace: quick()}, customers(t, l))
	if err == nil || s.calls != unknownInRow || len(out.Unknown) != unknownInRow {
		t.Errorf("%d calls, %+v: %v", s.calls, out, err)
	}
}

func TestCount(t *testing.T) {
	l := created(t, ledger.Created, 4, nil)
	_, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: "s0", Status: ledger.KYCApproved, At: moment()}, {ServiceID: "s1", Status: ledger.KYCMore, At: moment()}})
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]int{0: 0, time.Hour: 3} {
		f, err := Count(t.Context(), l, 0, moment().Add(after), time.Hour)
		if err != nil || f.Users != 4 || f.Status[ledger.KYCApproved] != 1 || f.Status[ledger.KYCUnknown] != 2 || f.Dead != want || f.Working != 3-want {
			t.Errorf("%+v %v", f, err)
		}
	}
}
