package ledger

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// TestEveryTransition goes over all pairs of statuses, with and without an open attempt.
func TestEveryTransition(t *testing.T) {
	settled := func(s Status) bool { return s == Created || s == LinkMissing || s == Forgotten }
	for _, from := range append(Statuses(), "nonsense") {
		for _, open := range []bool{false, true} {
			c := Customer{ID: 1, Status: from, Intents: 2, Attempts: 2, Generation: 1}
			e := Expect{Customer: 1, Status: from, Intents: 2}
			if open {
				c.History = []Attempt{{ID: 5}}
			}
			if _, err := ApplyIntent(c, Intent{Expect: e, Generation: 1}); !errors.Is(err, ErrConflict) {
				t.Errorf("intend without a time from %s, open %v: %v", from, open, err)
			}
			_, err := ApplyIntent(c, Intent{Expect: e, Generation: 1, At: Instant{At: time.Unix(1, 0)}})
			if want := !open && !settled(from); (err == nil) != want || err != nil && !errors.Is(err, ErrConflict) {
				t.Errorf("intend from %s, open %v: %v", from, open, err)
			}
			for _, to := range append(Statuses(), "nonsense", "") {
				if !open {
					c.History = []Attempt{{ID: 5, Class: Unknown}}
				}
				_, err := ApplyChange(c, Change{Expect: e, Status: to})
				want := to != "" && to != "nonsense" && !slices.Contains([]Status{Invalid, DuplicateInInput, Forgotten}, to) && from != Forgotten &&
					(from != Created || to == Created) && (from != LinkMissing || to == Created || to == LinkMissing) && (!open || to == InDoubt)
				if (err == nil) != want || err != nil && !errors.Is(err, ErrConflict) {
					t.Errorf("from %s to %q, open %v: %v", from, to, open, err)
				}
			}
		}
	}
}

// A decision never drops a link, and never changes what it was given.
func TestApplyChangeKeepsLinkAndArguments(t *testing.T) {
	c := Customer{ID: 1, Status: InDoubt, Intents: 1, Attempts: 1, ServiceID: "s", URL: "u", FirstSent: time.Unix(9, 0), History: []Attempt{{ID: 7}}}
	after, err := ApplyChange(c, Change{Expect: Expect{1, InDoubt, 1}, Status: LinkMissing, Close: []Closing{{Attempt: 7, Class: Unknown}}})
	if err != nil || after.ServiceID != "s" || after.URL != "u" || after.History[0].Class != Unknown || c.History[0].Class != Open {
		t.Errorf("%+v %+v %v", after, c, err)
	}
}

// Every verdict, with and without another row that claims the customer, over
// every state of the customer.
func TestRowStatus(t *testing.T) {
	own := map[Status]Status{Created: Created, LinkMissing: LinkMissing, Duplicate: Duplicate, Rejected: Rejected,
		InsufficientBalance: InsufficientBalance, InDoubt: InDoubt, Pending: Pending, Forgotten: Forgotten, "": Pending}
	with := func(changes map[Status]Status) map[Status]Status {
		m := maps.Clone(own)
		maps.Copy(m, changes)
		return m
	}
	always := func(s, forgotten Status) map[Status]Status {
		m := map[Status]Status{}
		for of := range own {
			m[of] = s
		}
		m[Forgotten] = forgotten
		return m
	}
	for _, tt := range []struct {
		verdict     Status
		otherClaims bool
		want        map[Status]Status // by the customer's status; "" = there is no customer
	}{
		{"", false, own},
		{Invalid, false, with(map[Status]Status{"": Invalid, Pending: Invalid})},
		{Invalid, true, always(Invalid, Forgotten)},
		{DuplicateInInput, true, always(DuplicateInInput, DuplicateInInput)},
		{DuplicateInInput, false, always(DuplicateInInput, DuplicateInInput)}, // given back in a rejects file
	} {
		for of, want := range tt.want {
			c := Customer{ID: 1, Status: of}
			if of == "" {
				c = Customer{}
			}
			if got := RowStatus(tt.verdict, tt.otherClaims, c); got != want {
				t.Errorf("verdict %q, claimed by another row %t, customer %q: %q, want %q", tt.verdict, tt.otherClaims, of, got, want)
			}
		}
	}
}

// An invalid row shows nothing of a customer that another row claims.
func TestReportedOfAnotherRowsCustomer(t *testing.T) {
	c := Customer{ID: 1, Status: Created, Attempts: 1, ServiceID: "s", URL: "u", Key: "k", HTTPStatus: 201, Code: "c"}
	r := Row{Verdict: Invalid, Repeats: 3, Findings: []Finding{{Field: "phoneNumber", Code: "x"}}}
	got := NewReported(r, nil, c, DetailNames{"firstName", "phoneNumber", "ipAddress", "city"})
	if got.Status != Invalid || got.Customer.ID != 0 || got.Changed != nil || got.ShowsOther() || fmt.Sprint(got.Problems()) != "[{invalid phoneNumber x}]" {
		t.Errorf("another row claims the customer: %+v", got)
	}
	r.Repeats = -1
	if got := NewReported(r, nil, c, DetailNames{"firstName", "phoneNumber", "ipAddress", "city"}); got.Status != Created || got.Customer.ID != 1 || !got.ShowsOther() {
		t.Errorf("no other row does: %+v", got)
	}
	r.Repeats, c.Status = 3, Forgotten
	if got := NewReported(r, nil, c, DetailNames{"firstName", "phoneNumber", "ipAddress", "city"}); got.Status != Forgotten || got.ShowsOther() {
		t.Errorf("forgotten: %+v", got)
	}
}

func TestChanged(t *testing.T) {
	names := DetailNames{"firstName", "ipAddress", "city"}
	base := Details{1, 2, 3, 4, 5, 6, 7, 8}
	for name, c := range map[string]struct {
		other Details
		want  []string
	}{
		"the same":         {Details{1, 2, 3, 4, 5, 6, 7, 8}, nil},
		"first":            {Details{1, 2, 3, 0, 5, 6, 7, 8}, []string{"firstName"}},
		"address":          {Details{1, 2, 3, 4, 5, 6, 7, 9}, nil},
		"more":             {Details{1, 2, 3, 4, 5, 6, 7, 8, 9}, []string{"city"}},
		"empty at the end": {Details{1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0}, nil},
		"fewer":            {Details{1, 2, 3, 4}, nil},
		"none":             {Details{}, []string{"firstName"}},
		"unknown":          {nil, nil},
	} {
		if got := base.Changed(c.other, names); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
		if got := c.other.Changed(base, names); !slices.Equal(got, c.want) {
			t.Errorf("%s, the other way: %v", name, got)
		}
	}
}

func TestDetailNames(t *testing.T) {
	var names DetailNames
	names = names.Add([]Detail{{"b", "1"}, {"a", "2"}})
	names = names.Add([]Detail{{"a", "3"}, {"c", ""}})
	if !slices.Equal(names, DetailNames{"b", "a", "c"}) {
		t.Error(names)
	}
	if got := names.Values([]Detail{{"c", "3"}, {"unknown", "4"}, {"b", "1"}}); !slices.Equal(got, []string{"1", "", "3"}) {
		t.Error(got)
	}
	if names.Values(nil) != nil {
		t.Error("no details have no values")
	}
}

func TestProblems(t *testing.T) {
	r := Reported{Row: Row{Verdict: Invalid, Findings: []Finding{{"a", "b", "m", false}, {"c", "d", "m", true}}}, Status: Invalid}
	if got := fmt.Sprint(r.Problems()); got != "[{invalid a b}]" {
		t.Error(got)
	}
	r.Status, r.Customer = Created, Customer{ID: 1, Status: Created}
	if got := r.Problems(); got != nil {
		t.Errorf("created: %v", got)
	}
}

// A row that breaks a rule cannot be what its customer was created from.
func TestChangedOfABadRow(t *testing.T) {
	r := Row{Verdict: Invalid, Repeats: -1, Findings: []Finding{{Field: "phoneNumber", Code: "c"}, {Field: "firstName", Code: "c"}, {Field: "ipAddress", Code: "c"},
		{Field: "city", Code: "c", Warning: true}, {Field: "email", Code: "c"}}}
	if got := NewReported(r, nil, Customer{ID: 1, Status: Created, Attempts: 1}, DetailNames{"firstName", "phoneNumber", "ipAddress", "city"}).Changed; !slices.Equal(got, []string{"firstName", "phoneNumber"}) {
		t.Errorf("created: %v", got)
	}
	if got := NewReported(r, nil, Customer{ID: 1, Status: Duplicate}, DetailNames{"firstName", "phoneNumber", "ipAddress", "city"}).Changed; got != nil {
		t.Errorf("never sent by us: %v", got)
	}
	if got := NewReported(r, nil, Customer{}, DetailNames{"firstName", "phoneNumber", "ipAddress", "city"}).Changed; got != nil {
		t.Errorf("invalid: %v", got)
	}
}

// A closed attempt is marked as absent by what says how it was closed, or nothing.
func TestAbsentOfAnotherClass(t *testing.T) {
	c := Customer{ID: 1, Status: InDoubt, Intents: 1, History: []Attempt{{ID: 7, Class: NotRemoved, Removes: "s"}}}
	for class, want := range map[Class]bool{Open: true, NotRemoved: true, Removed: false, Unknown: false} {
		after, err := ApplyChange(c, Change{Expect: Expect{1, InDoubt, 1}, Status: InDoubt, Close: []Closing{{Attempt: 7, Class: class, Absent: true}}})
		if (err == nil) != want || want && (!after.History[0].Absent || after.History[0].Class != NotRemoved) {
			t.Errorf("%q: %v", class, err)
		}
	}
}
