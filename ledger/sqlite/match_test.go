package sqlite

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// findByName returns the customer who is recognised under another e-mail by the name
// of a row; 0 if none is.
func findByName(t *testing.T, l *Ledger, r ledger.Row) int64 {
	t.Helper()
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "a look"})
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Rollback()
	known, err := reg.Lookup(t.Context(), []ledger.LookupKey{{Identity: "other@example.com", NameText: r.NameText, Details: r.Details}})
	if err != nil {
		t.Fatal(err)
	}
	if known[0].ByName == nil {
		return 0
	}
	return known[0].ByName.ID
}

// The newest attempts are those of a customer who is forgotten, and a kill comes
// soon after: their numbers are not given again, and a customer who was created
// since is recognised all the same.
func TestNumbersOfForgottenAttemptsAreNotGivenAgain(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 1, 1)
	if err := recordAll(t.Context(), l, answersTo(in, ids)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Forget(t.Context(), []string{in[0].Email}); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, killedCopy(t, l))
	rows := validRows(1, "b")
	made := createFirst(t, l, registerAll(t, l, "two", rows))
	if made.Close[0].Attempt <= ids[0] {
		t.Errorf("attempt %d comes after %d", made.Close[0].Attempt, ids[0])
	}
	l = reopen(t, killedCopy(t, l))
	if got := findByName(t, l, rows[0]); got != made.Customer {
		t.Errorf("by name %d, want %d", got, made.Customer)
	}
}

// A customer who was refused and sent again with a corrected row is recognised by
// that row, also after a kill, and by the first one no longer.
func TestCorrectedRowIsRecognised(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 1, 1)
	refused := answersTo(in, ids)
	refused[0].Status, refused[0].ServiceID, refused[0].URL, refused[0].Close[0].Class = ledger.Rejected, "", "", ledger.Reject
	if err := recordAll(t.Context(), l, refused); err != nil {
		t.Fatal(err)
	}
	rows := validRows(1, "a")
	rows[0].NameText = "jane|corrected|+14155550123"
	made := createFirst(t, l, registerAll(t, l, "two", rows))
	for name, l := range map[string]*Ledger{"after a kill": reopen(t, killedCopy(t, l)), "here": l} {
		if got := findByName(t, l, rows[0]); got != made.Customer {
			t.Errorf("%s: by name %d, want %d", name, got, made.Customer)
		}
		if got := findByName(t, l, validRows(1, "a")[0]); got != 0 {
			t.Errorf("%s: by the name of the row that was refused: %d", name, got)
		}
	}
}

// A customer whose request is open stays as it was sent, whatever a new input says.
func TestRegisteredWhileOpen(t *testing.T) {
	l, _, in, _ := newWithIntents(t, 2, 1)
	before := selectCustomers(t, l, ledger.Query{IDs: []int64{in[0].Customer}, History: true})[0]
	rows := validRows(1, "a")
	rows[0].SenderID, rows[0].LastName = "another", "Other"
	b := registerAll(t, l, "two", rows)
	before.LastBatch = b.ID
	if before.LastName == "Other" || len(before.History) != 1 || !slices.Equal(before.Details, before.History[0].Details) {
		t.Fatalf("%+v", before)
	}
	for name, l := range map[string]*Ledger{"here": l, "backed up": reopen(t, backupOf(t, l))} {
		got := selectCustomers(t, l, ledger.Query{IDs: []int64{in[0].Customer}, History: true})[0]
		if name != "here" { // it was opened, which ends the attempt
			if got.History[0].Class != ledger.Unknown || !slices.Equal(got.History[0].Details, before.Details) {
				t.Errorf("%s: %+v", name, got.History[0])
			}
			got.History = before.History
		}
		if !reflect.DeepEqual(got, before) {
			t.Errorf("%s: %+v, want %+v", name, got, before)
		}
	}
}

// No reader waits for a check pass.
func TestQueryDuringRegistration(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 2, 1)
	out := answersTo(in, ids)
	if err := recordAll(t.Context(), l, out); err != nil {
		t.Fatal(err)
	}
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "two"})
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Rollback()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, id := range []string{out[0].ServiceID, "nobody's"} {
		n := 0
		for _, err := range l.Customers(ctx, ledger.Query{ServiceIDs: []string{id}}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if want := map[string]int{out[0].ServiceID: 1}[id]; n != want {
			t.Errorf("%d have %s, want %d", n, id, want)
		}
	}
}

// Answers that come one by one leave each customer right at every step: for other
// connections, and after a kill.
func TestAnswersOneByOne(t *testing.T) {
	l, b, in, ids := newWithIntents(t, 6, 4)
	out := answersTo(in, ids)
	keep := ledger.Change{Expect: out[1].Expect, Status: ledger.InDoubt, Code: "asked", At: time.Now()}
	for step, changes := range [][]ledger.Change{{out[2]}, {keep}, {out[0], out[3]}, {out[1]}} {
		if err := recordAll(t.Context(), l, changes); err != nil {
			t.Fatal(step, err)
		}
		for name, from := range map[string]*Ledger{"here": l, "concurrent": openConcurrent(t, l.path), "after a kill": reopen(t, killedCopy(t, l))} {
			tally, err := from.Tally(t.Context(), ledger.Selection{Batch: b.ID})
			want := []int{3, 3, 1, 0}[step]
			if doubt := countWith(t, from, ledger.InDoubt); err != nil || doubt != want || tally.Status[ledger.InDoubt] != want || tally.Status[ledger.Pending] != 2 {
				t.Errorf("step %d, %s: %d in doubt, %v %v", step, name, doubt, tally.Status, err)
			}
			checkSound(t, from)
		}
	}
}

// A serviceId and a name are found as soon as an answer is recorded: here, after a
// kill, in a backup, and on the connections of others.
func TestFoundByWhatAnAnswerSaid(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 12, 12)
	readOnly := optionsFor(l.path)
	readOnly.ReadOnly = true
	reader, concurrent := openWith(t, readOnly), openConcurrent(t, l.path)
	out := answersTo(in, ids)
	for i := range out {
		if err := recordAll(t.Context(), l, out[i:i+1]); err != nil {
			t.Fatal(err)
		}
		if i%4 != 0 {
			continue
		}
		for name, from := range map[string]*Ledger{"here": l, "read only": reader, "concurrent": concurrent, "after a kill": reopen(t, killedCopy(t, l)), "backed up": reopen(t, backupOf(t, l))} {
			for k, answer := range out {
				for what, q := range map[string]ledger.Query{"serviceId": {ServiceIDs: []string{answer.ServiceID, "of no customer"}}, "link": {URLs: []string{"https://other.test", answer.URL}}} {
					found := selectCustomers(t, from, q)
					if (len(found) == 1) != (k <= i) || len(found) > 0 && found[0].ID != answer.Customer {
						t.Errorf("answer %d, %s: %d have the %s of %d", i, name, len(found), what, k)
					}
				}
			}
			if name == "here" || name == "after a kill" {
				if got := findByName(t, from, validRows(i+1, "a")[i]); got != out[i].Customer {
					t.Errorf("answer %d, %s: by name %d, want %d", i, name, got, out[i].Customer)
				}
			}
		}
	}
}

// The last row of each customer is that of the newest list, whatever the order of
// the list, with new customers between and with those who were erased.
func TestLastRowIsOfTheNewestList(t *testing.T) {
	l := openNew(t)
	registerAll(t, l, "a", validRows(300, "a"))
	var strangers []string
	want := map[string]int{} // e-mail → ordinal, by the digest's customer for those erased
	for i := range 40 {
		strangers = append(strangers, emailOf("b", 5+i))
	}
	if _, err := l.Forget(t.Context(), strangers); err != nil {
		t.Fatal(err)
	}
	registerAll(t, l, "b", validRows(300, "b"))
	var rows []ledger.Row
	between := validRows(700, "d")
	for i, r := range slices.Concat(validRows(300, "a")[150:], validRows(300, "b"), validRows(20, "a"), validRows(20, "c")) {
		switch i % 90 {
		case 7:
			continue
		case 30: // a new customer between two who were neighbours
			between[i].Ordinal = len(rows)
			rows = append(rows, between[i])
		}
		r.Ordinal = len(rows)
		rows = append(rows, r)
	}
	newest := registerAll(t, l, "c", rows)
	for _, r := range rows {
		want[r.Identity] = r.Ordinal
	}
	for identity, ordinal := range want {
		found := selectCustomers(t, l, ledger.Query{Identities: []string{identity}})
		if len(found) != 1 || found[0].LastBatch != newest.ID || found[0].LastRow != ordinal {
			t.Errorf("%s: %+v, want row %d", identity, found, ordinal)
		}
	}
	if n := len(selectCustomers(t, l, ledger.Query{NotBatch: newest.ID})) + len(want); n != len(selectCustomers(t, l, ledger.Query{})) {
		t.Errorf("%d customers are in the newest list, or not", n)
	}
	checkSound(t, l)
}
