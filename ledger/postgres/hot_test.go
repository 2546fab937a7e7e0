package postgres

import (
	"errors"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestUpdatesStayOnTheirPage: sending a customer adds nothing to the indexes of customer
// and sender, which is what makes it fast, and keeps them small. Two senders take turns,
// and the answer to a request comes when others have been sent meanwhile, as that of a
// partner does.
func TestUpdatesStayOnTheirPage(t *testing.T) {
	cluster := shared.Cluster(t)
	o := sharedOptions(cluster.URL())
	const rows = 2000
	all := newParties(t, o, 2, rows)
	sendInTurns(t, all, 4)
	all[0].checkClean(t, rows)
	if err := errors.Join(all[1].Close(), all[0].Close()); err != nil { // a connection reports what it did when it ends
		t.Fatal(err)
	}
	l := openWith(t, Options{Address: o.Address, ReadOnly: true})
	updates := func(table string, isHot bool) int {
		column := "n_tup_upd"
		if isHot {
			column = "n_tup_hot_upd"
		}
		return sum(t, l, column, "pg_stat_user_tables WHERE schemaname = current_schema() AND relname = '"+table+"'")
	}
	await(t, "what the server counts", func() bool { return updates("customer", false) >= 2*rows })
	for _, table := range []string{"customer", "sender"} {
		if all, hot := updates(table, false), updates(table, true); hot*100 < all*99 {
			t.Errorf("%s: %d of %d updates stayed on their page", table, hot, all)
		}
	}
}

// sendInTurns sends the whole batch. Each party has some groups of 16 rows under way.
func sendInTurns(t *testing.T, all []*party, groups int) {
	t.Helper()
	waiting := make([][][]ledger.Change, len(all))
	next := make([]ledger.Slice, len(all))
	left := make([]int, len(all)) // rows of its slice that a party has not sent
	record := func(i, keep int) {
		for len(waiting[i]) > keep {
			if refused, err := all[i].record(t.Context(), waiting[i][0]); err != nil || len(refused) > 0 {
				t.Fatal(err, refused)
			}
			waiting[i] = waiting[i][1:]
		}
	}
	for isDone := false; !isDone; {
		isDone = true
		for i, x := range all {
			if left[i] == 0 {
				slice, err := x.ClaimSlice(t.Context(), x.batch)
				if errors.Is(err, ledger.ErrNotFound) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				next[i], left[i] = slice, ledger.SliceRows
			}
			isDone = false
			intents, ids, err := x.intend(t.Context(), next[i].From+ledger.SliceRows-left[i], 16)
			if err != nil {
				t.Fatal(err)
			}
			left[i] -= 16
			waiting[i] = append(waiting[i], x.send(intents, ids))
			record(i, groups)
		}
	}
	for i := range all {
		record(i, 0)
	}
}
