package sqlite

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Everybody's last row is the one of the newest list, whether they were moved
// one by one or together, without a neighbour or with a new one, and where
// neighbours are barred and have no place yet.
func TestPlacesAreMoved(t *testing.T) {
	l := openNew(t)
	registerAll(t, l, "a", crowd(300, "a"))
	barred := map[string]string{} // what is left of them
	var strangers []string
	for i := range movedTogether + 1 {
		strangers = append(strangers, email("b", 5+i))
		barred[strangers[i]] = fmt.Sprint("customer ", 301+i)
	}
	if _, err := l.Forget(t.Context(), strangers); err != nil {
		t.Fatal(err)
	}
	registerAll(t, l, "b", crowd(300, "b"))
	want := map[string]string{}
	var rows []ledger.Row
	between := crowd(700, "d")
	for i, r := range slices.Concat(crowd(300, "a")[150:], crowd(300, "b"), crowd(20, "a"), crowd(20, "c")) {
		switch i % 90 {
		case 7:
			continue
		case 30: // somebody new, between people who were neighbours
			between[i].Ordinal = len(rows)
			rows = append(rows, between[i])
		}
		r.Ordinal = len(rows)
		rows = append(rows, r)
	}
	two := registerAll(t, l, "c", rows)
	for _, r := range rows {
		want[cmp.Or(barred[r.Identity], r.Identity)] = fmt.Sprint(two.ID, " ", r.Ordinal)
	}
	for c, err := range l.Customers(t.Context(), ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		who := cmp.Or(c.Identity, fmt.Sprint("customer ", c.ID))
		at, listed := want[who]
		if got := fmt.Sprint(c.LastBatch, " ", c.LastRow); listed && got != at || !listed && c.LastBatch == two.ID {
			t.Errorf("%s has the place %s, want %q", who, got, at)
		}
		delete(want, who)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
	whole(t, l)
}
