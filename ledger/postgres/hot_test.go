package postgres

import (
	"testing"
)

// TestUpdatesStayOnTheirPage: sending a customer adds nothing to the indexes of customer
// and sender for most of them, which is what makes it fast, and keeps them small.
func TestUpdatesStayOnTheirPage(t *testing.T) {
	cluster := shared.Cluster(t)
	o := sharedOptions(cluster.URL())
	all := newParties(t, o, 2, 5000)
	sendTogether(t, all, func() {})
	all[0].checkClean(t, 5000)
	if err := all[1].Close(); err != nil { // a connection reports what it did when it ends
		t.Fatal(err)
	}
	if err := all[0].Close(); err != nil {
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
	await(t, "what the server counts", func() bool { return updates("customer", false) >= 10_000 })
	for _, table := range []string{"customer", "sender", "pace"} {
		if all, hot := updates(table, false), updates(table, true); hot*100 < all*85 {
			t.Errorf("%s: %d of %d updates stayed on their page", table, hot, all)
		}
	}
}
