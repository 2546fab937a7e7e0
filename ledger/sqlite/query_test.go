package sqlite

import (
	"slices"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// The newest of many come in the order in which they were sent, page by page,
// and those of another status between them cost nothing but their row.
func TestNewestOverPages(t *testing.T) {
	const n = 3000
	l := openNew(t)
	batch := registerAll(t, l, "one", validRows(n, "a"))
	var created, all []int64
	for at := 0; at < n; at += 500 {
		p, err := l.Plan(t.Context(), batch.ID, at, 500)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(p) // attempts fall as ids rise
		in := intentsFor(p)
		ids, err := l.Intend(t.Context(), 1, in)
		if err != nil {
			t.Fatal(err)
		}
		out := answersTo(in, ids)
		for i := range out {
			all = append(all, out[i].Customer)
			if len(all)%7 != 0 {
				out[i].Status, out[i].ServiceID, out[i].URL = ledger.InsufficientBalance, "", ""
				out[i].Close[0].Class, out[i].Close[0].HTTPStatus = ledger.Funds, 402
				continue
			}
			created = append(created, out[i].Customer)
		}
		if err := recordAll(t.Context(), l, out); err != nil {
			t.Fatal(err)
		}
	}
	slices.Reverse(created)
	slices.Reverse(all)
	for what, c := range map[string]struct {
		query ledger.Query
		want  []int64
	}{
		"all created":    {ledger.Query{Newest: n}, created},
		"some of them":   {ledger.Query{Newest: 300, Status: []ledger.Status{ledger.Created}}, created[:300]},
		"of any status":  {ledger.Query{Newest: n, Status: ledger.Statuses()}, all},
		"of a few by id": {ledger.Query{Newest: 9, IDs: created[400:403]}, created[400:403]},
		"none of them":   {ledger.Query{Newest: 9, Status: []ledger.Status{ledger.Duplicate}}, nil},
	} {
		var got []int64
		for customer, err := range l.Customers(t.Context(), c.query) {
			if err != nil {
				t.Fatal(what, err)
			}
			got = append(got, customer.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %d customers, %d asked for, or in another order", what, len(got), len(c.want))
		}
	}
}
