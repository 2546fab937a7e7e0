package ledger

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// lateState is how an answer that comes late finds its attempt.
type lateState struct {
	name    string
	attempt Attempt // but for its id
}

func lateStates() []lateState {
	end := Instant{At: time.Unix(90, 0).UTC()}
	return []lateState{
		{"open", Attempt{}},
		{"closed by an opening", Attempt{Class: Unknown, NotAfter: end}},
		{"closed by an opening, absent since", Attempt{Class: Unknown, NotAfter: end, Absent: true}},
		{"answered with a broken body", Attempt{Class: Unknown, NotAfter: end, HTTPStatus: 502}},
		{"answered with an excerpt", Attempt{Class: Unknown, NotAfter: end, Excerpt: []byte("<html>")}},
		{"refused", Attempt{Class: Reject, NotAfter: end, HTTPStatus: 400}},
		{"never sent", Attempt{Class: NotSent, NotAfter: end}},
	}
}

// lateAnswers are what may have become of attempt 5.
func lateAnswers() map[string]Change {
	at := time.Unix(50, 0).UTC()
	of := func(class Class, s Status) Change {
		return Change{Expect: Expect{1, InDoubt, 1}, Status: s, At: at, Close: []Closing{{Attempt: 5, Class: class, NotAfter: Instant{At: at}, HTTPStatus: 200}}}
	}
	ok := of(OK, Created)
	ok.ServiceID, ok.URL = "acme-user-1", "https://h.test/1"
	other := ok
	other.ServiceID = "acme-user-2"
	unsent := of(NotSent, Pending)
	unsent.Close[0].HTTPStatus = 0
	return map[string]Change{"created": ok, "created as another user": other, "rejected": of(Reject, Rejected), "unanswered": of(Unknown, InDoubt), "not sent": unsent}
}

// Every status, every state of the attempt, with and without a later attempt, and
// every answer.
func TestMergeLate(t *testing.T) {
	fitting := 0
	for _, status := range append(Statuses(), "nonsense") {
		for _, state := range lateStates() {
			if status != InDoubt && state.attempt.Class == Open {
				continue // there is no such customer
			}
			for _, newer := range []bool{false, true} {
				a := state.attempt
				a.ID = 5
				c := Customer{ID: 1, Status: status, Intents: 1, Attempts: 1, FirstSent: time.Unix(1, 0), History: []Attempt{a}, Message: "before"}
				if status == Created || status == LinkMissing {
					c.ServiceID = "acme-user-1"
				}
				if newer {
					c.History, c.Intents, c.Attempts = append(c.History, Attempt{ID: 9, Class: Busy}), 2, 2
				}
				for name, ch := range lateAnswers() {
					unheard := a.Class == Unknown && a.HTTPStatus == 0 && a.Excerpt == nil
					want := (a.Class == Open || unheard) && status == InDoubt && !newer || unheard && status == LinkMissing && name == "created"
					given := c
					given.History = slices.Clone(c.History)
					after, ok := MergeLate(given, ch)
					if !reflect.DeepEqual(given, c) {
						t.Fatalf("%s, %s, %s: what was given is changed", status, state.name, name)
					}
					if ok != want {
						t.Errorf("%s, %s, later attempt %t, %s: %t, want %t", status, state.name, newer, name, ok, want)
						continue
					}
					if !ok {
						if !reflect.DeepEqual(after, c) {
							t.Errorf("%s, %s, %s: refused, and changed to %+v", status, state.name, name, after)
						}
						continue
					}
					fitting++
					checkLate(t, c, after, ch)
				}
			}
		}
	}
	if fitting != 3*5+2*2 {
		t.Errorf("%d fit", fitting)
	}
}

// checkLate holds what a late answer makes of a customer.
func checkLate(t *testing.T, before, after Customer, ch Change) {
	t.Helper()
	a, cl := after.History[0], ch.Close[0]
	if after.Status != ch.Status || a.Class != cl.Class || a.NotAfter != cl.NotAfter || a.HTTPStatus != cl.HTTPStatus || a.Absent || after.Message != ch.Message {
		t.Errorf("%+v", after)
	}
	attempts := before.Attempts
	if cl.Class == NotSent {
		attempts--
	}
	if after.Intents != before.Intents || after.Attempts != attempts || after.FirstSent.IsZero() != (attempts == 0) || !reflect.DeepEqual(after.History[1:], before.History[1:]) {
		t.Errorf("from %+v to %+v", before, after)
	}
	if ch.Status == Created && (after.ServiceID != ch.ServiceID || after.URL != ch.URL || after.Issued != ch.At || after.Pairing != Unconfirmed) {
		t.Errorf("created: %+v", after)
	}
	if again, ok := MergeLate(after, ch); !ok || !reflect.DeepEqual(again, after) {
		t.Errorf("the same answer again: %t, %+v", ok, again)
	}
}

// A deletion that turns out to have been done, or never sent.
func TestMergeLateDeletion(t *testing.T) {
	at := time.Unix(50, 0).UTC()
	c := Customer{ID: 1, Status: InDoubt, Intents: 2, Attempts: 1, ServiceID: "acme-user-1", History: []Attempt{{ID: 5, Class: Unknown, HTTPStatus: 502}, {ID: 6, Removes: "acme-user-1", Class: Unknown}}}
	ch := Change{Expect: Expect{1, InDoubt, 2}, Status: InDoubt, At: at, Close: []Closing{{Attempt: 5, Class: Unknown, Absent: true}, {Attempt: 6, Class: Removed, Absent: true, NotAfter: Instant{At: at}}}}
	after, ok := MergeLate(c, ch)
	if !ok || after.ServiceID != "" || !after.History[0].Absent || after.History[1].Class != Removed {
		t.Errorf("%t %+v", ok, after)
	}
	if again, ok := MergeLate(after, ch); !ok || !reflect.DeepEqual(again, after) {
		t.Errorf("again: %t %+v", ok, again)
	}
	ch = Change{Expect: ch.Expect, Status: LinkMissing, At: at, Close: []Closing{{Attempt: 6, Class: NotSent, NotAfter: Instant{At: at}}}}
	if after, ok = MergeLate(c, ch); !ok || after.Status != LinkMissing || after.ServiceID != "acme-user-1" || after.Attempts != 1 {
		t.Errorf("never sent: %t %+v", ok, after)
	}
}

// An answer is known again by its attempt and its user, another change by what it
// leads to.
func TestIsRecorded(t *testing.T) {
	ok := lateAnswers()["created"]
	made, err := ApplyChange(Customer{ID: 1, Status: InDoubt, Intents: 1, Attempts: 1, History: []Attempt{{ID: 5}}}, ok)
	if err != nil {
		t.Fatal(err)
	}
	newer := made
	newer.URL, newer.Issued = "https://h.test/newer", ok.At.Add(time.Hour)
	older := newer
	older.Issued = ok.At.Add(-time.Hour)
	lost := made
	lost.URL, lost.Issued = "", time.Time{}
	hand := Change{Expect: Expect{1, Pending, 1}, Status: Rejected, Code: "by_hand", Manual: true, Message: "asked"}
	rejected := Customer{ID: 1, Status: Rejected, Intents: 1, Code: "by_hand", Manual: true, Message: "asked"}
	other, unknown := rejected, rejected
	other.Message, unknown.ID = "for another reason", 0
	for name, x := range map[string]struct {
		c    Customer
		ch   Change
		want bool
	}{
		"the answer": {made, ok, true}, "a newer link since": {newer, ok, true}, "an older link": {older, ok, false}, "its link is lost": {lost, ok, false},
		"another user": {made, lateAnswers()["created as another user"], false}, "another answer": {made, lateAnswers()["rejected"], false},
		"a decision": {rejected, hand, true}, "another decision": {other, hand, false}, "no customer": {unknown, hand, false},
	} {
		if got := IsRecorded(x.c, x.ch); got != x.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestIsCredible(t *testing.T) {
	ok := lateAnswers()["created"]
	noLink, badLink, noUser := ok, ok, ok
	noLink.URL, badLink.URL, noUser.ServiceID = "", "http://h.test/1", ""
	owner := []Customer{{ID: 1, ServiceID: ok.ServiceID}, {ID: 2, ServiceID: "another"}}
	for name, x := range map[string]struct {
		ch     Change
		owners []Customer
		want   bool
	}{
		"nobody's": {ok, nil, true}, "its own": {ok, owner, true}, "another's": {ok, []Customer{{ID: 2, ServiceID: ok.ServiceID}}, false},
		"without a link": {noLink, nil, false}, "with a bad link": {badLink, nil, false}, "without a user": {noUser, nil, false},
		"a refusal": {lateAnswers()["rejected"], []Customer{{ID: 2}}, true},
	} {
		if got := x.ch.IsCredible(x.owners); got != x.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
